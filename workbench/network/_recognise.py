"""Which of TensorLy's families a network belongs to, whatever its names and the order of its axes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbench.network._network import Network


@dataclass(frozen=True)
class Form:
    """A network as a member of a family: its tensors in the family's order, each with its indices in the family's order.

    `None` stands for an axis of size 1 that the family has and the network has not: the two ends of a tensor train.
    """

    family: str
    cores: tuple[tuple[str, tuple[str | None, ...]], ...]


def recognise(net: "Network") -> Form | None:
    """The family of a network: ``"cp"``, ``"tucker"``, ``"tensor_train"``, ``"tensor_ring"``, ``"tensor_train_matrix"`` or none.

    The legs' order is the family's order. A product of two matrices is ``"cp"`` when both hold the bond on the same axis, else a train.

    >>> from workbench.network import Network
    >>> recognise(Network.from_einsum("rjs,ri,ks->ijk", i=2, j=3, k=4, r=5, s=6)).cores
    (('B', (None, 'i', 'r')), ('A', ('r', 'j', 's')), ('C', ('s', 'k', None)))
    """
    if any(len(set(indices)) < len(indices) for indices in net.tensors.values()):
        return None
    owners = [net.holders(leg) for leg in net.legs]
    if not owners or any(len(at) != 1 for at in owners):
        return None
    tensors = [at[0][0] for at in owners]
    return _cp(net, tensors) or _tucker(net, tensors) or _chain(net, tensors) or _matrix(net, tensors)


def _cp(net: "Network", tensors: Sequence[str]) -> Form | None:
    if len(net.summed) != 1 or len(set(tensors)) < len(net.tensors) or len(tensors) != len(net.tensors):
        return None
    (rank,) = net.summed
    if any(set(net.tensors[name]) != {leg, rank} for name, leg in zip(tensors, net.legs, strict=True)):
        return None
    if len(tensors) == 2 and len({axis for _, axis in net.holders(rank)}) > 1:
        return None
    return Form("cp", tuple((name, (leg, rank)) for name, leg in zip(tensors, net.legs, strict=True)))


def _tucker(net: "Network", tensors: Sequence[str]) -> Form | None:
    rest = [name for name in net.tensors if name not in tensors]
    if len(rest) != 1 or len(tensors) < 2 or len(set(tensors)) < len(tensors):
        return None
    (core,) = rest
    bonds = []
    for name, leg in zip(tensors, net.legs, strict=True):
        others = [index for index in net.tensors[name] if index != leg]
        if len(others) != 1 or {at for at, _ in net.holders(others[0])} != {core, name}:
            return None
        bonds += others
    if set(bonds) != set(net.tensors[core]):
        return None
    factors = ((name, (leg, bond)) for name, leg, bond in zip(tensors, net.legs, bonds, strict=True))
    return Form("tucker", ((core, tuple(bonds)), *factors))


def _chain(net: "Network", tensors: Sequence[str]) -> Form | None:
    if len(set(tensors)) < len(net.tensors) or len(tensors) != len(net.tensors):
        return None
    bonds = _bonds_along(net, tensors)
    if bonds is None:
        return None
    cores = zip(tensors, zip(bonds, net.legs, bonds[1:], strict=False), strict=True)
    return Form("tensor_train" if bonds[0] is None else "tensor_ring", tuple(cores))


def _matrix(net: "Network", tensors: Sequence[str]) -> Form | None:
    half, odd = divmod(len(tensors), 2)
    rows, columns = tensors[:half], tensors[half:]
    if odd or rows != columns or len(set(rows)) < len(net.tensors) or half != len(net.tensors):
        return None
    bonds = _bonds_along(net, rows)
    if bonds is None or bonds[0] is not None:
        return None
    legs = zip(bonds, net.legs[:half], net.legs[half:], bonds[1:], strict=False)
    return Form("tensor_train_matrix", tuple(zip(rows, legs, strict=True)))


def _bonds_along(net: "Network", tensors: Sequence[str]) -> list[str | None] | None:
    """The bonds before, between and after tensors that form a chain; the first is the last in a ring and both are none in a train."""
    place = {name: k for k, name in enumerate(tensors)}
    last = len(tensors) - 1
    bonds: list[str | None] = [None] * (last + 2)
    for index in net.summed:
        ends = sorted(place[name] for name, _ in net.holders(index))
        if len(ends) != 2:
            return None
        low, high = ends
        if high == low + 1 and bonds[high] is None:
            bonds[high] = index
        elif (low, high) == (0, last) and last > 0 and bonds[0] is None:
            bonds[0] = bonds[-1] = index
        else:
            return None
    return None if None in bonds[1:-1] else bonds
