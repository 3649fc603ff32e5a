"""Pictures that Python draws for the lab: orbits on the graph whose symmetries they belong to."""

__all__ = ["edges_of", "orbit_svg", "places_of"]

import math

import networkx as nx

from workbench.figures._drawing import decimal
from workbench.figures._equivariant_graphs import orbit_of
from workbench.figures._pieces import STYLE
from workbench.symmetry import Aut, C, D, EquivariantMap, Group
from workbench.symmetry._solved_hom import Invariant


def orbit_svg(orbit: EquivariantMap) -> str:
    """An orbit as its first index tuple on the group's graph: standalone SVG; nothing for other maps."""
    if not isinstance(orbit, Invariant) or not isinstance(orbit.group, Aut | C | D):
        return ""
    try:
        piece = orbit_of(orbit)
    except Exception:  # noqa: BLE001 -- the search for a small graph may give up; the card shows the matrix in any case
        return ""
    width, height = decimal(math.ceil(piece.width)), decimal(math.ceil(piece.height))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="wb-maps" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}"><style>{STYLE}</style>{piece.body}</svg>'
    )


def edges_of(group: Group) -> list[tuple[int, int]]:
    """The edges of the graph whose symmetries a group is: a graph of the user's, or a ring."""
    if isinstance(group, C | D):
        return [(at, (at + 1) % group.n) for at in range(group.n if group.n > 2 else group.n - 1)]
    if not isinstance(group, Aut):
        return []
    place = {node: at for at, node in enumerate(group.graph.nodes)}
    return [(place[a], place[b]) for a, b in group.graph.edges]


def places_of(group: Group) -> list[list[float]]:
    """Where its vertices are drawn, within the unit disc; nothing where they stand on a circle, in their order."""
    if not isinstance(group, Aut) or group.n < 2:
        return []
    laid = nx.kamada_kawai_layout(nx.Graph(edges_of(group)) if edges_of(group) else nx.empty_graph(group.n))
    points = [laid.get(at, (0.0, 0.0)) for at in range(group.n)]
    middle = [sum(point[axis] for point in points) / group.n for axis in (0, 1)]
    far = max(math.dist(point, middle) for point in points) or 1.0
    return [[round(float(point[axis] - middle[axis]) / far, 3) for axis in (0, 1)] for point in points]
