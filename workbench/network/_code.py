"""Readable, standalone Python for a network.

The program is a syntax tree: names and strings of the network enter it as identifiers that were checked and as constants,
never as text. Only then is it written out.
"""

import ast
import builtins
import keyword
import math
import re
import string
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from workbench.network._einsum import symbols
from workbench.network._errors import NetworkError, did_you_mean
from workbench.network._naming import numbered
from workbench.network._plan import plan_for
from workbench.network._recognise import Form, recognise

if TYPE_CHECKING:
    from workbench.network._network import Network

WIDTH = 88
SHORT = 20  # arguments up to this length share lines
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
            {name: _identifier(name, "T", taken) for name in net.tensors},
            {index: _identifier(index, "n", taken) for index in net.sizes},
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
        args=_arguments(names.tensors.values()),
        body=_BODIES[target](net, names),
        decorator_list=[],
    )
    value = _assign("value", _call("contract", *map(_name, names.tensors.values())))
    blocks: list[Block] = [
        *_imports(net, target, form),
        *_makers(net, target),
        *_sizes(net, names),
        *_tensors(net, names, target),
        [contraction],
        [value],
    ]
    return _write(blocks)


# ---- the parts of the program ---------------------------------------------------------------------------------------

Block = list[ast.stmt | str]  # statements; imports, comments and functions that are fixed text


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
            targets: list[ast.expr] = [_name(names.sizes[index]) for index in batch]
            sizes: list[ast.expr] = [ast.Constant(net.sizes[index]) for index in batch]
            together = ast.Assign([ast.Tuple(targets)], ast.Tuple(sizes))
            if len(batch) > 1 and len(_text(together)) <= WIDTH:
                lines.append(together)
            else:
                lines += [ast.Assign([name], size) for name, size in zip(targets, sizes, strict=True)]
    return [lines]


def _tensors(net: "Network", names: Names, target: str) -> list[Block]:
    def made(of: Iterable[str]) -> Block:
        return [_assign(names.tensors[name], _numbers(net, names, name, target)) for name in of]

    data = [name for name, kind in net.fixed.items() if kind == "data"]
    fixed = [name for name in net.fixed if name not in data]
    seed = {
        "torch": _call("torch.manual_seed", 0),
        "numpy": _call("np.random.default_rng", 0),
        "quimb": _call("np.random.default_rng", 0),
        "tensorly": _call("tl.check_random_state", 0),
    }[target]
    blocks: list[Block] = []
    if net.free or data:
        blocks.append([ast.Expr(seed) if target == "torch" else _assign("rng", seed)])
    if net.free:
        blocks.append(["# random cores: put yours here", *made(net.free)])
    if data:
        blocks.append(["# data: put yours here", *made(data)])
    if fixed:
        blocks.append(["# fixed tensors", *made(fixed)])
    return blocks


def _numbers(net: "Network", names: Names, tensor: str, target: str) -> ast.expr:
    kind = net.fixed.get(tensor)
    sizes = [_name(names.sizes[index]) for index in net.tensors[tensor]]
    lib = {"torch": "torch", "tensorly": "tl"}.get(target, "np")
    if kind is None or kind == "data":
        if target == "torch":
            return _call("torch.randn", *sizes) if sizes else _call("torch.randn", ())
        drawn = _call("rng.standard_normal", tuple(sizes))
        return _call("tl.tensor", drawn) if target == "tensorly" else drawn
    if kind == "ones":
        return _call(f"{lib}.ones", tuple(sizes))
    if kind == "copy" and len(sizes) == 2:
        return _call(f"{lib}.eye", sizes[0])
    if kind == "copy":
        made = _call("copy_tensor", sizes[0] if sizes else 1, len(sizes))
    elif kind == "levi_civita":
        made = _call("levi_civita", len(sizes))
    else:
        made = _call("symplectic", sizes[0])
    return _call("tl.tensor", made) if target == "tensorly" else made


# ---- the contraction ------------------------------------------------------------------------------------------------


def _torch(net: "Network", names: Names) -> list[ast.stmt]:
    if not net.tensors:
        return [ast.Return(_call("torch.ones", ()))]
    if len(net.sizes) > len(string.ascii_letters) or _peak_in_order(net) > max(SMALL, 4 * net.cost().peak):
        return _pairwise(net, names, "torch.einsum")
    return _einsum(net, names, "torch.einsum")


def _numpy(net: "Network", names: Names) -> list[ast.stmt]:
    if not net.tensors:
        return [ast.Return(_call("np.ones", ()))]
    if len(net.sizes) > len(string.ascii_letters):
        return _pairwise(net, names, "np.einsum")
    # without a path numpy sums over all indices at once, and its own paths stop where an intermediate outgrows the result
    path = {"optimize": ["einsum_path", *net.cost().path]} if len(net.tensors) > 2 else {}
    return _einsum(net, names, "np.einsum", **path)


