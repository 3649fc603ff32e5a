"""Networks go to TensorLy, quimb and Tensor-Network-Editor and come back with the same value."""

import json
from pathlib import Path

import numpy as np
import pytest
import quimb.tensor as qtn
import tensorly as tl
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tensorly.cp_tensor import CPTensor
from tensorly.parafac2_tensor import Parafac2Tensor
from tensorly.tr_tensor import TRTensor
from tensorly.tt_matrix import TTMatrix
from tensorly.tt_tensor import TTTensor
from tensorly.tucker_tensor import TuckerTensor

from tests.network.oracle import close, numpy_value
from tests.network.strategies import networks
from tests.proof import examples
from workbench.network import (
    Network,
    NetworkError,
    SpecError,
    block_term,
    cp,
    from_editor_json,
    from_quimb,
    from_tensorly,
    hierarchical_tucker,
    kronecker,
    mera,
    peps,
    tensor_ring,
    tensor_train,
    tensor_train_matrix,
    to_editor_json,
    to_quimb,
    to_tensorly,
    tucker,
)

DATA = Path(__file__).with_name("data")


def arrays(*shapes: tuple[int, ...], seed: int = 0) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape) for shape in shapes]


def all_cores(net: Network, seed: int = 0) -> dict[str, torch.Tensor]:
    """Random numbers for the free tensors and the data, in double precision."""
    generator = torch.Generator().manual_seed(seed)
    return {
        name: torch.randn(net.shape_of(name), generator=generator, dtype=torch.float64)
        for name in net.tensors
        if net.fixed.get(name, "data") == "data"
    }


def structure(net: Network) -> tuple:
    """The network without its names: indices numbered as they come."""
    number = {i: k for k, i in enumerate(dict.fromkeys(i for indices in net.tensors.values() for i in indices))}
    return (
        [tuple(number[i] for i in indices) for indices in net.tensors.values()],
        [number[leg] for leg in net.legs],
        [net.sizes[i] for i in number],
    )


# ---- TensorLy -------------------------------------------------------------------------------------------------------

TENSORLY = {
    "cp": (CPTensor((arrays((3,), seed=1)[0], arrays((4, 3), (5, 3), (6, 3)))), cp((4, 5, 6), 3)),
    "cp without weights": (CPTensor((None, arrays((4, 3), (5, 3)))), cp((4, 5), 3)),
    "cp of order 1": (CPTensor((None, arrays((4, 3)))), cp((4,), 3)),
    "tucker": (TuckerTensor((arrays((2, 3, 4))[0], arrays((4, 2), (5, 3), (6, 4)))), tucker((4, 5, 6), (2, 3, 4))),
    "train": (TTTensor(arrays((1, 4, 2), (2, 5, 3), (3, 6, 1))), tensor_train((4, 5, 6), (2, 3))),
    "train of one core": (TTTensor(arrays((1, 4, 1))), tensor_train((4,), ())),
    "ring": (TRTensor(arrays((2, 4, 3), (3, 5, 4), (4, 6, 2))), tensor_ring((4, 5, 6), (3, 4, 2))),
    "ring of two": (TRTensor(arrays((2, 4, 3), (3, 5, 2))), tensor_ring((4, 5), (3, 2))),
    "matrix": (TTMatrix(arrays((1, 2, 3, 2), (2, 4, 5, 1))), tensor_train_matrix((2, 4), (3, 5), 2)),
}


@pytest.mark.parametrize("name", TENSORLY)
def test_a_tensorly_object_becomes_the_network_of_its_family(name):
    given_, expected = TENSORLY[name]
    net, cores = from_tensorly(given_)
    assert net == expected
    np.testing.assert_allclose(net.contract(cores).numpy(), given_.to_tensor(), atol=1e-12)


@pytest.mark.parametrize("name", TENSORLY)
def test_tensorlys_plain_tuples_and_lists_are_read_too(name):
    given_, expected = TENSORLY[name]
    if isinstance(given_, CPTensor):
        plain = (given_.weights, list(given_.factors))
    elif isinstance(given_, TuckerTensor):
        plain = (given_.core, list(given_.factors))
    else:
        plain = list(given_.factors)
    net, cores = from_tensorly(plain)
    assert net == expected
    np.testing.assert_allclose(net.contract(cores).numpy(), given_.to_tensor(), atol=1e-12)


