"""Data in, fitted network out."""

__all__ = [
    "Fit",
    "FitError",
    "TubalDescent",
    "TubalSVD",
    "decompose",
    "t_identity",
    "t_product",
    "t_svd",
    "t_transpose",
    "tubal_descent",
    "tubal_rank",
]

from workbench.decomposition._decompose import decompose
from workbench.decomposition._errors import FitError
from workbench.decomposition._fit import Fit
from workbench.decomposition._tubal import TubalSVD, t_identity, t_product, t_svd, t_transpose, tubal_rank
from workbench.decomposition._tubal_descent import TubalDescent, tubal_descent
