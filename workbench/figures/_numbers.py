"""Values made fit to be drawn: plain float64 arrays, thinned to what a figure can show, rounded to what an eye can see.

nbval compares a figure's numbers to the last bit, and a notebook stores them all. So every number is rounded *before*
it enters a figure and sent as float32, whose base64 takes 5 bytes a number; a list takes about 20 once nbformat has
put every entry on its own, indented line. Rounding cannot make unequal numbers equal: what comes out of float32
arithmetic differs in the seventh digit from one processor to the next, and now and then two such numbers round apart.
Data, and fits in float64, agree to far more digits than are kept, and are safe.
"""

__all__ = ["FigureError", "as_array", "rounded", "significant", "thinned"]

import math
from typing import Any

import numpy as np
import torch

from workbench.network import WorkbenchError

Array = np.ndarray[Any, np.dtype[Any]]


class FigureError(WorkbenchError):
    """What cannot be drawn, and what could be."""


def as_array(x: object, what: str = "x") -> Array:
    """A real float64 array of `x`; NaN is kept, it is drawn as a gap.

    Raises
    ------
    FigureError
        When `x` is no array of real numbers, is empty, or holds infinities.
    """
    if isinstance(x, torch.Tensor):
        if x.is_complex():
            raise FigureError(f"{what} is complex; draw {what}.abs(), {what}.real or {what}.imag")
        x = x.detach().to("cpu", torch.float64).numpy()
    try:
        found: Array = np.asarray(x)
        if found.dtype.kind == "c":
            raise FigureError(f"{what} is complex; draw np.abs({what}), {what}.real or {what}.imag")
        values: Array = found.astype(np.float64)
    except (TypeError, ValueError) as error:
        if isinstance(error, FigureError):
            raise
        raise FigureError(f"{what} is a {type(x).__name__}, not an array of real numbers") from error
    if values.size == 0:
        raise FigureError(f"{what} has no entries: its shape is {values.shape}")
    if np.isinf(values).any():
        raise FigureError(
            f"{what} holds {int(np.isinf(values).sum())} infinite entries; replace them, with NaN for a gap"
        )
    return values


def rounded(values: Array, digits: int = 4, *, scale: float | None = None) -> Array:
    """Values rounded to `digits` digits of the largest (or of `scale`), as float32.

    Absolute, not entry by entry: the digits of an entry that is zero but for rounding errors are noise.
    """
    finite = values[np.isfinite(values)]
    largest = scale if scale is not None else (float(np.abs(finite).max()) if finite.size else 0.0)
    if largest == 0.0:
        return values.astype(np.float32)
    places = digits - 1 - math.floor(math.log10(largest))
    return (np.round(values, places) + 0.0).astype(np.float32)  # + 0.0 turns -0.0 into 0.0


def significant(values: Array, digits: int = 4) -> Array:
    """Each value rounded to `digits` significant digits, as float32: for logarithmic axes."""
    out = [float(f"{value:.{digits - 1}e}") for value in values.ravel()]
    return np.array(out, dtype=np.float32).reshape(values.shape)


def thinned(values: Array, most: int, *, rows_only: bool = False) -> tuple[Array, int, int]:
    """A matrix as means of blocks, so that it has at most about `most` entries; and the blocks' height and width.

    Gaps (NaN) are left out of a mean; a block of gaps is a gap.
    """
    rows, columns = values.shape
    block = max(1.0, math.sqrt(values.size / most))
    tall, wide = rows / block, columns / block
    if rows_only:
        tall, wide = min(rows, most / columns), columns
    elif tall < 16:  # a short side keeps its entries, the long one pays
        tall = min(rows, 16)
        wide = min(columns, most / tall)
    elif wide < 16:
        wide = min(columns, 16)
        tall = min(rows, most / wide)
    height, width = math.ceil(rows / tall), math.ceil(columns / wide)
    if height == width == 1:
        return values, 1, 1
    padded = np.pad(values, ((0, -rows % height), (0, -columns % width)), constant_values=np.nan)
    blocks = padded.reshape(padded.shape[0] // height, height, padded.shape[1] // width, width)
    seen = ~np.isnan(blocks)
    counts = seen.sum(axis=(1, 3))
    sums = np.where(seen, blocks, 0.0).sum(axis=(1, 3))
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan), height, width
