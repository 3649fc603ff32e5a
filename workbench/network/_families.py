"""The families: short functions that return a `Network`.

Common to all: `shape` gives the sizes of the legs, `legs` their names (i0, i1, ... by default); where `ranks` is one
number it is used for every bond. Bonds are named r0, r1, ...; tensors A, B, C, ...
"""

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import count, pairwise
from typing import SupportsIndex

from workbench.network._einsum import tensor_names
from workbench.network._errors import NetworkError
from workbench.network._network import Network

__all__ = [
    "FAMILIES",
    "block_tensor_train",
    "block_term",
    "cp",
    "hierarchical_tucker",
    "kronecker",
    "mera",
    "monarch",
    "mps",
    "peps",
    "tensor_ring",
    "tensor_train",
    "tensor_train_matrix",
    "tree",
    "tucker",
]

Ranks = int | Sequence[int]


def cp(shape: Sequence[int], rank: int, *, legs: Sequence[str] | None = None) -> Network:
    """Canonical polyadic decomposition: factors (n_k, rank) that share one hyperbond, `"r"`.

    Source: Kolda and Bader, Tensor Decompositions and Applications (2009), section 3.

    >>> cp((4, 5, 6), 2)
    Network(tensors={'A': ('i0', 'r'), 'B': ('i1', 'r'), 'C': ('i2', 'r')}, sizes={'i0': 4, 'i1': 5, 'i2': 6, 'r': 2}, legs=('i0', 'i1', 'i2'))
    >>> cp((4, 5, 6), 2).parameters
    30
    """
    names, sizes = _legs(shape, legs)
    _require("a CP network", len(names) >= 1)
    return Network(_named([leg, "r"] for leg in names), _all_sizes(sizes, {"r": rank}), names)


def tucker(shape: Sequence[int], ranks: Ranks, *, legs: Sequence[str] | None = None) -> Network:
    """Tucker: a core `"G"` with a bond to a factor (n_k, r_k) for every leg.

    Source: Kolda and Bader (2009), section 4.

    >>> net = tucker((4, 5, 6), (2, 3, 3), legs=("row", "col", "band"))
    >>> net.shape_of("G"), net.shape_of("B"), net.parameters
    ((2, 3, 3), (5, 3), 59)
    """
    names, sizes = _legs(shape, legs)
    bonds = _bonds(ranks, len(names), "one rank a leg")
    factors = _named(zip(names, bonds, strict=True), "G")
    return Network({"G": tuple(bonds), **factors}, _all_sizes(sizes, bonds), names)


def tensor_train(shape: Sequence[int], ranks: Ranks, *, legs: Sequence[str] | None = None) -> Network:
    """Tensor train: cores (r_k-1, n_k, r_k), the two at the ends with one bond.

    Source: Oseledets, Tensor-Train Decomposition (2011), equation 1.2.

    >>> tensor_train((4, 5, 6), (2, 3)).tensors["B"]
    ('r0', 'i1', 'r1')
    """
    names, sizes = _legs(shape, legs)
    _require("a tensor train", len(names) >= 1)
    bonds = _bonds(ranks, len(names) - 1, "one rank between neighbours")
    chain: list[str | None] = [None, *bonds, None]
    return Network(
        _named(
            [b for b in (left, leg, right) if b is not None]
            for leg, (left, right) in zip(names, pairwise(chain), strict=True)
        ),
        _all_sizes(sizes, bonds),
        names,
    )


def tensor_ring(shape: Sequence[int], ranks: Ranks, *, legs: Sequence[str] | None = None) -> Network:
    """Tensor ring: cores (r_k-1, n_k, r_k) whose last bond closes to the first.

    Source: Zhao et al., Tensor Ring Decomposition (2016), equation 1.

    >>> tensor_ring((4, 5, 6), 2).bonds
    ('r0', 'r1', 'r2')
    """
    names, sizes = _legs(shape, legs)
    _require("a tensor ring", len(names) >= 2)
    bonds = list(given := _bonds(ranks, len(names), "one rank a core, the last closes the ring"))
    return Network(
        _named([bonds[k - 1], leg, bonds[k]] for k, leg in enumerate(names)),
        _all_sizes(sizes, given),
        names,
    )


