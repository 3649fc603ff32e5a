"""Networks and the JSON files of Tensor-Network-Editor (the package `tensor-network-editor`, schema 1 and 2), both ways.

The editor joins two axes by an edge and three or more by a hyperedge; an axis that is joined to nothing is open. It has no order of
legs, no open hyperedge and no summed axis by itself. So the legs' order goes into the file's metadata, and an index that is open
and on several axes, or summed and on one, gets a *dot*: a copy tensor of the editor's own kind, marked in its metadata.
"""

__all__ = ["from_editor_json", "to_editor_json"]

import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count
from typing import Any

import msgspec
import torch

from workbench.network._contract import fixed_tensor
from workbench.network._errors import NetworkError, SpecError
from workbench.network._json import check_caps, check_counts, check_names, convert, cut, read, short
from workbench.network._naming import numbered
from workbench.network._network import Network

SCHEMAS = (1, 2)
DOT = "workbench.dot"
FIXED = "workbench.fixed"
LEGS = "workbench.legs"
WRITTEN_OUT = 4096  # fixed tensors that the editor has no word for are written entry by entry up to this many
KIND_OF_MODE = {"copy": "copy", "identity": "copy", "literal": "data", "external": "data"}
MODES = ("zeros", "ones", "fill", "random", *KIND_OF_MODE)

Axis = tuple[int, int]  # which tensor, which of its axes


