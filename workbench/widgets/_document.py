"""What the editor edits, and its JSON: `{"network": ..., "positions": ..., "step": ...}`."""

__all__ = ["Document", "Positions", "issue_of", "read_positions"]

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from workbench.network import Network

FAR = 1e6
"""Beyond this, a position is a mistake, not a place."""

Positions = dict[str, tuple[float, float]]


@dataclass(frozen=True)
class Document:
    """A network and where its tensors are drawn: what undo goes back to."""

    network: Network
    positions: Positions = field(default_factory=dict)

    def to_spec(self, step: Mapping[str, Any] | None) -> dict[str, Any]:
        """The JSON that the page reads."""
        places = {name: [_short(x), _short(y)] for name, (x, y) in self.positions.items()}
        return {"network": self.network.to_dict(), "positions": places, "step": step}


def read_positions(found: object, net: Network) -> Positions:
    """The places among what was sent: for tensors there are, finite, and on this planet."""
    if not isinstance(found, Mapping):
        return {}
    return {name: (float(found[name][0]), float(found[name][1])) for name in net.tensors if _is_place(found.get(name))}


def issue_of(error: Exception, network: object) -> dict[str, str]:
    """A refusal for the page to show, with the tensor and the index it speaks of, for the page to mark."""
    message = str(error).removeprefix("the network's JSON is not a sound network: ")
    said = message.split(";")[0]  # what comes after is the remedy, which names others
    issue = {"message": message}
    for key, lists in (("tensor", "tensors"), ("index", "indices")):
        entries = network.get(lists) if isinstance(network, Mapping) else None
        names = (
            [entry.get("name") for entry in entries if isinstance(entry, Mapping)] if isinstance(entries, list) else []
        )
        spoken = (name for name in names if isinstance(name, str) and repr(name) in said)
        if (name := next(spoken, None)) is not None:
            issue[key] = name
    return issue


def _is_place(place: object) -> bool:
    return (
        isinstance(place, list | tuple)
        and len(place) == 2
        and all(isinstance(each, int | float) and not isinstance(each, bool) and abs(each) < FAR for each in place)
        and all(math.isfinite(each) for each in place)
    )


def _short(value: float) -> int | float:
    return int(value) if value == int(value) else round(value, 1)
