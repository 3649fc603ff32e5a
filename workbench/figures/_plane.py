"""Geometry of a drawing: additions, products and square roots, which round alike everywhere; y points down."""

__all__ = [
    "COMPASS",
    "Point",
    "direction",
    "free_direction",
    "freest",
    "is_on",
    "leg_direction",
    "moved",
    "squared",
    "upwards",
]

import math
from collections.abc import Sequence

Point = tuple[float, float]


COMPASS: tuple[Point, ...] = (
    (0.0, 1.0),
    (0.0, -1.0),
    (-1.0, 0.0),
    (1.0, 0.0),
    (-0.7071, 0.7071),
    (0.7071, 0.7071),
    (-0.7071, -0.7071),
    (0.7071, -0.7071),
    (-0.3827, 0.9239),
    (0.3827, 0.9239),
    (-0.9239, 0.3827),
    (0.9239, 0.3827),
    (-0.3827, -0.9239),
    (0.3827, -0.9239),
    (-0.9239, -0.3827),
    (0.9239, -0.3827),
)
"""Sixteen directions; the earlier is taken of equally free ones. y points down."""


def leg_direction(used: Sequence[Point], level: float = 0.45) -> Point:
    """Down where the lines there go sideways or up, as in the textbooks; else away from them: from a circle outwards."""
    pull = (sum(x for x, _ in used), sum(y for _, y in used))
    strength = math.sqrt(pull[0] ** 2 + pull[1] ** 2)
    down = all(y < 0.35 for _, y in used) and (abs(pull[1]) < level * strength or (len(used) == 1 and pull[1] < 0))
    if strength < level or down:
        return free_direction(used, (0.0, 1.0))
    return free_direction(used, (-pull[0] / strength, -pull[1] / strength))


def free_direction(used: Sequence[Point], wish: Point) -> Point:
    """`wish` if no line leaves within 50 degrees of it, else the freest of the sixteen directions."""
    return wish if all(cosine(wish, other) < 0.643 for other in used) else freest(used, wish)[0]


def freest(used: Sequence[Point], wish: Point) -> list[Point]:
    """The sixteen directions, the ones farthest from all lines first, then those near `wish`."""
    ranked = [
        (round(max((cosine(way, u) for u in used), default=-1.0), 3), -round(cosine(way, wish), 3)) for way in COMPASS
    ]
    return [COMPASS[k] for k in sorted(range(len(COMPASS)), key=ranked.__getitem__)]


def direction(a: Point, b: Point) -> Point:
    length = math.sqrt(squared(a, b))
    return ((b[0] - a[0]) / length, (b[1] - a[1]) / length) if length else (1.0, 0.0)


def upwards(along: Point) -> Point:
    """The normal that points up the page, or left for a vertical line's label to stand beside it."""
    normal = (along[1], -along[0])
    return normal if normal[1] < -1e-9 or (abs(normal[1]) <= 1e-9 and normal[0] > 0) else (-normal[0], -normal[1])


def moved(at: Point, way: Point, by: float) -> Point:
    return at[0] + way[0] * by, at[1] + way[1] * by


def squared(a: Point, b: Point) -> float:
    return (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2


def cosine(a: Point, b: Point) -> float:
    return a[0] * b[0] + a[1] * b[1]


def is_on(point: Point, a: Point, b: Point, near: float) -> bool:
    """Whether `point` is nearer than `near` to the line from a to b, between its ends."""
    along = direction(a, b)
    length = math.sqrt(squared(a, b))
    step = (point[0] - a[0]) * along[0] + (point[1] - a[1]) * along[1]
    if not 0.0 < step < length:
        return False
    return squared(point, moved(a, along, step)) < near**2
