"""Sweep after sweep, until it is enough."""

import math
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Literal

from workbench.decomposition._als import Cores

Callback = Callable[[int, float], object]
Sweeps = Iterator[tuple[Cores, float, float]]
"""Cores, their relative error and what is minimised, after every sweep."""
End = Literal["converged", "stopped", "exhausted"]


class Drive:
    """Sweep after sweep is taken in; the best cores, the history of errors and how it ended are kept."""

    def __init__(self, max_sweeps: int, callback: Callback | None) -> None:
        self.max_sweeps, self.callback = max_sweeps, callback
        self.best: Cores = {}
        self.history: list[float] = []
        self.objective = math.inf
        self.end: End = "exhausted"

    def __call__(self, sweeps: Sweeps) -> Cores:
        """Take sweeps in until they end, the user says so, or there have been enough.

        Raises
        ------
        KeyboardInterrupt
            When interrupted before the first sweep was complete; later, the best so far is kept.
        """
        self.end = "exhausted"
        room = max(1, self.max_sweeps - len(self.history))
        taken = 0
        try:
            for cores, error, objective in islice(sweeps, room):
                taken += 1
                self.best, self.objective = cores, objective
                self.history.append(error)
                if self.callback is not None and self.callback(len(self.history), error) is True:
                    self.end = "stopped"
                    return self.best
        except KeyboardInterrupt:
            if not self.history:
                raise
            self.end = "stopped"
            return self.best
        if taken < room:
            self.end = "converged"
        return self.best


def until_settled(sweeps: Sweeps, before: float, tol: float) -> Sweeps:
    """Sweeps until one lowers the objective by less than `tol` of itself; one that rounding errors made worse is not kept."""
    for cores, error, objective in sweeps:
        if objective >= before:
            return
        yield cores, error, objective
        if math.isfinite(before) and before - objective <= tol * abs(before):
            return
        before = objective
