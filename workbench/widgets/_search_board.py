"""`SearchBoard`: a search for a structure, watched."""

__all__ = ["SearchBoard", "show_study"]

import keyword
import math
import threading
import time
import weakref
from collections import Counter, deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import torch
import traitlets

from workbench.figures import Diagram, diagram, layout
from workbench.network import Network, did_you_mean
from workbench.structure import Best, SearchError, Study, Trial
from workbench.widgets._newest import Newest
from workbench.widgets._two_way import TwoWay

if TYPE_CHECKING:
    from workbench.structure import Point

VIEWS = ("picture", "table")
PACE = 0.2
"""Seconds between two updates of the page, at least."""
SHARE = 0.05
"""The part of the time that updates may take from the search."""
SLOWEST = 2.0
PAGE = 256
"""Trials that are sent once; those since are sent with every update."""
RECENT = 15.0
"""Seconds over which the throughput is taken."""
NAMED = 5
"""Structures under way that are told one by one."""
LARGEST = 64
"""Networks of more tensors are not drawn."""
CHAIN = 180.0
"""Between two tensors of a chain."""
OURS = frozenset({"about", "code", "drawn", "older", "recent", "tried"})


class SearchBoard(TwoWay):
    """Watch a search: every structure by parameters and error, the best value so far, what is being tried, and the best network drawn.

    The board follows a study that runs in the background, stops it, goes on with it, and looks back at one that has ended. A
    `Study` as the last line of a cell shows its board by itself. Choose a point to see its network and the Python that makes it.

    Parameters
    ----------
    study
        What `workbench.search` gave back.
    name
        The study's variable in the lines of Python.
    data
        The target's variable there.
    view
        What is shown first: ``"picture"`` or ``"table"``.

    Raises
    ------
    SearchError
        When there is no study, trial or view like that.
    TypeError
        For an unknown keyword; the message has the nearest one.

    Notes
    -----
    The page is told at most five times a second and from a thread of the board's own, which takes at most a twentieth of the
    time, so that to watch a search does not slow it. One lock keeps the page's messages and the board's apart.

    Examples
    --------
    >>> from workbench.structure import GraphSpace, search
    >>> study = search(lambda net: 1 / net.parameters, GraphSpace((2, 2, 2), 3), "random", objective="error", budget=9)
    >>> board = SearchBoard(study)
    >>> board
    SearchBoard(study, random on graphs of 2 × 2 × 2, ranks up to 3: 9 of 9 evaluations, finished)
    >>> board.chosen = 4
    >>> board.chosen.trial.number
    4
    """

    _esm = Path(__file__).parent / "static" / "search.js"
    FROM_PAGE: ClassVar[Mapping[str, type]] = {**TwoWay.FROM_PAGE, "wish": dict}
    FROM_PYTHON = TwoWay.FROM_PYTHON | OURS

    about = traitlets.Dict().tag(sync=True)
    code = traitlets.Dict().tag(sync=True)
    drawn = traitlets.Dict().tag(sync=True)
    older = traitlets.List().tag(sync=True)
    recent = traitlets.List().tag(sync=True)
    tried = traitlets.Dict().tag(sync=True)
    view = traitlets.Enum(VIEWS, default_value="picture").tag(sync=True)
    wish = traitlets.Dict().tag(sync=True)

    def __init__(
        self, study: Study, *, name: str = "study", data: str = "x", view: str = "picture", **unknown: Any
    ) -> None:
        self._over = threading.Event()  # first: ipywidgets closes what is refused below, too
        self._painter: Newest[object, None] = Newest(self._paint, lambda _job, _nothing: None)
        self._leave: Callable[[], None] = lambda: None
        self._refuse_unknown(unknown, ("study", "name", "data", "view"))
        if not isinstance(study, Study):
            raise SearchError(
                f"a board shows a Study, what wb.search gives back, not {type(study).__name__}; to search, wb.search(x)"
            )
        if view not in VIEWS:
            raise SearchError(f"there is no view {view!r}{did_you_mean(view, VIEWS)}")
        for each in (name, data):
            if not each.isidentifier() or keyword.iskeyword(each):
                raise SearchError(f"{each!r} is not the name of a variable, as study or x is")
        self._study, self._name, self._data = study, name, data
        self._chosen: int | None = None
        self._shown: tuple[int | None, int | None] | None = None
        self._rows: list[list[Any]] = []
        self._failures: Counter[str] = Counter()
        self._early = self._ruled_out = 0
        self._samples: deque[tuple[float, int]] = deque()
        self._due = 0.0
        target = study.evaluator.target
        super().__init__(
            view=view,
            about={
                "name": study.name,
                "algorithm": study.algorithm,
                "space": str(study.space),
                "objective": str(study.objective),
                "kind": study.objective.kind,
                "limit": study.objective.limit if math.isfinite(study.objective.limit) else None,
                "entries": math.prod(study.space.shape),
                "fits": isinstance(target, torch.Tensor),
            },
        )
        self.observe(self._take_wish, names="wish")
        with self._writing():
            self._show_again()
            self._update()
        self._leave = study.listen(_heard(weakref.ref(self)))
        self._painter.ask(object())  # what happened since, and a first measure of the pace

    # ---- for Python -------------------------------------------------------------------------------------------------

    @property
    def study(self) -> Study:
        """The study that is watched."""
        return self._study

    @property
    def chosen(self) -> Best | None:
        """The structure whose network is drawn, if one was chosen; without, it is the best. Set it to a trial, its number, or None."""
        with self._lock:
            return None if self._chosen is None else self._study.candidate(self._study.trials[self._chosen])

    @chosen.setter
    def chosen(self, trial: "Trial | int | None") -> None:
        number = trial.number if isinstance(trial, Trial) else trial
        with self._writing():
            self._choose(number)
            self._show_again()

    def settle(self) -> None:
        """Wait until the page has been told of everything that the study holds by now."""
        self._painter.ask(object())
        self._painter.wait()

    def close(self) -> None:
        """Stop watching and remove the widget from the page; the search goes on."""
        self._over.set()
        self._leave()
        self._leave = lambda: None
        self._painter.close()
        super().close()

    def __repr__(self) -> str:
        study = self._study
        told = f"{study.algorithm} on {study.space}: {study.evaluations} of {study.budget} evaluations, {study.state}"
        return f"SearchBoard({self._name}, {told})"

    def _still(self) -> Diagram:
        study, best = self._study, self._study._best
        what = f"{study.algorithm} on {study.space}"
        if study.running or best is None:  # the same whenever a search that goes on is shown
            state = "searching" if study.running else f"{study.state}, without a structure that counts"
            return diagram(study.space.network(study.space.start), caption=f"{what}: {state}")
        error = f"{100 * best.error:.3g}" if best.error >= 1e-5 else "under 0.001"
        told = f"the best of {study.evaluations}: error {error} %, {best.parameters:,} parameters"
        return diagram(study.space.network(best.point), caption=f"{what}: {told}")

    # ---- from the page: refusals become issues ----------------------------------------------------------------------

    def _may_come(self, name: str, value: object) -> bool:
        return value in VIEWS if name == "view" else super()._may_come(name, value)

    def _take(self, spec: Mapping[str, Any]) -> None:
        self._choose(spec.get("chosen"))

    def _refuse(self, error: Exception, _spec: Mapping[str, Any]) -> None:
        self._show_again(by=2)
        self.issues = [{"message": str(error)}]

    def _take_wish(self, change: Mapping[str, Any]) -> None:
        if self._own:
            return
        try:
            self._grant(change["new"].get("op"))
        except Exception as error:  # noqa: BLE001 -- ipywidgets would swallow it; here the user sees it
            with self._writing():
                self.issues = [{"message": str(error)}]

    def _grant(self, wish: object) -> None:
        match wish:
            case "stop":
                self._study.stop()
            case "resume":
                self._study.resume()
                self._samples.clear()
            case other:
                raise SearchError(f"there is nothing called {other!r} to do")
        with self._writing():
            self.issues = []
            self._show_numbers()
        self._painter.ask(object())

    def _choose(self, number: object) -> None:
        found = len(self._study.trials)
        if number is not None and (isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < found):
            among = f"{found} were evaluated, from number 0" if found else "nothing was evaluated yet"
            raise SearchError(f"there is no trial {number!r}: {among}")
        self._chosen = number
        self.issues = []
        self._show_drawn()

    # ---- to the page ------------------------------------------------------------------------------------------------

    def _show_again(self, by: int = 1) -> None:
        self.spec = {"chosen": self._chosen}
        self.revision += by
        self.issues = []
        if self.numbers:
            self.numbers = self.numbers | {"revision": self.revision}

    def _paint(self, _job: object, _wanted: Callable[[], bool]) -> None:
        """On the board's own thread: in good time, tell the page what there is."""
        if self._over.wait(max(0.0, self._due - time.monotonic())):
            return
        began = time.monotonic()
        try:
            with self._writing():
                self._update()
        except Exception as error:  # noqa: BLE001 -- a thread's exception is lost; here the user sees it
            with self._writing():
                self.issues = [{"message": f"the board could not be drawn: {error}"}]
        now = time.monotonic()
        self._due = now + min(SLOWEST, max(PACE, (now - began) / SHARE))

    def _update(self) -> None:
        """All that changes by itself; the caller holds the lock."""
        for trial in self._study.trials[len(self._rows) :]:
            self._rows.append(_row(trial))
            self._early += trial.early and not trial.ruled_out
            self._ruled_out += trial.ruled_out
            if trial.failed:
                self._failures[trial.message or "the error is not a number"] += 1
        whole = len(self._rows) // PAGE * PAGE
        if len(self.older) != whole:
            self.older = self._rows[:whole]
        self.recent = self._rows[whole:]
        self._show_drawn()
        self._show_tried()
        self._show_numbers()

    def _show_numbers(self) -> None:
        study, best = self._study, self._study._best
        now = time.monotonic()
        self._samples.append((now, study.evaluations))
        while len(self._samples) > 2 and now - self._samples[0][0] > RECENT:
            self._samples.popleft()
        (then, before), (_, after) = self._samples[0], self._samples[-1]
        rate = (after - before) / (now - then) if study.running and now - then > 0.5 else None
        self.numbers = {
            "revision": self.revision,
            "state": "stopping" if study.running and study._stop.is_set() else study.state,
            "message": "" if study.problem is None else f"{type(study.problem).__name__}: {study.problem}",
            "evaluations": study.evaluations,
            "budget": study.budget,
            "early": self._early,
            "ruled_out": self._ruled_out,
            "failures": [{"message": message, "count": count} for message, count in self._failures.most_common(5)],
            "failed": self._failures.total(),
            "rate": None if rate is None else float(f"{rate:.3g}"),
            "left": float(f"{(study.budget - study.evaluations) / rate:.3g}") if rate else None,
            "seconds": float(f"{sum(trial.seconds for trial in study.trials):.4g}"),
            "best": None if best is None else best.number,
            "resumable": study.resumable,
        }

    def _show_drawn(self) -> None:
        """The network chosen, or the best, and how Python makes it."""
        study, best = self._study, self._study._best
        number = self._chosen if self._chosen is not None else None if best is None else best.number
        if self._shown == (self._chosen, number):
            return
        self._shown = (self._chosen, number)
        if number is None:
            self.drawn, self.code = {}, {}
            return
        trial = study.trials[number]
        net = study.space.network(trial.point)
        drawable = len(net.tensors) <= LARGEST
        self.drawn = {
            "number": number,
            "network": net.to_dict() if drawable else None,
            "positions": {name: [round(x, 1), round(y, 1)] for name, (x, y) in _places(net).items()}
            if drawable
            else {},
            "message": trial.message,
        }
        self.code = self._code(net)

    def _show_tried(self) -> None:
        study = self._study
        points = study.proposed if study.running else ()
        sizes = [study.space.parameters(point) for point in points[: 4 * PAGE]]
        self.tried = {
            "count": len(points),
            "parameters": sorted(set(sizes)),
            "changes": [self._change(point) for point in points[:NAMED]],
        }

    def _change(self, point: "Point") -> str:
        """How a structure under way differs from the best."""
        best = self._study._best
        key = self._study.space.key(point)
        if best is None:
            return key
        then, now = _ranks(best.key), _ranks(key)
        told = [
            f"{bond}: {then.get(bond, '1')} → {now.get(bond, '1')}"
            for bond in sorted({**then, **now})
            if then.get(bond, "1") != now.get(bond, "1")
        ]
        return ", ".join(told) if len(told) <= 4 else key

    def _code(self, net: Network) -> dict[str, str]:
        """The structure as Python: fitted again, as a value by itself, drawn, as a layer."""
        best = "best" if self._chosen is None else f"candidate({self._name}.trials[{self._chosen}])"
        this = f"{self._name}.{best}"
        fits = isinstance(self._study.evaluator.target, torch.Tensor)
        legs = net.legs
        half = len(legs) // 2
        layer = f"wb.layers.NetworkLinear({this}.network, inputs={legs[half:]!r}, outputs={legs[:half]!r})"
        loops = ", init='random', starts=16" if len(net.bonds) >= len(net.tensors) else ""
        return {
            "line": f"fit = {this}.fit" if fits else f"net = {this}.network",
            "network": f"net = {_spelled(net)}" + (f"\nfit = wb.decompose({self._data}, net{loops})" if fits else ""),
            "editor": f"wb.NetworkEditor({this}.network" + (f", data={self._data})" if fits else ")"),
            "layer": layer if half else "",
        }


