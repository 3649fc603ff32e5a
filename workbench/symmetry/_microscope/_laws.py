"""How the tensors inside a model transform, found from what they are for x and for g x."""

__all__ = ["INVARIANT_LAW", "Law", "Laws", "Pair", "Reading", "distance", "relative"]

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, islice, permutations, product

import torch

from workbench.symmetry._errors import SymmetryError
from workbench.symmetry._groups import Group
from workbench.symmetry._microscope._actions import INVARIANT, Labels, action, axes_action, is_permutation
from workbench.symmetry._microscope._actors import Actor, actors, block
from workbench.symmetry._microscope._elements import Element
from workbench.symmetry._product_group import Product

MOST_AXES = 3
"""Axes of a tensor inside a model on which a group is taken to act at once."""
MOST_FIRST = 8
"""Laws of a product of groups after which an unknown map is looked for."""
MOST_ROWS = 192
"""Rows whose inner products are compared."""
Act = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


@dataclass(frozen=True)
class Law:
    """A way to transform. `kind` is plain; pseudo (a sign for reflections); parity (irreps of other parities); order (coordinates in
    another order); or loose: there is some linear map, which is not known.
    """

    text: str
    kind: str = "plain"
    act: Act | None = None
    base: "Law | None" = None
    """Of a pseudo law the one without the sign, of another order the usual one."""


INVARIANT_LAW = Law("invariant", "plain", INVARIANT)


@dataclass(frozen=True, eq=False)
class Pair:
    """A tensor for x and for g x."""

    element: Element
    here: torch.Tensor
    there: torch.Tensor


@dataclass(frozen=True)
class Reading:
    """The law that a tensor obeys, or None; and how far it is from the one that comes closest."""

    law: Law | None
    error: float

    @property
    def holds(self) -> bool:
        return self.law is not None


@dataclass(frozen=True, eq=False)
class Laws:
    """The laws that are tried: those of a group's tensors, and the actions of functions that the user gave."""

    group: Group
    given: tuple[Law, ...] = ()

    def read(self, pairs: Sequence[Pair], tolerance: float, floor: float) -> Reading:
        """The first law that a tensor obeys; plain ones come first."""
        if any(pair.here.shape != pair.there.shape for pair in pairs):
            return Reading(None, math.inf)
        x = pairs[0].here
        if not (x.is_floating_point() or x.is_complex()):
            return _read_whole(pairs, self.group)
        if not all(bool(each.isfinite().all()) for pair in pairs for each in (pair.here, pair.there)):
            return Reading(None, math.inf)
        best = math.inf
        for law in self.candidates(x, [pair.element for pair in pairs]):
            error = distance(law, pairs, floor, best if best < math.inf else None)
            if error <= tolerance:
                return Reading(law, error)
            best = min(best, error)
        loose = self._loose_after(pairs, tolerance, floor)
        if not loose:
            return Reading(None, best)
        window = _window(pairs, self.group, tolerance, floor)
        return window or Reading(*loose)

    def _loose_after(self, pairs: Sequence[Pair], tolerance: float, floor: float) -> tuple[Law, float] | None:
        """A map that is not known, of a product of groups also after a factor has acted on some axes."""
        found = _loose(pairs, tolerance, floor)
        if found or not isinstance(self.group, Product):
            return found
        for law in islice(_plain(tuple(pairs[0].here.shape), self.group), 1, 1 + MOST_FIRST):
            moved = [
                Pair(pair.element, law.act(pair.element.matrix, pair.here), pair.there) for pair in pairs if law.act
            ]
            found = _loose(moved, tolerance, floor)
            if found:
                return Law(f"{law.text}, {found[0].text}", "loose"), found[1]
        return None

    def candidates(self, x: torch.Tensor, elements: Sequence[Element] = (), *, plain: bool = False) -> Iterator[Law]:
        """Laws that fit a tensor: invariance, tensors on axes, copies of V along one, functions; then with a sign or another order."""
        if not (x.is_floating_point() or x.is_complex()):
            yield from whole_candidates(x, self.group)
            return
        simple = [*_plain(tuple(x.shape), self.group), *(law for law in self.given if law.kind == "plain")]
        yield from simple
        if plain:
            return
        yield from (law for law in self.given if law.kind != "plain")
        for actor in actors(self.group):
            if actor.letter.endswith("*") or not any(_reflects(self.group, each, actor.at) for each in elements):
                continue
            of = f" of {actor.group}" if actor.group is not self.group else ""
            yield from (
                Law(f"{law.text} times the determinant{of}", "pseudo", _signed(law.act, self.group, actor.at), law)
                for law in simple
            )
        if self.group.lie_algebra and 2 <= self.group.n <= 4:
            for axis in _of_size(x.shape, self.group.n):
                usual = Law(_on((axis,)), "plain", axes_action((axis,), self.group))
                for images in permutations(range(self.group.n)):
                    if images != tuple(range(self.group.n)):
                        act = _reordered(axis, images, self.group)
                        yield Law(f"{usual.text} in the order {_letters(images)}", "order", act, usual)


