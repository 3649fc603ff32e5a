"""The explorer's Python side: two ways, one lock, no exception from a handler, numbers that say what they are."""

import copy
import json
import random
import threading
import time
import xml.etree.ElementTree as ET
from typing import ClassVar

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import workbench as wb
from workbench.data import DataError
from workbench.decomposition import FitError, decompose
from workbench.network import Network, NetworkError, WorkbenchError, cp, tensor_train, tucker
from workbench.widgets import DecompositionExplorer, explore

NUMBERS = {
    *("revision", "state", "message", "error", "source", "parameters", "dense", "useful", "kept", "seconds", "sweep"),
    *("history", "converged"),
}


def data(dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.rand(8, 9, 10, generator=torch.Generator().manual_seed(0), dtype=dtype)


@pytest.fixture
def ex():
    made = explore(data(), "tucker", ranks=(3, 4, 5))
    yield made
    made.close()


def page(ex: DecompositionExplorer, form: str, ranks: object, gesture: object = None) -> None:
    """What the front end sends: a spec and a revision, in one message, through JSON."""
    spec = {"format": form, "ranks": ranks, "gesture": gesture}
    ex.set_state(json.loads(json.dumps({"spec": spec, "revision": ex.revision + 1})))


def wish(ex: DecompositionExplorer, op: str, **more: object) -> None:
    ex.set_state({"wish": {"op": op, "serial": random.random(), **more}})


def eventually(condition) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.005)


# ---- both ways -------------------------------------------------------------------------------------------------------


def test_the_page_is_shown_what_python_holds(ex):
    assert ex.spec == {"format": "tucker", "ranks": [3, 4, 5], "gesture": None}
    assert ex.line == "fit = wb.decompose(x, 'tucker', ranks=(3, 4, 5))"
    assert set(ex.numbers) == NUMBERS
    state = ex.get_state()
    json.dumps({name: state[name] for name in ex.keys if name not in ("layout", "_esm")})


def test_ranks_set_in_python_reach_the_page(ex):
    revision = ex.revision
    ex.ranks = (3, 4, 6)
    assert ex.revision == revision + 1
    assert ex.spec["ranks"] == [3, 4, 6]
    ex.ranks = 2
    assert ex.ranks == (2, 2, 2)


def test_ranks_set_on_the_page_reach_python(ex):
    revision = ex.revision
    page(ex, "tucker", [5, 4, 5])
    assert ex.ranks == (5, 4, 5)
    assert ex.network == tucker((8, 9, 10), (5, 4, 5), legs="ijk")
    assert ex.revision == revision + 1, "Python does not answer with a revision of its own"
    assert ex.numbers["revision"] == ex.revision
    assert ex.numbers["parameters"] == ex.network.parameters


def test_a_format_set_on_the_page_gets_its_ranks_from_python(ex):
    page(ex, "cp", None)
    assert ex.format == "cp"
    assert ex.spec == {"format": "cp", "ranks": list(ex.ranks), "gesture": None}
    assert ex.revision > 2
    assert ex.network.parameters <= tucker((8, 9, 10), (3, 4, 5)).parameters
    assert ex.numbers["revision"] == ex.revision


def test_a_format_has_its_own_ranks_again(ex):
    ex.format = "cp"
    ex.ranks = 7
    ex.format = "tucker"
    assert ex.ranks == (3, 4, 5)
    ex.format = "cp"
    assert ex.ranks == (7,)


def test_a_network_of_the_same_form_changes_the_ranks_and_any_other_is_offered(ex):
    ex.network = ex.network.resize(r0=6)
    assert (ex.format, ex.ranks) == ("tucker", (6, 4, 5))
    own = tensor_train((8, 9, 10), (3, 2)).connect("A", "C", size=2, index="loop")
    ex.network = own
    assert (ex.format, ex.ranks, ex.network) == ("own", (3, 2, 2), own)
    assert ex.formats[-1]["key"] == "own"
    assert ex.fit.network == own
    ex.ranks = (3, 2, 3)
    assert ex.line == "fit = wb.decompose(x, net.resize(loop=3))"
    ex.undo()
    ex.undo()
    assert ex.format == "tucker"
    ex.redo()
    assert ex.network == own


