"""What is known about the decompositions of one tensor, and how more is found out; no page, no traits."""

__all__ = ["Budget", "Exploration", "read_budget"]

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import torch

from workbench.decomposition import Fit, FitError
from workbench.widgets._compressed import Compressed, Estimate
from workbench.widgets._formats import OWN, Format, State
from workbench.widgets._fronts import Front, Point
from workbench.widgets._states import States

SECONDS = 0.03
"""What an estimate may take while a rank is dragged."""
OFTEN = 0.3
"""Seconds between two words about a landscape that grows."""

Wanted = Callable[[], bool]


@dataclass(frozen=True, eq=False)
class Budget:
    """What may be spent: from which state, what is limited, and to what. The same once more is another."""

    state: State
    limited: Literal["parameters", "error"]
    value: float


class Exploration:
    """The compressed data, and for every format the spectra of its bonds and the way through its ranks.

    Its methods are called from several threads; what takes long stops when it is not wanted any more.

    Parameters
    ----------
    data
        The tensor.
    states
        The formats on offer.
    """

    def __init__(self, data: torch.Tensor, states: States) -> None:
        self._data, self._states = data, states
        self._reading = threading.Lock()
        self.compressed: Compressed | None = None
        self._starts: dict[str, Fit] = {}
        self._spectra: dict[str, list[list[float]]] = {}
        self._ways: dict[str, Front] = {}

    def forget_own(self) -> None:
        """Another network took the place of the user's."""
        for kept in (self._starts, self._spectra, self._ways):
            kept.pop(OWN, None)

    def look_up(self, state: State) -> Estimate | None:
        """The closed form of Tucker and other stars, once the data are read: it needs no computing."""
        form = self._states.form(state)
        return self.compressed.look_up(form, state.ranks) if self.compressed is not None and form.is_star else None

    def interpolate(self, state: State) -> float | None:
        """CP's error between those of the numbers of components that the landscape has, once it has them."""
        way = self._ways.get(state.format)
        return way.between(state.ranks[0]) if way is not None and state.format == "cp" else None

    def estimate(self, state: State, wanted: Wanted) -> Estimate | Exception:
        """A state's error, closely and soon; the first one reads the data."""
        try:
            start = self._starts.get(state.format)
            found = self.read().estimate(self._states.form(state), state.ranks, start, wanted, SECONDS)
        except Exception as error:  # noqa: BLE001 -- a thread's exception is lost; here the user sees it
            return error
        if found.start is not None:
            self._starts[state.format] = found.start
        return found

    def read(self) -> Compressed:
        """The data, turned; done once."""
        with self._reading:
            if self.compressed is None:
                self.compressed = Compressed(self._data)
            return self.compressed

    def kept(self, state: State) -> list[float | None]:
        """For every rank that cuts the network in two, the share of the squared norm in the singular values it keeps."""
        spectra = self._spectra.get(state.format)
        if not spectra:
            return [None] * len(state.ranks)
        shares: list[float | None] = []
        for values, rank in zip(spectra, state.ranks, strict=True):
            whole = sum(value * value for value in values)
            shares.append(float(f"{sum(v * v for v in values[:rank]) / whole:.6g}") if whole else None)
        return shares

    def spectra(self, form: Format) -> list[list[list[float]]]:
        """The singular values of every bond's unfolding as the page draws them; none for ranks that cut nothing."""
        if form.key not in self._spectra:
            axes = [[form.base.legs.index(leg) for leg in rank.side] for rank in form.ranks]
            self._spectra[form.key] = [self.read().spectrum(side) if side else [] for side in axes]
        return [_drawn(values) for values in self._spectra[form.key]]

    def explore(
        self, form: Format, limit: float, wanted: Wanted, calm: Wanted, tell: Callable[[dict[str, Any]], None]
    ) -> None:
        """Go the way through a format's ranks for so many seconds of computing while it is calm, and tell of it now and then."""
        way, told, start = self._way(form), time.monotonic(), time.thread_time()
        while wanted():
            while wanted() and not calm():
                time.sleep(0.02)
            going = way.advance(wanted) and time.thread_time() - start < limit
            if not going or time.monotonic() - told > OFTEN:
                told = time.monotonic()
                tell(way.to_spec())
            if not going:
                return

    def add(self, form: Format, fit: Fit, ranks: tuple[int, ...]) -> dict[str, Any] | None:
        """A fit that was made: drags start from it; how the way is drawn now, if it was begun."""
        if self.compressed is not None and not form.is_tree:
            self._starts[form.key] = self.compressed.turn(fit)
        way = self._ways.get(form.key)
        if way is None:
            return None
        way.add(Point(fit.parameters, fit.error, ranks))
        return way.to_spec()

    def seek(self, budget: Budget, wanted: Wanted) -> State | Exception:
        """The state of the same format that makes the most of a budget."""
        state, limited, value = budget.state, budget.limited, budget.value
        try:
            form = self._states.form(state)
            way = self._way(form)
            found = way.within(int(value), wanted) if limited == "parameters" else way.reaching(value, wanted)
        except Exception as error:  # noqa: BLE001 -- a thread's exception is lost; here the user sees it
            return error
        if found is not None:
            return replace(state, ranks=found)
        if limited == "parameters":
            least = form.network((1,) * len(form.ranks)).parameters
            return FitError(f"{form.title} has at least {least:,} parameters; allow as many, or choose another format")
        reached = min((point.error for point in way.points()), default=1.0)
        return FitError(
            f"no ranks of {form.title} were found with an error of at most {value:.3g}, the least was {reached:.3g}; "
            "allow more, or choose another format"
        )

    def _way(self, form: Format) -> Front:
        if form.key not in self._ways:
            self._ways[form.key] = Front(form, self.read())
        return self._ways[form.key]


def read_budget(state: State, wish: Mapping[str, Any]) -> Budget:
    """What a wish ``{"op": "parameters" or "error", "value": ...}`` allows.

    Raises
    ------
    FitError
        When the value cannot be.
    """
    value = wish.get("value")
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if wish.get("op") == "parameters":
        if not isinstance(value, int) or not number or value < 1:
            raise FitError(f"parameters is {value!r}; give a whole number of at least 1")
        return Budget(state, "parameters", value)
    if not isinstance(value, int | float) or not number or not 0 < value < 1:
        raise FitError(f"error is {value!r}; it is the relative error allowed, above 0 and below 1")
    return Budget(state, "error", float(value))


def _drawn(values: list[float]) -> list[list[float]]:
    """A spectrum as [position, value] pairs, four digits, the tail of a long one thinned."""
    keep = {len(values) - 1}
    at = 1.0
    while at <= len(values):
        keep.add(int(at) - 1)
        at = max(at + 1, at * 1.02)
    return [[k + 1, float(f"{values[k]:.4g}")] for k in sorted(keep) if k >= 0]
