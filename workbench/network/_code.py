"""Readable, standalone Python for a network."""

from typing import TYPE_CHECKING

from workbench.network._errors import NetworkError

if TYPE_CHECKING:
    from workbench.network._network import Network


def to_code(net: "Network", target: str) -> str:
    raise NetworkError(f"no code target {target!r}")
