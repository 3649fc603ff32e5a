"""The list, the task, the verdict: what they print, and how answers are read."""

from types import SimpleNamespace

import networkx as nx
import numpy as np
import pytest
import torch
from IPython.core.formatters import DisplayFormatter

import workbench as wb
from workbench.lessons import Exercise, LessonError, exercise
from workbench.lessons._answers import graph, number, tensor, whole
from workbench.lessons._findings import AnswerError, actions
from workbench.lessons._words import cycles, in_words
from workbench.symmetry import O, S


def test_without_a_name_all_exercises_are_listed_by_lesson():
    everything = wb.exercise()
    assert len(everything) == sum(map(len, everything.by_lesson.values()))
    for title, each in everything.by_lesson.items():
        assert title in repr(everything)
        assert title in everything._repr_html_().replace("&#x27;", "'")
        assert {task.lesson for task in each} == {title}
    assert all(f"<code>{task.name}</code>" in everything._repr_html_() for task in everything)


def test_with_a_name_alone_the_task_is_shown():
    task = wb.exercise("brauer-4")
    assert isinstance(task, Exercise)
    assert task.question in repr(task)
    assert task.wants in task._repr_html_()


def test_an_unknown_name_is_met_with_near_ones():
    with pytest.raises(LessonError, match="no exercise 'brower-1'; did you mean 'brauer-1'"):
        exercise("brower-1")
    with pytest.raises(LessonError, match="by its name"):
        exercise(3)
    with pytest.raises(LessonError, match="an answer belongs to an exercise"):
        exercise(None, 3)


def test_none_is_an_answer_of_another_kind_and_not_a_question():
    verdict = exercise("partitions-1", None)
    assert verdict.state == "unread"
    assert "does the cell return something" in repr(verdict)


def test_a_verdict_is_the_same_every_time_and_holds_no_address():
    for answer in (lambda x: x.cumsum(0), lambda x: x.softmax(0), object()):
        first, second = (repr(exercise("equivariance-1", answer)) for _ in range(2))
        assert first == second
        assert "0x" not in first


def test_a_verdict_can_be_read_in_light_and_in_dark():
    html = exercise("composition-2", O(3).hom(2, 2).diagrams[0])._repr_html_()
    assert "not yet" in html, "colour is not the only mark"
    assert "color:" not in html.replace("border-left:4px solid #D55E00", ""), "text and ground are the page's"
    assert html.count("<img") == 2, "diagrams are drawn"
    assert "<script" not in exercise("partitions-1", "<script>")._repr_html_()


def test_verdicts_display_themselves_in_a_notebook():
    shown, _ = DisplayFormatter().format(exercise("partitions-1", torch.eye(4)))
    assert shown["text/plain"].startswith("partitions-1 ✗ not yet: M is the identity.")
    assert shown["text/html"].startswith("<div")


def test_a_function_is_not_given_what_it_could_spoil():
    kept = {}

    def spoils(x):
        kept["x"] = x
        y = x.softmax(0)
        x.zero_()
        return y

    assert exercise("equivariance-1", spoils)
    assert not kept["x"].any()


def test_a_module_answers_in_its_own_precision_and_stays_as_it_is():
    torch.manual_seed(0)
    module = torch.nn.Linear(4, 4)
    assert exercise("equivariance-1", module).state == "wrong"
    assert module.weight.dtype == torch.float32


def test_permutations_are_shown_as_cycles():
    assert cycles(torch.eye(3)) == "identity"
    assert cycles(S(4).generators[0]) == "(1 2)"
    assert cycles(S(4).generators[1]) == "(1 2 3 4)"
    assert cycles(-torch.eye(3)) is None
    assert cycles(torch.ones(2, 3)) is None
    assert in_words("x", torch.eye(2)) == "[[1, 0], [0, 1]]"
    assert in_words("x", torch.tensor([-1e-17, 1 / 3])) == "[0, 0.333]"
    assert in_words("x", torch.tensor([1 - 2j])) == "[1-2j]"


def test_generators_come_before_random_elements():
    tried = actions(O(3), count=5)
    assert len(tried) == 1 + 3 + 5
    assert all(torch.allclose(g @ g.T, torch.eye(3, dtype=g.dtype)) for g in tried)


@pytest.mark.parametrize("given", [2, 2.0, np.int64(2), torch.tensor(2), np.array([2.0])])
def test_numbers_of_all_kinds_are_read(given):
    assert number(given) == 2.0
    assert whole(given) == 2


@pytest.mark.parametrize("given", ["2", True, float("nan"), None, [2, 3], 1j])
def test_what_is_no_number_is_told(given):
    with pytest.raises(AnswerError, match="not a number"):
        number(given)


def test_numbers_that_are_not_whole_and_tensors_that_are_not_finite_are_told():
    with pytest.raises(AnswerError, match="not a whole number"):
        whole(2.5)
    with pytest.raises(AnswerError, match="not finite"):
        tensor([1.0, float("inf")])


def test_graphs_are_read_from_networkx_matrices_and_edges():
    for given in (nx.path_graph(3), [(0, 1), (1, 2)], nx.to_numpy_array(nx.path_graph(3)), [("b", "c"), ("a", "b")]):
        assert nx.is_isomorphic(graph(given), nx.path_graph(3))
    assert [graph([("b", "c"), ("a", "b")]).nodes[at]["name"] for at in range(3)] == ["a", "b", "c"]


def test_graphs_too_large_or_not_simple_are_told():
    for given, words in (
        (nx.path_graph(11), "11 vertices"),
        ([(0, 0)], "loops"),
        (np.array([[0, 1], [0, 0]]), "symmetric"),
        (np.ones((2, 3)), "square"),
        (SimpleNamespace(), "not a list"),
    ):
        with pytest.raises(AnswerError, match=words):
            graph(given)
