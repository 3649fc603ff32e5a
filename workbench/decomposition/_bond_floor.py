"""How many singular values of a bond stand out of noise.

The singular values of an m x n matrix of independent noise of variance s fill a band whose edge is sqrt(s) (sqrt(m) +
sqrt(n)); the largest fluctuates about it on a scale that is known (Tracy and Widom). What is above is signal. The
variance is that of what the ranks leave over, so ranks and variance are found in turn, from no signal on.

Source: Kritchman and Nadler, Determining the number of components in a factor model from limited noisy data (2008), after
Johnstone (2001).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from workbench.decomposition._core_table import Floats

QUANTILE = 2.02
"""Of the Tracy-Widom law of real matrices: one in a hundred largest noise values is above; those of complex ones are less."""


@dataclass(frozen=True)
class BondScore:
    """What was found for one bond.

    Attributes
    ----------
    bond : str
        Its name.
    rank : int
        How many of its singular values are above the noise.
    edge : float
        The largest that noise would have, over ``||x||``.
    kept, next : float
        The last singular value above and the first below (0 where there is none), over ``||x||``.
    """

    bond: str
    rank: int
    edge: float
    kept: float
    next: float


def bond_scores(
    bonds: Sequence[str], tails: Sequence[Floats], entries: int, rounding: float
) -> tuple[tuple[BondScore, ...], float]:
    """The scores of all bonds, and the variance of the noise over the mean square of the data.

    Parameters
    ----------
    tails
        For each bond what ranks 1, 2, ... leave out of ``||x||^2 = 1``.
    entries
        Of the data.
    rounding
        The relative error that counts as none.
    """
    squares = [-np.diff(np.concatenate([[1.0], tail])) for tail in tails]
    found = tuple(0 for _ in squares)
    variance = 1 / entries  # of one entry: at first all is taken for noise, so that noise is not taken for signal
    while True:
        limits = [max(_edge(len(each), entries, variance), rounding**2) for each in squares]
        before = found
        found = tuple(
            max(rank, int((each > limit).sum())) for rank, each, limit in zip(before, squares, limits, strict=True)
        )
        left = [
            (float(tail[rank - 1]) if rank else 1.0) / ((len(each) - rank) * (entries // len(each) - rank))
            for each, tail, rank in zip(squares, tails, found, strict=True)
            if rank < len(each) and entries // len(each) > rank
        ]
        if found == before or not left:
            break
        variance = float(np.median(left))
    scores = []
    for bond, each, limit, above in zip(bonds, squares, limits, found, strict=True):
        edge, rank = math.sqrt(limit), max(1, above)
        after = float(each[rank]) if rank < len(each) else 0.0
        scores.append(
            BondScore(bond, rank, edge, math.sqrt(max(0.0, float(each[rank - 1]))), math.sqrt(max(0.0, after)))
        )
    return tuple(scores), variance * entries


def _edge(rows: int, entries: int, variance: float) -> float:
    """The squared singular value that noise rarely exceeds."""
    a, b = math.sqrt(rows), math.sqrt(entries / rows)
    scale: float = (a + b) * (1 / a + 1 / b) ** (1 / 3)
    return variance * ((a + b) ** 2 + QUANTILE * scale)


def _noise(noise: float) -> str:
    if noise < 1e-10:
        return "The data have no noise: what these ranks leave over is rounding."
    return f"The noise is estimated as {100 * noise:.3g} % of the data, from what these ranks leave over."


def floor_reasons(scores: Sequence[BondScore], noise: float) -> tuple[str, ...]:
    """The scores in sentences."""
    sentences = [_noise(noise)]
    for score in scores:
        if score.next == 0.0:
            sentences.append(f"Bond {score.bond}: all {score.rank} singular values stand out of the noise.")
        elif score.kept <= score.edge:
            sentences.append(
                f"Bond {score.bond}: no singular value stands out of the noise, which reaches up to {score.edge:.3g}; the least rank is 1."
            )
        else:
            sentences.append(
                f"Bond {score.bond}: singular value {score.rank} is {score.kept:.3g} of the norm, noise would reach up to "
                f"{score.edge:.3g}, and the next is {score.next:.3g}."
            )
    crowded = [score.bond for score in scores if score.next > 0.9 * score.kept and score.kept > score.edge]
    if crowded:
        sentences.append(
            f"Look out: there is no gap in the singular values of {', '.join(crowded)}. Structure that goes on below the noise, "
            "or noise that is not alike everywhere, moves this rank; compare rank_landscape."
        )
    return tuple(sentences)
