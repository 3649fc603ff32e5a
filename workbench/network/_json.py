"""Networks as versioned JSON, read strictly: whatever the text, a sound network or a `SpecError`."""

import json
import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from workbench.network._errors import NetworkError, SpecError
from workbench.network._naming import LONGEST_NAME, is_name

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
    return from_dict(cls, read(text))


def read(text: str | bytes) -> Any:
    """JSON text as Python values, read strictly: UTF-8, no repeated keys, finite numbers, at most 1 MB; else `SpecError`."""
    plain = _decoded(text)
    try:
        return json.loads(
            plain,
            object_pairs_hook=_no_duplicates,
            parse_constant=_no_constant,
            parse_int=_short_int,
            parse_float=_finite_float,
        )
    except SpecError:
        raise
    except RecursionError:
        raise SpecError("the text is nested too deep; a network has four levels") from None
    except ValueError as error:
        raise SpecError(f"the text is not JSON: {error}") from None


def convert(value: Any, into: type[T]) -> T:
    """Python values as a msgspec struct; `SpecError` says where they do not fit."""
    try:
        return msgspec.convert(value, into)
    except UnicodeEncodeError:  # msgspec cannot print such a key
        raise SpecError("the network's JSON has a key with half a surrogate pair; names are printable text") from None
    except (msgspec.ValidationError, RecursionError, OverflowError) as error:
        raise SpecError(f"the network's JSON does not fit: {cut(error)}") from None


def _decoded(text: str | bytes) -> str:
    """The text, after the checks that need no parsing."""
    if not isinstance(text, str | bytes):
        raise SpecError(f"a network is read from text, got {type(text).__name__}")
    if len(text) > MAX_TEXT:
        raise SpecError(f"the text is {len(text):,} long; at most {MAX_TEXT:,} bytes are read")
    try:
        data = text if isinstance(text, bytes) else text.encode()
        plain = data.decode()
    except UnicodeDecodeError as error:
        raise SpecError(f"the text is not UTF-8: {error.reason} at byte {error.start}; save it as UTF-8") from None
    except UnicodeEncodeError as error:
        raise SpecError(f"the text holds half a surrogate pair at character {error.start}; save it as UTF-8") from None
    if len(data) > MAX_TEXT:
        raise SpecError(f"the text is {len(data):,} bytes long; at most {MAX_TEXT:,} are read")
    if plain.startswith("\ufeff"):
        raise SpecError("the text starts with a byte-order mark; save it as UTF-8 without one")
    return plain


def from_dict(cls: type[N], spec: object) -> N:
    """See `Network.from_dict`."""
    if not isinstance(spec, Mapping):
        raise SpecError(f"a network is a JSON object, got {type(spec).__name__}")
    if spec.get("format") != FORMAT:
        raise SpecError(f"$.format is {short(spec.get('format'))}, expected {FORMAT!r}")
    version = spec.get("version")
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        raise SpecError(f"$.version is {short(version)}, expected a whole number from 1 to {VERSION}")
    if version > VERSION:
        raise SpecError(f"$.version is {short(version)}, this release reads up to {VERSION}; upgrade tensor-workbench")
    parts = _parts_v1(convert(dict(spec), _SpecV1)) if version == 1 else _parts(convert(dict(spec), _Spec))
    check_caps(*parts[:3])
    try:
        return cls(*parts)
    except NetworkError as error:
        raise SpecError(f"the network's JSON is not a sound network: {cut(error)}") from None


def _parts(spec: _Spec) -> Parts:
    check_names((f"$.indices[{k}].name", index.name) for k, index in enumerate(spec.indices))
    check_names((f"$.tensors[{k}].name", tensor.name) for k, tensor in enumerate(spec.tensors))
    for k, tensor in enumerate(spec.tensors):
        check_names((f"$.tensors[{k}].indices[{axis}]", index) for axis, index in enumerate(tensor.indices))
    check_names((f"$.legs[{k}]", leg) for k, leg in enumerate(spec.legs))
    _unique([tensor.name for tensor in spec.tensors], "$.tensors")
    _unique([index.name for index in spec.indices], "$.indices")
    return (
        {tensor.name: tuple(tensor.indices) for tensor in spec.tensors},
        {index.name: index.size for index in spec.indices},
        tuple(spec.legs),
        {tensor.name: tensor.fixed for tensor in spec.tensors if tensor.fixed is not None},
    )


def _parts_v1(spec: _SpecV1) -> Parts:
    check_names(("a key of $.sizes", index) for index in spec.sizes)
    check_names(("a key of $.tensors", name) for name in spec.tensors)
    for indices in spec.tensors.values():
        check_names(("an index in $.tensors", index) for index in indices)
    check_names((f"$.legs[{k}]", leg) for k, leg in enumerate(spec.legs))
    return {name: tuple(indices) for name, indices in spec.tensors.items()}, dict(spec.sizes), tuple(spec.legs), {}


def check_names(names: Iterable[tuple[str, str]]) -> None:
    """Refuse what cannot be a name; pairs (where, name)."""
    for where, name in names:
        if not is_name(name):
            raise SpecError(
                f"{where} is {short(name)}; names are 1 to {LONGEST_NAME} printable characters without blanks at the ends"
            )


def check_counts(tensors: int, indices: int, legs: int) -> None:
    """Refuse more tensors, indices or legs than are read."""
    for number, cap, what in (
        (tensors, MAX_TENSORS, "tensors"),
        (indices, MAX_INDICES, "indices"),
        (legs, MAX_ORDER, "legs"),
    ):
        if number > cap:
            raise SpecError(f"the network has {number:,} {what}; at most {cap:,} are read")


def check_caps(tensors: dict[str, tuple[str, ...]], sizes: dict[str, int], legs: tuple[str, ...]) -> None:
    """Refuse what is larger than anything drawn, before anything is made of it."""
    check_counts(len(tensors), len(sizes), len(legs))
    for index, size in sizes.items():
        if size > MAX_SIZE:
            raise SpecError(f"index {short(index)} has size {short(size)}; at most {MAX_SIZE:,} is read")
    for name, indices in tensors.items():
        if len(indices) > MAX_ORDER:
            raise SpecError(f"tensor {short(name)} has {len(indices)} indices; at most {MAX_ORDER} are read")
        if math.prod(sizes.get(index, 1) for index in indices) > MAX_ENTRIES:
            raise SpecError(f"tensor {short(name)} would have more than 2^63 entries; shrink one of its indices")


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        _unique([key for key, _ in pairs], "an object of the text")
    return found


def _unique(names: list[str], where: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise SpecError(f"{where} names {short(name)} twice; names are unique")
        seen.add(name)


def _no_constant(text: str) -> Any:
    raise SpecError(f"the text holds {text}, which is not a number in JSON")


def _short_int(text: str) -> int:
    if len(text) > 20:
        raise SpecError(f"the text holds a number of {len(text)} digits; sizes are at most {MAX_SIZE:,}")
    return int(text)


def _finite_float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise SpecError(f"the text holds {short(text)}, which is too large for a number")
    return value


def short(value: object) -> str:
    """A value as a message shows it: its repr, cut; of lists and objects the type."""
    shown = repr(value) if not isinstance(value, Mapping | list) else type(value).__name__
    return shown if len(shown) <= 80 else shown[:77] + "..."


def cut(error: Exception) -> str:
    """What an error says, without the middle where a stranger's names make it long."""
    said = str(error)
    return said if len(said) <= 400 else f"{said[:200]} ... {said[-150:]}"
