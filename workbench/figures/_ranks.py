"""Figures for choosing ranks: the front of error against parameters, the map over two ranks, the bonds' curves."""

__all__ = ["bond_curves", "rank_evidence", "rank_front", "rank_map"]

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from workbench.decomposition._rank_evidence import RankScore, noise_bound
from workbench.figures._numbers import FigureError, significant
from workbench.figures._tensors import colour_axis, heat, thin_positions
from workbench.figures._theme import CYCLE, DASHES, INK, POWERS, figure, panels

if TYPE_CHECKING:
    from workbench.decomposition import RankChoice, RankLandscape, RankSuggestion

CELLS = 6_000
LOST = "‖x − x̂‖ / ‖x‖"


def rank_front(land: "RankLandscape", marked: object = (), *, most: int = 120) -> go.Figure:
    """Error against parameters of the ranks that are worth having: the Pareto front of a landscape, logarithmic.

    Parameters
    ----------
    land
        What `rank_landscape` found.
    marked
        A choice or a fit, or several of them, marked as points: anything with `parameters` and an `error`.
    most
        How many points of the front are asked for.

    Returns
    -------
    plotly.graph_objects.Figure
        Hovering shows the ranks. Where errors are bounds the axis says so. Choices that lose nothing are left out, a
        logarithm has no zero; the dotted line is the size of the data.

    Raises
    ------
    FigureError
        When something marked has no parameters or no error.

    Examples
    --------
    >>> import torch
    >>> from workbench.decomposition import rank_landscape
    >>> land = rank_landscape(torch.rand(6, 7, 8, generator=torch.Generator().manual_seed(0)))
    >>> drawn = rank_front(land, land.best(parameters=100))
    >>> [curve.name for curve in drawn.data]
    ['Pareto front', 'chosen']
    """
    front = [choice for choice in land.pareto(most) if choice.error > 1e-14]
    drawn = figure(
        height=340,
        xaxis={"title": {"text": "parameters"}, **POWERS},
        yaxis={"title": {"text": LOST if land.exact else f"{LOST}, at most"}, **POWERS},
        showlegend=True,
        hovermode="closest",
    )
    drawn.add_scatter(
        x=significant(np.array([choice.parameters for choice in front], dtype=np.float64)),
        y=significant(np.array([choice.error for choice in front]), 3),
        name="Pareto front",
        mode="lines+markers" if len(front) <= 60 else "lines",
        line={"color": CYCLE[0], "shape": "hv"},
        text=[_hover(choice, land.exact) for choice in front],
        hovertemplate="%{text}<extra></extra>",
    )
    _add_marks(drawn, marked)
    points = [(choice.parameters, choice.error) for choice in front]
    if points and max(error for _, error in points) < 10 * min(error for _, error in points):
        drawn.update_yaxes(type="linear", rangemode="tozero", dtick=None, tickfont={"size": 12})
    dense = math.prod(land.network.shape)
    if points and points[0][0] <= dense <= points[-1][0]:
        drawn.add_vline(x=dense, line={"color": INK, "width": 1, "dash": "dot"})
        drawn.add_annotation(x=math.log10(dense), y=1, yref="paper", text="the data", xanchor="right", xshift=-4)
    return drawn


