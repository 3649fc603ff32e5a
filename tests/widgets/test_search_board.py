"""The board of a search: it follows from another thread without slowing, stops, goes on, and looks back."""

import json
import math
import random
import threading
import time
import xml.etree.ElementTree as ET

import pytest
import torch

import workbench as wb
from workbench.network import Network, tucker
from workbench.structure import GraphSpace, RankSpace, SearchError, search
from workbench.widgets import SearchBoard, _search_board

SHAPE = (3, 3, 3)
TARGET = torch.rand(*SHAPE, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def loss(net: Network) -> float:
    """Quick, in place of a fit."""
    return abs(net.parameters - 50) / 100


def done(budget: int = 40, of=loss, **options):
    return search(of, GraphSpace(SHAPE, 5), "random", objective="error", budget=budget, **options)


@pytest.fixture
def gate():
    """A loss that waits until it is let through: as many evaluations as permits."""

    class Gate:
        def __init__(self) -> None:
            self.permits = threading.Semaphore(0)
            self.open = False

        def __call__(self, net: Network) -> float:
            while not self.open and not self.permits.acquire(timeout=0.02):
                pass
            return loss(net)

    made = Gate()
    yield made
    made.open = True


@pytest.fixture
def board():
    made = SearchBoard(done())
    yield made
    made.close()


def page(board: SearchBoard, chosen: object) -> None:
    """What the front end sends: a spec and a revision, in one message, through JSON."""
    board.set_state(json.loads(json.dumps({"spec": {"chosen": chosen}, "revision": board.revision + 1})))


def wish(board: SearchBoard, op: str) -> None:
    board.set_state({"wish": {"op": op, "serial": random.random()}})


def eventually(condition) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.005)


# ---- what it shows ---------------------------------------------------------------------------------------------------


def test_every_trial_reaches_the_page_as_json(board):
    rows = board.older + board.recent
    assert [row[0] for row in rows] == list(range(40))
    for row, trial in zip(rows, board.study.trials, strict=True):
        assert row[1] == trial.parameters
        assert row[2] == pytest.approx(trial.error, rel=1e-4)
        assert row[3] == pytest.approx(trial.value, rel=1e-4)
        assert row[5] == trial.key
    state = board.get_state()
    json.dumps({name: state[name] for name in board.keys if name not in ("layout", "_esm")}, allow_nan=False)
    assert board.numbers["evaluations"] == board.numbers["budget"] == 40
    assert board.numbers["state"] == "finished"
    assert board.numbers["best"] == board.study.best.trial.number


def test_the_best_is_drawn_and_its_python_makes_it():
    study = search(TARGET, "ring", "random", budget=6)
    board = SearchBoard(study)
    assert board.drawn["number"] == study.best.trial.number
    assert Network.from_dict(board.drawn["network"]) == study.best.network
    assert set(board.drawn["positions"]) == set(study.best.network.tensors)
    names = {"wb": wb, "study": study, "x": TARGET}
    for number in (None, *range(6)):
        board.chosen = number
        trial = (study.best if number is None else study.candidate(study.trials[number])).trial
        for line in board.code.values():
            exec(line, names)
        assert names["net"].parameters == trial.parameters
        assert names["net"].shape == SHAPE
        assert eval(board.code["editor"], names).network.parameters == trial.parameters
        assert sum(p.numel() for p in eval(board.code["layer"], names).parameters()) == trial.parameters
    board.close()


def test_a_network_of_more_indices_than_letters_is_spelled_as_json():
    net = wb.network.tensor_train((2,) * 15, 2)
    board = SearchBoard(
        search(lambda net: 1 / net.parameters, RankSpace(net, max_rank=2), "random", objective="error", budget=2)
    )
    names = {"wb": wb, "study": board.study}
    exec(board.code["network"], names)
    assert names["net"] == board.study.best.network
    assert len({y for _, y in board.drawn["positions"].values()}) > 1, "a long chain is bent"
    board.close()


def test_failures_are_counted_with_their_reasons_and_have_no_error():
    calls = iter(range(100))
    board = SearchBoard(done(9, lambda net: math.nan if next(calls) % 3 == 0 else loss(net)))
    assert board.numbers["failed"] == 3
    assert board.numbers["failures"] == [{"message": "the objective is nan", "count": 3}]
    assert [row[0] for row in board.recent if row[2] is None] == [0, 3, 6]
    board.chosen = 3
    assert board.drawn["message"] == "the objective is nan"
    board.close()


def test_when_all_failed_there_is_nothing_to_draw_and_the_still_picture_says_so():
    board = SearchBoard(done(3, lambda net: math.nan))
    assert board.numbers["best"] is None
    assert (board.drawn, board.code) == ({}, {})
    assert "without a structure that counts" in ET.fromstring(board._still()).itertext().__next__() + str(
        board._still()
    )
    board.close()