@pytest.mark.parametrize("name", TENSORLY)
def test_a_family_goes_back_to_tensorly(name):
    given_, _ = TENSORLY[name]
    back = to_tensorly(*from_tensorly(given_))
    assert type(back) is type(given_)
    np.testing.assert_allclose(back.to_tensor(), given_.to_tensor(), atol=1e-12)
    for ours, theirs in zip(back.factors[1:], given_.factors[1:], strict=True):
        np.testing.assert_array_equal(ours, theirs)


@given(data=st.data())
@settings(max_examples=60)
def test_a_shuffled_and_renamed_family_goes_back_to_tensorly(data):
    net = data.draw(st.sampled_from([expected for _, expected in TENSORLY.values()]))
    names = data.draw(st.permutations(list(net.tensors)))
    tensors = {f"T{name}": tuple(data.draw(st.permutations(net.tensors[name]))) for name in names}
    shuffled = Network(tensors, net.sizes, net.legs)
    cores = all_cores(shuffled)
    value = to_tensorly(shuffled, cores).to_tensor()
    np.testing.assert_allclose(value, shuffled.contract(cores).numpy(), atol=1e-12)


def test_with_tensorlys_torch_backend_gradients_pass_through():
    net = tensor_train((3, 4, 5), 2)
    cores = {name: core.requires_grad_() for name, core in net.random().items()}
    with tl.backend_context("pytorch"):
        value = to_tensorly(net, cores).to_tensor()
        value.sum().backward()
        back, again = from_tensorly(to_tensorly(net, cores))
        weighted, _ = from_tensorly((torch.ones(2), [torch.ones(3, 2), torch.ones(4, 2)]))
    assert all(core.grad is not None for core in cores.values())
    assert back == net
    assert weighted == cp((3, 4), 2)
    torch.testing.assert_close(back.contract(again), net.contract(cores))


def test_parts_of_several_dtypes_become_one():
    net, cores = from_tensorly((np.array([0.5, 2.0]), [np.ones((3, 2), np.float32), np.ones((4, 2), np.int64)]))
    assert {core.dtype for core in cores.values()} == {torch.float64}
    assert net.contract(cores)[0, 0] == 2.5


def test_fixed_tensors_of_a_family_become_numbers():
    net = cp((3, 4), 2)
    net = Network(net.tensors, net.sizes, net.legs, {"B": "ones"})
    cores = net.random(dtype=torch.float64)
    np.testing.assert_array_equal(to_tensorly(net, cores).factors[1], np.ones((4, 2)))


@pytest.mark.parametrize(
    "net",
    [
        hierarchical_tucker((2,) * 4, 2),
        block_term((4, 5, 6), 2, terms=2),
        tensor_train((4, 5, 6), 2).transpose("i1", "i0", "i2"),
        cp((4, 5), 2).open("r"),
        Network.from_einsum("ii->i", i=3),
        Network(),
    ],
)
def test_other_networks_are_refused_with_the_families_there_are(net):
    with pytest.raises(NetworkError, match="none of TensorLy's families: cp, tucker, tensor_train, tensor_ring"):
        to_tensorly(net, all_cores(net))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (3, "a int is no decomposition"),
        ([], "a list is no decomposition"),
        ((None, []), "without factors"),
        ((None, arrays((3, 2), (4, 3))), r"part 'B' of the cp has shape \(4, 3\), its neighbours need \(4, 2\)"),
        ((np.ones(3), arrays((3, 2), (4, 2))), r"CP weights of shape \(3,\) for factors of rank 2"),
        ((np.ones((2, 2, 2)), arrays((3, 2), (4, 2))), "3 axes with 2 factors is neither weights nor a core"),
        ((np.ones((2, 3)), arrays((3, 2), (4, 2))), r"part 'B' of the tucker has shape \(4, 2\)"),
        ((None, arrays((3, 2), (4,))), r"a part of a cp has shape \(4,\); it has 2 axes"),
        (arrays((1, 3, 2), (3, 4, 1)), r"part 'B' of the tensor_train has shape \(3, 4\)"),
        (arrays((2, 3, 2), (2, 4, 3)), "part 'A' of the tensor_ring"),
        (arrays((2, 3, 4, 2), (2, 3, 4, 2)), "the ends of a tensor train have rank 1, not 2 and 2"),
        (arrays((3, 2), (4, 2)), r"arrays with \[2\] axes is no decomposition"),
        ((None, ["text", "more"]), "no array of numbers"),
        (
            Parafac2Tensor((np.ones(2), arrays((3, 2), (2, 2), (4, 2)), [np.eye(5, 2)] * 3)),
            "a Parafac2Tensor is no decomposition",
        ),
    ],
)
def test_what_is_no_decomposition_is_refused(value, message):
    with pytest.raises(NetworkError, match=message):
        from_tensorly(value)


