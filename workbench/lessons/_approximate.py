"""Exercises of *How much symmetry does the data have?*"""

__all__ = ["topic"]

import torch

from workbench.lessons._answers import function, matrix
from workbench.lessons._exercise import Topic
from workbench.lessons._findings import Right, Tensor, Wrong, apart, inputs, same
from workbench.symmetry import C, D, Group, O, S

topic = Topic("approximate", "How much symmetry does the data have?", "14_how_much_symmetry")


@topic.exercise(
    wants="a function of a 4 x 4 matrix whose value is a 4 x 4 matrix",
    hint="Rename the things in all ways, and take the mean. Or take the mean of all entries that share a weight.",
)
def nearest(answer: object) -> Right | Wrong:
    """The machine that takes a matrix W to the nearest one that commutes with all permutations of four things.

    Nearest: the sum of the squared differences of the entries is least.
    """
    f = function(answer, [(4, 4)], (4, 4))
    hom = S(4).hom(1, 1)
    swaps = S(4).generators
    for w in inputs((4, 4)):
        found = f(w)
        for g in swaps:
            if wrong := same("P W does not commute with g", ("(P W) g", found @ g), ("g (P W)", g @ found), W=w, g=g):
                return wrong
        best = hom.project(w)
        if apart(found, best):
            sizes = {"its distance": float((found - w).norm()), "the distance": float((best - w).norm())}
            return Wrong("another matrix that commutes is nearer to W", {"W": w, "P W": found, "nearer": best, **sizes})
    return Right("What it gives commutes, and what it takes away is at right angles to everything that commutes.")


@topic.exercise(
    wants="a 4 x 4 matrix",
    hint="Take one that commutes, and add one of the same size that the projection takes to zero.",
)
def half(answer: object) -> Right | Wrong:
    """A matrix W that is half symmetric under turns of a ring of four: ‖P W‖² is half of ‖W‖², with P W the nearest circulant matrix."""
    w = matrix(answer, 4, 4)
    if not w.any():
        return Wrong("W is zero", {"W": w})
    projected = C(4).hom(1, 1).project(w)
    share = _share(C(4), w)
    if abs(share - 0.5) > 1e-5:
        return Wrong(f"the share is {share:.4g}", {"W": w, "P W": projected, "share": share})
    return Right("Half of its square is circulant, half is not; the two are at right angles.")


@topic.exercise(
    wants="a 4 x 4 matrix",
    hint="Mirrors exchange the weights to the left and to the right. What if one is minus the other?",
)
def one_way(answer: object) -> Right | Wrong:
    """A matrix that commutes with the turns C(4) exactly, and with the mirrors hardly: less than a quarter of it is symmetric under D(4)."""
    w = matrix(answer, 4, 4)
    if not w.any():
        return Wrong("W is zero", {"W": w})
    turn = torch.eye(4, dtype=torch.float64).roll(1, 0)
    if wrong := same("W does not commute with the turn g", ("W g", w @ turn), ("g W", turn @ w), g=turn):
        return wrong
    share = _share(D(4), w)
    if share >= 0.25:
        return Wrong(
            f"a share of {share:.4g} is symmetric under D(4)",
            {"W": w, "P W": D(4).hom(1, 1).project(w), "share": share},
        )
    return Right(f"Turns leave it as it is, but of its square only {share:.3g} survives the mirrors.")


@topic.exercise(
    wants="a 3 x 3 matrix",
    hint="What commutes with O(3) is a multiple of the identity. Which number does the projection keep?",
)
def averaged(answer: object) -> Right | Wrong:
    """A matrix that does not commute with all rotations of space, although the nearest one that commutes with O(3) is twice the identity."""
    w = matrix(answer, 3, 3)
    projected, wanted = O(3).hom(1, 1).project(w), 2 * torch.eye(3, dtype=torch.float64)
    if wrong := same(
        "the nearest multiple of the identity is another one", ("P W", projected), ("wanted", wanted), W=w
    ):
        return wrong
    if not apart(w, wanted):
        return Wrong("W is twice the identity, and commutes with all rotations", {"W": w})
    return Right("The mean over all rotations keeps the trace, and nothing else.")


def _share(group: Group, w: Tensor) -> float:
    return float(group.hom(1, 1).project(w).square().sum() / w.square().sum())
