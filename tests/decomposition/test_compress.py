"""Compression against exact singular vectors and planted subspaces."""

import math

import pytest
import torch

from workbench.data import planted
from workbench.decomposition import _compress as compressing
from workbench.decomposition import _run as running
from workbench.decomposition import decompose
from workbench.decomposition._compress import compress, trimmed
from workbench.network import cp, tensor_ring, tensor_train, tucker


@pytest.fixture
def large(monkeypatch):
    """Everything counts as large, so that small tests go the way of large data."""
    for module in (compressing, running):
        monkeypatch.setattr(module, "SMALL", 2000)


def lost(x: torch.Tensor, bases) -> float:
    """What projecting on the bases leaves out, said by dense projectors."""
    inside = x
    for axis, basis in enumerate(bases):
        if basis is not None:
            projector = basis @ basis.mH
            inside = torch.tensordot(inside, projector.mT, dims=([axis], [0])).movedim(-1, axis)
    return float(torch.linalg.vector_norm(x - inside)) ** 2


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128, torch.float32], ids=str)
@pytest.mark.parametrize(
    ("shape", "widths"), [((30, 31, 32), (8, 8, 8)), ((12, 13, 14, 15), (7, 7, 7, 15)), ((20, 30, 40), (20, 9, 9))]
)
def test_a_sketch_leaves_out_little_more_than_singular_vectors(large, shape, widths, dtype):
    x = planted("tucker", shape, 3, noise=0.2, dtype=dtype).x.contiguous()
    sketched = compress(x, widths, exact=False, seed=0)
    exact = compress(x, widths, exact=True, seed=0)
    whole = float(torch.linalg.vector_norm(x)) ** 2
    assert sketched.outside == pytest.approx(lost(x, sketched.bases), abs=1e-5 * whole)
    assert exact.outside == pytest.approx(lost(x, exact.bases), abs=1e-5 * whole)
    assert sketched.outside < 1.1 * exact.outside
    for basis, axis_width, size in zip(sketched.bases, widths, shape, strict=True):
        assert (basis is None) == (axis_width >= size)
        if basis is not None:
            eye = torch.eye(axis_width, dtype=dtype)
            torch.testing.assert_close(basis.mH @ basis, eye, atol=1e-6, rtol=0)


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
def test_of_data_without_noise_no_digit_is_lost(large, exact, dtype):
    """Singular values down to 1e-5 of the largest, whose squares single precision does not hold beside it."""
    net = tucker((40, 40, 40), 4)
    cores = net.random(seed=0, dtype=dtype)
    cores["A"] = cores["A"] * torch.tensor([1.0, 1e-2, 1e-4, 1e-5], dtype=dtype)
    x = net.contract(cores).contiguous()
    found = compress(x, (10, 10, 10), exact=exact, seed=0)
    eps = torch.finfo(dtype).eps
    assert math.sqrt(found.outside) < 200 * eps * float(torch.linalg.vector_norm(x))


def test_the_first_axes_are_looked_at_again(large):
    """Spectra that decay slowly, drowned in noise: what a sketch alone sees of them is far from the best."""
    x = planted("tucker", (40, 40, 40), 12, noise=2.0).x.contiguous()
    sketched, exact = (compress(x, (9, 9, 9), exact=exact, seed=0) for exact in (False, True))
    whole = float(torch.linalg.vector_norm(x)) ** 2
    assert whole - sketched.outside > 0.85 * (whole - exact.outside)


def test_directions_that_hold_nothing_are_trimmed():
    x = planted("tucker", (20, 20, 20), (2, 3, 4)).x.contiguous()
    small = trimmed(compress(x, (10, 10, 10), exact=False, seed=0))
    assert small.core.shape == (2, 3, 4)
    assert lost(x, small.bases) < 1e-20 * float(torch.linalg.vector_norm(x)) ** 2


FAMILIES = {
    "tucker": tucker((40, 41, 42), (3, 4, 5)),
    "train": tensor_train((14, 15, 16, 17), 3),
    "cp": cp((40, 41, 42), 4),
    "ring with short ranks": tensor_ring((40, 41, 42), (2, 2, 2)),
    "two bonds and a leg to itself": tucker((40, 41, 42), (3, 4, 5)).split("A", ["i0"], size=3),
}


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128, torch.float32], ids=str)
@pytest.mark.parametrize("name", FAMILIES)
def test_a_fit_of_the_core_is_a_fit_of_the_data(large, name, dtype):
    """What the short way finds no long one betters: sweeps of the whole data from there gain next to nothing."""
    net = FAMILIES[name]
    x = planted(net, noise=0.1, seed=2, dtype=dtype).x.contiguous()
    fit = decompose(x, net, init="random", starts=8)
    true = float(torch.linalg.vector_norm(x - fit.reconstruct()) / torch.linalg.vector_norm(x))
    assert fit.error == pytest.approx(true, rel=1e-5)
    assert fit.error <= 0.1, "the planted network itself leaves 0.0995"
    on = decompose(x, net, init=dict(fit.cores), ridge=1e-13, max_sweeps=30)  # a ridge keeps it from compressing
    assert on.error > fit.error * (1 - 2e-4)


def test_where_spectra_decay_slowly_the_whole_data_are_read_once_more(large, monkeypatch):
    generator = torch.Generator().manual_seed(0)
    x = torch.randn((40, 41, 42), generator=generator, dtype=torch.float64)
    for axis in range(3):
        decay = 0.9 ** torch.arange(x.shape[axis], dtype=x.dtype)
        x = x * decay.reshape([-1 if each == axis else 1 for each in range(3)])
    x = torch.fft.fftn(x, norm="ortho").real.contiguous()
    quick, high = (decompose(x, "tucker", ranks=(8, 8, 8), accuracy=accuracy) for accuracy in ("auto", "high"))
    assert quick.error < high.error + 1e-4
    monkeypatch.setattr(running, "stands_out", lambda *_: True)
    assert decompose(x, "tucker", ranks=(8, 8, 8)).error > quick.error + 1e-5


def test_high_accuracy_sweeps_the_whole_data_until_nothing_is_gained(large):
    x = planted("tucker", (30, 31, 32), 6, noise=0.5, seed=1).x.contiguous()
    quick, high = (decompose(x, "tucker", ranks=(3, 3, 3), accuracy=accuracy) for accuracy in ("auto", "high"))
    assert high.error <= quick.error + 1e-12
    assert high.converged
    again = decompose(x, "tucker", ranks=(3, 3, 3), accuracy="high", init=high.cores, tol=1e-12)
    assert again.error == pytest.approx(high.error, rel=1e-6)


def test_axes_in_any_memory_order_give_the_same_fit():
    x = planted("tucker", (30, 31, 32), 3, noise=0.1).x.contiguous()
    fit = decompose(x, "tucker", ranks=3)
    turned = decompose(x.permute(2, 0, 1), tucker((32, 30, 31), 3))
    assert turned.error == pytest.approx(fit.error, rel=1e-9)
    torch.testing.assert_close(turned.reconstruct().permute(1, 2, 0), fit.reconstruct(), rtol=0, atol=1e-5)
    strided = torch.zeros(60, 31, 32, dtype=x.dtype)[::2].copy_(x)
    assert decompose(strided, "tucker", ranks=3).error == pytest.approx(fit.error, rel=1e-9)
