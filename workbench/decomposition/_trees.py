"""Networks that are trees: the closed forms, and sweeps that keep all cores but one orthonormal.

A tree is a network whose indices are legs of one tensor or bonds of two, without a loop (bonds between the same two
tensors count as one). Tucker networks, tensor trains, TT matrices and hierarchical Tucker networks are trees, whatever
their names and the order of their axes. Every core but the root's is kept as an isometry: legs and children's bonds in
front, the bond to the parent last, that bond's columns orthonormal. The root's core is then the data, projected.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

import torch

from workbench.decomposition._numbers import (
    at_most,
    einsum,
    leading,
    norm,
    padded,
    relative_residual,
    safe_below,
    subspace,
)
from workbench.network import Network

Cores = dict[str, torch.Tensor]
LARGE = 200  # matrices up to this many rows or columns are decomposed exactly
SPARE = 6  # directions kept in subspace iteration beyond those wanted
Chooser = Callable[[int, float, torch.Tensor], int]  # step, squares lost so far, squared singular values -> rank


@dataclass(frozen=True)
class Node:
    """One tensor of a rooted tree."""

    name: str
    legs: tuple[str, ...]
    children: tuple[str, ...]
    parent: str | None
    bond: tuple[str, ...]  # the indices shared with the parent


@dataclass(frozen=True)
class Tree:
    """A rooted tree: its nodes, every node after its children, the root last."""

    nodes: tuple[Node, ...]

    @property
    def root(self) -> Node:
        return self.nodes[-1]

    @property
    def star(self) -> bool:
        """Whether every tensor but the root is a leaf: a Tucker network, or one with factors on some legs only."""
        return all(not node.children for node in self.nodes[:-1])

    def axes(self, node: Node) -> tuple[str, ...]:
        """The axes of an isometry: legs, then one for each child, then the node's own, named by tensors."""
        return (*node.legs, *map(_bond, node.children), *([] if node.parent is None else [_bond(node.name)]))


def _bond(child: str) -> str:
    return f" {child}"  # no index starts with a blank


@lru_cache(maxsize=256)
def as_tree(net: Network) -> Tree | None:
    """The network as a rooted tree, or None when it is none (or has fixed tensors).

    The root is a tensor all others are bonded to, where there is one, else the last tensor.
    """
    if net.fixed or not net.tensors:
        return None
    between: dict[frozenset[str], list[str]] = {}
    for index in net.sizes:
        holders = [tensor for tensor, _ in net.holders(index)]
        if index in net.legs and len(holders) == 1:
            continue
        if index in net.legs or len(set(holders)) != 2 or len(holders) != 2:
            return None
        between.setdefault(frozenset(holders), []).append(index)
    if len(between) != len(net.tensors) - 1:
        return None
    degree = {name: sum(name in pair for pair in between) for name in net.tensors}
    centre = [name for name in net.tensors if degree[name] == len(between)]
    nodes: list[Node] = []

    def visit(name: str, parent: str | None) -> None:
        children = [
            other for other in net.tensors if other != parent and other != name and frozenset((name, other)) in between
        ]
        for child in children:
            visit(child, name)
        bond = between[frozenset((name, parent))] if parent is not None else []
        legs = tuple(index for index in net.tensors[name] if index in net.legs)
        nodes.append(Node(name, legs, tuple(children), parent, tuple(bond)))

    visit(centre[-1] if centre else list(net.tensors)[-1], None)
    return Tree(tuple(nodes)) if len(nodes) == len(net.tensors) else None


# ---- the closed form ------------------------------------------------------------------------------------------------


