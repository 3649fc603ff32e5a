"""The value `Network`: what it accepts, what it refuses and how it says so, and that it behaves as a value."""

import copy
import pickle
import subprocess
import sys

import pytest
from hypothesis import given

from tests.network.strategies import networks
from workbench.network import Network, NetworkError, SpecError, WorkbenchError, cp, tensor_train

TRAIN = Network.from_einsum("ir,rjs,sk->ijk", i=32, j=32, k=3, r=8, s=4)


def test_the_design_pages_example_holds():
    assert TRAIN.parameters == 32 * 8 + 8 * 32 * 4 + 4 * 3 == 1292
    assert TRAIN.shape == (32, 32, 3)
    assert TRAIN.einsum == "ir,rjs,sk->ijk"
    grown = TRAIN.resize(r=16).connect("A", "C", size=2)
    assert grown.shape_of("A") == (32, 16, 2)
    assert grown.shape_of("C") == (4, 3, 2)
    assert TRAIN.parameters == 1292, "an edit leaves the old network as it was"


def test_indices_are_told_apart_by_where_they_live():
    net = Network.from_einsum("iirq,rsb,sbx,ry->iqx", i=2, r=3, q=2, s=2, b=2, x=2, y=5)
    assert net.bonds == ("s", "b")  # a double bond
    assert net.hyperbonds == ("i", "r")  # an open diagonal meets in a dot too
    assert net.summed == ("r", "s", "b", "y")
    assert net.holders("i") == (("A", 0), ("A", 1))


def test_the_empty_network_and_scalars_are_legal():
    assert Network().shape == ()
    assert Network().parameters == 0
    assert float(Network().contract({})) == 1.0
    scalar = Network({"A": ()})
    assert scalar.parameters == 1
    assert scalar.einsum == "->"


@pytest.mark.parametrize(
    ("build", "says"),
    [
        (lambda: Network({"A": "ij"}, {"i": 2, "j": 2}), "'A' is given the text 'ij'"),
        (lambda: Network({"A": ("i",)}, {}), "index 'i' has no size"),
        (lambda: Network({"A": ("i",)}, {"i": 2, "j": 3}), "size given for index 'j', which is on no tensor"),
        (lambda: Network({"A": ("i",)}, {"i": 0}), "index 'i' has size 0; a size (a rank, too) is at least 1"),
        (lambda: Network({"A": ("i",)}, {"i": 2.0}), "size 2.0; sizes are whole numbers"),
        (lambda: Network({"A": ("i",)}, {"i": True}), "size True; sizes are whole numbers"),
        (lambda: Network({"A": ("row",)}, {"row": 2}, ("rwo",)), "did you mean 'row'?"),
        (lambda: Network({"A": ("i",)}, {"i": 2}, ("i", "i")), "leg 'i' is listed twice"),
        (lambda: Network({"A": ("i",)}, {"i": 2}, (), {"A": "coppy"}), "did you mean 'copy'?"),
        (lambda: Network({"A": ("i",)}, {"i": 2}, (), {"B": "copy"}), "no tensor 'B'"),
        (lambda: Network({"A": ("i", "j")}, {"i": 2, "j": 3}, (), {"A": "copy"}), "all its indices have one size"),
        (lambda: Network({"E": ("i", "j")}, {"i": 3, "j": 3}, (), {"E": "levi_civita"}), "n indices, each of size n"),
        (lambda: Network({"J": ("i", "j")}, {"i": 3, "j": 3}, (), {"J": "symplectic"}), "square matrix of even size"),
        (lambda: Network({" A": ("i",)}, {"i": 2}), "without blanks at the ends"),
        (lambda: Network({"A\n": ("i",)}, {"i": 2}), "printable"),
        (lambda: Network({"A": ("",)}, {"": 2}), "index name ''"),
        (lambda: Network({"A" * 65: ("i",)}, {"i": 2}), "1 to 64"),
        (lambda: TRAIN.shape_of("D"), "no tensor 'D'"),
        (lambda: TRAIN.holders("t"), "no index 't'"),
        (lambda: Network.from_einsum("ij->ik", i=2, j=2), "leg 'k' is on no tensor"),
        (lambda: Network.from_einsum("i...->i", i=2), "ellipsis"),
        (lambda: Network.from_einsum("i1->i", i=2), "'1'; indices are letters"),
        (lambda: Network.from_einsum("ij->i", i=2), "index 'j' has no size"),
        (lambda: Network.from_einsum("ij,jk->ik", [(2, 3), (4, 5)]), "index 'j' has size 3 and 4"),
        (lambda: Network.from_einsum("ij,jk->ik", [(2, 3)]), "2 operands, but 1 shapes"),
        (lambda: Network.from_einsum("ij->ij", [(2, 3, 4)]), "operand 'ij' has 2 indices"),
    ],
)
def test_a_refusal_names_the_thing_and_the_remedy(build, says):
    with pytest.raises(NetworkError, match=r".") as refusal:
        build()
    assert says in str(refusal.value)


