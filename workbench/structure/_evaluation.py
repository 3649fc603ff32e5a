"""One evaluation: how well a structure fits a target, the same whoever evaluates it and when."""

__all__ = ["Evaluation", "Evaluator"]

import math
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import torch

from workbench.decomposition import Fit, FitError, decompose
from workbench.network import Network, NetworkError

HOPELESS = 3.0
"""A squared error so many times above what would be of interest after the first sweeps does not get there."""
FIRST = 20
"""Sweeps of all starts together, before the best goes on alone."""
Loss = Callable[[Network], float]


@dataclass(frozen=True)
class Evaluation:
    """What is known of a structure once it was evaluated.

    Attributes
    ----------
    rse : float
        The squared relative error, or the loss that was given; not a number where it failed.
    seconds : float
        How long it took.
    message : str
        Why it failed; empty where it did not.
    early : bool
        Whether it was ended early, as it could not be of interest: `rse` is then what was reached, or a bound from below.
    """

    rse: float
    seconds: float
    message: str = ""
    early: bool = False


@dataclass(frozen=True, eq=False)
class Evaluator:
    """Fits a structure to a target.

    Local minima are the enemy, not time: structures with loops start from `starts` random points swept together, of which the
    best goes on; trees have a closed form. The random points depend on the seed and the structure alone, so the
    value is the same in every process and in every run. A structure whose squared error is far above what would be of interest
    after twenty sweeps is left.

    Attributes
    ----------
    target : torch.Tensor or callable
        The data, or a function of a network that returns its loss.
    mask : torch.Tensor or None
        Which entries were observed.
    starts : int
        Random starts for a structure with loops.
    sweeps : int
        Sweeps at most.
    tol : float
        Change of the error, relative to itself, below which a fit ends.
    seed : int
        Of the random points.
    """

    target: torch.Tensor | Loss
    mask: torch.Tensor | None = None
    starts: int = 16
    sweeps: int = 60
    tol: float = 1e-6
    seed: int = 0

    def __call__(self, network: Network, key: str, wanted: float = math.inf) -> Evaluation:
        """Evaluate a structure; what goes wrong with it is recorded, not raised.

        Parameters
        ----------
        network, key
            The structure, and what it is known by.
        wanted
            The squared error from which on it would be of interest: infinite for a whole evaluation whatever comes of it.
        """
        began = time.perf_counter()
        try:
            if isinstance(self.target, torch.Tensor):
                first = self._begun(network, key)
                if first.error**2 > HOPELESS * max(wanted, 0.0):
                    return Evaluation(first.error**2, time.perf_counter() - began, early=True)
                rse = self._ended(first).error ** 2
            else:
                rse = float(self.target(network))
        except (FitError, NetworkError, ArithmeticError, RuntimeError, ValueError) as error:
            return Evaluation(math.nan, time.perf_counter() - began, f"{type(error).__name__}: {error}")
        message = "" if math.isfinite(rse) else f"the objective is {rse}"
        return Evaluation(rse if math.isfinite(rse) else math.nan, time.perf_counter() - began, message)

    def fit(self, network: Network, key: str) -> Fit:
        """The fit that a whole evaluation makes."""
        return self._ended(self._begun(network, key))

    def _begun(self, network: Network, key: str) -> Fit:
        """A tree in its closed form and swept; others from random starts, a few sweeps."""
        loops = len(network.bonds) >= len(network.tensors)
        return decompose(
            self.target,
            network,
            mask=self.mask,
            init="random" if loops else "svd",
            starts=self.starts if loops else 1,
            max_sweeps=FIRST if loops else self.sweeps,
            tol=self.tol,
            seed=zlib.crc32(f"{self.seed} {key}".encode()),
        )

    def _ended(self, first: Fit) -> Fit:
        """The best of the starts swept on."""
        if first.converged or len(first.network.bonds) < len(first.network.tensors):
            return first
        return decompose(self.target, first.network, mask=self.mask, init=first, max_sweeps=self.sweeps, tol=self.tol)
