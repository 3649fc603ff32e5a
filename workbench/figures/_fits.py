"""Figures of a fit: its factors, its error, the data before and after."""

__all__ = ["before_after", "comparison", "error_curve", "factors"]

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from workbench.figures._numbers import Array, FigureError, as_array, rounded, significant
from workbench.figures._picture import Picture, is_picture, jpeg_uri, photographs, pixels, sized
from workbench.figures._tensors import ENTRIES, colour_axis, heat, heat_maps
from workbench.figures._theme import CYCLE, DASHES, GAP, POWERS, figure, panels

if TYPE_CHECKING:
    from workbench.decomposition import Fit

CURVES = 6
"""As many columns of a factor as there are colours are drawn as curves; a wider factor is a heat map."""
COLUMNS = 64


def factors(fit: "Fit") -> go.Figure:
    """The cores of a fit as small multiples.

    A core with a leg and one bond is drawn column by column, as curves along the leg, when it has at most 6 columns.
    Every other core is a heat map of its entries over its largest: legs down, bonds across (a core without legs or
    without bonds: its first axis down, the others across). Fixed tensors are left out; of more than 12 cores the first 12 are drawn, and of
    more than 64 columns the first 64.

    Columns of a factor have no sign and no scale of their own, and bonds no basis (their gauge is free), unless the
    fit fixed them: read shapes, and compare curves within one factor.

    Raises
    ------
    FigureError
        When there is no core to draw.

    Examples
    --------
    >>> import torch
    >>> from workbench.decomposition import decompose
    >>> x = torch.rand(6, 7, 8, generator=torch.Generator().manual_seed(0))
    >>> [panel.text for panel in factors(decompose(x, "cp", ranks=2)).layout.annotations]
    ['A (i0 × r)', 'B (i1 × r)', 'C (i2 × r)']
    """
    net = fit.network
    names = [name for name in net.free if net.tensors[name]][:12]
    if not names:
        raise FigureError("this fit has no core with an axis; there is nothing to draw, print fit.cores")
    columns = min(len(names), 3)
    rows = math.ceil(len(names) / columns)
    titles = [f"{name} ({' × '.join(net.tensors[name])})" for name in names]
    grid = panels(rows, columns, titles, height=90 + rows * 200 + (rows - 1) * GAP, wide_gap=True)
    maps = [_as_matrix(net.tensors[name], net.legs, as_array(_real(fit.cores[name]), name)) for name in names]
    if any(matrix.shape[1] > CURVES for matrix, _, _ in maps):
        grid.update_layout(coloraxis=colour_axis([np.array([-1.0, 1.0])], "entry / largest of its core")[0])
    for at, (matrix, down, across) in enumerate(maps):
        place = {"row": at // columns + 1, "col": at % columns + 1}
        if matrix.shape[1] > CURVES:
            share = matrix[:, :COLUMNS] / (np.abs(matrix).max() or 1.0)
            trace, _ = heat(share, ENTRIES // len(names), 1.0, rows_only=True)  # a mean of components is none
            grid.add_trace(trace, **place)
            grid.update_xaxes(title_text=across, **place)
            grid.update_yaxes(title_text=down, autorange="reversed", **place)
            continue
        for column in range(matrix.shape[1]):
            grid.add_scatter(
                y=rounded(_at_most(matrix[:, column], 200)),
                dx=math.ceil(len(matrix) / 200),
                name=f"{across or 'component'} {column}",
                legendgroup=column,
                showlegend=False,
                mode="lines+markers" if len(matrix) <= 30 else "lines",
                line={"color": CYCLE[column % len(CYCLE)], "dash": DASHES[column % len(DASHES)]},
                **place,
            )
        grid.update_xaxes(title_text=down, **place)
    return grid


def error_curve(fit: object) -> go.Figure:
    """The relative error after every sweep, on a logarithmic scale.

    Parameters
    ----------
    fit
        A fit, or its history: the errors ‖x − x̂‖ / ‖x‖, one a sweep.

    Raises
    ------
    FigureError
        When the history is empty or holds something else than errors.

    Examples
    --------
    >>> error_curve([0.5, 0.25, 0.125]).data[0].y.tolist()
    [0.5, 0.25, 0.125]
    """
    history = getattr(fit, "history", fit)
    errors = _errors(history)
    drawn = figure(
        height=300,
        xaxis={"title": {"text": "sweep"}, "tickformat": "d", **({"dtick": 1} if errors.size <= 12 else {})},
        yaxis={"title": {"text": "‖x − x̂‖ / ‖x‖"}, **POWERS},
    )
    if errors.max() < 10 * errors.min():  # less than a decade has no decade ticks: a linear scale reads better
        drawn.update_yaxes(type="linear", rangemode="tozero", dtick=None, tickfont={"size": 12})
    at = np.arange(1, errors.size + 1)
    drawn.add_scatter(
        x=at.astype(np.int32),
        y=significant(errors, 3),
        mode="lines+markers" if errors.size <= 40 else "lines",
        line={"color": CYCLE[0]},
        hovertemplate="sweep %{x}: %{y:.3g}<extra></extra>",
    )
    return drawn


def before_after(x: object, fit: "Fit | object", *, names: Sequence[str] | None = None, unit: str = "") -> go.Figure:
    """The data, what the fit makes of them, and the difference with its colour bar.

    Parameters
    ----------
    x
        The data, a real tensor of order 2 or more.
    fit
        A fit of `x`, or the reconstruction itself.
    names
        The axes' names; the fit's legs by default.
    unit
        The unit of the entries, written at the colour bar.

    Returns
    -------
    plotly.graph_objects.Figure
        Photographs, (height, width, 3), come as JPEG of at most 320 pixels, anything else as its middle slice.

    Notes
    -----
    The JPEG's bytes, and the rounded entries of a float32 fit, may differ from one processor to another, and nbval
    compares plotly figures exactly. In a notebook that is tested show a photograph by `comparison`, which gives a
    `Picture`, or fit in float64.

    Examples
    --------
    >>> import torch
    >>> x = torch.rand(6, 7, 8)
    >>> [panel.text for panel in before_after(x, x.mean(0, keepdim=True).expand_as(x)).layout.annotations]
    ['before, axis 0 = 3', 'after', 'residual']
    """
    data, after = _both(x, fit)
    residual = after - data
    titles = ("before", "after", "residual")
    axes = list(names or getattr(getattr(fit, "network", None), "legs", [f"axis {k}" for k in range(data.ndim)]))
    if len(axes) != data.ndim:
        raise FigureError(f"{len(axes)} names {tuple(axes)} for a tensor of order {data.ndim}; give one an axis")
    if data.ndim == 3 and is_picture(data.shape):
        return _photographs(data, after, residual, axes, unit)
    longest = sorted(sorted(range(data.ndim), key=lambda axis: (-data.shape[axis], axis))[:2])
    middle = tuple(slice(None) if axis in longest else data.shape[axis] // 2 for axis in range(data.ndim))
    rest = ", ".join(f"{axes[k]} = {at}" for k, at in enumerate(middle) if isinstance(at, int))
    shown = [each[middle] for each in (data, after, residual)]
    titles = (f"before{', ' if rest else ''}{rest}", "after", "residual")
    return heat_maps(shown, titles, (axes[longest[0]], axes[longest[1]]), unit, apart=2)


def comparison(x: object, fit: "Fit | object") -> Picture:
    """A photograph before and after, and the size of the difference with its colour bar, as one JPEG.

    Parameters
    ----------
    x
        (height, width) or (height, width, 3), values in [0, 1].
    fit
        A fit of `x`, or the reconstruction itself.

    Raises
    ------
    FigureError
        When `x` is no picture, or the reconstruction has another shape.

    Examples
    --------
    >>> import torch
    >>> x = torch.rand(40, 30, 3)
    >>> comparison(x, x.mean(dim=2, keepdim=True).expand_as(x))
    <Picture 40 × 30: before, after, residual>
    """
    data, after = _both(x, fit)
    return photographs(data, after)


def _both(x: object, fit: object) -> tuple[Array, Array]:
    data = as_array(x)
    after = as_array(fit.reconstruct() if hasattr(fit, "reconstruct") else fit, "the reconstruction")
    if data.shape != after.shape:
        raise FigureError(
            f"x has shape {data.shape}, the reconstruction {after.shape}; give the data the fit was made of"
        )
    if data.ndim < 2:
        raise FigureError(f"before and after need a tensor of order 2 or more, got shape {data.shape}")
    return data, after


def _photographs(data: Array, after: Array, residual: Array, axes: Sequence[str], unit: str) -> go.Figure:
    height, width = data.shape[:2]
    size = np.sqrt((residual**2).mean(axis=2))
    tall = min(max(200 * height // width, 90), 320)
    grid = panels(1, 3, ("before", "after", "residual (rms of the colours)"), height=90 + tall)
    for at, values in enumerate((data, after)):
        axis = "" if at == 0 else str(at + 1)
        grid.add_layout_image(
            source=jpeg_uri(sized(pixels(values))),
            xref=f"x{axis}",
            yref=f"y{axis}",
            x=-0.5,
            y=-0.5,
            sizex=width,
            sizey=height,
            sizing="stretch",
            layer="below",
        )
        grid.add_scatter(x=[], y=[], showlegend=False, row=1, col=at + 1)  # an axis without data is not drawn
    scale, largest = colour_axis([size], unit)
    grid.add_trace(heat(size, ENTRIES // 2, largest)[0], row=1, col=3)
    grid.update_layout(coloraxis=scale)
    grid.update_xaxes(title_text=axes[1], range=[-0.5, width - 0.5], constrain="domain", showgrid=False)
    for at in range(3):
        axis = "" if at == 0 else str(at + 1)
        grid.update_yaxes(
            range=[height - 0.5, -0.5], scaleanchor=f"x{axis}", constrain="domain", showgrid=False, row=1, col=at + 1
        )
    grid.update_yaxes(title_text=axes[0], row=1, col=1)
    return grid


def _as_matrix(indices: Sequence[str], legs: Sequence[str], core: Array) -> tuple[Array, str, str]:
    """A core with its legs down and its bonds across, and what the two sides are called."""
    down = [axis for axis, index in enumerate(indices) if index in legs]
    across = [axis for axis in range(len(indices)) if axis not in down]
    if not down:
        down, across = across[:1], across[1:]
    elif not across and len(down) > 1:
        down, across = down[:1], down[1:]
    rows = math.prod(core.shape[axis] for axis in down)
    matrix = np.transpose(core, (*down, *across)).reshape(rows, -1)
    return matrix, ", ".join(indices[axis] for axis in down), ", ".join(indices[axis] for axis in across)


def _real(core: Any) -> Any:
    return core.abs() if getattr(core, "is_complex", bool)() else core


def _at_most(values: Array, most: int) -> Array:
    return values[:: math.ceil(len(values) / most)]


def _errors(history: object) -> Array:
    if isinstance(history, str) or not isinstance(history, Sequence | np.ndarray):
        raise FigureError(f"a history is a sequence of errors, got {type(history).__name__}; give a fit or fit.history")
    errors = as_array(history, "the history").ravel() if len(history) else np.empty(0)
    if errors.size == 0:
        raise FigureError("the history is empty: nothing was iterated, fit.error is the whole story")
    if np.isnan(errors).any() or (errors < 0).any():
        raise FigureError("the history holds errors that are negative or NaN")
    floored: Array = np.maximum(errors, 1e-16)
    return floored
