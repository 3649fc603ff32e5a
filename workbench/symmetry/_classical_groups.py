"""Groups that keep a form: O(n), SO(n), Sp(n), O(1, 3); and those that keep none or a Hermitian one, GL(n) and U(n)."""

__all__ = ["GL", "SO", "Lorentz", "O", "Sp", "U"]

import numpy as np
import torch

from workbench.symmetry import _families as families
from workbench.symmetry._errors import SymmetryError
from workbench.symmetry._groups import DiagramGroup, Duals, haar, skew, whole

RAPIDITY = 1.0
"""The largest rapidity of a random boost: cosh 1 = 1.54. Rounding grows like e^(2 · rapidity · order)."""
METRIC = np.array([1.0, -1.0, -1.0, -1.0])
"""Of space-time."""


class O(DiagramGroup):  # noqa: E742 - the field's name
    """The orthogonal group: rotations and reflections of R^n."""

    family = families.BRAUER
    _orthogonal = True

    def __init__(self, n: int) -> None:
        self.n = whole(n, 1, "O(n)")

    def _element(self, generator: torch.Generator) -> torch.Tensor:
        return haar(self.n, generator)

    @property
    def generators(self) -> tuple[torch.Tensor, ...]:
        """One reflection."""
        flip = torch.eye(self.n, dtype=torch.float64)
        flip[0, 0] = -1
        return (flip,)

    @property
    def lie_algebra(self) -> tuple[torch.Tensor, ...]:
        """The antisymmetric matrices."""
        return skew(self.n)


class SO(DiagramGroup):
    """The special orthogonal group: rotations of R^n."""

    family = families.SPECIAL
    _orthogonal = True

    def __init__(self, n: int) -> None:
        self.n = whole(n, 1, "SO(n)")

    def _element(self, generator: torch.Generator) -> torch.Tensor:
        made = haar(self.n, generator)
        if torch.linalg.det(made) < 0:
            made[:, 0] *= -1
        return made

    @property
    def lie_algebra(self) -> tuple[torch.Tensor, ...]:
        """The antisymmetric matrices."""
        return skew(self.n)


