"""Reading answers: what a student hands in, as what a check can work with; other kinds are told apart in words."""

__all__ = ["combination", "function", "graph", "items", "matrix", "number", "tensor", "whole"]

import copy
import math
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import Any

import networkx as nx
import numpy as np
import torch

from workbench.lessons._findings import AnswerError, Map, Tensor
from workbench.lessons._words import in_words
from workbench.symmetry import Combination, EquivariantMap, Hom, Rep

MOST_VERTICES = 10


def kind(answer: object) -> str:
    """What an answer is, in words."""
    if isinstance(answer, torch.Tensor | np.ndarray):
        return f"a tensor of shape {tuple(answer.shape)}"
    if isinstance(answer, EquivariantMap | Combination):
        return "a combination of diagrams" if isinstance(answer, Combination) else f"a {type(answer).__name__.lower()}"
    if answer is None:
        return "None (does the cell return something?)"
    name = type(answer).__name__
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"


def number(answer: object) -> float:
    """A real number."""
    if isinstance(answer, torch.Tensor | np.ndarray | np.generic) and np.prod(np.shape(answer)) == 1:
        answer = answer.item()
    if isinstance(answer, bool) or not isinstance(answer, int | float | Fraction) or not math.isfinite(answer):
        raise AnswerError(f"this is {kind(answer)}, not a number")
    return float(answer)


def whole(answer: object) -> int:
    """A whole number."""
    found = number(answer)
    if found != round(found):
        raise AnswerError(f"{found:g} is not a whole number")
    return round(found)


def tensor(answer: object, shape: Sequence[int] | None = None, *, what: str = "the answer") -> Tensor:
    """Real finite numbers of a given shape, as float64: from a tensor, an array, nested lists, a diagram or a combination."""
    if isinstance(answer, EquivariantMap | Combination):
        answer = answer.matrix()
    if isinstance(answer, torch.Tensor):
        made = answer.detach().to("cpu")
        made = made.to_dense() if made.layout != torch.strided else made
    else:
        try:
            made = torch.as_tensor(np.array(answer, order="C"))
        except (TypeError, ValueError) as error:
            raise AnswerError(f"{what} is {kind(answer)}, not numbers in a tensor") from error
    if made.is_complex():
        raise AnswerError(f"{what} is complex; here all numbers are real")
    if shape is not None and tuple(made.shape) != tuple(shape):
        found = f"of shape {tuple(made.shape)}" if made.ndim else "a single number"
        raise AnswerError(f"{what} is {found}; the shape asked for is {tuple(shape)}")
    made = made.double()
    if not bool(made.isfinite().all()):
        raise AnswerError(f"{what} has entries that are not finite")
    return made


def matrix(answer: object, rows: int, columns: int) -> Tensor:
    """A real matrix, from whatever can be one."""
    return tensor(answer, (rows, columns), what="the matrix")


def items(answer: object, *, what: str = "the answer") -> list[Any]:
    """The items of a list, tuple, set or of a tensor's first axis."""
    if isinstance(answer, str | bytes | dict) or not isinstance(answer, Iterable):
        raise AnswerError(f"{what} is {kind(answer)}, not a list")
    return list(answer)


def function(answer: object, sources: Sequence[Sequence[int]], target: Sequence[int], what: str = "f") -> Map:
    """A function of tensors of the given shapes, whose values are checked as they come.

    A diagram, a combination or a matrix is taken as the linear map it is, where there is one argument. Arguments are given as copies in
    float64; modules are copied and made float64.
    """
    length, size = math.prod(target), math.prod(sources[0])
    if isinstance(answer, EquivariantMap | Combination) or (
        isinstance(answer, torch.Tensor | np.ndarray | list) and len(sources) == 1
    ):
        made = matrix(answer, length, size)
        return lambda x: (made @ x.reshape(size)).reshape(tuple(target))
    if not callable(answer):
        raise AnswerError(f"this is {kind(answer)}, not a function")
    called: Callable[..., Any] = copy.deepcopy(answer).double() if isinstance(answer, torch.nn.Module) else answer
    first = True

    def f(*xs: Tensor) -> Tensor:
        nonlocal first
        value = _called(called, xs, target, what)
        if first:
            first = False
            if not torch.equal(value, _called(called, xs, target, what)):
                raise AnswerError(f"{what} has two different values at {_places(xs)}; it must not depend on chance")
        return value

    return f


def _called(called: Callable[..., Any], xs: Sequence[Tensor], target: Sequence[int], what: str) -> Tensor:
    try:
        with torch.no_grad():
            value = called(*(x.clone() for x in xs))
    except Exception as error:  # whatever a student's function raises is told, not passed on
        raise AnswerError(f"{what} raised {type(error).__name__}: {error}; at {_places(xs)}") from error
    return tensor(value, target, what=f"{what} at {_places(xs)}")


def _places(xs: Sequence[Tensor]) -> str:
    return ", ".join(in_words("x", x) for x in xs)


def _order(vertex: object) -> tuple[str, object]:
    return type(vertex).__name__, vertex if isinstance(vertex, int | str) else repr(vertex)


def combination(answer: object, hom: Hom) -> Combination:
    """A diagram or a combination of diagrams of a `Hom`."""
    if isinstance(answer, EquivariantMap):
        answer = Combination({answer: 1})
    if not isinstance(answer, Combination):
        raise AnswerError(f"this is {kind(answer)}, not a combination of diagrams")
    for each in answer.terms:
        if each.group != hom.group:
            raise AnswerError(f"({each}) is a diagram of {each.group}; take diagrams of {hom.group}")
        if (each.source, each.target) != (hom.source, hom.target):
            source, target = (Rep.of(hom.group, space) for space in (each.source, each.target))
            raise AnswerError(f"({each}) is a map {source} -> {target}; take one of {hom}")
    return answer


def graph(answer: object) -> "nx.Graph[Any]":
    """A simple graph: of networkx, an adjacency matrix, or a list of edges.

    Vertices become 0, 1, 2, ..., in the order of their names, which are kept as the attribute ``name``.
    """
    if isinstance(answer, nx.Graph):
        made = answer
    elif isinstance(answer, torch.Tensor | np.ndarray):
        found = tensor(answer, what="the adjacency matrix")
        if found.ndim != 2 or found.shape[0] != found.shape[1] or not bool(((found == 0) | (found == 1)).all()):
            raise AnswerError("an adjacency matrix is square and has entries 0 and 1")
        if not torch.equal(found, found.T):
            raise AnswerError("the adjacency matrix is not symmetric: an edge goes both ways")
        made = nx.from_numpy_array(found.numpy())
    else:
        made = nx.Graph()
        for edge in items(answer, what="the graph"):
            ends = items(edge, what="an edge")
            if len(ends) != 2:
                raise AnswerError(f"an edge joins two vertices; {edge!r} does not")
            made.add_edge(*ends)
    if made.is_directed() or made.is_multigraph() or nx.number_of_selfloops(made):
        raise AnswerError("the graph has arrows, double edges or loops; a simple graph is asked for")
    if not 1 <= made.number_of_nodes() <= MOST_VERTICES:
        raise AnswerError(
            f"the graph has {made.number_of_nodes()} vertices; here up to {MOST_VERTICES} can be looked at"
        )
    named = sorted(made.nodes, key=_order)
    numbered = nx.Graph()
    numbered.add_nodes_from((number, {"name": vertex}) for number, vertex in enumerate(named))
    numbered.add_edges_from((named.index(a), named.index(b)) for a, b in made.edges)
    return numbered
