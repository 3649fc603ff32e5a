"""What the decomposition floor raises."""

__all__ = ["FitError"]

from workbench.network import WorkbenchError


class FitError(WorkbenchError):
    """A fit that cannot be made, or a file that does not hold one; the message says what was found and what to do."""
