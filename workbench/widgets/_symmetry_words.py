"""What the lab shows as text: its groups, the line of Python and the layer as code."""

__all__ = ["check_of", "code_of", "line_of", "power_of", "short", "typed"]

from typing import Any

from workbench.symmetry import Hom, Rep
from workbench.widgets._symmetry_choice import OWN, Choice, family_of, is_plain, plainly

MOST_LINES = 60


def power_of(hom: Hom, space: Any) -> int | tuple[int, int] | list[bool] | Rep:
    """A tensor power as one types it; other spaces as representations."""
    group = hom.group
    if not is_plain(hom):
        return Rep.of(group, space)
    if not group.walled:
        return len(space)
    if space == tuple(sorted(space)):
        return space.count(False), space.count(True)
    return list(space)


def typed(hom: Hom) -> str:
    """Its group as one types it; for one of the user's the name of a variable."""
    return "G" if family_of(hom) == OWN else repr(hom.group)


def line_of(choice: Choice) -> str:
    """The maps as a line of Python."""
    hom = choice.hom
    if not is_plain(hom):
        return f"hom = ...  # {hom!r}"
    return f"hom = {typed(hom)}.hom({power_of(hom, hom.source)}, {power_of(hom, hom.target)})"


def code_of(choice: Choice, weights: dict[int, float] | None) -> str:
    """The layer with the weights on the page, as code that runs.

    Parameters
    ----------
    choice
        What is on the page.
    weights
        Position in `hom.basis()` -> weight; None where it is not known.
    """
    hom, (c_in, c_out) = choice.hom, choice.channels
    family = family_of(hom)
    name = "G" if family == OWN else family
    lines = ["import torch"]
    lines += [f"from workbench.symmetry import {name}"] if family != OWN else []
    lines += ["", *([f"# G is {hom.group!r}"] if family == OWN else []), line_of(choice)]
    lines.append(f"layer = hom.layer({c_in}, {c_out}, bias=False)  # {hom.dimension * c_in * c_out:,} weights")
    if weights is None:
        return (
            "\n".join(
                [*lines, "# the weights on the page are not given in the layer's basis: too many diagrams are on"]
            )
            + "\n"
        )
    if len(weights) > MOST_LINES:
        return (
            "\n".join([*lines, f"# {len(weights):,} diagrams are on: take lab.layer(), which has their weights"]) + "\n"
        )
    lines += ["", "with torch.no_grad():  # the weights on the page, by their places in hom.basis()"]
    lines.append("    layer.weight.zero_()")
    basis = hom.basis()
    width = max((len(_entry(at, value)) for at, value in weights.items()), default=0)
    lines += [f"    {_entry(at, value):<{width}}  # {basis[at]!r}" for at, value in weights.items()]
    shape = ["8", str(c_in), *map(str, hom.group.sizes(hom.source))]
    dtype = ", dtype=torch.complex64" if hom.group.dtype.is_complex else ""
    lines += ["", f"x = torch.randn({', '.join(shape)}{dtype})", "y = layer(x)"]
    lines.append(f"# y.shape: ({', '.join(['8', str(c_out), *map(str, hom.group.sizes(hom.target))])})")
    return "\n".join(lines) + "\n"


def check_of(choice: Choice) -> str:
    """The microscope on the layer, as a line of Python; nothing for spaces with V*, whose specs are representations."""
    hom = choice.hom
    if not is_plain(hom) or hom.group.walled:
        return ""
    shape = ", ".join(["8", "1", *map(str, hom.group.sizes(hom.source))])
    orders = f"inputs={len(plainly(hom.source) or ())}, outputs={len(plainly(hom.target) or ())}"
    return f"wb.symmetry.check(lab.layer(), lab.hom.group, sample=torch.randn({shape}), {orders})"


def _entry(at: int, value: float) -> str:
    return f"layer.weight[{at}] = {short(value)}"


def short(value: float) -> Any:
    """A weight without digits nobody chose."""
    return float(f"{value:.6g}")
