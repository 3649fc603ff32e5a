"""A network as a textbook draws it: one static, deterministic SVG."""

__all__ = ["Diagram", "data_uri", "diagram"]

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from workbench.figures._drawing import (
    DOT,
    LEG,
    RADIUS,
    SMALL,
    Drawing,
    Label,
    curve,
    decimal,
    escaped,
    half_width_of,
    label_of,
    line_width,
    pair,
    rim_of,
    shortened,
    tooltip,
)
from workbench.figures._layout import layout
from workbench.figures._plane import (
    Point,
    direction,
    free_direction,
    freest,
    is_on,
    leg_direction,
    moved,
    squared,
    upwards,
)
from workbench.network import Network

MARGIN = 14

_STYLE = """
.wb-diagram{font:13px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;
--ink:var(--wb-ink,var(--jp-content-font-color1,#747a85));--line:var(--wb-bond,var(--jp-content-font-color2,#747a85));
--core:var(--wb-core,#3f6fd8);--inner:var(--wb-inner,#7c5bd6)}
.wb-diagram .bond{fill:none;stroke:var(--line);stroke-linecap:round}
.wb-diagram .dot{fill:var(--line)}
.wb-diagram .core{fill:var(--core)}
.wb-diagram .inner{fill:var(--inner)}
.wb-diagram .fixed{fill:none;stroke:var(--line);stroke-width:2.5}
.wb-diagram text{fill:var(--ink);text-anchor:middle}
.wb-diagram .name{fill:#fff}
.wb-diagram .small{font-size:11px}
""".replace("\n", "")


class Diagram(str):
    """A drawing of a network: the text of a standalone SVG, which shows itself as the last line of a notebook's cell.

    It is shown as an image inside HTML rather than as `image/svg+xml`: JupyterLab draws no SVG of a notebook it does
    not trust yet, but it does draw this; and the alternative text describes the network to a screen reader.
    """

    __slots__ = ("alt",)
    alt: str

    def __new__(cls, svg: str, alt: str) -> "Diagram":
        self = super().__new__(cls, svg)
        self.alt = alt
        return self

    def __repr__(self) -> str:
        return f"<Diagram: {self.alt}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return Diagram, (str(self), self.alt)

    def _repr_html_(self) -> str:
        return f'<img class="wb-figure" style="max-width:100%" alt="{escape(self.alt)}" src="{escape(data_uri(self))}">'

    def save(self, path: str | Path) -> None:
        """Write the drawing to an .svg file."""
        Path(path).write_text(self, encoding="utf-8")


def data_uri(svg: str) -> str:
    """The SVG as a data URI that stays readable, so that a notebook's difference shows what changed."""
    return "data:image/svg+xml," + quote(svg, safe=" !$()*+,-./:;=?@[]^_`{|}~'&")


def diagram(net: Network, positions: Mapping[str, Point] | None = None, *, caption: str = "") -> Diagram:
    """Draw a network.

    A tensor is a disc, of a second colour when it has no legs; a fixed tensor is outlined, its kind beside it. A line's
    width grows with the logarithm of its index's size; a leg ends open; a hyperbond meets in a dot; so ends an index
    of one tensor alone that is summed.

    Parameters
    ----------
    net
        The network.
    positions
        Tensor name -> (x, y), y downwards, neighbours about 180 apart. Tensors left out are placed near their
        neighbours; by default all are laid out by `layout`.
    caption
        A line of text under the drawing.

    Returns
    -------
    Diagram
        A string: standalone SVG, the same to the byte on every machine. Inside a page its colours follow JupyterLab's
        theme (or ``--wb-ink``, ``--wb-bond``, ``--wb-core``, ``--wb-inner``); as an image it uses greys and a blue that
        can be read on white and on black. Names are escaped: a network from a stranger cannot bring script.

    Examples
    --------
    >>> from workbench.network import tensor_train
    >>> diagram(tensor_train((4, 5, 6), 2))
    <Diagram: Tensor network of 3 tensors: A (i0 4 × r0 2), B (r0 2 × i1 5 × r1 2), C (r1 2 × i2 6); legs i0, i1, i2; 40 parameters>
    """
    at = layout(net, positions)
    drawing = Drawing()
    ways = _draw_indices(net, at, drawing)
    for name in net.tensors:
        _draw_tensor(net, name, at[name], ways[name], drawing)
    return _svg(net, drawing, caption)