def test_structures_beyond_the_limit_have_no_value():
    board = SearchBoard(search(TARGET, "ring", "random", objective="error", limit=40, budget=8))
    for row, trial in zip(board.recent, board.study.trials, strict=True):
        assert (row[3] is None) == (trial.parameters > 40)
    board.close()


def test_what_was_ruled_out_without_a_fit_is_told_from_what_was_ended_early():
    x = torch.einsum(
        "aib,bjc,ckd,dla->iljk", *(torch.randn(2, 3, 2, generator=torch.Generator().manual_seed(k)) for k in range(4))
    )
    study = search(x.double(), "ring", "tnale", budget=50, max_rank=3, starts=4)
    board = SearchBoard(study)
    kinds = [row[4] for row in board.older + board.recent]
    assert (
        kinds.count(2)
        == board.numbers["ruled_out"]
        == sum(trial.early and not trial.seconds for trial in study.trials)
        > 0
    )
    assert kinds.count(1) == board.numbers["early"]
    assert not any(trial.ruled_out for trial in study.pareto()), "of those only a bound is known"
    board.close()


# ---- while it runs ---------------------------------------------------------------------------------------------------


def test_it_follows_a_search_in_the_background_and_tells_what_is_tried(gate):
    study = done(of=gate, background=True)
    board = SearchBoard(study)
    assert board.numbers["state"] == "running"
    eventually(lambda: study.proposed)
    board.settle()
    assert board.tried["count"] == len(study.proposed)
    assert len(board.tried["changes"]) == min(board.tried["count"], _search_board.NAMED)
    assert board.drawn == {}
    gate.open = True
    study.wait()
    board.settle()
    assert board.numbers["state"] == "finished"
    assert board.tried == {"count": 0, "parameters": [], "changes": []}
    assert len(board.older) + len(board.recent) == 40
    assert board.drawn["number"] == study.best.trial.number
    board.close()


def test_updates_keep_their_pace_however_fast_the_search(monkeypatch):
    monkeypatch.setattr(_search_board, "PACE", 0.4)
    study = done(of=lambda net: time.sleep(0.002) or loss(net), budget=124, background=True)
    board = SearchBoard(study)
    seen = []
    board.observe(lambda change: seen.append(time.monotonic()), names="recent")
    study.wait()
    board.settle()
    assert len(board.recent) == 124
    assert len(seen) <= 2 + (seen[-1] - seen[0]) / 0.4
    board.close()


def test_trials_that_do_not_change_any_more_are_sent_once(monkeypatch):
    monkeypatch.setattr(_search_board, "PAGE", 16)
    board = SearchBoard(done(40))
    assert (len(board.older), len(board.recent)) == (32, 8)
    assert [row[0] for row in board.older + board.recent] == list(range(40))
    board.close()


def test_it_stops_the_search_and_goes_on_with_it(gate):
    study = done(of=gate, background=True)
    board = SearchBoard(study)
    for _ in range(3):
        gate.permits.release()
    eventually(lambda: study.proposed)
    wish(board, "stop")
    assert board.numbers["state"] == "stopping"
    for _ in range(3):
        gate.permits.release()
    study.wait()
    board.settle()
    assert board.numbers["state"] == "stopped"
    assert board.numbers["resumable"]
    found = study.evaluations
    assert 0 < found < 40
    wish(board, "resume")
    assert study.state == "running"
    gate.open = True
    study.wait()
    board.settle()
    assert board.numbers["state"] == "finished"
    assert [trial.number for trial in study.trials] == list(range(40))
    assert len({trial.key for trial in study.trials}) == 40
    wish(board, "resume")
    assert "there is nothing to go on with" in board.issues[0]["message"]
    board.close()


def test_a_stopped_study_that_goes_on_finds_what_it_would_have_found():
    whole = search(TARGET, "ring", "tnga", budget=40, starts=4, seed=3, options={"population": 6, "survivors": 3})
    study = search(
        TARGET, "ring", "tnga", budget=40, starts=4, seed=3, options={"population": 6, "survivors": 3}, background=True
    )
    stops = []
    study.listen(lambda study: stops.append(study.evaluations) or study.stop())
    study.stop()
    study.wait()
    while study.resumable:
        study.resume().wait()
    assert len(set(stops)) > 2, "it was stopped now and then"
    assert {trial.key for trial in study.trials} == {trial.key for trial in whole.trials}


def test_a_long_way_through_what_is_known_is_not_taken_for_having_nothing_left(tmp_path):
    """More batches in a row of known structures than a search without new ones may have."""
    path = tmp_path / "study.log"
    space = GraphSpace(SHAPE, 5)
    first = search(loss, space, "random", objective="error", budget=70, storage=path, options={"batch": 1})
    second = search(loss, space, "random", objective="error", budget=90, storage=path, options={"batch": 1})
    assert (first.evaluations, second.evaluations) == (70, 90)


def test_the_same_board_comes_back_from_the_file_of_a_study(tmp_path):
    """A kernel that is started again runs the same cell."""
    options = {"storage": tmp_path / "study.log", "seed": 1}
    before = SearchBoard(done(30, **options))
    before.close()
    after = SearchBoard(done(30, **options, background=True))
    after.study.wait()
    after.settle()
    assert after.older + after.recent == before.older + before.recent
    assert after.drawn == before.drawn
    after.close()


