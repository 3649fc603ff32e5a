"""Value -> figure, by pure functions; `plot` finds the right one.

Figures are plotly's, with no background of their own and colours that can be read in a light and in a dark notebook.
They are small on disk and their numbers are rounded, so that a notebook that holds them can be compared. Networks are
drawn as SVG (`Diagram`), photographs come as JPEG (`Picture`); both show themselves in a notebook.
"""

from workbench.figures._composition import composition
from workbench.figures._diagnostics import (
    factor_matches,
    leverages,
    residual_plots,
    schmidt_spectra,
    slice_errors,
    term_cosines,
)
from workbench.figures._diagram import Diagram, diagram
from workbench.figures._equivariance_report import equivariance_errors
from workbench.figures._equivariant import equivariant_diagrams
from workbench.figures._evolving import evolving_factors
from workbench.figures._fits import before_after, comparison, error_curve, factors
from workbench.figures._functions import coefficient_decay
from workbench.figures._layout import layout
from workbench.figures._numbers import FigureError
from workbench.figures._picture import Picture, jpeg, picture
from workbench.figures._plot import plot
from workbench.figures._ranks import bond_curves, rank_evidence, rank_front, rank_map
from workbench.figures._spiked import spike_alignment
from workbench.figures._study import search_progress
from workbench.figures._tensors import slices, spectra
from workbench.figures._tubes import singular_tubes, tubal_trajectory
from workbench.figures._weights import weight_sharing

__all__ = [
    "Diagram",
    "FigureError",
    "Picture",
    "before_after",
    "bond_curves",
    "coefficient_decay",
    "comparison",
    "composition",
    "diagram",
    "equivariance_errors",
    "equivariant_diagrams",
    "error_curve",
    "evolving_factors",
    "factor_matches",
    "factors",
    "jpeg",
    "layout",
    "leverages",
    "picture",
    "plot",
    "rank_evidence",
    "rank_front",
    "rank_map",
    "residual_plots",
    "schmidt_spectra",
    "search_progress",
    "singular_tubes",
    "slice_errors",
    "slices",
    "spectra",
    "spike_alignment",
    "term_cosines",
    "tubal_trajectory",
    "weight_sharing",
]