def tree_svd(x: torch.Tensor, legs: tuple[str, ...], tree: Tree, choose: Chooser | Sequence[int]) -> Cores:
    """Project the data on the leading singular vectors of one subtree after the other, from the leaves to the root.

    On a Tucker network this is the sequentially truncated higher-order SVD, on a tensor train TT-SVD, on a hierarchical
    Tucker network the hierarchical SVD from leaves to root. The squared error is the sum of what each step leaves out.

    Source: Vannieuwenhoven, Vandebril and Meerbergen (2012), section 5; Oseledets (2011), algorithm 1;
    Grasedyck (2010), algorithm 3.

    Parameters
    ----------
    legs
        The axes of `x`.
    choose
        The sizes of the bonds, step by step; or what takes the number of the step, the squares lost before it and the
        squared singular values of the subtree, and returns the size of its bond. Of large matrices with small bonds
        given, the singular vectors are nearly the leading ones, found by subspace iteration.
    """
    cores: Cores = {}
    rest, labels, lost = x, list(legs), 0.0
    for step, node in enumerate(tree.nodes[:-1]):
        own = tree.axes(node)[:-1]
        others = [label for label in labels if label not in own]
        rest = rest.permute([labels.index(label) for label in (*own, *others)])
        shape = rest.shape
        rows = math.prod(shape[: len(own)])
        matrix = rest.reshape(rows, -1)
        if not isinstance(choose, Sequence):
            basis, squares = leading(matrix, partial(choose, step, lost))
            lost += float(squares[basis.shape[1] :].sum())
        elif min(matrix.shape) > max(LARGE, 8 * choose[step]):
            wider = subspace(matrix, choose[step] + SPARE, torch.Generator().manual_seed(step), 2)
            basis = wider @ leading(wider.mH @ matrix, at_most(choose[step]))[0]
        else:
            basis, _ = leading(matrix, at_most(choose[step]))
        cores[node.name] = basis.reshape(*shape[: len(own)], -1)
        rest = (basis.mH @ matrix).reshape(-1, *shape[len(own) :])
        labels = [_bond(node.name), *others]
    cores[tree.root.name] = rest.permute([labels.index(label) for label in tree.axes(tree.root)])
    return cores


def ranks_of(net: Network, tree: Tree) -> list[int]:
    """The network's own ranks, step by step."""
    return [math.prod(net.sizes[index] for index in node.bond) for node in tree.nodes[:-1]]


def ranks_within(budget: float, tree: Tree) -> Chooser:
    """Choose the smallest ranks that keep the sum of squares left out within `budget`, shared by the steps to come."""
    steps = len(tree.nodes) - 1

    def choose(step: int, lost: float, squares: torch.Tensor) -> int:
        tails = squares.to(torch.float64).flip(0).cumsum(0).flip(0)  # tails[k]: what keeping k leaves out
        return max(1, int((tails > (budget - lost) / (steps - step)).sum()))

    return choose


# ---- between isometries and the network's cores ----------------------------------------------------------------------


def to_cores(net: Network, tree: Tree, isometries: Mapping[str, torch.Tensor]) -> Cores:
    """The cores in the network's own axes; bonds larger than the rank found are filled up with zeros."""
    bond = {node.name: node.bond for node in tree.nodes}
    cores = {}
    for node in tree.nodes:
        neighbours = [*node.children, *([] if node.parent is None else [node.name])]
        groups = [*((leg,) for leg in node.legs), *(bond[each] for each in neighbours)]
        full = [math.prod(net.sizes[index] for index in group) for group in groups]
        indices = [index for group in groups for index in group]
        core = padded(isometries[node.name], full).reshape([net.sizes[index] for index in indices])
        cores[node.name] = core.permute([indices.index(index) for index in net.tensors[node.name]]).contiguous()
    return {name: cores[name] for name in net.tensors}


def from_cores(net: Network, tree: Tree, cores: Mapping[str, torch.Tensor]) -> Cores:
    """Isometries of the same value: every core made orthonormal by QR, what is left over handed to its parent."""
    bond = {node.name: node.bond for node in tree.nodes}
    made: Cores = {}
    for node in tree.nodes:
        neighbours = [*node.children, *([] if node.parent is None else [node.name])]
        indices = [*node.legs, *(index for each in neighbours for index in bond[each])]
        held = net.tensors[node.name]
        core = cores[node.name].permute([held.index(index) for index in indices])
        legs = [net.sizes[leg] for leg in node.legs]
        made[node.name] = core.reshape([*legs, *(math.prod(net.sizes[i] for i in bond[each]) for each in neighbours)])
    for node in tree.nodes:
        if node.parent is not None:
            _move(tree, made, node.name, node.parent)
    return made


