"""Whether a fit fits in memory, asked before anything is allocated."""

import torch

from workbench.data._memory import available, in_bytes
from workbench.decomposition._errors import FitError


def require_memory(needed: int, device: torch.device, what: str) -> None:
    """Refuse what needs more bytes than there are, with the estimate.

    Raises
    ------
    FitError
        Names `what`, the estimate, what is available, and the remedy.
    """
    there = available(device)
    if there is not None and needed > there:
        raise FitError(
            f"{what} needs about {in_bytes(needed)} of memory, {in_bytes(there)} are available on {device}; "
            "lower the ranks, fit a part of the data, or choose a network with smaller bonds"
        )