def tree(shape: Sequence[int], ranks: Ranks, *, branching: int = 2, legs: Sequence[str] | None = None) -> Network:
    """A balanced tree whose leaves hold the legs and whose inner tensors join up to `branching` children.

    Source: Hackbusch and Kühn, A New Scheme for the Tensor Representation (2009).

    >>> net = tree((4, 4, 4, 4), 3)
    >>> len(net.tensors), len(net.bonds)
    (6, 5)
    """
    names, sizes = _legs(shape, legs)
    _require("a tree", len(names) >= 2)
    if branching < 2:
        raise NetworkError(f"branching is {branching}; a tensor of a tree joins at least 2 children")
    fresh_bonds = (f"r{k}" for k in count())
    finished: list[list[str]] = []

    def parent_of(children: list[list[str]]) -> list[str]:
        bonds = [next(fresh_bonds) for _ in children]
        finished.extend([*child, bond] for child, bond in zip(children, bonds, strict=True))
        return bonds

    level = [[leg] for leg in names]
    while len(level) > branching:
        families = [level[at : at + branching] for at in range(0, len(level), branching)]
        level = [family[0] if len(family) == 1 else parent_of(family) for family in families]
    if len(level) == 2:  # two subtrees share a bond; a root between them would only be a matrix
        bond = next(fresh_bonds)
        finished += [[*child, bond] for child in level]
    else:
        finished.append(parent_of(level))
    bonds = _bonds(ranks, int(next(fresh_bonds)[1:]), "one rank a bond, from the leaves up")
    return Network(_named(finished), _all_sizes(sizes, bonds), names)


def hierarchical_tucker(shape: Sequence[int], ranks: Ranks, *, legs: Sequence[str] | None = None) -> Network:
    """Hierarchical Tucker: a balanced binary tree, factors at the leaves, transfer tensors above.

    Source: Grasedyck, Hierarchical Singular Value Decomposition of Tensors (2010).

    >>> hierarchical_tucker((4, 4, 4, 4), 3).parameters
    102
    """
    return tree(shape, ranks, branching=2, legs=legs)


def block_term(shape: Sequence[int], ranks: Ranks, terms: int, *, legs: Sequence[str] | None = None) -> Network:
    """Block-term decomposition: a sum of `terms` Tucker networks, the sum being the hyperbond `"t"`.

    Source: De Lathauwer, Decompositions of a Higher-Order Tensor in Block Terms, part II (2008).

    >>> block_term((4, 5, 6), 2, terms=3).shape_of("G")
    (2, 2, 2, 3)
    """
    net = tucker(shape, ranks, legs=legs)
    return Network(
        {name: (*indices, "t") for name, indices in net.tensors.items()}, _all_sizes(net.sizes, {"t": terms}), net.legs
    )


def tensor_train_matrix(
    rows: Sequence[int], columns: Sequence[int], ranks: Ranks, *, legs: Sequence[str] | None = None
) -> Network:
    """A matrix (prod rows, prod columns) as a train of cores (r_k-1, m_k, n_k, r_k): a matrix product operator.

    The legs are the row indices i0, i1, ..., then the column indices j0, j1, ...

    Source: Oseledets, Approximation of 2^d x 2^d matrices using tensor decomposition (2010).

    >>> net = tensor_train_matrix((4, 4), (3, 3), 2)
    >>> net.tensors["A"], net.shape
    (('i0', 'j0', 'r0'), (4, 4, 3, 3))
    """
    names, sizes = _matrix_legs(rows, columns, legs)
    depth = len(rows)
    bonds = _bonds(ranks, depth - 1, "one rank between neighbours")
    chain: list[str | None] = [None, *bonds, None]
    cores = (
        [b for b in (left, names[k], names[depth + k], right) if b is not None]
        for k, (left, right) in enumerate(pairwise(chain))
    )
    return Network(_named(cores), _all_sizes(sizes, bonds), names)


