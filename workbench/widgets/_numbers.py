"""What the footer, the Code view and the preview say about a network."""

__all__ = ["AT_ONCE", "TARGETS", "Fitting", "Outcome", "code_of", "preview_of", "price_of", "sizes_of"]

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from workbench.figures import FigureError, jpeg
from workbench.network import Network, NetworkError

if TYPE_CHECKING:
    from workbench.decomposition import Fit

TARGETS = ("torch", "numpy", "quimb", "tensorly")
AT_ONCE = 32
"""Up to so many tensors a contraction path is found in milliseconds; ten by ten of them take half a second."""


TOL = 1e-4
"""While one draws, a fit ends when a sweep gains less than this share of the error: a tenth of the sweeps give all but its last digits."""


@dataclass(frozen=True)
class Outcome:
    """What became of a fit: the fit, or the error that says why there is none."""

    fit: "Fit | None" = None
    error: Exception | None = None
    seconds: float = 0.0


class Fitting:
    """Fits networks to one tensor, each from the fit before; the work of a `Newest`.

    Parameters
    ----------
    data
        The tensor.
    progress
        Called now and then during a fit with its network and its error so far; it must not raise.
    """

    def __init__(self, data: torch.Tensor, progress: Callable[[Network, float], None]) -> None:
        self._data, self._progress = data, progress
        self._last: Fit | None = None

    def __call__(self, net: Network, wanted: Callable[[], bool]) -> Outcome:
        """Fit, until it is done or not wanted any more."""
        from workbench.decomposition import decompose

        start = told = time.perf_counter()

        def callback(_sweep: int, error: float) -> bool:
            nonlocal told
            if time.perf_counter() - told > 0.25:
                told = time.perf_counter()
                self._progress(net, error)
            return not wanted()

        try:
            self._last = decompose(self._data, net, init=self._last or "svd", tol=TOL, callback=callback)
        except Exception as error:  # noqa: BLE001 -- a thread's exception is lost; ed.fit raises it where it is seen
            return Outcome(error=error)
        return Outcome(fit=self._last, seconds=time.perf_counter() - start)


def sizes_of(net: Network) -> dict[str, Any]:
    """Parameters and dense size; the price of contracting is not known yet."""
    return {
        "parameters": _json(net.parameters),
        "dense": _json(math.prod(net.shape)),
        "flops": None,
        "peak_bytes": None,
    }


def price_of(net: Network, item: int) -> dict[str, Any]:
    """The price of contracting; `item` is the bytes of one entry."""
    try:
        cost = net.cost()
    except NetworkError:
        return {}
    return {"flops": _json(cost.flops), "peak_bytes": _json(cost.peak * item)}


def code_of(net: Network) -> dict[str, str]:
    """The network as code for every target."""
    code = {}
    for target in TARGETS:
        try:
            code[target] = net.to_code(target)
        except NetworkError as error:
            code[target] = "".join(f"# {line}\n" for line in str(error).splitlines())
    return code


def preview_of(data: torch.Tensor, fit: "Fit") -> dict[str, str]:
    """The data and the fit as small pictures, when the data look like a picture."""
    try:
        before = jpeg(data)
        after = jpeg(fit.reconstruct(), like=data)
    except FigureError:
        return {}
    return {"before": before, "after": after, "caption": ""}


def _json(value: int) -> int | float | None:
    """Whole while JavaScript can hold it exactly, then a float; None beyond that."""
    if value < 2**53:
        return value
    return float(value) if value.bit_length() < 1000 else None
