"""Generated code runs by itself, gives the network's value, and never runs a name."""

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.network.oracle import close, numpy_value
from tests.network.strategies import ODD_NAMES, networks
from tests.proof import examples
from workbench.network import (
    Network,
    NetworkError,
    block_tensor_train,
    block_term,
    cp,
    hierarchical_tucker,
    kronecker,
    mera,
    monarch,
    mps,
    peps,
    tensor_ring,
    tensor_train,
    tensor_train_matrix,
    tree,
    tucker,
)
from workbench.network._recognise import recognise

TARGETS = ("torch", "numpy", "quimb", "tensorly")
FAMILIES = {
    "cp": cp((4, 5, 6), 2, legs=("row", "col", "rgb")),
    "tucker": tucker((4, 5, 6), (2, 3, 3)),
    "tensor_train": tensor_train((4, 5, 6), (2, 3)),
    "tensor_ring": tensor_ring((4, 5, 6), (2, 3, 2)),
    "tree": tree((2,) * 5, 2),
    "hierarchical_tucker": hierarchical_tucker((2,) * 6, 2),
    "block_term": block_term((4, 5, 6), 2, terms=3),
    "tensor_train_matrix": tensor_train_matrix((4, 3, 2), (2, 3, 2), 2),
    "block_tensor_train": block_tensor_train((2, 3), (3, 2), 2),
    "monarch": monarch((4, 5), (3, 2)),
    "kronecker": kronecker((2, 3, 2), (2, 2, 3), rank=2),
    "mps": mps(5, 2, 3),
    "peps": peps(2, 3, physical=2, bond=2),
    "mera": mera(4, physical=2, bond=2),
}


def run(code: str) -> dict:
    """The namespace after running the code where nothing is defined."""
    namespace: dict = {"__name__": "generated"}
    exec(compile(code, "generated", "exec"), namespace)  # running it is the test
    return namespace


def cores_of(net: Network, namespace: dict) -> dict[str, np.ndarray]:
    """What `contract` was called with, under the tensors' names: its parameters stand in the network's order."""
    parameters = inspect.signature(namespace["contract"]).parameters
    return {name: np.asarray(namespace[given]) for name, given in zip(net.tensors, parameters, strict=True)}


def check(net: Network, target: str) -> str:
    code = net.to_code(target)
    namespace = run(code)
    cores = cores_of(net, namespace)
    for name in net.tensors:
        assert cores[name].shape == net.shape_of(name)
    assert np.shape(namespace["value"]) == net.shape
    close(namespace["value"], net, cores)
    return code


@pytest.mark.parametrize("target", TARGETS)
@settings(max_examples=examples(500, 2000))
@given(net=networks())
def test_code_of_any_network_gives_numpy_einsums_value(target, net):
    check(net, target)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("family", FAMILIES)
def test_code_of_a_family_gives_its_value(family, target):
    check(FAMILIES[family], target)


@pytest.mark.parametrize("target", TARGETS)
def test_the_code_contracts_cores_of_the_users_own(target):
    net = FAMILIES["tensor_ring"]
    cores = net.random(seed=3, dtype=torch.float64)
    given = cores.values() if target == "torch" else [core.numpy() for core in cores.values()]
    value = run(net.to_code(target))["contract"](*given)
    np.testing.assert_allclose(np.asarray(value), net.contract(cores).numpy(), atol=1e-12)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    ("kind", "sizes"),
    [
        ("copy", ()),
        ("copy", (3,)),
        ("copy", (3, 3)),
        ("copy", (2, 2, 2)),
        ("ones", (2, 3)),
        ("levi_civita", ()),
        ("levi_civita", (1,)),
        ("levi_civita", (2, 2)),
        ("levi_civita", (3, 3, 3)),
        ("levi_civita", (4, 4, 4, 4)),
        ("symplectic", (2, 2)),
        ("symplectic", (4, 4)),
    ],
)
def test_fixed_tensors_are_made_by_the_code(target, kind, sizes):
    indices = tuple("abcd"[: len(sizes)])
    net = Network({"F": indices}, dict(zip(indices, sizes, strict=True)), indices, {"F": kind})
    np.testing.assert_array_equal(np.asarray(run(net.to_code(target))["value"]), net.contract({}).numpy())


@pytest.mark.parametrize("target", TARGETS)
def test_data_is_a_placeholder_that_says_so(target):
    net = Network.from_einsum("ir,i->r", i=4, r=3)
    code = check(Network(net.tensors, net.sizes, net.legs, {"B": "data"}), target)
    before, comment, after = code.partition("# data: put yours here\n")
    assert comment
    assert after.startswith("B = ")
    assert "\nA = " in before


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_hostile_name_is_only_a_name(target, name, monkeypatch):
    ran = []
    monkeypatch.setattr("os.system", ran.append)
    monkeypatch.setattr("builtins.print", lambda *args, **kwargs: ran.append(args))
    other = "x" if name != "x" else "y"
    net = Network(
        {name: (name, other), other: (other, "k"), f"{name[:60]}_2": ("k",)}, {name: 2, other: 3, "k": 2}, (name,)
    )
    check(net, target)
    check(net.transpose(name).open("k"), target)
    assert ran == []


