"""The page a diagram is drawn on: SVG elements, labels that look for a free place, the room they take."""

__all__ = [
    "DOT",
    "LEG",
    "RADIUS",
    "SMALL",
    "Drawing",
    "Label",
    "curve",
    "decimal",
    "escaped",
    "half_width_of",
    "label_of",
    "line_width",
    "pair",
    "rim_of",
    "shortened",
    "tooltip",
]

import math
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

from workbench.figures._plane import Point, direction, moved

RADIUS = 24
LEG = 92
"""From the middle of a tensor's disc to the open end."""
DOT = 6
SMALL = 12
"""Up to so many tensors every label is drawn, also where it covers another."""
SHOWN = 18
"""The most characters of a name that are drawn; the rest is in the tooltip."""


@dataclass(frozen=True)
class Box:
    x: float
    y: float
    half_width: float
    half_height: float

    def meets(self, other: "Box") -> bool:
        return (
            abs(self.x - other.x) < self.half_width + other.half_width
            and abs(self.y - other.y) < self.half_height + other.half_height
        )


@dataclass(frozen=True)
class Label:
    """Words, and places for them, the best first: a point, the direction from it, and the gap to leave."""

    words: str
    places: tuple[tuple[Point, Point, float], ...]
    kind: str = ""

    def box(self, place: tuple[Point, Point, float]) -> Box:
        """The words' box, its edge `gap` away from the point."""
        (x, y), way, gap = place
        half = half_width_of(self.words, 11 if self.kind == "small" else 13)
        reach = gap + abs(way[0]) * half + abs(way[1]) * 8
        return Box(x + way[0] * reach, y + way[1] * reach, half, 8)


class Drawing:
    """SVG elements in drawing order (lines under dots under discs under text), and the boxes they fill."""

    def __init__(self) -> None:
        self.layers: dict[str, list[str]] = {"line": [], "dot": [], "disc": [], "text": []}
        self.boxes: list[Box] = []
        self.filled: list[Box] = []
        self.labels: list[Label] = []

    def cover(self, x: float, y: float, half: float, *, filled: bool = False) -> None:
        (self.filled if filled else self.boxes).append(Box(x, y, half, half))

    def line(self, path: str, size: int, tip: str, through: Iterable[Point]) -> None:
        for x, y in through:
            self.cover(x, y, 6)
        self.layers["line"].append(
            f'<path class="bond" fill="none" stroke="#747a85" d="{path}" stroke-width="{decimal(line_width(size))}">{tooltip(tip)}</path>'
        )

    def dot(self, at: Point, tip: str) -> None:
        self.cover(*at, DOT, filled=True)
        self.layers["dot"].append(
            f'<circle class="dot" fill="#747a85" cx="{decimal(at[0])}" cy="{decimal(at[1])}" r="{DOT}">{tooltip(tip)}</circle>'
        )

    def text(self, x: float, y: float, words: str, kind: str = "") -> None:
        fill = "#fff" if kind == "name" else "#747a85"
        kind = f' class="{kind}"' if kind else ""
        self.layers["text"].append(
            f'<text{kind} fill="{fill}" x="{decimal(x)}" y="{decimal(y + 4.5)}">{escaped(words)}</text>'
        )

    def write_labels(self, *, all_of_them: bool) -> None:
        """Each at the first of its places that is free; a crowded one at its first place, or not at all."""
        for label in self.labels:
            boxes = [label.box(place) for place in label.places]
            free = next((box for box in boxes if not any(box.meets(other) for other in self.filled)), None)
            if free or all_of_them:
                box = free or boxes[0]
                self.filled.append(box)
                self.text(box.x, box.y, label.words, label.kind)

    def extent(self) -> tuple[float, float, float, float]:
        boxes = [*self.boxes, *self.filled] or [Box(0.0, 0.0, 0.0, 0.0)]
        return (
            min(box.x - box.half_width for box in boxes),
            min(box.y - box.half_height for box in boxes),
            max(box.x + box.half_width for box in boxes),
            max(box.y + box.half_height for box in boxes),
        )


def line_width(size: int) -> float:
    """Pixels: grows with the logarithm of the size."""
    return min(1.6 + 0.6 * math.log2(size), 12.0)


def label_of(index: str, size: int) -> str:
    return f"{shortened(index, SHOWN)} · {size}"


def half_width_of(words: str, size: int) -> float:
    """An estimate; nothing can be measured here."""
    return sum(0.15 if letter in "ilj.·,' |" else 0.45 if letter in "mwMW" else 0.3 for letter in words) * size


def shortened(name: str, most: int) -> str:
    return name if len(name) <= most else name[: most - 1] + "…"


def decimal(value: float) -> str:
    """One decimal, no trailing zero, no negative zero."""
    return f"{round(value, 1) + 0.0:.1f}".removesuffix(".0")


def pair(at: Point) -> str:
    return f"{decimal(at[0])} {decimal(at[1])}"


def tooltip(words: str) -> str:
    return f"<title>{escaped(words)}</title>"


def escaped(words: str) -> str:
    """Text for XML: escaped, and without the characters XML cannot hold at all."""
    return escape("".join(c if c.isprintable() else "�" for c in words))


def curve(a: Point, control: Point, b: Point, bend: float = 0.0) -> str:
    return f"M{pair(a)}Q{pair(control)} {pair(b)}" if bend else f"M{pair(a)}L{pair(b)}"


def rim_of(at: Point, towards: Point) -> Point:
    """Where a line towards a point leaves a tensor's disc: an outlined disc must stay empty."""
    return moved(at, direction(at, towards), RADIUS - 1)