def test_another_own_network_takes_the_place_of_the_first_and_undo_brings_it_back(ex):
    first = tensor_train((8, 9, 10), (3, 2)).connect("A", "C", size=2)
    second = cp((8, 9, 10), 3).rename(A="one", B="two", C="three")
    ex.network = first
    ex.network = second
    assert [form["key"] for form in ex.formats].count("own") == 1
    ex.undo()
    assert ex.network == first
    assert Network.from_dict(ex.formats[-1]["network"]) == first
    assert ex.fit.network == first


def test_what_python_sets_that_cannot_be_is_refused_and_changes_nothing(ex):
    for change, said in (
        (lambda: setattr(ex, "ranks", (1, 2)), "2 ranks"),
        (lambda: setattr(ex, "ranks", (9, 4, 5)), "rank 'r0' .* is 9; the largest that makes sense is 8"),
        (lambda: setattr(ex, "format", "tt"), "there is no format 'tt'"),
        (lambda: setattr(ex, "network", "tucker"), "network is a str"),
        (lambda: setattr(ex, "network", cp((8, 9), 2)), "2 legs"),
    ):
        with pytest.raises((FitError, NetworkError), match=said):
            change()
    assert (ex.format, ex.ranks) == ("tucker", (3, 4, 5))


def test_a_change_made_without_knowing_pythons_last_gives_way(ex):
    stale = {"spec": {"format": "tucker", "ranks": [2, 2, 2], "gesture": None}, "revision": ex.revision + 1}
    ex.ranks = (4, 4, 4)
    ex.set_state(stale)
    assert ex.ranks == (4, 4, 4)
    assert ex.spec["ranks"] == [4, 4, 4]
    assert ex.revision > stale["revision"]


def test_hosts_may_deliver_trait_by_trait(ex):
    revision = ex.revision + 1
    ex.set_state({"spec": {"format": "cp", "ranks": None, "gesture": None}})
    ex.set_state({"revision": revision})
    assert ex.format == "cp"
    assert ex.revision > revision, "the page takes the ranks that Python chose"


# ---- undo ------------------------------------------------------------------------------------------------------------


def test_a_whole_drag_is_one_step(ex):
    for size in range(1, 8):
        page(ex, "tucker", [size, 4, 5], gesture="me rank 0 #1")
    assert ex.trail == {"undo": 1, "redo": 0}
    page(ex, "tucker", [2, 4, 5], gesture="me rank 0 #2")
    assert ex.trail == {"undo": 2, "redo": 0}
    wish(ex, "undo")
    assert ex.ranks == (7, 4, 5)
    wish(ex, "undo")
    assert ex.ranks == (3, 4, 5)
    assert ex.trail == {"undo": 0, "redo": 2}
    wish(ex, "redo")
    assert ex.ranks == (7, 4, 5)


def test_undo_and_redo_walk_through_changes_of_both_sides(ex):
    page(ex, "tucker", [5, 4, 5])
    ex.format = "cp"
    ex.undo()
    ex.undo()
    assert (ex.format, ex.ranks) == ("tucker", (3, 4, 5))
    ex.undo()
    assert (ex.format, ex.ranks) == ("tucker", (3, 4, 5))
    ex.redo()
    ex.redo()
    ex.redo()
    assert ex.format == "cp"


def test_a_new_change_forgets_what_was_undone(ex):
    ex.ranks = 2
    ex.undo()
    ex.ranks = (3, 3, 3)
    ex.redo()
    assert ex.ranks == (3, 3, 3)


# ---- numbers ---------------------------------------------------------------------------------------------------------