@pytest.mark.parametrize("target", TARGETS)
@settings(max_examples=150)
@given(net=networks())
def test_names_enter_the_code_only_as_strings_and_checked_identifiers(target, net):
    tree = ast.parse(net.to_code(target))
    known = {"torch", "np", "qtn", "tl", "rng", "tn", "contract", "value", "copy_tensor", "levi_civita", "symplectic"}
    calls = {
        node.func.id if isinstance(node.func, ast.Name) else node.func.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
    }
    assert calls <= {
        *("contract", "copy_tensor", "levi_civita", "symplectic", "permutations", "combinations", "range", "sum"),
        *("manual_seed", "default_rng", "check_random_state", "randn", "standard_normal", "tensor", "array"),
        *("ones", "zeros", "eye", "arange", "kron", "einsum", "transpose", "to_tensor"),
        *("Tensor", "TensorNetwork", "CPTensor", "TuckerTensor", "TTTensor", "TRTensor", "TTMatrix"),
    }
    assigned = [
        node.id
        for each in tree.body
        if isinstance(each, ast.Assign)
        for node in ast.walk(each.targets[0])
        if isinstance(node, ast.Name)
    ]
    assert len(assigned) == len(set(assigned))
    assert not {each for each in assigned if each.startswith("__")}
    assert not set(assigned) - {"rng", "value"} & known


@pytest.mark.parametrize("target", TARGETS)
def test_names_that_python_reads_as_one_stay_apart(target):
    names = ("ﬁ", "fi", "\u212a", "K", "a b", "a_b", "a-b", "0", "_0", "数", "?", "!")  # U+212A is the Kelvin sign
    net = Network(dict.fromkeys(names, ("i",)) | {"x": names}, dict.fromkeys(("i", *names), 2), ("i",))
    namespace = run(net.to_code(target))
    assert len(inspect.signature(namespace["contract"]).parameters) == len(names) + 1


