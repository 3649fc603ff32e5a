"""Figures of a tensor: its slices, its spectra."""

__all__ = ["ENTRIES", "colour_axis", "heat", "heat_maps", "slices", "spectra", "thin_positions"]

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from workbench.figures._numbers import Array, FigureError, as_array, rounded, significant, thinned
from workbench.figures._theme import CYCLE, DASHES, DIVERGING, GAP, POWERS, SEQUENTIAL, figure, panels

ENTRIES = 9_000
"""The most heat-map entries one figure holds: 48 kB in a notebook."""
POINTS = 400


def slices(
    x: object,
    *,
    axes: tuple[int, int] | None = None,
    count: int = 6,
    names: Sequence[str] | None = None,
    unit: str = "",
) -> go.Figure:
    """Slices of a tensor as small multiples with one colour scale; a vector is a line.

    Parameters
    ----------
    x
        A real torch tensor, NumPy array or anything NumPy reads, of order 1 or more. NaN is a gap.
    axes
        The axes drawn down and across; by default the two longest, in their order.
    count
        The most slices drawn; they are evenly spaced over the remaining axes, the first and last included.
    names
        The axes' names; ``"axis 0"``, ... by default.
    unit
        The unit of the entries, written at the colour bar.

    Returns
    -------
    plotly.graph_objects.Figure
        Numbers are rounded to 4 digits of the largest; what is larger than a figure can show is drawn as means of
        blocks, and the axes say so. Values of both signs get a diverging scale about zero.

    Raises
    ------
    FigureError
        For complex, infinite or empty tensors and scalars, and for axes or names that do not fit the order.

    Examples
    --------
    >>> import torch
    >>> figure = slices(torch.rand(4, 5, 3), names=("row", "column", "colour"))
    >>> [panel.text for panel in figure.layout.annotations]
    ['colour = 0', 'colour = 1', 'colour = 2']
    """
    values = as_array(x)
    titles = _axis_names(values.ndim, names)
    if values.ndim == 1:
        return _line(values, titles[0], unit)
    down, across = _two_axes(values.shape, axes)
    rest = [axis for axis in range(values.ndim) if axis not in (down, across)]
    stack = np.transpose(values, (*rest, down, across))
    outer = stack.shape[:-2]
    total = math.prod(outer)
    if count < 1:
        raise FigureError(f"count is {count}; a figure shows at least 1 slice")
    chosen = np.unique(np.linspace(0, total - 1, min(count, total)).round().astype(int))
    places = [np.unravel_index(int(flat), outer) if outer else () for flat in chosen]
    labels = [
        ", ".join(f"{titles[axis]} = {int(at)}" for axis, at in zip(rest, place, strict=True)) for place in places
    ]
    return heat_maps([stack[place] for place in places], labels, (titles[down], titles[across]), unit)


