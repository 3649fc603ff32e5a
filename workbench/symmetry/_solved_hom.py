"""Equivariant maps of groups without diagrams: orbits of index tuples, or the null space of the generators."""

__all__ = ["Invariant", "Solution", "SolvedHom", "invariant_tensors", "orbits"]

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt
import torch

from workbench.symmetry._equivariant_map import Entries, EquivariantMap
from workbench.symmetry._errors import SymmetryError
from workbench.symmetry._hom import Basis, Hom

if TYPE_CHECKING:
    from workbench.symmetry._bilabelled import BilabelledGraph
    from workbench.symmetry._combination import Scalar, Terms
    from workbench.symmetry._groups import Duals, Group
    from workbench.symmetry._sparse_maps import SparseMaps

MOST_TUPLES = 5_000_000
"""Index tuples whose orbits are sought at most."""
MOST_SOLVED = 4_096
"""Index tuples for which a null space is sought at most."""
TOLERANCE = 1e-9
"""Eigenvalues of the sum of all (g - 1)ᴴ(g - 1) and AᴴA count as 0 below this fraction of the largest: a generator moves a
tensor of size 1 that is none of the solutions by at least 3e-5 of its own size."""
Tuples = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Solution:
    """A basis of the tensors that a group leaves alone, each a sparse list of entries.

    Each has a pivot, its first entry: it is 1 there, and all the others are 0. So an invariant tensor is the sum of the basis
    with its own entries at the pivots as coefficients, and the basis is unique.

    Attributes
    ----------
    places : (entries,)
        Row-major positions of the entries in a tensor of shape (n, ..., n), one solution after the other.
    values : (entries,)
        What stands there.
    starts : (dimension + 1,)
        Where each solution starts.
    """

    places: Tuples
    values: npt.NDArray[Any]
    starts: Tuples

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def pivots(self) -> Tuples:
        """The position of each solution's first entry."""
        return self.places[self.starts[:-1]]


