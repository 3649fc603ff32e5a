"""Networks as einsum expressions, and back."""

import string
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import TYPE_CHECKING

from workbench.network._errors import NetworkError

if TYPE_CHECKING:
    from workbench.network._network import Network


def tensor_names() -> Iterator[str]:
    """A, B, ..., Z, A1, B1, ...: the names given to tensors that come without one."""
    yield from string.ascii_uppercase
    for k in count(1):
        yield from (f"{letter}{k}" for letter in string.ascii_uppercase)


def letters() -> Iterator[str]:
    """The einsum symbols: a..z, A..Z, then every letter of Unicode from À on.

    >>> from itertools import islice
    >>> list(islice(letters(), 51, 54))
    ['Z', 'À', 'Á']
    """
    yield from string.ascii_letters
    yield from filter(str.isalpha, map(chr, range(0xC0, sys.maxunicode)))


def letters_only(net: "Network") -> bool:
    """Whether every index is a single ASCII letter, so that the expression can use the names themselves."""
    return all(len(index) == 1 and index in string.ascii_letters for index in net.sizes)


def symbols(net: "Network") -> dict[str, str]:
    """A symbol for every index: its own name where all are letters, else a, b, c, ... with the legs first."""
    if letters_only(net):
        return {index: index for index in net.sizes}
    return dict(zip([*net.legs, *net.summed], letters(), strict=False))


def expression(net: "Network") -> str:
    """The network as `"ir,rj->ij"`; the empty network and a lone scalar are both `"->"`."""
    of = symbols(net)
    operands = ",".join("".join(of[i] for i in indices) for indices in net.tensors.values())
    return operands + "->" + "".join(of[leg] for leg in net.legs)


def parse(
    text: str, sizes: Mapping[str, int] | Sequence[Sequence[int]] | None, more: Mapping[str, int]
) -> tuple[dict[str, tuple[str, ...]], dict[str, int], tuple[str, ...]]:
    """The tensors, sizes and legs of an einsum expression."""
    if not isinstance(text, str):
        raise NetworkError(f"an einsum expression is text such as 'ir,rj->ij', got {type(text).__name__}")
    plain = "".join(text.split())
    left, arrow, right = plain.partition("->")
    if "..." in plain:
        raise NetworkError(f"einsum {text!r} holds an ellipsis; a network names every index, write it out")
    for char in left.replace(",", "") + right:
        if not char.isalpha():
            raise NetworkError(f"einsum {text!r} holds {char!r}; indices are letters, operands are parted by commas")
    operands = left.split(",")
    legs = right if arrow else "".join(sorted(i for i, n in Counter(left.replace(",", "")).items() if n == 1))
    known = _sizes(text, operands, sizes, more)
    order = dict.fromkeys("".join(operands))
    missing = [index for index in order if index not in known]
    if missing:
        raise NetworkError(f"einsum {text!r}: index {missing[0]!r} has no size; give {missing[0]}=...")
    tensors = {name: tuple(operand) for name, operand in zip(tensor_names(), operands, strict=False)}
    return tensors, {index: known[index] for index in order} | known, tuple(legs)


def _sizes(
    text: str,
    operands: list[str],
    sizes: Mapping[str, int] | Sequence[Sequence[int]] | None,
    more: Mapping[str, int],
) -> dict[str, int]:
    if sizes is None or isinstance(sizes, Mapping):
        return {**(sizes or {}), **more}
    if len(sizes) != len(operands):
        raise NetworkError(f"einsum {text!r} has {len(operands)} operands, but {len(sizes)} shapes are given")
    known = dict(more)
    for operand, shape in zip(operands, sizes, strict=True):
        if len(operand) != len(shape):
            raise NetworkError(
                f"einsum {text!r}: operand {operand!r} has {len(operand)} indices, its shape {tuple(shape)} has {len(shape)}"
            )
        for index, size in zip(operand, shape, strict=True):
            if known.setdefault(index, size) != size:
                raise NetworkError(
                    f"einsum {text!r}: index {index!r} has size {known[index]} and {size}; make them equal"
                )
    return known
