"""Figures of diagnostics: how terms cancel, what bonds carry, where a fit fails, whether restarts agree."""

__all__ = ["factor_matches", "leverages", "residual_plots", "schmidt_spectra", "slice_errors", "term_cosines"]

import math
from collections.abc import Mapping, Sequence
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go
import torch

from workbench.decomposition import bond_spectra, factor_match, leverage
from workbench.figures._numbers import FigureError, as_array, rounded, significant
from workbench.figures._tensors import heat, thin_positions
from workbench.figures._theme import CYCLE, DASHES, DIVERGING, GAP, INK, POWERS, SEQUENTIAL, figure, panels

if TYPE_CHECKING:
    from workbench.decomposition import Diagnosis, Fit, Residuals

TERMS = 80
"""The most rank-one terms drawn."""
BINS = 41


def term_cosines(found: "Diagnosis") -> go.Figure:
    """The rank-one terms of a CP fit: the cosine between any two, and how large each is.

    Orange off the diagonal is agreement, deep blue are terms that cancel; bars above 1 are terms larger than the whole fit.
    Of more than 80 terms the largest 80 are drawn.

    Raises
    ------
    FigureError
        When the fit is no CP.

    Examples
    --------
    >>> import torch
    >>> from workbench.decomposition import decompose, diagnose
    >>> x = torch.rand(6, 7, 8, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    >>> [panel.text for panel in term_cosines(diagnose(decompose(x, "cp", ranks=3))).layout.annotations]
    ['cosine between terms', 'norm of a term / norm of the fit']
    """
    if found.degeneracy is None:
        raise FigureError("this fit has no rank-one terms: it is no CP; plot its residuals or bonds")
    norms = as_array(found.degeneracy.norms)
    cosines = as_array(found.degeneracy.cosines) + np.eye(len(norms))
    chosen = np.sort(np.argsort(-norms, kind="stable")[:TERMS])
    grid = panels(1, 2, ("cosine between terms", "norm of a term / norm of the fit"), height=360, wide_gap=True)
    trace, _ = heat(cosines[np.ix_(chosen, chosen)], TERMS**2, 1.0)
    names = [str(term) for term in chosen]
    trace.update(x0=None, dx=None, y0=None, dy=None, x=names, y=names)
    trace.hovertemplate = "terms %{y} and %{x}: %{z:.4f}<extra></extra>"
    grid.add_trace(trace, row=1, col=1)
    bar = {"title": {"text": "", "side": "right"}, "outlinewidth": 0, "thickness": 12, "x": 0.445, "xanchor": "left"}
    grid.update_layout(coloraxis={"colorscale": DIVERGING, "cmin": -1, "cmax": 1, "colorbar": bar}, showlegend=False)
    grid.add_bar(
        x=names,
        y=significant(norms[chosen], 3),
        marker={"color": CYCLE[0]},
        hovertemplate="term %{x}: %{y:.3g}<extra></extra>",
        row=1,
        col=2,
    )
    grid.add_hline(y=1, line={"color": INK, "width": 1, "dash": "dot"}, row=1, col=2)
    grid.update_xaxes(title_text="term", type="category", showgrid=False, **_ticks(len(names)))
    grid.update_yaxes(
        title_text="term", type="category", autorange="reversed", showgrid=False, row=1, col=1, **_ticks(len(names))
    )
    grid.update_yaxes(row=1, col=2, **_scale(norms))
    return grid


