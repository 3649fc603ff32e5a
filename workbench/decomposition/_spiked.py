"""Estimators of a spike in noise, and the transition below which they see nothing: predicted, and simulated."""

__all__ = [
    "SpikeTransition",
    "nested_transition",
    "spiked_transition",
    "tensor_estimate",
    "two_step_estimate",
    "unfolding_estimate",
]

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch

from workbench.data import NestedSpiked, Spiked, as_tensor, nested_spiked, spiked
from workbench.decomposition._errors import FitError
from workbench.decomposition._numbers import at_most, leading
from workbench.decomposition._spiked_theory import (
    NESTED,
    SPIKED,
    check_estimator,
    check_nested,
    check_shape,
    check_strength,
    nested_curve,
    nested_threshold,
    spiked_curve,
    spiked_threshold,
)

Vectors = tuple[torch.Tensor, ...]

# ---- estimators -----------------------------------------------------------------------------------------------------


def tensor_estimate(
    x: object, start: Sequence[torch.Tensor] | None = None, *, tol: float = 1e-10, max_sweeps: int = 500
) -> Vectors:
    """The vectors of a best rank-one approximation, by the power method: each in turn becomes the data contracted with all others.

    Parameters
    ----------
    x
        What `workbench.data.as_tensor` takes, real, of two or more modes.
    start
        A vector for each mode; the leading singular vectors of the unfoldings by default. The power method finds the local
        maximum its start leads to, and of those noise has very many: start from planted vectors to see what theory tells
        about the best one.
    tol
        Stop when a sweep raises ``||contraction||`` by less than this fraction.
    max_sweeps
        Stop after as many sweeps in any case.

    Returns
    -------
    tuple of torch.Tensor
        Unit vectors, one a mode, on the device and in the dtype of `x`.

    Raises
    ------
    DataError
        When `x` is no data.
    FitError
        When `x` is complex or zero or has fewer than two modes, or the start does not fit.

    References
    ----------
    De Lathauwer, De Moor and Vandewalle, On the best rank-1 and rank-(R1, ..., RN) approximation of higher-order tensors (2000).

    Examples
    --------
    >>> data = spiked((20, 30, 40), 5.0)
    >>> [round(abs(float(u @ v)), 2) for u, v in zip(tensor_estimate(data.x), data.vectors, strict=True)]
    [1.0, 0.99, 0.99]
    """
    x = _data(x)
    vectors = list(unfolding_estimate(x) if start is None else _start(x, start))
    before = 0.0
    for _ in range(max_sweeps):
        value, rests = 0.0, [x]  # the data contracted with the vectors of the last modes: two readings a sweep
        for vector in reversed(vectors[1:]):
            rests.append(rests[-1] @ vector)
        for mode in range(x.ndim):
            contracted = rests.pop()
            for vector in vectors[:mode]:
                contracted = (vector @ contracted.reshape(len(vector), -1)).reshape(contracted.shape[1:])
            value = float(torch.linalg.vector_norm(contracted))
            if not value:
                raise FitError(
                    f"the data contracted with the start of all modes but {mode} are zero; give another start=, vectors that are not orthogonal to them"
                )
            vectors[mode] = contracted / value
        if value - before <= tol * value:
            break
        before = value
    return tuple(vectors)


def unfolding_estimate(x: object) -> Vectors:
    """The leading left singular vector of each unfolding of a tensor.

    Parameters
    ----------
    x
        What `workbench.data.as_tensor` takes, real, of two or more modes.

    Returns
    -------
    tuple of torch.Tensor
        Unit vectors, one a mode, on the device and in the dtype of `x`.

    Raises
    ------
    DataError
        When `x` is no data.
    FitError
        When `x` is complex or zero or has fewer than two modes.

    Examples
    --------
    >>> data = spiked((20, 30, 40), 5.0)
    >>> [round(abs(float(u @ v)), 2) for u, v in zip(unfolding_estimate(data.x), data.vectors, strict=True)]
    [0.99, 0.99, 0.99]
    """
    x = _data(x)
    return tuple(_leading(x, mode) for mode in range(x.ndim))


