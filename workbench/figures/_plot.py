"""`plot`: the right figure for a value."""

__all__ = ["plot"]

from functools import singledispatch
from typing import Any

import numpy as np
import plotly.graph_objects as go
import torch

from workbench.decomposition import (
    ChebyshevTucker,
    Diagnosis,
    Fit,
    Parafac2,
    RankLandscape,
    RankSuggestion,
    Residuals,
    SpikeTransition,
    TubalDescent,
    TubalSVD,
)
from workbench.figures._diagnostics import residual_plots, schmidt_spectra, slice_errors, term_cosines
from workbench.figures._diagram import Diagram, diagram
from workbench.figures._equivariance_report import equivariance_errors
from workbench.figures._equivariant import equivariant_diagrams
from workbench.figures._evolving import evolving_factors
from workbench.figures._fits import before_after, comparison, factors
from workbench.figures._functions import coefficient_decay
from workbench.figures._numbers import FigureError, as_array
from workbench.figures._picture import Picture, is_picture, picture
from workbench.figures._ranks import rank_evidence, rank_front
from workbench.figures._spiked import spike_alignment
from workbench.figures._study import search_progress
from workbench.figures._tensors import slices
from workbench.figures._tubes import singular_tubes, tubal_trajectory
from workbench.network import Network
from workbench.structure import Study
from workbench.symmetry import BilabelledGraph, Combination, EquivarianceReport, EquivariantMap, Hom


def plot(value: object, *args: Any, **options: Any) -> go.Figure | Picture | Diagram:
    """Draw a value: shows itself as the last line of a notebook's cell.

    ================================  ==================================================================
    value                             drawn as
    ================================  ==================================================================
    `Network`                         its diagram
    `Fit`                             its factors; ``plot(fit, x)`` the data before and after
    `Diagnosis`                       of CP how its terms cancel, of trees what bonds carry, else the error of slices
    `Residuals`                       their histogram and quantiles against normal noise
    `RankLandscape`                   its Pareto front; ``plot(land, choice)`` marks a choice or a fit on it
    `TubalSVD`                        its singular tubes; ``plot(svd, x)`` the data before and after
    `TubalDescent`                    how its singular tubes grew
    `ChebyshevTucker`                 how its coefficients decay, and a slice
    `Parafac2`                        its factors
    `RankSuggestion`                  what it rests on
    `SpikeTransition`                 alignment against strength, predicted and simulated
    `Hom`, its diagrams               two rows of dots, joined; a combination with its coefficients
    `EquivarianceReport`              errors over group elements and layers, the guilty one marked
    orbits, `BilabelledGraph`         the graph, its outputs and inputs marked; null vectors as matrices
    `Study`                           every structure by parameters and error, and the best so far
    tensor (height, width, 3)         a photograph, when its values lie in [0, 1]
    other tensors, arrays             slices; a vector as a line
    ================================  ==================================================================

    Options are those of the figures: `diagram`, `factors`, `before_after`, `slices`, `rank_front`, `singular_tubes`,
    `tubal_trajectory`, `coefficient_decay` and `evolving_factors`.

    Raises
    ------
    FigureError
        When nothing is known about how to draw `value`; the message lists what can be drawn.

    Examples
    --------
    >>> from workbench.network import cp
    >>> plot(cp((4, 5), 2))
    <Diagram: Tensor network of 2 tensors: A (i0 4 × r 2), B (i1 5 × r 2); legs i0, i1; 18 parameters>
    """
    drawn: go.Figure | Picture | Diagram = _draw(value, *args, **options)
    return drawn


@singledispatch
def _draw(value: object, *args: Any, **options: Any) -> Any:
    if type(value).__module__.startswith("xarray") and hasattr(value, "dims"):
        return slices(value, *args, **{"names": tuple(map(str, value.dims)), **options})
    known = sorted({"xarray.DataArray", *(_public(kind) for kind in _draw.registry if kind is not object)})
    found = f"{type(value).__module__}.{type(value).__qualname__}"
    raise FigureError(f"no figure for a {found}; plot draws {', '.join(known)}")


@_draw.register(Study)
def _(value: Study, *args: Any, **options: Any) -> go.Figure:
    return search_progress(value, *args, **options)


@_draw.register(Network)
def _(value: Network, *args: Any, **options: Any) -> Diagram:
    return diagram(value, *args, **options)


@_draw.register(Fit)
@_draw.register(TubalSVD)
def _(value: Fit | TubalSVD, x: object = None, **options: Any) -> go.Figure | Picture:
    if x is None:
        return factors(value, **options) if isinstance(value, Fit) else singular_tubes(value, **options)
    data = as_array(x)
    return comparison(data, value, **options) if _is_photograph(data) else before_after(data, value, **options)


@_draw.register(RankLandscape)
def _(value: RankLandscape, *args: Any, **options: Any) -> go.Figure:
    return rank_front(value, *args, **options)


@_draw.register(BilabelledGraph)
@_draw.register(EquivariantMap)
@_draw.register(Combination)
@_draw.register(Hom)
def _(value: BilabelledGraph | EquivariantMap | Combination | Hom, **options: Any) -> Diagram:
    return equivariant_diagrams(value, **options)


@_draw.register(EquivarianceReport)
def _(value: EquivarianceReport, **options: Any) -> go.Figure:
    return equivariance_errors(value, **options)


@_draw.register(TubalDescent)
def _(value: TubalDescent, **options: Any) -> go.Figure:
    return tubal_trajectory(value, **options)


@_draw.register(ChebyshevTucker)
def _(value: ChebyshevTucker, **options: Any) -> go.Figure:
    return coefficient_decay(value, **options)


@_draw.register(Parafac2)
def _(value: Parafac2, **options: Any) -> go.Figure:
    return evolving_factors(value, **options)


@_draw.register(RankSuggestion)
def _(value: RankSuggestion, **options: Any) -> go.Figure:
    return rank_evidence(value, **options)


@_draw.register(SpikeTransition)
def _(value: SpikeTransition, **options: Any) -> go.Figure:
    return spike_alignment(value, **options)


@_draw.register(Diagnosis)
def _(value: Diagnosis, **options: Any) -> go.Figure:
    if value.degeneracy is not None:
        return term_cosines(value, **options)
    if value.spectra:
        return schmidt_spectra(value.spectra, **options)
    if value.residuals is not None:
        return slice_errors(value.residuals, **options)
    raise FigureError("of a network with loops the residuals are drawn; give diagnose the data, too: diagnose(fit, x)")


@_draw.register(Residuals)
def _(value: Residuals, **options: Any) -> go.Figure:
    return residual_plots(value, **options)


@_draw.register(torch.Tensor)
@_draw.register(np.ndarray)
def _(value: object, **options: Any) -> go.Figure | Picture:
    data = as_array(value)
    return picture(data) if not options and _is_photograph(data) else slices(data, **options)


def _is_photograph(values: np.ndarray[Any, Any]) -> bool:
    """Three colours, in [0, 1]; a matrix may be anything and is drawn with axes and a colour bar."""
    in_range = bool(np.nanmin(values) >= 0.0) and bool(np.nanmax(values) <= 1.0)
    return values.ndim == 3 and is_picture(values.shape) and in_range


def _public(kind: type) -> str:
    """A type under the name people import it by."""
    package = kind.__module__.split("._")[0]
    return f"{package}.{kind.__qualname__}"