def schmidt_spectra(fit: "Fit | Mapping[str, torch.Tensor]") -> go.Figure:
    """What each bond of a tree fit carries: its Schmidt values as fractions of the norm, logarithmic, and its entropy.

    Parameters
    ----------
    fit
        A fit of a network without loops, or what `workbench.decomposition.bond_spectra` makes of one.

    Returns
    -------
    plotly.graph_objects.Figure
        A curve for each bond; the legend tells how many values are in use, exp(entropy), of how many. Values below 1e-14 of
        the norm are left out.

    Raises
    ------
    FigureError
        When there is no bond.
    FitError
        When the network has loops.

    Examples
    --------
    >>> import torch
    >>> from workbench.decomposition import decompose
    >>> drawn = schmidt_spectra(decompose(torch.eye(4, dtype=torch.float64), "tensor_train", ranks=4))
    >>> [(curve.name, curve.y.tolist()) for curve in drawn.data]
    [('r0: 4.0 of 4', [0.5, 0.5, 0.5, 0.5])]
    """
    spectra = fit if isinstance(fit, Mapping) else bond_spectra(fit)
    if not spectra:
        raise FigureError("this network is a single tensor: it has no bonds to draw")
    drawn = figure(
        height=340,
        xaxis={"title": {"text": "k"}},
        yaxis={"title": {"text": "k-th Schmidt value / norm"}, **POWERS},
        showlegend=True,
    )
    lowest = 1.0
    for number, (bond, values) in enumerate(spectra.items()):
        share = as_array(values)
        size = float(np.linalg.norm(share))
        share = share / size if size else share
        squares = share[share > 0] ** 2
        used = math.exp(-float((squares * np.log(squares)).sum()))
        seen = share[share > 1e-14]
        at = thin_positions(len(seen))
        lowest = min(lowest, float(seen.min())) if len(seen) else lowest
        drawn.add_scatter(
            x=(at + 1).astype(np.int32),
            y=significant(seen[at], 3),
            name=f"{bond}: {used:.1f} of {len(share)}",
            mode="lines+markers" if len(seen) <= 40 else "lines",
            line={"color": CYCLE[number % len(CYCLE)], "dash": DASHES[number % len(DASHES)]},
            hovertemplate="%{x}: %{y:.3g}",
        )
    if max(map(len, spectra.values())) > 40:
        drawn.update_xaxes(type="log", dtick=1)
    if lowest > 0.1:
        drawn.update_yaxes(type="linear", rangemode="tozero", dtick=None, tickfont={"size": 12})
    return drawn


def residual_plots(found: "Residuals") -> go.Figure:
    """Whether residuals look like noise: their histogram and their quantiles, each against the normal distribution.

    Both are in units of the residuals' root mean square. Tails above the line are outliers; a bend is a structure that the fit
    has missed. The absolute residuals of complex data have no such line.

    Raises
    ------
    FigureError
        When the residuals are all zero.

    Examples
    --------
    >>> from workbench.data import planted
    >>> from workbench.decomposition import decompose, residuals
    >>> x = planted("cp", (8, 9, 10), 2, noise=0.1).x
    >>> [curve.name for curve in residual_plots(residuals(x, decompose(x, "cp", ranks=2))).data]
    ['residuals', 'normal', 'residuals', 'normal']
    """
    values = np.sort(as_array(found.standardised, "the residuals"))
    if not values.any():
        raise FigureError("the residuals are all zero: the fit is exact, there is nothing to draw")
    real = not found.values.is_complex()
    titles = ("density of residuals / rms", "quantiles of residuals / rms")
    grid = panels(1, 2, titles, height=340, wide_gap=True)
    reach = max(3.0, min(8.0, float(np.abs(values).max())))
    edges = np.linspace(-reach if real else 0.0, reach, BINS + 1)
    density, _ = np.histogram(values, edges, density=True)
    middles = (edges[1:] + edges[:-1]) / 2
    marker = {"color": CYCLE[0]}
    grid.add_bar(
        x=rounded(middles),
        y=rounded(density),
        name="residuals",
        marker=marker,
        width=float(edges[1] - edges[0]),
        row=1,
        col=1,
    )
    line = {"color": CYCLE[1], "dash": DASHES[1]}
    normal = NormalDist()
    if real:
        bell = np.array([normal.pdf(at) for at in middles])
        grid.add_scatter(x=rounded(middles), y=rounded(bell), name="normal", mode="lines", line=line, row=1, col=1)
    at = _spread(len(values))
    share = (at + 0.5) / len(values)
    expected = np.array([normal.inv_cdf(each if real else (1 + each) / 2) for each in share])
    grid.add_scatter(
        x=rounded(expected),
        y=rounded(values[at]),
        name="residuals",
        mode="markers",
        marker={**marker, "size": 4},
        row=1,
        col=2,
    )
    if real:
        ends = np.array([expected[0], expected[-1]])
        grid.add_scatter(x=rounded(ends), y=rounded(ends), name="normal", mode="lines", line=line, row=1, col=2)
    grid.update_layout(showlegend=False, bargap=0)
    grid.update_xaxes(title_text="residual / rms", row=1, col=1)
    grid.update_xaxes(title_text="normal quantile" if real else "half-normal quantile", row=1, col=2)
    grid.update_yaxes(rangemode="tozero", row=1, col=1)
    grid.update_yaxes(title_text="residual / rms", row=1, col=2)
    return grid


