"""What a search found: the front of error against parameters, and the best value after every evaluation."""

__all__ = ["search_progress"]

import math
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from workbench.figures._numbers import FigureError, significant
from workbench.figures._theme import CYCLE, DASHES, INK, POWERS, panels

if TYPE_CHECKING:
    from workbench.structure import Study, Trial

LEAST = 1e-9
"""Errors below are drawn here: an exact fit is told from another by nothing but rounding."""


def search_progress(*studies: "Study") -> go.Figure:
    """One study: every structure by parameters and error, those that no other beats joined, and the best value so far. Several: their best values.

    Parameters
    ----------
    *studies
        What `search` gave back, finished or running.

    Returns
    -------
    plotly.graph_objects.Figure
        Logarithmic; hovering shows bonds and ranks. Open points were ended early, as they could not be better than the best.

    Raises
    ------
    FigureError
        When there is no study, or nothing was evaluated with success.

    Examples
    --------
    >>> from workbench.structure import GraphSpace, search
    >>> study = search(lambda net: 1 / net.parameters, GraphSpace((2, 2, 2), 3), "random", objective="error", budget=9)
    >>> [curve.name for curve in search_progress(study).data]
    ['evaluated', 'no other is better in both', 'best', 'best value']
    """
    if not studies:
        raise FigureError("search_progress draws at least one study")
    for study in studies:
        if all(trial.failed for trial in study.trials):
            raise FigureError(f"study {study.name!r} has no evaluation that succeeded: there is nothing to draw")
    titles = ["structures", "best so far"] if len(studies) == 1 else ["best so far"]
    drawn = panels(1, len(titles), titles, height=360, showlegend=True, wide_gap=True)
    if len(studies) == 1:
        _front(drawn, studies[0])
    for at, study in enumerate(studies):
        history = np.array(study.history())
        kept = np.flatnonzero(np.isfinite(history))
        drawn.add_scatter(
            x=kept + 1,
            y=significant(history[kept], 4),
            name="best value" if len(studies) == 1 else f"{study.algorithm}: {study.name}",
            mode="lines",
            line={"color": CYCLE[at % len(CYCLE)], "dash": DASHES[at % len(DASHES)], "shape": "hv"},
            showlegend=len(studies) > 1,
            row=1,
            col=len(titles),
        )
    kinds = {str(study.objective) for study in studies}
    drawn.update_xaxes(title={"text": "structures evaluated"}, row=1, col=len(titles))
    drawn.update_yaxes(
        title={"text": kinds.pop() if len(kinds) == 1 else "objective"}, row=1, col=len(titles), **POWERS
    )
    return drawn


def _front(drawn: go.Figure, study: "Study") -> None:
    fitted = [trial for trial in study.trials if not trial.failed]
    drawn.add_scatter(
        x=[trial.parameters for trial in fitted],
        y=_errors(fitted),
        name="evaluated",
        mode="markers",
        marker={
            "color": INK,
            "size": 5,
            "opacity": 0.6,
            "symbol": ["circle-open" if trial.early else "circle" for trial in fitted],
        },
        text=[_hover(trial) for trial in fitted],
        hovertemplate="%{text}<extra></extra>",
        row=1,
        col=1,
    )
    front = list(study.pareto())
    drawn.add_scatter(
        x=[trial.parameters for trial in front],
        y=_errors(front),
        name="no other is better in both",
        mode="lines+markers",
        line={"color": CYCLE[0], "shape": "hv"},
        text=[_hover(trial) for trial in front],
        hovertemplate="%{text}<extra></extra>",
        row=1,
        col=1,
    )
    if any(math.isfinite(trial.value) for trial in fitted):
        best = study.best.trial
        drawn.add_scatter(
            x=[best.parameters],
            y=_errors([best]),
            name="best",
            mode="markers",
            marker={"color": CYCLE[1], "size": 13, "symbol": "star"},
            text=[_hover(best)],
            hovertemplate="%{text}<extra></extra>",
            row=1,
            col=1,
        )
    drawn.update_xaxes(title={"text": "parameters"}, row=1, col=1)
    drawn.update_yaxes(title={"text": "‖x − x̂‖ / ‖x‖"}, row=1, col=1, **POWERS)


def _errors(trials: "list[Trial]") -> list[float]:
    return [float(significant(np.array([max(LEAST, trial.error)]), 3)[0]) for trial in trials]


def _hover(trial: "Trial") -> str:
    early = ", ended early" if trial.early else ""
    return f"{trial.key}<br>{trial.parameters:,} parameters, error {trial.error:.3g}{early}"
