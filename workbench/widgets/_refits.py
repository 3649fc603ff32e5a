"""The fit that the explorer's line of Python makes, in the background: it waits for a drag to end and can be stopped."""

__all__ = ["Refit", "Refits"]

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

from workbench.decomposition import Fit, decompose
from workbench.network import Network
from workbench.widgets._formats import State

CALM = 0.2
"""Seconds without a change before a fit is begun."""
OFTEN = 0.15
"""Seconds between two words of progress."""


@dataclass(frozen=True, eq=False)
class Refit:
    """What became of a fit: the fit, or the error that says why there is none."""

    fit: Fit | None = None
    error: Exception | None = None
    seconds: float = 0.0
    stopped: bool = False


class Refits:
    """Fits states of the explorer to one tensor; the work of a `Newest`.

    Parameters
    ----------
    data
        The tensor.
    network
        The network of a state.
    check
        Refuses, by raising, states whose line of Python would be refused.
    progress
        Called now and then during a fit with its state, the sweep, the error so far and all errors; it must not raise.
    """

    def __init__(
        self,
        data: torch.Tensor,
        network: Callable[[State], Network],
        check: Callable[[State], None],
        progress: Callable[[State, int, float, list[float]], None],
    ) -> None:
        self._data, self._network, self._check, self._progress = data, network, check, progress
        self._stopped: State | None = None

    def stop(self, state: State) -> None:
        """End the fit of this state after the sweep it is in."""
        self._stopped = state

    def is_stopped(self, state: State) -> bool:
        """Whether the fit of this state is to end."""
        return self._stopped == state

    def __call__(self, state: State, wanted: Callable[[], bool]) -> Refit:
        """Fit, until it is done, stopped, or not wanted any more."""
        self._stopped = None
        calm = time.monotonic() + CALM
        while wanted() and not self.is_stopped(state) and (left := calm - time.monotonic()) > 0:
            time.sleep(min(left, 0.02))
        if not wanted():
            return Refit()
        start = told = time.perf_counter()
        history: list[float] = []

        def callback(sweep: int, error: float) -> bool:
            nonlocal told
            history.append(error)
            if time.perf_counter() - told > OFTEN:
                told = time.perf_counter()
                self._progress(state, sweep, error, history)
            return self.is_stopped(state) or not wanted()

        try:
            self._check(state)
            fit = decompose(self._data, self._network(state), callback=callback)
        except Exception as error:  # noqa: BLE001 -- a thread's exception is lost; ex.fit raises it where it is seen
            return Refit(error=error)
        stopped = self.is_stopped(state) and not fit.converged
        return Refit(fit, seconds=time.perf_counter() - start, stopped=stopped)
