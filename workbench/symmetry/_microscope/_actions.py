"""How a group acts on a model's arguments and results: tensor orders, representations, axes, labels, irreps."""

__all__ = ["Action", "Axes", "Labels", "Spec", "action"]

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch

from workbench.symmetry._errors import SymmetryError
from workbench.symmetry._groups import Duals, Factor, Group
from workbench.symmetry._microscope._actors import actors, block
from workbench.symmetry._product_group import Product
from workbench.symmetry._representation import Rep

if TYPE_CHECKING:
    from workbench.symmetry._groups import Power, Space

Spec = Any
"""0, a tensor order, a `Rep`, `Axes`, `Labels`, irreps of e3nn or a function (element, tensor) -> tensor."""


@dataclass(frozen=True, init=False, repr=False)
class Axes:
    """Which axes of a tensor a group acts on, where they are not the last ones.

    Parameters
    ----------
    *axes
        Their numbers, from the front or, negative, from the back. Permuting the nodes of a graph acts on axis 0 of positions
        (nodes, 3), on axes 0 and 1 of an adjacency matrix with features (nodes, nodes, channels).
    power
        Which factor each axis is: a representation such as ``V * V.dual``, or what `group.act` takes. Left out, all are V's; of a
        product of groups the factor that acts on axes of such a size.

    Raises
    ------
    SymmetryError
        When no axis is given, one twice, or one that is not a whole number.

    Examples
    --------
    >>> from workbench.symmetry import S, check
    >>> layer = torch.nn.Linear(3, 4)
    >>> check(layer, S(5), sample=torch.randn(5, 3), inputs=Axes(0), outputs=Axes(0)).sound
    True
    """

    axes: tuple[int, ...]
    power: "Power | Rep | None"

    def __init__(self, *axes: int, power: "Power | Rep | None" = None) -> None:
        if not axes or any(isinstance(axis, bool) or not isinstance(axis, int) for axis in axes):
            raise SymmetryError(
                f"Axes takes the numbers of axes, such as Axes(0, 1), not {axes!r}; for invariants give 0"
            )
        if len(set(axes)) < len(axes):
            raise SymmetryError(f"Axes{axes} names an axis twice")
        object.__setattr__(self, "axes", axes)
        object.__setattr__(self, "power", power)

    def __repr__(self) -> str:
        shown = ", ".join(map(str, self.axes))
        return f"Axes({shown})" if self.power is None else f"Axes({shown}, power={self.power!r})"


@dataclass(frozen=True)
class Labels:
    """Whole numbers that name coordinates of V, for groups of permutations: the entries themselves are permuted.

    That is how relabelling the nodes of a graph acts on an `edge_index` of shape (2, edges). Negative entries, as used for
    padding, stay. Of a product of groups it is the factor that permutes.

    Examples
    --------
    >>> from workbench.symmetry import S, check
    >>> class Sums(torch.nn.Module):
    ...     def forward(self, x, edges):
    ...         return torch.zeros_like(x).index_add(0, edges[1], x[edges[0]])
    >>> sample = (torch.randn(4, 2), torch.tensor([[0, 1, 2], [1, 2, 3]]))
    >>> check(Sums(), S(4), sample=sample, inputs=(Axes(0), Labels()), outputs=Axes(0)).sound
    True
    """


