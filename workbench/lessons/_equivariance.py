"""Exercises of *What is equivariance?*"""

__all__ = ["topic"]

from itertools import permutations, product

import torch

from workbench.lessons._answers import function, items, tensor
from workbench.lessons._exercise import Topic
from workbench.lessons._findings import AnswerError, Right, Tensor, Wrong, apart, arguments, commutes, inputs
from workbench.symmetry import SO, O, S

topic = Topic("equivariance", "What is equivariance?", "07_what_is_equivariance")


@topic.exercise(
    wants="a function of a tensor of shape (4,) with values of shape (4,)",
    hint="What can an output know about the other inputs without knowing their order?",
)
def talking(answer: object) -> Right | Wrong:
    """A function of four numbers that commutes with all 24 permutations, and in which every output depends on every input.

    Only where the numbers stand may change when they are permuted. Applying the same formula to each number by itself does that,
    but then they never meet.
    """
    f = function(answer, [(4,)], (4,))
    everything = [torch.eye(4, dtype=torch.float64)[list(images)].T for images in permutations(range(4))]
    simple = sorted(everything, key=lambda g: -float(g.trace()))
    if found := commutes(f, S(4), 1, 1, among=simple[1:]):
        return found
    for i, j in product(range(4), repeat=2):
        pairs = [(x, x + step * torch.eye(4, dtype=torch.float64)[j]) for x in inputs((4,)) for step in (1, 10, -10)]
        if not any(apart(f(x)[i], f(y)[i]) for x, y in pairs):
            x, y = pairs[0]
            words = f"output {i + 1} stays what it is when input {j + 1} changes, here and wherever it was tried"
            return Wrong(words, {"x": x, "f(x)": f(x), "y": y, "f(y)": f(y)})
    return Right("It commutes with all 24 permutations, and every output depends on every input.")


@topic.exercise(
    wants="a function of three tensors of shape (3,) whose value is one number",
    hint="Lengths and angles are the same in a mirror. What do a left and a right hand differ in?",
)
def handed(answer: object) -> Right | Wrong:
    """A function of three vectors in space that no rotation changes, but a mirror does."""
    f = function(answer, [(3,)] * 3, ())
    if found := commutes(f, SO(3), (1, 1, 1), 0):
        return found
    mirror = O(3).generators[0]
    tried = [*arguments([(3,)] * 3), tuple(torch.eye(3, dtype=torch.float64))]
    for u, v, w in tried:
        if apart(f(mirror @ u, mirror @ v, mirror @ w), f(u, v, w)):
            return Right("Rotations leave it alone, and a mirror changes it.")
    u, v, w = max(tried, key=lambda xs: abs(float(f(*xs))))
    moved = f(mirror @ u, mirror @ v, mirror @ w)
    words = "a mirror g leaves it alone as well, here and wherever it was tried"
    return Wrong(words, {"g": mirror, "u": u, "v": v, "w": w, "f(g u, g v, g w)": moved, "f(u, v, w)": f(u, v, w)})


@topic.exercise(
    wants="a list of four 2 x 2 matrices",
    hint="Whatever two of them do one after the other, one of them must do alone.",
)
def closed(answer: object) -> Right | Wrong:
    """Four different 2 × 2 matrices that form a group."""
    given = items(answer)
    if len(given) != 4:
        raise AnswerError(f"this is a list of {len(given)}; four matrices are asked for")
    group = [tensor(each, (2, 2), what=f"matrix {at + 1}") for at, each in enumerate(given)]
    for a, b in product(range(4), repeat=2):
        if a < b and not apart(group[a], group[b]):
            return Wrong(f"matrices {a + 1} and {b + 1} are the same", {f"matrix {a + 1}": group[a]})
    for g in group:
        if abs(float(torch.linalg.det(g))) < 1e-9:
            return Wrong("one of them has no inverse", {"matrix": g, "determinant": float(torch.linalg.det(g))})
    for g, h in product(group, repeat=2):
        if all(apart(g @ h, each) for each in group):
            return Wrong("the product of two of them is not among them", {"a": g, "b": h, "a b": g @ h})
    return Right("All products are among them, and so are the identity and all inverses.")


@topic.exercise(
    wants="a function that takes a function of a tensor of shape (3,) and returns another one",
    hint="Permute, apply f, permute back. Then make it forget which permutation it was.",
)
def symmetrised(answer: object) -> Right | Wrong:
    """A machine that makes any function of three numbers to three numbers commute with the permutations.

    Given f it returns a function that commutes with all six permutations; and it leaves f as it is when f already does.
    (It is tried on numbers that all differ.)
    """
    if not callable(answer):
        raise AnswerError("this is not a function of a function")
    points = [torch.tensor(each, dtype=torch.float64) for each in ([1, 2, 3], [0, -2, 5], [4, 1, -1], [7, 3, 2])]
    among = [torch.eye(3, dtype=torch.float64)[list(images)].T for images in permutations(range(3))][1:]
    tried = [(x,) for x in points]
    for name, f in _ANY.items():
        made = function(answer(f), [(3,)], (3,), f"what it makes of {name}")
        if found := commutes(made, S(3), 1, 1, among=sorted(among, key=lambda g: -float(g.trace())), given=tried):
            return Wrong(f"it was given h(x) = {name}; of what it returned, {found.words}", found.counterexample)
    for name, f in _SOUND.items():
        made = function(answer(f), [(3,)], (3,), f"what it makes of {name}")
        for x in points:
            if apart(made(x), f(x)):
                words = f"h(x) = {name} commutes already, but what it returned is another function f"
                return Wrong(words, {"x": x, "f(x)": made(x), "h(x)": f(x)})
    return Right("What it returns commutes with all six permutations, and what did already stays as it is.")


_WEIGHTS = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64)


def _mixed(x: Tensor) -> Tensor:
    return torch.stack([x[0] * x[1], x[2] ** 2, x[0] - x[1]])


_ANY = {"(x1, 2 x2, 3 x3)": lambda x: _WEIGHTS * x, "(x1, x1 + x2, x1 + x2 + x3)": lambda x: x.cumsum(0), "(x1 x2, x3², x1 - x2)": _mixed}  # fmt: skip
_SOUND = {"2 x": lambda x: 2 * x, "x - mean(x)": lambda x: x - x.mean(), "x² + sum(x)": lambda x: x**2 + x.sum()}
