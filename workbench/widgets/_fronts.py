"""For every format the states worth looking at, from few parameters to many: what the landscape draws and budgets choose from."""

__all__ = ["Front", "Point"]

import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.decomposition import Fit
from workbench.widgets._compressed import Compressed
from workbench.widgets._formats import Format, carried, matched

STEP = 1.15
"""Ranks grow by this factor along the way, at least by one."""
PATIENCE = 1.5
"""Seconds of computing that one candidate may take; where one takes longer the way ends."""
SECONDS = 0.3
"""Of computing, for each candidate that has to be swept: what others do on the machine does not make it worse."""
SHOWN = 90


@dataclass(frozen=True)
class Point:
    """One state and what it costs: parameters, and the relative error."""

    parameters: int
    error: float
    ranks: tuple[int, ...]


class Front:
    """The way through one format's states, found step by step, so that the page can follow and a drag never waits for it.

    For Tucker and other stars it is the exact Pareto front of all truncated higher-order SVDs. For other trees the way is greedy: the bond
    grows that lowers the sum of the discarded squares most for a parameter. For all others ranks grow evenly. Every
    candidate's error is that of a fit in the compressed core.
    """

    def __init__(self, form: Format, compressed: Compressed) -> None:
        self.form, self._compressed = form, compressed
        self._lock = threading.RLock()  # for going on; what was found is only ever added to, and read without waiting
        self._points: list[Point] = []
        self._start: Fit | None = None
        self._candidate: tuple[int, ...] | None = None
        self._reached, self._last = 0, math.inf
        self.done = False
        self._landscape = compressed.landscape(form)
        if self._landscape is not None:
            found = self._landscape.pareto(SHOWN)
            self._points = [Point(choice.parameters, choice.error, choice.ranks) for choice in found]
            self.done = True
        self._way = self._tree_way() if form.is_tree else self._even_way()

    def advance(self, wanted: Callable[[], bool]) -> bool:
        """Try the next candidate; False at the end of the way, and where it is not wanted any more."""
        with self._lock:
            if self.done:
                return False
            if self._candidate is None:
                self._candidate = next(self._way, None)
            ranks = self._candidate
            if ranks is None:
                self.done = True
                return False
            start = time.thread_time()
            error = self._error(ranks, wanted)
            if not wanted():
                return False
            self._candidate = None
            if not self.form.is_tree and self._points and error >= self._last:
                self.done = True  # more ranks, no less error: the time was too short to fit so many
                return False
            self._last = error
            self._reached = self.form.network(ranks).parameters
            self._points.append(Point(self._reached, error, ranks))
            slow = time.thread_time() - start > PATIENCE
            self.done = slow or error < 1e-6 or self._reached > math.prod(self.form.base.shape)
            return not self.done

    def points(self) -> list[Point]:
        """Those that no other with fewer parameters equals, fewest parameters first."""
        best: list[Point] = []
        for point in sorted(self._points[:], key=lambda point: (point.parameters, point.error)):
            if not best or point.error < best[-1].error:
                best.append(point)
        return best

    def between(self, rank: int) -> float | None:
        """The error of a format with one rank, along the straight line between its neighbours in the landscape (both logarithms)."""
        points = self.points()
        below = [point for point in points if point.ranks[0] <= rank]
        above = [point for point in points if point.ranks[0] > rank]
        if not below or not above or not above[0].error:
            return None
        (low, high), (a, b) = (below[-1], above[0]), (below[-1].ranks[0], above[0].ranks[0])
        share = math.log(rank / a) / math.log(b / a)
        return float(low.error ** (1 - share) * high.error**share)

    def add(self, point: Point) -> None:
        """One more that was found by the way: a fit."""
        self._points.append(point)

    def to_spec(self) -> dict[str, Any]:
        """The JSON that the page reads: a picture's worth of points."""
        points = _thinned(self.points(), SHOWN)
        return {
            "title": self.form.title,
            "exact": self._landscape is not None,
            "done": self.done,
            "points": [[point.parameters, float(f"{point.error:.4g}"), list(point.ranks)] for point in points],
        }

    def within(self, parameters: int, wanted: Callable[[], bool]) -> tuple[int, ...] | None:
        """The best ranks with at most so many parameters; None where even ranks of one have more."""
        with self._lock:
            if self._landscape is not None:
                return self._landscape.best(parameters=parameters).ranks
            while self._reached <= parameters and self.advance(wanted):
                pass
            fitting = [point.ranks for point in self.points() if point.parameters <= parameters]
            best = fitting[-1] if fitting else (1,) * len(self.form.ranks)
            if self.form.network(best).parameters > parameters:
                return None
            if not self.form.is_tree:
                best = max(best, matched(self.form, parameters), key=lambda ranks: self.form.network(ranks).parameters)
            return self._filled(best, parameters)

    def reaching(self, error: float, wanted: Callable[[], bool]) -> tuple[int, ...] | None:
        """Ranks with about the fewest parameters whose error is at most this; None where the way ends before."""
        with self._lock:
            if self._landscape is not None:
                return self._landscape.best(error=error).ranks
            while all(point.error > error for point in self._points) and self.advance(wanted):
                pass
            points = self.points()
            at = next((k for k, point in enumerate(points) if point.error <= error), None)
            if at is None:
                return None
            low = points[at - 1].ranks if at else (1,) * len(self.form.ranks)
            return self._between(low, points[at].ranks, error, wanted)

    def _error(self, ranks: Sequence[int], wanted: Callable[[], bool]) -> float:
        found = self._compressed.estimate(self.form, ranks, self._start, wanted, SECONDS, drag=False)
        self._start = found.start
        return found.error

    def _filled(self, ranks: tuple[int, ...], parameters: int) -> tuple[int, ...]:
        """Spend what is left: one rank after the other grows by one while the budget lasts."""
        grown, growing = ranks, True
        while growing:
            growing = False
            for at, rank in enumerate(self.form.ranks):
                more = (*grown[:at], grown[at] + 1, *grown[at + 1 :])
                sound = more[at] <= rank.most and carried(self.form, more) == more
                if sound and self.form.network(more).parameters <= parameters:
                    grown, growing = more, True
        return grown

    def _between(
        self, low: tuple[int, ...], high: tuple[int, ...], error: float, wanted: Callable[[], bool]
    ) -> tuple[int, ...]:
        """Halve the way from ranks that miss the error to ranks that do not."""
        while max(b - a for a, b in zip(low, high, strict=True)) > 1:
            middle = tuple((a + b) // 2 if b - a > 1 else b for a, b in zip(low, high, strict=True))
            middle = carried(self.form, middle)
            if middle in (low, high):
                break
            if self._error(middle, wanted) <= error:
                high = middle
            else:
                low = middle
        return high

    # ---- the ways ---------------------------------------------------------------------------------------------------

    def _even_way(self) -> Iterator[tuple[int, ...]]:
        size, top = 1, max((rank.most for rank in self.form.ranks), default=1)
        last: tuple[int, ...] = ()
        while size <= top:
            ranks = tuple(min(size, rank.most) for rank in self.form.ranks)
            if ranks != last:
                yield ranks
            last, size = ranks, max(size + 1, round(size * STEP))

    def _tree_way(self) -> Iterator[tuple[int, ...]]:
        legs = self.form.base.legs
        tails = []
        for rank in self.form.ranks:
            squares = [s * s for s in self._compressed.spectrum([legs.index(leg) for leg in rank.side])]
            tail = [sum(squares)]
            for square in squares:
                tail.append(max(0.0, tail[-1] - square))
            tails.append(tail)
        ranks = last = (1,) * len(tails)
        yield last
        while True:
            if (sound := carried(self.form, ranks)) != last:  # one bond alone may be more than its cores carry yet
                yield sound
                last = sound
            here = self.form.network(ranks).parameters
            steps = []
            for at, tail in enumerate(tails):
                size = min(max(ranks[at] + 1, round(ranks[at] * STEP)), self.form.ranks[at].most, len(tail) - 1)
                if size > ranks[at]:
                    wider = (*ranks[:at], size, *ranks[at + 1 :])
                    gain = (tail[ranks[at]] - tail[size]) / max(self.form.network(wider).parameters - here, 1)
                    steps.append((gain, wider))
            if not steps:
                return
            ranks = max(steps)[1]


def _thinned(points: list[Point], most: int) -> list[Point]:
    """So many of them, evenly along the logarithm of the parameters."""
    if len(points) <= most:
        return points
    low, high = math.log(points[0].parameters), math.log(points[-1].parameters)
    kept: dict[int, Point] = {}
    for point in points:  # the last, and so the best, of every step
        kept[round((math.log(point.parameters) - low) / max(high - low, 1e-9) * (most - 1))] = point
    return list(kept.values())