def distance(law: Law, pairs: Sequence[Pair], floor: float, enough: float | None = None) -> float:
    """The largest ||a(g x) - g a(x)||, relative to the larger of both."""
    worst = 0.0
    for pair in pairs:
        try:
            moved = law.act(pair.element.matrix, pair.here) if law.act else pair.here
        except (SymmetryError, RuntimeError):
            return math.inf
        worst = max(worst, relative(pair.there, moved, floor))
        if enough is not None and worst > enough:
            break
    return worst


def relative(one: torch.Tensor, other: torch.Tensor, floor: float = 0.0) -> float:
    """The distance of two tensors over the larger of their norms; infinite where one has gaps. Whole numbers are the same or not."""
    if not (one.is_floating_point() or one.is_complex()):
        return 0.0 if torch.equal(one, other) else 1.0
    size = max(float(one.norm()), float(other.norm()), floor) if one.numel() else 0.0
    if not math.isfinite(size):
        return math.inf
    return float((one - other).norm()) / size if size else 0.0


# ---- candidates ------------------------------------------------------------------------------------------------------


def _plain(shape: tuple[int, ...], group: Group) -> Iterator[Law]:
    """Invariance; V, V* or a factor on every choice of axes, few first; several copies along one axis."""
    yield INVARIANT_LAW
    found = actors(group)
    options = [[None, *(actor for actor in found if actor.n == size)] for size in shape]
    fitting = [axis for axis in range(len(shape) - 1, -1, -1) if len(options[axis]) > 1]
    for count in range(1, min(len(fitting), MOST_AXES) + 1):
        for axes in combinations(fitting, count):
            ordered = tuple(sorted(axes))
            for chosen in product(*([actor for actor in options[axis] if actor] for axis in ordered)):
                yield _on_axes(ordered, chosen, group, named=len(found) > 1)
    for axis in range(len(shape) - 1, -1, -1):
        for actor in found:
            yield from _copies(shape[axis], axis, actor, group)


def _copies(size: int, axis: int, actor: Actor, group: Group) -> Iterator[Law]:
    n = actor.n
    if n == 1:
        return
    if size == n * n:
        yield Law(f"order 2, flat on axis {axis}", "plain", _unflattened(axis, (n, n), (0, 1), actor, group))
    if size % n == 0 and size > n:
        count = size // n
        yield Law(
            f"{count} copies of {actor.letter} on axis {axis}",
            "plain",
            _unflattened(axis, (count, n), (1,), actor, group),
        )
        yield Law(
            f"{actor.letter} times {count} on axis {axis}", "plain", _unflattened(axis, (n, count), (0,), actor, group)
        )


def _on_axes(axes: tuple[int, ...], chosen: Sequence[Actor], group: Group, *, named: bool) -> Law:
    text = (
        ", ".join(f"{actor.letter} on axis {axis}" for axis, actor in zip(axes, chosen, strict=True))
        if named
        else _on(axes)
    )
    return Law(text, "plain", axes_action(axes, group, tuple(actor.factor for actor in chosen)))


def _reflects(group: Group, element: Element, at: int) -> bool:
    matrix = block(group, element.matrix, at)
    return not matrix.is_complex() and float(torch.linalg.det(matrix)) < 0


def _on(axes: tuple[int, ...]) -> str:
    return f"on axis {axes[0]}" if len(axes) == 1 else f"on axes {', '.join(map(str, axes))}"


def _of_size(shape: Sequence[int], n: int) -> list[int]:
    return [axis for axis in range(len(shape) - 1, -1, -1) if shape[axis] == n]


