"""Figures of tubes: a t-SVD's singular tubes, and how they grow in gradient descent."""

__all__ = ["singular_tubes", "tubal_trajectory"]

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from workbench.figures._numbers import Array, FigureError, as_array, significant
from workbench.figures._theme import CYCLE, DASHES, POWERS, panels

if TYPE_CHECKING:
    from workbench.decomposition import TubalDescent, TubalSVD

CURVES = 6
ABOVE = {"yref": "container", "y": 0.99, "yanchor": "top"}  # of the page, so that no title is in the way
NOISE = 1e-10  # of the largest: what is smaller is, or may be, rounding errors


def singular_tubes(svd: "TubalSVD", *, count: int = CURVES) -> go.Figure:
    """The error of every tubal rank, and the singular values of the faces, frequency by frequency.

    Parameters
    ----------
    svd
        A t-SVD, cut off or whole: both panels show what was cut off, too.
    count
        How many tubes are drawn as curves, 1 to 6.

    Returns
    -------
    plotly.graph_objects.Figure
        Left, the relative error that each tubal rank leaves, the rank kept marked. Right, for tubes of one axis, the size of
        each singular tube's Fourier coefficients over the norm of the data; tubes that were cut off are pale. Frequencies
        count the waves along the tube; of real data half of them tell the rest. What is below 1e-10 of the largest is left
        out.

    Raises
    ------
    FigureError
        When the data were zero, or `count` is out of its range.

    Examples
    --------
    >>> import torch
    >>> from workbench.decomposition import t_svd
    >>> x = torch.rand(6, 5, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    >>> [curve.name for curve in singular_tubes(t_svd(x, rank=2), count=2).data]
    ['error', 'rank kept', 'tube 0', 'tube 1']
    """
    if not 1 <= count <= CURVES:
        raise FigureError(f"count is {count}; a figure shows 1 to {CURVES} tubes")
    norms = as_array(svd.tube_norms, "the norms of the tubes")
    whole = float(np.sqrt((norms**2).sum()))
    if whole == 0.0:
        raise FigureError("the data are zero, so their singular tubes have no scale")
    one_axis = svd.values.ndim == 2
    grid = panels(
        1,
        2 if one_axis else 1,
        ("what a tubal rank leaves", "singular values of the faces")[: 1 + one_axis],
        height=360,
        wide_gap=True,
    )
    left = np.sqrt(np.append((norms**2)[::-1].cumsum()[::-1], 0.0)) / whole  # left[r]: what rank r leaves
    ranks = np.arange(left.size)
    shown = left > NOISE
    _curve(grid, ranks[shown], left[shown], "error", 0, 1, legend=None)
    kept = svd.rank
    if left[kept] > NOISE:
        grid.add_scatter(
            x=[kept],
            y=significant(left[[kept]], 3),
            name="rank kept",
            mode="markers+text",
            text=["kept"],
            textposition="middle left" if kept > ranks[-1] / 2 else "top right",
            marker={"color": CYCLE[1], "size": 11, "symbol": "diamond"},
            showlegend=False,
            row=1,
            col=1,
        )
    grid.update_xaxes(title_text="tubal rank", dtick=1 if shown.sum() <= 12 else None, tickformat="d", row=1, col=1)
    grid.update_yaxes(title_text="‖x − x̂‖ / ‖x‖", **decades(left[shown]), row=1, col=1)
    if one_axis:
        values = as_array(svd.values, "the singular values") / whole
        values = values[:, : values.shape[1] // 2 + 1] if not svd.U.is_complex() else values
        values = np.where(values > NOISE * values.max(), values, np.nan)[:count]
        for at, shares in enumerate(values):
            if not np.isnan(shares).all():
                _curve(grid, np.arange(shares.size), shares, f"tube {at}", at, 2, pale=at >= svd.rank)
        grid.update_xaxes(
            title_text="frequency", dtick=1 if values.shape[1] <= 12 else None, tickformat="d", row=1, col=2
        )
        grid.update_yaxes(title_text="singular value / ‖x‖", **decades(values), row=1, col=2)
    grid.update_layout(showlegend=True, legend=ABOVE, margin={"t": 70})
    return grid


def tubal_trajectory(found: "TubalDescent", *, count: int = CURVES) -> go.Figure:
    """How the singular tubes of U * U^H grow in gradient descent, and how the errors fall.

    Parameters
    ----------
    found
        What `tubal_descent` gave.
    count
        How many tubes are drawn, 1 to 6.

    Returns
    -------
    plotly.graph_objects.Figure
        Left, the norms of the singular tubes at every record; what is below 1e-10 of the largest one is left out. Right, the
        training error and, where the truth was given, the test error.

    Raises
    ------
    FigureError
        When `count` is out of its range.

    Examples
    --------
    >>> from workbench.data import tubal
    >>> from workbench.decomposition import tubal_descent
    >>> data = tubal(6, 3, rank=1)
    >>> found = tubal_descent(data.measurements, data.y, truth=data.x, steps=100)
    >>> [curve.name for curve in tubal_trajectory(found, count=2).data if curve.name]
    ['tube 0', 'tube 1', 'training error', 'test error']
    """
    if not 1 <= count <= CURVES:
        raise FigureError(f"count is {count}; a figure shows 1 to {CURVES} tubes")
    norms = as_array(found.tubes, "the norms of the tubes")
    grid = panels(1, 2, ("norms of the singular tubes", "errors"), height=360, wide_gap=True)
    steps = np.array(found.steps, dtype=np.int32)
    for at in range(min(count, norms.shape[1])):
        shown = np.where(norms[:, at] > NOISE * norms[:, 0], norms[:, at], np.nan)
        _curve(grid, steps, shown, f"tube {at}", at, 1)
    errors = {"training error": found.train, **({"test error": found.test} if found.test is not None else {})}
    for at, (name, values) in enumerate(errors.items()):
        _curve(grid, steps, np.array(values), name, at, 2, legend=None)
        there = round(0.6 * (len(steps) - 1))
        grid.add_scatter(
            x=[found.steps[there]],
            y=significant(np.array(values[there : there + 1]), 3),
            text=[name],
            mode="text",
            textposition="bottom left" if at == 0 else "top right",  # a test error is the larger one
            hoverinfo="skip",
            showlegend=False,
            row=1,
            col=2,
        )
    grid.update_xaxes(title_text="step", tickformat="d")
    grid.update_yaxes(title_text="norm", **decades(norms[:, :count]), row=1, col=1)
    drawn = np.array([*errors.values()])
    grid.update_yaxes(title_text="relative error", **decades(drawn), range=_roomy(drawn), row=1, col=2)
    grid.update_layout(showlegend=True, legend=ABOVE, margin={"t": 70})
    return grid


def decades(values: Array) -> dict[str, Any]:
    """A logarithmic axis with a handful of ticks, however many decades the positive values span."""
    positive = values[values > 0]
    low, high = np.log10([positive.min(), positive.max()]) if positive.size else (0.0, 1.0)
    if high - low < 1.5:
        powers = range(math.floor(low), math.ceil(high) + 1)
        return {"type": "log", "tickvals": [float(f"{digit}e{power}") for power in powers for digit in (1, 2, 5)]}
    return {**POWERS, "dtick": max(1, round((high - low) / 6))}


def _roomy(values: Array) -> list[float]:
    """The range of a logarithmic axis with room for a line of text above and below."""
    ends = np.log10([values[values > 0].min(), values.max()])
    air = max(0.15 * float(ends[1] - ends[0]), 0.05)
    return [round(float(ends[0]) - air, 2), round(float(ends[1]) + air, 2)]


def _curve(
    grid: go.Figure,
    x: Array,
    y: Array,
    name: str,
    at: int,
    column: int,
    *,
    legend: str | None = "legend",
    pale: bool = False,
) -> None:
    grid.add_scatter(
        x=x.astype(np.int32),
        y=significant(y, 3),
        name=name,
        mode="lines+markers" if x.size <= 40 else "lines",
        opacity=0.45 if pale else None,
        legend=legend,
        showlegend=legend is not None,
        line={"color": CYCLE[at % len(CYCLE)], "dash": DASHES[at % len(DASHES)]},
        hovertemplate="%{x}: %{y:.3g}",
        row=1,
        col=column,
    )