def _move(tree: Tree, cores: Cores, source: str, target: str) -> None:
    """Make the core of `source` orthonormal towards its neighbour `target`, which takes what is left over."""
    nodes = {node.name: node for node in tree.nodes}
    label = _bond(source if nodes[source].parent == target else target)
    axes = tree.axes(nodes[source])
    at = axes.index(label)
    moved = cores[source].movedim(at, -1)
    q, r = torch.linalg.qr(moved.reshape(-1, moved.shape[-1]))
    cores[source] = q.reshape(*moved.shape[:-1], -1).movedim(-1, at)
    beyond = tree.axes(nodes[target])
    new = _bond("")
    cores[target] = einsum(
        [(r, (new, label)), (cores[target], beyond)], [new if each == label else each for each in beyond]
    )


# ---- sweeps ---------------------------------------------------------------------------------------------------------


def tree_sweeps(
    x: torch.Tensor, legs: tuple[str, ...], tree: Tree, start: Cores, *, closed: bool
) -> Iterator[tuple[Cores, float]]:
    """Isometries and their relative error, after every sweep; ends where another sweep cannot help.

    On a Tucker network a sweep is one of higher-order orthogonal iteration: each factor becomes the leading singular
    vectors of the data projected on all the others. On any other tree each core in turn becomes the data projected on
    all others: alternating least squares with perfectly conditioned systems. Either reads the data twice.

    Source: De Lathauwer, De Moor and Vandewalle (2000), section 3; Holtz, Rohwedder and Schneider (2012), section 3.

    Parameters
    ----------
    legs
        The axes of `x`.
    closed
        The start is a closed form, which counts as a sweep: give it first.
    """
    cores, whole = dict(start), norm(x)

    def error() -> float:
        lost = 1 - (norm(cores[tree.root.name]) / whole) ** 2  # the root holds the projection
        if lost > safe_below(x.dtype) ** 2:
            return math.sqrt(lost)
        return relative_residual(x, tree_value(legs, tree, cores))

    if closed:
        yield dict(cores), error()
        if (
            truncations(
                tree, dict(zip(legs, x.shape, strict=True)), [cores[node.name].shape[-1] for node in tree.nodes[:-1]]
            )
            < 2
        ):
            return  # one truncated SVD is the optimum (Eckart and Young)
    while True:
        (_hooi if tree.star else _walk)(x, legs, tree, cores)
        yield dict(cores), error()


def tree_value(legs: tuple[str, ...], tree: Tree, cores: Mapping[str, torch.Tensor]) -> torch.Tensor:
    """The dense value."""
    return einsum([(cores[node.name], tree.axes(node)) for node in tree.nodes], legs)