# ---- what is on the page ---------------------------------------------------------------------------------------------


def _svg(net: Network, drawing: Drawing, caption: str) -> Diagram:
    if not net.tensors:
        drawing.labels.append(Label("empty network, value 1", (((0.0, 0.0), (0.0, 0.0), 0.0),)))
    drawing.write_labels(all_of_them=len(net.tensors) <= SMALL)
    left, top, right, bottom = drawing.extent()
    if caption:
        half = half_width_of(caption, 11)
        middle = max((left + right) / 2, left + half)
        drawing.text(middle, bottom + 22, caption, "small")
        right, bottom = max(right, middle + half), bottom + 30
    left, top = math.floor(left - MARGIN), math.floor(top - MARGIN)
    width, height = math.ceil(right + MARGIN) - left, math.ceil(bottom + MARGIN) - top
    alt = describe(net)
    mark = hashlib.sha256(alt.encode()).hexdigest()[:8]
    body = "".join("".join(elements) for elements in drawing.layers.values())
    return Diagram(
        f'<svg xmlns="http://www.w3.org/2000/svg" class="wb-diagram" role="img" aria-labelledby="wb-{mark}" '
        f'viewBox="{left} {top} {width} {height}" width="{width}" height="{height}" font-family="sans-serif" font-size="13" '
        f'text-anchor="middle"><title id="wb-{mark}">{escaped(alt)}</title><style>{_STYLE}</style>{body}</svg>',
        alt,
    )


def describe(net: Network) -> str:
    """A network in words, for those who cannot see the drawing."""
    if not net.tensors:
        return "Empty tensor network, value 1"
    count = len(net.tensors)
    tensors = []
    for name in list(net.tensors)[:12]:
        kind = f"{net.fixed[name].replace('_', '-')} " if name in net.fixed else ""
        tensors.append(f"{name} ({kind}{' × '.join(f'{i} {net.sizes[i]}' for i in net.tensors[name]) or 'scalar'})")
    more = f" and {count - 12} more" if count > 12 else ""
    legs = f"legs {', '.join(net.legs)}" if net.legs else "no legs"
    noun = "tensor" if count == 1 else "tensors"
    return f"Tensor network of {count} {noun}: {', '.join(tensors)}{more}; {legs}; {net.parameters:,} parameters"


def _draw_tensor(net: Network, name: str, at: Point, used: list[Point], drawing: Drawing) -> None:
    x, y = decimal(at[0]), decimal(at[1])
    drawing.cover(*at, RADIUS + 1, filled=True)
    tip = f"{name}: {' × '.join(f'{i} {net.sizes[i]}' for i in net.tensors[name]) or 'scalar'}"
    fixed = net.fixed.get(name)
    if fixed:
        look = 'class="fixed" fill="none" stroke="#747a85" stroke-width="2.5"'
    elif any(index in net.legs for index in net.tensors[name]):
        look = 'class="core" fill="#3f6fd8"'
    else:
        look = 'class="inner" fill="#7c5bd6"'
    drawing.layers["disc"].append(f'<circle {look} cx="{x}" cy="{y}" r="{RADIUS}">{tooltip(tip)}</circle>')
    drawing.text(*at, shortened(name, 6), "" if fixed else "name")
    if fixed:
        kind = fixed.replace("_", "-")
        drawing.labels.append(
            Label(kind, tuple((at, way, RADIUS + 6) for way in freest(used, (0.7071, -0.7071))), "small")
        )


# ---- indices ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Spread:
    """How many lines run between the same tensors, and which of them this one is."""

    count: int
    rank: int

    @property
    def offset(self) -> float:
        return self.rank - (self.count - 1) / 2


