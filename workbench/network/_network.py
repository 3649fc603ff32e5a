"""`Network`: an immutable einsum with names."""

__all__ = ["Network"]

import math
import operator
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self

import torch

from workbench.network import _code, _contract, _cost, _edits, _einsum, _json
from workbench.network._errors import NetworkError, did_you_mean
from workbench.network._naming import LONGEST_NAME, is_name

if TYPE_CHECKING:
    from workbench.network._cost import Cost

KINDS = ("copy", "levi_civita", "symplectic", "ones", "data")


@dataclass(frozen=True, eq=False, repr=False)
class Network:
    """A tensor network: which tensors there are, which indices they hold, which indices stay open.

    A network is structure without numbers. An index on two tensors is a *bond*; one that is in `legs` is open;
    on three or more tensors (or on several and open) it is a *hyperbond*. An index that is not in `legs` is summed. An index
    twice on one tensor is a trace, or a diagonal when open. Scalars, multi-bonds, disconnected parts and the empty network
    (whose value is 1) are legal. Every edit returns a new network.

    Parameters
    ----------
    tensors
        Tensor name -> names of its indices, in axis order.
    sizes
        Index name -> size, at least 1, for exactly the indices in use.
    legs
        The open indices, in output order.
    fixed
        Tensor name -> kind, for tensors that are not free parameters: ``"copy"``, ``"levi_civita"``, ``"symplectic"``,
        ``"ones"`` (made when the network is contracted) or ``"data"`` (given by the caller).

    Raises
    ------
    NetworkError
        When a name, a size, a leg or a kind is not sound.

    Examples
    --------
    >>> net = Network.from_einsum("ir,rjs,sk->ijk", i=32, j=32, k=3, r=8, s=4)
    >>> net
    Network.from_einsum('ir,rjs,sk->ijk', i=32, r=8, j=32, s=4, k=3)
    >>> net.parameters, net.shape
    (1292, (32, 32, 3))
    >>> net.resize(r=16).connect("A", "C", size=2, index="t").einsum
    'irt,rjs,skt->ijk'
    """

    tensors: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)
    legs: tuple[str, ...] = ()
    fixed: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        set_field = object.__setattr__  # the dataclass is frozen; this is its constructor
        set_field(self, "tensors", MappingProxyType({name: _names(of, name) for name, of in self.tensors.items()}))
        set_field(self, "sizes", MappingProxyType({index: _whole(size) for index, size in self.sizes.items()}))
        set_field(self, "legs", _names(self.legs, "legs"))
        set_field(self, "fixed", MappingProxyType(dict(self.fixed)))
        _check(self)

    # ---- reading ----------------------------------------------------------------------------------------------------

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes of the legs: the shape of the network's value."""
        return tuple(self.sizes[leg] for leg in self.legs)

    @property
    def order(self) -> int:
        """The number of legs."""
        return len(self.legs)

    @property
    def free(self) -> tuple[str, ...]:
        """The names of the tensors that are parameters, in order."""
        return tuple(name for name in self.tensors if name not in self.fixed)

    @property
    def parameters(self) -> int:
        """The number of free entries, an exact integer however large."""
        return sum(math.prod(self.shape_of(name)) for name in self.free)

    @cached_property
    def _holders(self) -> dict[str, tuple[tuple[str, int], ...]]:
        found: dict[str, list[tuple[str, int]]] = {index: [] for index in self.sizes}
        for name, indices in self.tensors.items():
            for axis, index in enumerate(indices):
                found[index].append((name, axis))
        return {index: tuple(places) for index, places in found.items()}

    def holders(self, index: str) -> tuple[tuple[str, int], ...]:
        """Where an index lives: pairs (tensor, axis).

        >>> Network.from_einsum("ir,rj->ij", i=2, j=3, r=4).holders("r")
        (('A', 1), ('B', 0))
        """
        self._require_index(index)
        return self._holders[index]

    def shape_of(self, tensor: str) -> tuple[int, ...]:
        """The shape of one tensor.

        >>> Network.from_einsum("ir,rj->ij", i=2, j=3, r=4).shape_of("B")
        (4, 3)
        """
        self._require_tensor(tensor)
        return tuple(self.sizes[index] for index in self.tensors[tensor])

    @property
    def bonds(self) -> tuple[str, ...]:
        """Summed indices on exactly two different tensors."""
        return tuple(i for i in self.summed if len(at := self._holders[i]) == 2 and at[0][0] != at[1][0])

    @property
    def hyperbonds(self) -> tuple[str, ...]:
        """Indices that meet in a dot: on three or more axes, or on several and open."""
        return tuple(i for i, at in self._holders.items() if len(at) + (i in self.legs) > 2)

    @property
    def summed(self) -> tuple[str, ...]:
        """The indices that are not open."""
        open_ = set(self.legs)
        return tuple(index for index in self.sizes if index not in open_)

    @property
    def einsum(self) -> str:
        """The network as an einsum expression; indices keep their names when those are single letters.

        >>> from workbench.network import tucker
        >>> tucker((4, 5), (2, 3)).einsum
        'cd,ac,bd->ab'
        """
        return _einsum.expression(self)

    def __repr__(self) -> str:
        if not self.tensors:
            return "Network()"
        named = all(name == auto for name, auto in zip(self.tensors, _einsum.tensor_names(), strict=False))
        if named and not self.fixed and _einsum.letters_only(self):
            parts = [repr(self.einsum), *(f"{index}={size}" for index, size in self.sizes.items())]
            return f"Network.from_einsum({', '.join(parts)})"
        fixed = f", fixed={dict(self.fixed)}" if self.fixed else ""
        return f"Network(tensors={dict(self.tensors)}, sizes={dict(self.sizes)}, legs={self.legs}{fixed})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Network):
            return NotImplemented
        return (self.tensors, self.sizes, self.legs, self.fixed) == (
            other.tensors,
            other.sizes,
            other.legs,
            other.fixed,
        )

    @cached_property
    def _hash(self) -> int:
        parts = (frozenset(of.items()) for of in (self.tensors, self.sizes, self.fixed))
        return hash((*parts, self.legs))

    def __hash__(self) -> int:
        return self._hash

    def __reduce__(self) -> tuple[type[Self], tuple[Any, ...]]:
        return type(self), (dict(self.tensors), dict(self.sizes), self.legs, dict(self.fixed))

    def _require_tensor(self, name: str) -> None:
        if name not in self.tensors:
            raise NetworkError(f"no tensor {name!r} in this network{did_you_mean(name, self.tensors)}")

    def _require_index(self, index: str) -> None:
        if index not in self.sizes:
            raise NetworkError(f"no index {index!r} in this network{did_you_mean(index, self.sizes)}")

    # ---- edits (the algebra, `_edits.py`) ---------------------------------------------------------------------------

    add = _edits.add
    remove = _edits.remove
    connect = _edits.connect
    disconnect = _edits.disconnect
    join = _edits.join
    cut = _edits.cut
    open = _edits.open_
    close = _edits.close
    attach = _edits.attach
    detach = _edits.detach
    resize = _edits.resize
    rename = _edits.rename
    relabel = _edits.relabel
    transpose = _edits.transpose
    split = _edits.split
    merge = _edits.merge

    # ---- numbers ----------------------------------------------------------------------------------------------------

    def cost(self, batch: int = 1) -> "Cost":
        """What a contraction costs: flops, the largest intermediate, and the path.

        Parameters
        ----------
        batch
            How many inputs are contracted at once. Tensors of kind ``"data"`` carry the batch axis; in a network without
            any, every free tensor does (as under `torch.func.vmap`).

        Returns
        -------
        Cost
            `flops` counts a real multiply-add as two; `peak` is in elements, inputs and output included.

        Examples
        --------
        >>> net = Network.from_einsum("ir,rj->ij", i=10, j=20, r=3)
        >>> net.cost().flops, net.cost().peak
        (1200, 200)
        """
        return _cost.cost(self, batch)

    def random(
        self, seed: int = 0, dtype: torch.dtype = torch.float32, device: torch.device | str | None = None
    ) -> dict[str, torch.Tensor]:
        """Random cores: {name: tensor} for the free tensors, scaled so that the value's entries have variance near 1.

        Drawn on the CPU from `seed`, so the numbers do not depend on the device.

        >>> cores = Network.from_einsum("ir,rj->ij", i=10, j=20, r=3).random(seed=0)
        >>> {name: tuple(core.shape) for name, core in cores.items()}
        {'A': (10, 3), 'B': (3, 20)}
        """
        return _contract.random_cores(self, seed, dtype, device)

    def contract(self, cores: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """The value of the network: a tensor of shape `shape`, on the cores' device and dtype.

        Differentiable, and safe under `torch.func.vmap` and `torch.compile`; the order comes from `cost().path`.

        Parameters
        ----------
        cores
            A tensor for every free tensor and for every fixed one of kind ``"data"``.

        Raises
        ------
        NetworkError
            When a core is missing, unknown, or has another shape, dtype or device than the rest.

        Examples
        --------
        >>> import torch
        >>> a, b = torch.rand(4, 3), torch.rand(3, 5)
        >>> value = Network.from_einsum("ir,rj->ij", i=4, r=3, j=5).contract({"A": a, "B": b})
        >>> torch.allclose(value, a @ b)
        True
        """
        return _contract.contract(self, cores)

    # ---- forms ------------------------------------------------------------------------------------------------------

    @classmethod
    def from_einsum(
        cls, expression: str, sizes: Mapping[str, int] | Sequence[Sequence[int]] | None = None, /, **more: int
    ) -> Self:
        """Read an einsum expression; the tensors are named A, B, C, ...

        Parameters
        ----------
        expression
            Letters, commas and an optional ``->``; without it the legs are the letters that occur once, in alphabetical order.
        sizes
            A mapping letter -> size, or the operands' shapes; sizes may also be given as keywords.

        Raises
        ------
        NetworkError
            When the expression cannot be read, or a size is missing or contradicts another.

        Examples
        --------
        >>> Network.from_einsum("ir,jr,kr->ijk", [(4, 2), (5, 2), (6, 2)]).hyperbonds
        ('r',)
        """
        return cls(*_einsum.parse(expression, sizes, more))

    def to_dict(self) -> dict[str, Any]:
        """The network as JSON-like lists and dicts (format version 2).

        >>> Network.from_einsum("i->i", i=3).to_dict()["tensors"]
        [{'name': 'A', 'indices': ['i']}]
        """
        return _json.to_dict(self)

    @classmethod
    def from_dict(cls, spec: object) -> Self:
        """Read what `to_dict` gives (or an older version); `SpecError` says where and why it refuses."""
        return _json.from_dict(cls, spec)

    def to_json(self) -> str:
        """The network as versioned JSON text.

        >>> net = Network.from_einsum("ir,rj->ij", i=4, r=3, j=5)
        >>> Network.from_json(net.to_json()) == net
        True
        """
        return _json.to_json(self)

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read `to_json`'s text, strictly: caps are checked before anything is allocated, unknown keys are refused.

        Raises
        ------
        SpecError
            Says where and why; nothing else is ever raised, whatever the text.
        """
        return _json.from_json(cls, text)

    def to_code(self, target: str = "torch") -> str:
        """Readable, standalone Python that builds random cores and contracts them.

        Parameters
        ----------
        target
            ``"torch"``, ``"numpy"``, ``"quimb"`` or ``"tensorly"``.

        Returns
        -------
        str
            A program that defines `contract(...)` with the tensors in the network's order, and ends with `value`, whose axes are
            the legs. Names of the network are only ever strings and checked identifiers in it.

        Raises
        ------
        NetworkError
            When there is no such target, or a step of the contraction has more indices than einsum has letters (52).

        Examples
        --------
        >>> print(Network.from_einsum("ir,rj->ij", i=4, r=3, j=5).to_code("torch"))
        import torch
        <BLANKLINE>
        # sizes
        i, j = 4, 5
        r = 3
        <BLANKLINE>
        torch.manual_seed(0)
        <BLANKLINE>
        # random cores: put yours here
        A = torch.randn(i, r)
        B = torch.randn(r, j)
        <BLANKLINE>
        <BLANKLINE>
        def contract(A, B):
            return torch.einsum("ir,rj->ij", A, B)
        <BLANKLINE>
        <BLANKLINE>
        value = contract(A, B)
        """
        return _code.to_code(self, target)


def _names(value: Iterable[str], owner: str) -> tuple[str, ...]:
    if isinstance(value, str):
        raise NetworkError(
            f"{owner!r} is given the text {value!r}; give a tuple of index names such as {tuple(value)!r}"
        )
    return tuple(value)


def _whole(size: Any) -> Any:
    """NumPy's whole numbers become Python's; whatever else is left for the check to name."""
    return size if isinstance(size, bool) or not hasattr(size, "__index__") else operator.index(size)


def _check(net: Network) -> None:
    """Refuse what is not a network, naming the thing and the remedy."""
    used: dict[str, None] = {}
    for name, indices in net.tensors.items():
        _check_name(name, "tensor")
        for index in indices:
            _check_name(index, "index")
            used[index] = None
    twice = [leg for leg, count in Counter(net.legs).items() if count > 1]
    if twice:
        raise NetworkError(f"leg {twice[0]!r} is listed twice in legs {net.legs}; an open index is listed once")
    for leg in net.legs:
        if leg not in used:
            raise NetworkError(
                f"leg {leg!r} is on no tensor{did_you_mean(leg, used)}; attach it to a tensor or leave it out"
            )
    for index, size in net.sizes.items():
        _check_size(index, size)
        if index not in used:
            raise NetworkError(f"size given for index {index!r}, which is on no tensor{did_you_mean(index, used)}")
    for index in used:
        if index not in net.sizes:
            raise NetworkError(f"index {index!r} has no size; give sizes[{index!r}]{did_you_mean(index, net.sizes)}")
    for name, kind in net.fixed.items():
        net._require_tensor(name)
        if kind not in KINDS:
            raise NetworkError(f"tensor {name!r} is fixed as {kind!r}, which is no kind{did_you_mean(kind, KINDS)}")
        _KIND_CHECKS.get(kind, _any_shape)(name, net.shape_of(name))


def _check_name(name: object, what: str) -> None:
    if not is_name(name):
        raise NetworkError(
            f"{what} name {str(name)[:80]!r} is not usable; names are 1 to {LONGEST_NAME} printable characters without blanks at the ends"
        )


def _check_size(index: str, size: object) -> None:
    if isinstance(size, bool) or not isinstance(size, int):
        raise NetworkError(f"index {index!r} has size {size!r}; sizes are whole numbers of at least 1")
    if size < 1:
        raise NetworkError(f"index {index!r} has size {size}; a size (a rank, too) is at least 1")


def _any_shape(name: str, shape: tuple[int, ...]) -> None:
    pass


def _same_sizes(kind: str) -> Callable[[str, tuple[int, ...]], None]:
    def check(name: str, shape: tuple[int, ...]) -> None:
        if len(set(shape)) > 1:
            raise NetworkError(
                f"{kind} tensor {name!r} has sizes {shape}; all its indices have one size, resize them together"
            )

    return check


def _levi_civita(name: str, shape: tuple[int, ...]) -> None:
    if any(size != len(shape) for size in shape):
        raise NetworkError(f"levi_civita tensor {name!r} has shape {shape}; it has n indices, each of size n")


def _symplectic(name: str, shape: tuple[int, ...]) -> None:
    if len(shape) != 2 or shape[0] != shape[1] or shape[0] % 2:
        raise NetworkError(f"symplectic tensor {name!r} has shape {shape}; it is a square matrix of even size")


_KIND_CHECKS: dict[str, Callable[[str, tuple[int, ...]], None]] = {
    "copy": _same_sizes("copy"),
    "levi_civita": _levi_civita,
    "symplectic": _symplectic,
}
