"""What is looked at: one slice of the data, and the same slice of an approximation, as small pictures."""

__all__ = ["Lens", "Look", "first_look", "read_look"]

import base64
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, TypeGuard

import numpy as np
import torch

from workbench.decomposition import Fit
from workbench.figures._picture import SIDE, colours, jpeg_uri
from workbench.figures._theme import DIVERGING
from workbench.network import Network
from workbench.widgets._compressed import Compressed, Estimate

POINTS = 320
"""The most points of a curve."""
SMALL = 64
"""A slice of at most so many entries a side is sent entry by entry."""
Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Look:
    """Which two axes lie on the screen, where the others stand, and which axis of three is colours, if one is.

    A tensor of one axis has no columns: it is drawn as a curve.
    """

    rows: int
    columns: int | None
    at: tuple[int, ...]
    colours: int | None = None

    def to_spec(self) -> dict[str, Any]:
        """The JSON that the page reads."""
        return {"rows": self.rows, "columns": self.columns, "at": list(self.at), "colours": self.colours}


def first_look(x: torch.Tensor) -> Look:
    """A photograph as a photograph; else the two longest axes, the others in their middle."""
    order = x.ndim
    longest = sorted(sorted(range(order), key=lambda axis: (-x.shape[axis], axis))[:2])
    look = Look(longest[0], longest[1] if order > 1 else None, tuple(size // 2 for size in x.shape))
    return replace(look, colours=2) if order == 3 and longest == [0, 1] and may_be_colours(x, 2) else look


def read_look(found: object, x: torch.Tensor) -> Look | None:
    """A look among what was sent; None where it is none of this tensor's."""
    if not isinstance(found, Mapping):
        return None
    rows, columns, at, third = (found.get(key) for key in ("rows", "columns", "at", "colours"))
    order = x.ndim
    if not _is_axis(rows, order) or not isinstance(at, list | tuple) or len(at) != order:
        return None
    if not all(_is_axis(k, size) for k, size in zip(at, x.shape, strict=True)):
        return None
    if (columns is None) != (order == 1) or (columns is not None and (not _is_axis(columns, order) or columns == rows)):
        return None
    if third is not None and (not _is_axis(third, order) or third in (rows, columns) or not may_be_colours(x, third)):
        return None
    return Look(rows, columns, tuple(at), third)


def may_be_colours(x: torch.Tensor, axis: int) -> bool:
    """Whether an axis can be red, green and blue: three values, all of them in [0, 1]."""
    return (
        x.shape[axis] == 3
        and x.ndim > 2
        and not x.is_complex()
        and float(x.amin()) >= -0.01
        and float(x.amax()) <= 1.01
    )


def _is_axis(found: object, order: int) -> TypeGuard[int]:
    return isinstance(found, int) and not isinstance(found, bool) and 0 <= found < order


class Lens:
    """One look at one tensor: makes the picture of the data once and those of approximations quickly.

    Approximations are never put together whole: a slice needs one row of the factor of every axis that stands still, and
    of the two on the screen as many rows as there are pixels, means over blocks.

    Parameters
    ----------
    x
        The data; of complex ones the magnitude is shown.
    look
        What of them is on the screen.
    """

    def __init__(self, x: torch.Tensor, look: Look) -> None:
        self.look = look
        self._x = x
        self._matrices = [self._matrix(axis) for axis in range(x.ndim)]
        self._turned: list[torch.Tensor | None] = [None] * x.ndim
        self._before = self._shown(_through(x, self._matrices))
        low, high = float(self._before.min()), float(self._before.max())
        if self._is_curve:
            self._scale = (low, high)
        elif look.colours is not None or (low >= 0 and high <= 1 and high - low > 0.2 and x.ndim == 2):
            self._scale = (0.0, 1.0)
        else:
            largest = max(abs(low), abs(high))
            both = low < -1e-9 * largest and high > 1e-9 * largest
            self._scale = (-largest, largest) if both else (low, high)

    @property
    def _is_curve(self) -> bool:
        return self.look.columns is None

    def before(self) -> dict[str, Any]:
        """The data's own picture, and what the page needs to know about all three."""
        shown = {"look": self.look.to_spec(), "scale": [_short(value) for value in self._scale]}
        if self._is_curve:
            return shown | {"kind": "curve", "curve": [_short(value) for value in self._before.tolist()]}
        height, width = (self._x.shape[axis] for axis in (self.look.rows, self.look.columns or 0))
        kind = "photograph" if self.look.colours is not None else "slice"
        return shown | {"kind": kind, "size": [height, width], "image": self._picture(self._before)}

    def after(self, found: Estimate | Fit, compressed: Compressed | None) -> dict[str, Any]:
        """An approximation's picture, that of what it misses, and the top of the latter's scale."""
        if isinstance(found, Fit):
            values = _of_fit(found, self._matrices)
        else:
            values = _through(found.values, [self._for(axis, found, compressed) for axis in range(self._x.ndim)])
        after = self._shown(values)
        missed = np.abs(after - self._before)
        top = float(missed.max())
        if self._is_curve:
            return {"curve": [_short(value) for value in after.tolist()], "top": _short(top)}
        if missed.ndim == 3:
            missed = np.sqrt((missed**2).mean(axis=2))
            top = float(missed.max())
        shares = missed / top if top else missed
        return {"image": self._picture(after), "difference": _image(_sequential()[_bytes(shares)]), "top": _short(top)}

    def _picture(self, values: Array) -> str:
        low, high = self._scale
        bytes_ = _bytes((values - low) / (high - low) if high > low else np.full_like(values, 0.5))
        grey = self.look.colours is not None or (self._scale == (0.0, 1.0) and self._x.ndim == 2)
        return _image(bytes_ if grey else (_diverging() if low == -high < 0 else _sequential())[bytes_])

    def _matrix(self, axis: int) -> torch.Tensor | None:
        """(pixels, n): what an axis is multiplied by to be looked at; None where it stays as it is."""
        size, x = self._x.shape[axis], self._x
        if axis in (self.look.rows, self.look.columns):
            most = POINTS if self._is_curve else self._pixels(axis)
            return None if size <= most else _means(size, most, x)
        if axis == self.look.colours:
            return None
        row = torch.zeros(1, size, dtype=x.dtype, device=x.device)
        row[0, self.look.at[axis]] = 1
        return row

    def _pixels(self, axis: int) -> int:
        longer = max(self._x.shape[self.look.rows], self._x.shape[self.look.columns or 0])
        return max(1, round(self._x.shape[axis] * min(1.0, SIDE / longer)))

    def _for(self, axis: int, found: Estimate, compressed: Compressed | None) -> torch.Tensor | None:
        """What an axis of an estimate is multiplied by: turned back, then looked at."""
        matrix = self._matrices[axis]
        if compressed is None or not found.turned[axis]:
            return matrix
        if self._turned[axis] is None:
            basis = compressed.bases[axis]
            self._turned[axis] = basis if matrix is None else matrix @ basis
        turned = self._turned[axis]
        return None if turned is None else turned[:, : found.values.shape[axis]]

    def _shown(self, values: torch.Tensor) -> Array:
        """(rows,), (rows, columns) or (rows, columns, 3), real, float32."""
        look = self.look
        shown = [axis for axis in (look.rows, look.columns, look.colours) if axis is not None]
        values = values.permute([*shown, *(axis for axis in range(values.ndim) if axis not in shown)])
        values = values.reshape(values.shape[: len(shown)])
        real = values.abs() if values.is_complex() else values
        out: Array = real.detach().to("cpu", torch.float32).numpy()
        return out


def _through(values: torch.Tensor, matrices: Sequence[torch.Tensor | None]) -> torch.Tensor:
    """Multiply axes by matrices, those first that shrink it most."""
    there = [(axis, matrix) for axis, matrix in enumerate(matrices) if matrix is not None]
    for axis, matrix in sorted(there, key=lambda pair: pair[1].shape[0] / pair[1].shape[1]):
        values = torch.tensordot(values, matrix, ([axis], [1])).movedim(-1, axis)
    return values


def _of_fit(fit: Fit, matrices: Sequence[torch.Tensor | None]) -> torch.Tensor:
    """The same for a fit: where a leg is one axis of one core, that core is multiplied, and the rest is a small network."""
    net, cores = fit.network, dict(fit.cores)
    sizes: dict[str, int] = {}
    for leg, matrix in zip(net.legs, matrices, strict=True):
        (name, axis), *more = net.holders(leg)
        if more or name in net.fixed:
            return _through(fit.reconstruct(), matrices)
        if matrix is not None:
            cores[name] = torch.tensordot(cores[name], matrix, ([axis], [1])).movedim(-1, axis)
            sizes[leg] = matrix.shape[0]
    small: Network = net.resize(sizes)
    return small.contract(cores)


def _means(size: int, blocks: int, like: torch.Tensor) -> torch.Tensor:
    """(blocks, size): means over blocks of a fractional width, as a picture is made smaller."""
    edges = torch.linspace(0, size, blocks + 1, dtype=torch.float64)
    cells = torch.arange(size, dtype=torch.float64)
    share = torch.minimum(edges[1:, None], cells + 1) - torch.maximum(edges[:-1, None], cells)
    return (share.clamp(min=0) * (blocks / size)).to(like.dtype).to(like.device)


def _bytes(shares: Array) -> Array:
    out: Array = np.round(np.clip(shares, 0.0, 1.0) * 255).astype(np.uint8)
    return out


def _image(pixels: Array) -> str:
    """A data URI: JPEG, or PNG where the entries are so few that each is to be seen."""
    from PIL import Image

    image = Image.fromarray(pixels)
    if max(image.size) > SMALL:
        return jpeg_uri(image)
    out = io.BytesIO()
    image.save(out, "PNG")
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()


@lru_cache(maxsize=1)
def _sequential() -> Array:
    return colours(np.linspace(0, 1, 256))


@lru_cache(maxsize=1)
def _diverging() -> Array:
    stops = [at for at, _ in DIVERGING]
    channels = [[int(colour[k : k + 2], 16) for _, colour in DIVERGING] for k in (1, 3, 5)]
    table = [np.interp(np.linspace(0, 1, 256), stops, channel) for channel in channels]
    out: Array = np.stack(table, axis=-1).round().astype(np.uint8)
    return out


def _short(value: float) -> float:
    """Four digits: what a caption or a curve shows."""
    return float(f"{value:.4g}") if math.isfinite(value) else 0.0
