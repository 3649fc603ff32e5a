"""A choice of the symmetry lab, read strictly from what the page sends."""

__all__ = ["checked_weight", "missing", "read_choice", "read_flags"]

import math
from collections.abc import Mapping, Sequence
from typing import Any

from workbench.network import did_you_mean
from workbench.symmetry import Group, Hom, SymmetryError
from workbench.widgets._symmetry_choice import KINDS, MOST_NUMBERS, OWN, Choice, carried, family_of, is_plain, made

MOST_WEIGHT = 1e6
MOST_FACTORS = 12
MOST_CHANNELS = 4_096
Flags = tuple[bool, ...]


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
    if (
        not isinstance(told, list | tuple)
        or len(told) > MOST_FACTORS
        or any(each not in (0, 1, True, False) for each in told)
    ):
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
        if isinstance(each, bool) or not isinstance(each, int) or not 1 <= each <= MOST_CHANNELS:
            raise SymmetryError(f"channels are whole numbers from 1 to 4,096, not {each!r}")
    return told[0], told[1]