# ---- quimb ----------------------------------------------------------------------------------------------------------


@settings(max_examples=examples(500, 2000))
@given(net=networks())
def test_any_network_survives_quimb_given_the_legs(net):
    cores = all_cores(net)
    tn, legs = to_quimb(net, cores)
    back, numbers = from_quimb(tn, legs)
    assert back == Network(net.tensors, net.sizes, net.legs)
    assert legs == net.legs
    close(back.contract(numbers), net, {name: core.numpy() for name, core in numbers.items()}, 1e-10)
    if net.tensors:
        made = tn.contract(output_inds=legs, preserve_tensor=True).data
        close(made, net, {name: core.numpy() for name, core in numbers.items()}, 1e-10)


def test_quimbs_own_networks_are_read():
    mps = qtn.MPS_rand_state(5, bond_dim=3, seed=1)
    net, cores = from_quimb(mps)
    assert list(net.tensors) == ["I0", "I1", "I2", "I3", "I4"]
    assert net.legs == ("k0", "k1", "k2", "k3", "k4")
    np.testing.assert_allclose(net.contract(cores).numpy().reshape(-1, 1), mps.to_dense(), atol=1e-12)


def test_a_quimb_norm_has_no_legs():
    mps = qtn.MPS_rand_state(4, bond_dim=3, seed=1)
    net, cores = from_quimb(mps.H & mps)
    assert net.legs == ()
    assert net.contract(cores).item() == pytest.approx(1.0)


def test_tensors_without_tags_of_their_own_get_letters():
    tn = qtn.TensorNetwork(
        [
            qtn.Tensor(np.ones((2, 3)), inds=("i", "r"), tags={"SITE"}),
            qtn.Tensor(np.ones((3, 4)), inds=("r", "j"), tags={"SITE"}),
            qtn.Tensor(np.ones(4), inds=("j",), tags={"SITE", "A"}),
        ]
    )
    assert list(from_quimb(tn)[0].tensors) == ["B", "C", "A"]


def test_a_single_quimb_tensor_and_its_odd_index_names_are_read():
    data = np.arange(6.0).reshape(2, 3)
    net, cores = from_quimb(qtn.Tensor(data, inds=(("site", 0), " x ")))
    assert net.legs == ("i", "i_2")
    np.testing.assert_array_equal(net.contract(cores).numpy(), data)


def test_quimbs_power_of_ten_is_kept():
    tn = qtn.TensorNetwork([qtn.Tensor(np.ones(2), inds=("i",))])
    tn.exponent = 3.0
    net, cores = from_quimb(tn)
    np.testing.assert_allclose(net.contract(cores).numpy(), [1000.0, 1000.0])


def test_open_hyperbonds_are_open_only_when_listed():
    net = Network.from_einsum("ir,jr->ijr", i=2, j=3, r=4)
    tn, legs = to_quimb(net, net.random())
    assert from_quimb(tn)[0].legs == ("i", "j")
    assert from_quimb(tn, legs)[0] == net


def test_quimb_legs_and_objects_that_are_not_there_are_refused():
    tn = qtn.MPS_rand_state(3, bond_dim=2)
    with pytest.raises(NetworkError, match=r"leg 'k9' is no index of the quimb network; there are .*'k0'"):
        from_quimb(tn, ["k9"])
    with pytest.raises(NetworkError, match="expected a quimb TensorNetwork or Tensor, got dict"):
        from_quimb({})


def test_gradients_pass_through_quimb():
    net = cp((3, 4), 2)
    cores = {name: core.requires_grad_() for name, core in net.random().items()}
    tn, legs = to_quimb(net, cores)
    tn.contract(output_inds=legs).data.sum().backward()
    assert all(core.grad is not None for core in cores.values())


# ---- Tensor-Network-Editor ------------------------------------------------------------------------------------------

