"""Groups, representations, and the linear maps that commute with them, as diagrams."""

__all__ = [
    "GL",
    "SO",
    "A",
    "Aut",
    "B",
    "C",
    "Combination",
    "D",
    "Diagram",
    "DirectSum",
    "EquivariantLinear",
    "EquivariantMap",
    "Gated",
    "Group",
    "Hom",
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
]

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
from workbench.symmetry._representation import Rep
from workbench.symmetry._soft import SoftEquivariance
