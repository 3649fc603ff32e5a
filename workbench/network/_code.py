"""Readable, standalone Python for a network.

The program is a syntax tree: names and strings of the network enter it as identifiers that were checked and as constants,
never as text. Only then is it written out.
"""

import ast
import builtins
import keyword
import math
import string
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.network._einsum import symbols
from workbench.network._errors import NetworkError, did_you_mean
from workbench.network._naming import numbered
from workbench.network._plan import plan_for
from workbench.network._recognise import Form, recognise
from workbench.network._syntax import (
    WIDTH,
    Block,
    arguments,
    assign,
    call,
    filled,
    identifier,
    method,
    name_of,
    text_of,
    write,
)

if TYPE_CHECKING:
    from workbench.network._network import Network

TARGETS = ("torch", "numpy", "quimb", "tensorly")
SMALL = 10**7  # below this many entries or products nobody minds the order of a contraction

TENSORLY_CLASSES = {
    "cp": ("tensorly.cp_tensor", "CPTensor"),
    "tucker": ("tensorly.tucker_tensor", "TuckerTensor"),
    "tensor_train": ("tensorly.tt_tensor", "TTTensor"),
    "tensor_ring": ("tensorly.tr_tensor", "TRTensor"),
    "tensor_train_matrix": ("tensorly.tt_matrix", "TTMatrix"),
}

MAKERS = {
    "copy": """\
def copy_tensor(size, order):
    tensor = {lib}.zeros((size,) * order)
    tensor[({lib}.arange(size),) * order] = 1
    return tensor""",
    "levi_civita": """\
def levi_civita(n):
    tensor = {lib}.zeros((n,) * n)
    for image in permutations(range(n)):
        tensor[image] = (-1) ** sum(a > b for a, b in combinations(image, 2))
    return tensor""",
    "symplectic": """\
def symplectic(n):
    return {lib}.kron({lib}.{array}([[0.0, 1.0], [-1.0, 0.0]]), {lib}.eye(n // 2))""",
}

RESERVED = {
    *dir(builtins),
    *keyword.kwlist,
    *("torch", "np", "qtn", "tl", "rng", "tn", "contract", "value"),
    *("copy_tensor", "levi_civita", "symplectic", "combinations", "permutations"),
    *(name for _, name in TENSORLY_CLASSES.values()),
}


@dataclass(frozen=True)
class Names:
    """The identifiers of a program: of its tensors, of its sizes, and of whatever else it needs."""

    tensors: dict[str, str]
    sizes: dict[str, str]

    @classmethod
    def of(cls, net: "Network") -> "Names":
        taken = set(RESERVED)
        return cls(
            {name: identifier(name, "T", taken) for name in net.tensors},
            {index: identifier(index, "n", taken) for index in net.sizes},
        )

    def fresh(self, stem: str) -> str:
        return numbered(stem, {*RESERVED, *self.tensors.values(), *self.sizes.values()})


def to_code(net: "Network", target: str) -> str:
    """See `Network.to_code`."""
    if target not in TARGETS:
        raise NetworkError(f"no code target {target!r}{did_you_mean(target, TARGETS)}")
    names = Names.of(net)
    form = recognise(net) if target == "tensorly" else None
    contraction = ast.FunctionDef(
        name="contract",
        args=arguments(names.tensors.values()),
        body=_BODIES[target](net, names),
        decorator_list=[],
    )
    value = assign("value", call("contract", *map(name_of, names.tensors.values())))
    blocks: list[Block] = [
        *_imports(net, target, form),
        *_makers(net, target),
        *_sizes(net, names),
        *_tensors(net, names, target),
        [contraction],
        [value],
    ]
    return write(blocks)


# ---- the parts of the program ---------------------------------------------------------------------------------------


def _imports(net: "Network", target: str, form: Form | None) -> list[Block]:
    lines = {
        "torch": ["import torch"],
        "numpy": ["import numpy as np"],
        "quimb": ["import numpy as np", "import quimb.tensor as qtn"] if net.tensors else ["import numpy as np"],
        "tensorly": ["import numpy as np", "import tensorly as tl"] if _kinds_made(net) else ["import tensorly as tl"],
    }[target]
    if form is not None:
        lines.append("from {} import {}".format(*TENSORLY_CLASSES[form.family]))
    standard: Block = ["from itertools import combinations, permutations"]
    return [standard, [*lines]] if "levi_civita" in net.fixed.values() else [[*lines]]


def _kinds_made(net: "Network") -> list[str]:
    """The kinds of fixed tensors whose makers the program defines."""
    of = dict.fromkeys(net.fixed.values())
    plain = all(len(net.tensors[name]) == 2 for name, kind in net.fixed.items() if kind == "copy")
    return [kind for kind in MAKERS if kind in of and not (kind == "copy" and plain)]


