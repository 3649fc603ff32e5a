"""What estimators of a spike in noise can see, in the limit of large sizes: predicted alignments and where they set in.

All is derived here by standard means and checked by simulation at sizes of 150 to 300 (`tests/decomposition/test_spiked.py`);
sizes enter as they are, so that the formulas serve for any shape. n is the sum of the sizes, c_i = n_i / n.

**A spike in a matrix** (m x N, noise of variance 1/n): with c = m/n and C = N/n, the singular vector on the side of m has the
squared cosine (s^2 - c C) / (s (s + c)) with a spike of squared strength s, none below s = sqrt(c C). An unfolding of a
rank-one tensor is such a matrix.

**The best rank-one approximation.** At a stationary point lambda u = T(., v, w), ..., integrating by parts over the noise gives
(lambda + sum_(j != i) g_j) a_i = beta prod_(j != i) a_j and lambda + sum g_i = beta prod a_i, where a_i are the alignments and
g_i the traces of the resolvent at lambda of the matrix of all contractions of T with all but two of its vectors, g_i (lambda +
sum_(j != i) g_j) = -c_i. Hence, with L = lambda + sum g_i as a parameter,
a_i^2 = 2 L / (L + sqrt(L^2 + 4 c_i)) and beta = L / prod a_i.

**The nested model.** The noise of M enters the block of features and samples, whose variance is then 1 + tau a_z^2 in units of
1/n, tau = beta_T^2 n / (n1 + n2); the same steps, with the noise of M integrated by parts, too, give the equations below.

**An unfolding of the nested model** along the samples is beta_T M^T (1 (x) z^T) plus noise: information plus noise, whose
resolvent is that of beta_T^2 M^T M at another point (subordination), and M^T M is a spiked matrix itself.

Sources: Benaych-Georges and Nadakuditi (2012) for matrices; Goulart, Couillet and Comon (2022) and Seddik, Guillaud and Couillet
(2024) for the method on tensors; Dozier and Silverstein (2007) for information plus noise; Seddik, Achab, Goulart and Debbah
(2023) and Lebeau, Seddik and Goulart (2024) for the nested model.
"""

__all__ = ["clustering_accuracy", "nested_alignments", "spiked_alignments"]

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from workbench.decomposition._errors import FitError
from workbench.network import did_you_mean

Array = np.ndarray[Any, np.dtype[np.float64]]

SPIKED = ("tensor", "unfolding")
NESTED = ("tensor", "unfolding", "two_step")
STEPS = 200  # of the grid on which a curve's lowest point is looked for

# ---- rank one -------------------------------------------------------------------------------------------------------


def spiked_alignments(shape: Sequence[int], strength: float, estimator: str = "tensor") -> tuple[float, ...]:
    """How well an estimator is expected to find the vectors of a spiked tensor: the cosines, one a mode.

    Parameters
    ----------
    shape, strength
        Of the data, as `workbench.data.spiked` takes them.
    estimator
        ``"tensor"``: the best rank-one approximation, or rather the local maximum that the truth leads to; it exists, as the
        alignments say, above a strength of order 1. The global maximum takes over a little later, and to find either without
        knowing the truth is hard. ``"unfolding"``: leading singular vectors of the unfoldings.

    Raises
    ------
    FitError
        When an argument is out of its range.

    References
    ----------
    Benaych-Georges and Nadakuditi, The singular values and vectors of low rank perturbations of large rectangular random
    matrices (2012); Seddik, Guillaud and Couillet, When random tensors meet random matrices (2024).

    Examples
    --------
    >>> [round(each, 4) for each in spiked_alignments((100, 100, 100), 1.5)]
    [0.9051, 0.9051, 0.9051]
    >>> spiked_alignments((100, 100, 100), 1.5, "unfolding")
    (0.0, 0.0, 0.0)
    """
    sizes = check_shape(shape)
    check_strength("strength", strength)
    check_estimator(estimator, SPIKED)
    if estimator == "unfolding":
        total = sum(sizes)
        sides = [(size / total, math.prod(sizes) / size / total) for size in sizes]
        return tuple(math.sqrt(_singular(strength**2, *side)) for side in sides)
    return tuple(_rank_one(sizes).at(np.array([float(strength)]))[0].tolist())


def _singular(square: float, side: float, other: float) -> float:
    """The squared cosine of a spike's singular vector on the side of `side`."""
    return max(0.0, (square**2 - side * other) / (square * (square + side))) if square else 0.0