# the einsums that the package's own code generator writes for these files
EDITOR_FILES = {
    "mps": ("ab,acd,cef,eg->bdfg", {**dict.fromkeys("ace", 3), **dict.fromkeys("bdfg", 2)}, {}),
    "mera": ("ab,acd,bef,cg,deh,fi->ghi", {**dict.fromkeys("abcdef", 3), **dict.fromkeys("ghi", 2)}, {}),
    "tebd_gate_layer": (
        "ab,acd,cef,eg,hibd,jkfg->hijk",
        {**dict.fromkeys("ace", 3), **dict.fromkeys("bdfghijk", 2)},
        {},
    ),
    "hyperedge": (
        "ar,br,cr,xyz,xw->abcyzw",
        {"a": 4, "b": 5, "c": 6, "r": 3, "x": 2, "y": 2, "z": 2, "w": 2},
        {"delta": "copy", "H": "data"},
    ),
}


@pytest.mark.parametrize("name", EDITOR_FILES)
def test_the_editors_own_files_are_read(name):
    expression, sizes, fixed = EDITOR_FILES[name]
    net = from_editor_json((DATA / "editor" / f"{name}.json").read_bytes())
    expected = Network.from_einsum(expression, sizes)
    assert structure(net) == structure(expected)
    assert net.fixed == fixed
    assert from_editor_json(to_editor_json(net)) == net


def test_names_in_the_editors_files_are_kept_or_qualified():
    net = from_editor_json((DATA / "editor" / "mps.json").read_text("utf-8"))
    assert dict(net.tensors) == {
        "A1": ("edge-0-1", "A1_phys"),
        "A2": ("edge-0-1", "edge-1-2", "A2_phys"),
        "A3": ("edge-1-2", "edge-2-3", "A3_phys"),
        "A4": ("edge-2-3", "A4_phys"),
    }


@settings(max_examples=examples(500, 2000))
@given(net=networks())
def test_any_network_survives_the_editors_format(net):
    back = from_editor_json(to_editor_json(net))
    assert back == net
    assert list(back.tensors) == list(net.tensors)


@pytest.mark.parametrize(
    "net",
    [
        cp((4, 5, 6), 3, legs=("row", "col", "band")),
        tucker((4, 5, 6), 2),
        tensor_ring((4, 5, 6), 2),
        peps(3, 3, 2, 2),
        mera(8, 2, 3),
        kronecker((2, 3, 2), (4, 5, 2), rank=3),
        Network.from_einsum("iirst,rs,t->st", i=2, r=3, s=4, t=2),
        Network({"E": ("a", "b")}, {"a": 2, "b": 2}, ("b", "a"), {"E": "levi_civita"}),
        Network(),
    ],
    ids=lambda net: net.einsum,
)
def test_the_package_itself_reads_what_is_written_and_gives_it_back(net):
    serialization = pytest.importorskip("tensor_network_editor.internal.io._serialization")
    spec = serialization.deserialize_spec(json.loads(to_editor_json(net)))
    assert from_editor_json(json.dumps(serialization.serialize_spec(spec))) == net


def test_positions_are_written():
    net = cp((4, 5), 2)
    written = json.loads(to_editor_json(net, {"B": (7, -3.5)}))["network"]["tensors"]
    assert [tensor["position"] for tensor in written] == [{"x": 0.0, "y": 0.0}, {"x": 7.0, "y": -3.5}]
    with pytest.raises(NetworkError, match="no tensor 'C'"):
        to_editor_json(net, {"C": (0, 0)})
    for bad in ((0.0,), (0.0, float("nan")), ("1", "2")):
        with pytest.raises(NetworkError, match=r"the position of 'A' is .*; it is a pair of finite numbers"):
            to_editor_json(net, {"A": bad})


def test_legs_added_in_the_editor_follow_those_that_were_ordered():
    spec = json.loads(to_editor_json(Network.from_einsum("ij->ji", i=2, j=3)))
    spec["network"]["tensors"][0]["indices"].insert(0, {"id": "new", "name": "k", "dimension": 4})
    assert from_editor_json(json.dumps(spec)).legs == ("j", "i", "k")


def editor_spec() -> dict:
    return json.loads((DATA / "editor" / "hyperedge.json").read_text("utf-8"))


