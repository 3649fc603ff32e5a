"""Figures of a PARAFAC2 fit: the weights of the slices, the common factor, and the factor that evolves."""

__all__ = ["evolving_factors"]

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from workbench.figures._numbers import Array, FigureError, as_array, rounded
from workbench.figures._theme import CYCLE, DASHES, GAP, panels
from workbench.figures._tubes import ABOVE

if TYPE_CHECKING:
    from workbench.decomposition import Parafac2

CURVES = 6
POINTS = 200


def evolving_factors(fit: "Parafac2", *, count: int = 3) -> go.Figure:
    """The factors of a PARAFAC2 fit as curves, one colour and dash for each component.

    Parameters
    ----------
    fit
        What `parafac2` gave; of more than 6 components the 6 largest are drawn.
    count
        How many slices' evolving factors are drawn, evenly spaced, the first and last included.

    Returns
    -------
    plotly.graph_objects.Figure
        Above, A along the slices and C along the common columns; below, ``projections[i] @ B`` along the rows of some slices,
        on one scale. What is longer than 200 is thinned.

    Raises
    ------
    FigureError
        When `count` is below 1.

    Examples
    --------
    >>> import torch
    >>> from workbench.decomposition import parafac2
    >>> slices = torch.rand(4, 6, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    >>> [panel.text for panel in evolving_factors(parafac2(slices, 2, max_sweeps=5)).layout.annotations]
    ['A (slices)', 'C (columns)', 'P B of slice 0', 'P B of slice 2', 'P B of slice 3']
    """
    if count < 1:
        raise FigureError(f"count is {count}; a figure shows the evolving factor of at least 1 slice")
    total = len(fit.projections)
    chosen = np.unique(np.linspace(0, total - 1, min(count, total)).round().astype(int)).tolist()
    evolving = {at: as_array(fit.evolving[at], "the evolving factor") for at in chosen}
    columns = max(2, len(chosen))
    titles = ["A (slices)", "C (columns)", *[""] * (columns - 2), *(f"P B of slice {at}" for at in chosen)]
    grid = panels(2, columns, titles, height=90 + 2 * 190 + GAP, wide_gap=True)
    parts = [(as_array(fit.A, "A"), "slice", 1, 1), (as_array(fit.C, "C"), "column", 1, 2)]
    parts += [(factor, "row", 2, at + 1) for at, factor in enumerate(evolving.values())]
    for matrix, title, row, column in parts:
        _curves(grid, matrix, {"row": row, "col": column}, legend=(row, column) == (1, 1))
        grid.update_xaxes(title_text=title, tickformat="d", row=row, col=column)
    low, high = (float(f"{end:.3g}") for end in _ends(list(evolving.values())))
    for column in range(1, len(chosen) + 1):
        grid.update_yaxes(range=[low, high], row=2, col=column)
    for row, column in [(1, k) for k in range(3, columns + 1)] + [(2, k) for k in range(len(chosen) + 1, columns + 1)]:
        grid.update_xaxes(visible=False, row=row, col=column)
        grid.update_yaxes(visible=False, row=row, col=column)
    grid.update_layout(showlegend=True, legend=ABOVE, margin={"t": 70})
    return grid


def _ends(factors: Sequence[Array]) -> tuple[float, float]:
    """One range for all, with some air."""
    low = min(float(factor[:, :CURVES].min()) for factor in factors)
    high = max(float(factor[:, :CURVES].max()) for factor in factors)
    air = 0.06 * (high - low)
    return low - air, high + air


def _curves(grid: go.Figure, matrix: Array, place: dict[str, Any], *, legend: bool) -> None:
    step = -(-len(matrix) // POINTS)
    for at in range(min(matrix.shape[1], CURVES)):
        grid.add_scatter(
            y=rounded(matrix[::step, at], scale=float(np.abs(matrix).max())),
            dx=step,
            name=f"component {at}",
            legendgroup=at,
            showlegend=legend,
            mode="lines+markers" if len(matrix) <= 30 else "lines",
            line={"color": CYCLE[at % len(CYCLE)], "dash": DASHES[at % len(DASHES)]},
            **place,
        )
