"""anywidget classes: the workbench's pictures, alive in the notebook."""

from workbench.widgets._editor import NetworkEditor

__all__ = ["NetworkEditor"]