def _unflattened(axis: int, sizes: tuple[int, int], acted: tuple[int, ...], actor: Actor, group: Group) -> Act:
    def act(element: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        apart = x.reshape(*x.shape[:axis], *sizes, *x.shape[axis + 1 :])
        moving = axes_action(tuple(axis + each for each in acted), group, (actor.factor,) * len(acted))
        return moving(element, apart).flatten(axis, axis + 1)

    return act


def _signed(act: Act | None, group: Group, at: int) -> Act:
    def signed(element: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        moved = act(element, x) if act else x
        return -moved if float(torch.linalg.det(block(group, element, at))) < 0 else moved

    return signed


def _reordered(axis: int, images: tuple[int, ...], group: Group) -> Act:
    def act(element: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        at = list(images)
        return axes_action((axis,), group)(element[at][:, at], x)

    return act


def _letters(images: Sequence[int]) -> str:
    names = "xyz" if len(images) <= 3 else "txyz"
    return "".join(names[image] for image in images)


# ---- maps that are not known -----------------------------------------------------------------------------------------


def _loose(pairs: Sequence[Pair], tolerance: float, floor: float) -> tuple[Law, float] | None:
    """Whether for every element some linear map takes all rows for x to those for g x, or the rows are the same in another order."""
    x = pairs[0].here
    by_element: dict[int, list[Pair]] = {}
    for pair in pairs:
        by_element.setdefault(id(pair.element), []).append(pair)
    matrices = [pair.element.matrix for pair in pairs]
    orthogonal = all(float((g @ g.mH - torch.eye(len(g), dtype=g.dtype)).norm()) < 1e-9 for g in matrices)
    blocks: list[tuple[int, ...]] = [(axis,) for axis in range(x.ndim - 1, -1, -1) if x.shape[axis] > 1]
    blocks += [(x.ndim - 2, x.ndim - 1)] if x.ndim >= 2 else []
    test = _same_inner_products if orthogonal else _some_linear_map
    for axes in blocks:
        errors = [test(each, axes, floor) for each in by_element.values()]
        if max(errors) <= tolerance:
            kind = "orthogonal" if orthogonal else "linear"
            return Law(f"by some {kind} map {_on(axes)}", "loose"), max(errors)
    if x.ndim >= 2 and x.shape[-1] > 1 and all(is_permutation(g) for g in matrices):
        error = max(_same_rows(pair, floor) for pair in pairs)
        if error <= tolerance:
            return Law("with its rows in another order", "loose"), error
    return None


def _rows(x: torch.Tensor, axes: tuple[int, ...]) -> torch.Tensor:
    last = tuple(range(-len(axes), 0))
    return x.movedim(axes, last).flatten(x.ndim - len(axes)).reshape(-1, math.prod(x.shape[axis] for axis in axes))


def _stacked(pairs: Sequence[Pair], axes: tuple[int, ...]) -> tuple[torch.Tensor, torch.Tensor]:
    here = torch.cat([_rows(pair.here, axes) for pair in pairs])
    there = torch.cat([_rows(pair.there, axes) for pair in pairs])
    return here, there


def _same_inner_products(pairs: Sequence[Pair], axes: tuple[int, ...], floor: float) -> float:
    """An orthogonal map between two sets of rows exists exactly when all inner products agree."""
    here, there = _stacked(pairs, axes)
    if len(here) < 3:
        return math.inf
    step = max(1, len(here) // MOST_ROWS)
    here, there = here[::step], there[::step]
    return relative(here @ here.mH, there @ there.mH, floor**2)


def _some_linear_map(pairs: Sequence[Pair], axes: tuple[int, ...], floor: float) -> float:
    """A linear map is fitted to the rows of all inputs but one, and has to be right for that one, whose rows it has to reach."""
    if len(pairs) < 2:
        return math.inf
    here, there = _stacked(pairs[:-1], axes)
    last_here, last_there = _stacked(pairs[-1:], axes)
    if here.shape[1] > 256:
        return math.inf
    found = torch.linalg.lstsq(here, there, driver="gelsd").solution
    spanned = torch.linalg.lstsq(here.mT, last_here.mT, driver="gelsd").solution
    reached = relative(here.mT @ spanned, last_here.mT, floor)
    return max(reached, relative(here @ found, there, floor), relative(last_here @ found, last_there, floor))


def _window(pairs: Sequence[Pair], group: Group, tolerance: float, floor: float) -> Reading | None:
    """Coordinates in another order among features on the last axis, such as those of degree 1 among spherical harmonics."""
    x, n = pairs[0].here, group.n
    if not group.lie_algebra or not 2 <= n <= 4 or x.shape[-1] <= n:
        return None
    start = 0
    while start + n <= x.shape[-1]:
        part = [
            Pair(pair.element, pair.here[..., start : start + n], pair.there[..., start : start + n]) for pair in pairs
        ]
        usual = axes_action((x.ndim - 1,), group)
        if distance(Law("", "plain", usual), part, floor) <= tolerance:
            start += n
            continue
        if distance(Law("", "plain", None), part, floor) > tolerance:
            for images in permutations(range(n)):
                act = _reordered(x.ndim - 1, images, group)
                error = distance(Law("", "plain", act), part, floor)
                if error <= tolerance:
                    text = f"from {start} to {start + n - 1} on the last axis in the order {_letters(images)}"
                    return Reading(
                        Law(text, "order", None, Law(_on((x.ndim - 1,)), "plain", _partial(usual, start, n))), error
                    )
        start += 1
    return None


def _partial(act: Act, start: int, n: int) -> Act:
    """An action on a part of the last axis; NaN elsewhere, which means: as it is."""

    def partial(element: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        made = torch.full_like(x, math.nan)
        made[..., start : start + n] = act(element, x[..., start : start + n])
        return made

    return partial


def _same_rows(pair: Pair, floor: float) -> float:
    here, there = pair.here.flatten(1), pair.there.flatten(1)
    weights = torch.linspace(1.0, 2.0, here.shape[1], dtype=torch.float64).to(here.device, here.dtype)
    by_here, by_there = (rows[(rows @ weights).real.argsort()] for rows in (here, there))
    return relative(by_here, by_there, floor)


# ---- whole numbers ---------------------------------------------------------------------------------------------------


def _read_whole(pairs: Sequence[Pair], group: Group) -> Reading:
    """Whole numbers and booleans: the same, permuted along axes, naming coordinates, or both."""
    same = all(torch.equal(pair.here, pair.there) for pair in pairs)
    x = pairs[0].here
    for law in whole_candidates(x, group):
        act = law.act
        if act and all(torch.equal(act(pair.element.matrix, pair.here), pair.there) for pair in pairs):
            return Reading(law, 0.0)
    labels = _labels(x, group)
    if labels and _are_pairs(x):
        if all(_same_columns(labels, pair) for pair in pairs):
            return Reading(Law("as labels, in another order"), 0.0)
        if same:
            return Reading(Law("as if nodes had not been relabelled", "order", None, labels), 0.0)
    return Reading(INVARIANT_LAW, 0.0) if same else Reading(None, math.inf)


def _labels(x: torch.Tensor, group: Group) -> Law | None:
    """The law of labels, where whole numbers can be some."""
    permuting = [actor for actor in actors(group) if actor.permutes]
    if len(permuting) != 1 or x.dtype == torch.bool or not x.numel() or int(x.max()) >= permuting[0].n:
        return None
    return Law("as labels", "plain", action(Labels(), group, x, "a tensor"))


def _are_pairs(x: torch.Tensor) -> bool:
    """Whether whole numbers look like edges."""
    return x.ndim == 2 and 2 in x.shape and int(x.min()) >= 0 and len(torch.unique(x)) > 2


def _same_columns(law: Law, pair: Pair) -> bool:
    if law.act is None:
        return False
    one, other = law.act(pair.element.matrix, pair.here), pair.there
    if one.shape[0] == 2:
        one, other = one.T, other.T
    keys = torch.tensor([1 << 20, 1], device=one.device)
    return torch.equal(*(rows[(rows * keys).sum(1).argsort()] for rows in (one, other)))


def whole_candidates(x: torch.Tensor, group: Group) -> Iterator[Law]:
    """Laws of whole numbers under permutations."""
    permuting = [actor for actor in actors(group) if actor.permutes]
    laws = []
    for actor in permuting:
        fitting = [axis for axis in range(x.ndim - 1, -1, -1) if x.shape[axis] == actor.n]
        for count in range(1, min(len(fitting), MOST_AXES) + 1):
            choices = combinations(fitting, count)
            laws += [
                _on_axes(tuple(sorted(axes)), [actor] * count, group, named=len(permuting) > 1) for axes in choices
            ]
    yield from laws
    labels = _labels(x, group)
    if labels and labels.act:
        yield labels
        for law in laws:
            yield Law(f"as labels and {law.text}", "plain", _both(labels.act, law.act))


def _both(one: Act, other: Act | None) -> Act:
    return lambda element, x: one(element, other(element, x) if other else x)
