"""The commuting square: an input, the map and a group element, both ways round, and how far the two ends are apart."""

__all__ = ["Job", "Mapped", "Square", "difference", "example", "examples_of", "walked"]

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
import torch

from workbench.symmetry import Diagram, Hom, SymmetryError
from workbench.symmetry._halves import spread
from workbench.symmetry._maps import Maps
from workbench.widgets._symmetry_choice import Choice
from workbench.widgets._symmetry_element import Turn, is_permuting, spoken

DRAWN = 4_096
"""A tensor of at most so many numbers is drawn."""
MOST_DENSE = 4_000_000
"""Entries of a matrix that is formed where there is no other way."""
NODES = 16
"""A graph of at most so many vertices is drawn as one."""


class Mapped:
    """The chosen maps as a function of tensors, made once for a set of diagrams and used with any weights.

    Parameters
    ----------
    hom
        The maps.
    on
        Positions of the diagrams that are switched on.
    """

    def __init__(self, hom: Hom, on: tuple[int, ...]) -> None:
        self._hom, self._on = hom, on
        self._maps: Maps | None = None
        self._dense: list[torch.Tensor] = []
        if not on:
            return
        if hasattr(hom.diagrams, "rows") and isinstance(hom.diagrams[on[0]], Diagram):
            self._maps = Maps(_subset(hom, on))
        elif hom.group.n**hom.order > MOST_DENSE:
            raise SymmetryError(f"the matrices of {hom} have {hom.group.n**hom.order:,} entries; make n smaller")
        else:
            self._dense = [hom.diagrams[at].matrix().to_dense() for at in on]

    def __call__(self, weights: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """(diagrams,) and (batch, n, ..., n) -> (batch, n, ..., n)."""
        n, rank = self._hom.group.n, len(self._hom.target)
        shape = (len(x), *(n,) * rank)
        if self._maps is not None:
            halves, parts = self._maps(weights.to(x.dtype)[:, None, None], x.unsqueeze(0))
            return spread(parts, halves, (1, *shape), rank, self._maps.form)[0]
        total = x.new_zeros(shape)
        for weight, matrix in zip(weights, self._dense, strict=True):
            dtype = torch.promote_types(x.dtype, torch.complex64) if matrix.is_complex() else x.dtype
            total = total + weight.to(dtype) * (x.reshape(len(x), -1).to(dtype) @ matrix.to(dtype).T).reshape(shape)
        return total


def _subset(hom: Hom, on: tuple[int, ...]) -> Any:
    from workbench.symmetry._families import Rows
    from workbench.symmetry._hom import Diagrams

    rows, at = hom.diagrams.rows, list(on)
    return Diagrams(hom, Rows(rows.labels[at], rows.head[at]))


@dataclass(frozen=True, eq=False)
class Job:
    """What both ways round are asked for."""

    choice: Choice
    turn: Turn
    kind: str
    x: torch.Tensor
    places: torch.Tensor | None

    def apply(self, mapped: Mapped, x: torch.Tensor) -> torch.Tensor:
        """The map, with its broken entry if there is one."""
        choice = self.choice
        y = mapped(torch.tensor(list(choice.weights.values()), dtype=torch.float64), x)
        if choice.broken is not None:
            row, column, by = choice.broken
            flat = y.reshape(len(y), -1).clone()
            flat[:, row] += by * x.reshape(len(x), -1)[:, column]
            y = flat.reshape(y.shape)
        return y


@dataclass(frozen=True, eq=False)
class Square:
    """Both ways round: x, f(x), gx, f(gx), g f(x), the relative difference of the last two, and the seconds of one f."""

    job: Job
    fx: torch.Tensor
    gx: torch.Tensor
    fgx: torch.Tensor
    gfx: torch.Tensor
    error: float
    seconds: float

    def to_spec(self, serial: int) -> dict[str, Any]:
        """What the page draws; tensors as 32-bit numbers."""
        job, hom = self.job, self.job.choice.hom
        element = job.turn.element
        n = hom.group.n
        permuting = is_permuting(hom.group)
        corners = {"x": job.x, "fx": self.fx, "gx": self.gx, "fgx": self.fgx, "gfx": self.gfx}
        small = all(each.numel() <= DRAWN for each in corners.values())
        spec: dict[str, Any] = {
            "serial": serial,
            "kind": job.kind,
            "n": n,
            "batch": len(job.x),
            "from": _drawn_as(job.kind, len(hom.source), n, permuting) if small else "none",
            "to": _drawn_as(job.kind, len(hom.target), n, permuting) if small else "none",
            "orders": [len(hom.source), len(hom.target)],
            "element": spoken(element),
            "images": [int(at) for at in element.argmax(0)] if permuting else [],
            "entries": [[_short(each) for each in row] for row in element.real.tolist()] if n <= 4 else [],
            "axis": job.turn.axis,
            "amount": job.turn.amount,
            "error": self.error,
            "seconds": self.seconds,
            "still": bool(torch.equal(job.x, self.gx)),
            "zero": not bool(self.fx.abs().max() > 0) if self.fx.numel() else True,
        }
        if small:
            spec |= {name: _packed(each) for name, each in corners.items()}
        if job.places is not None:
            spec |= {"places": _packed(job.places), "moved": _packed(hom.group.act(element, job.places, 1))}
        return spec


def walked(job: Job, mapped: Mapped) -> Square:
    """Go both ways round the square."""
    hom, element = job.choice.hom, job.turn.element
    act = hom.group.act
    gx = act(element, job.x, hom.source)
    (fx, once), (fgx, again) = _timed(job, mapped, job.x), _timed(job, mapped, gx)
    gfx = act(element, fx, hom.target)
    return Square(job, fx, gx, fgx, gfx, difference(fgx, gfx), min(once, again))


def _timed(job: Job, mapped: Mapped, x: torch.Tensor) -> tuple[torch.Tensor, float]:
    start = time.perf_counter()
    y = job.apply(mapped, x)
    return y, time.perf_counter() - start


def difference(a: torch.Tensor, b: torch.Tensor) -> float:
    """||a - b|| relative to the larger of the two; 0 where both are 0."""
    size = max(float(a.norm()), float(b.norm()))
    return float((a - b).norm()) / size if size else 0.0


def _drawn_as(kind: str, order: int, n: int, permuting: bool) -> str:
    if kind in ("points", "field") and order <= 1:
        return ("dots" if order == 0 else "points") if kind == "points" else ("dots" if order == 0 else "arrows")
    if order == 0:
        return "number"
    if permuting and n <= NODES and order <= 2 and kind != "image":
        return "values" if order == 1 else "graph"
    return "bars" if order == 1 else "heat"


def _packed(values: torch.Tensor) -> bytes:
    real = values.real if values.is_complex() else values
    return np.ascontiguousarray(real.detach().to(torch.float32).numpy()).astype("<f4").tobytes()


def _short(value: float) -> float:
    return float(f"{value:.4g}")


# ---- inputs ----------------------------------------------------------------------------------------------------------


def examples_of(hom: Hom) -> list[str]:
    """Which inputs fit the group and the order, the most telling first."""
    order, n = len(hom.source), hom.group.n
    permuting = is_permuting(hom.group)
    plain = not hom.group.walled and hom.group.form is None and not permuting
    found = []
    if permuting and order == 1:
        found.append("values")
    if permuting and order == 2:
        found += ["graph", "image"] if n >= 3 else []
    if plain and order == 1 and len(hom.target) <= 1:
        found += {2: ["points", "field"], 3: ["points"]}.get(n, [])
    return [*found, "random"]


def example(hom: Hom, kind: str, seed: int) -> tuple[torch.Tensor, torch.Tensor | None]:
    """An input (batch, n, ..., n) of a kind, float64, and for a field the places of its vectors, (batch, 2).

    Raises
    ------
    SymmetryError
        When it does not fit.
    """
    fits = examples_of(hom)
    if kind not in fits:
        raise SymmetryError(f"an input of kind {kind!r} does not fit {hom}; there are {', '.join(fits)}")
    n, order = hom.group.n, len(hom.source)
    generator = torch.Generator().manual_seed(seed)
    makers: dict[str, Callable[[], torch.Tensor]] = {
        "values": lambda: torch.rand(n, generator=generator, dtype=torch.float64) * 2 - 1,
        "graph": lambda: _graph(n, seed, generator),
        "image": lambda: _image(n, generator),
        "random": lambda: torch.randn((n,) * order, generator=generator, dtype=hom.group.dtype),
    }
    if kind in makers:
        return makers[kind]().unsqueeze(0), None
    if kind == "points":
        return _letter(n, seed), None
    places = torch.cartesian_prod(*[torch.linspace(-1, 1, 7, dtype=torch.float64)] * 2)
    centre = torch.randn(2, generator=generator, dtype=torch.float64) * 0.35
    away = places - centre
    turned = torch.stack([-away[:, 1], away[:, 0]], 1)
    return (turned * 0.7 + away * 0.25) / (0.35 + away.square().sum(1, keepdim=True)), places


def _graph(n: int, seed: int, generator: torch.Generator) -> torch.Tensor:
    """A cycle with a chord; another seed gives a random graph."""
    made = torch.zeros(n, n, dtype=torch.float64)
    if seed:
        made = (torch.rand(n, n, generator=generator) < 0.5).to(torch.float64).triu(1)
    else:
        for at in range(n):
            made[at, (at + 1) % n] = 1
        made[0, n // 2] = 1
    return (made + made.T).clamp(max=1).fill_diagonal_(0)


def _image(n: int, generator: torch.Generator) -> torch.Tensor:
    """A slanted gradient with a bright corner piece: nothing in it is symmetric."""
    rows, columns = torch.meshgrid(*[torch.linspace(0, 1, n, dtype=torch.float64)] * 2, indexing="ij")
    slant = torch.rand(2, generator=generator, dtype=torch.float64) + 0.3
    picture = 0.5 * (slant[0] * rows + slant[1] * columns) / slant.sum()
    picture[: max(1, n // 2), : max(1, n // 4)] = 1.0
    return picture


@lru_cache(maxsize=8)
def _letter(n: int, seed: int) -> torch.Tensor:
    """Points along a letter without symmetry, in the plane or in space, (points, n); another seed gives another letter."""
    letters = (
        ((-0.5, -0.9), (-0.5, 0.9), (0.6, 0.9), None, (-0.5, 0.1), (0.3, 0.1)),
        ((-0.5, 0.9), (-0.5, -0.9), (0.6, -0.9)),
        ((-0.5, -0.9), (-0.5, 0.9), (0.4, 0.75), (0.4, 0.2), (-0.5, 0.05), (0.5, -0.9)),
    )
    strokes = letters[seed % len(letters)]
    points: list[tuple[float, ...]] = []
    for a, b in pairwise(strokes):
        if a is None or b is None:
            continue
        steps = max(2, round(math.dist(a, b) / 0.1))
        points += [tuple(p + (q - p) * step / steps for p, q in zip(a, b, strict=True)) for step in range(steps + 1)]
    made = torch.tensor(sorted(set(points)), dtype=torch.float64)
    if n == 3:
        made = torch.cat([made, 0.35 * made[:, :1] + 0.2], 1)
    return made