def _draw_indices(net: Network, at: Mapping[str, Point], drawing: Drawing) -> dict[str, list[Point]]:
    """Draw every index; gives the directions in which lines leave each tensor."""
    used: dict[str, list[Point]] = {name: [] for name in net.tensors}
    held = {index: tuple(name for name, _ in net.holders(index)) for index in net.sizes}
    groups: dict[tuple[str, ...], list[str]] = {}
    for index, names in held.items():
        distinct = tuple(sorted(set(names)))
        if len(distinct) > 1:
            groups.setdefault(distinct, []).append(index)
    dots: dict[str, Point] = {}
    for distinct, indices in groups.items():
        for rank, index in enumerate(indices):
            spread = _Spread(len(indices), rank)
            if len(held[index]) == 2 and index not in net.legs:
                _draw_bond(net, index, held[index], at, spread, used, drawing)
            else:
                dots[index] = _dot_of(distinct, at, spread, list(dots.values()))
                _draw_spokes(net, index, held[index], dots[index], at, used, drawing)
    for index, names in held.items():
        if len(set(names)) == 1:
            _draw_own(net, index, names[0], len(names), at[names[0]], used[names[0]], drawing)
    for index, dot in dots.items():
        if index in net.legs:
            away = leg_direction([direction(dot, at[name]) for name in dict.fromkeys(held[index])], level=0.1)
            _draw_leg(net, index, dot, LEG - RADIUS, away, drawing)
    for index in net.legs:
        if len(held[index]) == 1:
            name = held[index][0]
            away = leg_direction(used[name])
            used[name].append(away)
            _draw_leg(net, index, at[name], LEG, away, drawing, rim=RADIUS - 1)
    return used


def _draw_bond(
    net: Network,
    index: str,
    names: Sequence[str],
    at: Mapping[str, Point],
    spread: _Spread,
    used: Mapping[str, list[Point]],
    drawing: Drawing,
) -> None:
    first, second = sorted(names, key=list(net.tensors).index)
    a, b = at[first], at[second]
    along = direction(a, b)
    normal = upwards(along)
    bend = 44.0 * spread.offset
    if spread.count == 1 and any(is_on(at[name], a, b, RADIUS) for name in at if name not in (first, second)):
        bend = 70.0
    control = moved(((a[0] + b[0]) / 2, (a[1] + b[1]) / 2), normal, 2 * bend)
    start, end = rim_of(a, control), rim_of(b, control)
    peak = ((start[0] + 2 * control[0] + end[0]) / 4, (start[1] + 2 * control[1] + end[1]) / 4)
    size = net.sizes[index]
    drawing.line(
        curve(start, control, end, bend),
        size,
        f"{index}: bond of size {size} between {first} and {second}",
        (a, peak, b),
    )
    used[first].append(direction(a, control))
    used[second].append(direction(b, control))
    above, below = normal, (-normal[0], -normal[1])
    sides = (below, above) if bend < 0 else (above, below)
    gap = 4 + line_width(size) / 2
    spots = [peak, *(((2 * peak[0] + x) / 3, (2 * peak[1] + y) / 3) for x, y in (a, b))]
    drawing.labels.append(Label(label_of(index, size), tuple((spot, way, gap) for spot in spots for way in sides)))


def _draw_spokes(
    net: Network,
    index: str,
    names: Sequence[str],
    dot: Point,
    at: Mapping[str, Point],
    used: Mapping[str, list[Point]],
    drawing: Drawing,
) -> None:
    size = net.sizes[index]
    tip = f"{index}: hyperbond of size {size} on {', '.join(dict.fromkeys(names))}"
    ways = []
    for name in dict.fromkeys(names):
        times = names.count(name)
        normal = upwards(direction(dot, at[name]))
        for rank in range(times):
            bend = 30.0 * _Spread(times, rank).offset
            middle = ((dot[0] + at[name][0]) / 2, (dot[1] + at[name][1]) / 2)
            control = moved(middle, normal, 2 * bend)
            drawing.line(curve(dot, control, rim_of(at[name], control), bend), size, tip, (dot, at[name]))
            used[name].append(direction(at[name], control))
            ways.append(direction(dot, at[name]))
    drawing.dot(dot, tip)
    if index not in net.legs:
        places = tuple((dot, way, DOT + 3.0) for way in freest(ways, (0.0, -1.0)))
        drawing.labels.append(Label(label_of(index, size), places))