@lru_cache(maxsize=256)
def _rank_one(sizes: tuple[int, ...]) -> "_Branch":
    shares = np.array(sizes) / sum(sizes)

    def curve(at: Array) -> Array:
        level = 1 / at.reshape(-1, 1)  # L, infinite at the start of the branch
        cosines = np.sqrt(2 * level / (level + np.sqrt(level**2 + 4 * shares)))
        return np.column_stack([level[:, 0] / cosines.prod(axis=1), cosines])

    return _Branch(curve, 1e-9, 1e9, (0.0,) * len(sizes))


# ---- the nested model -----------------------------------------------------------------------------------------------


def nested_alignments(
    shape: Sequence[int], tensor_strength: float, matrix_strength: float, estimator: str = "tensor"
) -> tuple[float, float, float]:
    """How well an estimator is expected to find the vectors of the nested model: cosines for features, samples, views.

    Parameters
    ----------
    shape, tensor_strength, matrix_strength
        Of the data, as `workbench.data.nested_spiked` takes them.
    estimator
        ``"tensor"``: the best rank-one approximation (the local maximum that the truth leads to). ``"unfolding"``: leading
        singular vectors of the unfoldings, which see features and samples only when `tensor_strength` grows like the fourth
        root of the sizes. ``"two_step"``: the views' weights by their unfolding, then the leading singular vectors of the data
        contracted with them.

    Raises
    ------
    FitError
        When an argument is out of its range.

    References
    ----------
    Seddik, Achab, Goulart and Debbah, Learning from low rank tensor data: a random tensor theory perspective (2023);
    Lebeau, Seddik and Goulart, Performance gaps in multi-view clustering under the nested matrix-tensor model (2024).

    Examples
    --------
    >>> for estimator in ("tensor", "unfolding", "two_step"):
    ...     print(estimator, [round(each, 3) for each in nested_alignments((150, 150, 150), 2.0, 1.5, estimator)])
    tensor [0.86, 0.86, 0.987]
    unfolding [0.795, 0.795, 0.999]
    two_step [0.861, 0.861, 0.999]
    """
    sizes = check_nested(shape)
    check_strength("tensor_strength", tensor_strength)
    check_strength("matrix_strength", matrix_strength)
    check_estimator(estimator, NESTED)
    if estimator == "tensor":
        if not tensor_strength:
            return 0.0, 0.0, 0.0
        features, samples, views = (
            _nested(sizes, float(tensor_strength)).at(np.array([float(matrix_strength)]))[0].tolist()
        )
        return features, samples, views
    n1, n2, n3 = sizes
    total, pair = n1 + n2 + n3, n1 + n2
    frobenius = matrix_strength**2 + n1 * n2 / pair  # of M, squared
    views = _singular(tensor_strength**2 * frobenius, n3 / total, n1 * n2 / total)
    if estimator == "unfolding":
        found = (_unfolded(a, b, n3, tensor_strength, matrix_strength) for a, b in ((n1, n2), (n2, n1)))
        return math.sqrt(next(found)), math.sqrt(next(found)), math.sqrt(views)
    tau = tensor_strength**2 * views * total / pair  # the noise of M against that of the contracted tensor
    seen = matrix_strength**2 * tau / (1 + tau)
    sides = ((n1 / pair, n2 / pair), (n2 / pair, n1 / pair))
    return math.sqrt(_singular(seen, *sides[0])), math.sqrt(_singular(seen, *sides[1])), math.sqrt(views)


def _unfolded(own: int, other: int, views: int, tensor_strength: float, matrix_strength: float) -> float:
    """The squared cosine on the side of `own` (features or samples) in its own unfolding, own x (other * views).

    With s the squared matrix strength, M M^T has its outlier at (s + c) (s + d) / s, its Stieltjes transform there is
    -1 / (s + c). The tensor's noise moves the outlier to z(s), and the vector keeps z'(s) / ((1 - u) d/ds of beta_T^2 times
    the outlier) of its squared cosine.
    """
    s, strength = matrix_strength**2, tensor_strength**2
    if not s or not strength:
        return 0.0
    pair, total = own + other, own + other + views
    c, d, wide = own / pair, other / pair, (other * views - own) / total
    weight = own / total / strength
    outlier, slope = strength * (s + c) * (s + d) / s, strength * (1 - c * d / s**2)
    u, bend = -weight / (s + c), weight / (s + c) ** 2
    moved = (
        slope * (1 - u) ** 2 - 2 * outlier * (1 - u) * bend - bend * wide
    )  # z'(s), z = outlier (1 - u)^2 + (1 - u) wide
    return max(0.0, s * moved / (strength * (s + c) * (1 - u)))


