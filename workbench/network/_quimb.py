"""Networks and quimb's `TensorNetwork`, both ways."""

__all__ = ["from_quimb", "to_quimb"]

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from workbench.network._contract import operands_of
from workbench.network._einsum import tensor_names
from workbench.network._errors import NetworkError, did_you_mean
from workbench.network._naming import is_name, numbered
from workbench.network._network import Network


def to_quimb(net: Network, cores: Mapping[str, torch.Tensor]) -> tuple[Any, tuple[str, ...]]:
    """A network with numbers as a `quimb.tensor.TensorNetwork`, and its legs.

    quimb keeps neither the order of legs nor which hyperbonds are open, so both functions pass the legs beside the network:
    `tn.contract(output_inds=legs)` is the value.

    Parameters
    ----------
    net, cores
        A network and its numbers, as for `Network.contract`.

    Returns
    -------
    tuple
        The quimb network, whose tensors carry their names as tags and torch tensors as data
        (``tn.apply_to_arrays(lambda x: x.numpy())`` changes that); fixed tensors become data. And the legs.

    Raises
    ------
    NetworkError
        When the cores do not fit, or quimb is not installed.

    Examples
    --------
    >>> net = Network.from_einsum("ir,jr,kr->ijk", i=4, j=5, k=6, r=2)
    >>> tn, legs = to_quimb(net, net.random())
    >>> legs, tn.contract(output_inds=legs).shape
    (('i', 'j', 'k'), (4, 5, 6))
    """
    qtn = _quimb()
    operands = operands_of(net, cores)
    tensors = [
        qtn.Tensor(data, inds=indices, tags=name)
        for (name, indices), data in zip(net.tensors.items(), operands, strict=True)
    ]
    return qtn.TensorNetwork(tensors), net.legs


def from_quimb(tn: Any, legs: Sequence[str] | None = None) -> tuple[Network, dict[str, torch.Tensor]]:
    """A quimb network (or a single tensor) as a network and its cores.

    Parameters
    ----------
    tn
        A `quimb.tensor.TensorNetwork` or `Tensor`. A tensor is named by the first of its tags that no other tensor has, else
        A, B, C, ...; indices keep their names where those are names here. Arrays are copied, torch tensors taken as they are.
    legs
        The open indices in order; by default `tn.outer_inds()`: the indices that occur once, in quimb's order. A hyperbond is
        open only when listed here.

    Raises
    ------
    NetworkError
        When `tn` is no quimb network or a leg is not among its indices.

    Examples
    --------
    >>> import quimb.tensor as qtn
    >>> net, cores = from_quimb(qtn.MPS_rand_state(4, bond_dim=3))
    >>> net.shape, list(net.tensors)
    ((2, 2, 2, 2), ['I0', 'I1', 'I2', 'I3'])
    """
    qtn = _quimb()
    if isinstance(tn, qtn.Tensor):
        tn = tn.as_network()
    if not isinstance(tn, qtn.TensorNetwork):
        raise NetworkError(f"expected a quimb TensorNetwork or Tensor, got {type(tn).__name__}")
    tensors = list(tn.tensor_map.values())
    names = list(_tensor_names([list(tensor.tags) for tensor in tensors]))
    index_names: dict[Any, str] = {}
    for tensor in tensors:
        for index in tensor.inds:
            if index not in index_names:
                index_names[index] = numbered(index if is_name(index) else "i", set(index_names.values()))
    outer = tn.outer_inds() if legs is None else legs
    for leg in outer:
        if leg not in index_names:
            raise NetworkError(
                f"leg {leg!r} is no index of the quimb network{did_you_mean(leg, map(str, index_names))}"
            )
    held = {name: tuple(index_names[i] for i in tensor.inds) for name, tensor in zip(names, tensors, strict=True)}
    cores = {name: _tensor(tensor.data) for name, tensor in zip(names, tensors, strict=True)}
    if tn.exponent:  # quimb keeps a power of ten beside the tensors
        scale = next(name for name in tensor_names() if name not in held)
        held[scale] = ()
        dtype = next(iter(cores.values())).dtype if cores else torch.float64
        cores[scale] = torch.tensor(10.0**tn.exponent, dtype=dtype)
    sizes = {
        index: size for name, indices in held.items() for index, size in zip(indices, cores[name].shape, strict=True)
    }
    return Network(held, sizes, tuple(index_names[leg] for leg in outer)), cores


def _tensor_names(tags: Sequence[Sequence[Any]]) -> Iterator[str]:
    """A name for every tensor: its first tag that is its own, else a letter that is no tag."""
    holders = Counter(tag for each in tags for tag in each)
    letters = (letter for letter in tensor_names() if letter not in holders)
    return (next((tag for tag in each if holders[tag] == 1 and is_name(tag)), None) or next(letters) for each in tags)


def _tensor(data: Any) -> torch.Tensor:
    return data if isinstance(data, torch.Tensor) else torch.tensor(np.asarray(data))


def _quimb() -> Any:
    try:
        import quimb.tensor as qtn
    except ModuleNotFoundError as error:
        raise NetworkError(f"{error.name} is not installed; pip install 'tensor-workbench[quimb]'") from None
    return qtn