def rank_map(land: "RankLandscape", bonds: tuple[str, str] | None = None) -> go.Figure:
    """The error over the ranks of two bonds, all other ranks being full, with the path that the Pareto front takes.

    Parameters
    ----------
    land
        What `rank_landscape` found, of two bonds or more.
    bonds
        The bonds drawn down and across; by default the two with the most ranks.

    Raises
    ------
    FigureError
        When there are no two such bonds.

    Examples
    --------
    >>> import torch
    >>> from workbench.decomposition import rank_landscape
    >>> land = rank_landscape(torch.rand(6, 7, 8, generator=torch.Generator().manual_seed(0)))
    >>> rank_map(land).layout.xaxis.title.text
    'rank of r2'
    """
    down, across = _two_bonds(land, bonds)
    errors = land.over(down, across)
    drawn = figure(
        height=380,
        xaxis={"title": {"text": f"rank of {across}"}, "showgrid": False},
        yaxis={"title": {"text": f"rank of {down}"}, "showgrid": False},
        showlegend=True,
    )
    scale, largest = colour_axis([errors], LOST if land.exact else f"{LOST}, at most")
    trace, _ = heat(errors, CELLS, largest)
    trace.update(x0=trace.x0 + 1, y0=trace.y0 + 1)
    trace.hovertemplate = f"{down} %{{y}}, {across} %{{x}}: %{{z:.3g}}<extra></extra>"
    drawn.add_trace(trace)
    drawn.update_layout(coloraxis=scale)
    at = land.bonds.index(down), land.bonds.index(across)
    path = list(dict.fromkeys((choice.ranks[at[0]], choice.ranks[at[1]]) for choice in land.pareto(60)))
    drawn.add_scatter(
        x=np.array([ranks[1] for ranks in path], dtype=np.int32),
        y=np.array([ranks[0] for ranks in path], dtype=np.int32),
        name="Pareto front",
        mode="lines+markers",
        line={"color": CYCLE[1], "width": 1},
        marker={"size": 4},
        hovertemplate=f"{down} %{{y}}, {across} %{{x}}<extra></extra>",
        cliponaxis=False,
    )
    drawn.update_xaxes(range=[0.5, errors.shape[1] + 0.5])
    drawn.update_yaxes(range=[0.5, errors.shape[0] + 0.5])
    return drawn


