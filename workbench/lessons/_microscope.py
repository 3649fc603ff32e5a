"""Exercises of *Who broke my symmetry?*"""

__all__ = ["topic"]

import copy
from collections.abc import Callable
from itertools import permutations, product

import torch

from workbench.lessons._answers import function, items, kind, whole
from workbench.lessons._exercise import Topic
from workbench.lessons._findings import (
    AnswerError,
    Right,
    Tensor,
    Wrong,
    actions,
    apart,
    commutes,
    inputs,
    linear,
    same,
)
from workbench.symmetry import SO, C, O

topic = Topic("microscope", "Who broke my symmetry?", "13_who_broke_my_symmetry")


@topic.exercise(
    wants="a function of a tensor of shape (3,) with values of shape (3,)",
    hint="Quarter turns and mirrors only exchange coordinates, or change their signs. Which functions of one number get along with a sign?",
)
def blind(answer: object) -> Right | Wrong:
    """A function from vectors to vectors that passes the test with all quarter turns and mirrors of a cube, and yet does not commute with all rotations."""
    f = function(answer, [(3,)], (3,))
    if found := commutes(f, O(3), 1, 1, among=_cube()):
        return Wrong(
            f"it does not even pass the test: {found.words} that maps the cube to itself", found.counterexample
        )
    if commutes(f, O(3), 1, 1):
        return Right("It passes with all 48 elements of the cube, and other rotations show that it is wrong.")
    g, x = torch.matrix_exp(O(3).lie_algebra[0] * torch.pi / 4), torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64)
    words = "it commutes with all rotations as well, here and wherever it was tried"
    return Wrong(words, {"g": g, "x": x, "f(g x)": f(g @ x), "g f(x)": g @ f(x)})


@topic.exercise(
    wants="a list of five whole numbers, 0, 1 or 2",
    hint="Write P gᵀ for P, since every row turns, and see where g ends up: nowhere, on the right, or on both sides.",
)
def declared(answer: object) -> Right | Wrong:
    """Three atoms are the rows p1, p2, p3 of a 3 × 3 matrix P. How do these results transform when the atoms are turned?

    The distances |pi - pj|; the matrix P Pᵀ; the positions from the centre; the matrix Pᵀ P; the rows p2 × p3, p3 × p1, p1 × p2.

    All are 3 × 3. Answer 0 for numbers that do not change, 1 for rows that are vectors, 2 where both indices turn.
    """
    given = [whole(each) for each in items(answer)]
    if len(given) != len(_RESULTS) or not set(given) <= {0, 1, 2}:
        raise AnswerError(f"this is {given}; five numbers are asked for, each 0, 1 or 2")
    points = [(x,) for x in inputs((3, 3))]
    for order, (name, f) in zip(given, _RESULTS.items(), strict=True):
        if found := commutes(f, SO(3), 1, order, given=points):
            words = f"{name} do not transform so, as declared by {order}: with x for P, {found.words}"
            return Wrong(words, found.counterexample)
    return Right("As declared, all five results go along with every rotation.")


@topic.exercise(
    wants="a function of two tensors of shape (3,) with values of shape (3, 3)",
    hint="Start along u. What is left of v when its part along u is taken away? And the third axis is then no choice.",
)
def frame(answer: object) -> Right | Wrong:
    """A frame that belongs to two vectors u and v: three axes, the rows of a matrix, that turn along when u and v are turned.

    The axes have length one, are at right angles, and are right-handed: the determinant is 1. (It is tried on vectors that are not parallel.)
    """
    f = function(answer, [(3,)] * 2, (3, 3))
    one = torch.eye(3, dtype=torch.float64)
    for u, v in _PAIRS:
        rows = f(u, v)
        words = "the axes are not of length one and at right angles"
        if wrong := same(words, ("F Fᵀ", rows @ rows.T), ("wanted", one), u=u, v=v, F=rows):
            return wrong
        if float(torch.linalg.det(rows)) < 0:
            return Wrong("the axes are left-handed", {"u": u, "v": v, "F": rows, "determinant": -1.0})
    if found := commutes(f, SO(3), (1, 1), 1, given=_PAIRS):
        return Wrong(f"the axes do not turn along: {found.words}", found.counterexample)
    return Right("Three axes at right angles, and wherever u and v turn, they turn too.")