def spectra(x: object, *, names: Sequence[str] | None = None) -> go.Figure:
    r"""The singular values of every unfolding of a tensor, as fractions of its norm.

    Parameters
    ----------
    x
        A real tensor of order 2 or more, without gaps.
    names
        The axes' names; ``"axis 0"``, ... by default.

    Returns
    -------
    plotly.graph_objects.Figure
        One curve for each axis k: the singular values of the n_k × (everything else) matrix, largest first, on a
        logarithmic scale. They are computed in float64 from the n_k × n_k Gram matrix, so those under
        10\ :sup:`-7` of the largest are rounding errors and left out.

    Raises
    ------
    FigureError
        For complex, infinite, gappy, empty or zero tensors, and for orders 0 and 1.

    Examples
    --------
    >>> import torch
    >>> figure = spectra(torch.ones(4, 5))              # of rank 1: one singular value each
    >>> [(curve.name, curve.y.tolist()) for curve in figure.data]
    [('axis 0', [1.0]), ('axis 1', [1.0])]
    """
    values = as_array(x)
    titles = _axis_names(values.ndim, names)
    if values.ndim < 2:
        raise FigureError(f"a tensor of order {values.ndim} has no unfoldings; spectra needs order 2 or more")
    if np.isnan(values).any():
        raise FigureError(f"x holds {int(np.isnan(values).sum())} gaps (NaN), and singular values need every entry")
    norm = math.sqrt(float((values**2).sum()))
    if norm == 0.0:
        raise FigureError("x is zero, so its singular values have no scale")
    drawn = figure(
        height=340,
        xaxis={"title": {"text": "k"}, "type": "log", "dtick": 1},
        yaxis={"title": {"text": "k-th singular value / norm"}, **POWERS},
    )
    for axis, title in enumerate(titles):
        share = singular_values(values, axis) / norm
        at = thin_positions(share.size)
        drawn.add_scatter(
            x=(at + 1).astype(np.int32),
            y=significant(share[at]),
            name=title,
            mode="lines+markers" if share.size <= 40 else "lines",
            line={"color": CYCLE[axis % len(CYCLE)], "dash": DASHES[axis % len(DASHES)]},
            hovertemplate="%{x}: %{y:.3g}",
        )
    drawn.update_layout(showlegend=True)
    return drawn


def singular_values(values: Array, axis: int) -> Array:
    """The singular values of one unfolding that are above rounding errors, largest first."""
    matrix = np.moveaxis(values, axis, 0).reshape(values.shape[axis], -1)
    gram = matrix @ matrix.T if matrix.shape[0] <= matrix.shape[1] else matrix.T @ matrix
    found: Array = np.sqrt(np.clip(np.linalg.eigvalsh(gram)[::-1], 0.0, None))
    above: Array = found[found > 1e-7 * found[0]]
    return above


def heat(values: Array, most: int, scale: float, *, rows_only: bool = False) -> tuple[go.Heatmap, tuple[int, int]]:
    """A heat map on the figure's shared colour axis, and the height and width of the blocks it was thinned to."""
    small, height, width = thinned(values, most, rows_only=rows_only)
    block = f"mean of {height} × {width}<br>" if (height, width) != (1, 1) else ""
    trace = go.Heatmap(
        z=rounded(small, scale=scale),
        x0=(width - 1) / 2,
        dx=width,
        y0=(height - 1) / 2,
        dy=height,
        coloraxis="coloraxis",
        hovertemplate=block + "row %{y}, column %{x}: %{z:.4g}<extra></extra>",
    )
    return trace, (height, width)


def colour_axis(values: Sequence[Array], unit: str) -> tuple[dict[str, Any], float]:
    """One colour scale for all: diverging about zero when both signs occur. And the largest magnitude."""
    low = min((float(np.nanmin(v)) for v in values if not np.isnan(v).all()), default=0.0)
    high = max((float(np.nanmax(v)) for v in values if not np.isnan(v).all()), default=0.0)
    largest = max(abs(low), abs(high))
    bar = {"title": {"text": unit, "side": "right"}, "outlinewidth": 0, "thickness": 12}
    if low < -1e-9 * largest and high > 1e-9 * largest:
        top = float(f"{largest:.4g}")
        return {"colorscale": DIVERGING, "cmin": -top, "cmax": top, "colorbar": bar}, largest
    limits = {"cmin": float(f"{low:.4g}"), "cmax": float(f"{high:.4g}")}
    return {"colorscale": SEQUENTIAL, **limits, "colorbar": bar}, largest


