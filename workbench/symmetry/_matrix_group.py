"""`MatrixGroup`: any group that is given by generators, solved numerically."""

__all__ = ["MatrixGroup"]

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import torch

from workbench.symmetry._errors import SymmetryError
from workbench.symmetry._groups import Coordinates, Duals, Group
from workbench.symmetry._solved_hom import Solution, SolvedHom, invariant_tensors

ORTHOGONAL = 1e-10
"""How far from 1 the products gᵀg may be for V* to count as V."""
ROUNDED = 1e-5
"""How far the singular values of a generator in single precision may be from 1 for it to be taken as orthogonal and corrected."""
WORD = 20
"""A random element is a product of so many generators and exponentials."""


class MatrixGroup(Group):
    """The group that some matrices generate, together with the exponentials of a Lie algebra.

    The equivariant maps are the null space of what the generators and the algebra demand, in reduced row echelon form, which is
    unique: it does not depend on which generators are given. Eigenvalues count as 0 below 1e-9 of the largest (of squared
    constraints), and at most 4,096 entries are solved for.

    Parameters
    ----------
    generators
        Invertible matrices, (n, n) each, real or complex; lists, arrays or tensors. Tensors in single precision that are
        orthogonal up to rounding are replaced by the nearest orthogonal ones.
    lie_algebra
        Matrices A, (n, n) each: exp(t A) is in the group for every t.
    orthogonal
        Whether the matrices have to be orthogonal (unitary); an error says which is not.

    Attributes
    ----------
    walled : bool
        Whether V* is another representation than V: where a generator is not orthogonal, or complex.

    Raises
    ------
    SymmetryError
        When matrices are not square, of different sizes, singular or not finite; or not orthogonal where that is asked for.

    Examples
    --------
    >>> turn = torch.tensor([[0.0, -1.0], [1.0, 0.0]])
    >>> quarter = MatrixGroup([turn])
    >>> quarter.hom(1, 1)
    Hom of MatrixGroup(2; 1 generator), V -> V: 2 solutions, dimension 2
    >>> MatrixGroup([], [turn]).hom(2, 2).dimension  # SO(2)
    6
    """

    def __init__(
        self,
        generators: Sequence[Any] = (),
        lie_algebra: Sequence[Any] = (),
        *,
        orthogonal: bool = False,
    ) -> None:
        group = [_matrix(each, f"generators[{at}]") for at, each in enumerate(generators)]
        algebra = [_matrix(each, f"lie_algebra[{at}]") for at, each in enumerate(lie_algebra)]
        if not group and not algebra:
            raise SymmetryError("a MatrixGroup needs at least one generator or one element of its Lie algebra")
        sizes = {len(each) for each in (*group, *algebra)}
        if len(sizes) > 1:
            raise SymmetryError(f"the matrices of a group are all of one size; these have {sorted(sizes)} rows")
        for at, each in enumerate(group):
            if float(torch.linalg.cond(each)) > 1e12:
                raise SymmetryError(f"generators[{at}] is singular: an element of a group has an inverse")
        self.n = sizes.pop()
        self.dtype = torch.complex128 if any(each.is_complex() for each in (*group, *algebra)) else torch.float64
        self._generators = tuple(each.to(self.dtype) for each in group)
        self._lie_algebra = tuple(each.to(self.dtype) for each in algebra)
        bad = self._not_orthogonal()
        if orthogonal and bad:
            name, size = bad
            kind = "unitary" if self.dtype.is_complex else "orthogonal"
            raise SymmetryError(
                f"{name} is not {kind}: it misses that by {size:.2g}; correct it (torch.linalg.qr gives the nearest in kind), "
                f"or leave out orthogonal=True, which makes V* another representation than V"
            )
        self._orthogonal = bad is None
        self._coordinates = self._kept()
        self.walled = self.dtype.is_complex or bad is not None
        self._bytes = tuple(each.numpy().tobytes() for each in (*self._generators, *self._lie_algebra))

    def _kept(self) -> Coordinates:
        """Whether all elements permute the coordinates, up to signs."""
        rows = torch.cat([torch.zeros(0, self.n), *(each.abs() for each in self._generators)])
        monomial = bool(((rows - rows.round()).abs() < ORTHOGONAL).all() and ((rows > 0.5).sum(1) == 1).all())
        if any(bool(each.any()) for each in self._lie_algebra) or self.dtype.is_complex or not monomial:
            return "mixed"
        return "signed" if any(bool((each < -0.5).any()) for each in self._generators) else "permuted"

    def _not_orthogonal(self) -> tuple[str, float] | None:
        one = torch.eye(self.n, dtype=self.dtype)
        for at, each in enumerate(self._generators):
            if (size := float((each.mH @ each - one).abs().max())) > ORTHOGONAL:
                return f"generators[{at}]", size
        for at, each in enumerate(self._lie_algebra):
            if (size := float((each.mH + each).abs().max())) > ORTHOGONAL:
                return f"the exponential of lie_algebra[{at}]", size
        return None

    def __repr__(self) -> str:
        counts = ((len(self._generators), "generator"), (len(self._lie_algebra), "Lie algebra element"))
        words = [f"{count} {word}{'s' * (count != 1)}" for count, word in counts if count]
        return f"MatrixGroup({self.n}; {', '.join(words)})"

    def _key(self) -> tuple[Any, ...]:
        return type(self), self.n, self.dtype, len(self._generators), self._bytes

    def _element(self, generator: torch.Generator) -> torch.Tensor:
        """A word in the generators, their inverses and exponentials; not uniform."""
        made = torch.eye(self.n, dtype=self.dtype)
        if self._generators:
            chosen = torch.randint(len(self._generators), (WORD,), generator=generator).tolist()
            flipped = torch.randint(2, (WORD,), generator=generator).tolist()
            for at, inverse in zip(chosen, flipped, strict=True):
                each = self._generators[at]
                made = made @ (torch.linalg.inv(each) if inverse else each)
        if self._lie_algebra:
            weights = torch.randn(len(self._lie_algebra), generator=generator, dtype=torch.float64)
            total = sum((w * each for w, each in zip(weights, self._lie_algebra, strict=True)), torch.zeros_like(made))
            made = made @ torch.linalg.matrix_exp(total / max(1.0, float(torch.linalg.matrix_norm(total, 2)) / np.pi))
        return made

    @property
    def generators(self) -> tuple[torch.Tensor, ...]:
        """As they were given."""
        return self._generators

    @property
    def lie_algebra(self) -> tuple[torch.Tensor, ...]:
        """As it was given."""
        return self._lie_algebra

    def _between(self, source: Duals, target: Duals) -> SolvedHom:
        return SolvedHom(self, source, target, _solved(self, (*target, *self.flipped(source))), "solution")

    def _derivatives(self, element: torch.Tensor, power: Duals) -> list[torch.Tensor]:
        return [-element.T if dual else element for dual in power]


@lru_cache(maxsize=32)
def _solved(group: MatrixGroup, power: Duals) -> Solution:
    return invariant_tensors(
        [group._matrices(each, power) for each in group.generators],
        [group._derivatives(each, power) for each in group.lie_algebra],
        group.sizes(power),
    )


def _matrix(of: Any, name: str) -> torch.Tensor:
    given = of.detach().cpu() if isinstance(of, torch.Tensor) else torch.from_numpy(np.array(of))
    made = given.to(torch.complex128 if given.is_complex() else torch.float64)
    if made.ndim != 2 or made.shape[0] != made.shape[1] or not len(made):
        raise SymmetryError(f"{name} is not a square matrix: its shape is {tuple(made.shape)}")
    if not bool(made.isfinite().all()):
        raise SymmetryError(f"{name} has entries that are not finite")
    if given.dtype in (torch.float32, torch.complex64) and name.startswith("generators"):
        u, sizes, v = torch.linalg.svd(made)
        if float((sizes - 1).abs().max()) < ROUNDED:  # an orthogonal matrix, but for its rounding
            made = u @ v
    return made
