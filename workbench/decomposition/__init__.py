"""Data in, fitted network out."""

__all__ = [
    "ChebyshevTucker",
    "Fit",
    "FitError",
    "FunctionGrid",
    "Parafac2",
    "RankChoice",
    "RankLandscape",
    "SpikeTransition",
    "TubalDescent",
    "TubalSVD",
    "chebyshev_tucker",
    "clustering_accuracy",
    "core_consistency",
    "decompose",
    "factor_match",
    "huber",
    "nested_alignments",
    "nested_transition",
    "parafac2",
    "rank_landscape",
    "spiked_alignments",
    "spiked_transition",
    "t_identity",
    "t_product",
    "t_svd",
    "t_transpose",
    "tensor_estimate",
    "tubal_descent",
    "tubal_rank",
    "two_step_estimate",
    "unfolding_estimate",
]

from workbench.decomposition._chebyshev import ChebyshevTucker, chebyshev_tucker
from workbench.decomposition._decompose import decompose
from workbench.decomposition._diagnostics import core_consistency, factor_match
from workbench.decomposition._errors import FitError
from workbench.decomposition._fit import Fit
from workbench.decomposition._grid import FunctionGrid
from workbench.decomposition._landscape import RankLandscape, rank_landscape
from workbench.decomposition._loss import huber
from workbench.decomposition._parafac2 import Parafac2, parafac2
from workbench.decomposition._rank_choice import RankChoice
from workbench.decomposition._spiked import (
    SpikeTransition,
    nested_transition,
    spiked_transition,
    tensor_estimate,
    two_step_estimate,
    unfolding_estimate,
)
from workbench.decomposition._spiked_theory import clustering_accuracy, nested_alignments, spiked_alignments
from workbench.decomposition._tubal import TubalSVD, t_identity, t_product, t_svd, t_transpose, tubal_rank
from workbench.decomposition._tubal_descent import TubalDescent, tubal_descent