@topic.exercise(
    wants="a function of a tensor of shape (3,) with values of shape (3,)",
    hint="Take one that commutes, and add a little of one that does not.",
)
def hidden(answer: object) -> Right | Wrong:
    """A function from vectors to vectors that does not commute with rotations and mirrors, but is wrong by so little that no test in float32 can tell.

    At its worst ‖f(g x) - g f(x)‖ is less than 1e-7 of ‖f(x)‖, and more than 1e-12, which float64 can tell.
    """
    f = function(answer, [(3,)], (3,))
    cases = []
    for g, x in product(actions(O(3)), inputs((3,))):
        after, before = f(g @ x), g @ f(x)
        size = max(float(after.norm()), float(before.norm()))
        cases.append((float((after - before).norm()) / size if size else 0.0, g, x, after, before))
    error, g, x, after, before = max(cases, key=lambda each: each[0])
    if 1e-12 < error < 1e-7:
        return Right("Rounding to float32 moves numbers by as much; float64 shows the fault.")
    words = "it commutes, up to rounding" if error < 1e-7 else f"it is wrong by {error:.2g}, and float32 shows it"
    return Wrong(words, {"g": g, "x": x, "f(g x)": after, "g f(x)": before, "error": error})


@topic.exercise(
    wants="a torch module that takes and gives a tensor of shape (1, 4)",
    hint="A ring knows left from right. How many weights has a circular convolution that reaches all around?",
)
def complete(answer: object) -> Right | Wrong:
    """A linear module, up to a constant, for four numbers on a ring that commutes with the turns C(4), whatever its parameters, and reaches all maps that do."""
    if not isinstance(answer, torch.nn.Module):
        raise AnswerError(f"this is {kind(answer)}, not a torch module")
    generator, turn, drawn = torch.Generator().manual_seed(0), C(4).generators[0], []
    for _ in range(8):
        f = _drawn(answer, generator)
        if wrong := linear(f, (1, 4)):
            return wrong
        w = torch.cat([f(each[None]) for each in torch.eye(4, dtype=torch.float64)]).T
        words = "for some parameters its matrix W does not commute with the turn g"
        if wrong := same(words, ("W g", w @ turn), ("g W", turn @ w), g=turn):
            return wrong
        drawn.append(w.flatten())
    _, sizes, rows = torch.linalg.svd(torch.stack(drawn), full_matrices=False)
    reached = rows[sizes > 1e-8 * max(1.0, float(sizes[0]))]
    basis = torch.stack([each.matrix().to_dense().double().flatten() for each in C(4).hom(1, 1).basis()])
    left = basis - basis @ reached.T @ reached
    missing = left[int(left.norm(dim=1).argmax())].reshape(4, 4)
    if apart(missing, torch.zeros(4, 4, dtype=torch.float64)):
        words = f"its matrices reach {len(reached)} of {len(basis)} directions: they all are at right angles to M, which commutes as well"
        return Wrong(words, {"M": missing / missing.abs().max()})
    return Right("It commutes, and with the right parameters it is any map that does.")


def _drawn(module: torch.nn.Module, generator: torch.Generator) -> Callable[[Tensor], Tensor]:
    """The module with random parameters, without its constant."""
    made = copy.deepcopy(module)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator, dtype=torch.float64))
    f = function(made, [(1, 4)], (1, 4))
    f(torch.arange(1.0, 5.0, dtype=torch.float64)[None])  # where one that depends on chance shows it
    constant = f(torch.zeros(1, 4, dtype=torch.float64))
    return lambda x: f(x) - constant


def _cube() -> list[Tensor]:
    """The 48 permutations of coordinates with signs, those nearest to the identity first."""
    made = [
        torch.diag(torch.tensor(signs, dtype=torch.float64))[list(images)]
        for images in permutations(range(3))
        for signs in product((1, -1), repeat=3)
    ]
    return sorted(made, key=lambda g: -float(g.trace()))[1:]


def _normals(p: Tensor) -> Tensor:
    products: Tensor = torch.linalg.cross(p.roll(-1, 0), p.roll(-2, 0), dim=-1)
    return products


_RESULTS: dict[str, Callable[[Tensor], Tensor]] = {
    "the distances": lambda p: (p[:, None] - p).norm(dim=-1),
    "the entries of P Pᵀ": lambda p: p @ p.T,
    "the positions from the centre": lambda p: p - p.mean(0),
    "the entries of Pᵀ P": lambda p: p.T @ p,
    "the products pi × pj": _normals,
}
_PAIRS = [
    (torch.tensor(u, dtype=torch.float64), torch.tensor(v, dtype=torch.float64))
    for u, v in (([1, 2, 2], [0, -1, 1]), ([3, 0, 4], [1, 1, 0]), ([-2, 1, 5], [4, 3, -1]))
]