def _quimb(net: "Network", names: Names) -> list[ast.stmt]:
    if not net.tensors:
        return [ast.Return(_call("np.ones", ()))]
    tensors = [
        _call("qtn.Tensor", _name(names.tensors[name]), inds=indices, tags=name)
        for name, indices in net.tensors.items()
    ]
    value: ast.expr = _call("tn.contract", output_inds=net.legs)
    return [
        _assign("tn", _call("qtn.TensorNetwork", tensors)),
        ast.Return(ast.Attribute(value, "data") if net.legs else value),
    ]


def _tensorly(net: "Network", names: Names) -> list[ast.stmt]:
    if not net.tensors:
        return [ast.Return(_call("tl.ones", ()))]
    form = recognise(net)
    if form is not None:
        _, cls = TENSORLY_CLASSES[form.family]
        cores = [_arranged(net, names, name, axes) for name, axes in form.cores]
        parts = {"cp": (None, cores), "tucker": (cores[0], cores[1:])}.get(form.family, cores)
        return [ast.Return(_method(_call(cls, parts), "to_tensor"))]
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
    operands = map(_name, names.tensors.values())
    body: list[ast.stmt] = [ast.Return(_call(function, net.einsum, *operands, **keywords))]
    meaning = [f"{letter} = {index}" for index, letter in symbols(net).items() if letter != index]
    if meaning:
        body.insert(0, ast.Expr(ast.Constant("\n    ".join(_filled(meaning, WIDTH - 10)))))
    return body


def _pairwise(net: "Network", names: Names, function: str) -> list[ast.stmt]:
    """One einsum for every pair of the plan: for more indices than there are letters."""
    plan = plan_for(net.tensors.values(), net.legs, net.sizes)
    live = [(_name(names.tensors[name]), term) for name, term in zip(net.tensors, plan.terms, strict=True)]
    if not plan.pairs:
        return [ast.Return(_step(function, live, plan.output))]
    body: list[ast.stmt] = []
    for at, pair in enumerate(plan.pairs, start=1):
        right, left = live.pop(pair.right), live.pop(pair.left)
        if at == len(plan.pairs):
            body.append(ast.Return(_step(function, [left, right], plan.output)))
        else:
            made = names.fresh(f"x{at}")
            body.append(_assign(made, _step(function, [left, right], pair.out)))
            live.append((_name(made), pair.out))
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
    return _call(function, left + "->" + "".join(letter[i] for i in output), *(name for name, _ in operands))


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
    core: ast.expr = _name(names.tensors[tensor])
    order = tuple(net.tensors[tensor].index(index) for index in axes if index is not None)
    if order != tuple(sorted(order)):
        core = _call("tl.transpose", core, order)
    if None not in axes:
        return core
    where: list[ast.expr] = [ast.Constant(None) if index is None else ast.Slice() for index in axes]
    if axes[-1] is None and axes[0] is not None:
        where = [ast.Constant(...), ast.Constant(None)]
    elif axes[-1] is not None:
        where = where[:1]
    return ast.Subscript(core, where[0] if len(where) == 1 else ast.Tuple(where))


# ---- syntax ---------------------------------------------------------------------------------------------------------


def _identifier(name: str, stem: str, taken: set[str]) -> str:
    """A Python identifier as close to `name` as can be, not in `taken`, and put there."""
    plain = unicodedata.normalize("NFKC", name)  # as Python reads identifiers
    if not plain.isidentifier() or plain.startswith("__"):
        plain = re.sub(r"\W+", "_", plain, flags=re.ASCII).strip("_")
    if not plain:
        plain = stem
    elif not plain.isidentifier() or plain in taken:
        plain = f"{stem}_{plain}"
    found = numbered(plain, taken)
    taken.add(found)
    return found


def _name(identifier: str) -> ast.Name:
    return ast.Name(identifier)


def _assign(name: str, value: ast.expr) -> ast.Assign:
    return ast.Assign([_name(name)], value)


def _call(function: str, *args: Any, **keywords: Any) -> ast.Call:
    """A call of a function named here in this file, with syntax or plain values as arguments."""
    return ast.Call(
        ast.parse(function, mode="eval").body,
        [_value(arg) for arg in args],
        [ast.keyword(name, _value(value)) for name, value in keywords.items()],
    )


def _method(of: ast.expr, name: str) -> ast.Call:
    return ast.Call(ast.Attribute(of, name), [], [])


def _value(value: Any) -> ast.expr:
    if isinstance(value, ast.expr):
        return value
    if isinstance(value, tuple):
        return ast.Tuple([_value(each) for each in value])
    if isinstance(value, list):
        return ast.List([_value(each) for each in value])
    return ast.Constant(value)


def _arguments(names: Iterable[str]) -> ast.arguments:
    return ast.arguments(
        posonlyargs=[], args=[ast.arg(name) for name in names], kwonlyargs=[], kw_defaults=[], defaults=[]
    )


# ---- layout ---------------------------------------------------------------------------------------------------------

Part = tuple[str, ast.expr]  # what stands before an argument, "name=" or nothing, and the argument


