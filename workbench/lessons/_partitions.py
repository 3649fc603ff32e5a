"""Exercises of *Sets and graphs: partition diagrams*."""

__all__ = ["topic"]

from itertools import combinations

import networkx as nx
import torch

from workbench.lessons._answers import combination, function, graph, items, matrix
from workbench.lessons._exercise import Topic
from workbench.lessons._findings import AnswerError, Right, Wrong, actions, apart, commutes, inputs, linear, same
from workbench.symmetry import S

topic = Topic("partitions", "Sets and graphs: partition diagrams", "09_sets_and_graphs")


@topic.exercise(
    wants="a 4 x 4 matrix",
    hint="All matrices that commute are a times the identity plus b times the matrix of ones. Square one.",
)
def projection(answer: object) -> Right | Wrong:
    """A matrix M that commutes with all permutations of four things, with M M = M; not zero, and not the identity."""
    found = matrix(answer, 4, 4)
    for g in actions(S(4)):
        if wrong := same("M does not commute with a permutation g", ("M g", found @ g), ("g M", g @ found), g=g):
            return wrong
    if wrong := same("M M is not M", ("M M", found @ found), ("M", found)):
        return wrong
    for name, trivial in (("zero", torch.zeros(4, 4).double()), ("the identity", torch.eye(4).double())):
        if not same("", ("", found), ("", trivial)):
            return Wrong(f"M is {name}", {"M": found})
    return Right("M commutes with all permutations, M M = M, and it is neither 0 nor 1.")


@topic.exercise(
    wants="a map of 4 x 4 matrices: a combination of diagrams of S(4).hom(2, 2), or a function",
    hint="Two diagrams are enough. Which one transposes?",
)
def symmetrising(answer: object) -> Right | Wrong:
    """A linear map of 4 × 4 matrices that commutes with all permutations, that only has symmetric values, and that leaves
    symmetric matrices as they are.
    """
    f = function(answer, [(4, 4)], (4, 4))
    if found := linear(f, (4, 4)) or commutes(f, S(4), 2, 2):
        return found
    for x in inputs((4, 4)):
        if wrong := same("f(x) is not symmetric", ("f(x)", f(x)), ("its transpose", f(x).T), x=x):
            return wrong
        y = x + x.T
        if wrong := same("y is symmetric, but f(y) is not y", ("f(y)", f(y)), ("y", y)):
            return wrong
    return Right("It is linear, commutes with all permutations and projects onto the symmetric matrices.")


@topic.exercise(
    wants="a map from 4 x 4 matrices to numbers: a combination of diagrams of S(4).hom(2, 0), or a function",
    hint="Adding up the adjacency matrix meets every edge from both of its ends.",
)
def counting(answer: object) -> Right | Wrong:
    """A linear map that commutes with all permutations and that counts the edges of every graph on four vertices.

    It is given the adjacency matrix.
    """
    f = function(answer, [(4, 4)], ())
    if found := linear(f, (4, 4)) or commutes(f, S(4), 2, 0):
        return found
    pairs = list(combinations(range(4), 2))
    for edges in (chosen for count in range(7) for chosen in combinations(pairs, count)):
        adjacency = torch.zeros(4, 4, dtype=torch.float64)
        for a, b in edges:
            adjacency[a, b] = adjacency[b, a] = 1
        if abs(float(f(adjacency)) - len(edges)) > 1e-6:
            return Wrong("it miscounts a graph", {"A": adjacency, "f(A)": f(adjacency), "edges": len(edges)})
    return Right("It counts the edges of all 64 graphs, whatever their vertices are called.")


@topic.exercise(
    wants="a combination of diagrams of S(2).hom(2, 2)",
    hint="With two things, of three indices two are always equal. So what must the diagrams in 3 and 4 blocks be?",
)
def vanishing(answer: object) -> Right | Wrong:
    """A combination of the diagrams of S(2).hom(2, 2), not all coefficients zero, whose matrix is zero.

    There are 15 diagrams, but the dimension is only 8: some of them must be combinations of others.
    """
    hom = S(2).hom(2, 2)
    found = combination(answer, hom)
    if not found.terms:
        return Wrong("all its coefficients are zero", {"combination": found})
    made = hom.matrix(found).to_dense()
    for x in inputs((2, 2)):
        value = (made @ x.reshape(4)).reshape(2, 2)
        if apart(value, torch.zeros(2, 2).double()):
            return Wrong("its matrix is not zero", {"x": x, "f(x)": value})
    return Right("A combination of diagrams that is zero when there are only two things.")


@topic.exercise(
    wants="two graphs, each from networkx or a list of edges or an adjacency matrix",
    hint="A linear map to a number that commutes with permutations sees two things of an adjacency matrix: its trace and its sum.",
)
def twins(answer: object) -> Right | Wrong:
    """Two graphs with equally many vertices that are not isomorphic, and that no linear map to a number that commutes with
    permutations tells apart.
    """
    given = items(answer)
    if len(given) != 2:
        raise AnswerError(f"two graphs are asked for, not {len(given)}")
    first, second = map(graph, given)
    n = first.number_of_nodes()
    if second.number_of_nodes() != n:
        raise AnswerError(f"the graphs have {n} and {second.number_of_nodes()} vertices; take equally many")
    counts = [2.0 * each.number_of_edges() for each in (first, second)]
    if counts[0] != counts[1]:
        diagram = S(n).hom(2, 0).diagrams[1]
        return Wrong("a diagram tells them apart", {"diagram": diagram, "first": counts[0], "second": counts[1]})
    renamed = nx.vf2pp_isomorphism(first, second)
    if renamed is not None:
        names = {first.nodes[a]["name"]: second.nodes[b]["name"] for a, b in sorted(renamed.items())}
        return Wrong("they are the same graph, with its vertices renamed", {"renamed": names})
    return Right("Both have the same trace and the same sum, and they are not isomorphic.")
