"""What was found for each rank of CP, and the rank that it speaks for.

Three questions are put:

- Are entries that were not seen predicted better? (bi-cross-validation; a paired test over slices)
- Do two halves of the data give the same components? (split-half analysis)
- Does a component take off more than the largest one that noise could hold? For Gaussian noise of variance s the norm of
  the best rank-one term is on average at most sqrt(s) * sum sqrt(n_k) (Sudakov and Fernique's inequality).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

ALIKE = (0.3, 0.5, 0.7)
"""How alike components of two halves must be to be the same: in much noise, in noise of unknown size, and in little. The
worst match of components of noise is below 0.2.
"""
AGREE = 0.95
"""Factor match score above which two fits of the same data have the same components."""
EXACT = 1e-7
"""An error below which nothing is left over: the data have no noise."""
SURE = 2.0
"""Standard errors by which a better prediction must be better."""
RARELY = 3.0
"""Above its bound on the average, in units of its largest standard deviation, the largest component of noise is no more seen."""


@dataclass(frozen=True)
class RankScore:
    """What was found for one number of components.

    Attributes
    ----------
    rank, parameters : int
        The number of components, and of entries of their factors.
    error : float
        ``||x - xhat|| / ||x||`` of the best start, over the observed entries.
    held_out : float
        The relative error of entries that were predicted, not fitted; NaN where the data are too few to hold any out.
    halves : float
        How alike the components fitted to two halves of the data are, the worst of them: 1 for the same, 0 for others.
    gain : float
        By how much the last component lowers ``||x - xhat||^2``, in variances of the noise.
    agreeing : int
        How many of the starts ended in the same components as the best one.
    match : float
        Factor match score of the best start with those that reached its error.
    consistency : float
        Core consistency, in percent.
    """

    rank: int
    parameters: int
    error: float
    held_out: float
    halves: float
    gain: float
    agreeing: int
    match: float
    consistency: float


@dataclass(frozen=True, eq=False)
class Evidence:
    """Scores and the cores of the best start of ranks 1, 2, ..., and what they are judged by.

    Attributes
    ----------
    lost
        (ranks, groups): the squares that are left of held-out entries, in groups that are compared; None without any.
    bound
        The gain that no component of noise exceeds; infinite where that is not known.
    noise
        ``||noise|| / ||x||``, from what the largest rank leaves over.
    parts
        What the two halves are halves of, in words.
    starts
        How many starts each rank had.
    exact
        The error below which nothing is left over.
    """

    scores: tuple[RankScore, ...]
    cores: tuple[Mapping[str, torch.Tensor], ...]
    lost: torch.Tensor | None
    bound: float
    noise: float
    parts: str
    starts: int
    exact: float

    @property
    def first_exact(self) -> int | None:
        """The least rank that leaves nothing over."""
        return next((score.rank for score in self.scores if score.error <= self.exact), None)

    @property
    def predicts(self) -> int | None:
        """The least rank that no other predicts better than, for sure."""
        return None if self.lost is None else best_predicting(self.lost)

    @property
    def gains(self) -> int:
        """The last rank whose component is above the noise; 0 where none is."""
        return max((score.rank for score in self.scores if score.gain > self.bound), default=0)

    def repeated(self, score: RankScore) -> bool:
        """Whether the components come out of both halves.

        Noise blurs a column of n entries by an angle whose square is about n variances over the component's gain, and twice
        that in half of the data; so the more a component stands out, the more alike it must come out.
        """
        if math.isnan(score.gain):
            return score.halves >= ALIKE[1]
        blurred = 1 - 6 * score.parameters / score.rank / score.gain if score.gain > 0 else 0.0
        return score.halves >= min(max(blurred, ALIKE[0]), ALIKE[2])

    def repeats(self, within: int) -> int | None:
        """The largest rank, up to `within`, whose components come out of both halves."""
        return max((score.rank for score in self.scores[:within] if self.repeated(score)), default=None)

    @property
    def rank(self) -> int:
        """The rank all this speaks for."""
        if self.first_exact is not None:
            return self.first_exact
        within = max(1, min(self.within, self.predicts or self.within))
        return self.repeats(within) or within

    @property
    def within(self) -> int:
        """The last rank above the noise, where that is known."""
        return self.gains if math.isfinite(self.bound) else len(self.scores)


def noise_bound(shape: Sequence[int]) -> float:
    """The gain, in variances of the noise, that the best rank-one term of noise alone rarely exceeds.

    The largest value of a Gaussian multilinear form on unit vectors is on average at most sum sqrt(n_k) (compare its
    increments with those of a sum of linear forms: Sudakov and Fernique), and has the concentration of a Lipschitz function
    of Gaussians: a standard deviation of at most 1.
    """
    return (sum(math.sqrt(size) for size in shape) + RARELY) ** 2


def exact_below(dtype: torch.dtype) -> float:
    """The error below which nothing is left over but rounding."""
    return max(EXACT, 10 * torch.finfo(dtype).eps)


def best_predicting(lost: torch.Tensor) -> int:
    """The least rank whose held-out squares are not larger, for sure, than those of the best."""
    values = lost.numpy()
    best = int(values.sum(1).argmin())
    for rank in range(best):
        worse = values[rank] - values[best]
        if worse.mean() <= SURE * worse.std(ddof=1) / math.sqrt(len(worse)):
            return rank + 1
    return best + 1


def held_out_errors(lost: torch.Tensor, whole: float) -> list[float]:
    """Relative errors over all held-out entries."""
    found: list[float] = np.sqrt(lost.numpy().sum(1) / whole).tolist()
    return found