def slice_errors(found: "Residuals") -> go.Figure:
    """For each leg the share of the squared error in each of its slices, beside the slice's share of the data's energy.

    A slice whose bar stands above its line is fitted worse than the others.

    Examples
    --------
    >>> from workbench.data import planted
    >>> from workbench.decomposition import decompose, residuals
    >>> x = planted("cp", (8, 9, 10), 2, noise=0.1).x
    >>> [panel.text for panel in slice_errors(residuals(x, decompose(x, "cp", ranks=2))).layout.annotations]
    ['i0', 'i1', 'i2']
    """
    legs = list(found.slices)[:12]
    if not legs:
        raise FigureError("a scalar has no slices; print the residual")
    grid = _a_panel_each(legs)
    for place, leg in zip(_places(len(legs)), legs, strict=True):
        errors, energies = (_shares(each[leg]) for each in (found.slices, found.energies))
        at, (errors, energies) = _blocks(errors, energies)
        place |= {"showlegend": place == {"row": 1, "col": 1}}
        grid.add_bar(x=at, y=significant(errors, 3), name="squared error", marker={"color": CYCLE[0]}, **place)
        grid.add_scatter(
            x=at,
            y=significant(energies, 3),
            name="data",
            mode="lines",
            line={"color": CYCLE[1], "shape": "hvh"},
            **place,
        )
    grid.update_yaxes(rangemode="tozero")
    grid.update_yaxes(title_text="share", col=1)
    grid.update_layout(bargap=0.1, legend={"y": 1.12})
    return grid


def leverages(fit: "Fit", found: "Residuals | None" = None) -> go.Figure:
    """For each leg how much each slice determines the fit by itself; with residuals, against how badly it is fitted.

    Slices far to the right pull the fit, slices high up are fitted badly; one in the upper right corner is worth a look.

    Parameters
    ----------
    fit
        A fit of any network; legs that several tensors hold are left out.
    found
        Its residuals.

    Raises
    ------
    FigureError
        When no leg has one tensor to itself, or the residuals are those of other legs.

    Examples
    --------
    >>> from workbench.data import planted
    >>> from workbench.decomposition import decompose, residuals
    >>> x = planted("cp", (8, 9, 10), 2, noise=0.1).x
    >>> fit = decompose(x, "cp", ranks=2)
    >>> leverages(fit, residuals(x, fit)).layout.xaxis.title.text
    'leverage'
    """
    legs = [leg for leg in fit.network.legs if len(fit.network.holders(leg)) == 1][:12]
    if not legs:
        raise FigureError("every leg of this network is held by several tensors, so no factor has leverages")
    if found is not None and tuple(found.slices) != fit.network.legs:
        raise FigureError(f"the residuals are those of legs {tuple(found.slices)}, the fit has {fit.network.legs}")
    grid = _a_panel_each(legs)
    for place, leg in zip(_places(len(legs)), legs, strict=True):
        pull = as_array(leverage(fit, leg))
        if found is None:
            at, (means,) = _blocks(pull)
            grid.add_bar(x=at, y=rounded(means, scale=1.0), marker={"color": CYCLE[0]}, showlegend=False, **place)
            continue
        share = _shares(found.slices[leg])
        grid.add_scatter(
            x=rounded(pull, scale=1.0),
            y=significant(share, 3),
            text=[str(at) for at in range(len(pull))],
            mode="markers+text" if len(pull) <= 12 else "markers",
            textposition="top center",
            marker={"color": CYCLE[0], "size": 6},
            hovertemplate="slice %{text}: leverage %{x:.3f}, error %{y:.3g}<extra></extra>",
            showlegend=False,
            **place,
        )
        grid.update_xaxes(title_text="leverage", range=[-0.05, 1.08], **place)
    grid.update_yaxes(rangemode="tozero")
    grid.update_yaxes(title_text="leverage" if found is None else "share of the squared error", col=1)
    return grid