class _Index(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    name: str
    dimension: int
    offset: Any = None
    metadata: dict[str, Any] = {}


class _Data(msgspec.Struct, forbid_unknown_fields=True):
    mode: str
    dtype: str | None = None
    fill_value: Any = None
    values: Any = None
    seed: int | None = None
    distribution: str | None = None
    file_path: str | None = None
    array_key: str | None = None


class _Tensor(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    name: str
    position: Any = None
    size: Any = None
    indices: list[_Index] = []
    linear_periodic_role: Any = None
    grid_periodic_role: Any = None
    tree_periodic_role: Any = None
    tree_periodic_child_index: Any = None
    tensor_data: _Data | None = None
    metadata: dict[str, Any] = {}


class _End(msgspec.Struct, forbid_unknown_fields=True):
    tensor_id: str
    index_id: str


class _Edge(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    name: str
    left: _End
    right: _End
    metadata: dict[str, Any] = {}


class _Hyperedge(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    name: str
    endpoints: list[_End]
    hub_offset: Any = None
    metadata: dict[str, Any] = {}


class _Network(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    name: str
    tensors: list[_Tensor] = []
    groups: list[Any] = []
    edges: list[_Edge] = []
    hyperedges: list[_Hyperedge] = []
    notes: list[Any] = []
    contraction_plan: Any = None
    linear_periodic_chain: Any = None
    grid_periodic_grid: Any = None
    tree_periodic_tree: Any = None
    metadata: dict[str, Any] = {}


class _File(msgspec.Struct, forbid_unknown_fields=True):
    schema_version: int
    network: _Network


# ---- reading --------------------------------------------------------------------------------------------------------


def from_editor_json(text: str | bytes) -> Network:
    """Read a file of Tensor-Network-Editor as a network.

    Names are kept where they are unique. A leg whose axis name occurs elsewhere too is named after its tensor and axis
    (`"A1_phys"`), a bond after its edge; repeated names are numbered. The legs come in the editor's order (tensor by tensor, axis
    by axis) unless the file was written by `to_editor_json`. Of the numbers, ``copy`` and ``identity`` tensors are fixed as
    ``"copy"`` and ``literal`` and ``external`` ones as ``"data"``; the other initialisers leave a tensor free. Positions, notes,
    groups and contraction plans are not part of a network.

    Parameters
    ----------
    text
        The file's content, at most 1 MB.

    Raises
    ------
    SpecError
        Says where and why; nothing else is ever raised, whatever the text. Periodic ("For") modes are refused.

    Examples
    --------
    >>> from workbench.network import tensor_train
    >>> from_editor_json(to_editor_json(tensor_train((4, 5, 6), 2))).bonds
    ('r0', 'r1')
    """
    spec = read(text)
    if not isinstance(spec, Mapping) or "schema_version" not in spec:
        raise SpecError("this is no file of Tensor-Network-Editor: it is an object with 'schema_version' and 'network'")
    if spec["schema_version"] not in SCHEMAS or isinstance(spec["schema_version"], bool | float):
        raise SpecError(f"$.schema_version is {short(spec['schema_version'])}; this release reads {SCHEMAS}")
    return _network(convert(spec, _File).network)


def _network(spec: _Network) -> Network:
    for mode in ("linear_periodic_chain", "grid_periodic_grid", "tree_periodic_tree"):
        if getattr(spec, mode) is not None:
            raise SpecError(f"$.network.{mode} is set; periodic networks are written out before they are exported")
    at = _axes(spec.tensors)
    edges = [*_edges(spec, at)]
    group = _joined(spec, edges)
    kept = {k: tensor for k, tensor in enumerate(spec.tensors) if not _is_dot(tensor)}
    check_counts(len(kept), len(set(group.values())), 0)
    names = _index_names(spec, edges, group)
    tensor_names = _tensor_names(kept)
    tensors = {
        tensor_names[k]: tuple(names[group[k, axis]] for axis in range(len(tensor.indices)))
        for k, tensor in kept.items()
    }
    sizes = _sizes(spec, group, names)
    legs = _legs(spec, edges, group, names)
    fixed = {tensor_names[k]: kind for k, tensor in kept.items() if (kind := _kind(k, tensor)) is not None}
    check_caps(tensors, sizes, legs)
    try:
        return Network(tensors, sizes, legs, fixed)
    except NetworkError as error:
        raise SpecError(f"the editor's file is not a sound network: {cut(error)}") from None


def _axes(tensors: Sequence[_Tensor]) -> dict[tuple[str, str], Axis]:
    """Where the axis with a tensor's id and an index's id is."""
    for ids, what in (
        ([tensor.id for tensor in tensors], "tensor"),
        ([index.id for tensor in tensors for index in tensor.indices], "index"),
    ):
        twice = [each for each, times in Counter(ids).items() if times > 1]
        if twice:
            raise SpecError(f"two have the {what} id {short(twice[0])} in $.network.tensors; ids are unique")
    return {
        (tensor.id, index.id): (k, axis)
        for k, tensor in enumerate(tensors)
        for axis, index in enumerate(tensor.indices)
    }


def _edges(spec: _Network, at: Mapping[tuple[str, str], Axis]) -> Iterator[tuple[str, str, list[Axis]]]:
    """The joins: where each stands in the file, its name, the axes it joins."""
    written = [
        *((f"$.network.edges[{k}]", edge.name, [edge.left, edge.right]) for k, edge in enumerate(spec.edges)),
        *((f"$.network.hyperedges[{k}]", edge.name, edge.endpoints) for k, edge in enumerate(spec.hyperedges)),
    ]
    taken: set[Axis] = set()
    for where, name, ends in written:
        axes = []
        for end in ends:
            if (end.tensor_id, end.index_id) not in at:
                raise SpecError(
                    f"{where} ends on index {short(end.index_id)} of tensor {short(end.tensor_id)}, which is not there"
                )
            axis = at[end.tensor_id, end.index_id]
            if axis in taken:
                raise SpecError(
                    f"{where} ends on index {short(end.index_id)}, which is joined already; an axis is joined once"
                )
            taken.add(axis)
            axes.append(axis)
        if len(axes) < 2:
            raise SpecError(f"{where} joins {len(axes)} axes; it joins 2 or more")
        yield where, name, axes


def _is_dot(tensor: _Tensor) -> bool:
    return bool(tensor.metadata.get(DOT)) and bool(tensor.indices)


def _joined(spec: _Network, edges: Iterable[tuple[str, str, list[Axis]]]) -> dict[Axis, Axis]:
    """For every axis the first axis that holds the same index."""
    group = {(k, axis): (k, axis) for k, tensor in enumerate(spec.tensors) for axis in range(len(tensor.indices))}

    def root(axis: Axis) -> Axis:
        while group[axis] != axis:
            group[axis] = group[group[axis]]
            axis = group[axis]
        return axis

    dots = ([(k, axis) for axis in range(len(each.indices))] for k, each in enumerate(spec.tensors) if _is_dot(each))
    for axes in (*(axes for _, _, axes in edges), *dots):
        for axis in axes[1:]:
            low, high = sorted((root(axes[0]), root(axis)))
            group[high] = low
    return {axis: root(axis) for axis in group}


def _index_names(
    spec: _Network, edges: Iterable[tuple[str, str, list[Axis]]], group: Mapping[Axis, Axis]
) -> dict[Axis, str]:
    """A name for every index: of the axis when that is open, else of the edge; qualified or numbered where it is not unique."""
    joined: dict[Axis, str] = {}
    wanted: dict[Axis, str] = {}
    qualified: dict[Axis, str] = {}
    for where, name, axes in edges:
        joined.update(dict.fromkeys(axes, name))
        wanted.setdefault(group[axes[0]], _checked(where, name))
    for k, tensor in enumerate(spec.tensors):
        for axis, index in enumerate(tensor.indices):
            if (k, axis) not in joined:
                name = _checked(f"$.network.tensors[{k}].indices[{axis}]", index.name)
                wanted[group[k, axis]] = name
                qualified[group[k, axis]] = f"{tensor.name.strip()}_{name}"
    often = Counter(wanted.values())
    names: dict[Axis, str] = {}
    taken = {name for name, times in often.items() if times == 1}
    for first, name in wanted.items():
        names[first] = name if often[name] == 1 else numbered(qualified.get(first, name)[:64].strip(), taken)
        taken.add(names[first])
    return names


def _tensor_names(kept: Mapping[int, _Tensor]) -> dict[int, str]:
    wanted = {k: _checked(f"$.network.tensors[{k}]", tensor.name) for k, tensor in kept.items()}
    often = Counter(wanted.values())
    taken = {name for name, times in often.items() if times == 1}
    names = {}
    for k, name in wanted.items():
        names[k] = name if often[name] == 1 else numbered(name, taken)
        taken.add(names[k])
    return names


def _checked(where: str, name: str) -> str:
    check_names([(f"{where}.name", name.strip())])
    return name.strip()


def _sizes(spec: _Network, group: Mapping[Axis, Axis], names: Mapping[Axis, str]) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for (k, axis), first in group.items():
        size = spec.tensors[k].indices[axis].dimension
        if sizes.setdefault(names[first], size) != size:
            owner = spec.tensors[first[0]]
            raise SpecError(
                f"index {names[first]!r} has dimension {sizes[names[first]]} on {short(owner.name)} and {size} on "
                f"{short(spec.tensors[k].name)}; joined axes have one dimension"
            )
    return sizes


def _legs(
    spec: _Network,
    edges: Iterable[tuple[str, str, list[Axis]]],
    group: Mapping[Axis, Axis],
    names: Mapping[Axis, str],
) -> tuple[str, ...]:
    joined = {axis for _, _, axes in edges for axis in axes}
    found = [names[first] for axis, first in group.items() if axis not in joined]
    twice = [name for name, times in Counter(found).items() if times > 1]
    if twice:
        raise SpecError(f"the dot of index {twice[0]!r} has several open axes; join all but one")
    real = {names[group[k, axis]] for k, axis in group if not _is_dot(spec.tensors[k])}
    loose = [name for name in names.values() if name not in real]
    if loose:
        raise SpecError(f"the dot of index {loose[0]!r} is joined to no tensor; remove it")
    order = spec.metadata.get(LEGS, [])
    if not isinstance(order, list):
        raise SpecError(f"$.network.metadata[{LEGS!r}] is no list of names")
    first = [leg for leg in dict.fromkeys(each for each in order if isinstance(each, str)) if leg in found]
    return (*first, *(leg for leg in found if leg not in first))


def _kind(k: int, tensor: _Tensor) -> str | None:
    where = f"$.network.tensors[{k}]"
    mode = tensor.tensor_data.mode if tensor.tensor_data is not None else None
    if mode is not None and mode not in MODES:
        raise SpecError(f"{where}.tensor_data.mode is {short(mode)}; known are {', '.join(MODES)}")
    kind = tensor.metadata.get(FIXED, KIND_OF_MODE.get(mode or ""))
    if kind is not None and not isinstance(kind, str):
        raise SpecError(f"{where}.metadata[{FIXED!r}] is no kind of fixed tensor")
    return kind


# ---- writing --------------------------------------------------------------------------------------------------------


def to_editor_json(net: Network, positions: Mapping[str, Sequence[float]] | None = None) -> str:
    """Write a network as a file that Tensor-Network-Editor opens.

    Parameters
    ----------
    net
        Any network. Fixed tensors are written as the editor's initialisers; reading the file back gives `net`.
    positions
        Where tensors stand on the canvas, (x, y) in pixels, for some or all; the others are set out on a grid.

    Returns
    -------
    str
        JSON, schema 2 of Tensor-Network-Editor 1.1.

    Raises
    ------
    NetworkError
        When a position is of no tensor or is no pair of finite numbers.

    Examples
    --------
    >>> from workbench.network import cp
    >>> net = cp((4, 5, 6), 2)
    >>> from_editor_json(to_editor_json(net)) == net
    True
    """
    places = _places(net, positions or {})
    tensors = [
        _written(
            f"tensor_{k}", name, _axis_names(net, name), net.shape_of(name), places[name], *_initialiser(net, name)
        )
        for k, name in enumerate(net.tensors)
    ]
    number = {name: k for k, name in enumerate(net.tensors)}
    edges: list[dict[str, Any]] = []
    hyperedges: list[dict[str, Any]] = []
    dot_names = (name for k in count(1) if (name := f"dot {k}") not in net.tensors)
    for index, size in net.sizes.items():
        ends = [(f"tensor_{number[name]}", f"tensor_{number[name]}_axis_{axis}") for name, axis in net.holders(index)]
        is_open = index in net.legs
        if len(ends) == 1 and is_open:
            continue
        if len(ends) == 1 or is_open:
            dot, order = f"tensor_{len(tensors)}", len(ends) + is_open
            around = [places[name] for name, _ in net.holders(index)]
            place = (sum(x for x, _ in around) / len(around) + 60.0, sum(y for _, y in around) / len(around) + 60.0)
            axes = [f"axis {k}" for k in range(len(ends))] + [index] * is_open
            data = {"mode": "copy" if order > 1 else "ones"}
            tensors.append(_written(dot, next(dot_names), axes, (size,) * order, place, data, {DOT: True}))
            edges += [
                _edge(f"edge_{len(edges) + k}", index, end, (dot, f"{dot}_axis_{k}")) for k, end in enumerate(ends)
            ]
        elif len(ends) == 2:
            edges.append(_edge(f"edge_{len(edges)}", index, *ends))
        else:
            hyperedges.append(
                {
                    "id": f"hyperedge_{len(hyperedges)}",
                    "name": index,
                    "endpoints": [_end(end) for end in ends],
                    "hub_offset": {"x": 0.0, "y": 0.0},
                    "metadata": {},
                }
            )
    network = {
        "id": "network",
        "name": "Network",
        "tensors": tensors,
        "groups": [],
        "edges": edges,
        "hyperedges": hyperedges,
        "notes": [],
        "contraction_plan": None,
        "linear_periodic_chain": None,
        "grid_periodic_grid": None,
        "tree_periodic_tree": None,
        "metadata": {LEGS: list(net.legs)},
    }
    return json.dumps({"schema_version": SCHEMAS[-1], "network": network}, ensure_ascii=False)


def _places(net: Network, positions: Mapping[str, Sequence[float]]) -> dict[str, tuple[float, float]]:
    for name, place in positions.items():
        net._require_tensor(name)
        if len(place) != 2 or not all(isinstance(each, int | float) and math.isfinite(each) for each in place):
            raise NetworkError(f"the position of {name!r} is {place!r}; it is a pair of finite numbers")
    wide = max(1, math.ceil(math.sqrt(len(net.tensors))))
    grid = {name: (260.0 * (k % wide), 200.0 * (k // wide)) for k, name in enumerate(net.tensors)}
    return grid | {name: (float(x), float(y)) for name, (x, y) in positions.items()}


def _axis_names(net: Network, tensor: str) -> list[str]:
    """The names of the axes: of the indices, numbered where a tensor holds one twice (the editor wants them different)."""
    held = net.tensors[tensor]
    taken = set(held)
    names: list[str] = []
    for index in held:
        names.append(numbered(index, taken) if index in names else index)
        taken.add(names[-1])
    return names


def _initialiser(net: Network, tensor: str) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """The editor's word for a fixed tensor, and ours in the metadata."""
    kind, shape = net.fixed.get(tensor), net.shape_of(tensor)
    if kind is None:
        return None, {}
    data: dict[str, Any] | None = None
    if kind == "ones" or (kind == "copy" and len(shape) < 2):
        data = {"mode": "ones"}
    elif kind == "copy":
        data = {"mode": "copy"}
    elif kind != "data" and math.prod(shape) <= WRITTEN_OUT:
        data = {"mode": "literal", "values": fixed_tensor(kind, shape, torch.float64, None).tolist()}
    return data, {FIXED: kind}


def _written(
    id: str,
    name: str,
    axes: Sequence[str],
    shape: Sequence[int],
    place: tuple[float, float],
    data: dict[str, Any] | None,
    metadata: dict[str, Any],
) -> dict[str, Any]:
    turn = 2 * math.pi / max(1, len(axes))
    indices = [
        {
            "id": f"{id}_axis_{k}",
            "name": axis,
            "dimension": size,
            "offset": {"x": round(-58 * math.cos(turn * k), 1), "y": round(28 * math.sin(turn * k), 1)},
            "metadata": {},
        }
        for k, (axis, size) in enumerate(zip(axes, shape, strict=True))
    ]
    return {
        "id": id,
        "name": name,
        "position": {"x": place[0], "y": place[1]},
        "size": {"width": 180.0, "height": 108.0},
        "indices": indices,
        "linear_periodic_role": None,
        "grid_periodic_role": None,
        "tree_periodic_role": None,
        "tree_periodic_child_index": None,
        "tensor_data": data,
        "metadata": metadata,
    }


def _edge(id: str, name: str, left: tuple[str, str], right: tuple[str, str]) -> dict[str, Any]:
    return {"id": id, "name": name, "left": _end(left), "right": _end(right), "metadata": {}}


def _end(at: tuple[str, str]) -> dict[str, str]:
    return {"tensor_id": at[0], "index_id": at[1]}