def test_making_code_imports_and_runs_nothing():
    nets = "from workbench.network import Network; net = Network.from_einsum('ir,rj->ij', i=2, r=3, j=2)"
    script = (
        f"{nets}\nimport sys\nfor t in {TARGETS}: net.to_code(t)\nprint({{'quimb', 'tensorly'}} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_the_code_of_every_family_is_clean(tmp_path):
    for name, net in FAMILIES.items():
        for target in TARGETS:
            (tmp_path / f"{name}_{target}.py").write_text(net.to_code(target), encoding="utf-8")
    ruff = Path(sys.executable).with_name("ruff")
    command = [str(ruff), "check", "--isolated", "--no-cache", "--select", "F,E4,E9,I", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    longest = max(len(line) for path in tmp_path.iterdir() for line in path.read_text("utf-8").splitlines())
    assert longest <= 88


def test_torch_code_reads_as_a_person_would_write_it():
    assert Network.from_einsum("ir,rjs,sk->ijk", i=32, j=32, k=3, r=8, s=4).to_code("torch") == (
        """\
import torch

# sizes
i, j, k = 32, 32, 3
r, s = 8, 4

torch.manual_seed(0)

# random cores: put yours here
A = torch.randn(i, r)
B = torch.randn(r, j, s)
C = torch.randn(s, k)


def contract(A, B, C):
    return torch.einsum("ir,rjs,sk->ijk", A, B, C)


value = contract(A, B, C)
"""
    )


def test_letters_that_stand_for_long_names_are_explained():
    code = FAMILIES["cp"].to_code("numpy")
    assert '"""a = row, b = col, c = rgb, d = r"""' in code


@pytest.mark.parametrize(
    ("family", "call"),
    [
        ("cp", "CPTensor((None, [A, B, C])).to_tensor()"),
        ("tucker", "TuckerTensor((G, [A, B, C])).to_tensor()"),
        ("tensor_train", "TTTensor([A[None], B, C[..., None]]).to_tensor()"),
        ("tensor_ring", "TRTensor([A, B, C]).to_tensor()"),
        ("tensor_train_matrix", "TTMatrix([A[None], B, C[..., None]]).to_tensor()"),
        ("block_term", 'tl.einsum("defg,adg,beg,cfg->abc", G, A, B, C)'),
    ],
)
def test_tensorly_code_uses_tensorlys_own_classes_where_there_is_one(family, call):
    assert f"    return {call}\n" in FAMILIES[family].to_code("tensorly")


@given(data=st.data())
@settings(max_examples=60)
def test_families_are_recognised_whatever_the_names_and_the_order(data):
    family = data.draw(st.sampled_from(["cp", "tucker", "tensor_train", "tensor_ring", "tensor_train_matrix"]))
    net = FAMILIES[family]
    names = data.draw(st.permutations(list(net.tensors)))
    tensors = {name: tuple(data.draw(st.permutations(net.tensors[name]))) for name in names}
    shuffled = Network(tensors, net.sizes, net.legs).relabel(dict(zip(net.sizes, reversed(net.sizes), strict=True)))
    form = recognise(shuffled)
    assert form is not None
    assert form.family == family
    check(shuffled, "tensorly")


@pytest.mark.parametrize(
    ("expression", "family"), [("ir,jr->ij", "cp"), ("ri,rj->ij", "cp"), ("ir,rj->ij", "tensor_train")]
)
def test_a_product_of_two_matrices_is_read_as_it_is_written(expression, family):
    form = recognise(Network.from_einsum(expression, i=2, r=3, j=4))
    assert form is not None
    assert form.family == family


@pytest.mark.parametrize("name", ["tree", "block_term", "block_tensor_train", "kronecker", "peps", "mera"])
def test_other_families_are_not_taken_for_tensorlys(name):
    assert recognise(FAMILIES[name]) is None


@pytest.mark.parametrize("target", TARGETS)
def test_more_indices_than_letters_are_contracted_pair_by_pair(target):
    ring = tensor_ring((1,) * 40, 2).connect("A", "U", size=2)  # a chord, so that it is none of TensorLy's
    code = ring.to_code(target)
    namespace = run(code)
    cores = {name: torch.as_tensor(core, dtype=torch.float64) for name, core in cores_of(ring, namespace).items()}
    expected = ring.contract(cores)
    np.testing.assert_allclose(np.asarray(namespace["value"]), expected, rtol=1e-3, atol=1e-3 * expected.abs().item())
    assert target == "quimb" or code.count("einsum(") == 39


@pytest.mark.parametrize("target", TARGETS)
def test_pair_by_pair_the_legs_come_in_order(target):
    chain = mps(54, 1, 2).resize(i3=2, i20=3, i40=4)
    legs = ("i40", "i3", "i20")
    net = Network(chain.tensors, chain.sizes, legs)  # the other physical indices, of size 1, are summed
    namespace = run(net.to_code(target))
    cores = {name: torch.as_tensor(core, dtype=torch.float64) for name, core in cores_of(net, namespace).items()}
    expected = net.contract(cores).numpy()
    assert expected.shape == (4, 2, 3)
    np.testing.assert_allclose(np.asarray(namespace["value"]), expected, atol=1e-3 * np.abs(expected).max())


@pytest.mark.parametrize("target", ["torch", "numpy", "tensorly"])
def test_an_order_that_would_explode_is_replaced_by_the_plan(target):
    grid = peps(4, 4, physical=1, bond=4)
    shuffled = Network(
        {name: grid.tensors[name] for name in sorted(grid.tensors, key=lambda name: (ord(name) * 7) % 16)},
        grid.sizes,
        grid.legs,
    )
    value = run(shuffled.to_code(target))["value"]
    assert np.shape(value) == grid.shape


@pytest.mark.parametrize("target", ["torch", "numpy", "tensorly"])
def test_a_step_with_more_indices_than_letters_is_refused(target):
    sizes = {f"i{k}": 1 for k in range(60)}
    net = Network({"A": tuple(sizes)}, sizes, tuple(sizes))
    with pytest.raises(NetworkError, match=r"60 indices; einsum .* has 52 letters"):
        net.to_code(target)


def test_an_unknown_target_is_refused_with_the_nearest():
    net = Network()
    with pytest.raises(NetworkError, match=r"no code target 'pytorch'; did you mean 'torch'\?"):
        net.to_code("pytorch")
    with pytest.raises(NetworkError, match="no code target 'jax'; there are 'torch', 'numpy', 'quimb', 'tensorly'"):
        net.to_code("jax")


def test_the_value_of_random_networks_is_computed_independently():
    """The oracle itself: against a loop over all index values."""
    net = Network.from_einsum("iir,rj,j->rj", i=2, r=3, j=2)
    cores = {name: np.random.default_rng(0).standard_normal(net.shape_of(name)) for name in net.tensors}
    by_hand = np.zeros((3, 2))
    for i, r, j in np.ndindex(2, 3, 2):
        by_hand[r, j] += cores["A"][i, i, r] * cores["B"][r, j] * cores["C"][j]
    np.testing.assert_allclose(numpy_value(net, cores), by_hand)