def heat_maps(
    maps: Sequence[Array], titles: Sequence[str], axes: tuple[str, str], unit: str, *, apart: int | None = None
) -> go.Figure:
    """Matrices as small multiples with one colour scale; from number `apart` on with a scale of their own."""
    columns = min(len(maps), 3)
    rows = math.ceil(len(maps) / columns)
    tall = _panel_height(maps[0].shape, columns)
    grid = panels(rows, columns, titles, height=90 + rows * tall + (rows - 1) * GAP)
    scale, largest = colour_axis(maps[:apart], unit)
    if apart is not None:
        own, own_largest = colour_axis(maps[apart:], f"{titles[apart]}, {unit}" if unit else titles[apart])
        scale["colorbar"] |= {"x": 1.02}
        own["colorbar"] |= {"x": 1.02 + 96 / 720}
        grid.update_layout(coloraxis2=own)
    grid.update_layout(coloraxis=scale)
    for at, values in enumerate(maps):
        row, column = divmod(at, columns)
        place = {"row": row + 1, "col": column + 1}
        other = apart is not None and at >= apart
        trace, blocks = heat(values, ENTRIES // len(maps), own_largest if other else largest)
        if other:
            trace.coloraxis = "coloraxis2"
        grid.add_trace(trace, **place)
        last = at + columns >= len(maps)
        grid.update_xaxes(
            title_text=_blocked(axes[1], blocks[1]) if last else None,
            dtick=_whole(values.shape[1]),
            constrain="domain",
            **place,
        )
        grid.update_yaxes(
            title_text=_blocked(axes[0], blocks[0]) if column == 0 else None,
            dtick=_whole(values.shape[0]),
            autorange="reversed",
            **_square_pixels(values.shape, row * columns + column),
            **place,
        )
    return grid


def _square(shape: tuple[int, ...]) -> bool:
    """Square entries where the matrix is not far from square; stretched ones where that would leave a thread."""
    return 1 / 4 <= shape[0] / shape[1] <= 4


def _square_pixels(shape: tuple[int, ...], panel: int) -> dict[str, Any]:
    return {"scaleanchor": "x" if panel == 0 else f"x{panel + 1}", "constrain": "domain"} if _square(shape) else {}


def _panel_height(shape: tuple[int, ...], columns: int) -> int:
    """Pixels, so that square entries fill a panel of a figure about 720 pixels wide."""
    wide = 600 // columns
    return min(max(wide * shape[0] // shape[1], 90), 300) if _square(shape) else 180


def _whole(size: int) -> int | None:
    """Ticks at whole numbers where there are few."""
    return 1 if size <= 8 else None


def _blocked(title: str, block: int) -> str:
    return title if block == 1 else f"{title} (means of {block})"


def _line(values: Array, title: str, unit: str) -> go.Figure:
    at = thin_positions(values.size)
    drawn = figure(height=300, xaxis={"title": {"text": title}}, yaxis={"title": {"text": unit or "value"}})
    drawn.add_scatter(x=at.astype(np.int32), y=rounded(values[at]), mode="lines+markers" if at.size <= 60 else "lines")
    return drawn


def thin_positions(size: int) -> Array:
    """All positions of a short curve, the first densely and the others ever more sparsely of a long one."""
    if size <= POINTS:
        return np.arange(size)
    return np.unique(np.concatenate([np.arange(POINTS // 4), np.linspace(0, size - 1, POINTS).round()])).astype(int)


def _two_axes(shape: tuple[int, ...], axes: tuple[int, int] | None) -> tuple[int, int]:
    order = len(shape)
    if axes is None:
        longest = sorted(range(order), key=lambda axis: (-shape[axis], axis))[:2]
        return min(longest), max(longest)
    down, across = (axis + order if axis < 0 else axis for axis in axes)
    if down == across or not (0 <= down < order and 0 <= across < order):
        raise FigureError(f"axes {tuple(axes)} do not name two different axes of a tensor of shape {shape}")
    return down, across


def _axis_names(order: int, names: Sequence[str] | None) -> list[str]:
    if order == 0:
        raise FigureError("x is a scalar; there is nothing to draw, print it")
    if names is None:
        return [f"axis {axis}" for axis in range(order)]
    if len(names) != order:
        raise FigureError(f"{len(names)} names {tuple(names)} for a tensor of order {order}; give one a axis")
    return [str(name) for name in names]
