"""What hypothesis draws for the network floor: names, networks, legal edits."""

import string
from typing import Any

from hypothesis import strategies as st

from workbench.network import Network

ODD_NAMES = (
    "__import__('os').system('x')",
    '"]); boom',
    "'''",
    "\\",
    "\\n",
    "{i}",
    "%s",
    "a b",
    "# A",
    "0",
    "1e9",
    "None",
    "class",
    "lambda",
    "print",
    "torch",
    "np",
    "qtn",
    "tl",
    "value",
    "contract",
    "self",
    "__proto__",
    "->",
    ",",
    "é",
    "ﬁ",  # NFKC makes it "fi", as Python does with identifiers
    "fi",
    "K",  # the Kelvin sign, an identifier equal to K
    "K",
    "i٢",
    "数",
    "🙂",
    "x" * 64,
)


def names() -> st.SearchStrategy[str]:
    """Any name a network takes: letters as a person would choose, and the oddest that are legal."""
    printable = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=8)
    return st.sampled_from(string.ascii_letters) | st.sampled_from(ODD_NAMES) | printable.filter(str.isprintable)


def plain_names() -> st.SearchStrategy[str]:
    """Single letters."""
    return st.sampled_from(string.ascii_letters)


@st.composite
def networks(
    draw: st.DrawFn,
    max_tensors: int = 5,
    max_indices: int = 7,
    max_size: int = 3,
    *,
    max_order: int = 4,
    odd_names: bool = True,
    fixed: bool = True,
) -> Network:
    """A sound network, anything legal: hyperbonds, multi-bonds, traces, diagonals, open hyperbonds, scalars, disconnected
    parts, fixed tensors, the empty network. Indices and sizes are few enough for `numpy.einsum`.
    """
    naming = names() if odd_names else plain_names()
    pool = draw(st.lists(naming, min_size=1, max_size=max_indices, unique=True))
    called = draw(st.lists(naming, max_size=max_tensors, unique=True))
    tensors = {name: tuple(draw(st.lists(st.sampled_from(pool), max_size=max_order))) for name in called}
    used = list(dict.fromkeys(index for indices in tensors.values() for index in indices))
    sizes = {index: draw(st.sampled_from([2, 1, *range(2, max_size + 1)])) for index in used}
    legs = tuple(draw(st.permutations(used)))[: draw(st.integers(0, len(used)))]
    kinds = {}
    if fixed:
        for name, indices in tensors.items():
            kinds[name] = draw(st.sampled_from([None, None, *kinds_for(tuple(sizes[i] for i in indices))]))
    return Network(tensors, sizes, legs, {name: kind for name, kind in kinds.items() if kind is not None})


def kinds_for(shape: tuple[int, ...]) -> list[str]:
    """The kinds a fixed tensor of this shape can be of."""
    kinds = ["ones", "data"]
    if len(set(shape)) <= 1:
        kinds.append("copy")
    if all(size == len(shape) for size in shape):
        kinds.append("levi_civita")
    if len(shape) == 2 and shape[0] == shape[1] and shape[0] % 2 == 0:
        kinds.append("symplectic")
    return kinds


Edit = tuple[str, tuple[Any, ...], dict[str, Any]]


@st.composite
def edits(draw: st.DrawFn, net: Network, max_size: int = 3) -> Edit:
    """A legal edit of `net`: (method, args, kwargs), so that `getattr(net, method)(*args, **kwargs)` is sound."""
    size = st.integers(1, max_size)
    new_tensor = names().filter(lambda name: name not in net.tensors)
    new_index = names().filter(lambda name: name not in net.sizes)
    # copy, levi_civita and symplectic tie a tensor's shape; edits of axes and sizes leave these alone
    pliable = [name for name in net.tensors if net.fixed.get(name) in (None, "ones", "data")]
    tied = {index for name in net.tensors if name not in pliable for index in net.tensors[name]}
    summed = list(net.summed)
    equal = [(a, b) for a in net.legs for b in net.legs if a != b and net.sizes[a] == net.sizes[b]]
    detachable = [(t, i) for t in pliable for i in dict.fromkeys(net.tensors[t]) if len(net.holders(i)) > 1]
    resizable = [index for index in net.sizes if index not in tied]
    removable = [index for index in summed if index not in tied]

    def add() -> Edit:
        name = draw(new_tensor)
        indices = draw(st.lists(st.sampled_from(list(net.sizes)) | new_index if net.sizes else new_index, max_size=3))
        sizes = {index: draw(size) for index in dict.fromkeys(indices) if index not in net.sizes}
        fixed = draw(st.sampled_from([None, "ones", "data"]))
        return "add", (name, indices, fixed), {"sizes": sizes}

    def connect() -> Edit:
        ends = draw(st.lists(st.sampled_from(pliable), min_size=2, max_size=3))
        return "connect", tuple(ends), {"size": draw(size), "index": draw(new_index)}

    def rename(of: list[str], fresh: st.SearchStrategy[str]) -> dict[str, str]:
        if draw(st.booleans()):
            return dict(zip(of, draw(st.permutations(of)), strict=True))
        return {draw(st.sampled_from(of)): draw(fresh)}

    def split() -> Edit:
        name = draw(st.sampled_from(net.free))
        left = draw(st.lists(st.sampled_from(net.tensors[name]), unique=True)) if net.tensors[name] else []
        halves = draw(st.lists(new_tensor, min_size=2, max_size=2, unique=True))
        return "split", (name, left, draw(size), tuple(halves), draw(new_index)), {}

    def one(method: str, choices: Any) -> Any:
        return lambda: (method, _args(draw(st.sampled_from(list(choices)))), {})

    options = {
        "add": add,
        "transpose": lambda: ("transpose", tuple(draw(st.permutations(net.legs))), {}),
    }
    if net.tensors:
        options["remove"] = one("remove", net.tensors)
        options["rename"] = lambda: ("rename", (rename(list(net.tensors), new_tensor),), {})
    if pliable:
        options["connect"] = connect
    if net.sizes:
        options["relabel"] = lambda: ("relabel", (rename(list(net.sizes), new_index),), {})
        if pliable:
            options["attach"] = lambda: (
                "attach",
                (draw(st.sampled_from(pliable)), draw(st.sampled_from(list(net.sizes)))),
                {},
            )
    if summed:
        options |= {"cut": one("cut", summed), "open": one("open", summed)}
    if removable:
        options["disconnect"] = one("disconnect", removable)
    if net.legs:
        options["close"] = one("close", net.legs)
    if equal:
        options["join"] = one("join", equal)
    if detachable:
        options["detach"] = one("detach", detachable)
    if resizable:
        options["resize"] = lambda: ("resize", ({draw(st.sampled_from(resizable)): draw(size)},), {})
    if net.free:
        options["split"] = split
    if len(net.free) > 1:
        options["merge"] = one("merge", [(a, b) for a in net.free for b in net.free if a != b])
    return options[draw(st.sampled_from(sorted(options)))]()


def _args(choice: Any) -> tuple[Any, ...]:
    return choice if isinstance(choice, tuple) else (choice,)
