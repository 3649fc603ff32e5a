"""Networks and TensorLy's decompositions, both ways."""

__all__ = ["from_tensorly", "to_tensorly"]

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

import numpy as np
import torch

from workbench.network._contract import operands_of
from workbench.network._errors import NetworkError
from workbench.network._families import cp, tensor_ring, tensor_train, tensor_train_matrix, tucker
from workbench.network._network import Network
from workbench.network._recognise import recognise

FORMS = "a CPTensor, TuckerTensor, TTTensor, TRTensor, TTMatrix, (weights, factors), (core, factors) or a list of train or ring cores"


def from_tensorly(value: Any) -> tuple[Network, dict[str, torch.Tensor]]:
    """A decomposition of TensorLy as a network of the family of that name, and its cores.

    Parameters
    ----------
    value
        A `CPTensor`, `TuckerTensor`, `TTTensor`, `TRTensor` or `TTMatrix`, or the plain tuples and lists that stand for them:
        (weights or None, factors), (core, factors), cores (r, n, r') of a train or a ring, cores (r, m, n, r') of a matrix.
        Torch tensors keep their gradients; arrays of NumPy and the other backends are copied. All are brought to one dtype.

    Returns
    -------
    tuple
        The network, whose value is `value.to_tensor()`, and {name: tensor}. The weights of a CP tensor are multiplied into the
        first factor; the axes of size 1 at the ends of a train are left out.

    Raises
    ------
    NetworkError
        When `value` is none of these, or the shapes of its parts do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> net, cores = from_tensorly((np.array([2.0]), [np.ones((4, 1)), np.ones((5, 1))]))
    >>> net.shape, net.contract(cores)[0, 0].item()
    ((4, 5), 2.0)
    """
    family, parts = _parts(value)
    arrays = [_tensor(part) for part in parts if part is not None]
    dtype = reduce(torch.promote_types, (array.dtype for array in arrays))
    arrays = [array.to(dtype) for array in arrays]
    if family == "cp":
        factors = arrays if parts[0] is None else arrays[1:]
        _require_orders(family, factors, 2)
        rank = factors[0].shape[1]
        net = cp([factor.shape[0] for factor in factors], rank)
        if parts[0] is not None and arrays[0].shape != (rank,):
            raise NetworkError(
                f"CP weights of shape {tuple(arrays[0].shape)} for factors of rank {rank}; one weight a term"
            )
        arrays = factors if parts[0] is None else [factors[0] * arrays[0], *factors[1:]]
    elif family == "tucker":
        core, *factors = arrays
        _require_orders(family, factors, 2)
        net = tucker([factor.shape[0] for factor in factors], tuple(core.shape))
    elif family == "tensor_train_matrix":
        _require_orders(family, arrays, 4)
        rows, columns = [core.shape[1] for core in arrays], [core.shape[2] for core in arrays]
        net = tensor_train_matrix(rows, columns, [core.shape[-1] for core in arrays[:-1]])
        arrays = _without_ends(arrays)
    else:
        _require_orders(family, arrays, 3)
        shape, ranks = [core.shape[1] for core in arrays], [core.shape[2] for core in arrays]
        net = tensor_ring(shape, ranks) if family == "tensor_ring" else tensor_train(shape, ranks[:-1])
        arrays = arrays if family == "tensor_ring" else _without_ends(arrays)
    for name, array in zip(net.tensors, arrays, strict=True):
        if tuple(array.shape) != net.shape_of(name):
            raise NetworkError(
                f"part {name!r} of the {family} has shape {tuple(array.shape)}, its neighbours need {net.shape_of(name)}"
            )
    return net, dict(zip(net.tensors, arrays, strict=True))