@dataclass(frozen=True)
class Action:
    """How the group acts on one tensor, and how that is said."""

    text: str
    apply: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
    order: int = 0
    trivial: bool = False
    given: bool = False
    """Whether it is not one of the group's own tensors: a function, irreps, a direct sum."""
    others: "tuple[Action, ...]" = ()
    """What may have been meant instead: irreps of other parities."""
    axes: tuple[int, ...] = ()
    space: "Space | None" = None
    """Of what the group itself knows: the axes it acts on, and the tensor power or representation."""

    def __call__(self, element: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        return x if self.trivial else self.apply(element, x)


INVARIANT = Action("invariant", lambda _, x: x, trivial=True, space=())


def action(spec: Spec, group: Group, x: torch.Tensor, name: str) -> Action:
    """What a spec means for a tensor called `name`; refused where it does not fit its shape."""
    if isinstance(spec, Action):
        return spec
    if isinstance(spec, bool) or spec is None:
        raise SymmetryError(f"{name} has the spec {spec!r}; {_KINDS}")
    if isinstance(spec, int):
        if spec < 0:
            raise SymmetryError(f"{name} has the spec {spec}; a tensor order is 0 or more")
        if spec == 0:
            return INVARIANT
        axes = len(group.duals(spec))
        if x.ndim < axes:
            raise SymmetryError(
                f"{name} has {x.ndim} axes, shape {tuple(x.shape)}, and is declared as a tensor of order {spec}; "
                f"its last {axes} axes would be those of {group}"
            )
        made = _on_axes(Axes(*range(-axes, 0), power=spec), group, x, name)
        return replace(made, text=f"order {spec}")
    if isinstance(spec, Axes):
        return _on_axes(spec, group, x, name)
    if isinstance(spec, Labels):
        return _on_labels(group, x, name)
    if isinstance(spec, Rep):
        return _on_features(spec, group, x, name)
    if isinstance(spec, str) or hasattr(spec, "D_from_matrix"):
        return _on_irreps(spec, group, x, name)
    if callable(spec):
        return _by_function(spec, name)
    raise SymmetryError(f"{name} has the spec {spec!r} of type {type(spec).__name__}; {_KINDS}")


_KINDS = (
    "give 0 for an invariant, a tensor order (1 for vectors on the last axis), a Rep such as V**2 + 3*V, Axes(0), Labels(), "
    'e3nn irreps such as "1x0e + 1x1o", or a function (element, tensor) -> tensor'
)


def axes_action(axes: tuple[int, ...], group: Group, power: "Power | None" = None) -> Action:
    """The action on some axes, which are known to fit."""
    factors = group.duals(len(axes) if power is None else power)

    def apply(element: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        if not (x.is_floating_point() or x.is_complex()):
            for axis, matrix in zip(axes, group._matrices(element, factors), strict=True):
                x = x.index_select(axis, preimages(matrix).to(x.device))
            return x
        last = tuple(range(-len(axes), 0))
        return group.act(element, x.movedim(axes, last), factors).movedim(last, axes)

    return Action(repr(Axes(*axes, power=power)), apply, len(axes), axes=axes, space=factors)


def is_permutation(element: torch.Tensor) -> bool:
    """Whether a matrix permutes coordinates."""
    ones = element == 1
    return bool((ones | (element == 0)).all()) and bool((ones.sum(0) == 1).all()) and bool((ones.sum(1) == 1).all())


def preimages(element: torch.Tensor) -> torch.Tensor:
    """For every coordinate the one that a permutation takes there."""
    if element.ndim != 2 or not is_permutation(element):
        raise SymmetryError(
            "whole numbers and booleans can only be permuted, and the group has elements that are no permutations; "
            "declare such an argument invariant, 0"
        )
    return element.real.argmax(1)


def _on_axes(spec: Axes, group: Group, x: torch.Tensor, name: str) -> Action:
    axes = tuple(axis + x.ndim if axis < 0 else axis for axis in spec.axes)
    if any(not 0 <= axis < x.ndim for axis in axes):
        raise SymmetryError(f"{name} has {x.ndim} axes, shape {tuple(x.shape)}; {spec} names others")
    if len(set(axes)) < len(axes):
        raise SymmetryError(f"{spec} names an axis of {name}, shape {tuple(x.shape)}, twice")
    factors = _factors(spec, [x.shape[axis] for axis in axes], group, name)
    sizes = group.sizes(factors)
    if len(sizes) != len(axes):
        raise SymmetryError(f"{spec} names {len(axes)} axes of {name} and a power of {len(sizes)} factors")
    found = tuple(x.shape[axis] for axis in axes)
    if found != tuple(sizes):
        fitting = [axis for axis in range(x.ndim) if x.shape[axis] in sizes]
        where = (
            f"axes of that size: {', '.join(map(str, fitting))}; say Axes(...)"
            if fitting
            else "none of its axes has that size"
        )
        shown = ", ".join(map(str, spec.axes))
        raise SymmetryError(
            f"{name} has shape {tuple(x.shape)}: {group} acts on axes of size {_few(sizes)}, and Axes({shown}) are of size {_few(found)}; {where}"
        )
    return replace(axes_action(axes, group, factors), text=repr(spec))


def _factors(spec: Axes, sizes: Sequence[int], group: Group, name: str) -> Duals:
    """Which factor acts on each axis."""
    if isinstance(spec.power, Rep):
        power = group._power(spec.power)
        if isinstance(power, Rep):
            raise SymmetryError(
                f"{spec} of {name} gives a sum, {power}; the axes of a tensor are a single tensor power"
            )
        return power
    if spec.power is not None:
        return group.duals(spec.power)
    if not isinstance(group, Product):
        return group.duals(len(sizes))
    found: list[Factor] = []
    for axis, size in zip(spec.axes, sizes, strict=True):
        fitting = [actor for actor in actors(group) if actor.n == size]
        if len(fitting) != 1:
            many = f"{len(fitting)} factors act on such axes" if fitting else "no factor acts on such axes"
            raise SymmetryError(
                f"axis {axis} of {name} is of size {size}, and of {group} {many}; name the factor, as in "
                f"Axes({axis}, power=group.parts[0])"
            )
        found.append(fitting[0].factor)
    return tuple(found)


def _few(sizes: tuple[int, ...]) -> str:
    return ", ".join(map(str, dict.fromkeys(sizes)))


def _on_features(rep: Rep, group: Group, x: torch.Tensor, name: str) -> Action:
    if rep.group != group:
        raise SymmetryError(f"{name} is declared as {rep}, a representation of {rep.group}; the check is for {group}")
    if x.shape[-1:] != (rep.size,):
        raise SymmetryError(
            f"{name} is declared as {rep}, {rep.size} numbers on the last axis; its shape is {tuple(x.shape)}"
        )
    order = max((len(power) for power, _ in rep.terms), default=0)
    return Action(repr(rep), rep.act, order, given=True, axes=(x.ndim - 1,), space=rep)


def _on_labels(group: Group, x: torch.Tensor, name: str) -> Action:
    if x.is_floating_point() or x.is_complex() or x.dtype == torch.bool:
        raise SymmetryError(
            f"{name} is declared as Labels(), whole numbers that name coordinates; its dtype is {x.dtype}"
        )
    permuting = [actor for actor in actors(group) if actor.permutes]
    if len(permuting) != 1:
        raise SymmetryError(
            f"{name} is declared as Labels(), and {len(permuting)} factors of {group} permute coordinates; "
            + (
                "labels are for groups of permutations, such as S(n)"
                if not permuting
                else "give a function (element, tensor) -> tensor"
            )
        )
    (actor,) = permuting
    if x.numel() and int(x.max()) >= actor.n:
        raise SymmetryError(
            f"{name} is declared as Labels() of {actor.group}, numbers below {actor.n}; its largest entry is {int(x.max())}"
        )

    def apply(element: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        images = preimages(block(group, element, actor.at)).argsort().to(x.device, x.dtype)
        return torch.where(x >= 0, images[x.clamp(min=0).long()], x)

    return Action("Labels()", apply, 1)


def _on_irreps(spec: Any, group: Group, x: torch.Tensor, name: str) -> Action:
    from workbench.symmetry._classical_groups import SO, O

    if group not in (O(3), SO(3)):
        raise SymmetryError(
            f"{name} is declared by irreps {str(spec)!r}, which are those of O(3) and SO(3); the check is for {group}"
        )
    if isinstance(spec, str):
        try:
            from e3nn.o3 import Irreps  # type: ignore[import-not-found]
        except ImportError:
            raise SymmetryError(
                f"{name} is declared by irreps {spec!r}, which needs e3nn; install e3nn, or give a tensor order or a Rep"
            ) from None
        try:
            spec = Irreps(spec)
        except ValueError as error:
            raise SymmetryError(f"{name} is declared by irreps that e3nn does not understand: {error}") from None
    if x.shape[-1:] != (spec.dim,):
        raise SymmetryError(
            f"{name} is declared as irreps {spec}, {spec.dim} numbers on the last axis; its shape is {tuple(x.shape)}"
        )
    return replace(_irreps_action(spec), others=tuple(map(_irreps_action, _other_parities(spec))))


def _irreps_action(irreps: Any) -> Action:
    known: dict[bytes, torch.Tensor] = {}

    def apply(element: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        key = element.cpu().numpy().tobytes()
        if key not in known:  # Wigner matrices are slow to make
            known[key] = irreps.D_from_matrix(element.cpu())
        return x @ known[key].to(x.device, x.dtype).T

    return Action(f"irreps {irreps}", apply, max((ir.l for _, ir in irreps), default=0), given=True)


def _other_parities(irreps: Any) -> list[Any]:
    """The same irreps with the parity of one block changed, or of all."""
    blocks = [(copies, ir.l, ir.p) for copies, ir in irreps]
    choices = [{at} for at in range(len(blocks))] + ([set(range(len(blocks)))] if len(blocks) > 1 else [])
    return [
        type(irreps)([(copies, (degree, -p if at in chosen else p)) for at, (copies, degree, p) in enumerate(blocks)])
        for chosen in choices
    ]


def _by_function(spec: Callable[..., Any], name: str) -> Action:
    shown = getattr(spec, "__name__", type(spec).__name__)

    def apply(element: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        try:
            moved = spec(element.to(x.device, x.dtype if x.is_floating_point() else element.dtype), x)
        except Exception as error:
            raise SymmetryError(
                f"the function {shown} fails on {name}, shape {tuple(x.shape)}: {type(error).__name__}: {error}"
            ) from error
        if not isinstance(moved, torch.Tensor) or moved.shape != x.shape:
            found = f"shape {tuple(moved.shape)}" if isinstance(moved, torch.Tensor) else type(moved).__name__
            raise SymmetryError(
                f"the function {shown} that acts on {name} returned {found}; it takes a tensor to one of its shape, {tuple(x.shape)}"
            )
        return moved

    return Action(f"function {shown}", apply, 1, given=True)