def _makers(net: "Network", target: str) -> list[Block]:
    lib, array = ("torch", "tensor") if target == "torch" else ("np", "array")
    return [[MAKERS[kind].format(lib=lib, array=array)] for kind in _kinds_made(net)]


def _sizes(net: "Network", names: Names) -> list[Block]:
    if not net.sizes:
        return []
    lines: Block = ["# sizes"]
    for indices in (net.legs, net.summed):
        for batch in (indices[at : at + 8] for at in range(0, len(indices), 8)):
            targets: list[ast.expr] = [name_of(names.sizes[index]) for index in batch]
            sizes: list[ast.expr] = [ast.Constant(net.sizes[index]) for index in batch]
            together = ast.Assign([ast.Tuple(targets)], ast.Tuple(sizes))
            if len(batch) > 1 and len(text_of(together)) <= WIDTH:
                lines.append(together)
            else:
                lines += [ast.Assign([name], size) for name, size in zip(targets, sizes, strict=True)]
    return [lines]


def _tensors(net: "Network", names: Names, target: str) -> list[Block]:
    def made(of: Iterable[str]) -> Block:
        return [assign(names.tensors[name], _numbers(net, names, name, target)) for name in of]

    data = [name for name, kind in net.fixed.items() if kind == "data"]
    fixed = [name for name in net.fixed if name not in data]
    seed = {
        "torch": call("torch.manual_seed", 0),
        "numpy": call("np.random.default_rng", 0),
        "quimb": call("np.random.default_rng", 0),
        "tensorly": call("tl.check_random_state", 0),
    }[target]
    blocks: list[Block] = []
    if net.free or data:
        blocks.append([ast.Expr(seed) if target == "torch" else assign("rng", seed)])
    if net.free:
        blocks.append(["# random cores: put yours here", *made(net.free)])
    if data:
        blocks.append(["# data: put yours here", *made(data)])
    if fixed:
        blocks.append(["# fixed tensors", *made(fixed)])
    return blocks


def _numbers(net: "Network", names: Names, tensor: str, target: str) -> ast.expr:
    kind = net.fixed.get(tensor)
    sizes = [name_of(names.sizes[index]) for index in net.tensors[tensor]]
    lib = {"torch": "torch", "tensorly": "tl"}.get(target, "np")
    if kind is None or kind == "data":
        if target == "torch":
            return call("torch.randn", *sizes) if sizes else call("torch.randn", ())
        drawn = call("rng.standard_normal", tuple(sizes))
        return call("tl.tensor", drawn) if target == "tensorly" else drawn
    if kind == "ones":
        return call(f"{lib}.ones", tuple(sizes))
    if kind == "copy" and len(sizes) == 2:
        return call(f"{lib}.eye", sizes[0])
    if kind == "copy":
        made = call("copy_tensor", sizes[0] if sizes else 1, len(sizes))
    elif kind == "levi_civita":
        made = call("levi_civita", len(sizes))
    else:
        made = call("symplectic", sizes[0])
    return call("tl.tensor", made) if target == "tensorly" else made


# ---- the contraction ------------------------------------------------------------------------------------------------


def _torch(net: "Network", names: Names) -> list[ast.stmt]:
    if not net.tensors:
        return [ast.Return(call("torch.ones", ()))]
    if len(net.sizes) > len(string.ascii_letters) or _peak_in_order(net) > max(SMALL, 4 * net.cost().peak):
        return _pairwise(net, names, "torch.einsum")
    return _einsum(net, names, "torch.einsum")


def _numpy(net: "Network", names: Names) -> list[ast.stmt]:
    if not net.tensors:
        return [ast.Return(call("np.ones", ()))]
    if len(net.sizes) > len(string.ascii_letters):
        return _pairwise(net, names, "np.einsum")
    # without a path numpy sums over all indices at once, and its own paths stop where an intermediate outgrows the result
    path = {"optimize": ["einsum_path", *net.cost().path]} if len(net.tensors) > 2 else {}
    return _einsum(net, names, "np.einsum", **path)


def _quimb(net: "Network", names: Names) -> list[ast.stmt]:
    if not net.tensors:
        return [ast.Return(call("np.ones", ()))]
    tensors = [
        call("qtn.Tensor", name_of(names.tensors[name]), inds=indices, tags=name)
        for name, indices in net.tensors.items()
    ]
    value: ast.expr = call("tn.contract", output_inds=net.legs)
    return [
        assign("tn", call("qtn.TensorNetwork", tensors)),
        ast.Return(ast.Attribute(value, "data") if net.legs else value),
    ]


