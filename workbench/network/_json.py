"""Networks as versioned JSON, read strictly: whatever the text, a sound network or a `SpecError`."""

import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from workbench.network._errors import NetworkError, SpecError

if TYPE_CHECKING:
    from workbench.network._network import Network

FORMAT = "workbench.network"
VERSION = 2
MAX_TENSORS = 512
MAX_INDICES = 4096
MAX_ORDER = 64
MAX_SIZE = 10**9
MAX_ENTRIES = 2**63 - 1  # of one tensor
MAX_TEXT = 1_000_000  # bytes

Parts = tuple[dict[str, tuple[str, ...]], dict[str, int], tuple[str, ...], dict[str, str]]
T = TypeVar("T")
N = TypeVar("N", bound="Network")


class _Index(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    size: int


class _Tensor(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    indices: list[str]
    fixed: str | None = None


class _Spec(msgspec.Struct, forbid_unknown_fields=True):
    """Version 2. Lists, not objects, hold the names: JavaScript reorders keys that look like integers."""

    format: str
    version: int
    indices: list[_Index]
    tensors: list[_Tensor]
    legs: list[str]


class _SpecV1(msgspec.Struct, forbid_unknown_fields=True):
    """Version 1: names as keys, no fixed tensors. Still read, never written."""

    format: str
    version: int
    tensors: dict[str, list[str]]
    sizes: dict[str, int]
    legs: list[str]


def to_dict(net: "Network") -> dict[str, Any]:
    """See `Network.to_dict`."""
    tensors: list[dict[str, Any]] = []
    for name, held in net.tensors.items():
        tensors.append({"name": name, "indices": list(held)})
        if name in net.fixed:
            tensors[-1]["fixed"] = net.fixed[name]
    indices = [{"name": index, "size": size} for index, size in net.sizes.items()]
    return {"format": FORMAT, "version": VERSION, "indices": indices, "tensors": tensors, "legs": list(net.legs)}


def to_json(net: "Network") -> str:
    """See `Network.to_json`."""
    return json.dumps(to_dict(net), ensure_ascii=False)


def from_json(cls: type[N], text: str | bytes) -> N:
    """See `Network.from_json`."""
    if not isinstance(text, str | bytes):
        raise SpecError(f"a network is read from text, got {type(text).__name__}")
    if len(text) > MAX_TEXT:
        raise SpecError(f"the text is {len(text):,} long; at most {MAX_TEXT:,} is read")
    try:
        spec = json.loads(text, object_pairs_hook=_no_duplicates, parse_constant=_no_constant, parse_int=_short_int)
    except SpecError:
        raise
    except RecursionError:
        raise SpecError("the text is nested too deep; a network has four levels") from None
    except ValueError as error:  # JSONDecodeError and UnicodeDecodeError
        raise SpecError(f"the text is not JSON: {error}") from None
    return from_dict(cls, spec)


def from_dict(cls: type[N], spec: object) -> N:
    """See `Network.from_dict`."""
    if not isinstance(spec, Mapping):
        raise SpecError(f"a network is a JSON object, got {type(spec).__name__}")
    if spec.get("format") != FORMAT:
        raise SpecError(f"$.format is {_short(spec.get('format'))}, expected {FORMAT!r}")
    version = spec.get("version")
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        raise SpecError(f"$.version is {_short(version)}, expected a whole number from 1 to {VERSION}")
    if version > VERSION:
        raise SpecError(f"$.version is {_short(version)}, this release reads up to {VERSION}; upgrade tensor-workbench")
    parts = _parts_v1(_convert(spec, _SpecV1)) if version == 1 else _parts(_convert(spec, _Spec))
    _check_caps(*parts[:3])
    try:
        return cls(*parts)
    except NetworkError as error:
        raise SpecError(f"the network's JSON is not a sound network: {error}") from None


def _parts(spec: _Spec) -> Parts:
    _unique([tensor.name for tensor in spec.tensors], "$.tensors")
    _unique([index.name for index in spec.indices], "$.indices")
    return (
        {tensor.name: tuple(tensor.indices) for tensor in spec.tensors},
        {index.name: index.size for index in spec.indices},
        tuple(spec.legs),
        {tensor.name: tensor.fixed for tensor in spec.tensors if tensor.fixed is not None},
    )


def _parts_v1(spec: _SpecV1) -> Parts:
    return {name: tuple(indices) for name, indices in spec.tensors.items()}, dict(spec.sizes), tuple(spec.legs), {}


def _convert(spec: Mapping[str, Any], into: type[T]) -> T:
    try:
        return msgspec.convert(dict(spec), into)
    except (msgspec.ValidationError, RecursionError, OverflowError) as error:
        raise SpecError(f"the network's JSON does not fit: {error}") from None


def _check_caps(tensors: dict[str, tuple[str, ...]], sizes: dict[str, int], legs: tuple[str, ...]) -> None:
    for count, cap, what in (
        (len(tensors), MAX_TENSORS, "tensors"),
        (len(sizes), MAX_INDICES, "indices"),
        (len(legs), MAX_ORDER, "legs"),
    ):
        if count > cap:
            raise SpecError(f"the network has {count:,} {what}; at most {cap:,} are read")
    for index, size in sizes.items():
        if size > MAX_SIZE:
            raise SpecError(f"index {_short(index)} has size {_short(size)}; at most {MAX_SIZE:,} is read")
    for name, indices in tensors.items():
        if len(indices) > MAX_ORDER:
            raise SpecError(f"tensor {_short(name)} has {len(indices)} indices; at most {MAX_ORDER} are read")
        if math.prod(sizes.get(index, 1) for index in indices) > MAX_ENTRIES:
            raise SpecError(f"tensor {_short(name)} would have more than 2^63 entries; shrink one of its indices")


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        _unique([key for key, _ in pairs], "an object")
    return found


def _unique(names: list[str], where: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise SpecError(f"{where} names {_short(name)} twice; names are unique")
        seen.add(name)


def _no_constant(text: str) -> Any:
    raise SpecError(f"the text holds {text}, which is not a number in JSON")


def _short_int(text: str) -> int:
    if len(text) > 20:
        raise SpecError(f"the text holds a number of {len(text)} digits; sizes are at most {MAX_SIZE:,}")
    return int(text)


def _short(value: object) -> str:
    shown = repr(value) if not isinstance(value, Mapping | list) else type(value).__name__
    return shown if len(shown) <= 80 else shown[:77] + "..."