_SHOWN: "weakref.WeakKeyDictionary[Study, weakref.ref[SearchBoard]]" = weakref.WeakKeyDictionary()


def show_study(study: Study) -> None:
    """Display a study's board: the same one for the same study."""
    known = _SHOWN.get(study)
    board = None if known is None else known()
    if board is None or board._over.is_set():
        board = SearchBoard(study)
        _SHOWN[study] = weakref.ref(board)
    board._ipython_display_()


def _heard(me: "weakref.ref[SearchBoard]") -> Callable[[Study], None]:
    """What the search calls after every batch, in its own thread: it costs microseconds, and keeps no board alive."""

    def heard(_study: Study) -> None:
        board = me()
        if board is not None:
            board._painter.ask(object())

    return heard


def _row(trial: Trial) -> list[Any]:
    error = math.sqrt(trial.rse) if trial.rse >= 0 else None
    value = trial.value if math.isfinite(trial.value) else None
    return [
        trial.number,
        trial.parameters,
        _short(error),
        _short(value),
        int(trial.early) + int(trial.ruled_out),
        trial.key,
    ]


def _short(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.5g}")


def _ranks(key: str) -> dict[str, str]:
    """The bonds of a structure and their ranks, as its key spells them."""
    return dict(each.rsplit(":", 1) for each in key.split() if ":" in each)


def _places(net: Network) -> dict[str, tuple[float, float]]:
    """Where the tensors are drawn: a long chain is bent to an open ring, as a panel is not wide."""
    places = layout(net)
    rows = {y for _, y in places.values()}
    if len(rows) > 1 or len(places) < 5:
        return places
    radius = CHAIN * (len(places) + 1) / math.tau  # one place stays free, for the legs of the two ends
    turn = math.tau / (len(places) + 1)
    along = sorted(places, key=lambda name: places[name])
    return {
        name: (radius * math.sin(turn * (at + 1)), -radius * math.cos(turn * (at + 1))) for at, name in enumerate(along)
    }


def _spelled(net: Network) -> str:
    """A network as one expression: an einsum where there are letters for it, else JSON."""
    if any(tensor in net.fixed for tensor in net.tensors) or len(net.sizes) > 26:
        return f"wb.Network.from_json({net.to_json()!r})"
    expression = net.einsum
    shapes = [net.shape_of(name) for name in net.tensors]
    return f"wb.Network.from_einsum({expression!r}, {shapes!r})"
