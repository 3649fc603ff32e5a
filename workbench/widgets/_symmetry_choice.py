"""What the symmetry lab shows: a group, two representations, weights on diagrams; and how it is read from JSON."""

__all__ = [
    "KINDS",
    "OWN",
    "Choice",
    "Kind",
    "begun",
    "carried",
    "family_of",
    "is_plain",
    "made",
    "plainly",
    "positions",
    "refuse_too_large",
    "sizes_of",
]

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from workbench.symmetry import GL, SO, A, B, C, D, Group, Hom, Lorentz, O, S, Sp, SymmetryError, U
from workbench.symmetry._diagram_hom import DiagramHom
from workbench.symmetry._groups import DiagramGroup, Space

OWN = "own"
MOST_DIAGRAMS = 5_000
"""So many diagrams are shown at most; enough for 4,140, those of S(n) with four vertices in each row."""
MOST_NUMBERS = 50_000
"""So many numbers a tensor on either side may have."""
MOST_SOLVED = 1_000_000
"""So many index tuples are sorted into orbits."""
BEGIN = (0.8, -0.4, 1.0, 0.3, 0.15)
"""The weights of a lab that was not told any."""


@dataclass(frozen=True)
class Kind:
    """A family of groups on offer."""

    title: str
    words: str
    make: Callable[[int], Group]
    least: int = 1
    step: int = 1
    fixed: bool = False


KINDS: Mapping[str, Kind] = {
    "S": Kind("S", "permutations", S),
    "A": Kind("A", "even permutations", A, 2),
    "C": Kind("C", "turns of a ring", C),
    "D": Kind("D", "turns and flips of a ring", D),
    "B": Kind("B", "signed permutations", B),
    "O": Kind("O", "rotations, reflections", O),
    "SO": Kind("SO", "rotations", SO),
    "Sp": Kind("Sp", "symplectic maps", Sp, 2, 2),
    "GL": Kind("GL", "invertible maps", GL),
    "U": Kind("U", "unitary maps", U),
    "Lorentz": Kind("Lorentz", "boosts and rotations", lambda _n: Lorentz(), 4, fixed=True),
}


@dataclass(frozen=True, eq=False)
class Choice:
    """What undo goes back to.

    Attributes
    ----------
    hom : Hom
        The maps.
    weights : dict
        Position in `hom.diagrams` -> weight, in rising order; those that are switched on.
    broken : tuple of (int, int, float), optional
        Row, column and what is added to that entry of the matrix alone.
    channels : tuple of int
        How many of the layer in the code.
    """

    hom: Hom
    weights: Mapping[int, float]
    broken: tuple[int, int, float] | None = None
    channels: tuple[int, int] = (1, 1)

    @property
    def maps(self) -> tuple[Any, ...]:
        """What says which maps there are."""
        return self.hom.group, self.hom.source, self.hom.target

    def same(self, other: "Choice") -> bool:
        """Whether two show the same."""
        told = (self.weights, self.broken, self.channels, self.maps)
        return told == (other.weights, other.broken, other.channels, other.maps)

    def to_spec(self, gesture: object = None) -> dict[str, Any]:
        """The JSON that the page reads."""
        hom = self.hom
        return {
            "group": {"family": family_of(hom), "n": hom.group.n},
            "source": plainly(hom.source),
            "target": plainly(hom.target),
            "weights": [[at, weight] for at, weight in self.weights.items()],
            "broken": list(self.broken) if self.broken else None,
            "channels": list(self.channels),
            "gesture": gesture,
        }


def plainly(space: Space) -> list[int] | None:
    """A tensor power as the page knows it, 0 for V and 1 for V*; None for any other space."""
    if not isinstance(space, tuple) or not all(isinstance(dual, bool) for dual in space):
        return None
    return [int(dual is True) for dual in space]


def is_plain(hom: Hom) -> bool:
    """Whether it leads from one tensor power of V and V* to another: such maps can be chosen on the page, others only kept."""
    return plainly(hom.source) is not None and plainly(hom.target) is not None


def sizes_of(hom: Hom) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The shapes of input and output."""
    return hom.group.sizes(hom.source), hom.group.sizes(hom.target)


def family_of(hom: Hom) -> str:
    """The key of the family its group is of; "own" for maps of a group of the user's, or between spaces that the page cannot choose."""
    name = type(hom.group).__name__
    offered = name in KINDS and type(KINDS[name].make(hom.group.n)) is type(hom.group)
    return name if offered and is_plain(hom) else OWN


def refuse_too_large(hom: Hom) -> None:
    """Refuse what cannot be shown, before anything is enumerated.

    Raises
    ------
    SymmetryError
        When there are too many diagrams, or too many numbers in a tensor.
    """
    if hom.spanning_size > MOST_DIAGRAMS:
        raise SymmetryError(
            f"{hom}: the lab shows up to {MOST_DIAGRAMS:,} {hom.noun}s; take fewer factors V; "
            "hom.dimension counts any number of them, and hom.layer() makes a layer of more"
        )
    for sizes in sizes_of(hom):
        if math.prod(sizes) > MOST_NUMBERS:
            raise SymmetryError(
                f"a tensor of shape {sizes} of {hom.group} has {math.prod(sizes):,} numbers; the lab draws up to "
                f"{MOST_NUMBERS:,}: make n smaller, or take fewer factors V"
            )


def made(group: Group, source: Any, target: Any) -> Hom:
    """`group.hom(source, target)`, refused where solving for it would take long.

    Raises
    ------
    SymmetryError
        When it is too large to be shown, or is none.
    """
    spaces = [group._power(space) for space in (source, target)]
    if not isinstance(group, DiagramGroup) and all(isinstance(space, tuple) for space in spaces):
        tuples = math.prod(math.prod(group.sizes(space)) for space in spaces)
        if tuples > MOST_SOLVED:
            raise SymmetryError(
                f"the maps of {group} are found among {tuples:,} index tuples, more than the lab waits for ({MOST_SOLVED:,}): "
                "make n smaller, or take fewer factors V"
            )
    hom = group.hom(source, target)
    refuse_too_large(hom)
    return hom


def begun(hom: Hom) -> dict[int, float]:
    """Weights to begin with: a few diagrams of the basis, spread over it."""
    size = len(hom.basis())
    few = min(len(BEGIN), size)
    where = sorted({round(at * (size - 1) / max(1, few - 1)) for at in range(few)})
    places = positions(hom)
    return {places[at]: BEGIN[number] for number, at in enumerate(where)}


def positions(hom: Hom) -> list[int]:
    """For every diagram of the basis its position among all diagrams."""
    basis, all_ = hom.basis(), hom.diagrams
    if len(basis) == len(all_):
        return list(range(len(all_)))
    place = {diagram: at for at, diagram in enumerate(all_)}
    return [place[diagram] for diagram in basis]


def carried(choice: Choice, hom: Hom) -> dict[int, float]:
    """The weights of the same pictures among other maps; where there are none, weights to begin with."""
    old = choice.hom
    if not isinstance(old, DiagramHom) or not isinstance(hom, DiagramHom):
        return begun(hom)
    if (len(old.source), len(old.target)) != (len(hom.source), len(hom.target)):
        return begun(hom)
    picture = [(each.labels, each.head) for each in (old.diagrams[at] for at in choice.weights)]
    wanted = dict(zip(picture, choice.weights.values(), strict=True))
    found = {
        at: wanted[each.labels, each.head] for at, each in enumerate(hom.diagrams) if (each.labels, each.head) in wanted
    }
    return found or begun(hom)