@lru_cache(maxsize=256)
def _nested(sizes: tuple[int, int, int], tensor_strength: float) -> "_Branch":
    """The branch of the best rank-one approximation, along the part of the views' vector that is missed.

    With a_z^2 = 1 - at, the trace of the views is g = -sqrt(c_3 at); L = lambda + sum g_i + tau a_z^2 (g_1 + g_2) solves
    L = c_3 / |g| + g + tau a_z^2 (g_1 + g_2), g_i = -2 c_i / (L + sqrt(L^2 + 4 (1 + tau a_z^2) c_i)); then
    a_i^2 = 2 L / (L + sqrt(...)) and beta_T beta_M = L / (a_x a_y a_z). Where L = 0, features and samples are lost.
    """
    first, second, third = np.array(sizes) / sum(sizes)
    tau = tensor_strength**2 * sum(sizes) / (sizes[0] + sizes[1])

    def curve(at: Array) -> Array:
        noise = 1 + tau * (1 - at)
        target = np.sqrt(third / at) - np.sqrt(third * at)
        level = target
        for _ in range(50):  # Newton's method on a convex function, from the side where it is positive
            roots = [np.sqrt(level**2 + 4 * noise * share) for share in (first, second)]
            pulls = [2 * share / (level + root) for share, root in zip((first, second), roots, strict=True)]
            slope = 1 - (noise - 1) * (pulls[0] / roots[0] + pulls[1] / roots[1])
            before, level = level, np.maximum(level - (level - target + (noise - 1) * (pulls[0] + pulls[1])) / slope, 0)
            if np.all(before - level <= 1e-14 * before):
                break
        x, y = (np.sqrt(level * pull / share) for share, pull in zip((first, second), pulls, strict=True))
        z = np.sqrt(1 - at)
        weight = np.sqrt(pulls[0] * pulls[1] / (first * second)) * z  # the level itself cancels, also where it vanishes
        return np.column_stack([1 / weight / tensor_strength, x, y, z])

    mixed = (tau * (math.sqrt(first) + math.sqrt(second))) ** 2
    views = max(0.0, (mixed - third) / (mixed + tau * third))  # L = 0: the noise of M shows the views' vector by itself
    return _Branch(curve, 1e-14, (1 - views) * (1 - 1e-12), (0.0, 0.0, math.sqrt(views)))


# ---- curves given by a parameter ------------------------------------------------------------------------------------


class _Branch:
    """Strength and alignments along a parameter, from infinite strength down to where the branch ends.

    It ends where the strength rises again (a fold: there the local maximum meets a saddle) or at the end of the parameter
    (an alignment has come down to zero). Below it the alignments are `below`.
    """

    def __init__(self, curve: Callable[[Array], Array], low: float, high: float, below: tuple[float, ...]) -> None:
        self.curve, self.below = curve, np.array(below)
        for refined in range(8):
            grid = np.geomspace(low, high, STEPS)
            strengths = curve(grid)[:, 0]
            rising = strengths[1:] >= strengths[:-1]
            end = int(rising.argmax()) if rising.any() else STEPS - 1
            low, high = grid[max(end - 1, 0)], grid[min(end + 1, STEPS - 1)]
            if not refined:
                table = grid[: end + 1], strengths[: end + 1]
        self.threshold = float(strengths[end])
        self.grid = np.append(table[0][table[0] < grid[end]], grid[end])
        self.strengths = np.append(table[1][: len(self.grid) - 1], self.threshold)

    def at(self, strengths: Array) -> Array:
        """The alignments at some strengths, a row each."""
        after = np.searchsorted(-self.strengths, -strengths).clip(1, len(self.grid) - 1)
        low, high = np.log(self.grid[after - 1]), np.log(self.grid[after])
        for _ in range(40):
            middle = (low + high) / 2
            above = self.curve(np.exp(middle))[:, 0] > strengths
            low, high = np.where(above, middle, low), np.where(above, high, middle)
        seen = (strengths > self.threshold).reshape(-1, 1)
        return np.where(seen, self.curve(np.exp(high))[:, 1:], self.below)