def to_tensorly(net: Network, cores: Mapping[str, torch.Tensor]) -> Any:
    """A fitted network as TensorLy's `CPTensor`, `TuckerTensor`, `TTTensor`, `TRTensor` or `TTMatrix`.

    The family is found from the structure, whatever the names and the order of axes; the legs' order is the decomposition's. A
    product of two matrices is a CP tensor when both hold the bond on the same axis, else a train.

    Parameters
    ----------
    net, cores
        A network and its numbers, as for `Network.contract`.

    Returns
    -------
    object
        In TensorLy's current backend: with ``"pytorch"`` the cores keep their gradients, with the others they are copied.

    Raises
    ------
    NetworkError
        When the network is of none of these families.

    Examples
    --------
    >>> from workbench.network import tucker
    >>> net = tucker((4, 5, 6), (2, 3, 2))
    >>> to_tensorly(net, net.random()).rank
    (2, 3, 2)
    """
    form = recognise(net)
    if form is None:
        raise NetworkError(
            f"{net!r} is none of TensorLy's families: cp, tucker, tensor_train, tensor_ring and tensor_train_matrix, "
            "with the legs in the family's order; use contract() and pass the full tensor"
        )
    import tensorly as tl
    from tensorly.cp_tensor import CPTensor
    from tensorly.tr_tensor import TRTensor
    from tensorly.tt_matrix import TTMatrix
    from tensorly.tt_tensor import TTTensor
    from tensorly.tucker_tensor import TuckerTensor

    given = dict(zip(net.tensors, operands_of(net, cores), strict=True))
    parts = []
    for name, axes in form.cores:
        held = net.tensors[name]
        core = given[name].permute([held.index(index) for index in axes if index is not None])
        core = core.reshape([1 if index is None else net.sizes[index] for index in axes])
        parts.append(
            core if tl.get_backend() == "pytorch" else tl.tensor(core.detach().cpu().resolve_conj().numpy().copy())
        )
    if form.family == "cp":
        return CPTensor((None, parts))
    if form.family == "tucker":
        return TuckerTensor((parts[0], parts[1:]))
    return {"tensor_train": TTTensor, "tensor_ring": TRTensor, "tensor_train_matrix": TTMatrix}[form.family](parts)


def _parts(value: Any) -> tuple[str, list[Any]]:
    """The family of a decomposition and its arrays; of a CP tensor the weights (or none) come first, of a Tucker tensor the core."""
    from tensorly.cp_tensor import CPTensor
    from tensorly.tr_tensor import TRTensor
    from tensorly.tt_matrix import TTMatrix
    from tensorly.tt_tensor import TTTensor
    from tensorly.tucker_tensor import TuckerTensor

    for cls, family in ((TTTensor, "tensor_train"), (TRTensor, "tensor_ring"), (TTMatrix, "tensor_train_matrix")):
        if isinstance(value, cls):
            return family, list(value.factors)
    if isinstance(value, CPTensor):
        return "cp", [value.weights, *value.factors]
    if isinstance(value, TuckerTensor):
        return "tucker", [value.core, *value.factors]
    if not isinstance(value, tuple | list) or not value:
        raise NetworkError(f"a {type(value).__name__} is no decomposition of TensorLy; give {FORMS}")
    if len(value) == 2 and isinstance(value[1], tuple | list):
        first, factors = value
        if not factors:
            raise NetworkError(f"a decomposition without factors; give {FORMS}")
        order = 1 if first is None else np.ndim(first)
        if order == len(factors) and order > 1:
            return "tucker", [first, *factors]
        if order == 1:
            return "cp", [first, *factors]
        raise NetworkError(
            f"a first part of {order} axes with {len(factors)} factors is neither weights nor a core; give {FORMS}"
        )
    orders = {np.ndim(core) for core in value}
    if orders == {4}:
        return "tensor_train_matrix", list(value)
    if orders == {3}:
        return "tensor_train" if np.shape(value[0])[0] == np.shape(value[-1])[-1] == 1 else "tensor_ring", list(value)
    raise NetworkError(f"a list of arrays with {sorted(orders)} axes is no decomposition of TensorLy; give {FORMS}")


def _tensor(array: Any) -> torch.Tensor:
    if isinstance(array, torch.Tensor):
        return array
    try:
        return torch.tensor(np.asarray(array))
    except (TypeError, ValueError) as error:
        raise NetworkError(f"a part of the decomposition is no array of numbers: {error}") from None


def _require_orders(family: str, arrays: Sequence[torch.Tensor], order: int) -> None:
    for array in arrays:
        if array.ndim != order:
            raise NetworkError(f"a part of a {family} has shape {tuple(array.shape)}; it has {order} axes")


def _without_ends(cores: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """The cores of a train without the axes of size 1 at its two ends."""
    first, last = cores[0], cores[-1]
    if first.shape[0] != 1 or last.shape[-1] != 1:
        raise NetworkError(f"the ends of a tensor train have rank 1, not {first.shape[0]} and {last.shape[-1]}")
    inner = [first[0], *cores[1:]]
    return [*inner[:-1], inner[-1][..., 0]]
