"""The algebra of networks: every edit takes a `Network` and returns a new one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any

from workbench.network._errors import NetworkError
from workbench.network._naming import numbered

if TYPE_CHECKING:
    from workbench.network._network import Network


def add(
    self: "Network",
    name: str,
    indices: Sequence[str],
    fixed: str | None = None,
    *,
    sizes: Mapping[str, int] | None = None,
    **more: int,
) -> "Network":
    """Add a tensor. Indices new to the network become legs; an index already there gains one more axis.

    Examples
    --------
    >>> from workbench.network import Network
    >>> net = Network().add("A", ["i", "r"], i=4, r=3)
    >>> net.add("B", ["r", "j"], j=5).close("r").einsum
    'ir,rj->ij'
    """
    given = {**(sizes or {}), **more}
    if name in self.tensors:
        raise NetworkError(
            f"there is a tensor {name!r} already, with indices {self.tensors[name]}; choose another name"
        )
    for index, size in given.items():
        if index not in indices:
            raise NetworkError(f"size given for {index!r}, which is not among the indices {tuple(indices)} of {name!r}")
        if index in self.sizes and self.sizes[index] != size:
            raise NetworkError(
                f"index {index!r} of {name!r} is given size {size} but has size {self.sizes[index]} in this network; "
                "resize it first or leave the size out"
            )
    new = [index for index in dict.fromkeys(indices) if index not in self.sizes]
    return replace(
        self,
        tensors={**self.tensors, name: tuple(indices)},
        sizes={**self.sizes, **given},
        legs=(*self.legs, *new),
        fixed={**self.fixed, name: fixed} if fixed else self.fixed,
    )


def remove(self: "Network", name: str) -> "Network":
    """Take a tensor away. What is left is its *environment*: indices it shared become legs, indices only it held vanish.

    So the value of the new network is the derivative of the old value with respect to the tensor removed, legs of the
    tensor standing for themselves.

    Examples
    --------
    >>> from workbench.network import Network
    >>> Network.from_einsum("ir,rjs,sk->ijk", i=2, j=3, k=4, r=5, s=6).remove("B").einsum
    'ir,sk->ikrs'
    """
    self._require_tensor(name)
    tensors = {each: indices for each, indices in self.tensors.items() if each != name}
    left = {index for indices in tensors.values() for index in indices}
    shared = [index for index in dict.fromkeys(self.tensors[name]) if index in left and index not in self.legs]
    return replace(
        self,
        tensors=tensors,
        sizes={index: size for index, size in self.sizes.items() if index in left},
        legs=(*(leg for leg in self.legs if leg in left), *shared),
        fixed={each: kind for each, kind in self.fixed.items() if each != name},
    )


def connect(self: "Network", *tensors: str, size: int, index: str | None = None) -> "Network":
    """Join tensors by a new summed index, the last axis of each: two make a bond, more a hyperbond, one named twice a trace.

    Examples
    --------
    >>> from workbench.network import Network
    >>> net = Network.from_einsum("i,j->ij", i=4, j=5)
    >>> net.connect("A", "B", size=3, index="r").einsum
    'ir,jr->ij'
    """
    if len(tensors) < 2:
        raise NetworkError(f"connect joins two tensors or more, got {tensors}; name one twice for a trace")
    index = index or fresh(self.sizes, "rstuvw", "r")
    if index in self.sizes:
        raise NetworkError(f"there is an index {index!r} already, of size {self.sizes[index]}; choose another name")
    grown = dict(self.tensors)
    for name in tensors:
        self._require_tensor(name)
        grown[name] = (*grown[name], index)
    return replace(self, tensors=grown, sizes={**self.sizes, index: size})


def disconnect(self: "Network", index: str) -> "Network":
    """Take an index and all its axes away, bond or leg: the inverse of `connect`.

    Examples
    --------
    >>> from workbench.network import Network
    >>> net = Network.from_einsum("ir,jr->ij", i=4, j=5, r=3)
    >>> net.disconnect("r").einsum
    'i,j->ij'
    """
    self._require_index(index)
    return replace(
        self,
        tensors={name: tuple(i for i in indices if i != index) for name, indices in self.tensors.items()},
        sizes={i: size for i, size in self.sizes.items() if i != index},
        legs=tuple(leg for leg in self.legs if leg != index),
    )


def join(self: "Network", a: str, b: str) -> "Network":
    """Sum two legs of equal size against each other: `b` becomes `a` and both leave the legs.

    Examples
    --------
    >>> from workbench.network import Network
    >>> Network.from_einsum("ir,sj->irsj", i=4, r=3, s=3, j=5).join("r", "s").einsum
    'ir,rj->ij'
    """
    _require_leg(self, a)
    _require_leg(self, b)
    if a == b:
        raise NetworkError(f"cannot join leg {a!r} to itself; close({a!r}) sums it")
    if self.sizes[a] != self.sizes[b]:
        raise NetworkError(
            f"leg {a!r} has size {self.sizes[a]} and leg {b!r} has size {self.sizes[b]}; resize one of them"
        )
    return replace(
        self,
        tensors={name: tuple(a if i == b else i for i in indices) for name, indices in self.tensors.items()},
        sizes={i: size for i, size in self.sizes.items() if i != b},
        legs=tuple(leg for leg in self.legs if leg not in (a, b)),
    )


def cut(self: "Network", index: str) -> "Network":
    """Open a summed index: each of its axes becomes a leg of its own, `index`, then fresh names. The inverse of `join`.

    Examples
    --------
    >>> from workbench.network import Network
    >>> Network.from_einsum("ir,rj->ij", i=4, r=3, j=5).cut("r").legs
    ('i', 'j', 'r', 'r_2')
    """
    _require_summed(self, index, "cut opens")
    tensors = {name: list(indices) for name, indices in self.tensors.items()}
    sizes = dict(self.sizes)
    opened = []
    for at, (name, axis) in enumerate(self.holders(index)):
        new = index if at == 0 else numbered(index, sizes)
        sizes[new] = self.sizes[index]
        tensors[name][axis] = new
        opened.append(new)
    return replace(
        self,
        tensors={name: tuple(indices) for name, indices in tensors.items()},
        sizes=sizes,
        legs=(*self.legs, *opened),
    )


def open_(self: "Network", index: str) -> "Network":
    """Make a summed index a leg, the last one, wherever it lives: a bond becomes an open hyperbond, a trace a diagonal.

    >>> from workbench.network import Network
    >>> Network.from_einsum("ir,jr->ij", i=4, j=5, r=3).open("r").einsum
    'ir,jr->ijr'
    """
    _require_summed(self, index, "open makes a leg of")
    return replace(self, legs=(*self.legs, index))


def close(self: "Network", leg: str) -> "Network":
    """Sum over a leg.

    >>> from workbench.network import Network
    >>> Network.from_einsum("ir,jr->ijr", i=4, j=5, r=3).close("r").einsum
    'ir,jr->ij'
    """
    _require_leg(self, leg)
    return replace(self, legs=tuple(each for each in self.legs if each != leg))


def attach(self: "Network", tensor: str, index: str, size: int | None = None) -> "Network":
    """Give a tensor one more axis, the last: of an index already in the network, or, with a `size`, of a new leg.

    Examples
    --------
    >>> from workbench.network import Network
    >>> net = Network.from_einsum("ir,jr,k->ijk", i=4, j=5, k=6, r=3)
    >>> net.attach("C", "r").einsum
    'ir,jr,kr->ijk'
    >>> net.attach("C", "l", size=7).shape
    (4, 5, 6, 7)
    """
    self._require_tensor(tensor)
    tensors = {**self.tensors, tensor: (*self.tensors[tensor], index)}
    if size is None:
        self._require_index(index)
        return replace(self, tensors=tensors)
    if index in self.sizes:
        raise NetworkError(
            f"there is an index {index!r} already, of size {self.sizes[index]}; leave the size out to attach it, or choose another name"
        )
    return replace(self, tensors=tensors, sizes={**self.sizes, index: size}, legs=(*self.legs, index))


def detach(self: "Network", tensor: str, index: str) -> "Network":
    """Take the last axis that holds `index` from a tensor; the index must live on elsewhere.

    >>> from workbench.network import Network
    >>> Network.from_einsum("ir,jr,kr->ijk", i=4, j=5, k=6, r=3).detach("C", "r").einsum
    'ir,jr,k->ijk'
    """
    self._require_tensor(tensor)
    axes = [axis for name, axis in self.holders(index) if name == tensor]
    if not axes:
        raise NetworkError(f"tensor {tensor!r} does not hold index {index!r}; it holds {self.tensors[tensor]}")
    if len(self.holders(index)) == 1:
        raise NetworkError(
            f"{tensor!r} is the only holder of index {index!r}; close it to sum it, or remove the tensor"
        )
    indices = self.tensors[tensor]
    return replace(self, tensors={**self.tensors, tensor: indices[: axes[-1]] + indices[axes[-1] + 1 :]})


def resize(self: "Network", sizes: Mapping[str, int] | None = None, /, **more: int) -> "Network":
    """Change the sizes of indices, legs or ranks.

    >>> from workbench.network import Network
    >>> Network.from_einsum("ir,jr->ij", i=4, j=5, r=3).resize(r=7).sizes["r"]
    7
    """
    new = {**(sizes or {}), **more}
    for index in new:
        self._require_index(index)
    return replace(self, sizes={**self.sizes, **new})


def rename(self: "Network", names: Mapping[str, str] | None = None, /, **more: str) -> "Network":
    """Rename tensors.

    >>> from workbench.network import Network
    >>> tuple(Network.from_einsum("ir,jr->ij", i=4, j=5, r=3).rename(A="left").tensors)
    ('left', 'B')
    """
    new = _renaming(self.tensors, {**(names or {}), **more}, self._require_tensor, "tensor")
    return replace(
        self,
        tensors={new[name]: indices for name, indices in self.tensors.items()},
        fixed={new[name]: kind for name, kind in self.fixed.items()},
    )


def relabel(self: "Network", names: Mapping[str, str] | None = None, /, **more: str) -> "Network":
    """Rename indices; two indices cannot become one (`join` sums two legs).

    >>> from workbench.network import Network
    >>> Network.from_einsum("ir,jr->ij", i=4, j=5, r=3).relabel(i="row", j="col").legs
    ('row', 'col')
    """
    new = _renaming(self.sizes, {**(names or {}), **more}, self._require_index, "index")
    return replace(
        self,
        tensors={name: tuple(new[i] for i in indices) for name, indices in self.tensors.items()},
        sizes={new[index]: size for index, size in self.sizes.items()},
        legs=tuple(new[leg] for leg in self.legs),
    )


def transpose(self: "Network", *legs: str) -> "Network":
    """Put the legs in another order.

    >>> from workbench.network import Network
    >>> Network.from_einsum("ir,jr->ij", i=4, j=5, r=3).transpose("j", "i").shape
    (5, 4)
    """
    if sorted(legs) != sorted(self.legs):
        raise NetworkError(f"transpose needs every leg once: got {legs}, the legs are {self.legs}")
    return replace(self, legs=tuple(legs))


def split(
    self: "Network",
    tensor: str,
    left: Sequence[str],
    size: int,
    names: tuple[str, str] | None = None,
    index: str | None = None,
) -> "Network":
    """Split a free tensor in two joined by a new bond; `left` names the indices that go to the first half.

    Parameters
    ----------
    tensor, left
        The tensor, and those of its indices the first half keeps; the second half keeps the rest.
    size
        The size of the new bond.
    names
        Names of the halves; by default the tensor's own and a fresh one.
    index
        Name of the bond; by default a fresh one.

    Examples
    --------
    >>> from workbench.network import Network
    >>> Network.from_einsum("ijk->ijk", i=4, j=5, k=6).split("A", ["i"], size=3, index="r").einsum
    'ir,rjk->ijk'
    """
    self._require_tensor(tensor)
    indices = self.tensors[tensor]
    if tensor in self.fixed:
        raise NetworkError(f"tensor {tensor!r} is fixed ({self.fixed[tensor]}); only free tensors are split")
    for each in left:
        if each not in indices:
            raise NetworkError(f"tensor {tensor!r} does not hold index {each!r}; it holds {indices}")
    first, second = names or (tensor, fresh(self.tensors, "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "A"))
    index = index or fresh(self.sizes, "rstuvw", "r")
    if index in self.sizes:
        raise NetworkError(f"there is an index {index!r} already, of size {self.sizes[index]}; choose another name")
    others = [name for name in self.tensors if name != tensor]
    if first == second or first in others or second in others:
        raise NetworkError(f"the halves of {tensor!r} cannot be named {first!r} and {second!r}; use two free names")
    halves = {
        first: (*(i for i in indices if i in left), index),
        second: (index, *(i for i in indices if i not in left)),
    }
    return replace(
        self,
        tensors=_replaced(self.tensors, tensor, halves),
        sizes={**self.sizes, index: size},
    )


def merge(self: "Network", a: str, b: str, name: str | None = None) -> "Network":
    """Make one free tensor of two; indices that lived on these two alone and are summed are summed away.

    Examples
    --------
    >>> from workbench.network import Network
    >>> Network.from_einsum("ir,rjs,sk->ijk", i=2, j=3, k=4, r=5, s=6).merge("A", "B").einsum
    'ijs,sk->ijk'
    """
    for each in (a, b):
        self._require_tensor(each)
        if each in self.fixed:
            raise NetworkError(f"tensor {each!r} is fixed ({self.fixed[each]}); only free tensors are merged")
    if a == b:
        raise NetworkError(f"cannot merge {a!r} with itself; name two tensors")
    name = name or a
    if name in self.tensors and name not in (a, b):
        raise NetworkError(f"there is a tensor {name!r} already; choose another name for the merged one")
    rest = {each: indices for each, indices in self.tensors.items() if each not in (a, b)}
    kept_elsewhere = {i for indices in rest.values() for i in indices} | set(self.legs)
    together = tuple(dict.fromkeys(i for i in (*self.tensors[a], *self.tensors[b]) if i in kept_elsewhere))
    tensors = _replaced({each: of for each, of in self.tensors.items() if each != b}, a, {name: together})
    used = {i for indices in tensors.values() for i in indices}
    return replace(self, tensors=tensors, sizes={i: size for i, size in self.sizes.items() if i in used})


def fresh(taken: Iterable[str], letters: str, stem: str) -> str:
    """The first of `letters`, then `stem1`, `stem2`, ..., that is not taken."""
    used = set(taken)
    single = next((letter for letter in letters if letter not in used), None)
    return single or next(f"{stem}{k}" for k in count(1) if f"{stem}{k}" not in used)


def _replaced(tensors: Mapping[str, Any], name: str, by: Mapping[str, Any]) -> dict[str, Any]:
    """`tensors` with `name` replaced, at its place, by `by`."""
    return {k: v for each, of in tensors.items() for k, v in (by.items() if each == name else [(each, of)])}


def _renaming(names: Mapping[str, Any], new: Mapping[str, str], require: Any, what: str) -> dict[str, str]:
    for old in new:
        require(old)
    after = {name: new.get(name, name) for name in names}
    owner: dict[str, str] = {}
    for old, name in after.items():
        if name in owner:
            raise NetworkError(
                f"{what} {owner[name]!r} and {what} {old!r} would both be named {name!r}; names are unique"
            )
        owner[name] = old
    return after


def _require_leg(net: "Network", index: str) -> None:
    net._require_index(index)
    if index not in net.legs:
        raise NetworkError(f"index {index!r} is not a leg; the legs are {net.legs}")


def _require_summed(net: "Network", index: str, does: str) -> None:
    net._require_index(index)
    if index in net.legs:
        raise NetworkError(f"index {index!r} is a leg; {does} a summed index, close({index!r}) makes it one")
