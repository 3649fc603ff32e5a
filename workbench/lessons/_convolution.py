"""Exercises of *Convolution falls out of the cyclic group*."""

__all__ = ["topic"]

import torch

from workbench.lessons._answers import function, kind, matrix, tensor
from workbench.lessons._exercise import Topic
from workbench.lessons._findings import AnswerError, Right, Wrong, apart, arguments, inputs, linear, same

topic = Topic("convolution", "Convolution falls out of the cyclic group", "08_convolution")


@topic.exercise(
    wants="a 5 x 5 matrix",
    hint="Write down the first row. What must the second one be?",
)
def circulant(answer: object) -> Right | Wrong:
    """A matrix that commutes with the shift of five numbers in a ring, and is not symmetric.

    The shift moves every number one place on, and the last one to the front.
    """
    found = matrix(answer, 5, 5)
    for x in inputs((5,)):
        once = found @ x.roll(1)
        if wrong := same("W S x is not S W x for the shift S", ("W S x", once), ("S W x", (found @ x).roll(1)), x=x):
            return wrong
    if not apart(found, found.T):
        return Wrong("W is symmetric: it cannot tell left from right", {"W": found, "its transpose": found.T})
    return Right(f"It is circulant: {_powers(found)}, for the shift S.")


def _powers(found: torch.Tensor) -> str:
    """A circulant matrix as a polynomial of the shift."""
    words = ""
    for power, value in enumerate(found[:, 0].tolist()):
        if abs(value) > 1e-9:
            size = "" if abs(value) == 1 and power else f"{abs(value):.3g} "
            sign = (" - " if words else "-") if value < 0 else (" + " if words else "")
            words += sign + (size + ("" if not power else "S" if power == 1 else f"S^{power}")).strip()
    return words


@topic.exercise(
    wants="a function of two tensors of shape (6,) with values of shape (6,)",
    hint="Each x_j is seen by output i through the weight at distance i - j, counted around the ring. Deep-learning libraries count j - i.",
)
def product(answer: object) -> Right | Wrong:
    """A product of two signals around a ring of six: linear in each factor, not zero, f(w, x) = f(x, w), and when x is shifted by one
    place, so is f(w, x).
    """
    f = function(answer, [(6,), (6,)], (6,))
    tried = arguments([(6,), (6,)])
    for w, x in tried:
        words = "when x is shifted, f(w, x) is not"
        if wrong := same(words, ("f(w, S x)", f(w, x.roll(1))), ("S f(w, x)", f(w, x).roll(1)), w=w, x=x):
            return wrong
    for w, x in tried:
        if wrong := same("the order matters", ("f(w, x)", f(w, x)), ("f(x, w)", f(x, w)), w=w, x=x):
            return wrong
    for fixed in list(inputs((6,)))[:7]:
        if wrong := linear(lambda x, w=fixed: f(w, x), (6,)):
            shown = {key.replace("f(", "f(w, "): value for key, value in wrong.counterexample.items()}
            return Wrong("f(w, x) is not linear in x", {"w": fixed, **shown})
    if not any(apart(f(w, x), torch.zeros(6)) for w, x in tried):
        w, x = tried[0]
        return Wrong("it is zero, here and wherever it was tried", {"w": w, "x": x, "f(w, x)": f(w, x)})
    return Right(
        "Linear in both, it does not mind the order, and it moves with its factors: a convolution around the ring."
    )


@topic.exercise(
    wants="a function of a tensor of shape (8,) with values of shape (4,)",
    hint="What does a network do between its blocks?",
)
def pooled(answer: object) -> Right | Wrong:
    """A map from eight places around a ring to four, for which a shift of the input by two places is a shift of the output by one,
    but a shift of the input by one place is no shift of the output at all.
    """
    f = function(answer, [(8,)], (4,))
    for x in inputs((8,)):
        words = "the input moves by two places, but the output not by one"
        if wrong := same(words, ("f(S S x)", f(x.roll(2))), ("S f(x)", f(x).roll(1)), x=x):
            return wrong
    for steps in range(4):
        if not any(apart(f(x.roll(1)), f(x).roll(steps)) for x in inputs((8,))):
            x = torch.arange(1, 9, dtype=torch.float64)
            words = (
                f"a shift of the input by one place is a shift of the output by {steps}, here and wherever it was tried"
            )
            return Wrong(words, {"x": x, "f(S x)": f(x.roll(1)), "f(x)": f(x)})
    return Right(
        "It commutes with the shifts by an even number of places, and with no others: half of the symmetry is lost."
    )


@topic.exercise(
    wants="a tensor of shape (6,), real or complex",
    hint="The shift is one of these matrices. Whose multiple can a vector be after it is shifted?",
)
def mode(answer: object) -> Right | Wrong:
    """A vector that is an eigenvector of every matrix that commutes with the shift of six numbers, and is not constant."""
    if isinstance(answer, torch.Tensor) and answer.is_complex():
        v = answer.detach().cpu().to(torch.complex128)
        if tuple(v.shape) != (6,) or not bool(torch.isfinite(v.abs()).all()):
            raise AnswerError(f"this is {kind(answer)}; six finite numbers are asked for")
    else:
        v = tensor(answer, (6,)).to(torch.complex128)
    if float(v.abs().max()) < 1e-9:
        return Wrong("zero is never an eigenvector", {"v": v})
    moved = v.roll(1)
    multiple = torch.vdot(v, moved) / torch.vdot(v, v)
    if apart(moved, multiple * v):
        shown = (v.real, moved.real) if not v.imag.any() else (v, moved)
        return Wrong(
            "the shift S commutes with the shift, but S v is no multiple of v", {"v": shown[0], "S v": shown[1]}
        )
    if not apart(v, v[0].expand(6)):
        return Wrong("it is constant", {"v": v.real if not v.imag.any() else v})
    return Right(
        "A wave that fits around the ring: shifting only changes its phase, and every circulant matrix only changes phase and size."
    )
