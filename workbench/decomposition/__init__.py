"""Data in, fitted network out."""

__all__ = ["Fit", "FitError", "core_consistency", "decompose", "factor_match"]

from workbench.decomposition._decompose import decompose
from workbench.decomposition._diagnostics import core_consistency, factor_match
from workbench.decomposition._errors import FitError
from workbench.decomposition._fit import Fit