def test_once_the_data_are_read_tuckers_error_is_there_at_once(ex):
    _ = ex.fit
    ex.ranks = (2, 3, 4)
    told = dict(ex.numbers)
    assert told["source"] == "closed form"
    assert told["error"] == pytest.approx(wb.rank_landscape(data()).error((2, 3, 4)), abs=1e-12)
    assert told["state"] == "fitting"


@pytest.mark.parametrize("key", ["cp", "tucker", "tensor_train", "tensor_ring", "hierarchical_tucker"])
def test_the_fit_is_the_one_the_line_makes(key):
    x = data()
    ex = explore(x, key, ranks=2)
    scope = {"wb": wb, "x": x}
    exec(ex.line, scope)
    assert ex.fit.error == pytest.approx(scope["fit"].error, rel=1e-9)
    eventually(lambda: ex.numbers["source"] == "fit")
    assert ex.numbers["error"] == ex.fit.error
    assert ex.numbers["state"] == "fitted"
    assert ex.numbers["sweep"] == len(ex.fit.history) == len(ex.numbers["history"])
    assert ex.numbers["converged"] == ex.fit.converged
    assert ex.numbers["seconds"] > 0
    ex.close()


@pytest.mark.parametrize("key", ["cp", "tensor_ring"])
def test_an_estimate_comes_before_the_fit_and_says_so(key, monkeypatch):
    monkeypatch.setattr("workbench.widgets._refits.CALM", 60.0)
    ex = explore(data(), key, ranks=3)
    eventually(lambda: ex.numbers["error"] is not None)
    assert ex.numbers["source"] in ("compressed", "so far")
    assert ex.numbers["error"] == pytest.approx(decompose(data(), key, ranks=3).error, rel=0.1)
    eventually(lambda: "image" in ex.preview)
    ex.close()


@pytest.mark.parametrize("dtype", [torch.float32, torch.complex64, torch.complex128])
def test_other_numbers_are_explored_as_well(dtype):
    x = data(dtype) if not dtype.is_complex else torch.complex(data(), data().flip(0)).to(dtype)
    ex = explore(x)
    assert ex.fit.cores["G"].dtype == dtype
    ex.format = "tensor_ring"
    assert ex.fit.cores["A"].dtype == dtype
    eventually(lambda: ex.preview.get("revision") == ex.revision)
    ex.close()


@pytest.mark.parametrize("shape", [(7,), (7, 8), (4, 5, 6, 7), (1, 1, 1), (2, 3, 2, 3, 2)])
def test_tensors_of_any_order_have_every_format(shape):
    x = torch.rand(shape, generator=torch.Generator().manual_seed(0))
    ex = explore(x)
    for form in list(ex.formats):
        ex.format = form["key"]
        assert 0 <= ex.fit.error <= 1
        eventually(lambda: ex.preview.get("revision") == ex.revision)
    assert ex.issues == []
    ex.close()


def test_zero_data_are_exact_in_every_format():
    ex = explore(torch.zeros(4, 5, 6))
    wish(ex, "watch")
    for form in list(ex.formats):
        ex.format = form["key"]
        assert ex.fit.error == 0
    eventually(lambda: len(ex.fronts) == 5)
    assert ex.issues == []
    ex.close()


def test_ranks_beyond_what_the_others_carry_are_refused_as_decompose_refuses_them(ex):
    _ = ex.fit
    ex.ranks = (8, 2, 2)
    assert ex.numbers["useful"] == [4, 9, 10]
    with pytest.raises(FitError, match="i: rank 8 is more than its core can carry beside the other ranks, at most 4"):
        _ = ex.fit
    assert ex.numbers["state"] == "unfittable"
    assert "at most 4" in ex.numbers["message"]
    with pytest.raises(FitError, match="at most 4 makes sense"):
        decompose(data(), "tucker", ranks=(8, 2, 2))
    ex.ranks = (4, 2, 2)
    assert ex.fit.error < 1


# ---- the landscape ---------------------------------------------------------------------------------------------------


