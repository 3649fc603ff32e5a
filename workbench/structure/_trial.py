"""`Trial`: one structure that was evaluated."""

__all__ = ["Trial"]

import math
from dataclasses import dataclass
from typing import Any

from workbench.structure._spaces import Point

WIDEST = 4096
"""The largest rank that is written."""


@dataclass(frozen=True)
class Trial:
    """One structure that was evaluated.

    Attributes
    ----------
    number : int
        From 0, in the order of evaluation.
    point : Point
        Where in the space it is.
    key : str
        Its structure: the same for all points with the same network.
    parameters : int
        The number of entries of all cores.
    rse : float
        The squared relative error; not a number where the evaluation failed.
    value : float
        The objective; infinite where a limit forbids the structure or its evaluation failed.
    seconds : float
        How long it took.
    message : str
        Why it failed; empty where it did not.
    early : bool
        Whether its evaluation was ended early, as it could not be better than the best: `rse` is then what was reached, or what
        its narrowest cut leaves out at least.
    """

    number: int
    point: Point
    key: str
    parameters: int
    rse: float
    value: float
    seconds: float
    message: str = ""
    early: bool = False

    @property
    def error(self) -> float:
        """The relative error, not squared."""
        return math.sqrt(self.rse)

    @property
    def failed(self) -> bool:
        """Whether there is no error to speak of."""
        return math.isnan(self.rse)

    def to_optuna(self) -> Any:
        """As Optuna's own kind of trial."""
        from optuna.distributions import IntDistribution
        from optuna.trial import TrialState, create_trial

        names = [f"rank{at}" for at in range(len(self.point.ranks))]
        good = math.isfinite(self.value)
        return create_trial(
            state=TrialState.COMPLETE if good else TrialState.FAIL,
            value=self.value if good else None,
            params=dict(zip(names, self.point.ranks, strict=True)),
            distributions=dict.fromkeys(names, IntDistribution(1, WIDEST)),
            user_attrs={
                "number": self.number,
                "order": list(self.point.order),
                "key": self.key,
                "parameters": self.parameters,
                "rse": None if self.failed else self.rse,
                "seconds": self.seconds,
                "message": self.message,
                "early": self.early,
            },
        )

    @classmethod
    def from_optuna(cls, trial: Any) -> "Trial":
        """What `to_optuna` made."""
        held = trial.user_attrs
        ranks = tuple(trial.params[f"rank{at}"] for at in range(len(trial.params)))
        return cls(
            number=held["number"],
            point=Point(ranks, tuple(held["order"])),
            key=held["key"],
            parameters=held["parameters"],
            rse=math.nan if held["rse"] is None else held["rse"],
            value=math.inf if trial.value is None else trial.value,
            seconds=held["seconds"],
            message=held["message"],
            early=held["early"],
        )