def bond_curves(land: "RankLandscape") -> go.Figure:
    """For each bond the error that its rank alone causes, all other ranks being full: no network goes below any of them.

    Examples
    --------
    >>> import torch
    >>> from workbench.decomposition import rank_landscape
    >>> x = torch.rand(4, 5, 6, 7, generator=torch.Generator().manual_seed(0))
    >>> [curve.name for curve in bond_curves(rank_landscape(x, "tensor_train")).data]
    ['r0', 'r1', 'r2']
    """
    drawn = figure(
        height=340,
        xaxis={"title": {"text": "rank"}, "type": "log", "dtick": 1},
        yaxis={"title": {"text": f"{LOST}, at least"}, **POWERS},
        showlegend=True,
    )
    lowest = 1.0
    for number, (bond, errors) in enumerate(land.bond_errors.items()):
        seen = errors[errors > 1e-14]
        at = thin_positions(len(seen))
        lowest = min(lowest, float(seen.min())) if len(seen) else lowest
        drawn.add_scatter(
            x=(at + 1).astype(np.int32),
            y=significant(seen[at], 3),
            name=bond,
            mode="lines+markers" if len(seen) <= 40 else "lines",
            line={"color": CYCLE[number % len(CYCLE)], "dash": DASHES[(number + number // len(CYCLE)) % len(DASHES)]},
            hovertemplate="rank %{x}: %{y:.3g}",
        )
    if lowest > 0.1:
        drawn.update_yaxes(type="linear", rangemode="tozero", dtick=None, tickfont={"size": 12})
    return drawn


def rank_evidence(found: "RankSuggestion") -> go.Figure:
    """What a recommended rank rests on: four questions over the number of components, the answer marked.

    The error and the error of held-out entries; how alike the components of two halves are, and those of several starts;
    what each component takes off, against what noise could give; core consistency. For other families than CP: for each
    bond the last singular value kept and the next, against the edge of the noise.

    Examples
    --------
    >>> from workbench.data import planted
    >>> from workbench.decomposition import suggest_rank
    >>> drawn = rank_evidence(suggest_rank(planted("cp", (8, 9, 10), 2, noise=0.1).x, up_to=4, starts=3))
    >>> [panel.text for panel in drawn.layout.annotations][:4]
    ['error', 'components found again', 'gain / variance of the noise', 'core consistency, %']
    """
    scores = [score for score in found.table if isinstance(score, RankScore)]
    if not scores:
        return _bond_floor(found)
    titles = ("error", "components found again", "gain / variance of the noise", "core consistency, %")
    grid = panels(2, 2, titles, height=500, wide_gap=True)
    ranks = np.array([score.rank for score in scores], dtype=np.int32)
    curves = [
        (1, 1, "fitted", [score.error for score in scores]),
        (1, 1, "held out", [score.held_out for score in scores]),
        (1, 2, "in both halves, the worst", [score.halves for score in scores]),
        (1, 2, "from other starts", [score.match for score in scores]),
        (2, 1, "gain of the last component", [score.gain for score in scores]),
        (2, 2, "core consistency", [max(score.consistency, -100.0) for score in scores]),
    ]
    for number, (row, column, name, values) in enumerate(curves):
        seen = np.isfinite(values)
        grid.add_scatter(
            x=ranks[seen],
            y=significant(np.array(values)[seen], 3),
            name=name,
            mode="lines+markers",
            line={"color": CYCLE[number], "dash": DASHES[number % 2]},
            hovertemplate="%{x} components: %{y:.3g}",
            row=row,
            col=column,
        )
    if any(math.isfinite(score.gain) for score in scores):
        bound = noise_bound(found.network.shape)
        grid.add_hline(y=bound, line={"color": INK, "width": 1, "dash": "dot"}, row=2, col=1)
        place = {"x": 1, "xref": "x3 domain", "y": math.log10(bound), "yref": "y3", "xanchor": "right", "yshift": 8}
        grid.add_annotation(text="noise alone", font={"size": 12}, **place)
    grid.add_vline(x=found.rank, line={"color": CYCLE[1], "width": 8}, opacity=0.18)
    grid.update_xaxes(dtick=1 if len(scores) <= 12 else None, tickformat="d")
    grid.update_xaxes(title_text="components", row=2)
    errors = [score.error for score in scores]
    if min(errors) < max(errors) / 2:  # else zero is far away, and would press what is to be seen into a line
        grid.update_yaxes(rangemode="tozero", row=1, col=1)
    grid.update_yaxes(rangemode="tozero", row=1, col=2)
    grid.update_yaxes(**POWERS, row=2, col=1)
    grid.update_layout(showlegend=True, legend={"y": 1.08})
    return grid


def _bond_floor(found: "RankSuggestion") -> go.Figure:
    drawn = figure(
        height=340,
        xaxis={"title": {"text": "bond"}},
        yaxis={"title": {"text": "singular value / norm"}, **POWERS},
        showlegend=True,
    )
    scores: Sequence[Any] = found.table
    marks = (
        ("last kept", "kept", "circle"),
        ("edge of the noise", "edge", "line-ew-open"),
        ("next", "next", "circle-open"),
    )
    for number, (name, field, symbol) in enumerate(marks):
        values = np.array([getattr(score, field) for score in scores])
        seen = values > 1e-17
        drawn.add_scatter(
            x=[f"{score.bond} ({score.rank})" for score, one in zip(scores, seen, strict=True) if one],
            y=significant(values[seen], 3),
            name=name,
            mode="markers",
            marker={"color": CYCLE[number], "symbol": symbol, "size": 11, "line": {"width": 2, "color": CYCLE[number]}},
            hovertemplate="%{x}: %{y:.3g}",
        )
    return drawn


def _two_bonds(land: "RankLandscape", bonds: tuple[str, str] | None) -> tuple[str, str]:
    if len(land.bonds) < 2:
        raise FigureError("the landscape has one bond, and a map needs two; draw its curve with bond_curves")
    if bonds is None:
        caps = dict(zip(land.bonds, land.caps, strict=True))
        first, second, *_ = sorted(land.bonds, key=lambda bond: -caps[bond])
        bonds = (first, second) if land.bonds.index(first) < land.bonds.index(second) else (second, first)
    return bonds


def _hover(choice: "RankChoice", exact: bool) -> str:
    ranks = " × ".join(map(str, choice.ranks))
    bound = "" if exact else "at most "
    return f"{ranks}<br>{choice.parameters:,} parameters, {choice.compression:.3g}× smaller<br>error {bound}{choice.error:.3g}"


def _add_marks(drawn: go.Figure, marked: object) -> None:
    several: list[Any] = list(marked) if isinstance(marked, Iterable) else [marked]
    if not several:
        return
    for each in several:
        if not hasattr(each, "parameters") or not hasattr(each, "error"):
            raise FigureError(f"a {type(each).__name__} cannot be marked on the front; give choices or fits")
    drawn.add_scatter(
        x=significant(np.array([each.parameters for each in several], dtype=np.float64)),
        y=significant(np.array([each.error for each in several]), 3),
        name="chosen",
        mode="markers",
        marker={"size": 10, "color": CYCLE[1], "symbol": "diamond"},
        hovertemplate="%{x:,} parameters, error %{y:.3g}<extra></extra>",
    )
