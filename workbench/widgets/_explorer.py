"""`DecompositionExplorer`: which decomposition, which ranks, what is lost."""

__all__ = ["DecompositionExplorer", "explore"]

import keyword
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import torch
import traitlets

from workbench.data import DataError, as_tensor
from workbench.decomposition import FitError
from workbench.figures import Diagram, diagram, layout
from workbench.network import Network, NetworkError, WorkbenchError, did_you_mean
from workbench.widgets._compressed import Estimate
from workbench.widgets._exploration import Budget, Exploration, read_budget
from workbench.widgets._formats import OWN, Format, State, checked, useful
from workbench.widgets._looks import Lens, first_look, may_be_colours, read_look
from workbench.widgets._newest import Newest
from workbench.widgets._refits import Refit, Refits
from workbench.widgets._states import States
from workbench.widgets._two_way import TwoWay

if TYPE_CHECKING:
    from workbench.decomposition import Fit

VIEWS = ("picture", "table")
REMEMBERED = 1_000
ASIDE = 4.0
"""Seconds of computing for the landscape of a format that is not the chosen one."""
OURS = frozenset({"about", "formats", "fronts", "line", "picture", "preview", "spectra", "trail"})


class DecompositionExplorer(TwoWay):
    """Choose a format, drag its ranks, and see what is lost: error, parameters, picture, landscape and spectra.

    What is explored is a format and its ranks, and so a network; both are ordinary attributes: drag a rank and they change,
    set them and the page follows. While a rank moves the error is looked up (Tucker) or found in a small corner of the
    compressed data (all others); then the call of `workbench.decompose` that the page shows is made in the background, and
    its error replaces the estimate.

    Parameters
    ----------
    x
        The tensor, as `workbench.data.as_tensor` takes it, with one axis or more.
    network
        A format to begin with: ``"cp"``, ``"tucker"``, ``"tensor_train"``, ``"tensor_ring"`` or ``"hierarchical_tucker"``;
        or a `Network` of your own, which is offered beside them. By default Tucker.
    ranks
        The ranks to begin with, one number or one each. By default about a twelfth of the data's size.
    axes
        Names for the axes. By default those of an xarray, of the network, or i, j, k, ...
    name
        The variable's name in the line of Python.
    view
        What is shown first: ``"picture"`` or ``"table"``.

    Raises
    ------
    DataError
        When the data cannot be decomposed as they are.
    FitError, NetworkError
        When there is no such format, or the ranks or the network do not fit.
    TypeError
        For an unknown keyword; the message has the nearest one.

    Notes
    -----
    In a notebook a cell that ends in an explorer gets two outputs: a still picture, which remains when there is no kernel, and
    the live widget, which hides it. Changes may arrive on another thread while a cell runs; one lock keeps them apart.

    Examples
    --------
    >>> x = torch.rand(8, 9, 10, generator=torch.Generator().manual_seed(0))
    >>> ex = DecompositionExplorer(x, "tucker", ranks=(3, 4, 5))
    >>> ex.ranks = (4, 4, 4)
    >>> ex.line
    "fit = wb.decompose(x, 'tucker', ranks=(4, 4, 4))"
    >>> ex.fit.network == ex.network
    True
    >>> ex.undo()
    >>> ex
    DecompositionExplorer(x=(8, 9, 10), format='tucker', ranks=(3, 4, 5))
    """

    _esm = Path(__file__).parent / "static" / "explorer.js"
    FROM_PAGE: ClassVar[Mapping[str, type]] = {**TwoWay.FROM_PAGE, "looking": dict, "wish": dict}
    FROM_PYTHON = TwoWay.FROM_PYTHON | OURS

    about = traitlets.Dict().tag(sync=True)
    formats = traitlets.List().tag(sync=True)
    fronts = traitlets.Dict().tag(sync=True)
    line = traitlets.Unicode().tag(sync=True)
    looking = traitlets.Dict().tag(sync=True)
    picture = traitlets.Dict().tag(sync=True)
    preview = traitlets.Dict().tag(sync=True)
    spectra = traitlets.Dict().tag(sync=True)
    trail = traitlets.Dict().tag(sync=True)
    view = traitlets.Enum(VIEWS, default_value="picture").tag(sync=True)
    wish = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        x: object,
        network: Network | str | None = None,
        *,
        ranks: int | Sequence[int] | None = None,
        axes: Sequence[str] | None = None,
        name: str = "x",
        view: str = "picture",
        **unknown: Any,
    ) -> None:
        self._workers: list[Newest[Any, Any]] = []  # first: ipywidgets closes what is refused below, too
        self._refuse_unknown(unknown, ("x", "network", "ranks", "axes", "name", "view"))
        if view not in VIEWS:
            raise NetworkError(f"there is no view {view!r}{did_you_mean(view, VIEWS)}")
        if not name.isidentifier() or keyword.iskeyword(name):
            raise DataError(f"name is {name!r}; it is the name of the variable that holds the data, as in x")
        self._data = _checked_data(x)
        self._name = name
        shape = tuple(self._data.shape)
        self._axes = _axis_names(x, self._data, network, axes)
        self._states = States(shape, self._axes)
        self._state = self._states.first(network, ranks)
        self._exploration = Exploration(self._data, self._states)
        self._past: list[State] = []
        self._future: list[State] = []
        self._gesture: object = None
        self._watched = False  # the landscape is for eyes: without a page nobody goes and looks
        self._found: tuple[State, Estimate | Fit] | None = None
        self._refit: tuple[State, Refit] | None = None
        super().__init__(
            view=view,
            about={
                "shape": list(shape),
                "axes": self._axes,
                "dtype": str(self._data.dtype).removeprefix("torch."),
                "entries": math.prod(shape),
                "colours": [axis for axis in range(len(shape)) if may_be_colours(self._data, axis)],
            },
        )
        self._lens = Lens(self._data, first_look(self._data))
        self._refits = Refits(self._data, self._states.network, self._states.check, self._progressed)
        self._estimator = self._worker(self._exploration.estimate, self._estimated)
        self._fitter: Newest[State, Refit] = self._worker(self._refits, self._fitted)
        self._scout = self._worker(self._look_around, lambda _job, _found: None)
        self._seeker = self._worker(self._exploration.seek, self._sought)
        self.observe(self._take_look, names="looking")
        self.observe(self._take_wish, names="wish")
        with self._writing():
            self._show_formats()
            self.looking = self._lens.look.to_spec()
            self.picture = self._lens.before()
            self._show_again()
            self._start()

    # ---- for Python -------------------------------------------------------------------------------------------------

    @property
    def data(self) -> torch.Tensor:
        """The tensor that is decomposed."""
        return self._data

    @property
    def format(self) -> str:
        """The family's name, or ``"own"``; set it to choose another, which takes the ranks it had before, or as many
        parameters as there are now.
        """
        with self._lock:
            return self._state.format

    @format.setter
    def format(self, key: str) -> None:
        with self._writing():
            self._go(self._states.turned(self._state, key, None))

    @property
    def ranks(self) -> tuple[int, ...]:
        """The ranks, in the order of the format's bonds; set them, or one number for all."""
        with self._lock:
            return self._state.ranks

    @ranks.setter
    def ranks(self, ranks: int | Sequence[int]) -> None:
        with self._writing():
            self._go(replace(self._state, ranks=checked(self._form, ranks)))

    @property
    def network(self) -> Network:
        """The network of the format and the ranks. Set one of the same form with other ranks, or any other over the data:
        it is offered beside the families from then on.
        """
        with self._lock:
            return self._states.network(self._state)

    @network.setter
    def network(self, net: Network) -> None:
        if not isinstance(net, Network):
            raise NetworkError(f"network is a {type(net).__name__}, not a Network")
        with self._writing():
            self._go(self._states.of(net))

    @property
    def fit(self) -> "Fit":
        """What the line of Python gives; waits for it.

        Raises
        ------
        WorkbenchError
            Whatever `workbench.decompose` refuses.
        """
        refit = self._fitter.wait()
        if refit is None:
            raise WorkbenchError("this explorer was closed before the fit was done")
        if refit.error is not None:
            raise refit.error
        if refit.fit is None:
            raise WorkbenchError("the fit was given up for another state; ask again")
        return refit.fit

    def best(self, *, parameters: int | None = None, error: float | None = None) -> tuple[int, ...]:
        """Go to the ranks of this format with the least error within a number of parameters, or with the fewest parameters
        within an error; give one of the two.

        Exact for Tucker, among truncated higher-order SVDs; for the others a search among fits of the compressed data.

        Returns
        -------
        tuple of int
            The ranks.

        Raises
        ------
        FitError
            When no ranks do.
        """
        if (parameters is None) == (error is None):
            raise FitError("give parameters= or error=, one of the two")
        wish = {"op": "parameters", "value": parameters} if error is None else {"op": "error", "value": error}
        with self._lock:
            budget = read_budget(self._state, wish)
        found = self._exploration.seek(budget, lambda: True)
        if isinstance(found, Exception):
            raise found
        self.ranks = found.ranks
        return found.ranks

    def stop(self) -> None:
        """End the fit under way after the sweep it is in; the best so far is kept."""
        self._refits.stop(self._state)

    def undo(self) -> None:
        """Go back to the state before the last change, wherever it was made; nothing happens at the beginning."""
        self._travel(self._past, self._future)

    def redo(self) -> None:
        """Take back the last undo; nothing happens at the end."""
        self._travel(self._future, self._past)

    def close(self) -> None:
        """Stop fitting and remove the widget from the page."""
        for worker in self._workers:
            worker.close()
        super().close()

    def __repr__(self) -> str:
        with self._lock:
            own = f"network={self.network!r}" if self._state.format == OWN else ""
            told = own or f"format={self._state.format!r}, ranks={self._state.ranks}"
        return f"DecompositionExplorer({self._name}={tuple(self._data.shape)}, {told})"

    def _still(self) -> Diagram:
        net = self.network
        size = math.prod(net.shape) / max(net.parameters, 1)
        ratio = f"{size:.3g}× smaller" if size >= 1 else f"{1 / size:.3g}× larger"
        return diagram(net, caption=f"{self._form.title} · {net.parameters:,} parameters, {ratio} than the data")

    # ---- states -----------------------------------------------------------------------------------------------------

    @property
    def _form(self) -> Format:
        return self._states.form(self._state)

    def _go(self, state: State) -> None:
        """To a state of Python's."""
        if state != self._state:
            self._remember()
            self._settle(state)
        self._show_again()
        self._start()

    def _settle(self, state: State) -> None:
        self._states.leave(self._state)
        if state.own is not None and state.own is not self._shown_own:
            self._states.offer(state.own)
            self._exploration.forget_own()
            self._show_formats()
        self._state = state

    def _remember(self) -> None:
        self._past = [*self._past[-REMEMBERED:], self._state]
        self._future = []
        self._gesture = None

    def _travel(self, source: list[State], target: list[State]) -> None:
        with self._writing():
            if source:
                target.append(self._state)
                self._gesture = None
                self._settle(source.pop())
                self._show_again()
                self._start()

    # ---- from the page: refusals become issues ----------------------------------------------------------------------

    def _may_come(self, name: str, value: object) -> bool:
        return value in VIEWS if name == "view" else super()._may_come(name, value)

    def _take(self, spec: Mapping[str, Any]) -> None:
        state = self._states.turned(self._state, spec.get("format"), spec.get("ranks"))
        self.issues = []
        if state != self._state:
            gesture = spec.get("gesture")
            if gesture is None or gesture != self._gesture:
                self._remember()
            self._gesture = gesture
            self._settle(state)
        if spec.get("ranks") is None:
            self._show_again(by=2)  # the page counts one for its own message, which some hosts deliver after our answer
        self._start()

    def _refuse(self, error: Exception, _spec: Mapping[str, Any]) -> None:
        self._show_again(by=2)
        self.issues = [{"message": str(error)}]

    def _take_look(self, change: Mapping[str, Any]) -> None:
        if self._own:
            return
        with self._writing():
            look = read_look(change["new"], self._data)
            if look is None:
                self.looking = self._lens.look.to_spec()
            elif look != self._lens.look:
                self._lens = Lens(self._data, look)
                self.picture = self._lens.before()
                if self._found is not None and self._found[0] == self._state:
                    self._show_preview(self._found[1], self._lens)

    def _take_wish(self, change: Mapping[str, Any]) -> None:
        if self._own:
            return
        try:
            self._grant(change["new"])
        except Exception as error:  # noqa: BLE001 -- ipywidgets would swallow it; here the user sees it
            with self._writing():
                self.issues = [{"message": str(error)}]

    def _grant(self, wish: Mapping[str, Any]) -> None:
        """What the page cannot do by itself."""
        match wish.get("op"):
            case "watch":
                with self._writing():
                    self._watched = True
                    self._scout.ask(replace(self._state, ranks=()))
            case "undo":
                self.undo()
            case "redo":
                self.redo()
            case "stop":
                self.stop()
            case "parameters" | "error":
                with self._writing():
                    budget = read_budget(self._state, wish)
                    self.issues = []
                self._seeker.ask(budget)
            case other:
                raise FitError(f"there is nothing called {other!r} to do")

    # ---- to the page ------------------------------------------------------------------------------------------------

    def _show_again(self, by: int = 1) -> None:
        self.spec = {"format": self._state.format, "ranks": list(self._state.ranks), "gesture": None}
        self.revision += by
        self.issues = []
        if self.numbers:
            self.numbers = self.numbers | {"revision": self.revision}

    def _show_formats(self) -> None:
        self._shown_own = next((form.base for form in self._states if form.key == OWN), None)
        self.formats = [
            {
                "key": form.key,
                "title": form.title,
                "ranks": [
                    {"index": rank.index, "title": rank.title, "most": rank.most, "cuts": bool(rank.side)}
                    for rank in form.ranks
                ],
                "network": form.base.to_dict(),
                "positions": {name: [round(x, 1), round(y, 1)] for name, (x, y) in layout(form.base).items()},
            }
            for form in self._states
        ]

    def _start(self) -> None:
        """Say what is known of the state at once, and have the rest found out."""
        state, form = self._state, self._form
        net = form.network(state.ranks)
        self.line = form.line(state.ranks, self._name)
        self.trail = {"undo": len(self._past), "redo": len(self._future)}
        known = self._refit[1] if self._refit is not None and self._refit[0] == state else None
        self.numbers = {
            "revision": self.revision,
            "state": "estimating" if self._exploration.compressed else "reading",
            "message": "",
            "error": None,
            "source": "",
            "parameters": net.parameters,
            "dense": math.prod(net.shape),
            "useful": useful(net, form),
            "kept": self._exploration.kept(state),
            "seconds": None,
            "sweep": 0,
            "history": [],
            "converged": False,
        }
        if known is not None:
            self._show_refit(known)
        elif (estimate := self._exploration.look_up(state)) is not None:
            self._show_estimate(estimate)
        elif (error := self._exploration.interpolate(state)) is not None:
            self.numbers = self.numbers | {"state": "fitting", "error": error, "source": "interpolated"}
        self._estimator.ask(state)
        self._fitter.ask(state)
        if self._watched:
            self._scout.ask(replace(state, ranks=()))

    def _show_estimate(self, estimate: Estimate) -> None:
        known = self.numbers["error"]
        if known is not None and estimate.early and known < estimate.error:
            return
        source = "closed form" if estimate.closed else "so far" if estimate.early else "compressed"
        self.numbers = self.numbers | {"state": "fitting", "error": estimate.error, "source": source}

    def _show_refit(self, refit: Refit) -> None:
        if refit.fit is None:
            self.numbers = self.numbers | {"state": "unfittable", "message": str(refit.error)}
            return
        fit, stopped = refit.fit, refit.stopped
        if stopped:
            self.line = self._form.line(self._state.ranks, self._name, len(fit.history))
        self.numbers = self.numbers | {
            "state": "stopped" if stopped else "fitted",
            "error": fit.error,
            "source": "fit",
            "seconds": refit.seconds,
            "sweep": len(fit.history),
            "history": [float(f"{error:.6g}") for error in fit.history],
            "converged": fit.converged,
        }

    def _show_preview(self, found: "Estimate | Fit", lens: Lens) -> None:
        """The picture of what was found; drawn before the lock is taken."""
        state, revision = self._state, self.revision
        after = lens.after(found, self._exploration.compressed)
        with self._writing():
            if state == self._state and lens is self._lens:
                self.preview = {"revision": revision, **after}

    # ---- in the background ------------------------------------------------------------------------------------------

    def _worker(self, work: Callable[[Any, Callable[[], bool]], Any], report: Callable[[Any, Any], None]) -> Any:
        made: Newest[Any, Any] = Newest(work, report)
        self._workers.append(made)
        return made

    def _estimated(self, state: State, found: Estimate | Exception) -> None:
        """On the estimating thread: the numbers first, then the picture."""
        with self._writing():
            if state != self._state or (self._refit is not None and self._refit[0] == state):
                return
            if isinstance(found, Exception):
                self.numbers = self.numbers | {"state": "fitting", "message": str(found)}
                return
            self._found = (state, found)
            self._show_estimate(found)
            lens = self._lens
        self._show_preview(found, lens)

    def _progressed(self, state: State, sweep: int, error: float, history: list[float]) -> None:
        """On the fitting thread, now and then."""
        with self._writing():
            if state != self._state:
                return
            shown = self.numbers["error"]
            better = {"error": error, "source": "so far"} if shown is None or error < shown else {}
            rounded = [float(f"{each:.6g}") for each in history]
            self.numbers = self.numbers | {"state": "fitting", "sweep": sweep, "history": rounded} | better

    def _fitted(self, state: State, refit: Refit) -> None:
        """On the fitting thread: show a fit that is done."""
        with self._writing():
            if state != self._state:
                return
            self._refit = (state, refit)
            self._show_refit(refit)
            if refit.fit is None:
                return
            self._found = (state, refit.fit)
            lens, form = self._lens, self._form
        self._show_preview(refit.fit, lens)
        drawn = self._exploration.add(form, refit.fit, state.ranks)
        if drawn is not None:
            self._show_front(form, drawn)

    def _look_around(self, state: State, wanted: Callable[[], bool]) -> None:
        """On the scouting thread: spectra and landscape, this format's first; drags and fits have precedence."""
        forms = sorted(self._states, key=lambda form: form.key != state.format)
        try:
            for form in forms:
                self._show_spectra(form, self._exploration.spectra(form))
                limit = math.inf if form.key == state.format else ASIDE
                self._exploration.explore(form, limit, wanted, self._is_calm, partial(self._show_front, form))
        except Exception as error:  # noqa: BLE001 -- a thread's exception is lost; here the user sees it
            with self._writing():
                self.issues = [*self.issues, {"message": f"the landscape could not be drawn: {error}"}]

    def _is_calm(self) -> bool:
        return self._estimator.idle and self._fitter.idle

    def _show_spectra(self, form: Format, drawn: list[list[list[float]]]) -> None:
        with self._writing():
            self.spectra = {**self.spectra, form.key: drawn}
            if form.key == self._state.format:
                self.numbers = self.numbers | {"kept": self._exploration.kept(self._state)}

    def _show_front(self, form: Format, drawn: dict[str, Any]) -> None:
        with self._writing():
            self.fronts = {**self.fronts, form.key: drawn}

    def _sought(self, budget: Budget, found: State | Exception) -> None:
        with self._writing():
            if isinstance(found, Exception):
                self.issues = [{"message": str(found)}]
            elif budget.state.format == self._state.format:
                self._go(found)


