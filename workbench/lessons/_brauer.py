"""Exercises of *O(n), SO(n), Sp(n): Brauer diagrams and the jellyfish*."""

__all__ = ["topic"]

import torch

from workbench.lessons._answers import combination, function, matrix
from workbench.lessons._exercise import Topic
from workbench.lessons._findings import Right, Wrong, actions, apart, arguments, changes, commutes, inputs, linear, same
from workbench.symmetry import SO, A, O, S, Sp

topic = Topic("brauer", "O(n), SO(n), Sp(n): Brauer diagrams and the jellyfish", "10_brauer_and_jellyfish")


@topic.exercise(
    wants="a map of 3 x 3 matrices: a combination of diagrams of O(3).hom(2, 2), or a function",
    hint="Make it symmetric first, then take away a multiple of the identity. Which?",
)
def traceless(answer: object) -> Right | Wrong:
    """A map of 3 × 3 matrices (not zero) that commutes with O(3) and whose values are all symmetric with trace 0."""
    f = function(answer, [(3, 3)], (3, 3))
    if found := commutes(f, O(3), 2, 2):
        return found
    for x in inputs((3, 3)):
        if wrong := same("f(x) is not symmetric", ("f(x)", f(x)), ("its transpose", f(x).T), x=x):
            return wrong
        if apart(f(x).trace(), torch.zeros(())):
            return Wrong("f(x) has a trace", {"x": x, "f(x)": f(x), "trace": float(f(x).trace())})
    if not changes(f, (3, 3)):
        return Wrong("it is zero", {"x": x, "f(x)": f(x)})
    return Right("It commutes with O(3), and its values are symmetric without a trace.")


@topic.exercise(
    wants="a function of two tensors of shape (3,) with values of shape (3,)",
    hint="Draw SO(3).hom(2, 1). How many diagrams are there?",
)
def bilinear(answer: object) -> Right | Wrong:
    """A function of two vectors in space, linear in each of them and not zero, whose value is a vector that turns with them."""
    f = function(answer, [(3,), (3,)], (3,))
    if found := commutes(f, SO(3), (1, 1), 1):
        return found
    for fixed in list(inputs((3,)))[:5]:
        for name, other, part in (
            ("u", "v", lambda u, v=fixed: f(u, v)),
            ("v", "u", lambda v, u=fixed: f(u, v)),
        ):
            if found := linear(part, (3,)):
                shown = {key.replace("f(", f"f({name} = "): value for key, value in found.counterexample.items()}
                return Wrong(f"it is not linear in {name} when {other} is held fixed", {other: fixed, **shown})
    if not any(apart(f(u, v), torch.zeros(3).double()) for u, v in arguments([(3,), (3,)])):
        u, v = torch.eye(3, dtype=torch.float64)[:2]
        return Wrong("it is zero, here and wherever it was tried", {"u": u, "v": v, "f(u, v)": f(u, v)})
    return Right(
        "It is bilinear and turns with its arguments: a multiple of the cross product, for there is nothing else."
    )


@topic.exercise(
    wants="a 3 x 3 matrix",
    hint="The cross product commutes with everything of determinant 1.",
)
def mirrored(answer: object) -> Right | Wrong:
    """A matrix g in O(3) for which g(u × v) is not gu × gv, for some u and v."""
    g = matrix(answer, 3, 3)
    identity = torch.eye(3, dtype=torch.float64)
    if wrong := same("g is not orthogonal", ("g gᵀ", g @ g.T), ("the identity", identity), matrix=g):
        return wrong
    for u, v in arguments([(3,), (3,)]):
        if apart(g @ torch.linalg.cross(u, v), torch.linalg.cross(g @ u, g @ v)):
            return Right("It is orthogonal and its determinant is -1: it turns a right hand into a left one.")
    determinant = float(torch.linalg.det(g))
    return Wrong("g commutes with the cross product: it is a rotation", {"matrix": g, "determinant": determinant})


@topic.exercise(
    wants="a combination of diagrams of O(2).hom(3, 3)",
    hint="Three vectors in a plane span no volume. Which combination of the six permutations of three strands measures volume?",
)
def flat(answer: object) -> Right | Wrong:
    """A combination of the diagrams of O(2).hom(3, 3), not all coefficients zero, whose matrix is zero.

    There are 15 diagrams, but the dimension is only 10.
    """
    hom = O(2).hom(3, 3)
    found = combination(answer, hom)
    if not found.terms:
        return Wrong("all its coefficients are zero", {"combination": found})
    made = hom.matrix(found).to_dense()
    for x in inputs((2, 2, 2)):
        value = (made @ x.reshape(8)).reshape(2, 2, 2)
        if apart(value, torch.zeros(2, 2, 2).double()):
            return Wrong("its matrix is not zero", {"x": x, "f(x)": value})
    return Right("In the plane this is zero; in space it would not be.")


@topic.exercise(
    wants="a 4 x 4 matrix",
    hint="It is what a cup of Sp(4).hom(0, 2) stands for.",
)
def form(answer: object) -> Right | Wrong:
    """A matrix J, not zero, with gᵀ J g = J for every g in Sp(4)."""
    found = matrix(answer, 4, 4)
    for g in actions(Sp(4)):
        if wrong := same("gᵀ J g is not J for a symplectic g", ("gᵀ J g", g.T @ found @ g), ("J", found), g=g):
            return wrong
    if not apart(found, torch.zeros(4, 4).double()):
        return Wrong("J is zero", {"J": found})
    return Right("It is the symplectic form, or a multiple of it.")


@topic.exercise(
    wants="a 3 x 3 matrix",
    hint="The even permutations of three things are the three turns of a triangle.",
)
def even_only(answer: object) -> Right | Wrong:
    """A matrix that commutes with all even permutations of three things, but not with all permutations."""
    found = matrix(answer, 3, 3)
    for g in actions(A(3)):
        words = "M does not commute with an even permutation g"
        if wrong := same(words, ("M g", found @ g), ("g M", g @ found), g=g):
            return wrong
    swap = S(3).generators[0]
    if not apart(found @ swap, swap @ found):
        return Wrong("M commutes with the swap g, too, and so with all", {"g": swap, "M": found})
    return Right("It commutes with the turns of the triangle, but not with its mirrors.")