class Invariant(EquivariantMap):
    """One map of the basis that was solved for: the orbit of an index tuple, or a null vector.

    Attributes
    ----------
    number : int
        Its number in the basis.
    pivot : tuple of int
        Of an orbit its first index tuple, outputs before inputs; of a null vector the entry where it is 1 and all the others are 0.
    """

    target: "Duals"
    source: "Duals"

    def __init__(self, hom: "SolvedHom", number: int) -> None:
        self.hom, self.number = hom, number
        self.group, self.target, self.source = hom.group, hom.target, hom.source

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Invariant) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[Any, ...]:
        return self.group, self.target, self.source, self.number

    @property
    def pivot(self) -> tuple[int, ...]:
        """The first index tuple."""
        at = self.hom.solution.pivots[self.number]
        return tuple(int(each) for each in np.unravel_index(at, self.hom.tuple_shape)) if self.hom.tuple_shape else ()

    def __repr__(self) -> str:
        names = [str(each + 1) for each in self.pivot]
        top = len(self.target)
        rows = " | ".join((" ".join(names[:top]), " ".join(names[top:]))).strip()
        return f"{self.hom.noun} of {rows}"

    @property
    def place(self) -> tuple[Any, ...]:
        """By number."""
        return (self.number,)

    @property
    def squared_norm(self) -> float:
        """The size of the orbit."""
        return float((abs(self._slice(self.hom.solution.values)) ** 2).sum())

    def bilabelled(self, nodes: int = 6, *, alike: bool = False) -> "BilabelledGraph | None":
        """Of an orbit of a graph's automorphisms the smallest bilabelled graph that tells it from all others.

        Its number of homomorphisms is another on this orbit than on every other one; of two, that with fewer nodes, then edges.

        Parameters
        ----------
        nodes
            So many nodes at most, and at most 6.
        alike
            Tell it only from orbits whose index tuples have equal indices in the same places.

        Returns
        -------
        BilabelledGraph or None
            None where none of the graphs searched does that.

        Raises
        ------
        SymmetryError
            When the group is not that of a graph.

        Examples
        --------
        >>> import networkx as nx
        >>> from workbench.symmetry import Aut
        >>> Aut(nx.path_graph(3)).hom(0, 1).basis()[0].bilabelled()  # an end: it has one neighbour
        BilabelledGraph(2, edges=((0, 1),), outputs=(0,), inputs=())
        """
        from workbench.symmetry._bilabelled_search import bilabelled_graphs

        return bilabelled_graphs(self.hom, nodes, alike=alike)[self.number]

    def entries(self) -> Entries:
        """The index tuples of the orbit, and ones; of a null vector its entries that are not zero."""
        shape = self.hom.tuple_shape
        places = self._slice(self.hom.solution.places)
        index = np.stack(np.unravel_index(places, shape), 1) if shape else np.zeros((len(places), 0), np.int64)
        return index, self._slice(self.hom.solution.values)

    def _slice(self, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
        starts = self.hom.solution.starts
        return array[starts[self.number] : starts[self.number + 1]]

    def composed(self, other: "Invariant") -> "Terms":
        """The product of the matrices, read at the pivots."""
        hom = cast("SolvedHom", self.group._between(other.source, self.target))
        product = (_csr(self) @ _csr(other)).tocsr()
        rows, columns = np.divmod(hom.solution.pivots, hom.shape[1])
        return hom.terms(np.asarray(product[rows, columns]).ravel())

    def juxtaposed(self, other: "Invariant") -> "Terms":
        """The Kronecker product, read at the pivots."""
        hom = cast("SolvedHom", self.group._between(self.source + other.source, self.target + other.target))
        a, b, c = len(self.target), len(other.target), len(self.source)
        pivots = np.stack(np.unravel_index(hom.solution.pivots, hom.tuple_shape), 1) if hom.tuple_shape else None
        if pivots is None:
            return hom.terms(np.ones(1))
        left = [*range(a), *range(a + b, a + b + c)]
        right = [at for at in range(pivots.shape[1]) if at not in left]
        return hom.terms(self._at(pivots[:, left]) * other._at(pivots[:, right]))

    def _at(self, index: Tuples) -> npt.NDArray[Any]:
        """The entries at some index tuples."""
        shape = self.hom.tuple_shape
        flat = np.ravel_multi_index(tuple(index.T), shape) if shape else np.zeros(len(index), np.int64)
        places, values = self._slice(self.hom.solution.places), self._slice(self.hom.solution.values)
        at = np.minimum(np.searchsorted(places, flat), len(places) - 1)
        return np.where(places[at] == flat, values[at], 0)


class SolvedHom(Hom):
    """All maps between two tensor powers of a group that has no diagrams."""

    source: "Duals"
    target: "Duals"

    def __init__(self, group: "Group", source: "Duals", target: "Duals", solution: Solution, noun: str) -> None:
        super().__init__(group, source, target)
        self.solution, self.noun = solution, noun

    @property
    def tuple_shape(self) -> tuple[int, ...]:
        """The shape of an invariant tensor: outputs, then inputs."""
        return (*self.group.sizes(self.target), *self.group.sizes(self.source))

    @property
    def spanning_size(self) -> int:
        """How many there are: they are independent."""
        return len(self.solution)

    @property
    def dimension(self) -> int:
        """The dimension of the space of maps."""
        return len(self.solution)

    @property
    def diagrams(self) -> Sequence[EquivariantMap]:
        """All orbits, or null vectors, in the order of their pivots."""
        return self.basis()

    def basis(self) -> Sequence[EquivariantMap]:
        """The same."""
        return self._basis

    @cached_property
    def _basis(self) -> Basis:
        return Basis(len(self.solution), lambda number: Invariant(self, number))

    def maps(self) -> "SparseMaps":
        """The basis as sparse matrices."""
        from workbench.symmetry._sparse_maps import SparseMaps

        return SparseMaps(self)

    def terms(self, coefficients: npt.NDArray[Any]) -> "Terms":
        """A combination, from the coefficients of all the basis."""
        whole = coefficients.round()
        exact = abs(coefficients - whole) < 1e-9 * np.maximum(1, abs(coefficients))
        found: Terms = {}
        for number in np.flatnonzero(~(exact & (whole == 0))):
            value: Scalar = (
                int(whole[number].real) if exact[number] and whole[number].imag == 0 else coefficients[number].item()
            )
            found[Invariant(self, int(number))] = value
        return found


def _csr(of: Invariant) -> Any:
    from scipy.sparse import csr_array

    places = of._slice(of.hom.solution.places)
    return csr_array((of._slice(of.hom.solution.values), np.divmod(places, of.hom.shape[1])), shape=of.hom.shape)


# ---- solving ---------------------------------------------------------------------------------------------------------


def orbits(permutations: Sequence[Sequence[int]], n: int, order: int) -> Solution:
    """The orbits of index tuples of a given length under permutations of 0 ... n - 1.

    Raises
    ------
    SymmetryError
        When there are more than 5,000,000 tuples.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    count = n**order
    if count > MOST_TUPLES:
        raise SymmetryError(
            f"the orbits of {n}^{order} = {count:,} index tuples are too many to seek (up to {MOST_TUPLES:,}); "
            "take fewer indices, or a larger group with diagrams (S)"
        )
    every = np.arange(count)
    labels: Tuples = every
    if permutations and order:
        digits = np.stack(np.unravel_index(every, (n,) * order))
        images = [np.ravel_multi_index(tuple(np.asarray(each)[digits]), (n,) * order) for each in permutations]
        rows, columns = np.tile(every, len(images)), np.concatenate(images)
        graph = coo_array((np.ones(len(rows), np.int8), (rows, columns)), shape=(count, count))
        labels = connected_components(graph, directed=False)[1]
    _, first, labels = np.unique(labels, return_index=True, return_inverse=True)
    rank = np.argsort(np.argsort(first))
    labels = rank[labels]
    places = np.argsort(labels, kind="stable")
    starts = np.concatenate([[0], np.cumsum(np.bincount(labels))])
    return Solution(places, np.ones(count, np.int64), starts)


def invariant_tensors(
    generators: Sequence[Sequence[torch.Tensor]], algebra: Sequence[Sequence[torch.Tensor]], sizes: Sequence[int]
) -> Solution:
    """The tensors that all generators and a Lie algebra leave alone.

    Parameters
    ----------
    generators, algebra
        For every element what it multiplies each axis by; for an element of the algebra the derivative of that.
    sizes
        The shape of the tensors.

    Raises
    ------
    SymmetryError
        When the tensors have more than 4,096 entries.
    """
    count = math.prod(sizes)
    if count > MOST_SOLVED:
        raise SymmetryError(
            f"a null space of tensors with {' x '.join(map(str, sizes))} = {count:,} entries is too large to seek "
            f"(up to {MOST_SOLVED:,}); take fewer indices, or a group with diagrams"
        )
    dtype = torch.result_type(*_two(generators, algebra))
    gram, norm = _gram(generators, algebra, sizes, dtype)
    if norm == 0.0:  # nothing moves anything
        return Solution(np.arange(count), np.ones(count), np.arange(count + 1))
    values, vectors = np.linalg.eigh(gram)
    null = vectors[:, values < TOLERANCE * values[-1]]
    return _reduced(null)


def _two(generators: Any, algebra: Any) -> tuple[torch.Tensor, torch.Tensor]:
    matrices = [matrix for element in (*generators, *algebra) for matrix in element] or [
        torch.zeros((), dtype=torch.float64)
    ]
    marked = next((each for each in matrices if each.is_complex()), matrices[0])
    return marked, matrices[0]


def _gram(
    generators: Sequence[Sequence[torch.Tensor]],
    algebra: Sequence[Sequence[torch.Tensor]],
    sizes: Sequence[int],
    dtype: torch.dtype,
) -> tuple[npt.NDArray[Any], float]:
    """The sum of (g - 1)ᴴ(g - 1) and AᴴA over all elements, as they act on tensors."""
    from scipy.sparse import csr_array, eye_array, kron

    kind = np.complex128 if dtype.is_complex else np.float64
    count = math.prod(sizes)
    one = eye_array(count, dtype=kind, format="csr")
    total = csr_array((count, count), dtype=kind)

    def product(matrices: Iterator[Any]) -> Any:
        made = csr_array(np.ones((1, 1), kind))
        for matrix in matrices:
            made = csr_array(kron(made, matrix, format="csr"))
        return made

    for element in generators:
        moved = product(csr_array(matrix.numpy().astype(kind)) for matrix in element) - one
        total = total + moved.conj().T @ moved
    for element in algebra:
        turned = csr_array((count, count), dtype=kind)
        for at, matrix in enumerate(element):
            turned = turned + product(
                csr_array(matrix.numpy().astype(kind)) if each == at else eye_array(size, dtype=kind, format="csr")
                for each, size in enumerate(sizes)
            )
        total = total + turned.conj().T @ turned
    dense = total.toarray()
    return dense, float(abs(dense).max(initial=0.0))


def _reduced(null: npt.NDArray[Any]) -> Solution:
    """The reduced row echelon form of a space given by orthonormal columns."""
    rows = null.T.copy()
    pivots: list[int] = []
    column = 0
    while len(pivots) < len(rows):
        left = abs(rows[len(pivots) :]).max(0)
        left[:column] = 0
        column = int(np.flatnonzero(left > 1e-7 * max(1e-300, float(left.max())))[0])  # the first that is not rounding
        at = len(pivots) + int(abs(rows[len(pivots) :, column]).argmax())
        rows[[len(pivots), at]] = rows[[at, len(pivots)]]
        rows[len(pivots)] /= rows[len(pivots), column]
        others = [each for each in range(len(rows)) if each != len(pivots)]
        rows[others] -= rows[others, column, None] * rows[len(pivots)]
        pivots.append(column)
        column += 1
    if pivots:  # once more from the projector onto the space, which is better conditioned than a chain of eliminations
        rows = np.linalg.solve(null[pivots].T, null.T) if np.linalg.cond(null[pivots]) < 1e10 else rows
    rows[abs(rows) < 1e-11] = 0
    for row, pivot in zip(rows, pivots, strict=True):
        row[:pivot] = 0
    whole = rows.round()
    rows = np.where(abs(rows - whole) < 1e-11, whole, rows)
    kept = [np.flatnonzero(row) for row in rows]
    starts = np.cumsum([0, *map(len, kept)])
    places = np.concatenate(kept) if kept else np.zeros(0, np.int64)
    values = np.concatenate([row[at] for row, at in zip(rows, kept, strict=True)]) if kept else np.zeros(0)
    return Solution(places, values, starts)
