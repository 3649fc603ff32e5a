"""Exercises of *Composition: the category behind it*."""

__all__ = ["topic"]

import torch

from workbench.lessons._answers import combination, items
from workbench.lessons._exercise import Topic
from workbench.lessons._findings import AnswerError, Right, Wrong
from workbench.symmetry import Combination, Hom, O, S, Sp

topic = Topic("composition", "Composition: the category behind it", "12_composition")


@topic.exercise(
    wants="two diagrams of S(3).hom(2, 2)",
    hint="Every piece of the middle row that reaches neither the top nor the bottom is a factor of 3.",
)
def loops(answer: object) -> Right | Wrong:
    """Two diagrams of S(3).hom(2, 2) whose composition is 9 times a diagram."""
    d, e = _two(answer, S(3).hom(2, 2), S(3).hom(2, 2))
    for each in (d, e):
        if len(each.terms) != 1 or 1 not in each.terms.values():
            raise AnswerError(f"two diagrams are asked for, and {each} is a combination")
    product = d @ e
    if list(product.terms.values()) != [9]:
        return Wrong("their composition has another factor than 9", {"d": d, "e": e, "d @ e": product})
    return Right("Two pieces of the middle row are left over, a factor of 3 each.")


@topic.exercise(
    wants="a combination of diagrams of O(3).hom(2, 2)",
    hint="Try a multiple of one diagram, or half the sum of two.",
)
def idempotent(answer: object) -> Right | Wrong:
    """A combination p of the diagrams of O(3).hom(2, 2) with p @ p = p; not zero, and not the identity."""
    hom = O(3).hom(2, 2)
    p = combination(answer, hom)
    square, identity = hom.matrix(p @ p).to_dense(), torch.eye(9, dtype=torch.float64)
    made = hom.matrix(p).to_dense()
    if float((square - made).abs().max()) > 1e-9:
        return Wrong("p @ p is not p", {"p": p, "p @ p": p @ p})
    if not p.terms or torch.equal(made, identity):
        return Wrong(f"p is {'the identity' if p.terms else 'zero'}", {"p": p})
    return Right("It is a projection: 3 × 3 matrices fall into two parts that O(3) does not mix.")


@topic.exercise(
    wants="two combinations: of diagrams of Sp(4).hom(0, 2) and of Sp(4).hom(2, 0)",
    hint="Draw both sides. For O(n) the obvious pair would do; here two forms meet on the way, and J J = -1.",
)
def snake(answer: object) -> Right | Wrong:
    """For Sp(4), a cup (0 → 2) and a cap (2 → 0) with which a bent string can be pulled straight.

    That is, (cap | 1) @ (1 | cup) = 1 = (1 | cap) @ (cup | 1).
    """
    cup, cap = _two(answer, Sp(4).hom(0, 2), Sp(4).hom(2, 0))
    one = Combination({Sp(4).hom(1, 1).diagrams[0]: 1})
    sides = {"(cap | 1) @ (1 | cup)": (cap | one) @ (one | cup), "(1 | cap) @ (cup | 1)": (one | cap) @ (cup | one)}
    for name, side in sides.items():
        if not _equal(side, one):
            return Wrong("the string is not straight", {"cup": cup, "cap": cap, name: side})
    return Right("Pulled straight, on both sides.")


@topic.exercise(
    wants="two combinations: of diagrams of S(3).hom(1, 2) and of S(3).hom(2, 1)",
    hint="Cut the diagram between its rows. How many strings does the knife meet?",
)
def narrow(answer: object) -> Right | Wrong:
    """The diagram (1 2 1' 2') of S(3).hom(2, 2) keeps the diagonal of a matrix. Write it as f @ g with g: V² → V and
    f: V → V²: it is enough to remember one vector.
    """
    f, g = _two(answer, S(3).hom(1, 2), S(3).hom(2, 1))
    wanted = Combination({S(3).hom(2, 2).diagrams[0]: 1})
    if not _equal(f @ g, wanted):
        return Wrong("f @ g is another map", {"f": f, "g": g, "f @ g": f @ g})
    return Right("Three numbers pass where there were nine: so a layer of S(n) is computed.")


def _two(answer: object, first: Hom, second: Hom) -> tuple[Combination, Combination]:
    given = items(answer)
    if len(given) != 2:
        raise AnswerError(f"two of them are asked for, not {len(given)}")
    return combination(given[0], first), combination(given[1], second)


def _equal(a: Combination, b: Combination) -> bool:
    return all(abs(complex(value)) < 1e-9 for value in (a - b).terms.values())
