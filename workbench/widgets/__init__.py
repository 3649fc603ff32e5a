"""anywidget classes: the workbench's pictures, alive in the notebook."""

from workbench.widgets._editor import NetworkEditor
from workbench.widgets._explorer import DecompositionExplorer, explore
from workbench.widgets._search_board import SearchBoard
from workbench.widgets._symmetry_lab import SymmetryLab

__all__ = ["DecompositionExplorer", "NetworkEditor", "SearchBoard", "SymmetryLab", "explore"]
