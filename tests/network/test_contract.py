"""Contraction against numpy.einsum and closed forms; autograd, vmap, compile, dtypes; cost against brute force."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings

from tests.network.strategies import networks
from workbench.network import Network, NetworkError, cp, peps, tensor_ring, tensor_train, tucker
from workbench.network._plan import _pairwise


def by_numpy(net: Network, cores: dict[str, torch.Tensor]) -> np.ndarray:
    """The value by numpy.einsum's integer form, in one unoptimised sum."""
    number = {index: k for k, index in enumerate(net.sizes)}
    operands = []
    for name, indices in net.tensors.items():
        operands += [cores[name].numpy(), [number[i] for i in indices]]
    return np.einsum(*operands, [number[i] for i in net.legs], optimize=False) if operands else np.ones(())


@settings(max_examples=2000)
@given(networks(fixed=False))
def test_any_network_contracts_to_what_numpy_says(net):
    cores = net.random(seed=1, dtype=torch.float64)
    value = net.contract(cores)
    expected = by_numpy(net, cores)
    assert tuple(value.shape) == net.shape == expected.shape
    np.testing.assert_allclose(value.numpy(), expected, rtol=1e-9, atol=1e-12)


def test_a_large_grid_follows_a_greedy_order_to_the_right_value():
    net = peps(3, 5, physical=1, bond=2)  # fifteen tensors: beyond the exhaustive search
    cores = net.random(seed=0, dtype=torch.float64)
    np.testing.assert_allclose(net.contract(cores).numpy(), by_numpy(net, cores), rtol=1e-10)
    assert net.cost() == net.cost(), "the order found is the same every time"


def test_fixed_tensors_are_made():
    eye = Network({"D": ("i", "j")}, {"i": 3, "j": 3}, ("i", "j"), {"D": "copy"})
    torch.testing.assert_close(eye.contract({}), torch.eye(3))
    cross = Network(
        {"E": ("i", "j", "k"), "u": ("j",), "v": ("k",)}, dict.fromkeys("ijk", 3), ("i",), {"E": "levi_civita"}
    )
    u, v = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([-1.0, 0.5, 2.0])
    torch.testing.assert_close(cross.contract({"u": u, "v": v}), torch.linalg.cross(u, v))
    form = Network({"J": ("i", "j")}, {"i": 4, "j": 4}, ("i", "j"), {"J": "symplectic"}).contract({})
    torch.testing.assert_close(form, -form.T)
    torch.testing.assert_close(form @ form, -torch.eye(4))
    total = Network({"A": ("i",), "o": ("i",)}, {"i": 4}, (), {"o": "ones"})
    assert float(total.contract({"A": torch.arange(4.0)})) == 6.0
    with pytest.raises(NetworkError, match="no numbers for tensor 'x'"):
        Network({"x": ("i",)}, {"i": 4}, (), {"x": "data"}).contract({})


@settings(max_examples=60)
@given(networks(fixed=False, max_tensors=4))
def test_gradients_are_environments(net):
    """The value is linear in each core that occurs once, so its gradient is the network with that core removed."""
    cores = {name: core.requires_grad_() for name, core in net.random(seed=2, dtype=torch.float64).items()}
    if not cores:
        return
    weights = torch.randn(net.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    weights = weights if net.legs else torch.ones((), dtype=torch.float64)
    (net.contract(cores) * weights).sum().backward()
    name = next(iter(cores))
    held = net.tensors[name]
    dual = net.add("weights*", net.legs) if net.legs else net
    for leg in net.legs:
        dual = dual.close(leg)
    environment = dual.remove(name)
    numbers = {other: core.detach() for other, core in cores.items() if other != name}
    if net.legs:
        numbers["weights*"] = weights
    value = environment.contract(numbers) if numbers else torch.ones((), dtype=torch.float64)
    # spread the environment over the core's axes: repeated indices sit on the diagonal, indices only it held are constant
    spread = Network(
        {
            "env": environment.legs,
            **{f"one{k}": (i,) for k, i in enumerate(dict.fromkeys(held)) if i not in environment.legs},
        },
        {i: net.sizes[i] for i in dict.fromkeys((*environment.legs, *held))},
        tuple(dict.fromkeys(held)),
        {f"one{k}": "ones" for k, i in enumerate(dict.fromkeys(held)) if i not in environment.legs},
    ).contract({"env": value})
    expected = torch.zeros(net.shape_of(name), dtype=torch.float64)
    distinct = list(dict.fromkeys(held))
    for at in np.ndindex(*spread.shape):
        expected[tuple(at[distinct.index(i)] for i in held)] += spread[at]
    torch.testing.assert_close(cores[name].grad, expected, rtol=1e-9, atol=1e-12)


def test_gradcheck_and_second_derivatives():
    net = cp((3, 4, 2), 2).connect("A", "B", size=2, index="t")
    cores = net.random(seed=0, dtype=torch.float64)

    def value(*tensors):
        return net.contract(dict(zip(net.tensors, tensors, strict=True)))

    inputs = [core.requires_grad_() for core in cores.values()]
    assert torch.autograd.gradcheck(value, inputs)
    assert torch.autograd.gradgradcheck(value, inputs)


def test_vmap_over_cores_equals_a_loop():
    net = tensor_ring((3, 4, 5), 2)
    batches = [net.random(seed=s) for s in range(6)]
    stacked = {name: torch.stack([cores[name] for cores in batches]) for name in net.tensors}
    together = torch.func.vmap(net.contract)(stacked)
    torch.testing.assert_close(together, torch.stack([net.contract(cores) for cores in batches]))


def test_compile_keeps_the_value():
    net = tucker((4, 5, 6), 2)
    cores = net.random(seed=0)
    compiled = torch.compile(net.contract, backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(cores), net.contract(cores))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.complex64, torch.complex128, torch.int64])