def two_step_estimate(x: object) -> Vectors:
    """Vectors of the nested model in two steps: the views' weights, then the leading pair of the views so weighed.

    The weights are the leading singular vector of the third unfolding, into which all of the nested matrix enters, its noise
    included: they are found long before the clusters are. What then is left is a spiked matrix.

    Parameters
    ----------
    x
        What `workbench.data.as_tensor` takes, real: features x samples x views.

    Returns
    -------
    tuple of torch.Tensor
        Unit vectors for features, samples and views, on the device and in the dtype of `x`.

    Raises
    ------
    DataError
        When `x` is no data.
    FitError
        When `x` is complex or zero or has not three modes.

    Examples
    --------
    >>> data = nested_spiked((40, 50, 30), 2.0, 3.0)
    >>> [round(abs(float(u @ v)), 2) for u, v in zip(two_step_estimate(data.x), data.vectors, strict=True)]
    [0.98, 0.97, 1.0]
    """
    x = _data(x)
    if x.ndim != 3:
        raise FitError(f"x has {x.ndim} modes; the nested model has three: features, samples, views")
    views = _leading(x, 2)
    matrix = x @ views
    return _leading(matrix, 0), _leading(matrix, 1), views


ESTIMATORS: Mapping[str, Callable[[Spiked | NestedSpiked], Vectors]] = {
    "tensor": lambda data: tensor_estimate(data.x, data.vectors, tol=1e-8),  # far below what trials differ by
    "unfolding": lambda data: unfolding_estimate(data.x),
    "two_step": lambda data: two_step_estimate(data.x),
}


def _data(x: object) -> torch.Tensor:
    data = as_tensor(x)
    if data.is_complex():
        raise FitError("x is complex; the spiked models are real")
    if data.ndim < 2:
        raise FitError(f"x has shape {tuple(data.shape)}; a spike is looked for in two or more modes")
    if not bool((data != 0).any()):
        raise FitError("x is zero; there is nothing to find in it")
    return data


