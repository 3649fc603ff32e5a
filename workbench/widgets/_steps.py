"""The last edit, as the front end names it: applied to a network, and written as the Python that does the same."""

__all__ = ["Step", "read_step"]

import ast
import keyword
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from typing import Any

import msgspec

from workbench.network import FAMILIES, Network, NetworkError, did_you_mean

Call = tuple[tuple[Any, ...], dict[str, Any]]


class _Args(msgspec.Struct, forbid_unknown_fields=True):
    """Arguments of one edit as they arrive; `call` gives those of `Network`'s method of the same name."""

    def call(self) -> Call:
        return tuple(msgspec.structs.astuple(self)), {}


class _Add(_Args):
    name: str
    indices: tuple[str, ...]
    sizes: dict[str, int] = {}
    fixed: str | None = None

    def call(self) -> Call:
        words: dict[str, Any] = {"fixed": self.fixed} if self.fixed else {}
        if not self.sizes:
            return (self.name, self.indices), words
        plain = _as_keywords(self.sizes, {"self", "name", "indices", "fixed", "sizes"})
        return (self.name, self.indices), words | (self.sizes if plain else {"sizes": self.sizes})


class _Name(_Args):
    name: str


class _Connect(_Args):
    tensors: tuple[str, ...]
    size: int
    index: str

    def call(self) -> Call:
        return self.tensors, {"size": self.size, "index": self.index}


class _Index(_Args):
    index: str


class _Join(_Args):
    a: str
    b: str


class _Attach(_Args):
    tensor: str
    index: str
    size: int | None = None

    def call(self) -> Call:
        return (self.tensor, self.index), {} if self.size is None else {"size": self.size}


class _Detach(_Args):
    tensor: str
    index: str


class _Resize(_Args):
    sizes: dict[str, int]

    def call(self) -> Call:
        return _mapping(self.sizes)


class _Names(_Args):
    names: dict[str, str]

    def call(self) -> Call:
        return _mapping(self.names)


class _Legs(_Args):
    legs: tuple[str, ...]

    def call(self) -> Call:
        return self.legs, {}


class _Split(_Args):
    tensor: str
    left: tuple[str, ...]
    size: int
    names: tuple[str, str]
    index: str

    def call(self) -> Call:
        return (self.tensor, self.left), {"size": self.size, "names": self.names, "index": self.index}


class _Merge(_Args):
    a: str
    b: str
    name: str | None = None


class _Template(_Args):
    family: str
    shape: tuple[int, ...]
    ranks: int | tuple[int, ...]
    legs: tuple[str, ...] | None = None

    def call(self) -> Call:
        return (self.shape, self.ranks), {"legs": self.legs} if self.legs else {}


_ARGUMENTS: Mapping[str, type[_Args]] = {
    "add": _Add,
    "remove": _Name,
    "connect": _Connect,
    "disconnect": _Index,
    "join": _Join,
    "cut": _Index,
    "open": _Index,
    "close": _Index,
    "attach": _Attach,
    "detach": _Detach,
    "resize": _Resize,
    "rename": _Names,
    "relabel": _Names,
    "transpose": _Legs,
    "split": _Split,
    "merge": _Merge,
    "template": _Template,
}


@dataclass(frozen=True)
class Step:
    """One edit: a call of a method of `Network`, or of a family.

    The code it is told as is the call that is made, so the two cannot differ; names enter it as literals only.
    """

    name: str
    args: tuple[Any, ...]
    keywords: Mapping[str, Any]
    owner: str = "net"

    def apply(self, net: Network) -> Network:
        """The network after this edit; `NetworkError` when it does not apply."""
        method: Callable[..., Network] = getattr(net, self.name) if self.owner == "net" else FAMILIES[self.name]
        try:
            return method(*self.args, **self.keywords)
        except TypeError as error:  # arguments that no signature of ours has
            raise NetworkError(f"{self.name} does not take these arguments: {error}") from None

    def as_python(self) -> str:
        """The edit as a statement.

        >>> read_step({"op": "resize", "args": {"sizes": {"r": 24}}}).as_python()
        'net = net.resize(r=24)'
        >>> read_step({"op": "resize", "args": {"sizes": {"r 1": 24}}}).as_python()
        "net = net.resize({'r 1': 24})"
        """
        owner = ast.parse(self.owner, mode="eval").body  # our own words, none of the user's
        call = ast.Call(
            func=ast.Attribute(owner, self.name, ast.Load()),
            args=[_literal(each) for each in self.args],
            keywords=[ast.keyword(arg=word, value=_literal(each)) for word, each in self.keywords.items()],
        )
        return ast.unparse(ast.fix_missing_locations(ast.Assign(targets=[ast.Name("net", ast.Store())], value=call)))


def read_step(step: object) -> Step:
    """Read ``{"op": ..., "args": {...}}`` strictly; `NetworkError` when the edit or its arguments are not ours."""
    if not isinstance(step, Mapping) or not isinstance(op := step.get("op"), str):
        raise NetworkError(f"a step is an object with an op, got {type(step).__name__}")
    if op not in _ARGUMENTS:
        raise NetworkError(f"no edit {op!r}{did_you_mean(op, _ARGUMENTS)}")
    try:
        args = msgspec.convert(step.get("args"), _ARGUMENTS[op])
    except (msgspec.ValidationError, RecursionError, OverflowError) as error:
        raise NetworkError(f"the arguments of {op!r} do not fit: {error}") from None
    if isinstance(args, _Template):
        if args.family not in FAMILIES:
            raise NetworkError(f"no family {args.family!r}{did_you_mean(args.family, FAMILIES)}")
        return Step(args.family, *args.call(), owner="wb.network")
    return Step(op, *args.call())


def _mapping(values: Mapping[str, Any]) -> Call:
    """As keywords where every name can be one, else as a mapping."""
    return ((), dict(values)) if _as_keywords(values) else ((dict(values),), {})


def _as_keywords(names: Mapping[str, Any], taken: Set[str] = frozenset()) -> bool:
    """ASCII only: Python would normalise other identifiers and change the name."""
    return all(
        name.isascii() and name.isidentifier() and not keyword.iskeyword(name) and name not in taken for name in names
    )


def _literal(value: object) -> ast.expr:
    return ast.parse(repr(value), mode="eval").body
