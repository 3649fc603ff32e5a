"""The ranks of CP when entries are missing: each is fitted to all that was observed, and to either half of it."""

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import torch

from workbench.decomposition._decompose import decompose
from workbench.decomposition._diagnostics import core_consistency, factor_match, matched
from workbench.decomposition._errors import FitError
from workbench.decomposition._fit import Fit
from workbench.decomposition._held_out import check_observed, split_held_out
from workbench.decomposition._numbers import norm
from workbench.decomposition._rank_evidence import AGREE, Evidence, RankScore, exact_below, held_out_errors
from workbench.network import Network, cp

GROUPS = 64
"""Held-out entries are compared in so many groups, drawn at random."""
SWEEPS = 60
SETTLED = 1e-5


def evidence_of_observed(x: torch.Tensor, mask: torch.Tensor, up_to: int, starts: int, seed: int) -> Evidence:
    """Scores of ranks 1 to `up_to` for data with gaps, in which `x` is zero.

    The bound on what noise can give is not known with gaps, so that held-out entries and halves decide.
    """
    largest = cp(tuple(x.shape), up_to)
    check_observed(mask, largest)
    parts = _two_halves(mask, largest, seed)
    lost = torch.zeros(up_to, GROUPS, dtype=torch.float64)
    group = torch.randint(GROUPS, (x.numel(),), generator=torch.Generator().manual_seed(seed)).reshape(x.shape)
    fit = partial(decompose, x, tol=SETTLED, max_sweeps=SWEEPS)
    whole = norm(x)
    scores: list[RankScore] = []
    fits: list[Fit] = []
    halves: list[Fit] = []
    for rank in range(1, up_to + 1):
        net = cp(tuple(x.shape), rank)
        several = max(1, starts // 2)
        one = fit(net, mask=mask, starts=several, init=fits[-1] if fits else "svd", seed=seed)
        two = fit(net, mask=mask, starts=several, init="random", seed=seed + several)
        best = min(one, two, key=lambda each: each.error)
        fits.append(best)
        match = factor_match(one, two)
        if parts:
            inits: Sequence[Fit | str] = halves or ("svd", "svd")
            halves = [
                fit(net, mask=part, starts=2, init=init, seed=seed) for part, init in zip(parts, inits, strict=True)
            ]
            for half, unseen in zip(halves, parts[::-1], strict=True):
                left = (x - half.reconstruct())[unseen].abs().to("cpu", torch.float64).square()
                lost[rank - 1].index_add_(0, group[unseen.cpu()], left)
        scores.append(
            RankScore(
                rank=rank,
                parameters=net.parameters,
                error=best.error,
                held_out=math.nan,
                halves=min(_matches(*halves)) if parts else math.nan,
                gain=math.nan,
                agreeing=2 if match > AGREE else 1,
                match=match,
                consistency=core_consistency(x, best, mask=mask),
            )
        )
    if parts:
        errors = held_out_errors(lost, whole**2)
        scores = [replace(score, held_out=error) for score, error in zip(scores, errors, strict=True)]
    return Evidence(
        scores=tuple(scores),
        cores=tuple(each.cores for each in fits),
        lost=lost if parts else None,
        bound=math.inf,
        noise=scores[-1].error,
        parts="half of the observed entries" if parts else "",
        starts=2,
        exact=exact_below(x.dtype),
    )


def _two_halves(mask: torch.Tensor, largest: Network, seed: int) -> tuple[torch.Tensor, torch.Tensor] | None:
    """Either half of the observed entries, at random; None where there are too few for a fit of each."""
    try:
        one, two = split_held_out(mask, 0.5, largest, seed)
        check_observed(two, largest)
    except FitError:
        return None
    return one, two


def _matches(one: Fit, two: Fit) -> list[float]:
    table, pairs = matched(one, two, weights=False)
    return [float(table[i, j]) for i, j in enumerate(pairs)]
