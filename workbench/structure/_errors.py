"""What this floor raises when it refuses something."""

__all__ = ["SearchError"]

from workbench.network import WorkbenchError


class SearchError(WorkbenchError):
    """A search is asked for that cannot be made; the message names the remedy."""
