"""What may be a name, and how names from elsewhere are made unique."""

from collections.abc import Container
from itertools import count

LONGEST_NAME = 64


def is_name(value: object) -> bool:
    """Whether a tensor or an index may be called so: 1 to 64 printable characters without blanks at the ends."""
    return isinstance(value, str) and 0 < len(value) <= LONGEST_NAME and value.isprintable() and value == value.strip()


def numbered(stem: str, taken: Container[str]) -> str:
    """`stem` if it is free, else `stem_2`, `stem_3`, ..., cut so that it stays a name.

    >>> numbered("r", {"r", "r_2"})
    'r_3'
    """
    if stem not in taken:
        return stem
    stem = stem[: LONGEST_NAME - 8]
    return next(name for k in count(2) if (name := f"{stem}_{k}") not in taken)
