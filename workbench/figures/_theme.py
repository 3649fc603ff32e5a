"""The look of every figure: one small template, colours that survive both themes and colour blindness."""

__all__ = ["CYCLE", "DASHES", "DIVERGING", "GAP", "GRID", "INK", "SEQUENTIAL", "figure", "panels"]

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

INK = "#747a85"
"""Text and axes, on no background of their own: 4.3 to 1 on white and 4.4 to 1 on JupyterLab's dark #111111.

No colour reaches 4.5 on both: the two contrasts multiply to at most 18.9, the contrast of white on #111111.
"""
GAP = 80
"""Pixels between rows of small multiples: an axis title below, a panel's title above."""
GRID = "rgba(128,128,128,0.22)"

CYCLE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
"""Okabe and Ito's colours (Color Universal Design, 2008), without black and yellow, which each vanish in one theme."""
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
"""A line is told by its dash, too: colour is never the only mark."""
SEQUENTIAL = "Cividis"
DIVERGING = ((0.0, "#0072B2"), (0.5, "#F2F2F2"), (1.0, "#D55E00"))

_AXIS = {
    "color": INK,
    "gridcolor": GRID,
    "linecolor": INK,
    "zeroline": False,
    "showline": True,
    "ticks": "outside",
    "ticklen": 4,
    "automargin": True,
    "title": {"standoff": 6, "font": {"size": 13}},
    "tickfont": {"size": 12},
}
POWERS = {"type": "log", "dtick": 1, "exponentformat": "power", "tickfont": {"size": 10}}
"""A logarithmic axis; plotly draws powers a quarter larger than other ticks."""
_TEMPLATE = go.layout.Template(
    layout={
        "font": {"family": "system-ui, sans-serif", "size": 13, "color": INK},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "colorway": list(CYCLE),
        "margin": {"l": 56, "r": 16, "t": 40, "b": 48},
        "xaxis": _AXIS,
        "yaxis": _AXIS,
        "title": {"font": {"size": 14}, "x": 0, "xanchor": "left"},
        "annotationdefaults": {"font": {"color": INK, "size": 12}, "showarrow": False},
        "coloraxis": {"colorbar": {"outlinewidth": 0, "thickness": 12, "ticklen": 3}},
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom"},
    }
)


def figure(**layout: Any) -> go.Figure:
    """An empty figure in our template; plotly's own, 7 kB in every figure, is left out."""
    return go.Figure(layout={"template": _TEMPLATE, **layout})


def panels(rows: int, columns: int, titles: Sequence[str], *, wide_gap: bool = False, **layout: Any) -> go.Figure:
    """A grid of small multiples, one title each, rows `GAP` pixels apart; `wide_gap` leaves room for a title at every axis."""
    gap = GAP / (layout["height"] - 90) if rows > 1 else 0.0
    grid = make_subplots(
        rows=rows,
        cols=columns,
        subplot_titles=list(titles),
        horizontal_spacing=min(0.13 if wide_gap else 0.09, 0.5 / columns),
        vertical_spacing=min(gap, 0.9 / max(rows - 1, 1)),
    )
    grid.update_layout(template=_TEMPLATE, **layout)
    grid.update_annotations(font={"size": 12})
    return grid