def _write(blocks: Iterable[Block]) -> str:
    """The program as text: a blank line between blocks, two around functions, long lines broken."""
    text, after_function = "", False
    for block in blocks:
        first = block[0]
        is_function = first.startswith("def ") if isinstance(first, str) else isinstance(first, ast.FunctionDef)
        if text:
            text += "\n\n" if is_function or after_function else "\n"
        text += "".join((line if isinstance(line, str) else _text(line)) + "\n" for line in block)
        after_function = is_function
    return text


def _text(node: ast.stmt, indent: int = 0) -> str:
    """A statement as text, its lines at most `WIDTH` long where a call, a tuple or a list can be broken."""
    pad = " " * indent
    match node:
        case ast.FunctionDef(name=name, args=arguments, body=body):
            parts = [("", ast.Name(each.arg)) for each in arguments.args]
            head = f"def {name}({_joined(parts)}):"
            head = head if len(head) <= WIDTH else _opened(f"def {name}(", parts, "):", indent)
            return pad + "\n".join([head, *(_text(each, indent + 4) for each in body)])
        case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)):
            return pad + ", ".join(map(_flat, names)) + " = " + ", ".join(map(_flat, values))
        case ast.Assign(targets=[target], value=value):
            return pad + _broken(value, indent, before=_flat(target) + " = ")
        case ast.Return(value=ast.expr() as value):
            return pad + _broken(value, indent, before="return ")
        case ast.Expr(value=ast.Constant(value=str(text))) if not set(text) & {'"', "\\"}:
            return f'{pad}"""{text}"""'
    return pad + ast.unparse(node)


def _broken(node: ast.expr, indent: int, before: str = "", after: str = "") -> str:
    """An expression on one line if it fits, else with its outermost bracket opened."""
    flat = before + _flat(node) + after
    if indent + len(flat) <= WIDTH:
        return flat
    match node:
        case ast.Attribute(value=of, attr=name):
            return _broken(of, indent, before, f".{name}{after}")
        case ast.Call(func=function, args=[], keywords=[]):
            return _broken(function, indent, before, "()" + after)
        case ast.Call(func=function, args=[ast.List() as only], keywords=[]):
            return _broken(only, indent, f"{before}{_flat(function)}(", ")" + after)
        case ast.Call(func=function):
            return _opened(f"{before}{_flat(function)}(", _parts(node), ")" + after, indent)
        case ast.Tuple(elts=elements) if elements:
            return _opened(
                before + "(", [("", each) for each in elements], ")" + after, indent, one_line=len(elements) > 1
            )
        case ast.List(elts=elements) if elements:
            return _opened(before + "[", [("", each) for each in elements], "]" + after, indent)
    return flat


def _opened(left: str, parts: Sequence[Part], right: str, indent: int, one_line: bool = True) -> str:
    """A bracket opened: what it holds on a line of its own if that fits, else short parts side by side and long ones alone."""
    inner, margin = indent + 4, "\n" + " " * (indent + 4)
    line = _joined(parts)
    if one_line and inner + len(line) <= WIDTH:
        return left + margin + line + "\n" + " " * indent + right
    lines: list[str] = []
    for is_short, group in groupby(parts, key=lambda part: len(part[0] + _flat(part[1])) <= SHORT):
        if is_short:
            lines += [
                each + "," for each in _filled([before + _flat(node) for before, node in group], WIDTH - inner - 1)
            ]
        else:
            lines += [_broken(node, inner, before, after=",") for before, node in group]
    return left + "".join(margin + each for each in lines) + "\n" + " " * indent + right


def _filled(parts: Iterable[str], width: int) -> list[str]:
    """Parts joined by commas into lines that are at most `width` long where a single part is not longer."""
    lines: list[str] = []
    for part in parts:
        if lines and len(lines[-1]) + len(part) + 2 <= width:
            lines[-1] += f", {part}"
        else:
            lines.append(part)
    return lines


def _parts(call: ast.Call) -> list[Part]:
    return [*(("", arg) for arg in call.args), *((f"{each.arg}=", each.value) for each in call.keywords)]


def _joined(parts: Iterable[Part]) -> str:
    return ", ".join(before + _flat(each) for before, each in parts)


def _flat(node: ast.expr) -> str:
    """An expression on one line, with double quotes where nothing needs to be escaped."""
    match node:
        case ast.Constant(value=str(text)) if text.isprintable() and not set(text) & {'"', "\\"}:
            return f'"{text}"'
        case ast.Attribute(value=of, attr=name):
            return f"{_flat(of)}.{name}"
        case ast.Call(func=function):
            return f"{_flat(function)}({_joined(_parts(node))})"
        case ast.Tuple(elts=[one]):
            return f"({_flat(one)},)"
        case ast.Tuple(elts=elements):
            return f"({', '.join(map(_flat, elements))})"
        case ast.List(elts=elements):
            return f"[{', '.join(map(_flat, elements))}]"
    return ast.unparse(node)