def block_tensor_train(
    rows: Sequence[int], columns: Sequence[int], ranks: Ranks, *, legs: Sequence[str] | None = None
) -> Network:
    """Block tensor train: a structured matrix of two cores or more, each core block diagonal over the other modes.

    Core k holds the column indices not yet turned into rows as batch axes: the first core is (r_0, m_0, n_0, n_1, ...),
    core k is (r_k, m_k, r_k-1, m_0, ..., m_k-1, n_k, ...). With two modes and rank 1 it is a Monarch matrix.

    Source: Qiu et al., Compute Better Spent: Replacing Dense Layers with Structured Matrices (2024), section 4.

    >>> net = block_tensor_train((4, 4), (3, 3), 2)
    >>> net.tensors["A"], net.tensors["B"]
    (('i0', 'j0', 'j1', 'r0'), ('r0', 'i0', 'i1', 'j1'))
    """
    names, sizes = _matrix_legs(rows, columns, legs)
    depth = len(rows)
    bonds = _bonds(ranks, depth - 1, "one rank between neighbours")
    chain: list[str | None] = [None, *bonds, None]
    cores = []
    for k, (left, right) in enumerate(pairwise(chain)):
        indices = (left, *names[:k], names[k], *names[depth + k :], right)
        cores.append([index for index in indices if index is not None])
    return Network(_named(cores), _all_sizes(sizes, bonds), names)


def monarch(rows: Sequence[int], columns: Sequence[int], *, legs: Sequence[str] | None = None) -> Network:
    """Monarch matrix: two block-diagonal matrices with a permutation between, here without any rank.

    Source: Dao et al., Monarch: Expressive Structured Matrices (2022), section 3.

    >>> monarch((4, 5), (3, 2)).einsum.count(",")
    1
    >>> monarch((4, 5), (3, 2)).parameters
    64
    """
    if len(rows) != 2 or len(columns) != 2:
        raise NetworkError(
            f"a Monarch matrix has two row and two column modes, got rows {tuple(rows)}, columns {tuple(columns)}"
        )
    net = block_tensor_train(rows, columns, 1, legs=legs)
    return net.disconnect("r0")


def kronecker(
    rows: Sequence[int], columns: Sequence[int], *, rank: int = 1, legs: Sequence[str] | None = None
) -> Network:
    """A (sum of `rank`) Kronecker product(s) of small matrices (m_k, n_k); for rank above 1 they share the hyperbond `"r"`.

    Source: Van Loan and Pitsianis, Approximation with Kronecker Products (1993).

    >>> kronecker((2, 3), (4, 5)).parameters
    23
    """
    names, sizes = _matrix_legs(rows, columns, legs)
    depth = len(rows)
    sums = ("r",) if rank != 1 else ()
    factors = ([names[k], names[depth + k], *sums] for k in range(depth))
    return Network(_named(factors), _all_sizes(sizes, dict.fromkeys(sums, rank)), names)


def mps(length: int, physical: int, bond: int, *, periodic: bool = False, legs: Sequence[str] | None = None) -> Network:
    """Matrix product state: `length` sites of size `physical`; a tensor train, or a ring when periodic.

    >>> mps(4, 2, 3).parameters
    48
    """
    return (tensor_ring if periodic else tensor_train)((physical,) * length, bond, legs=legs)


def peps(rows: int, columns: int, physical: int, bond: int, *, legs: Sequence[str] | None = None) -> Network:
    """Projected entangled pair state: a grid of tensors, each with one leg and a bond to every neighbour.

    Source: Verstraete and Cirac, Renormalization algorithms for quantum-many body systems in two and higher dimensions (2004).

    >>> net = peps(2, 3, physical=2, bond=4)
    >>> len(net.tensors), len(net.bonds)
    (6, 7)
    """
    _require("a PEPS", rows >= 1 and columns >= 1)
    names, sizes = _legs((physical,) * (rows * columns), legs)
    cores, bonds = [], {}
    for y in range(rows):
        for x in range(columns):
            around = {
                f"v{y - 1}_{x}": y > 0,
                f"h{y}_{x - 1}": x > 0,
                f"v{y}_{x}": y < rows - 1,
                f"h{y}_{x}": x < columns - 1,
            }
            held = [name for name, there in around.items() if there]
            bonds.update(dict.fromkeys(held, bond))
            cores.append([names[y * columns + x], *held])
    return Network(_named(cores), _all_sizes(sizes, bonds), names)


