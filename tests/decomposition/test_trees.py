"""Closed forms: against numpy's SVD, against TensorLy at equal ranks, and against each other."""

import math
from itertools import pairwise

import numpy as np
import pytest
import tensorly as tl
import torch
from tensorly.decomposition import parafac
from tensorly.decomposition import tensor_train as tensorly_train
from tensorly.decomposition import tucker as tensorly_tucker

from workbench.data import image, planted
from workbench.decomposition import decompose
from workbench.decomposition._numbers import at_most, leading
from workbench.decomposition._trees import as_tree
from workbench.network import (
    Network,
    cp,
    hierarchical_tucker,
    tensor_ring,
    tensor_train,
    tensor_train_matrix,
    tree,
    tucker,
)


def noise(*shape: int, dtype: torch.dtype = torch.float64, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def decaying(*shape: int, power: float = 1.5, seed: int = 0) -> torch.Tensor:
    """Noise whose unfoldings have falling singular values, so that ranks matter."""
    x = noise(*shape, seed=seed)
    for axis, size in enumerate(shape):
        weights = torch.arange(1, size + 1, dtype=x.dtype) ** -power
        x = x * weights.reshape([-1 if k == axis else 1 for k in range(len(shape))])
        x = torch.tensordot(x, torch.linalg.qr(noise(size, size, seed=seed + axis + 1))[0], ([axis], [0])).movedim(
            -1, axis
        )
    return x


# ---- recognition ----------------------------------------------------------------------------------------------------


def test_structure_is_recognised_whatever_the_names():
    odd = Network(
        {"left": ("bond", "row"), "hub": ("b2", "bond", "channel"), "right": ("col", "b2")},
        {"bond": 2, "row": 4, "b2": 3, "channel": 5, "col": 6},
        ("col", "channel", "row"),
    )
    star, hub = as_tree(odd), as_tree(tucker((4, 5, 6, 7), 2))
    assert (star.star, star.root.name, star.root.legs) == (True, "hub", ("channel",))
    assert (hub.star, hub.root.name, hub.root.legs) == (True, "G", ())
    train = as_tree(tensor_train((4, 5, 6, 7), 2))
    assert not train.star
    assert [len(node.children) for node in train.nodes] == [0, 1, 1, 1], "a chain from one end to the other"
    assert as_tree(tensor_train_matrix((4, 5), (6, 7), 2)) is not None
    assert as_tree(hierarchical_tucker((3,) * 5, 2)) is not None


@pytest.mark.parametrize(
    "net",
    [
        cp((4, 5, 6), 2),
        tensor_ring((4, 5, 6), 2),
        Network.from_einsum("ir,rj,kk->ijk", i=2, j=3, k=4, r=2),
        Network.from_einsum("ir,j->ij", i=2, j=3, r=2),
        Network.from_einsum("i,j->ij", i=2, j=3),
        Network.from_einsum("irs,js,jr->ij", i=2, j=3, r=2, s=2),
        Network(
            {"A": ("i", "r"), "D": ("r", "s"), "B": ("s", "j")}, dict.fromkeys("irsj", 2), ("i", "j"), {"D": "copy"}
        ),
    ],
    ids=["hyperbond", "loop", "diagonal", "summed leg", "disconnected", "leg on two", "fixed"],
)
def test_what_is_no_tree_is_not_taken_for_one(net):
    assert as_tree(net) is None


# ---- one bond: Eckart and Young -------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128, torch.float32], ids=str)
@pytest.mark.parametrize("shape", [(8, 13), (13, 8)], ids=["wide", "tall"])
def test_a_matrix_is_truncated_optimally(shape, dtype):
    x = noise(*shape, dtype=dtype)
    fit = decompose(x, Network.from_einsum("ir,rj->ij", i=shape[0], j=shape[1], r=3))
    values = np.linalg.svd(x.numpy().astype(np.complex128), compute_uv=False)
    best = math.sqrt((values[3:] ** 2).sum() / (values**2).sum())
    assert fit.error == pytest.approx(best, rel=1e-6)
    assert (len(fit.history), fit.converged) == (1, True)


def test_two_bonds_between_the_same_tensors_are_one_of_their_product():
    x = noise(9, 10)
    fit = decompose(x, Network.from_einsum("irs,sjr->ij", i=9, j=10, r=2, s=3))
    assert fit.error == pytest.approx(decompose(x, "tensor_train", ranks=6).error)
    assert fit.error == pytest.approx(
        float(torch.linalg.vector_norm(x - fit.reconstruct()) / torch.linalg.vector_norm(x))
    )


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
def test_small_singular_values_are_not_lost_in_the_gram_matrix(dtype):
    """Singular values down to 1e-12 (1e-6 in single precision) and the best rank-9 error, which is of that size."""
    least = 1e-12 if dtype == torch.float64 else 1e-6
    values = torch.logspace(0, math.log10(least), 10, dtype=torch.float64)
    u, v = (torch.linalg.qr(noise(size, 10, seed=size))[0] for size in (30, 40))
    x = ((u * values) @ v.T).to(dtype)
    basis, squares = leading(x, at_most(9))
    torch.testing.assert_close(squares[:9].sqrt().double(), values[:9], rtol=0.2, atol=0)
    left = torch.linalg.vector_norm((x - basis @ (basis.mH @ x)).double())
    assert float(left) < 3 * least


# ---- Tucker ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["svd", "random"])
def test_tucker_is_never_worse_than_tensorly(method):
    x = decaying(12, 13, 14)
    fit = decompose(x, "tucker", ranks=(3, 4, 5), init=method)
    theirs = tensorly_tucker(x.numpy(), (3, 4, 5), tol=1e-10, n_iter_max=300, random_state=0)
    error = np.linalg.norm(tl.tucker_to_tensor(theirs) - x.numpy()) / np.linalg.norm(x.numpy())
    assert fit.error <= error + 1e-6


def test_tucker_factors_are_orthonormal_and_the_core_is_the_projection():
    x = decaying(9, 10, 11)
    fit = decompose(x, tucker(x.shape, (2, 3, 4)))
    for name in "ABC":
        factor = fit.cores[name]
        torch.testing.assert_close(factor.T @ factor, torch.eye(factor.shape[1], dtype=x.dtype))
    core = torch.einsum("ijk,ia,jb,kc->abc", x, *(fit.cores[name] for name in "ABC"))
    torch.testing.assert_close(fit.cores["G"], core, rtol=0, atol=1e-12)
    assert all(later < before for before, later in pairwise(fit.history))


def test_factors_on_some_legs_only():
    x = decaying(12, 9, 10)
    net = Network.from_einsum("arc,ia,kc->irk", i=12, r=9, k=10, a=3, c=4)
    fit = decompose(x, net)
    theirs, _ = tl.decomposition.partial_tucker(x.numpy(), (3, 4), modes=[0, 2], tol=1e-12, n_iter_max=300)
    error = np.linalg.norm(tl.tenalg.multi_mode_dot(theirs[0], theirs[1], modes=[0, 2]) - x.numpy())
    assert fit.error <= error / np.linalg.norm(x.numpy()) + 1e-6


def test_tucker_ranks_beyond_the_data_are_filled_up_with_zeros():
    x = decaying(4, 5, 6)
    fit = decompose(x, tucker(x.shape, (9, 2, 30)))
    assert fit.cores["G"].shape == (9, 2, 30)
    assert fit.error == pytest.approx(decompose(x, tucker(x.shape, (4, 2, 6))).error, abs=1e-9)
    torch.testing.assert_close(
        fit.reconstruct(), decompose(x, tucker(x.shape, (4, 2, 6))).reconstruct(), atol=1e-6, rtol=0
    )


# ---- trains and trees -----------------------------------------------------------------------------------------------


def test_the_first_sweep_on_a_train_is_tt_svd():
    x = decaying(6, 7, 8, 9)
    fit = decompose(x, "tensor_train", ranks=(3, 4, 3), max_sweeps=1)
    theirs = tensorly_train(x.numpy(), (1, 3, 4, 3, 1))
    error = np.linalg.norm(tl.tt_to_tensor(theirs) - x.numpy()) / np.linalg.norm(x.numpy())
    assert fit.error == pytest.approx(error, rel=1e-9)


@pytest.mark.parametrize(
    "net",
    [
        tensor_train((6, 7, 8, 9), (3, 4, 3)),
        hierarchical_tucker((5, 6, 7, 4, 5), 3),
        tree((5, 6, 7, 4), 3, branching=3),
        tensor_train_matrix((3, 4, 3), (4, 3, 3), 4),
        Network.from_einsum("ar,rbst,scu,tdv,uve->abcde", a=5, b=4, c=4, d=4, e=5, r=3, s=2, t=2, u=2, v=2),
    ],
    ids=["train", "hierarchical", "ternary tree", "TT matrix", "a loop"],
)
@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128], ids=["real", "complex"])
def test_sweeps_lower_the_error_to_a_stationary_point(net, dtype):
    x = planted(net, noise=0.3, seed=3, dtype=dtype).x
    fit = decompose(x, net, tol=1e-12, max_sweeps=2000)
    assert fit.converged
    assert all(later <= before + 1e-13 for before, later in pairwise(fit.history))
    assert fit.error == pytest.approx(
        float(torch.linalg.vector_norm(x - fit.reconstruct()) / torch.linalg.vector_norm(x))
    )
    cores = {name: core.clone().requires_grad_() for name, core in fit.cores.items()}
    loss = (x - net.contract(cores)).abs().square().sum() / x.abs().square().sum()
    for core, gradient in zip(cores.values(), torch.autograd.grad(loss, list(cores.values())), strict=True):
        assert float(gradient.abs().max() * core.detach().abs().max()) < 1e-4


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128], ids=["real", "complex"])
@pytest.mark.parametrize(
    "net",
    [tucker((6, 7, 8), (2, 3, 4)), tensor_train((6, 7, 8, 5), 3), hierarchical_tucker((5, 6, 7, 4), 2)],
    ids=["tucker", "train", "hierarchical"],
)
def test_a_planted_tree_is_found_at_once(net, dtype):
    x = net.contract(net.random(seed=1, dtype=dtype))
    fit = decompose(x, net, max_sweeps=1)
    assert fit.error < 1e-13


