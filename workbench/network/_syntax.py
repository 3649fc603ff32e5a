"""Python as syntax trees: small builders, and a writer that breaks long lines as a person would."""

import ast
import re
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from workbench.network._naming import numbered

WIDTH = 88
SHORT = 20  # arguments up to this length share lines

Block = list[ast.stmt | str]  # statements; imports, comments and functions that are fixed text


def identifier(name: str, stem: str, taken: set[str]) -> str:
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


def name_of(identifier: str) -> ast.Name:
    return ast.Name(identifier)


def assign(name: str, value: ast.expr) -> ast.Assign:
    return ast.Assign([name_of(name)], value)


def call(function: str, *args: Any, **keywords: Any) -> ast.Call:
    """A call of a function, named by text of ours, with syntax or plain values as arguments."""
    return ast.Call(
        ast.parse(function, mode="eval").body,
        [value_of(arg) for arg in args],
        [ast.keyword(name, value_of(value)) for name, value in keywords.items()],
    )


def method(of: ast.expr, name: str) -> ast.Call:
    return ast.Call(ast.Attribute(of, name), [], [])


def value_of(value: Any) -> ast.expr:
    if isinstance(value, ast.expr):
        return value
    if isinstance(value, tuple):
        return ast.Tuple([value_of(each) for each in value])
    if isinstance(value, list):
        return ast.List([value_of(each) for each in value])
    return ast.Constant(value)


def arguments(names: Iterable[str]) -> ast.arguments:
    return ast.arguments(
        posonlyargs=[], args=[ast.arg(name) for name in names], kwonlyargs=[], kw_defaults=[], defaults=[]
    )


# ---- layout ---------------------------------------------------------------------------------------------------------

Part = tuple[str, ast.expr]  # what stands before an argument, "name=" or nothing, and the argument


def write(blocks: Iterable[Block]) -> str:
    """The program as text: a blank line between blocks, two around functions, long lines broken."""
    text, after_function = "", False
    for block in blocks:
        first = block[0]
        is_function = first.startswith("def ") if isinstance(first, str) else isinstance(first, ast.FunctionDef)
        if text:
            text += "\n\n" if is_function or after_function else "\n"
        text += "".join((line if isinstance(line, str) else text_of(line)) + "\n" for line in block)
        after_function = is_function
    return text


def text_of(node: ast.stmt, indent: int = 0) -> str:
    """A statement as text, its lines at most `WIDTH` long where a call, a tuple or a list can be broken."""
    pad = " " * indent
    match node:
        case ast.FunctionDef(name=name, args=arguments, body=body):
            parts = [("", ast.Name(each.arg)) for each in arguments.args]
            head = f"def {name}({_joined(parts)}):"
            head = head if len(head) <= WIDTH else _opened(f"def {name}(", parts, "):", indent)
            return pad + "\n".join([head, *(text_of(each, indent + 4) for each in body)])
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
                each + "," for each in filled([before + _flat(node) for before, node in group], WIDTH - inner - 1)
            ]
        else:
            lines += [_broken(node, inner, before, after=",") for before, node in group]
    return left + "".join(margin + each for each in lines) + "\n" + " " * indent + right


def filled(parts: Iterable[str], width: int) -> list[str]:
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
