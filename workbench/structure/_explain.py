"""Why a structure: what each bond and each rank of it gains, measured."""

__all__ = ["Explanation", "Reason", "explain"]

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.structure._spaces import Point

if TYPE_CHECKING:
    from workbench.structure._study import Study


@dataclass(frozen=True)
class Reason:
    """What one bond gains.

    Attributes
    ----------
    bond : str
        Its name in the network.
    rank : int
        Its rank.
    error : float
        The error of the structure.
    narrower, without, wider : float
        The error with one rank fewer, with rank 1, and with one rank more (not a number where the space has none).
    saved : int
        The parameters that one rank fewer would save.
    """

    bond: str
    rank: int
    error: float
    narrower: float
    without: float
    wider: float
    saved: int

    def __repr__(self) -> str:
        wider = "" if math.isnan(self.wider) else f", one more makes it {self.wider:.3g}"
        return (
            f"{self.bond}: rank {self.rank}; one fewer makes the error {self.narrower:.3g} and saves {self.saved} parameters, "
            f"none at all {self.without:.3g}{wider}"
        )


@dataclass(frozen=True)
class Explanation:
    """The reasons for every bond of a structure, the most needed first."""

    error: float
    parameters: int
    reasons: tuple[Reason, ...]

    def __repr__(self) -> str:
        lines = [f"error {self.error:.3g} with {self.parameters:,} parameters"]
        return "\n".join([*lines, *(f"  {reason}" for reason in self.reasons)])


def explain(study: "Study") -> Explanation:
    """Take the best structure, change each bond in turn, and measure; what the study knows is not evaluated again."""
    best = study.best
    point, space = best.trial.point, study.space
    names = _names(study, point)
    reasons = []
    for bond, rank in enumerate(point.ranks):
        if rank < 2:
            continue

        def error(changed: int, bond: int = bond) -> float:
            if not 1 <= changed <= space.caps[bond]:
                return math.nan
            return _error(study, Point((*point.ranks[:bond], changed, *point.ranks[bond + 1 :]), point.order))

        fewer = Point((*point.ranks[:bond], rank - 1, *point.ranks[bond + 1 :]), point.order)
        saved = best.trial.parameters - space.parameters(fewer)
        reasons.append(Reason(names[bond], rank, best.trial.error, error(rank - 1), error(1), error(rank + 1), saved))
    reasons.sort(key=lambda reason: -reason.narrower)
    return Explanation(best.trial.error, best.trial.parameters, tuple(reasons))


def _error(study: "Study", point: Point) -> float:
    key = study.space.key(point)
    known = study._by_key.get(key)
    if known is not None and not known.early:  # of one that was ended early the error is not known
        return known.error
    return math.sqrt(study.evaluator(study.space.network(point), key).rse)


def _names(study: "Study", point: Point) -> list[str]:
    space = study.space
    edges = getattr(space, "edges", None)
    if edges is None:
        return list(getattr(space, "free", [f"bond {at}" for at in range(len(point.ranks))]))
    return [f"b{min(a, b)}_{max(a, b)}" for a, b in edges(point.order)]
