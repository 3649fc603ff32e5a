"""CP of small data, many starts at once, against one start at a time by the general method."""

import pytest
import torch

from workbench.data import planted
from workbench.decomposition._als import als_sweeps
from workbench.decomposition._cp import cp_cores, cp_factors, cp_sweeps
from workbench.network import Network, cp


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128], ids=["real", "complex"])
@pytest.mark.parametrize("shape", [(5, 6), (6, 7, 8), (4, 5, 3, 6), (3, 2, 4, 3, 2)])
def test_every_start_is_swept_as_it_would_be_alone(shape, dtype):
    net = cp(shape, 3)
    x = planted(net, noise=0.3, dtype=dtype).x
    starts = [net.random(seed=seed, dtype=dtype) for seed in range(4)]
    together = {name: torch.stack([start[name] for start in starts]) for name in net.tensors}
    _, factors = cp_factors(net, together)
    sweeps = cp_sweeps(x, factors)
    for _ in range(5):
        found, squares = next(sweeps)
    cores = cp_cores(net, found)
    for at, start in enumerate(starts):
        alone = als_sweeps(x, net, start, net.free)
        for _ in range(5):
            one, error, _ = next(alone)
        value = net.contract({name: core[at] for name, core in cores.items()})
        torch.testing.assert_close(value, net.contract(one), rtol=1e-6, atol=1e-7)
        whole = float(torch.linalg.vector_norm(x)) ** 2
        assert float(squares[at]) / whole == pytest.approx(float(error) ** 2, rel=1e-6)


def test_factors_may_lie_either_way():
    net = Network.from_einsum("ra,br,rc->abc", a=4, b=5, c=6, r=2)
    x = planted(net, noise=0.1).x
    start = {name: core.unsqueeze(0) for name, core in net.random(dtype=torch.float64).items()}
    names, factors = cp_factors(net, start)
    assert names == ("A", "B", "C")
    assert [tuple(factor.shape) for factor in factors] == [(1, 4, 2), (1, 5, 2), (1, 6, 2)]
    cores = cp_cores(net, next(cp_sweeps(x, factors))[0])
    assert {name: tuple(core.shape[1:]) for name, core in cores.items()} == {
        name: net.shape_of(name) for name in net.tensors
    }


def test_a_component_that_is_zero_stays_harmless():
    net = cp((5, 6, 7), 2)
    x = planted("cp", (5, 6, 7), 1, noise=0.1).x
    start = {name: core.unsqueeze(0).clone() for name, core in net.random(dtype=torch.float64).items()}
    start["A"][:, :, 1] = 0
    start["B"][:, :, 1] = 0
    sweeps = cp_sweeps(x, cp_factors(net, start)[1])
    before = float("inf")
    for _ in range(10):
        found, squares = next(sweeps)
        assert all(bool(factor.isfinite().all()) for factor in found)
        assert float(squares) <= before * (1 + 1e-12)
        before = float(squares)