class Sp(DiagramGroup):
    """The symplectic group of even n: matrices that keep the form [[0, 1], [-1, 0]]; random ones are of bounded size."""

    family = families.SYMPLECTIC
    form_kind = "symplectic"

    def __init__(self, n: int) -> None:
        self.n = whole(n, 2, "Sp(n)")
        if n % 2:
            raise SymmetryError(f"Sp(n) acts on an even number of coordinates, pairs (q, p); n is {n}")
        half = n // 2
        self.form = (np.arange(n) + half) % n, np.repeat([1.0, -1.0], half)

    def _element(self, generator: torch.Generator) -> torch.Tensor:
        # K A K': unitary parts, uniform, around a diagonal squeeze, as every element is
        half = self.n // 2
        squeeze = torch.rand(half, generator=generator, dtype=torch.float64) * 2 - 1
        diagonal = torch.diag(torch.cat([squeeze.exp(), (-squeeze).exp()]))
        return self._unitary(generator) @ diagonal @ self._unitary(generator)

    def _unitary(self, generator: torch.Generator) -> torch.Tensor:
        unitary = haar(self.n // 2, generator, torch.complex128)
        return torch.cat([torch.cat([unitary.real, -unitary.imag], 1), torch.cat([unitary.imag, unitary.real], 1)])

    @property
    def lie_algebra(self) -> tuple[torch.Tensor, ...]:
        """[[A, B], [C, -A^T]] with B and C symmetric."""
        half, made = self.n // 2, []
        for a in range(half):
            for b in range(half):
                each = torch.zeros(self.n, self.n, dtype=torch.float64)
                each[a, b], each[half + b, half + a] = 1, -1
                made.append(each)
                if a <= b:
                    for upper in (True, False):
                        each = torch.zeros(self.n, self.n, dtype=torch.float64)
                        block = each[:half, half:] if upper else each[half:, :half]
                        block[a, b] = block[b, a] = 1
                        made.append(each)
        return tuple(made)


class Lorentz(DiagramGroup):
    """O(1, 3): boosts, rotations and reflections of space-time, coordinates (t, x, y, z), metric diag(1, -1, -1, -1).

    Random elements have all four components and a rapidity of at most 1: without a bound, rounding errors grow without bound.
    """

    family = families.BRAUER
    form_kind = "data"
    n = 4

    def __init__(self) -> None:
        self.form = np.arange(4), METRIC

    def __repr__(self) -> str:
        return "Lorentz()"

    def metric(self, power: Duals) -> torch.Tensor:
        """The product of the signs of all indices."""
        signs = torch.ones(())
        for _ in power:
            signs = signs[..., None] * torch.from_numpy(METRIC)
        return signs

    def _element(self, generator: torch.Generator) -> torch.Tensor:
        turns = [torch.eye(4, dtype=torch.float64) for _ in range(2)]
        for turn in turns:
            turn[1:, 1:] = haar(3, generator)
        rapidity = (torch.rand((), generator=generator, dtype=torch.float64) * 2 - 1) * RAPIDITY
        boost = torch.eye(4, dtype=torch.float64)
        boost[0, 0] = boost[1, 1] = rapidity.cosh()
        boost[0, 1] = boost[1, 0] = rapidity.sinh()
        boost[0] *= torch.randint(2, (), generator=generator) * 2 - 1
        return turns[0] @ boost @ turns[1]

    @property
    def generators(self) -> tuple[torch.Tensor, ...]:
        """The reversal of time and a reflection of space."""
        signs = torch.ones(2, 4, dtype=torch.float64)
        signs[0, 0] = signs[1, 1] = -1
        return tuple(torch.diag(each) for each in signs)

    @property
    def lie_algebra(self) -> tuple[torch.Tensor, ...]:
        """Three boosts and three rotations."""
        made = []
        for each in skew(4):
            if each[:, 0].any():
                each = each.abs()
            made.append(each)
        return tuple(made)


class GL(DiagramGroup):
    """The general linear group of R^n; random elements have singular values between 1/e and e. V* is another representation."""

    family = families.WALLED
    walled = True

    def __init__(self, n: int) -> None:
        self.n = whole(n, 1, "GL(n)")

    def _element(self, generator: torch.Generator) -> torch.Tensor:
        sizes = (torch.rand(self.n, generator=generator, dtype=torch.float64) * 2 - 1).exp()
        return haar(self.n, generator) * sizes @ haar(self.n, generator)

    @property
    def generators(self) -> tuple[torch.Tensor, ...]:
        """One reflection."""
        return O(self.n).generators

    @property
    def lie_algebra(self) -> tuple[torch.Tensor, ...]:
        """All matrices."""
        basis = torch.eye(self.n * self.n, dtype=torch.float64)
        return tuple(each.reshape(self.n, self.n) for each in basis)


class U(DiagramGroup):
    """The unitary group of C^n; the maps between its tensor powers are complex, and V* is another representation."""

    family = families.WALLED
    walled = True
    dtype = torch.complex128
    _orthogonal = True

    def __init__(self, n: int) -> None:
        self.n = whole(n, 1, "U(n)")

    def _element(self, generator: torch.Generator) -> torch.Tensor:
        return haar(self.n, generator, torch.complex128)

    @property
    def lie_algebra(self) -> tuple[torch.Tensor, ...]:
        """The antihermitian matrices."""
        made = [each.to(torch.complex128) for each in skew(self.n)]
        for a in range(self.n):
            for b in range(a + 1):
                each = torch.zeros(self.n, self.n, dtype=torch.complex128)
                each.imag[a, b] = each.imag[b, a] = 1
                made.append(each)
        return tuple(made)