def changed(path: str, value: object) -> str:
    """The editor's file with one value replaced; `path` as in the messages, without the `$`."""
    spec = editor_spec()
    place: object = spec
    *way, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    for step in way:
        place = place[step]
    place[last] = value
    return json.dumps(spec)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "this is no file of Tensor-Network-Editor"),
        ('{"network": {}}', "this is no file of Tensor-Network-Editor"),
        (changed("schema_version", 3), r"\$.schema_version is 3; this release reads \(1, 2\)"),
        (changed("schema_version", "2"), r"\$.schema_version is '2'"),
        (changed("schema_version", True), r"\$.schema_version is True"),
        (changed("schema_version", [2]), r"\$.schema_version is list"),
        (changed("network", []), r"Expected `object`, got `array` - at `\$.network`"),
        (changed("network.extra", 1), "unknown field `extra`"),
        (changed("network.tensors.0.indices.0.dimension", "4"), r"`\$.network.tensors\[0\].indices\[0\].dimension`"),
        (changed("network.tensors.0.indices.0.dimension", 0), "index 'A_mode' has size 0"),
        (changed("network.tensors.0.indices.0.dimension", 10**10), "at most 1,000,000,000 is read"),
        (changed("network.tensors.0.indices.1.dimension", 7), "index 'terms' has dimension 7 on 'A' and 3 on 'B'"),
        (changed("network.tensors.0.name", "a\nb"), r"\$.network.tensors\[0\].name is 'a\\nb'; names are"),
        (changed("network.tensors.0.id", "b"), "two have the tensor id 'b'"),
        (changed("network.tensors.0.tensor_data", {"mode": "magic"}), "mode is 'magic'; known are zeros, ones"),
        (changed("network.tensors.0.metadata", {"workbench.fixed": "magic"}), "'magic', which is no kind"),
        (changed("network.tensors.0.metadata", {"workbench.fixed": 1}), "is no kind of fixed tensor"),
        (changed("network.tensors.3.indices.1.dimension", 3), "copy tensor 'delta' has sizes"),
        (changed("network.metadata", {"workbench.legs": "i"}), "is no list of names"),
        (changed("network.edges.0.left.tensor_id", "nobody"), r"\$.network.edges\[0\] ends on index .* not there"),
        (changed("network.hyperedges.0.endpoints", []), r"\$.network.hyperedges\[0\] joins 0 axes"),
        (changed("network.linear_periodic_chain", {}), "periodic networks are written out"),
        ('{"schema_version": 2, "schema_version": 2}', "an object of the text names 'schema_version' twice"),
        (changed("network.tensors.0.position", {"x": float("nan"), "y": 0}), "the text holds NaN"),
        ('{"schema_version": 2, "network": ' + "[" * 100_000, "nested too deep"),
    ],
)
def test_an_unsound_editor_file_is_refused(text, message):
    with pytest.raises(SpecError, match=message):
        from_editor_json(text)


def test_an_axis_is_joined_once():
    spec = editor_spec()
    spec["network"]["edges"].append({**spec["network"]["edges"][0], "id": "again"})
    with pytest.raises(SpecError, match=r"\$.network.edges\[1\] ends on index .* joined already"):
        from_editor_json(json.dumps(spec))


def test_a_dot_with_several_open_axes_is_refused():
    spec = json.loads(to_editor_json(Network.from_einsum("ir,jr->ijr", i=2, j=3, r=4)))
    spec["network"]["edges"].pop()
    with pytest.raises(SpecError, match=r"the dot of index .* has several open axes; join all but one"):
        from_editor_json(json.dumps(spec))


def test_a_dot_joined_to_nothing_is_refused():
    spec = json.loads(to_editor_json(Network.from_einsum("ir->i", i=2, r=4)))
    spec["network"]["edges"].clear()
    with pytest.raises(SpecError, match=r"the dot of index .* is joined to no tensor; remove it"):
        from_editor_json(json.dumps(spec))


def test_an_editor_file_cut_anywhere_is_refused():
    text = json.dumps(editor_spec())
    for length in range(0, len(text), 7):
        with pytest.raises(SpecError):
            from_editor_json(text[:length])


# ---- einsum strings -------------------------------------------------------------------------------------------------


@settings(max_examples=300)
@given(net=networks(fixed=False))
def test_any_network_survives_its_einsum_string(net):
    assume(net.tensors)  # "->" is read as numpy reads it: one tensor without indices
    shapes = [net.shape_of(name) for name in net.tensors]
    back = Network.from_einsum(net.einsum, shapes)
    assert structure(back) == structure(net)
    cores = {name: core.numpy() for name, core in all_cores(net).items()}
    np.testing.assert_array_equal(
        numpy_value(back, dict(zip(back.tensors, cores.values(), strict=True))), numpy_value(net, cores)
    )