def explore(x: object, network: Network | str | None = None, **options: Any) -> DecompositionExplorer:
    """Explore the decompositions of a tensor: a `DecompositionExplorer`, which shows itself in a notebook.

    Parameters
    ----------
    x
        The tensor, as `workbench.data.as_tensor` takes it.
    network
        A format's name, or a `Network` of your own over the data.
    options
        ``ranks=``, ``axes=``, ``name=`` and ``view=``, as `DecompositionExplorer` takes them.

    Examples
    --------
    >>> explore(torch.ones(4, 5, 6), "cp", ranks=2)
    DecompositionExplorer(x=(4, 5, 6), format='cp', ranks=(2,))
    """
    return DecompositionExplorer(x, network, **options)


def _checked_data(x: object) -> torch.Tensor:
    data = as_tensor(x)
    if data.ndim == 0:
        raise DataError("x is a scalar; give a tensor with at least one axis")
    if data.dtype in (torch.float16, torch.bfloat16):
        name = str(data.dtype).removeprefix("torch.")
        raise DataError(
            f"x holds {name} values, too few digits for least squares; convert with x = x.float() (NumPy: x.astype(np.float32))"
        )
    return data


def _axis_names(x: object, data: torch.Tensor, network: object, given: Sequence[str] | None) -> list[str]:
    if given is not None:
        names = [str(name) for name in given]
        if len(names) != data.ndim or len(set(names)) != len(names):
            raise DataError(f"axes are {tuple(names)}; give {data.ndim} different names, one for each axis of x")
        return names
    if isinstance(network, Network) and network.order == data.ndim:
        return list(network.legs)
    names = [str(name) for name in getattr(x, "dims", ())] if not isinstance(x, torch.Tensor) else []
    if len(names) == data.ndim:
        return names
    if data.ndim == 3 and first_look(data).colours == 2:
        return ["row", "column", "colour"]
    return [*"ijklmnop", *(f"i{k}" for k in range(1, data.ndim))][: data.ndim]
