"""The ranks of CP when entries are missing: each is fitted to all that was observed, and to either half of it."""

import math
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
ENOUGH = 8
"""Observed entries for each parameter that are worth a fit to each half; of fewer only fifths are held out."""
LEAST = 5
"""Starts for the fits of parts: with few entries many an end is a bad one."""
SWEEPS = 60
SETTLED = 1e-5


def evidence_of_observed(x: torch.Tensor, mask: torch.Tensor, up_to: int, starts: int, seed: int) -> Evidence:
    """Scores of ranks 1 to `up_to` for data with gaps, in which `x` is zero.

    The bound on what noise can give is not known with gaps, so that held-out entries and halves decide. Where there are few
    entries, fifths are held out in place of halves: then the fits share data, and their components say little.
    """
    largest = cp(tuple(x.shape), up_to)
    check_observed(mask, largest)
    enough = int(mask.sum()) >= ENOUGH * largest.parameters
    parts = _parts(mask, largest, 1 / 2 if enough else 1 / 5, seed)
    lost = torch.zeros(up_to, GROUPS, dtype=torch.float64)
    group = torch.randint(GROUPS, (x.numel(),), generator=torch.Generator().manual_seed(seed)).reshape(x.shape)
    fit = partial(decompose, x, tol=SETTLED, max_sweeps=SWEEPS)
    whole = norm(x)
    scores: list[RankScore] = []
    fits: list[Fit] = []
    for rank in range(1, up_to + 1):
        net = cp(tuple(x.shape), rank)
        several = max(1, starts // 2)
        one = fit(net, mask=mask, starts=several, seed=seed)
        two = fit(net, mask=mask, starts=several, init="random", seed=seed + several)
        best = min(one, two, key=lambda each: each.error)
        fits.append(best)
        match = factor_match(one, two)
        if parts:
            halves = [fit(net, mask=mask & ~unseen, starts=max(LEAST, several), seed=seed) for unseen in parts]
            for half, unseen in zip(halves, parts, strict=True):
                left = (x - half.reconstruct())[unseen].abs().to("cpu", torch.float64).square()
                lost[rank - 1].index_add_(0, group[unseen.cpu()], left)
        scores.append(
            RankScore(
                rank=rank,
                parameters=net.parameters,
                error=best.error,
                held_out=math.nan,
                halves=min(_matches(*halves)) if parts and enough else math.nan,
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


def _parts(mask: torch.Tensor, largest: Network, share: float, seed: int) -> tuple[torch.Tensor, torch.Tensor] | None:
    """Two parts of the observed entries to be held out in turn; None where too few would be left for a fit."""
    try:
        rest, one = split_held_out(mask, share, largest, seed)
        two = rest if share == 1 / 2 else split_held_out(rest, share / (1 - share), largest, seed + 1)[1]
        check_observed(mask & ~two, largest)
    except FitError:
        return None
    return one, two


def _matches(one: Fit, two: Fit) -> list[float]:
    table, pairs = matched(one, two, weights=False)
    return [float(table[i, j]) for i, j in enumerate(pairs)]
