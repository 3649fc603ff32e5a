"""The figure of a spike's transition: alignment against strength, predicted and simulated."""

__all__ = ["spike_alignment"]

import math
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from workbench.figures._numbers import FigureError, rounded
from workbench.figures._theme import CYCLE, DASHES, INK, figure

if TYPE_CHECKING:
    from workbench.decomposition import SpikeTransition

POINTS = 120
SYMBOLS = ("circle", "square", "diamond")
NAMES = {"tensor": "best rank one", "unfolding": "unfolding", "two_step": "two steps"}
STAGGER = 0.006  # of the axis, between the estimators' points: they hide each other where estimators agree


def spike_alignment(transition: "SpikeTransition") -> go.Figure:
    """Alignment with the planted vector against the strength of the signal: a line predicted, points simulated.

    Parameters
    ----------
    transition
        What `spiked_transition` or `nested_transition` gave.

    Returns
    -------
    plotly.graph_objects.Figure
        For each estimator a line, its dotted threshold, and, where there were trials, their mean with its standard deviation as
        a bar. Points of different estimators are set a little apart, left and right of their strength.

    Raises
    ------
    FigureError
        When all strengths are the same and nothing can be drawn against them.

    Examples
    --------
    >>> from workbench.decomposition import nested_transition
    >>> drawn = spike_alignment(nested_transition((50, 60, 40), 2.0, [0.5, 1.5, 2.5]))
    >>> [curve.name for curve in drawn.data]
    ['best rank one', 'unfolding', 'two steps']
    """
    low, high = min(transition.strengths), max(transition.strengths)
    if low == high:
        raise FigureError(f"all strengths are {low:g}; give strengths that differ, to be drawn against")
    nested = transition.tensor_strength is not None
    drawn = figure(
        height=360,
        showlegend=True,
        xaxis={
            "title": {"text": "strength of the matrix' spike β<sub>M</sub>" if nested else "strength of the spike β"},
            "range": [low - 0.03 * (high - low), high + 0.03 * (high - low)],
        },
        yaxis={"title": {"text": "alignment |⟨û, u⟩|"}, "range": [-0.03, 1.04]},
    )
    shown = [(name, at) for name, at in transition.thresholds.items() if math.isfinite(at)]
    for number, (name, threshold) in enumerate(transition.thresholds.items()):
        colour, dash = CYCLE[number], DASHES[number]
        jump = [threshold * (1 - 1e-9), threshold * (1 + 1e-9)] if low < threshold < high else []
        strengths = np.sort(np.concatenate([np.linspace(low, high, POINTS), jump]))
        drawn.add_scatter(
            x=rounded(strengths, 5),
            y=rounded(np.array(transition.expected(name, strengths.tolist())), 4, scale=1.0),
            name=NAMES[name],
            legendgroup=name,
            mode="lines",
            line={"color": colour, "dash": dash},
            hovertemplate=f"{NAMES[name]}, predicted at %{{x:.3g}}: %{{y:.3f}}<extra></extra>",
        )
        if jump:
            drawn.add_vline(x=round(threshold, 4), line={"color": colour, "dash": "dot", "width": 1})
    crowded = sorted(at for _, at in shown if low < at < high)
    for place, at in enumerate(crowded):
        close = place and at - crowded[place - 1] < 0.06 * (high - low)
        drawn.add_annotation(
            x=round(at, 4),
            y=0.0 if not close else 0.08,
            yshift=10,
            text=f"{at:.3g}",
            font={"color": INK, "size": 11},
            xanchor="left",
            xshift=3,
        )
    for number, (name, trials) in enumerate(transition.measured.items()):
        if not transition.trials:
            continue
        aside = (number - (len(transition.measured) - 1) / 2) * STAGGER * (high - low)
        drawn.add_scatter(
            x=rounded(np.array(transition.strengths) + aside, 5),
            y=rounded(np.array([np.mean(each) for each in trials]), 4, scale=1.0),
            error_y={
                "array": rounded(np.array([np.std(each) for each in trials]), 3, scale=1.0),
                "thickness": 1,
                "width": 0,
            },
            name=f"{NAMES[name]}, simulated",
            legendgroup=name,
            showlegend=False,
            mode="markers",
            marker={"color": CYCLE[number], "symbol": SYMBOLS[number], "size": 7},
            hovertemplate=f"{NAMES[name]}, {transition.trials} trials: %{{y:.3f}}<extra></extra>",
        )
    return drawn