def truncations(tree: Tree, sizes: Mapping[str, int], ranks: Sequence[int]) -> int:
    """How many of the bonds, of these ranks step by step, carry less than what is on either side of them could use."""
    rank = dict(zip((node.name for node in tree.nodes), ranks, strict=False))
    whole = math.prod(sizes.values())
    carried: dict[str, int] = {}
    below: dict[str, int] = {}
    count = 0
    for node in tree.nodes[:-1]:
        legs = math.prod(sizes[leg] for leg in node.legs)
        carried[node.name] = legs * math.prod(rank[child] for child in node.children)
        below[node.name] = legs * math.prod(below[child] for child in node.children)
        count += rank[node.name] < min(carried[node.name], whole // below[node.name])
    return count


def _truncates(cores: Cores, node: Node) -> bool:
    core = cores[node.name]
    return core.shape[-1] < math.prod(core.shape[:-1])


@dataclass(frozen=True)
class _Seen:
    """The data, perhaps with the core of one node absorbed."""

    x: torch.Tensor
    labels: tuple[str, ...]
    absorbed: str | None = None


def _absorbed(x: torch.Tensor, legs: tuple[str, ...], tree: Tree, cores: Cores, node: Node | None) -> _Seen:
    if node is None:
        return _Seen(x, legs)
    bonds = [label for label in tree.axes(node) if label not in node.legs]
    labels = (*(leg for leg in legs if leg not in node.legs), *bonds)
    return _Seen(einsum([(x, legs), (cores[node.name].conj(), tree.axes(node))], labels), labels, node.name)


def _ends(legs: tuple[str, ...], tree: Tree, cores: Cores) -> list[Node]:
    """Nodes whose legs come last or first of all and that make the data smaller, leaves in front: the data are contracted
    with these without being copied.
    """
    found = {}
    for node in tree.nodes:
        size = dict(zip(tree.axes(node), cores[node.name].shape, strict=True))
        inner = math.prod(size[label] for label in size if label not in node.legs)
        if not node.legs or 2 * inner > math.prod(size[leg] for leg in node.legs):
            continue
        for end, part in (("first", legs[: len(node.legs)]), ("last", legs[-len(node.legs) :])):
            if set(part) == set(node.legs):
                found[end] = node
    ends = [found[end] for end in ("last", "first") if end in found]
    return sorted(ends, key=lambda node: (node.parent is None, bool(node.children)))


def _projected(tree: Tree, cores: Cores, seen: _Seen, node: Node, labels: Sequence[str]) -> torch.Tensor:
    """The data projected on all cores but one."""
    others = [each for each in tree.nodes if each.name not in (node.name, seen.absorbed)]
    return einsum([(seen.x, seen.labels), *((cores[each.name].conj(), tree.axes(each)) for each in others)], labels)


def _hooi(x: torch.Tensor, legs: tuple[str, ...], tree: Tree, cores: Cores) -> None:
    *leaves, root = tree.nodes
    ends = [node for node in _ends(legs, tree, cores) if node.parent is not None]
    last = ends[0] if ends else None
    seen = _absorbed(x, legs, tree, cores, last)
    rest, labels, after = x, legs, leaves  # what the root is made of: data, and the factors they still lack
    for node in sorted(leaves, key=lambda each: each is last):
        if not _truncates(cores, node):
            continue
        if node is last:
            seen = _absorbed(x, legs, tree, cores, ends[1] if len(ends) > 1 else None)
        labels = (*node.legs, *(label for label in tree.axes(root) if label != _bond(node.name)))
        rest, after = _projected(_leaves_of(tree), cores, seen, node, labels), [node]
        shape = rest.shape[: len(node.legs)]
        basis, _ = leading(rest.reshape(math.prod(shape), -1), at_most(cores[node.name].shape[-1]))
        cores[node.name] = basis.reshape(*shape, -1)
    cores[root.name] = einsum(
        [(rest, labels), *((cores[each.name].conj(), tree.axes(each)) for each in after)], tree.axes(root)
    )


def _leaves_of(tree: Tree) -> Tree:
    """A star without its root: what the data are projected on."""
    return Tree(tree.nodes[:-1])


def _walk(x: torch.Tensor, legs: tuple[str, ...], tree: Tree, cores: Cores) -> None:
    """Carry the centre of orthogonality from the root through the whole tree and back, solving for each core once.

    The branch of the core that is absorbed comes last: every other core is then solved for before that one changes.
    """
    nodes = {node.name: node for node in tree.nodes}
    ends = _ends(legs, tree, cores)
    last = ends[0] if ends and ends[0].parent is not None else None
    branch = set()
    above = last
    while above is not None:
        branch.add(above.name)
        above = nodes[above.parent] if above.parent is not None else None
    seen = _absorbed(x, legs, tree, cores, last)

    def visit(node: Node) -> None:
        now = seen
        if node is last:
            now = _absorbed(x, legs, tree, cores, ends[1] if len(ends) > 1 else None)
        cores[node.name] = _projected(tree, cores, now, node, tree.axes(node))
        for child in sorted(node.children, key=branch.__contains__):
            _move(tree, cores, node.name, child)
            visit(nodes[child])
            _move(tree, cores, child, node.name)

    visit(tree.root)