def test_the_general_method_agrees_with_the_closed_form():
    """A vanishing ridge sends a tree through alternating least squares."""
    x = decaying(8, 9, 10)
    net = tucker(x.shape, (3, 3, 3))
    closed = decompose(x, net, tol=1e-12, max_sweeps=500)
    general = decompose(x, net, ridge=1e-14, tol=1e-12, max_sweeps=2000, init=closed.cores)
    assert general.error == pytest.approx(closed.error, rel=1e-6)


def test_a_chain_with_a_tensor_without_legs():
    x = noise(7, 8)
    net = Network.from_einsum("ir,rs,sj->ij", i=7, j=8, r=4, s=3)
    assert decompose(x, net).error == pytest.approx(decompose(x, "tensor_train", ranks=3).error)


def test_one_tensor_is_the_data_itself():
    x = noise(3, 4)
    fit = decompose(x, Network({"T": ("j", "i")}, {"i": 3, "j": 4}, ("i", "j")))
    torch.testing.assert_close(fit.cores["T"], x.T, rtol=0, atol=0)
    assert fit.error == 0


# ---- ranks from an error --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", ["tucker", "tensor_train", "hierarchical_tucker"])
@pytest.mark.parametrize("error", [0.5, 0.1, 1e-3, 1e-9])
def test_an_error_is_kept_with_ranks_that_are_not_idle(family, error):
    x = decaying(7, 8, 6, 5)
    fit = decompose(x, family, error=error, max_sweeps=1)
    assert fit.error <= error
    if error > 0.01:
        assert fit.error > error / 4


