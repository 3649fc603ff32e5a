"""What a check of equivariance found: errors over group elements and over layers."""

__all__ = ["equivariance_errors"]

import math
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from workbench.figures._numbers import FigureError, significant
from workbench.figures._theme import CYCLE, INK, POWERS, figure, panels
from workbench.symmetry import EquivarianceReport

MOST_LAYERS = 40
ROUNDING = {"float64": 1e-16, "float32": 1e-7}
"""Where errors that are rounding are drawn: their digits differ from machine to machine."""
GAP = 10.0
"""Where an infinite error is drawn."""


def equivariance_errors(report: EquivarianceReport) -> go.Figure:
    """Errors at every group element, in both precisions, and beside them those of the layers, in the order in which they finish.

    Errors that are rounding are drawn at one height each for float64 and float32: a bug is as high in both, rounding is nine
    decades lower in float64. Layers whose outputs transform by some law lie on the ground; the guilty one is marked.

    Raises
    ------
    FigureError
        When the report is of no elements.

    Examples
    --------
    >>> import torch
    >>> from workbench.symmetry import O, check
    >>> report = check(torch.nn.Tanh(), O(3), sample=torch.ones(4, 3), inputs=1, outputs=1)
    >>> [curve.name for curve in equivariance_errors(report).data]
    ['float64', 'float32']
    """
    if not report.elements:
        raise FigureError("the report holds no group elements, so there are no errors to draw")
    layers = _chosen(report)
    name = "sound" if report.sound else "not sound"
    title = f"{report.model} under {report.group}: {name}"
    if not layers:
        drawn = figure(height=360, title={"text": title, "y": 0.97, "yanchor": "top"}, showlegend=True)
        place = {}
    else:
        drawn = panels(
            1,
            2,
            ("group elements", "layers"),
            height=440,
            wide_gap=True,
            title={"text": title, "y": 0.97, "yanchor": "top"},
            showlegend=True,
        )
        place = {"row": 1, "col": 1}
    for number, precision in enumerate(("float64", "float32")):
        errors = [getattr(each, precision) for each in report.elements]
        if all(error is None for error in errors):
            continue
        values = [_drawn(error, each.sound, precision) for error, each in zip(errors, report.elements, strict=True)]
        drawn.add_scatter(
            x=_distinct([each.label for each in report.elements]),
            y=significant(np.array(values), 2),
            name=precision,
            mode="markers",
            marker={
                "color": CYCLE[number],
                "symbol": ("circle", "circle-open")[number],
                "size": 9,
                "line": {"width": 2, "color": CYCLE[number]},
            },
            text=[_said(error, each.sound) for error, each in zip(errors, report.elements, strict=True)],
            hovertemplate="%{x}: %{text}<extra></extra>",
            **place,
        )
    drawn.update_yaxes(title_text="‖f(gx) − g f(x)‖ / ‖f(x)‖", **POWERS, range=[-16.6, 1.4])
    drawn.update_yaxes(dtick=4)
    drawn.update_xaxes(tickangle=-60, tickfont={"size": 10})
    if layers:
        _add_layers(drawn, layers)
    drawn.update_layout(legend={"y": 1.1}, margin={"t": 108})
    return drawn


def _add_layers(drawn: go.Figure, layers: Sequence[tuple[str, float, str, bool]]) -> None:
    for guilty, name in ((False, "layer"), (True, "guilty")):
        rows = [row for row in layers if row[3] == guilty]
        if not rows:
            continue
        drawn.add_scatter(
            x=[row[0] for row in rows],
            y=significant(np.array([row[1] for row in rows]), 2),
            name=name,
            mode="markers+text" if guilty else "markers",
            marker={
                "color": CYCLE[1] if guilty else INK,
                "symbol": "diamond" if guilty else "square",
                "size": 13 if guilty else 8,
            },
            text=[row[0] for row in rows] if guilty else None,
            textposition="bottom center",
            customdata=[row[2] for row in rows],
            hovertemplate="%{x}: %{customdata}<extra></extra>",
            cliponaxis=False,
            row=1,
            col=2,
        )
    drawn.update_xaxes(categoryorder="array", categoryarray=[row[0] for row in layers], row=1, col=2)
    drawn.update_yaxes(title_text="", row=1, col=2)


def _chosen(report: EquivarianceReport) -> list[tuple[str, float, str, bool]]:
    """Names, heights, words and guilt of the layers that are drawn: around the guilty one, where there are many."""
    rows = [row for row in report.layers if row.name != "forward"]
    at = next((number for number, row in enumerate(rows) if row.guilty), 0)
    start = max(0, min(at - MOST_LAYERS // 2, len(rows) - MOST_LAYERS))
    chosen = []
    for row in rows[start : start + MOST_LAYERS]:
        holds = all(row.gives)
        words = f"{row.kind}; {', '.join(row.gives)}" if holds else f"{row.kind}; by no law that was tried"
        chosen.append((row.name, _drawn(row.error, holds, "float64"), words, row.guilty))
    return chosen


def _drawn(error: float | None, sound: bool, precision: str) -> float:
    if error is None:
        return math.nan
    if sound or error < ROUNDING[precision]:
        return ROUNDING[precision]
    return error if math.isfinite(error) else GAP


def _said(error: float | None, sound: bool) -> str:
    if error is None:
        return "not run"
    if sound or error < 1e-12:
        return "rounding"
    return f"{error:.1e}" if math.isfinite(error) else "gaps"


def _distinct(labels: Sequence[str]) -> list[str]:
    """Labels as categories: a second one of a name gets a number."""
    seen: dict[str, int] = {}
    made = []
    for label in labels:
        seen[label] = seen.get(label, 0) + 1
        made.append(label if seen[label] == 1 else f"{label} ({seen[label]})")
    return made
