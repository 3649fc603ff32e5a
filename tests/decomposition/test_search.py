"""Fused starts: what they find, when they end, and which of the two methods they take."""

import itertools

import pytest
import torch

from workbench.data import planted
from workbench.decomposition import decompose
from workbench.decomposition._search import _crawls
from workbench.network import Network, tensor_ring

# the ring of the TnALE demonstration: six legs of size 3, ranks 2 to 4, vertices permuted
RANKS = {(0, 3): 3, (0, 5): 2, (1, 2): 2, (1, 4): 2, (2, 3): 4, (4, 5): 3}
SIZES = {f"i{k}": 3 for k in range(6)} | {f"r{a}{b}": rank for (a, b), rank in RANKS.items()}
RING = Network(
    {f"T{k}": (f"i{k}", *(f"r{a}{b}" for a, b in RANKS if k in (a, b))) for k in range(6)},
    SIZES,
    tuple(f"i{k}" for k in range(6)),
)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.complex128], ids=str)
def test_a_planted_ring_is_found_from_any_seed(dtype):
    """One random start in three ends there; of sixteen, one practically always does."""
    x = RING.contract(RING.random(seed=11, dtype=dtype))
    for seed in range(6):
        fit = decompose(x, RING, init="random", starts=16, seed=seed)
        assert fit.error**2 < 1e-8
        assert len(fit.history) < 100


@pytest.mark.parametrize("family", ["cp", "tensor_ring"])
def test_of_starts_swept_together_the_best_one_is_given(family):
    x = planted("cp", (6, 7, 8), 5, noise=0.5, seed=2).x
    options = {"ranks": 3 if family == "cp" else 2, "init": "random", "method": "als", "max_sweeps": 8, "tol": 0.0}
    alone = [decompose(x, family, seed=seed, **options).error for seed in range(4)]
    assert alone[0] > min(alone) * (1 + 1e-4), "the first start is not the best, or the test says nothing"
    assert decompose(x, family, seed=0, starts=4, **options).error == pytest.approx(min(alone), rel=1e-9)


def test_more_starts_are_never_worse():
    x = planted(tensor_ring((6, 7, 8), 3), noise=0.4, seed=5).x
    errors = [decompose(x, "tensor_ring", ranks=2, init="random", starts=starts).error for starts in (1, 4, 16)]
    assert errors[0] >= errors[1] - 1e-9
    assert errors[1] >= errors[2] - 1e-9


def test_history_is_the_best_starts_and_never_rises():
    x = planted(tensor_ring((6, 7, 8), 3), noise=0.4, seed=5).x
    history = decompose(x, "tensor_ring", ranks=2, init="random", starts=5).history
    assert all(later <= before + 1e-12 for before, later in itertools.pairwise(history))


@pytest.mark.parametrize(
    ("gains", "crawls"),
    [([0.5**k for k in range(30)], False), ([0.99**k for k in range(30)], True), ([1.1**k for k in range(30)], True)],
)
def test_sweeps_crawl_when_their_gains_hardly_shrink(gains, crawls):
    errors = [torch.tensor([1000 - sum(gains[:k])]) for k in range(len(gains))]
    assert _crawls(errors, 0, 1e-8, 100) is crawls
    assert not _crawls(errors[:5], 0, 1e-8, 100), "too early to say"
