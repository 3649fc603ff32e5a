"""What of a group can act on one axis of a tensor: V, V*, and of a product each factor."""

__all__ = ["Actor", "actors"]

from dataclasses import dataclass

import torch

from workbench.symmetry._groups import Factor, Group
from workbench.symmetry._product_group import LETTERS, Product


@dataclass(frozen=True, eq=False)
class Actor:
    """One way for a group to act on one axis.

    Attributes
    ----------
    factor : bool or (int, bool)
        As in a tensor power.
    group : Group
        The factor that acts.
    letter : str
        V, W, ..., with a star for the dual.
    at : int
        Its number among the factors.
    """

    factor: Factor
    group: Group
    letter: str
    at: int = 0

    @property
    def n(self) -> int:
        """The size of the axes it acts on."""
        return self.group.n

    @property
    def permutes(self) -> bool:
        """Whether it permutes coordinates."""
        return self.group.coordinates((False,)) == "permuted"


def actors(group: Group) -> list[Actor]:
    """All of them, V first."""
    if isinstance(group, Product):
        found = [Actor((at, False), factor, LETTERS[at], at) for at, factor in enumerate(group.factors)]
        starred = [
            Actor((each.at, True), each.group, f"{each.letter}*", each.at) for each in found if each.group.walled
        ]
        return [*found, *starred]
    return [Actor(False, group, "V"), *([Actor(True, group, "V*")] if group.walled else [])]


def block(group: Group, element: torch.Tensor, at: int) -> torch.Tensor:
    """The part of an element that belongs to a factor."""
    return group.split(element)[at] if isinstance(group, Product) else element