def test_nobody_looks_around_before_a_page_is_there(ex):
    _ = ex.fit
    time.sleep(0.1)
    assert ex.fronts == {}
    wish(ex, "watch")
    eventually(lambda: ex.fronts.get("tucker", {}).get("done"))
    assert ex.fronts["tucker"]["exact"]
    eventually(lambda: set(ex.fronts) == {form["key"] for form in ex.formats})
    assert set(ex.spectra) == set(ex.fronts)
    assert [len(curve) for curve in ex.spectra["tucker"]] == [8, 9, 10]
    assert ex.spectra["cp"] == [[]]


def test_the_share_a_rank_keeps_is_there_once_the_spectra_are(ex):
    wish(ex, "watch")
    eventually(lambda: ex.numbers["kept"][0] is not None)
    values = torch.linalg.svdvals(data().reshape(8, -1)).square()
    assert ex.numbers["kept"][0] == pytest.approx(float(values[:3].sum() / values.sum()), rel=1e-5)


def test_a_budget_from_python_goes_to_the_best_ranks(ex):
    assert ex.best(parameters=100) == ex.ranks == wb.rank_landscape(data()).best(parameters=100).ranks
    assert ex.best(error=0.3) == wb.rank_landscape(data()).best(error=0.3).ranks
    assert ex.fit.error <= 0.3
    ex.undo()
    ex.undo()
    assert ex.ranks == (3, 4, 5)
    with pytest.raises(FitError, match="one of the two"):
        ex.best()
    with pytest.raises(FitError, match="fewest"):
        ex.best(parameters=5)


def test_a_budget_from_the_page_does_the_same_again_and_again(ex):
    wanted = wb.rank_landscape(data()).best(parameters=100).ranks
    for _ in range(2):
        wish(ex, "parameters", value=100)
        eventually(lambda: ex.ranks == wanted)
        wish(ex, "undo")
        assert ex.ranks == (3, 4, 5)


def test_a_budget_nothing_fits_in_is_an_issue_until_the_next_change(ex):
    wish(ex, "parameters", value=5)
    eventually(lambda: ex.issues)
    assert "fewest" in ex.issues[0]["message"]
    page(ex, "tucker", [3, 4, 6])
    assert ex.issues == []


# ---- looking ---------------------------------------------------------------------------------------------------------


def test_another_slice_is_shown_when_the_page_asks(ex):
    _ = ex.fit
    eventually(lambda: ex.preview.get("revision") == ex.revision)
    before, after = ex.picture["image"], ex.preview["image"]
    look = {"rows": 0, "columns": 1, "at": [0, 0, 7], "colours": None}
    ex.set_state({"looking": look})
    assert ex.picture["look"] == look
    assert ex.picture["size"] == [8, 9]
    assert ex.picture["image"] != before
    assert ex.preview["image"] != after


def test_a_look_that_is_none_springs_back(ex):
    sound = dict(ex.looking)
    ex.set_state({"looking": {"rows": 0, "columns": 0, "at": [99], "colours": "red"}})
    assert ex.looking == sound


def test_a_photograph_has_three_pictures():
    ex = explore(torch.rand(40, 30, 3, generator=torch.Generator().manual_seed(0)))
    _ = ex.fit
    eventually(lambda: ex.preview.get("revision") == ex.revision)
    assert ex.picture["kind"] == "photograph"
    assert ex.about["axes"] == ["row", "column", "colour"]
    assert all(image.startswith("data:image/") for image in (ex.picture["image"], ex.preview["image"]))
    assert 0 < ex.preview["top"] <= 1
    ex.close()


# ---- long fits -------------------------------------------------------------------------------------------------------