def _start(x: torch.Tensor, start: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    vectors = [as_tensor(vector, what=f"start[{mode}]").to(x) for mode, vector in enumerate(start)]
    found = tuple(tuple(vector.shape) for vector in vectors)
    if found != tuple((size,) for size in x.shape):
        raise FitError(f"start holds shapes {found}; x of shape {tuple(x.shape)} needs a vector of each of its sizes")
    for mode, vector in enumerate(vectors):
        if not bool((vector != 0).any()):
            raise FitError(f"start[{mode}] is zero; it needs a direction")
    return [vector / torch.linalg.vector_norm(vector) for vector in vectors]


def _leading(x: torch.Tensor, mode: int) -> torch.Tensor:
    """The leading left singular vector of an unfolding."""
    basis, _ = leading(x.movedim(mode, 0).reshape(x.shape[mode], -1), at_most(1))
    return basis[:, 0]


# ---- the transition -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False, repr=False)
class SpikeTransition:
    """Alignment of estimates with the planted vector of a mode, against the strength of the signal.

    Attributes
    ----------
    shape : tuple of int
        Of the data.
    mode : int
        Which vector is looked at.
    tensor_strength : float or None
        Of the nested model; None for a plain spiked tensor.
    strengths : tuple of float
        Of the spike: the matrix strength in the nested model.
    measured : Mapping[str, tuple of tuple of float]
        For each estimator and strength, the cosines in simulated data, one a trial.
    thresholds : Mapping[str, float]
        For each estimator, the strength above which it is predicted to see the vector; infinite where it never does.
    """

    shape: tuple[int, ...]
    mode: int
    tensor_strength: float | None
    strengths: tuple[float, ...]
    measured: Mapping[str, tuple[tuple[float, ...], ...]]
    thresholds: Mapping[str, float]

    @property
    def predicted(self) -> dict[str, tuple[float, ...]]:
        """For each estimator, the cosine to be expected at every strength."""
        return {name: self.expected(name, self.strengths) for name in self.thresholds}

    def expected(self, estimator: str, strengths: Sequence[float]) -> tuple[float, ...]:
        """The cosines to be expected of an estimator at any strengths.

        Raises
        ------
        FitError
            When the estimator is not one of these.
        """
        check_estimator(estimator, tuple(self.thresholds))
        if self.tensor_strength is None:
            found = spiked_curve(self.shape, strengths, self.mode, estimator)
        else:
            found = nested_curve(self.shape, self.tensor_strength, strengths, self.mode, estimator)
        return tuple(found.tolist())

    @property
    def trials(self) -> int:
        """How often each strength was simulated."""
        return min((len(each) for cosines in self.measured.values() for each in cosines), default=0)

    def __repr__(self) -> str:
        shape = " x ".join(map(str, self.shape))
        nested = "" if self.tensor_strength is None else f"tensor_strength={self.tensor_strength:g}, "
        seen = ", ".join(f"{name} above {value:.3f}" for name, value in self.thresholds.items())
        return f"SpikeTransition({shape}, mode {self.mode}, {nested}{seen}; {self.trials} trials)"


def spiked_transition(
    shape: Sequence[int], strengths: Sequence[float], *, mode: int = 0, trials: int = 0, seed: int = 0
) -> SpikeTransition:
    """From what strength on a rank-one spike is seen in noise, by the best rank-one approximation and by an unfolding.

    Parameters
    ----------
    shape
        Of the data (`workbench.data.spiked`).
    strengths
        Where to predict and simulate.
    mode
        Which planted vector to look at.
    trials
        How many tensors to simulate for each strength. The tensor estimate starts from the planted vectors: what is measured
        is the best to be hoped for, not what can be found without knowing the answer.
    seed
        Of the first trial; the next ones take the next seeds, at every strength the same.

    Raises
    ------
    FitError, DataError
        When an argument is out of its range.

    Examples
    --------
    >>> spiked_transition((50, 50, 50), [0.5, 1.0, 2.0])
    SpikeTransition(50 x 50 x 50, mode 0, tensor above 1.155, unfolding above 1.535; 0 trials)
    """
    sizes = check_shape(shape)
    _check(sizes, strengths, mode, trials)
    return _transition(
        sizes,
        None,
        strengths,
        mode,
        {name: spiked_threshold(sizes, mode, name) for name in SPIKED},
        lambda strength, trial: spiked(sizes, strength, seed=seed + trial),
        trials,
    )


def nested_transition(
    shape: Sequence[int],
    tensor_strength: float,
    strengths: Sequence[float],
    *,
    mode: int = 1,
    trials: int = 0,
    seed: int = 0,
) -> SpikeTransition:
    """From what strength on clusters are seen in the nested matrix-tensor model, by three estimators.

    Parameters
    ----------
    shape
        Features, samples, views (`workbench.data.nested_spiked`).
    tensor_strength
        How clearly the views show the matrix.
    strengths
        Of the matrix' spike: where to predict and simulate.
    mode
        Which planted vector to look at; by default the samples' clusters.
    trials
        How many tensors to simulate for each strength. The tensor estimate starts from the planted vectors.
    seed
        Of the first trial; the next ones take the next seeds, at every strength the same.

    Raises
    ------
    FitError, DataError
        When an argument is out of its range.

    References
    ----------
    Lebeau, Seddik and Goulart, Performance gaps in multi-view clustering under the nested matrix-tensor model (2024).

    Examples
    --------
    >>> nested_transition((150, 150, 150), 2.0, [0.5, 1.0, 2.0])
    SpikeTransition(150 x 150 x 150, mode 1, tensor_strength=2, tensor above 0.766, unfolding above 0.933,
    two_step above 0.764; 0 trials)
    """
    sizes = check_nested(shape)
    check_strength("tensor_strength", tensor_strength)
    _check(sizes, strengths, mode, trials)
    return _transition(
        sizes,
        float(tensor_strength),
        strengths,
        mode,
        {name: nested_threshold(sizes, tensor_strength, mode, name) for name in NESTED},
        lambda strength, trial: nested_spiked(sizes, tensor_strength, strength, seed=seed + trial),
        trials,
    )


def _check(shape: tuple[int, ...], strengths: Sequence[float], mode: int, trials: int) -> None:
    if not len(strengths):
        raise FitError("strengths is empty; give one or more numbers of at least 0")
    for at, strength in enumerate(strengths):
        check_strength(f"strengths[{at}]", strength)
    if isinstance(mode, bool) or not isinstance(mode, int) or not 0 <= mode < len(shape):
        raise FitError(f"mode is {mode!r}; the data have modes 0 to {len(shape) - 1}")
    if isinstance(trials, bool) or not isinstance(trials, int) or trials < 0:
        raise FitError(f"trials is {trials!r}; it is a whole number of at least 0")


def _transition(
    shape: tuple[int, ...],
    tensor_strength: float | None,
    strengths: Sequence[float],
    mode: int,
    thresholds: Mapping[str, float],
    draw: Callable[[float, int], Spiked | NestedSpiked],
    trials: int,
) -> SpikeTransition:
    measured: dict[str, list[list[float]]] = {name: [[] for _ in strengths] for name in thresholds}
    for at, strength in enumerate(strengths):
        for trial in range(trials):
            data = draw(strength, trial)
            for name in thresholds:
                measured[name][at].append(_cosine(ESTIMATORS[name](data)[mode], data.vectors[mode]))
    return SpikeTransition(
        shape,
        mode,
        tensor_strength,
        tuple(float(strength) for strength in strengths),
        {name: tuple(tuple(each) for each in cosines) for name, cosines in measured.items()},
        thresholds,
    )


def _cosine(estimate: torch.Tensor, planted: torch.Tensor) -> float:
    return min(1.0, math.fabs(float(estimate @ planted)))