def test_a_closed_board_lets_the_search_go_on(gate):
    study = done(of=gate, background=True)
    board = SearchBoard(study)
    board.close()
    assert not study._listeners
    gate.open = True
    study.wait()
    assert study.state == "finished"


def test_an_error_that_ends_the_search_is_shown(gate):
    study = done(of=lambda net: 1 // 0 if False else [][0], background=True)  # an IndexError is nobody's to forgive
    board = SearchBoard(study)
    with pytest.raises(IndexError):
        study.wait()
    board.settle()
    assert board.numbers["state"] == "failed"
    assert board.numbers["message"].startswith("IndexError: ")
    board.close()


# ---- both ways -------------------------------------------------------------------------------------------------------


def test_a_structure_chosen_on_the_page_reaches_python_and_is_drawn(board):
    page(board, 5)
    assert board.chosen.trial.number == 5
    assert Network.from_dict(board.drawn["network"]) == board.study.space.network(board.study.trials[5].point)
    assert board.code["line"] == "net = study.candidate(study.trials[5]).network"
    page(board, None)
    assert board.chosen is None
    assert board.drawn["number"] == board.study.best.trial.number


def test_a_structure_chosen_in_python_reaches_the_page(board):
    revision = board.revision
    board.chosen = board.study.trials[7]
    assert (board.spec, board.revision) == ({"chosen": 7}, revision + 1)
    with pytest.raises(SearchError, match=r"there is no trial 40: 40 were evaluated"):
        board.chosen = 40
    assert board.spec == {"chosen": 7}


@pytest.mark.parametrize("chosen", [-1, 40, "3", 1.5, True, [2], {"a": 1}])
def test_what_is_no_trial_is_refused_in_words_and_nothing_changes(board, chosen):
    page(board, 5)
    page(board, chosen)
    assert board.spec == {"chosen": 5}
    assert "there is no trial" in board.issues[0]["message"]


@pytest.mark.parametrize("message", [{"wish": {"op": "burn"}}, {"wish": {"serial": 1}}])
def test_an_unknown_wish_is_refused_in_words(board, message):
    board.set_state(message)
    assert "to do" in board.issues[0]["message"]


def test_the_page_cannot_write_what_is_python_s(board):
    before = board.recent, board.numbers, board.view
    board.set_state({"recent": [], "numbers": {}, "code": {}, "drawn": {}, "view": "cinema", "wish": "stop"})
    assert (board.recent, board.numbers, board.view) == before


def test_threads_that_choose_while_the_search_tells_leave_one_state(gate):
    gate.open = True
    study = done(124, of=gate, background=True)
    board = SearchBoard(study)
    eventually(lambda: study.evaluations > 4)
    threads = [threading.Thread(target=lambda k=k: [page(board, k) for _ in range(20)]) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    study.wait()
    board.settle()
    assert board.drawn["number"] == board.spec["chosen"] == board.chosen.trial.number
    board.close()


# ---- bad input -------------------------------------------------------------------------------------------------------


def test_bad_arguments_are_refused():
    study = done(2)
    with pytest.raises(SearchError, match="a board shows a Study"):
        SearchBoard(TARGET)
    with pytest.raises(SearchError, match="did you mean 'table'"):
        SearchBoard(study, view="tabel")
    with pytest.raises(SearchError, match="not the name of a variable"):
        SearchBoard(study, name="my study")
    with pytest.raises(TypeError, match="did you mean 'view'"):
        SearchBoard(study, veiw="table")


# ---- in a notebook ---------------------------------------------------------------------------------------------------


def test_a_study_shows_its_board_with_a_still_picture_that_is_the_same_every_time(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda *args, **kwargs: shown.append(args[0]))
    study = done()
    _search_board.show_study(study)
    still, live = shown
    assert still["text/html"].startswith('<div class="wb-static-twin"><img')
    assert "the best of 40: error" in str(SearchBoard(study)._still())
    _search_board.show_study(study)
    assert shown[2] == still
    assert shown[3] == live, "the same board"


def test_the_still_picture_of_a_running_search_does_not_depend_on_when_it_is_shown(gate):
    study = done(of=gate, background=True)
    board = SearchBoard(study)
    before = str(board._still())
    gate.permits.release()
    gate.permits.release()
    assert str(board._still()) == before
    assert "searching" in before
    board.close()


def test_repr_says_what_it_holds(board):
    assert (
        repr(board)
        == "SearchBoard(study, random on graphs of 3 × 3 × 3, ranks up to 5: 40 of 40 evaluations, finished)"
    )


def test_a_fixed_network_has_boards_too():
    board = SearchBoard(search(TARGET, tucker(SHAPE, (3, 3, 3)), "packing", budget=4))
    assert board.drawn["number"] == board.study.best.trial.number
    board.close()