@pytest.fixture
def slow(monkeypatch):
    """`decompose` on the whole data goes one sweep at a permit."""

    class Sweeps:
        permits = threading.Semaphore(0)
        nets: ClassVar[list[Network]] = []

    def waiting(x, net, *, callback=None, **how):
        Sweeps.nets.append(net)

        def stepped(sweep, error):
            assert Sweeps.permits.acquire(timeout=20)
            return callback(sweep, error)

        return decompose(x, net, callback=stepped, **how)

    monkeypatch.setattr("workbench.widgets._refits.decompose", waiting)
    monkeypatch.setattr("workbench.widgets._refits.OFTEN", -1.0)
    monkeypatch.setattr("workbench.widgets._refits.CALM", 0.0)
    Sweeps.nets = []
    Sweeps.permits = threading.Semaphore(0)
    yield Sweeps
    Sweeps.permits.release(10_000)


def test_a_long_fit_tells_of_its_sweeps_and_can_be_stopped(slow):
    ex = explore(data(), "cp", ranks=6)
    slow.permits.release(3)
    eventually(lambda: ex.numbers["sweep"] == 3)
    assert ex.numbers["state"] == "fitting"
    assert len(ex.numbers["history"]) == 3
    wish(ex, "stop")
    slow.permits.release(2)
    eventually(lambda: ex.numbers["state"] == "stopped")
    sweeps = ex.numbers["sweep"]
    assert ex.line == f"fit = wb.decompose(x, 'cp', ranks=6, max_sweeps={sweeps})"
    assert not ex.fit.converged
    assert ex.fit.error == pytest.approx(decompose(data(), "cp", ranks=6, max_sweeps=sweeps).error, rel=1e-9)
    ex.close()


def test_a_fit_interrupted_by_a_newer_change_is_dropped(slow):
    ex = explore(data(), "cp", ranks=6)
    eventually(lambda: slow.nets)
    page(ex, "cp", [5])
    slow.permits.release(10_000)
    assert ex.fit.network.sizes["r"] == 5
    eventually(lambda: ex.numbers["source"] == "fit")
    assert ex.numbers["error"] == ex.fit.error
    assert ex.line == "fit = wb.decompose(x, 'cp', ranks=5)"
    ex.close()


def test_a_stopped_fit_is_made_anew_when_one_comes_back_to_it(slow):
    ex = explore(data(), "cp", ranks=6)
    slow.permits.release(1)
    eventually(lambda: ex.numbers["sweep"] == 1)
    ex.stop()
    slow.permits.release(1)
    eventually(lambda: ex.numbers["state"] == "stopped")
    slow.permits.release(10_000)
    ex.ranks = 5
    _ = ex.fit
    ex.ranks = 6
    assert len(ex.fit.history) > 2
    ex.close()


def test_a_drag_makes_few_fits():
    ex = explore(data(), "cp", ranks=1)
    made: list[int] = []
    ex.observe(lambda change: change["new"]["source"] == "fit" and made.append(1), names="numbers")
    for size in range(2, 30):
        page(ex, "cp", [size], gesture="me #1")
        time.sleep(0.002)
    assert ex.fit.network.sizes["r"] == 29
    eventually(lambda: made)
    assert len(made) < 4
    ex.close()


# ---- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("x", "said"),
    [
        (torch.tensor(1.0), "x is a scalar"),
        (torch.zeros(3, 4, dtype=torch.int64), "int64"),
        (torch.tensor([[1.0, float("nan")]]), "NaN"),
        (torch.rand(3, 4).half(), "float16 values, too few digits"),
        ("china", "not data"),
    ],
)
def test_data_that_cannot_be_explored_are_refused(x, said):
    with pytest.raises(DataError, match=said):
        explore(x)


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        ({"network": "tuker"}, FitError, "did you mean 'tucker'"),
        ({"network": 7}, FitError, "network is a int"),
        ({"network": cp((3, 4), 2)}, NetworkError, "2 legs"),
        ({"ranks": (1, 2)}, FitError, "2 ranks"),
        ({"axes": ("a", "a", "b")}, DataError, "3 different names"),
        ({"name": "my x"}, DataError, "'my x'"),
        ({"view": "tabel"}, NetworkError, "did you mean 'table'"),
        ({"rank": 3}, TypeError, "did you mean 'ranks'"),
    ],
)
def test_arguments_that_cannot_be_are_refused(arguments, error, said):
    with pytest.raises(error, match=said):
        explore(data(), **arguments)


