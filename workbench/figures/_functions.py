"""Figures of a Chebyshev-Tucker function: how its coefficients decay, and a slice of it."""

__all__ = ["coefficient_decay"]

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go
import torch

from workbench.figures._numbers import Array, FigureError, as_array, rounded, significant
from workbench.figures._tensors import colour_axis
from workbench.figures._theme import CYCLE, DASHES, panels
from workbench.figures._tubes import ABOVE, decades

if TYPE_CHECKING:
    from workbench.decomposition import ChebyshevTucker

POINTS = 400
SIDE = 60  # points along each side of the slice
NOISE = 1e-13  # of all coefficients: what is smaller is rounding errors


def coefficient_decay(cheb: "ChebyshevTucker", *, names: Sequence[str] | None = None) -> go.Figure:
    """The size of a function's Chebyshev coefficients, degree by degree, and a slice through the middle of its domain.

    Parameters
    ----------
    cheb
        What `chebyshev_tucker` gave.
    names
        The variables' names; x, y, z for up to three, ``"x0"``, ... for more.

    Returns
    -------
    plotly.graph_objects.Figure
        Left, one curve for each axis: the largest coefficients from each degree on, on a logarithmic scale, a straight line
        where the decay is geometric; where it was cut is marked. Below 1e-13 of all are rounding errors, left out. Right, the function over its first two
        variables, the others in the middle of their ranges (of one variable: its graph); of complex values the magnitude.

    Raises
    ------
    FigureError
        When `names` are not one for each variable.

    Examples
    --------
    >>> from workbench.decomposition import chebyshev_tucker
    >>> cheb = chebyshev_tucker(lambda x, y: (x + 2 * y).cos(), [(-1, 1), (0, 2)], error=1e-6)
    >>> [curve.name for curve in coefficient_decay(cheb).data]
    ['x', 'cut at degree 7', 'y', 'cut at degree 10', None]
    """
    order = len(cheb.domain)
    titles = list(names or (("x", "y", "z")[:order] if order <= 3 else [f"x{k}" for k in range(order)]))
    if len(titles) != order:
        raise FigureError(f"{len(titles)} names {tuple(titles)} for a function of {order} variables; give one for each")
    rest = ", ".join(f"{titles[k]} = {(low + high) / 2:.3g}" for k, (low, high) in enumerate(cheb.domain) if k > 1)
    grid = panels(1, 2, ("coefficients", (rest and f"values at {rest}") or "values"), height=360, wide_gap=True)
    drawn: list[Array] = []
    for axis, (sizes, degree) in enumerate(zip(cheb.decay, cheb.degrees, strict=True)):
        values = np.maximum.accumulate(as_array(sizes, "the sizes of the coefficients")[::-1])[::-1]
        drawn.append(values[values > NOISE])
        colour = CYCLE[axis % len(CYCLE)]
        grid.add_scatter(
            y=significant(np.where(values > NOISE, values, np.nan), 3),
            name=titles[axis],
            mode="lines+markers" if values.size <= 40 else "lines",
            line={"color": colour, "dash": DASHES[axis % len(DASHES)]},
            hovertemplate="degree %{x}: %{y:.3g}",
            row=1,
            col=1,
        )
        if values[degree] > NOISE:
            grid.add_scatter(
                x=[degree],
                y=significant(values[[degree]], 3),
                name=f"cut at degree {degree}",
                mode="markers",
                marker={"color": colour, "size": 11, "symbol": "diamond"},
                showlegend=False,
                row=1,
                col=1,
            )
    grid.update_xaxes(title_text="degree", row=1, col=1)
    grid.update_yaxes(title_text="share of all coefficients", **decades(np.concatenate(drawn)), row=1, col=1)
    _slice(grid, cheb, titles)
    grid.update_layout(showlegend=True, legend=ABOVE, margin={"t": 70})
    return grid


def _slice(grid: go.Figure, cheb: "ChebyshevTucker", titles: Sequence[str]) -> None:
    middle = [[(low + high) / 2] for low, high in cheb.domain]
    place = {"row": 1, "col": 2}
    if len(middle) == 1:
        formed = cheb.grid(POINTS)
        values = as_array(_real(formed[:]), "the function")
        x = as_array(formed.coordinates[0])
        line = {"color": CYCLE[0]}
        grid.add_scatter(
            x=rounded(x), y=rounded(values), name="values", mode="lines", line=line, showlegend=False, **place
        )
        grid.update_xaxes(title_text=titles[0], **place)
        return
    values = as_array(_real(cheb.grid(SIDE, SIDE, *middle[2:])[:]), "the function").reshape(SIDE, SIDE)
    scale, largest = colour_axis([values], "|f|" if cheb.fit.cores["G"].is_complex() else "")
    (left, right), (low, high) = cheb.domain[:2]
    grid.add_heatmap(
        z=rounded(values.T, scale=largest),
        x0=left,
        dx=(right - left) / (SIDE - 1),
        y0=low,
        dy=(high - low) / (SIDE - 1),
        coloraxis="coloraxis",
        hovertemplate="%{x:.3g}, %{y:.3g}: %{z:.4g}<extra></extra>",
        **place,
    )
    grid.update_layout(coloraxis=scale)
    grid.update_xaxes(title_text=titles[0], **place)
    grid.update_yaxes(title_text=titles[1], **place)


def _real(values: torch.Tensor) -> torch.Tensor:
    return values.abs() if values.is_complex() else values