def mera(length: int, physical: int, bond: int, *, legs: Sequence[str] | None = None) -> Network:
    """Binary multi-scale entanglement renormalisation ansatz on a ring of `length` sites, a power of two.

    Every layer has disentanglers across the pairs' borders and isometries that make one site of two; a top tensor closes it.
    Sizes are capped at `bond` on the way up. The tensors are free: no isometry is imposed.

    Source: Vidal, Entanglement Renormalization (2007).

    >>> net = mera(4, physical=2, bond=3)
    >>> len(net.tensors), net.shape
    (5, (2, 2, 2, 2))
    """
    if length < 2 or length & (length - 1):
        raise NetworkError(f"a binary MERA has 2, 4, 8, ... sites, got {length}")
    names, sizes = _legs((physical,) * length, legs)
    cores: list[list[str]] = []
    bonds: dict[str, int] = {}
    sites, layer = list(names), 0
    while len(sites) > 2:
        width = sizes[sites[0]] if layer == 0 else bonds[sites[0]]
        wider = min(bond, width * width)
        shifted = {}
        for at in range(1, len(sites), 2):
            a, b = sites[at], sites[(at + 1) % len(sites)]
            for site in (a, b):
                shifted[site] = f"u{layer}_{site}"
            bonds.update({shifted[a]: width, shifted[b]: width})
            cores.append([a, b, shifted[a], shifted[b]])
        upper = []
        for at in range(0, len(sites), 2):
            coarse = f"w{layer}_{at // 2}"
            bonds[coarse] = wider
            cores.append([shifted[sites[at]], shifted[sites[at + 1]], coarse])
            upper.append(coarse)
        sites, layer = upper, layer + 1
    cores.append(sites)
    return Network(_named(cores), _all_sizes(sizes, bonds), names)


FAMILIES: Mapping[str, Callable[..., Network]] = {
    "cp": cp,
    "tucker": tucker,
    "tensor_train": tensor_train,
    "tensor_ring": tensor_ring,
    "tree": tree,
    "hierarchical_tucker": hierarchical_tucker,
}
"""The families a tensor can be fitted with by name: those that take a shape and ranks."""


def _legs(shape: Sequence[int], legs: Sequence[str] | None) -> tuple[tuple[str, ...], dict[str, int]]:
    names = tuple(legs) if legs is not None else tuple(f"i{k}" for k in range(len(shape)))
    if len(names) != len(shape):
        raise NetworkError(
            f"{len(names)} leg names {names} for a shape of {len(shape)} sizes {tuple(shape)}; give one name a size"
        )
    if len(set(names)) < len(names):
        raise NetworkError(f"leg names {names} are not all different")
    return names, dict(zip(names, shape, strict=True))


def _matrix_legs(
    rows: Sequence[int], columns: Sequence[int], legs: Sequence[str] | None
) -> tuple[tuple[str, ...], dict[str, int]]:
    if len(rows) != len(columns) or not rows:
        raise NetworkError(
            f"rows {tuple(rows)} and columns {tuple(columns)} must be split in equally many modes, at least one"
        )
    default = [f"i{k}" for k in range(len(rows))] + [f"j{k}" for k in range(len(columns))]
    return _legs((*rows, *columns), legs or default)


def _bonds(ranks: Ranks, count: int, meaning: str) -> dict[str, int]:
    """r0, r1, ... with their sizes."""
    if not isinstance(ranks, Iterable | SupportsIndex):
        raise NetworkError(f"ranks is {ranks!r}; give one whole number for every bond, or a list of them: {meaning}")
    sizes = list(ranks) if isinstance(ranks, Iterable) else [operator.index(ranks)] * count
    if len(sizes) != count:
        raise NetworkError(f"{len(sizes)} ranks {tuple(sizes)} given where {count} are needed: {meaning}")
    return {f"r{k}": size for k, size in enumerate(sizes)}


def _all_sizes(legs: Mapping[str, int], bonds: Mapping[str, int]) -> dict[str, int]:
    """Sizes of legs and bonds together; a leg that bore the name of a bond would be that bond."""
    if taken := next((bond for bond in bonds if bond in legs), None):
        raise NetworkError(f"a leg cannot be named {taken!r}, the name of a bond of this family; choose another name")
    return {**legs, **bonds}


def _named(cores: Iterable[Sequence[str]], *taken: str) -> dict[str, tuple[str, ...]]:
    """The cores under the names A, B, C, ..., leaving out those taken."""
    names = (name for name in tensor_names() if name not in taken)
    return {name: tuple(core) for core, name in zip(cores, names, strict=False)}


def _require(what: str, sound: bool) -> None:
    if not sound:
        raise NetworkError(f"{what} needs more legs or sites than given")
