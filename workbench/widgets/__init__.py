"""anywidget classes: the workbench's pictures, alive in the notebook."""

from workbench.widgets._editor import NetworkEditor
from workbench.widgets._explorer import DecompositionExplorer, explore

__all__ = ["DecompositionExplorer", "NetworkEditor", "explore"]
