"""The editor's Python side: two ways, one lock, no exception from a handler, numbers that follow the drawing."""

import copy
import json
import random
import threading
import xml.etree.ElementTree as ET

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.data import DataError
from workbench.decomposition import decompose
from workbench.network import Network, NetworkError, WorkbenchError, cp, peps, tensor_ring, tensor_train
from workbench.widgets import NetworkEditor
from workbench.widgets._numbers import Outcome

NUMBERS = {"revision", "state", "message", "parameters", "dense", "flops", "peak_bytes", "error", "seconds"}


def train() -> Network:
    return tensor_train((6, 7, 3), 2, legs=("row", "col", "rgb"))


def data() -> torch.Tensor:
    return torch.rand(6, 7, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


@pytest.fixture
def ed():
    made = NetworkEditor(train())
    yield made
    made.close()


@pytest.fixture
def fitting():
    made = NetworkEditor(train(), data=data())
    yield made
    made.close()


def page(ed: NetworkEditor, net: object, step: object = None, positions: object = None) -> None:
    """What the front end sends: a spec and a revision, in one message, through JSON."""
    network = net.to_dict() if isinstance(net, Network) else net
    spec = {"network": network, "positions": positions or {}, "step": step}
    ed.set_state(json.loads(json.dumps({"spec": spec, "revision": ed.revision + 1})))


def resize(**sizes: int) -> dict:
    return {"op": "resize", "args": {"sizes": sizes}}


# ---- both ways -------------------------------------------------------------------------------------------------------


def test_the_page_is_shown_what_python_holds(ed):
    assert Network.from_dict(ed.spec["network"]) == train()
    assert ed.spec["positions"] == {"A": [0, 0], "B": [180, 0], "C": [360, 0]}
    json.dumps(ed.get_state()["spec"])


def test_an_edit_in_python_reaches_the_page(ed):
    revision = ed.revision
    ed.network = ed.network.connect("A", "C", size=4, index="t")
    assert ed.revision == revision + 1
    assert {"name": "t", "size": 4} in ed.spec["network"]["indices"]


def test_an_edit_on_the_page_reaches_python(ed):
    page(ed, train().resize(r0=5), resize(r0=5), {"A": [10, 20]})
    assert ed.network == train().resize(r0=5)
    assert ed.positions["A"] == (10.0, 20.0)
    assert ed.code["step"] == "net = net.resize(r0=5)"


def test_python_does_not_answer_the_page_with_a_revision_of_its_own(ed):
    revision = ed.revision
    page(ed, train().resize(r0=5), resize(r0=5))
    assert ed.revision == revision + 1


def test_positions_outlive_edits_and_new_tensors_get_places(ed):
    page(ed, train(), None, {"A": [10, 20], "B": [200, 30], "C": [400, 50]})
    ed.network = ed.network.add("D", ("r0", "x"), x=2)
    assert ed.spec["positions"]["A"] == [10, 20]
    assert set(ed.spec["positions"]) == set("ABCD")


def test_moving_a_tensor_changes_no_number(fitting):
    fit = fitting.fit
    page(fitting, train(), None, {"A": [-50.5, 20]})
    assert fitting.positions["A"] == (-50.5, 20.0)
    assert fitting.numbers["state"] == "fitted"
    assert fitting.fit is fit


def test_positions_can_be_set(ed):
    ed.positions = {"B": (5, 6)}
    assert ed.spec["positions"]["B"] == [5, 6]
    with pytest.raises(NetworkError, match="no tensor 'Q' to place"):
        ed.positions = {"Q": (1, 2)}
    with pytest.raises(NetworkError, match="tensor 'A' cannot be placed at"):
        ed.positions = {"A": (float("nan"), 2)}


def test_places_that_are_none_are_left_out(ed):
    page(ed, train(), None, {"A": [1e9, 0], "B": [True, 0], "C": [1, 2, 3], "Q": [1, 2]})
    assert ed.positions == {"A": (0.0, 0.0), "B": (180.0, 0.0), "C": (360.0, 0.0)}


def test_a_change_made_without_knowing_pythons_last_gives_way(ed):
    stale = {
        "spec": {"network": train().resize(r0=9).to_dict(), "positions": {}, "step": resize(r0=9)},
        "revision": ed.revision + 1,
    }
    ed.network = ed.network.resize(r0=3)
    ed.set_state(stale)
    assert ed.network == train().resize(r0=3)
    assert Network.from_dict(ed.spec["network"]) == ed.network
    assert ed.revision > stale["revision"]


def test_hosts_may_deliver_trait_by_trait(ed):
    revision = ed.revision + 1
    ed.set_state({"spec": {"network": train().resize(r0=5).to_dict(), "positions": {}, "step": resize(r0=5)}})
    ed.set_state({"revision": revision})
    assert ed.network.sizes["r0"] == 5
    assert ed.numbers["revision"] == revision


# ---- undo ------------------------------------------------------------------------------------------------------------


def test_undo_and_redo_walk_through_changes_of_both_sides(ed):
    page(ed, train().resize(r0=5), resize(r0=5))
    ed.network = ed.network.resize(r1=3)
    ed.undo()
    assert ed.network == train().resize(r0=5)
    ed.undo()
    assert ed.network == train()
    ed.undo()
    assert ed.network == train()
    ed.redo()
    ed.redo()
    ed.redo()
    assert ed.network == train().resize(r0=5, r1=3)


def test_a_new_change_forgets_what_was_undone(ed):
    ed.network = train().resize(r0=5)
    ed.undo()
    ed.network = train().resize(r0=6)
    ed.redo()
    assert ed.network == train().resize(r0=6)


def test_undo_on_the_page_goes_back_here_too(ed):
    for size in (3, 4, 5):
        page(ed, train().resize(r0=size), resize(r0=size))
    page(ed, train(), {"op": "undo", "args": {}})  # the page undoes a whole drag at once
    assert ed.code["step"] == "ed.undo()"
    page(ed, train().resize(r0=5), {"op": "redo", "args": {}})
    assert ed.code["step"] == "ed.redo()"
    ed.undo()
    assert ed.network == train().resize(r0=4)


# ---- refusals --------------------------------------------------------------------------------------------------------


def broken(change) -> dict:
    spec = copy.deepcopy(train().to_dict())
    change(spec)
    return spec


def test_an_unsound_drawing_is_an_issue_and_the_last_sound_one_is_kept(ed):
    page(ed, broken(lambda spec: spec["indices"].pop(0)))
    assert ed.network == train()
    (issue,) = ed.issues
    assert "has no size" in issue["message"]
    assert ed.numbers["state"] == "unfittable"
    assert ed.numbers["message"] == issue["message"]
    assert ed.spec["network"]["indices"] != train().to_dict()["indices"]  # the picture stays, to be repaired


def test_an_issue_names_the_tensor_and_the_index_to_mark(ed):
    page(ed, broken(lambda spec: spec["indices"][0].update(size=0)))
    assert ed.issues[0]["index"] == "row"
    page(ed, broken(lambda spec: spec["tensors"][1].update(fixed="levi_civita")))
    assert ed.issues[0]["tensor"] == "B"


def test_a_repaired_drawing_has_no_issue(ed):
    page(ed, broken(lambda spec: spec["indices"].pop(0)))
    page(ed, train().resize(r0=3), resize(r0=3))
    assert ed.issues == []
    assert ed.numbers["state"] == "idle"


def test_setting_the_network_repairs_the_drawing(ed):
    page(ed, broken(lambda spec: spec["indices"].pop(0)))
    ed.network = ed.network
    assert ed.issues == []
    assert Network.from_dict(ed.spec["network"]) == train()


def test_a_step_that_does_not_lead_to_the_drawing_is_not_told(ed):
    page(ed, train().resize(r0=5), resize(r0=6))
    assert ed.network.sizes["r0"] == 5
    assert ed.code["step"] == "net = ed.network"


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def mutated(draw: st.DrawFn) -> object:
    """A sound message with something replaced, deep inside."""
    message = {
        "spec": {"network": train().to_dict(), "positions": {"A": [1, 2]}, "step": resize(r0=5)},
        "revision": draw(st.integers(0, 10**6) | json_like),
        "view": draw(st.sampled_from(["table", "code"]) | json_like),
    }
    for _ in range(draw(st.integers(1, 3))):
        at = message
        while True:
            key = draw(st.sampled_from(sorted(at) if isinstance(at, dict) else range(len(at))))
            inside = at[key]
            if isinstance(inside, dict | list) and inside and draw(st.booleans()):
                at = inside
                continue
            how = draw(st.sampled_from(["replace", "replace", "drop"]))
            if how == "replace":
                at[key] = draw(json_like)
            elif isinstance(at, dict) and len(message) > 1:
                del at[key]
            break
    return message


@settings(max_examples=400)
@given(messages=st.lists(mutated(), min_size=1, max_size=3))
def test_whatever_the_page_sends_no_handler_raises_and_the_network_stays_sound(messages):
    ed = NetworkEditor(train())
    try:
        for message in messages:
            ed.set_state(message)
            assert isinstance(ed.network, Network)
            assert Network.from_dict(ed.network.to_dict()) == ed.network
            assert set(ed.positions) == set(ed.network.tensors)
            assert set(ed.numbers) == NUMBERS
            assert ed.view in ("picture", "table", "code")
            json.dumps(ed.get_state(["issues", "numbers", "code"]), allow_nan=False)
    finally:
        ed.close()


def test_the_page_cannot_write_what_is_pythons(ed):
    ed.set_state({"numbers": {"state": "fitted"}, "issues": [{"message": "x"}], "code": {}, "shape": [1]})
    assert ed.numbers["state"] == "idle"
    assert ed.issues == []
    assert ed.shape == []


# ---- numbers ---------------------------------------------------------------------------------------------------------


def test_without_data_numbers_are_counted_at_once(ed):
    ed.network = ed.network.resize(r0=5)
    net = train().resize(r0=5)
    assert set(ed.numbers) == NUMBERS
    assert ed.numbers["state"] == "idle"
    assert ed.numbers["parameters"] == net.parameters
    assert ed.numbers["dense"] == 6 * 7 * 3
    assert ed.numbers["flops"] == net.cost().flops
    assert ed.numbers["peak_bytes"] == 4 * net.cost().peak
    assert ed.numbers["revision"] == ed.revision
    assert ed.fit is None


def test_numbers_of_a_large_network_follow(monkeypatch):
    ed = NetworkEditor()
    net = peps(6, 6, 2, 2)
    ed.network = net
    assert ed.numbers["parameters"] == net.parameters
    ed._pricer.wait()
    assert ed.numbers["flops"] == net.cost().flops
    assert "einsum" in ed.code["torch"]
    ed.close()


def test_a_fit_goes_from_fitting_to_fitted():
    states = []
    ed = NetworkEditor(train(), data=data())
    ed.observe(lambda change: states.append(change["new"]["state"]), names="numbers")
    ed.network = train().resize(r0=3)
    fit = ed.fit
    assert states[0] == "fitting"
    assert states[-1] == "fitted"
    assert fit.network == ed.network
    assert ed.numbers["error"] == pytest.approx(fit.error)
    assert ed.numbers["seconds"] > 0
    assert ed.numbers["peak_bytes"] == 8 * ed.network.cost().peak
    ed.close()


def test_the_fit_is_the_one_decompose_makes(fitting):
    assert fitting.fit.error == pytest.approx(decompose(data(), train()).error, rel=1e-6)


def test_a_resize_is_fitted_from_the_fit_before():
    x = cp((8, 9, 10), 3)
    x = x.contract(x.random(seed=1, dtype=torch.float64))
    ed = NetworkEditor(cp((8, 9, 10), 2), data=x)
    coarse = ed.fit.error
    ed.network = ed.network.resize(r=3)
    assert ed.fit.error < coarse
    ed.close()


def test_legs_that_do_not_match_the_data_are_named(fitting):
    fitting.network = train().resize(col=5)
    assert fitting.numbers["state"] == "unfittable"
    assert fitting.numbers["message"].startswith("leg 'col' has size 5, axis 1 of the data has size 7")
    with pytest.raises(NetworkError, match="leg 'col' has size 5"):
        _ = fitting.fit
    fitting.undo()
    assert fitting.fit is not None
    assert fitting.numbers["state"] == "fitted"


def test_a_missing_leg_is_named(fitting):
    fitting.network = train().close("rgb")
    assert "2 legs ('row', 'col'), the data has 3 axes (6, 7, 3)" in fitting.numbers["message"]


def test_what_decompose_refuses_is_told_and_raised():
    fixed = Network({"A": ("i", "j")}, {"i": 2, "j": 2}, ("i", "j"), {"A": "levi_civita"})
    ed = NetworkEditor(fixed, data=torch.ones(2, 2))
    with pytest.raises(WorkbenchError, match="no free tensor"):
        _ = ed.fit
    assert ed.numbers["state"] == "unfittable"
    assert "no free tensor" in ed.numbers["message"]
    ed.close()


def test_the_editor_survives_a_fault_in_the_fit(monkeypatch):
    def faulty(*args: object, **options: object) -> None:
        raise MemoryError("no room")

    monkeypatch.setattr("workbench.decomposition.decompose", faulty)
    ed = NetworkEditor(train(), data=data())
    with pytest.raises(MemoryError, match="no room"):
        _ = ed.fit
    assert ed.numbers["message"] == "no room"
    monkeypatch.undo()
    ed.network = train().resize(r0=3)
    assert ed.fit.error < 1
    ed.close()


def test_a_photograph_is_shown_before_and_after():
    ed = NetworkEditor(tensor_train((40, 30, 3), 4), data=torch.rand(40, 30, 3))
    _ = ed.fit
    assert set(ed.preview) == {"before", "after", "caption"}
    assert ed.preview["after"].startswith("data:image/jpeg;base64,")
    ed.close()


def test_other_data_have_no_preview(fitting):
    _ = fitting.fit
    assert fitting.preview == {}


def test_a_fit_that_was_replaced_is_not_shown(monkeypatch):
    started, go_on = threading.Event(), threading.Event()

    def slow(x, net, **how):
        started.set()
        go_on.wait(10)
        return decompose(x, net, **how)

    monkeypatch.setattr("workbench.decomposition.decompose", slow)
    ed = NetworkEditor(train(), data=data())
    assert started.wait(10)
    ed.network = train().resize(r0=3)
    go_on.set()
    assert ed.fit.network == train().resize(r0=3)
    assert ed.numbers["error"] == pytest.approx(ed.fit.error)
    ed.close()


def test_closing_ends_the_fit_under_way():
    ed = NetworkEditor(tensor_ring((30, 30, 30), 8), data=torch.rand(30, 30, 30))
    ed.close()
    with pytest.raises(WorkbenchError, match="closed"):
        _ = ed.fit


# ---- threads ---------------------------------------------------------------------------------------------------------


def test_handlers_on_a_second_thread_and_edits_on_the_first_agree_in_the_end():
    ed = NetworkEditor(train(), data=data())
    faults: list[BaseException] = []

    def front_end() -> None:
        draw = random.Random(0)
        try:
            for _ in range(60):
                size = draw.randint(1, 6)
                if draw.random() < 0.2:
                    page(ed, broken(lambda spec: spec["indices"].pop()))
                elif draw.random() < 0.2:
                    ed.undo()
                else:
                    page(ed, ed.network.resize(r1=size), resize(r1=size))
        except Exception as fault:  # noqa: BLE001 -- a thread's exception is lost
            faults.append(fault)

    thread = threading.Thread(target=front_end)
    thread.start()
    for size in [1, 2, 3, 4, 5, 6] * 10:
        ed.network = ed.network.resize(r0=size)
    thread.join(60)
    assert not thread.is_alive()
    assert faults == []
    ed.network = ed.network.resize(r0=4)
    assert Network.from_dict(ed.spec["network"]) == ed.network
    assert ed.fit.network == ed.network
    assert ed.numbers["revision"] == ed.revision
    assert ed.numbers["error"] == pytest.approx(ed.fit.error)
    ed.close()


@pytest.mark.parametrize(
    "change",
    [
        lambda ed: page(ed, train().resize(r0=3), resize(r0=3)),
        lambda ed: setattr(ed, "network", train().resize(r0=3)),
        lambda ed: ed._fitted(ed.network, Outcome()),
        lambda ed: ed.undo(),
        lambda ed: ed.positions,
    ],
    ids=["page", "python", "fit", "undo", "read"],
)
def test_nobody_touches_the_document_while_another_does(ed, change):
    done = threading.Event()
    thread = threading.Thread(target=lambda: (change(ed), done.set()))
    with ed._lock:
        thread.start()
        assert not done.wait(0.1)
    assert done.wait(10)
    thread.join()


# ---- construction and display ----------------------------------------------------------------------------------------


def test_without_a_network_the_data_get_a_train_with_their_own_names():
    ed = NetworkEditor(data=np.ones((3, 4, 5)))
    assert ed.network == tensor_train((3, 4, 5), 4, legs=("i", "j", "k"))
    ed.close()
    xarray = pytest.importorskip("xarray")
    named = NetworkEditor(data=xarray.DataArray(np.ones((3, 4)), dims=("lat", "lon")))
    assert named.network.legs == ("lat", "lon")
    named.close()
    assert NetworkEditor().network == Network()


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: NetworkEditor(train(), dta=1), TypeError, "no argument 'dta'; did you mean 'data'"),
        (
            lambda: NetworkEditor(torch.ones(2, 2)),
            NetworkError,
            r"net is a Tensor, not a Network; .*NetworkEditor\(net, data=x\)",
        ),
        (lambda: NetworkEditor(train(), view="grid"), NetworkError, "no view 'grid'"),
        (
            lambda: NetworkEditor(train(), data=torch.zeros(6, 7, 3, dtype=torch.uint8)),
            DataError,
            r"x?.float\(\) / 255",
        ),
        (lambda: NetworkEditor(train(), data=torch.full((6, 7, 3), torch.nan)), DataError, "NaN"),
    ],
)
def test_bad_arguments_are_refused_with_the_remedy(make, error, words):
    with pytest.raises(error, match=words):
        make()