def test_our_exceptions_are_value_errors_of_one_family():
    assert issubclass(SpecError, NetworkError)
    assert issubclass(NetworkError, WorkbenchError)
    assert issubclass(WorkbenchError, ValueError)


def test_a_network_cannot_be_changed_in_place():
    with pytest.raises(TypeError):
        TRAIN.tensors["A"] = ()
    with pytest.raises(AttributeError):
        TRAIN.legs = ()
    sizes = {"i": 2}
    net = Network({"A": ("i",)}, sizes)
    sizes["i"] = 5
    assert net.sizes["i"] == 2


@given(networks())
def test_a_network_is_a_value(net):
    twin = Network(dict(net.tensors), dict(net.sizes), net.legs, dict(net.fixed))
    assert twin == net
    assert hash(twin) == hash(net)
    assert pickle.loads(pickle.dumps(net)) == net
    assert copy.deepcopy(net) == net
    assert eval(repr(net), {"Network": Network}) == net


@given(networks(odd_names=False).filter(lambda net: net.tensors))
def test_einsum_text_reads_back_to_the_same_structure(net):
    again = Network.from_einsum(net.einsum, [net.shape_of(name) for name in net.tensors])
    assert again.shape == net.shape
    assert [again.shape_of(name) for name in again.tensors] == [net.shape_of(name) for name in net.tensors]
    assert again.einsum.count(",") == net.einsum.count(",")


def test_more_than_52_indices_get_symbols_that_read_back():
    net = cp((2,) * 60, 2)
    assert Network.from_einsum(net.einsum, [net.shape_of(name) for name in net.tensors]).parameters == net.parameters


def test_parameters_of_a_network_no_machine_could_hold_are_exact():
    assert tensor_train((10**9,) * 3, 10**6).parameters == 2 * 10**15 + 10**21


def test_numbers_are_refused_by_name_and_shape():
    cores = TRAIN.random()
    with pytest.raises(NetworkError, match="no numbers for tensor 'B'"):
        TRAIN.contract({"A": cores["A"], "C": cores["C"]})
    with pytest.raises(NetworkError, match=r"tensor 'A' .* has shape \(32, 8\), but its numbers have shape \(8, 32\)"):
        TRAIN.contract({**cores, "A": cores["A"].T})
    with pytest.raises(NetworkError, match="bring all to one dtype"):
        TRAIN.contract({**cores, "C": cores["C"].double()})
    with pytest.raises(NetworkError, match="no tensor 'D'"):
        TRAIN.contract({**cores, "D": cores["C"]})


def test_importing_the_language_loads_nothing_heavy():
    heavy = ["cotengra", "quimb", "tensorly", "networkx", "sklearn", "plotly", "anywidget", "IPython"]
    code = f"import sys, workbench, workbench.network; print([m for m in {heavy} if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
