"""Data in, fitted network out."""

__all__ = ["Fit", "FitError", "decompose", "huber"]

from workbench.decomposition._decompose import decompose
from workbench.decomposition._errors import FitError
from workbench.decomposition._fit import Fit
from workbench.decomposition._loss import huber
