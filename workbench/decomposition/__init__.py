"""Data in, fitted network out."""

__all__ = [
    "BondScore",
    "ChebyshevTucker",
    "Degeneracy",
    "Diagnosis",
    "Fit",
    "FitError",
    "FunctionGrid",
    "Parafac2",
    "RankChoice",
    "RankLandscape",
    "RankScore",
    "RankSuggestion",
    "Residuals",
    "SpikeTransition",
    "TubalDescent",
    "TubalSVD",
    "bond_spectra",
    "chebyshev_tucker",
    "clustering_accuracy",
    "condition",
    "core_consistency",
    "decompose",
    "diagnose",
    "entropies",
    "factor_match",
    "huber",
    "leverage",
    "nested_alignments",
    "nested_transition",
    "parafac2",
    "rank_landscape",
    "residuals",
    "sensitivity",
    "spiked_alignments",
    "spiked_transition",
    "stabilise",
    "suggest_rank",
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

from workbench.decomposition._bond_floor import BondScore
from workbench.decomposition._chebyshev import ChebyshevTucker, chebyshev_tucker
from workbench.decomposition._condition import condition
from workbench.decomposition._decompose import decompose
from workbench.decomposition._diagnosis import Degeneracy, Diagnosis, diagnose
from workbench.decomposition._diagnostics import core_consistency, factor_match
from workbench.decomposition._errors import FitError
from workbench.decomposition._fit import Fit
from workbench.decomposition._grid import FunctionGrid
from workbench.decomposition._landscape import RankLandscape, rank_landscape
from workbench.decomposition._loss import huber
from workbench.decomposition._parafac2 import Parafac2, parafac2
from workbench.decomposition._rank_choice import RankChoice
from workbench.decomposition._rank_evidence import RankScore
from workbench.decomposition._residuals import Residuals, leverage, residuals
from workbench.decomposition._schmidt import bond_spectra, entropies
from workbench.decomposition._sensitivity import sensitivity
from workbench.decomposition._spiked import (
    SpikeTransition,
    nested_transition,
    spiked_transition,
    tensor_estimate,
    two_step_estimate,
    unfolding_estimate,
)
from workbench.decomposition._spiked_theory import clustering_accuracy, nested_alignments, spiked_alignments
from workbench.decomposition._stable import stabilise
from workbench.decomposition._suggest import RankSuggestion, suggest_rank
from workbench.decomposition._tubal import TubalSVD, t_identity, t_product, t_svd, t_transpose, tubal_rank
from workbench.decomposition._tubal_descent import TubalDescent, tubal_descent
