"""The commuting square: an input, the map and a group element, both ways round, and how far the two ends are apart."""

__all__ = ["Job", "Mapped", "Square", "difference", "packed", "transformed", "walked"]

import math
import time
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch

from workbench.symmetry import A, Group, Hom, Product, Rep, S, SymmetryError
from workbench.symmetry._diagram_hom import DiagramHom, Diagrams
from workbench.symmetry._families import Rows
from workbench.symmetry._groups import Space
from workbench.widgets._symmetry_choice import Choice, positions, sizes_of
from workbench.widgets._symmetry_element import Turn, is_permuting, spoken
from workbench.widgets._symmetry_inputs import cloud, is_cloud
from workbench.widgets._symmetry_pictures import edges_of, places_of

DRAWN = 4_096
"""A tensor of at most so many numbers is drawn."""
MOST_DENSE = 4_000_000
"""Entries of a matrix that is formed where there is no other way."""
NODES = 16
"""A graph of at most so many vertices is drawn as one."""


class Mapped:
    """The chosen maps as a function of tensors, made once for those that are switched on and used with any weights.

    Diagrams are cut into halves, as a layer does it; other maps are applied as the layer of the whole basis does, or
    as matrices where they are not in the basis.

    Parameters
    ----------
    hom
        The maps.
    on
        Positions of those that are switched on.
    """

    def __init__(self, hom: Hom, on: tuple[int, ...]) -> None:
        self._source, self._target = sizes_of(hom)
        self._module: Any = None
        self._places: list[int] | None = None
        self._dense: list[torch.Tensor] = []
        self._dimension = hom.dimension
        place = (
            {at: number for number, at in enumerate(positions(hom))} if on and not isinstance(hom, DiagramHom) else {}
        )
        if not on:
            return
        if isinstance(hom, DiagramHom):
            self._module = _Chosen(hom, on).maps()
        elif all(at in place for at in on):
            self._module, self._places = hom.maps(), [place[at] for at in on]
        elif math.prod(hom.shape) > MOST_DENSE:
            raise SymmetryError(f"the matrices of {hom} have {math.prod(hom.shape):,} entries; make n smaller")
        else:
            self._dense = [hom.diagrams[at].matrix().to_dense() for at in on]

    def __call__(self, weights: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """(maps,) and (batch, *source) -> (batch, *target)."""
        shape = (len(x), *self._target)
        if self._module is not None:
            if self._places is not None:
                weights = torch.zeros(self._dimension, dtype=weights.dtype).index_put(
                    (torch.tensor(self._places),), weights
                )
            y: torch.Tensor = self._module(weights.to(x.dtype)[:, None, None], x.unsqueeze(1))
            return y[:, 0]
        total = x.new_zeros(shape)
        for weight, matrix in zip(weights, self._dense, strict=True):
            dtype = torch.promote_types(x.dtype, torch.complex64) if matrix.is_complex() else x.dtype
            total = total + weight.to(dtype) * (x.reshape(len(x), -1).to(dtype) @ matrix.to(dtype).T).reshape(shape)
        return total


class _Chosen(DiagramHom):
    """Some diagrams of a `Hom` in the place of its basis."""

    def __init__(self, hom: DiagramHom, on: tuple[int, ...]) -> None:
        super().__init__(hom.group, hom.source, hom.target)
        rows, at = hom.diagrams.rows, list(on)
        self._chosen = Diagrams(self, Rows(rows.labels[at], rows.head[at]))

    @property
    def dimension(self) -> int:
        """How many there are."""
        return len(self._chosen)

    def basis(self) -> Diagrams:
        """The chosen ones."""
        return self._chosen


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
        group, sizes = hom.group, sizes_of(hom)
        corners = {"x": job.x, "fx": self.fx, "gx": self.gx, "fgx": self.fgx, "gfx": self.gfx}
        small = all(each.numel() <= DRAWN for each in corners.values())
        spec: dict[str, Any] = {
            "serial": serial,
            "kind": job.kind,
            "batch": len(job.x),
            "from": _drawn_as(job.kind, sizes[0], group) if small else "none",
            "to": _drawn_as(job.kind, sizes[1], group) if small else "none",
            "sizes": [list(each) for each in sizes],
            "element": spoken(element, group),
            "images": [int(at) for at in element.argmax(0)] if isinstance(group, S | A) else [],
            "edges": [list(edge) for edge in edges_of(group)],
            "layout": places_of(group) if group.n <= NODES else [],
            "axis": job.turn.axis,
            "amount": job.turn.amount,
            "error": self.error,
            "seconds": self.seconds,
            "still": bool(torch.equal(job.x, self.gx)),
            "zero": not bool(self.fx.abs().max() > 0) if self.fx.numel() else True,
        }
        if small:
            spec |= {name: packed(each) for name, each in corners.items()}
        if job.places is not None:
            spec |= {"places": packed(job.places), "moved": packed(hom.group.act(element, job.places, 1))}
        return spec


def walked(job: Job, mapped: Mapped) -> Square:
    """Go both ways round the square."""
    hom, element = job.choice.hom, job.turn.element
    act = partial(transformed, hom.group)
    gx = act(element, job.x, hom.source)
    (fx, once), (fgx, again) = _timed(job, mapped, job.x), _timed(job, mapped, gx)
    gfx = act(element, fx, hom.target)
    return Square(job, fx, gx, fgx, gfx, difference(fgx, gfx), min(once, again))


def _timed(job: Job, mapped: Mapped, x: torch.Tensor) -> tuple[torch.Tensor, float]:
    start = time.perf_counter()
    y = job.apply(mapped, x)
    return y, time.perf_counter() - start


def transformed(group: Group, element: torch.Tensor, x: torch.Tensor, space: Space) -> torch.Tensor:
    """An element applied to a batch of tensors, or of features of a direct sum."""
    return space.act(element, x) if isinstance(space, Rep) else group.act(element, x, space)


def difference(a: torch.Tensor, b: torch.Tensor) -> float:
    """||a - b|| relative to the larger of the two; 0 where both are 0."""
    size = max(float(a.norm()), float(b.norm()))
    return float((a - b).norm()) / size if size else 0.0


def _drawn_as(kind: str, sizes: tuple[int, ...], group: Group) -> str:
    """How a corner is drawn."""
    order = len(sizes)
    if order == 0:
        return "dots" if kind == "field" else "number"
    if kind in ("points", "field") and order == 1:
        return "points" if kind == "points" else "arrows"
    turning = group.n in (2, 3) and not isinstance(group, Product) and not is_permuting(group) and group._orthogonal
    if turning and order <= 2 and sizes == (group.n,) * order:
        return "vector" if order == 1 else "shape"
    if isinstance(group, Product):
        return (
            "points" if order == 2 and is_cloud(group) and sizes == cloud(group) else "bars" if order == 1 else "heat"
        )
    if is_permuting(group) and sizes == (group.n,) * order and group.n <= NODES and order <= 2 and kind != "image":
        return "values" if order == 1 else "graph"
    return "bars" if order == 1 else "heat"


def packed(values: torch.Tensor) -> bytes:
    """Real parts as 32-bit numbers."""
    real = values.real if values.is_complex() else values
    return np.ascontiguousarray(real.detach().to(torch.float32).numpy()).astype("<f4").tobytes()
