"""Exercises of *Any graph, any group*."""

__all__ = ["topic"]

from itertools import product

import networkx as nx
import torch

from workbench.lessons._answers import function, graph, items, matrix, tensor
from workbench.lessons._exercise import Topic
from workbench.lessons._findings import AnswerError, Right, Tensor, Wrong, apart, commutes, inputs, linear, same
from workbench.symmetry import Aut, O

topic = Topic("groups", "Any graph, any group", "11_any_graph_any_group")


@topic.exercise(
    wants="a graph, from networkx or a list of edges or an adjacency matrix",
    hint="Start from a path, and hang something on it where it does harm. Six vertices are enough.",
)
def rigid(answer: object) -> Right | Wrong:
    """A graph with at least two vertices that has no automorphism but the identity.

    An automorphism renames the vertices so that every edge is again an edge.
    """
    found = graph(answer)
    if found.number_of_nodes() < 2:
        raise AnswerError("the graph has only one vertex")
    group = Aut(found)
    if group.order == 1:
        return Right("Only the identity keeps its edges: a layer that respects it has all its weights for itself.")
    names = nx.get_node_attributes(found, "name")
    moved = {names[a]: names[b] for a, b in enumerate(group.permutations[0]) if a != b}
    return Wrong(f"it has {group.order} automorphisms, one of which renames some vertices", {"renamed": moved})


@topic.exercise(
    wants="a graph, from networkx or a list of edges or an adjacency matrix",
    hint="Pairs of vertices must fall into three kinds only: the same vertex twice, neighbours, and others. Rings are too long from six on.",
)
def three(answer: object) -> Right | Wrong:
    """A graph with exactly three independent linear maps V → V that commute with its automorphisms."""
    found = graph(answer)
    hom = Aut(found).hom(1, 1)
    names = nx.get_node_attributes(found, "name")
    if hom.dimension == 3:
        return Right(
            "Three kinds of pairs: a matrix of it is a times the identity, b times the edges, c times the rest."
        )
    kinds = [each.entries()[0][0].tolist() for each in hom.basis()[:8]]
    pairs = [(names[a], names[b]) for a, b in kinds]
    return Wrong(
        f"there are {hom.dimension}: no automorphism takes one of these pairs to another",
        {"pairs": pairs, "kinds": hom.dimension},
    )


@topic.exercise(
    wants="a 4 x 4 matrix",
    hint="All powers of A are symmetric, and none of them tells an end from a middle alone.",
)
def beyond_walks(answer: object) -> Right | Wrong:
    """A matrix that commutes with the automorphisms of the path 0 - 1 - 2 - 3, but is no polynomial of its adjacency matrix A."""
    found = matrix(answer, 4, 4)
    adjacency = torch.diag(torch.ones(3, dtype=torch.float64), 1)
    adjacency = adjacency + adjacency.T
    flip = torch.eye(4, dtype=torch.float64).flip(0)
    if wrong := same(
        "M does not commute with the flip g of the path", ("M g", found @ flip), ("g M", flip @ found), g=flip
    ):
        return wrong
    powers = torch.stack([torch.linalg.matrix_power(adjacency, power).flatten() for power in range(4)], 1)
    weights = torch.linalg.lstsq(powers, found.flatten()[:, None]).solution
    if not apart((powers @ weights).reshape(4, 4), found):
        return Wrong("M is c0 + c1 A + c2 A² + c3 A³", {"M": found, "c": weights[:, 0]})
    return Right("It commutes with the flip, and counting walks does not give it.")


@topic.exercise(
    wants="a list of 2 x 2 matrices",
    hint="A turn alone leaves a second one to commute with. What does a mirror do to it?",
)
def irreducible(answer: object) -> Right | Wrong:
    """Invertible 2 × 2 matrices, as few as you like, for which only multiples of the identity commute with all of them."""
    given = items(answer)
    if not given:
        raise AnswerError("the list is empty")
    generators = [tensor(each, (2, 2), what=f"matrix {at + 1}") for at, each in enumerate(given)]
    for g in generators:
        if abs(float(torch.linalg.det(g))) < 1e-9:
            return Wrong("one of them has no inverse", {"matrix": g, "determinant": float(torch.linalg.det(g))})
    one = torch.eye(2, dtype=torch.float64)
    demands = torch.cat([torch.kron(g, one) - torch.kron(one, g.T.contiguous()) for g in generators])
    _, sizes, rows = torch.linalg.svd(demands)
    null = rows[int((sizes > 1e-9).sum()) :].reshape(-1, 2, 2)
    for commuting in null:
        rest = commuting - commuting.trace() / 2 * one
        if float(rest.norm()) > 1e-6:
            simple = _simple(generators, rest)
            return Wrong("X commutes with all of them, and is no multiple of the identity", {"X": simple})
    return Right("By Schur's lemma the plane is irreducible for them: a layer has one weight from it to itself.")


def _simple(generators: list[Tensor], rest: Tensor) -> Tensor:
    """A commuting matrix of small whole numbers, if there is one."""
    for entries in sorted(product((-1, 0, 1), repeat=4), key=lambda each: sum(map(abs, each))):
        made = torch.tensor(entries, dtype=torch.float64).reshape(2, 2)
        multiple = not apart(made, made[0, 0] * torch.eye(2, dtype=torch.float64))
        if not multiple and all(not apart(made @ g, g @ made) for g in generators):
            return made
    return rest / rest.abs().max()


@topic.exercise(
    wants="a function of a tensor of shape (3,) with values of shape (3,)",
    hint="What does a vector have that no rotation changes? Multiply by a function of that.",
)
def nonlinear(answer: object) -> Right | Wrong:
    """A function of vectors in space to vectors that commutes with O(3), and is *not* linear."""
    f = function(answer, [(3,)], (3,))
    given = [(x,) for x in inputs((3,)) if x.any()]
    if found := commutes(f, O(3), 1, 1, given=given):
        return found
    if linear(f, (3,)):
        return Right("It keeps the direction and changes the length: all that is allowed.")
    a, b = torch.eye(3, dtype=torch.float64)[:2]
    shown = {"a": a, "b": b, "f(a + 2 b)": f(a + 2 * b), "f(a) + 2 f(b)": f(a) + 2 * f(b)}
    return Wrong("it is linear, here and wherever it was tried", shown)
