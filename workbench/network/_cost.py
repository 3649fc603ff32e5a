"""What contracting a network costs."""

__all__ = ["Cost"]

from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.network._errors import NetworkError
from workbench.network._plan import plan_for

if TYPE_CHECKING:
    from workbench.network._network import Network


@dataclass(frozen=True)
class Cost:
    """The price of one contraction.

    Parameters
    ----------
    flops
        Real floating-point operations: a multiply-add counts as two.
    peak
        Entries of the largest tensor that exists at any moment, inputs and output included.
    path
        Pairs of positions in the list of operands; the result of a pair goes to the end of the list (as in `numpy.einsum_path`).
    """

    flops: int
    peak: int
    path: tuple[tuple[int, int], ...]


def cost(net: "Network", batch: int = 1) -> Cost:
    """See `Network.cost`."""
    if isinstance(batch, bool) or not isinstance(batch, int) or batch < 1:
        raise NetworkError(f"batch is {batch!r}; it is the number of inputs contracted at once, at least 1")
    if batch == 1:
        plan = plan_for(net.tensors.values(), net.legs, net.sizes)
    else:
        axis = ("batch",)  # a tuple, so no index is named like it
        carriers = {name for name, kind in net.fixed.items() if kind == "data"} or set(net.free)
        operands = [((axis, *indices) if name in carriers else indices) for name, indices in net.tensors.items()]
        output = (axis, *net.legs) if carriers else net.legs
        plan = plan_for(operands, output, dict([*net.sizes.items(), (axis, batch)]))
    return Cost(plan.flops, plan.peak, tuple((pair.left, pair.right) for pair in plan.pairs))
