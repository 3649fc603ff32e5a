"""`Study`: what a search found, while it runs and after."""

__all__ = ["Best", "Study"]

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from workbench.decomposition import Fit
from workbench.network import Network
from workbench.structure._errors import SearchError
from workbench.structure._evaluation import Evaluator
from workbench.structure._objective import Objective
from workbench.structure._spaces import Point, Space
from workbench.structure._trial import Trial

if TYPE_CHECKING:
    from workbench.structure._explain import Explanation

Listener = Callable[["Study"], None]


@dataclass(frozen=True, eq=False)
class Best:
    """A structure of a study, with its fit.

    Attributes
    ----------
    trial : Trial
        What was found of it.
    network : Network
        The structure.
    """

    trial: Trial
    network: Network
    evaluator: Evaluator

    def __repr__(self) -> str:
        return f"Best({self.trial.key}: error {self.trial.error:.3g}, {self.trial.parameters:,} parameters)"

    @cached_property
    def fit(self) -> Fit:
        """The fit of its evaluation, made again: evaluations depend on the seed and the structure alone."""
        return self.evaluator.fit(self.network, self.trial.key)


class Study:
    """What a search found.

    Attributes
    ----------
    name : str
        Its name.
    space, objective : Space, Objective
        What was searched, and what was made small.
    algorithm : str
        How.
    trials : tuple of Trial
        Every structure that was evaluated, once, in this order.
    state : str
        ``"running"``, ``"finished"`` (the budget is spent), ``"stopped"``, ``"exhausted"`` (nothing new was proposed) or ``"failed"``.
    """

    def __init__(
        self, name: str, space: Space, objective: Objective, algorithm: str, evaluator: Evaluator, budget: int
    ) -> None:
        self.name, self.space, self.objective, self.algorithm = name, space, objective, algorithm
        self.evaluator, self.budget = evaluator, budget
        self.state = "running"
        self.began = time.monotonic()
        self.problem: BaseException | None = None
        self._trials: list[Trial] = []
        self._by_key: dict[str, Trial] = {}
        self._best: Trial | None = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._listeners: list[Listener] = []
        self._proposed: tuple[Point, ...] = ()

    def __repr__(self) -> str:
        best = f"; best {self.best}" if self._best is not None else ""
        return f"Study({self.name!r}, {self.algorithm} on {self.space}: {self.evaluations} of {self.budget} evaluations, {self.state}{best})"

    @property
    def trials(self) -> tuple[Trial, ...]:
        return tuple(self._trials)

    @property
    def evaluations(self) -> int:
        """How many structures were evaluated."""
        return len(self._trials)

    @property
    def best(self) -> Best:
        """The best structure so far.

        Raises
        ------
        SearchError
            When nothing was evaluated with success yet.
        """
        if self._best is None:
            within = (
                f"none of {self.evaluations} keeps to the limit ({self.objective})"
                if self._trials
                else "nothing was evaluated yet"
            )
            why = next((each.message for each in self._trials if each.message), within)
            raise SearchError(f"study {self.name!r} has no best structure: {why}")
        return self.candidate(self._best)

    def candidate(self, trial: Trial) -> Best:
        """A trial with its network and, when asked for, its fit."""
        return Best(trial, self.space.network(trial.point), self.evaluator)

    def pareto(self) -> tuple[Trial, ...]:
        """The trials that no other beats in both parameters and error, by parameters."""
        front: list[Trial] = []
        for trial in sorted(
            (each for each in self._trials if not each.failed), key=lambda each: (each.parameters, each.rse)
        ):
            if not front or trial.rse < front[-1].rse:
                front.append(trial)
        return tuple(front)

    def history(self) -> tuple[float, ...]:
        """The best value after every evaluation."""
        best, found = float("inf"), []
        for trial in self._trials:
            best = min(best, trial.value)
            found.append(best)
        return tuple(found)

    def explain(self) -> "Explanation":
        """Why the best structure has these bonds and ranks: what each of them gains, measured."""
        from workbench.structure._explain import explain

        return explain(self)

    # ---- while it runs -----------------------------------------------------------------------------------------------

    @property
    def running(self) -> bool:
        """Whether it goes on in the background."""
        return self.state == "running"

    @property
    def proposed(self) -> tuple[Point, ...]:
        """The points that are being evaluated."""
        return self._proposed

    def wait(self, timeout: float | None = None) -> "Study":
        """Wait for a search in the background, for at most so many seconds; what it raised is raised here."""
        if self._thread is not None:
            self._thread.join(timeout)
        if self.problem is not None:
            raise self.problem
        return self

    def stop(self) -> None:
        """End the search after the evaluations under way; it can be gone on with under the same name."""
        self._stop.set()

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call a function after every batch, in the thread of the search; gives back how to end that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def _told(self) -> None:
        for listener in tuple(self._listeners):
            listener(self)

    def _add(self, trials: Sequence[Trial]) -> None:
        for trial in trials:
            self._trials.append(trial)
            self._by_key[trial.key] = trial
            if (
                not trial.failed
                and trial.value < float("inf")
                and (self._best is None or trial.value < self._best.value)
            ):
                self._best = trial
