"""The equivariance microscope: does a model commute with a group, and if not, who is to blame?"""

__all__ = ["Axes", "EquivarianceReport", "Labels", "check"]

from workbench.symmetry._microscope._actions import Axes, Labels
from workbench.symmetry._microscope._check import check
from workbench.symmetry._microscope._report import EquivarianceReport