def test_only_a_network_can_be_the_network(ed):
    with pytest.raises(NetworkError, match="net is a str, not a Network"):
        ed.network = "tensor_train"


def test_the_text_says_what_the_editor_holds_and_nothing_that_varies():
    ed = NetworkEditor(Network.from_einsum("ir,rj->ij", i=6, r=2, j=7), data=data()[:, :, 0])
    assert repr(ed) == f"NetworkEditor({ed.network!r}, data=(6, 7))"
    assert repr(NetworkEditor(train())) == f"NetworkEditor({train()!r})"
    assert repr(ed) == repr(ed)
    ed.close()


def test_a_cell_gets_a_still_picture_and_then_the_live_widget(ed, monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda *objects, metadata=None, raw=False: shown.extend(objects))
    ed._ipython_display_()
    still, live = shown
    assert still["text/html"].startswith('<div class="wb-static-twin"><img')
    assert still["text/plain"].startswith("<Diagram: Tensor network of 3 tensors")
    assert live["text/plain"] == repr(ed)
    assert live["application/vnd.jupyter.widget-view+json"]["model_id"] == ed.model_id


def test_the_still_picture_is_the_same_twice():
    from urllib.parse import unquote

    from workbench.figures import diagram

    a, b = (diagram(NetworkEditor(train()).network) for _ in range(2))
    assert a == b
    source = a._repr_html_().split('src="data:image/svg+xml,')[1].split('"')[0]
    assert ET.fromstring(unquote(source)).tag.endswith("svg")


def test_the_bundle_is_what_the_page_runs(ed):
    assert "export" in str(ed._esm)
    reserved = {"document", "id", "tags", "width", "height", "select", "loading", "design", "name"}
    assert not reserved & set(ed.keys)
