"""Objectives: what is made small."""

__all__ = ["Objective", "as_objective"]

import math
from dataclasses import dataclass

from workbench.network import did_you_mean
from workbench.structure._errors import SearchError


@dataclass(frozen=True)
class Objective:
    """A number from a structure's size and its squared relative error.

    Attributes
    ----------
    kind : str
        ``"compression"``: parameters / entries of the target + weight * rse (the published one);
        ``"error"``: the error, of structures with at most `limit` parameters;
        ``"parameters"``: the parameters, of structures with an error of at most `limit`.
    weight : float
        Of the squared relative error; published values are 50 and 200.
    limit : float
        Parameters, or an error (not squared).

    Examples
    --------
    >>> Objective("compression", weight=200)(parameters=126, rse=0.0, entries=729)
    0.1728395061728395
    """

    kind: str
    weight: float = 200.0
    limit: float = math.inf

    def __call__(self, parameters: int, rse: float, entries: int) -> float:
        """The value: infinite for structures that a limit forbids, and where the error is not a number."""
        if math.isnan(rse):
            return math.inf
        if self.kind == "compression":
            return parameters / entries + self.weight * rse
        if self.kind == "error":
            return math.sqrt(rse) if parameters <= self.limit else math.inf
        return float(parameters) if math.sqrt(rse) <= self.limit else math.inf

    def wanted(self, parameters: int, best: float, entries: int) -> float:
        """The squared error that a structure of this size must go below to be better than `best`; negative if none is enough."""
        if self.kind == "compression":
            return (best - parameters / entries) / self.weight
        if self.kind == "error":
            return best**2 if parameters <= self.limit else -1.0
        return self.limit**2 if parameters < best else -1.0

    def __str__(self) -> str:
        if self.kind == "compression":
            return f"compression + {self.weight:g} rse"
        if self.kind == "error":
            return "error" + (f" with at most {self.limit:,.0f} parameters" if self.limit < math.inf else "")
        return f"parameters with an error of at most {self.limit:g}"


KINDS = ("compression", "error", "parameters")


def as_objective(objective: "str | Objective", weight: float, limit: float | None) -> Objective:
    """An objective by name."""
    if isinstance(objective, Objective):
        return objective
    if objective not in KINDS:
        raise SearchError(f"there is no objective {objective!r}{did_you_mean(str(objective), KINDS)}")
    if objective == "parameters" and limit is None:
        raise SearchError('the objective "parameters" needs the error it may cost: give limit=')
    if not weight > 0:
        raise SearchError(f"weight is a number above 0, not {weight!r}")
    return Objective(objective, weight, math.inf if limit is None else limit)
