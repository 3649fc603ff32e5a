"""How many: exact dimensions and numbers of diagrams, by integer arithmetic.

Dimensions of invariants of the classical groups are numbers of standard Young tableaux (Schur-Weyl duality; Weyl, *The
Classical Groups*, 1939), which the hook length formula counts (Frame, Robinson and Thrall, 1954).
"""

__all__ = ["double_factorial", "even_partitions", "set_partitions_of", "stirling", "tableaux"]

import math
from collections.abc import Callable, Iterator
from functools import cache


@cache
def stirling(size: int, blocks: int) -> int:
    """Set partitions of `size` elements into exactly `blocks` blocks: Stirling numbers of the second kind.

    >>> [stirling(4, blocks) for blocks in range(5)]
    [0, 1, 7, 6, 1]
    """
    if size == 0 or blocks == 0:
        return int(size == blocks)
    return 0 if blocks > size else blocks * stirling(size - 1, blocks) + stirling(size - 1, blocks - 1)


def set_partitions_of(size: int, most: int) -> int:
    """Set partitions of `size` elements into at most `most` blocks: restricted Bell numbers.

    >>> [set_partitions_of(5, most) for most in range(1, 6)]
    [1, 16, 41, 51, 52]
    """
    return sum(stirling(size, blocks) for blocks in range(min(size, most) + 1))


@cache
def even_partitions(size: int, most: int) -> int:
    """Set partitions into at most `most` blocks, all of even size.

    >>> [even_partitions(size, 9) for size in (0, 2, 4, 6, 8)]
    [1, 1, 4, 31, 379]
    """
    if size == 0:
        return 1
    if most == 0:
        return 0
    return sum(
        math.comb(size - 1, block - 1) * even_partitions(size - block, most - 1) for block in range(2, size + 1, 2)
    )


def double_factorial(number: int) -> int:
    """The product n (n − 2) ··· 1, and 1 for −1: perfect matchings of `number` + 1 vertices.

    >>> [double_factorial(number) for number in (-1, 1, 3, 5, 7)]
    [1, 1, 3, 15, 105]
    """
    return math.prod(range(number, 0, -2))


def tableaux(size: int, rows: int, fits: Callable[[tuple[int, ...]], bool], *, squared: bool = False) -> int:
    """Standard Young tableaux of `size` boxes in at most `rows` rows whose shape fits; with `squared`, pairs of the same shape.

    >>> tableaux(4, 2, lambda shape: all(row % 2 == 0 for row in shape))  # (4) and (2, 2)
    3
    """
    return sum(_of_shape(shape) ** (2 if squared else 1) for shape in _shapes(size, rows, size) if fits(shape))


def _shapes(size: int, rows: int, longest: int) -> Iterator[tuple[int, ...]]:
    if size == 0:
        yield ()
    elif rows:
        for first in range(min(size, longest), 0, -1):
            for rest in _shapes(size - first, rows - 1, first):
                yield (first, *rest)


def _of_shape(shape: tuple[int, ...]) -> int:
    columns = [sum(row > column for row in shape) for column in range(shape[0] if shape else 0)]
    hooks = math.prod(
        (length - column) + (columns[column] - row) - 1 for row, length in enumerate(shape) for column in range(length)
    )
    return math.factorial(sum(shape)) // hooks
