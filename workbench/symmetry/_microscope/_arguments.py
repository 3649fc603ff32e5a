"""A model's arguments and results, each paired with how the group acts on it."""

__all__ = ["Slot", "extracted", "names_of", "paired", "substituted"]

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.utils._pytree import tree_flatten, tree_unflatten

from workbench.network import did_you_mean
from workbench.symmetry._errors import SymmetryError
from workbench.symmetry._groups import Group
from workbench.symmetry._microscope._actions import INVARIANT, Action, Spec, action


@dataclass(frozen=True, eq=False)
class Slot:
    """A tensor among the arguments or results, its name and its action."""

    name: str
    action: Action
    tensor: torch.Tensor


def names_of(model: Any, count: int) -> list[str]:
    """What the first arguments are called."""
    try:
        of = getattr(model, "_orig_mod", model).forward if isinstance(model, nn.Module) else model
        parameters = list(inspect.signature(of).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    positional = [each for each in parameters if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]
    names = [each.name for each in positional[:count]]
    return names + [f"argument {at}" for at in range(len(names), count)]


def paired(value: Any, spec: Spec, group: Group, name: str) -> list[Slot]:
    """All tensors of a value with what its spec says, in the order in which trees are flattened."""
    if isinstance(value, torch.Tensor):
        if isinstance(spec, list | dict) or (isinstance(spec, tuple) and not hasattr(spec, "D_from_matrix")):
            raise SymmetryError(f"{name} is one tensor, and its spec {spec!r} is for {len(spec)}; give one")
        return [Slot(name, action(spec, group, value, name), value)]
    if isinstance(value, Mapping):
        specs = spec if isinstance(spec, Mapping) else dict.fromkeys(value, 0) if _none(spec) else None
        if specs is None:
            raise SymmetryError(
                f"{name} is a mapping with the keys {_keys(value)}; give a spec for each: {{{_example(value)}}}"
            )
        same_keys(value, specs, name)
        return [slot for key, each in value.items() for slot in paired(each, specs[key], group, f"{name}[{key!r}]")]
    if isinstance(value, tuple | list):
        rows = spec if isinstance(spec, tuple | list) else [0] * len(value) if _none(spec) else None
        if rows is None or len(rows) != len(value):
            raise SymmetryError(
                f"{name} holds {len(value)} parts, and its spec is {spec!r}; give one for each, 0 for invariants"
            )
        return [
            slot
            for at, (each, one) in enumerate(zip(value, rows, strict=True))
            for slot in paired(each, one, group, f"{name}[{at}]")
        ]
    if not _none(spec):
        raise SymmetryError(
            f"{name} is a {type(value).__name__}, no tensor, and cannot transform by {spec!r}; give a tensor, or 0"
        )
    return []


def same_keys(value: Mapping[Any, Any], specs: Mapping[Any, Any], name: str) -> None:
    """Refuse specs for other keys than there are."""
    for key in specs:
        if key not in value:
            raise SymmetryError(
                f"there is a spec for {name}[{key!r}], which does not exist{did_you_mean(str(key), list(map(str, value)))}"
            )
    for key in value:
        if key not in specs:
            raise SymmetryError(f"{name}[{key!r}] has no spec; give a tensor order, a Rep or 0 for an invariant")


def substituted(tree: Any, tensors: Sequence[torch.Tensor]) -> Any:
    """A tree with other tensors in the same places."""
    flat, shape = tree_flatten(tree)
    new = iter(tensors)
    return tree_unflatten([next(new) if isinstance(each, torch.Tensor) else each for each in flat], shape)


def extracted(value: Any, spec: Spec, group: Group, name: str = "result") -> list[Slot]:
    """The tensors of a result that the spec speaks of; None leaves out, attributes are found by a mapping's keys."""
    if spec is None:
        return []
    if isinstance(value, torch.Tensor):
        return paired(value, spec, group, name)
    if isinstance(value, Mapping) or (isinstance(spec, Mapping) and not isinstance(value, tuple | list)):
        if not isinstance(spec, Mapping):
            raise SymmetryError(
                f"the {name} is a mapping with the keys {_keys(value)}; give outputs={{{_example(value)}}}"
            )
        found = []
        for key, one in spec.items():
            if isinstance(value, Mapping):
                if key not in value:
                    raise SymmetryError(f"the {name} has no key {key!r}; it has {_keys(value)}")
                part = value[key]
            elif isinstance(key, str) and hasattr(value, key):
                part = getattr(value, key)
            else:
                raise SymmetryError(f"the {name}, a {type(value).__name__}, has no attribute {key!r}")
            found += extracted(part, one, group, f"{name}[{key!r}]")
        return found
    if isinstance(value, tuple | list):
        if not isinstance(spec, tuple | list) or hasattr(spec, "D_from_matrix") or len(spec) != len(value):
            raise SymmetryError(
                f"the {name} holds {len(value)} parts, and outputs is {spec!r}; give one for each, None for those not to look at"
            )
        return [
            slot
            for at, (each, one) in enumerate(zip(value, spec, strict=True))
            for slot in extracted(each, one, group, f"{name}[{at}]")
        ]
    if isinstance(value, float | int | complex) and _none(spec):
        return [Slot(name, INVARIANT, torch.as_tensor(value))]
    raise SymmetryError(
        f"the {name} is a {type(value).__name__}, no tensor; let the model return tensors, tuples or mappings of them, "
        "or give outputs as a mapping from attributes"
    )


def _none(spec: Spec) -> bool:
    return spec is None or (isinstance(spec, int) and not isinstance(spec, bool) and spec == 0)


def _keys(value: Mapping[Any, Any]) -> str:
    return ", ".join(map(repr, value))


def _example(value: Mapping[Any, Any]) -> str:
    return ", ".join(f"{key!r}: ..." for key in value)
