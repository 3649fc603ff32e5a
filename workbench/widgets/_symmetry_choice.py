"""What the symmetry lab shows: a group, two representations, weights on diagrams; and how it is read from JSON."""

__all__ = [
    "KINDS",
    "OWN",
    "Choice",
    "Kind",
    "begun",
    "carried",
    "checked_weight",
    "family_of",
    "is_plain",
    "made",
    "missing",
    "plainly",
    "positions",
    "read_choice",
    "read_flags",
    "refuse_too_large",
    "sizes_of",
]

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.network import did_you_mean
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
MOST_WEIGHT = 1e6
BEGIN = (0.8, -0.4, 1.0, 0.3, 0.15)
"""The weights of a lab that was not told any."""
Flags = tuple[bool, ...]


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


def read_choice(spec: Mapping[str, Any], now: Choice, own: Sequence[Hom]) -> Choice:
    """A choice as the page sends it; without weights the ones there were. `own` are the maps of the user's groups.

    Raises
    ------
    SymmetryError
        When it is none.
    """
    kept = _kept(spec.get("group"), now.hom, own)
    if kept is not None and (spec.get("source") is None or not is_plain(kept)):
        hom = kept
    else:
        group = kept.group if kept is not None else _group(spec.get("group"))
        source, target = read_flags(spec.get("source"), "from"), read_flags(spec.get("target"), "to")
        same = (group, group._power(source), group._power(target)) == now.maps
        hom = now.hom if same else made(group, source, target)
    same = hom is now.hom or (hom.group, hom.source, hom.target) == now.maps
    told = spec.get("weights")
    weights = (now.weights if same else carried(now, hom)) if told is None else _weights(told, hom)
    return Choice(hom, weights, _broken(spec.get("broken"), hom), _channels(spec.get("channels", [1, 1])))


def _kept(told: object, now: Hom, own: Sequence[Hom]) -> Hom | None:
    """Maps of a group of the user's, when it is asked for."""
    if not isinstance(told, Mapping) or told.get("family") != OWN or not own:
        return None
    return now if family_of(now) == OWN else own[-1]


def _group(told: object) -> Group:
    if not isinstance(told, Mapping):
        raise SymmetryError(f"group is {told!r}; it is a family and a number n")
    family, n = told.get("family"), told.get("n")
    if not isinstance(family, str) or family not in KINDS:
        raise SymmetryError(f"there is no group {family!r}{did_you_mean(str(family), KINDS)}")
    kind = KINDS[family]
    if isinstance(n, bool) or not isinstance(n, int) or n > MOST_NUMBERS:
        raise SymmetryError(f"n is {n!r}; {family}(n) needs a whole number, small enough to be drawn")
    return kind.make(n)


def read_flags(told: object, which: str) -> Flags:
    """The factors of a tensor power, as the page sends them.

    Raises
    ------
    SymmetryError
        When they are none.
    """
    if not isinstance(told, list | tuple) or len(told) > 12 or any(each not in (0, 1, True, False) for each in told):
        raise SymmetryError(f"'{which}' is {told!r}; it is a list with 0 for every factor V and 1 for every V*")
    return tuple(bool(each) for each in told)


def missing(hom: Hom, at: object) -> str:
    """What is said of a position where there is nothing."""
    if not hom.spanning_size:
        return f"there is nothing to switch on: {hom}"
    return f"there is no {hom.noun} {at!r}; positions of {hom} go from 0 to {hom.spanning_size - 1:,}"


def _weights(told: object, hom: Hom) -> dict[int, float]:
    if not isinstance(told, list | tuple):
        raise SymmetryError(f"weights are {type(told).__name__}; they are pairs of a diagram's position and its weight")
    found: dict[int, float] = {}
    for pair in told:
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            raise SymmetryError(f"{pair!r} is no pair of a diagram's position and its weight")
        at, weight = pair
        if isinstance(at, bool) or not isinstance(at, int) or not 0 <= at < hom.spanning_size:
            raise SymmetryError(missing(hom, at))
        found[at] = checked_weight(weight, at)
    return dict(sorted(found.items()))


def checked_weight(weight: object, at: int) -> float:
    """A weight as a number.

    Raises
    ------
    SymmetryError
        When it is none, or too large to be drawn.
    """
    sound = isinstance(weight, int | float) and not isinstance(weight, bool)
    if not sound or not abs(weight) <= MOST_WEIGHT:  # type: ignore[arg-type]
        raise SymmetryError(f"the weight of diagram {at} is {weight!r}; give a number of at most {MOST_WEIGHT:g}")
    return float(weight)  # type: ignore[arg-type]


def _broken(told: object, hom: Hom) -> tuple[int, int, float] | None:
    if told is None:
        return None
    if not isinstance(told, list | tuple) or len(told) != 3 or any(isinstance(each, bool) for each in told):
        raise SymmetryError(f"broken is {told!r}; it is a row, a column and what is added there")
    sizes = hom.shape
    row, column, by = told
    if not all(isinstance(at, int) and 0 <= at < size for at, size in zip((row, column), sizes, strict=True)):
        raise SymmetryError(f"the matrix has {sizes[0]:,} rows and {sizes[1]:,} columns; none is ({row!r}, {column!r})")
    if not isinstance(by, int | float) or not math.isfinite(by) or abs(by) > MOST_WEIGHT:
        raise SymmetryError(f"what is added to an entry is {by!r}; give a number")
    return row, column, float(by)


def _channels(told: object) -> tuple[int, int]:
    if not isinstance(told, list | tuple) or len(told) != 2:
        raise SymmetryError(f"channels are {told!r}; they are two numbers, those in and those out")
    for each in told:
        if isinstance(each, bool) or not isinstance(each, int) or not 1 <= each <= 4096:
            raise SymmetryError(f"channels are whole numbers from 1 to 4,096, not {each!r}")
    return told[0], told[1]