def test_what_decompose_refuses_is_told_and_raised(monkeypatch):
    def refusing(*_arguments: object, **_options: object) -> None:
        raise FitError("no room; lower the ranks")

    monkeypatch.setattr("workbench.widgets._refits.decompose", refusing)
    ex = explore(data(), "cp", ranks=3)
    with pytest.raises(FitError, match="no room"):
        _ = ex.fit
    assert (ex.numbers["state"], ex.numbers["message"]) == ("unfittable", "no room; lower the ranks")
    monkeypatch.undo()
    ex.ranks = 2
    assert ex.fit.error < 1
    ex.close()


def test_data_too_large_to_be_read_are_still_fitted(monkeypatch):
    def full(_x: object) -> None:
        raise MemoryError("no room to turn the data")

    monkeypatch.setattr("workbench.widgets._exploration.Compressed", full)
    ex = explore(data())
    wish(ex, "watch")
    assert ex.fit.error < 1
    eventually(lambda: any("no room" in issue["message"] for issue in ex.issues))
    with pytest.raises(MemoryError):
        ex.best(parameters=100)
    ex.close()


def test_a_network_with_nothing_to_choose_is_explored():
    ex = explore(data(), Network({"A": ("i", "j", "k")}, {"i": 8, "j": 9, "k": 10}, ("i", "j", "k")))
    assert ex.ranks == ()
    assert ex.fit.error < 1e-12
    wish(ex, "watch")
    eventually(lambda: "own" in ex.fronts)
    ex.close()


def test_closing_ends_everything_under_way():
    ex = explore(torch.rand(30, 30, 30), "tensor_ring", ranks=8)
    ex.close()
    with pytest.raises(WorkbenchError, match="closed"):
        _ = ex.fit


# ---- strangers and threads -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sent",
    [
        {"spec": {"format": "no such", "ranks": [1, 2, 3]}},
        {"spec": {"format": "tucker", "ranks": [0, 2, 3]}},
        {"spec": {"format": "tucker", "ranks": [99, 2, 3]}},
        {"spec": {"format": "tucker", "ranks": "abc"}},
        {"spec": {"format": ["tucker"], "ranks": {}}},
        {"spec": {}},
        {"wish": {"op": "fly"}},
        {"wish": {"op": "error", "value": "lots"}},
        {"wish": {"serial": 1}},
    ],
)
def test_what_the_page_may_not_send_becomes_an_issue(ex, sent):
    ex.set_state({**sent, "revision": ex.revision + 1} if "spec" in sent else sent)
    assert (ex.format, ex.ranks) == ("tucker", (3, 4, 5))
    assert ex.issues
    assert ex.issues[0]["message"]
    assert ex.spec["ranks"] == [3, 4, 5]


@pytest.mark.parametrize(
    "sent",
    [{"numbers": {"error": 0}}, {"line": "import os"}, {"view": "nowhere"}, {"spec": 3}, {"formats": []}, {"wish": 1}],
)
def test_traits_that_are_pythons_or_of_another_type_are_not_taken(ex, sent):
    _ = ex.fit
    eventually(lambda: ex.numbers["source"] == "fit")
    before = {name: copy.deepcopy(getattr(ex, name)) for name in sent}
    ex.set_state(sent)
    assert {name: getattr(ex, name) for name in sent} == before


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(
    spec=st.fixed_dictionaries({}, optional={"format": json_values, "ranks": json_values, "gesture": json_values}),
    looking=st.fixed_dictionaries({}, optional=dict.fromkeys(("rows", "columns", "at", "colours"), json_values)),
    wished=st.fixed_dictionaries(
        {}, optional={"op": st.sampled_from(["error", "parameters", "undo"]) | json_values, "value": json_values}
    ),
)
def test_no_json_from_a_stranger_raises(spec, looking, wished):
    made = SHARED.setdefault("ex", explore(data(), "tucker", ranks=(3, 4, 5)))
    made.set_state({"spec": spec, "revision": made.revision + 1})
    made.set_state({"looking": looking})
    made.set_state({"wish": wished})
    assert made.format in {form["key"] for form in made.formats}
    assert made.spec["format"] == made.format


