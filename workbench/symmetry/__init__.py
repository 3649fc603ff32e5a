"""Groups, representations, and the linear maps that commute with them, as diagrams.

Where what lives: groups in `_groups` and the files named after them; `Rep` in `_representation`; the spaces of maps in `_hom` and
`_diagram_hom`, `_solved_hom`, `_product_hom`, `_sum_hom`, one for every way in which maps are known; the maps themselves in
`_diagram` (how many: `_families`, `_counts`, `_enumerate`; how they compose: `_combination`, `_gluing`) and beside their spaces; layers in
`_linear`, and how they are applied in `_maps`, `_halves`, `_sparse_maps`; graphs in `_automorphisms` and `_bilabelled`; the microscope
`check` in `_microscope`.
"""

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

from workbench.symmetry._bilabelled import BilabelledGraph
from workbench.symmetry._bilabelled_search import bilabelled_basis, bilabelled_graphs
from workbench.symmetry._classical_groups import GL, SO, Lorentz, O, Sp, U
from workbench.symmetry._combination import Combination
from workbench.symmetry._diagram import Diagram
from workbench.symmetry._equivariant_map import EquivariantMap
from workbench.symmetry._errors import SymmetryError
from workbench.symmetry._groups import Group
from workbench.symmetry._hom import Hom
from workbench.symmetry._linear import EquivariantLinear
from workbench.symmetry._matrix_group import MatrixGroup
from workbench.symmetry._microscope import Axes, EquivarianceReport, Labels, check
from workbench.symmetry._nonlinear import Gated, NormGate, Pointwise
from workbench.symmetry._orbit_groups import Aut, C, D
from workbench.symmetry._permutation_groups import A, B, S
from workbench.symmetry._product_group import DirectSum, Product
from workbench.symmetry._representation import Rep
from workbench.symmetry._soft import SoftEquivariance