def _dot_of(names: Sequence[str], at: Mapping[str, Point], spread: _Spread, dots: Sequence[Point]) -> Point:
    """The middle of the tensors it joins, aside where a disc or another dot is in the way."""
    middle = (sum(at[name][0] for name in names) / len(names), sum(at[name][1] for name in names) / len(names))
    across = upwards(direction(at[names[0]], at[names[1]]))
    middle = moved(middle, across, 60.0 * spread.offset)
    for step in range(64):
        spot = moved(middle, across, 24.0 * ((step + 1) // 2) * (1 if step % 2 else -1))
        clear = all(squared(spot, disc) > (RADIUS + 3 * DOT) ** 2 for disc in at.values())
        if clear and all(squared(spot, dot) > (4 * DOT) ** 2 for dot in dots):
            return spot
    return middle


def _draw_own(net: Network, index: str, name: str, times: int, at: Point, used: list[Point], drawing: Drawing) -> None:
    """An index that lives on one tensor only and is no plain leg: a trace, a diagonal, or a sum over one axis."""
    size, is_leg = net.sizes[index], index in net.legs
    if times == 1:
        if is_leg:
            return
        way = leg_direction(used)
        used.append(way)
        end = moved(at, way, 62)
        tip = f"{index}: axis of size {size} of {name}, summed"
        drawing.line(curve(rim_of(at, end), end, end), size, tip, (at, end))
        drawing.dot(end, tip)
        drawing.labels.append(_at_the_end(label_of(index, size), end, way, DOT + 3.0))
        return
    way = free_direction(used, (0.0, -1.0))
    used.append(way)
    side = (-way[1], way[0])
    far = RADIUS + 46.0
    tip = f"{index}: {'diagonal' if is_leg else 'trace'} of size {size} of {name}"
    wide = [30.0 * (2 * rank / (times - 1) - 1) for rank in range(times)]
    top = moved(at, way, far)
    if times == 2 and not is_leg:
        left, right = moved(top, side, -38), moved(top, side, 38)
        left, right = moved(left, way, 14), moved(right, way, 14)
        path = f"M{pair(rim_of(at, left))}C{pair(left)} {pair(right)} {pair(rim_of(at, right))}"
        drawing.line(path, size, tip, (left, right))
        drawing.labels.append(_at_the_end(label_of(index, size), top, way, 5 + line_width(size) / 2))
        return
    for shift in wide:
        control = moved(moved(at, way, far / 2), side, shift)
        drawing.line(curve(rim_of(at, control), control, top, shift), size, tip, (top, control))
    drawing.dot(top, tip)
    if is_leg:
        _draw_leg(net, index, top, LEG - RADIUS, way, drawing)
    else:
        drawing.labels.append(_at_the_end(label_of(index, size), top, way, DOT + 3.0))


def _draw_leg(
    net: Network, index: str, at: Point, length: float, way: Point, drawing: Drawing, *, rim: float = 0.0
) -> None:
    size = net.sizes[index]
    end = moved(at, way, length)
    drawing.line(curve(moved(at, way, rim), end, end), size, f"{index}: leg of size {size}", (at, end))
    drawing.labels.append(_at_the_end(label_of(index, size), end, way, 4 + line_width(size) / 2))


def _at_the_end(words: str, end: Point, way: Point, gap: float) -> Label:
    """Past the end of a line, or else aside."""
    side = (-way[1], way[0])
    slant = [((way[0] + s * side[0]) * 0.7071, (way[1] + s * side[1]) * 0.7071) for s in (1, -1)]
    return Label(words, tuple((end, each, gap) for each in (way, *slant, side, (-side[0], -side[1]))))