def test_the_dtype_of_the_cores_is_the_dtype_of_the_value(dtype):
    net = tensor_train((3, 4, 5), 2)
    wide = {name: (10 * core).to(dtype) for name, core in net.random(dtype=torch.float64).items()}
    value = net.contract(wide)
    assert value.dtype == dtype
    expected = torch.einsum("ir,rjs,sk->ijk", *wide.values())
    torch.testing.assert_close(value, expected)


def test_random_cores_depend_on_the_seed_alone_and_give_unit_variance():
    net = tensor_train((20, 20, 20), 15)
    a, b = net.random(seed=5), net.random(seed=5)
    assert all(torch.equal(a[name], b[name]) for name in a)
    assert not torch.equal(a["A"], net.random(seed=6)["A"])
    variances = [net.contract(net.random(seed=s)).var().item() for s in range(8)]
    assert 0.6 < sum(variances) / 8 < 1.6


def test_cost_counts_a_matrix_product_as_two_m_n_k():
    assert Network.from_einsum("ik,kj->ij", i=7, j=11, k=5).cost().flops == 2 * 7 * 11 * 5
    assert Network.from_einsum("i,j->ij", i=7, j=11).cost().flops == 77  # nothing is added up
    assert Network.from_einsum("ik,kj->ij", i=7, j=11, k=5).cost().peak == 77


def test_cost_finds_the_cheapest_order_of_a_matrix_chain():
    """Against the textbook's dynamic programme for matrix chains."""
    generator = np.random.default_rng(0)
    for _ in range(20):
        dims = generator.integers(2, 40, size=8).tolist()
        best = [[0] * 7 for _ in range(7)]
        for span in range(1, 7):
            for a in range(7 - span):
                b = a + span
                best[a][b] = min(best[a][m] + best[m + 1][b] + dims[a] * dims[m + 1] * dims[b + 1] for m in range(a, b))
        net = Network(
            {f"M{k}": (f"d{k}", f"d{k + 1}") for k in range(7)}, {f"d{k}": n for k, n in enumerate(dims)}, ("d0", "d7")
        )
        assert net.cost().flops == 2 * best[0][6]


def test_a_batch_is_carried_by_the_data_or_by_every_core():
    layer = Network({"W": ("o", "i"), "x": ("i",)}, {"o": 10, "i": 20}, ("o",), {"x": "data"})
    assert layer.cost(batch=64).flops == 2 * 10 * 20 * 64
    assert layer.cost(batch=64).peak == max(200, 64 * 20)
    cores = Network.from_einsum("ij,jk->ik", i=3, j=4, k=5)
    assert cores.cost(batch=7).flops == 7 * cores.cost().flops
    with pytest.raises(NetworkError, match="batch is 0"):
        cores.cost(batch=0)


def test_the_path_replays_with_numpy():
    net = tensor_ring((3, 4, 5, 2), 3)
    operands = [
        (tuple(ix), core.numpy()) for ix, core in zip(net.tensors.values(), net.random(seed=0).values(), strict=True)
    ]
    for a, b in net.cost().path:
        high, low = operands.pop(max(a, b)), operands.pop(min(a, b))
        others = {i for ix, _ in operands for i in ix} | set(net.legs)
        out = tuple(i for i in dict.fromkeys(low[0] + high[0]) if i in others)
        number = {i: k for k, i in enumerate(net.sizes)}
        operands.append(
            (
                out,
                np.einsum(
                    low[1], [number[i] for i in low[0]], high[1], [number[i] for i in high[0]], [number[i] for i in out]
                ),
            )
        )
    ((indices, value),) = operands
    expected = net.contract(net.random(seed=0)).permute([net.legs.index(i) for i in indices])
    np.testing.assert_allclose(value, expected.numpy(), rtol=1e-4, atol=1e-5)


def test_cp_costs_less_than_its_dense_product():
    net = cp((50, 50, 50), 10)
    assert net.cost().flops <= 2 * 50**3 * 10 + 50**2 * 10
    assert math.prod(net.shape) == net.cost().peak


def test_a_path_that_moves_one_operand_or_names_three_is_followed_all_the_same():
    assert list(_pairwise([(0, 1), (0, 1)], 3)) == [(0, 1), (0, 1)]
    assert list(_pairwise([(0,), (0, 1), (0, 1)], 3)) == [(1, 2), (0, 1)], "operand 0 went to the end of their list"
    assert len(list(_pairwise([(0, 1, 2), (0, 1)], 4))) == 3
    assert len(list(_pairwise([], 5))) == 4
