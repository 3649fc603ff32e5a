"""Counterexamples in words and in HTML: rounded, the same on every machine."""

__all__ = ["cycles", "in_html", "in_words"]

from html import escape

import torch

from workbench.symmetry import Combination, Diagram

DIGITS = 3


def in_words(name: str, value: object) -> str:
    """One line for a value; a permutation matrix called g is shown as cycles."""
    if isinstance(value, torch.Tensor):
        permuted = cycles(value) if name == "g" else None
        return permuted or _numbers(_listed(value))
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, Diagram):
        return f"({value})"
    return str(value)


def in_html(name: str, value: object) -> str:
    """A value as HTML: diagrams drawn, matrices in rows and columns."""
    if isinstance(value, Diagram | Combination) and (isinstance(value, Diagram) or value.terms):
        from workbench.figures import equivariant_diagrams

        return equivariant_diagrams(value)._repr_html_()
    if isinstance(value, torch.Tensor) and value.ndim == 2 and not (name == "g" and cycles(value)):
        cells = [[_number(each) for each in row] for row in _listed(value)]
        wide = max((len(each) for row in cells for each in row), default=0)
        lines = ["  ".join(each.rjust(wide) for each in row) for row in cells]
        return f"<pre style='margin:0'>{escape(chr(10).join(lines))}</pre>"
    return f"<code>{escape(in_words(name, value))}</code>"


def cycles(g: torch.Tensor) -> str | None:
    """A permutation matrix as cycles, counted from 1; None for any other."""
    square = g.ndim == 2 and g.shape[0] == g.shape[1]
    if not square or g.is_complex() or not bool(((g == 0) | (g == 1)).all()):
        return None
    if not bool((g.sum(0) == 1).all() and (g.sum(1) == 1).all()):
        return None
    images, seen, found = g.argmax(0).tolist(), set(), []
    for start in range(len(images)):
        cycle, at = [], start
        while at not in seen:
            seen.add(at)
            cycle.append(at + 1)
            at = images[at]
        if len(cycle) > 1:
            found.append(f"({' '.join(map(str, cycle))})")
    return "".join(found) or "identity"


def _listed(value: torch.Tensor) -> list:  # type: ignore[type-arg]  # nested to any depth
    made = value.detach().to("cpu")
    return (made.to_dense() if made.layout != torch.strided else made).tolist()


def _numbers(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_numbers, value))}]"
    return _number(value)


def _number(value: object) -> str:
    if isinstance(value, complex):
        return f"{_number(value.real)}{'-' if value.imag < -5e-13 else '+'}{_number(abs(value.imag))}j"
    if isinstance(value, bool) or not isinstance(value, float | int):
        return str(value)
    return f"{0.0 if abs(value) < 1e-12 else value:.{DIGITS}g}"