def _tensorly(net: "Network", names: Names) -> list[ast.stmt]:
    if not net.tensors:
        return [ast.Return(call("tl.ones", ()))]
    form = recognise(net)
    if form is not None:
        _, cls = TENSORLY_CLASSES[form.family]
        cores = [_arranged(net, names, name, axes) for name, axes in form.cores]
        parts = {"cp": (None, cores), "tucker": (cores[0], cores[1:])}.get(form.family, cores)
        return [ast.Return(method(call(cls, parts), "to_tensor"))]
    at_once = math.prod(net.sizes.values()) <= max(SMALL, 4 * net.cost().flops)
    if len(net.sizes) > len(string.ascii_letters) or (len(net.tensors) > 2 and not at_once):
        return _pairwise(net, names, "tl.einsum")
    return _einsum(net, names, "tl.einsum")


_BODIES: dict[str, Callable[["Network", Names], list[ast.stmt]]] = {
    "torch": _torch,
    "numpy": _numpy,
    "quimb": _quimb,
    "tensorly": _tensorly,
}


def _einsum(net: "Network", names: Names, function: str, **keywords: Any) -> list[ast.stmt]:
    """One einsum; where its letters are not the indices' names, the docstring says what they are."""
    operands = map(name_of, names.tensors.values())
    body: list[ast.stmt] = [ast.Return(call(function, net.einsum, *operands, **keywords))]
    meaning = [f"{letter} = {index}" for index, letter in symbols(net).items() if letter != index]
    if meaning:
        body.insert(0, ast.Expr(ast.Constant("\n    ".join(filled(meaning, WIDTH - 10)))))
    return body


def _pairwise(net: "Network", names: Names, function: str) -> list[ast.stmt]:
    """One einsum for every pair of the plan: for more indices than there are letters."""
    plan = plan_for(net.tensors.values(), net.legs, net.sizes)
    live = [(name_of(names.tensors[name]), term) for name, term in zip(net.tensors, plan.terms, strict=True)]
    if not plan.pairs:
        return [ast.Return(_step(function, live, plan.output))]
    body: list[ast.stmt] = []
    for at, pair in enumerate(plan.pairs, start=1):
        right, left = live.pop(pair.right), live.pop(pair.left)
        if at == len(plan.pairs):
            body.append(ast.Return(_step(function, [left, right], plan.output)))
        else:
            made = names.fresh(f"x{at}")
            body.append(assign(made, _step(function, [left, right], pair.out)))
            live.append((name_of(made), pair.out))
    return body


def _step(function: str, operands: Sequence[tuple[ast.Name, Sequence[int]]], output: Sequence[int]) -> ast.expr:
    indices = dict.fromkeys(index for _, term in operands for index in term)
    if len(indices) > len(string.ascii_letters):
        raise NetworkError(
            f"one step of this contraction has {len(indices)} indices; einsum in the code's libraries has "
            f"{len(string.ascii_letters)} letters. Merge indices, or use Network.contract, which has no such limit"
        )
    letter = dict(zip(indices, string.ascii_letters, strict=False))
    left = ",".join("".join(letter[i] for i in term) for _, term in operands)
    return call(function, left + "->" + "".join(letter[i] for i in output), *(name for name, _ in operands))


def _peak_in_order(net: "Network") -> int:
    """The largest intermediate when the tensors are contracted one after the other, as `torch.einsum` does by itself."""
    remaining = [set(indices) for indices in net.tensors.values()]
    held: set[str] = set()
    peak = 1
    while remaining:
        held |= remaining.pop(0)
        held &= set(net.legs).union(*remaining)
        peak = max(peak, math.prod(net.sizes[index] for index in held))
    return peak


def _arranged(net: "Network", names: Names, tensor: str, axes: Sequence[str | None]) -> ast.expr:
    """A tensor with its axes in the order `axes`, new ones of size 1 where those are `None`."""
    core: ast.expr = name_of(names.tensors[tensor])
    order = tuple(net.tensors[tensor].index(index) for index in axes if index is not None)
    if order != tuple(sorted(order)):
        core = call("tl.transpose", core, order)
    if None not in axes:
        return core
    where: list[ast.expr] = [ast.Constant(None) if index is None else ast.Slice() for index in axes]
    if axes[-1] is None and axes[0] is not None:
        where = [ast.Constant(...), ast.Constant(None)]
    elif axes[-1] is not None:
        where = where[:1]
    return ast.Subscript(core, where[0] if len(where) == 1 else ast.Tuple(where))
