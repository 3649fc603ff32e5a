"""What this floor raises when it refuses something."""

__all__ = ["SymmetryError"]

from workbench.network import WorkbenchError


class SymmetryError(WorkbenchError):
    """A group, a representation, a diagram or what is given to them is not sound; the message names the remedy."""