def spiked_curve(shape: Sequence[int], strengths: Sequence[float], mode: int, estimator: str) -> Array:
    """The alignments in a mode at many strengths."""
    if estimator == "tensor":
        return _rank_one(check_shape(shape)).at(np.array(strengths, dtype=float))[:, mode]
    return np.array([spiked_alignments(shape, strength, estimator)[mode] for strength in strengths])


def nested_curve(
    shape: Sequence[int], tensor_strength: float, strengths: Sequence[float], mode: int, estimator: str
) -> Array:
    """The alignments in a mode at many matrix strengths."""
    if estimator == "tensor" and tensor_strength:
        return _nested(check_nested(shape), float(tensor_strength)).at(np.array(strengths, dtype=float))[:, mode]
    return np.array([nested_alignments(shape, tensor_strength, strength, estimator)[mode] for strength in strengths])


def spiked_threshold(shape: Sequence[int], mode: int, estimator: str) -> float:
    """The strength above which an estimator's alignment in a mode is predicted to be positive."""
    if estimator == "tensor":
        return _rank_one(check_shape(shape)).threshold
    return _onset(lambda strength: spiked_alignments(shape, strength, estimator)[mode])


def nested_threshold(shape: Sequence[int], tensor_strength: float, mode: int, estimator: str) -> float:
    """The matrix strength above which an estimator's alignment in a mode is predicted to be positive."""
    if estimator == "tensor" and tensor_strength:
        branch = _nested(check_nested(shape), float(tensor_strength))
        return 0.0 if branch.below[mode] else branch.threshold
    return _onset(lambda strength: nested_alignments(shape, tensor_strength, strength, estimator)[mode])


def _onset(alignment: Callable[[float], float]) -> float:
    """Where a function that is zero at first becomes positive: 0 if at once, infinity if never."""
    low, high = 0.0, 1.0
    if alignment(0.0) > 0:
        return 0.0
    while not alignment(high) > 0:
        low, high = high, 2 * high
        if high > 1e9:
            return math.inf
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if alignment(middle) > 0 else (middle, high)
    return high


def clustering_accuracy(alignment: float) -> float:
    """The expected share of samples put into their cluster by the signs of an estimate of this alignment.

    An estimate of v, whose entries are +-1 / sqrt(n), has entries a v_j plus Gaussian noise of variance (1 - a^2) / n: the
    normal distribution function at a / sqrt(1 - a^2). Which cluster is which stays unknown.

    Parameters
    ----------
    alignment
        A cosine, between 0 and 1.

    Raises
    ------
    FitError
        When it is no cosine.

    Examples
    --------
    >>> clustering_accuracy(0.0), round(clustering_accuracy(0.8), 4), clustering_accuracy(1.0)
    (0.5, 0.9088, 1.0)
    """
    if not 0 <= alignment <= 1:
        raise FitError(f"alignment is {alignment!r}; it is a cosine, from 0 to 1")
    return 1.0 if alignment == 1 else (1 + math.erf(alignment / math.sqrt(2 * (1 - alignment**2)))) / 2


# ---- what is refused ------------------------------------------------------------------------------------------------


def check_shape(shape: Sequence[int]) -> tuple[int, ...]:
    """The sizes, two or more."""
    sizes = tuple(shape)
    if len(sizes) < 2 or not all(isinstance(size, int) and size >= 1 for size in sizes):
        raise FitError(f"shape is {sizes}; it is two or more whole numbers of at least 1")
    return sizes


def check_nested(shape: Sequence[int]) -> tuple[int, int, int]:
    """The sizes of a nested model."""
    sizes = check_shape(shape)
    if len(sizes) != 3:
        raise FitError(f"shape is {sizes}; the nested model has three sizes: features, samples, views")
    return sizes[0], sizes[1], sizes[2]


def check_strength(name: str, strength: float) -> None:
    """A finite number that is not negative."""
    if isinstance(strength, bool) or not isinstance(strength, int | float) or not 0 <= strength < math.inf:
        raise FitError(f"{name} is {strength!r}; it is the size of the signal, a number of at least 0")


def check_estimator(estimator: str, known: Sequence[str]) -> None:
    """The name of an estimator."""
    if estimator not in known:
        raise FitError(f"there is no estimator {estimator!r}{did_you_mean(estimator, known)}")