def test_an_exact_rank_is_seen_through_a_small_error():
    data = planted("tensor_train", (8, 9, 8), (3, 4))
    fit = decompose(data.x, "tensor_train", error=1e-9)
    assert fit.network.sizes["r0"], fit.network.sizes["r1"] == (3, 4)


# ---- a photograph ---------------------------------------------------------------------------------------------------


def test_a_photograph_in_single_precision():
    x = image("china")
    fit = decompose(x, tucker(x.shape, (40, 40, 3)))
    assert fit.converged
    double = decompose(x.double(), tucker(x.shape, (40, 40, 3)), tol=1e-6)
    assert fit.error == pytest.approx(double.error, abs=1e-4)
    truly = torch.linalg.vector_norm(x.double() - fit.reconstruct().double()) / torch.linalg.vector_norm(x.double())
    assert fit.error == pytest.approx(float(truly), rel=1e-5)


def test_cp_from_the_same_start_is_never_worse_than_tensorly():
    x = planted(cp((12, 13, 14), 4), noise=0.2).x
    start = cp((12, 13, 14), 4).random(seed=3, dtype=torch.float64)
    fit = decompose(x, cp(x.shape, 4), init=start, max_sweeps=50, tol=0)
    theirs = parafac(x.numpy(), 4, n_iter_max=50, init=(None, [start[name].numpy().copy() for name in "ABC"]), tol=0)
    error = np.linalg.norm(tl.cp_to_tensor(theirs) - x.numpy()) / np.linalg.norm(x.numpy())
    assert fit.error <= error + 1e-6