def factor_matches(fits: Sequence["Fit"]) -> go.Figure:
    """Whether several CP fits have found the same terms: their factor match scores as a matrix, the best fit first.

    A bright block in the corner are starts that agree. Where fits of equal error are dark the terms are not determined.

    Parameters
    ----------
    fits
        CP fits of the same data and rank, 2 to 40.

    Raises
    ------
    FigureError
        When there are too few or too many.
    FitError
        When they do not compare.

    Examples
    --------
    >>> from workbench.data import planted
    >>> from workbench.decomposition import decompose
    >>> x = planted("cp", (8, 9, 10), 2, noise=0.1).x
    >>> fits = [decompose(x, "cp", ranks=2, init="random", seed=seed) for seed in range(3)]
    >>> factor_matches(fits).data[0].z.round(2).tolist()
    [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]
    """
    if not 2 <= len(fits) <= 40:
        raise FigureError(f"{len(fits)} fits; a matrix of their matches takes 2 to 40")
    exact = 1e-10  # below are rounding errors: they rank nothing
    ranked = sorted(range(len(fits)), key=lambda at: (max(exact, float(f"{fits[at].error:.4g}")), at))
    scores = np.ones((len(fits), len(fits)))
    for row, one in enumerate(ranked):
        for column, other in enumerate(ranked[:row]):
            scores[row, column] = scores[column, row] = factor_match(fits[one], fits[other])
    drawn = figure(height=380, xaxis={"title": {"text": "fit"}}, yaxis={"title": {"text": "fit, its error"}})
    trace, _ = heat(scores, 1600, 1.0)
    names = [str(at) for at in ranked]
    trace.update(
        x0=None, dx=None, y0=None, dy=None, x=names, y=[f"{at}: {_short(fits[at].error, exact)}" for at in ranked]
    )
    trace.hovertemplate = "fits %{y} and %{x}: %{z:.3f}<extra></extra>"
    drawn.add_trace(trace)
    title = {"text": "factor match", "side": "right", "font": {"size": 13}}
    bar = {"title": title, "outlinewidth": 0, "thickness": 12, "x": 0.71, "xanchor": "left"}
    drawn.update_layout(coloraxis={"colorscale": SEQUENTIAL, "cmin": 0, "cmax": 1, "colorbar": bar})
    # a square, whatever the width, beside its colours
    drawn.update_xaxes(type="category", showgrid=False, constrain="domain", constraintoward="right", domain=[0, 0.7])
    drawn.update_yaxes(type="category", showgrid=False, autorange="reversed", scaleanchor="x", constrain="domain")
    return drawn


# ---- small parts ----------------------------------------------------------------------------------------------------


def _short(error: float, least: float) -> str:
    """An error as a label; where it is all but zero its digits say nothing."""
    if error < least:
        return f"&lt; {least:g}"
    return f"{error:.4g}" if error >= 1e-6 else f"{error:.0e}"


def _ticks(count: int) -> dict[str, Any]:
    return {"dtick": 1} if count <= 16 else {"nticks": 10}


def _scale(values: np.ndarray[Any, Any]) -> dict[str, Any]:
    """A logarithmic axis where values span more than two decades."""
    seen = values[values > 0]
    return dict(POWERS) if len(seen) and seen.max() > 100 * seen.min() else {"rangemode": "tozero"}


def _a_panel_each(legs: Sequence[str]) -> go.Figure:
    columns = min(len(legs), 3)
    rows = math.ceil(len(legs) / columns)
    return panels(rows, columns, list(legs), height=90 + rows * 220 + (rows - 1) * GAP, wide_gap=True)


def _places(count: int) -> list[dict[str, Any]]:
    columns = min(count, 3)
    return [{"row": at // columns + 1, "col": at % columns + 1} for at in range(count)]


def _shares(squares: torch.Tensor) -> np.ndarray[Any, Any]:
    values = as_array(squares)
    return values / values.sum() if values.sum() else values


def _blocks(*each: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], list[np.ndarray[Any, Any]]]:
    """Means of blocks of slices, where there are more than 200; and the first slice of each."""
    size = len(each[0])
    block = math.ceil(size / 200)
    starts = np.arange(0, size, block)
    return starts.astype(np.int32), [np.add.reduceat(values, starts) / np.diff([*starts, size]) for values in each]


def _spread(count: int) -> np.ndarray[Any, Any]:
    """Positions in a sorted list: the ends densely, the middle sparsely."""
    if count <= 400:
        return np.arange(count)
    ends = np.arange(60)
    return np.unique(np.concatenate([ends, np.linspace(0, count - 1, 280).round().astype(int), count - 1 - ends]))
