"""Groups, representations, and the linear maps that commute with them, as diagrams."""

__all__ = [
    "GL",
    "SO",
    "A",
    "Aut",
    "Axes",
    "B",
    "BilabelledGraph",
    "C",
    "Combination",
    "D",
    "Diagram",
    "DirectSum",
    "EquivarianceReport",
    "EquivariantLinear",
    "EquivariantMap",
    "Gated",
    "Group",
    "Hom",
    "Labels",
    "Lorentz",
    "MatrixGroup",
    "NormGate",
    "O",
    "Pointwise",
    "Product",
    "Rep",
    "S",
    "SoftEquivariance",
    "Sp",
    "SymmetryError",
    "U",
    "bilabelled_basis",
    "bilabelled_graphs",
    "check",
]

from workbench.symmetry._actions import Axes, Labels
from workbench.symmetry._bilabelled import BilabelledGraph
from workbench.symmetry._bilabelled_search import bilabelled_basis, bilabelled_graphs
from workbench.symmetry._check import check
from workbench.symmetry._classical_groups import GL, SO, Lorentz, O, Sp, U
from workbench.symmetry._combination import Combination
from workbench.symmetry._diagram import Diagram
from workbench.symmetry._equivariant_map import EquivariantMap
from workbench.symmetry._errors import SymmetryError
from workbench.symmetry._groups import Group
from workbench.symmetry._hom import Hom
from workbench.symmetry._linear import EquivariantLinear
from workbench.symmetry._matrix_group import MatrixGroup
from workbench.symmetry._nonlinear import Gated, NormGate, Pointwise
from workbench.symmetry._orbit_groups import Aut, C, D
from workbench.symmetry._permutation_groups import A, B, S
from workbench.symmetry._product_group import DirectSum, Product
from workbench.symmetry._report import EquivarianceReport
from workbench.symmetry._representation import Rep
from workbench.symmetry._soft import SoftEquivariance