SHARED: dict[str, DecompositionExplorer] = {}


def test_handlers_on_a_second_thread_and_changes_on_the_first_agree_in_the_end():
    ex = explore(data())
    faults: list[BaseException] = []

    def front_end() -> None:
        draw = random.Random(0)
        try:
            for _ in range(60):
                key = draw.choice(["tucker", "cp", "tensor_ring"])
                page(ex, key, None if draw.random() < 0.3 else [draw.randint(1, 4)] * (1 if key == "cp" else 3))
                if draw.random() < 0.2:
                    wish(ex, "undo")
        except BaseException as error:  # noqa: BLE001 -- it is looked at below
            faults.append(error)

    thread = threading.Thread(target=front_end)
    thread.start()
    for size in range(1, 40):
        if ex.format == "tucker":
            ex.ranks = (1 + size % 5, 2, 2) if ex.format == "tucker" else 2
        _ = ex.network, repr(ex)
    thread.join()
    assert not faults
    assert ex.spec == {"format": ex.format, "ranks": list(ex.ranks), "gesture": ex.spec["gesture"]}
    assert ex.fit.network == ex.network
    eventually(lambda: ex.numbers["source"] == "fit")
    assert ex.numbers["parameters"] == ex.network.parameters
    ex.close()


# ---- what it says of itself ------------------------------------------------------------------------------------------


def test_repr_says_what_it_holds_and_nothing_that_changes_by_itself(ex):
    assert repr(ex) == "DecompositionExplorer(x=(8, 9, 10), format='tucker', ranks=(3, 4, 5))"
    _ = ex.fit
    assert repr(ex) == "DecompositionExplorer(x=(8, 9, 10), format='tucker', ranks=(3, 4, 5))"
    named = explore(data(), tensor_train((8, 9, 10), 2).connect("A", "C", size=2), name="volume")
    assert repr(named).startswith("DecompositionExplorer(volume=(8, 9, 10), network=Network(")
    assert named.line == "fit = wb.decompose(volume, net)"
    named.close()


def test_axes_have_the_names_of_an_xarray_of_a_network_or_those_given():
    class Labelled:
        dims = ("time", "lat", "lon")

        def __array__(self, dtype=None, copy=None):
            return np.random.default_rng(0).random((4, 5, 6))

    x = torch.rand(4, 5, 6)
    assert explore(x, axes=("a", "b", "c")).about["axes"] == ["a", "b", "c"]
    assert explore(x).about["axes"] == ["i", "j", "k"]
    assert explore(x, tucker((4, 5, 6), 2, legs=("u", "v", "w"))).about["axes"] == ["u", "v", "w"]


def test_in_a_notebook_a_still_picture_comes_before_the_widget(ex, monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda *objects, metadata=None, raw=False: shown.extend(objects))
    ex._ipython_display_()
    still, live = shown
    assert still["text/html"].startswith('<div class="wb-static-twin"><img')
    assert "tucker" not in still["text/plain"] or "Tensor network of 4 tensors" in still["text/plain"]
    assert "application/vnd.jupyter.widget-view+json" in live
    assert ET.fromstring(ex._still()).tag.endswith("svg")
    assert ex._still() == explore(data(), "tucker", ranks=(3, 4, 5))._still()


def test_the_root_knows_it():
    assert wb.explore is explore
    assert wb.DecompositionExplorer is DecompositionExplorer
