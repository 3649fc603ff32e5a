"""Groups of permutations of the coordinates, with or without signs: S(n), A(n), B(n)."""

__all__ = ["A", "B", "S"]

import torch

from workbench.symmetry import _families as families
from workbench.symmetry._groups import DiagramGroup, permutation_matrix, whole


class S(DiagramGroup):
    """The symmetric group: all permutations of n coordinates.

    Examples
    --------
    >>> S(4).sample(seed=1).int().tolist()
    [[0, 0, 0, 1], [1, 0, 0, 0], [0, 0, 1, 0], [0, 1, 0, 0]]
    """

    family = families.SYMMETRIC
    _coordinates = "permuted"

    def __init__(self, n: int) -> None:
        self.n = whole(n, 1, "S(n)")

    def _element(self, generator: torch.Generator) -> torch.Tensor:
        return permutation_matrix(torch.randperm(self.n, generator=generator).tolist())

    @property
    def generators(self) -> tuple[torch.Tensor, ...]:
        """A swap and a cycle."""
        n = self.n
        if n == 1:
            return ()
        return permutation_matrix([1, 0, *range(2, n)]), permutation_matrix([*range(1, n), 0])


class A(DiagramGroup):
    """The alternating group: the even permutations of n coordinates, n at least 2."""

    family = families.ALTERNATING
    _coordinates = "permuted"

    def __init__(self, n: int) -> None:
        self.n = whole(n, 2, "A(n)")

    def _element(self, generator: torch.Generator) -> torch.Tensor:
        made = permutation_matrix(torch.randperm(self.n, generator=generator).tolist())
        return made if torch.linalg.det(made) > 0 else made[[1, 0, *range(2, self.n)]]

    @property
    def generators(self) -> tuple[torch.Tensor, ...]:
        """The cycles (1 2 k)."""
        made = []
        for k in range(2, self.n):
            images = list(range(self.n))
            images[0], images[1], images[k] = 1, k, 0
            made.append(permutation_matrix(images))
        return tuple(made)


class B(DiagramGroup):
    """The hyperoctahedral group: permutations of n coordinates with any signs, the symmetries of a cube."""

    family = families.SIGNED
    _coordinates = "signed"

    def __init__(self, n: int) -> None:
        self.n = whole(n, 1, "B(n)")

    def _element(self, generator: torch.Generator) -> torch.Tensor:
        signs = torch.randint(2, (self.n,), generator=generator, dtype=torch.float64) * 2 - 1
        return signs[:, None] * S(self.n)._element(generator)

    @property
    def generators(self) -> tuple[torch.Tensor, ...]:
        """A swap, a cycle and one sign."""
        sign = torch.eye(self.n, dtype=torch.float64)
        sign[0, 0] = -1
        return (*S(self.n).generators, sign)
