"""`NetworkEditor`: draw a network over data; the drawing and the Python object are one thing."""

__all__ = ["NetworkEditor"]

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
import traitlets

from workbench.data import as_tensor
from workbench.figures import Diagram, diagram, layout
from workbench.network import Network, NetworkError, WorkbenchError, did_you_mean, tensor_train
from workbench.widgets._document import Document, Positions, issue_of, read_positions
from workbench.widgets._newest import Newest
from workbench.widgets._numbers import AT_ONCE, TARGETS, Fitting, Outcome, code_of, preview_of, price_of, sizes_of
from workbench.widgets._steps import read_step
from workbench.widgets._two_way import TwoWay

if TYPE_CHECKING:
    from workbench.decomposition import Fit

VIEWS = ("picture", "table", "code")
REMEMBERED = 1_000


class NetworkEditor(TwoWay):
    """Draw, connect, resize and refit a tensor network in the notebook.

    What is drawn is `network`, an ordinary value: edit the picture and it changes, set it and the picture moves. With
    data, every change is fitted in the background, starting from the fit before; `fit` waits for the newest.

    Parameters
    ----------
    net
        The network to begin with. By default a tensor train of rank 4 over the data, or nothing.
    data
        The tensor to fit, as `workbench.data.as_tensor` takes it; its axes are the network's legs, in order.
    view
        What is shown first: ``"picture"``, ``"table"`` or ``"code"``.

    Raises
    ------
    DataError
        When the data cannot be fitted as they are.
    NetworkError
        When `net` is no network.
    TypeError
        For an unknown keyword; the message has the nearest one.

    Notes
    -----
    In a notebook a cell that ends in an editor gets two outputs: a still picture, which remains when there is no kernel, and the
    live widget, which hides it. Changes may arrive on another thread while a cell runs; one lock keeps them apart.

    Examples
    --------
    >>> ed = NetworkEditor(tensor_train((4, 5, 6), 2))
    >>> ed.network = ed.network.resize(r0=3)
    >>> ed.network.parameters, ed.numbers["parameters"]
    (54, 54)
    >>> ed.undo()
    >>> ed.network.sizes["r0"]
    2
    """

    _esm = Path(__file__).parent / "static" / "editor.js"
    FROM_PYTHON = TwoWay.FROM_PYTHON | {"code", "preview", "shape"}

    code = traitlets.Dict().tag(sync=True)
    preview = traitlets.Dict().tag(sync=True)
    shape = traitlets.List().tag(sync=True)
    view = traitlets.Enum(VIEWS, default_value="picture").tag(sync=True)

    _fitter: Newest[Network, Outcome] | None = None

    def __init__(
        self, net: Network | None = None, data: object = None, *, view: str = "picture", **unknown: Any
    ) -> None:
        self._pricer = Newest(self._price, self._priced)  # first: ipywidgets closes what is refused below, too
        self._refuse_unknown(unknown, ("net", "data", "view"))
        if view not in VIEWS:
            raise NetworkError(f"there is no view {view!r}{did_you_mean(view, VIEWS)}")
        self._past: list[Document] = []
        self._future: list[Document] = []
        self._data = None if data is None else as_tensor(data, what="data")
        self._document = Document(_to_begin_with(data, self._data) if net is None else _checked(net))
        self._counted: dict[str, Any] = {}
        super().__init__(view=view, shape=[] if self._data is None else list(self._data.shape))
        if self._data is not None:
            self._fitter = Newest(Fitting(self._data, self._progressed), self._fitted)
        with self._writing():
            self._show(self._document)

    # ---- for Python -------------------------------------------------------------------------------------------------

    @property
    def network(self) -> Network:
        """The network that is drawn: the last sound one, while the drawing is not."""
        with self._lock:
            return self._document.network

    @network.setter
    def network(self, net: Network) -> None:
        _checked(net)
        with self._writing():
            if net != self._document.network:
                self._remember()
            self._show(Document(net, self._document.positions))

    @property
    def positions(self) -> Positions:
        """Where the tensors are drawn: name -> (x, y), y downwards; set some to move them."""
        with self._lock:
            return layout(self._document.network, self._document.positions)

    @positions.setter
    def positions(self, positions: Mapping[str, tuple[float, float]]) -> None:
        with self._writing():
            net = self._document.network
            places = read_positions(positions, net)
            if wrong := next((name for name in positions if name not in places), None):
                if wrong in net.tensors:
                    raise NetworkError(
                        f"tensor {wrong!r} cannot be placed at {positions[wrong]!r}; give two finite numbers"
                    )
                raise NetworkError(f"no tensor {wrong!r} to place{did_you_mean(wrong, net.tensors)}")
            self._show(replace(self._document, positions=self._document.positions | places))

    @property
    def data(self) -> torch.Tensor | None:
        """The tensor that is fitted."""
        return self._data

    @property
    def fit(self) -> "Fit | None":
        """The fit of the network that is drawn; waits for it. None without data.

        It ends sooner than `workbench.decompose` does by default, when a sweep gains less than 1e-4 of the error;
        ``wb.decompose(ed.data, ed.network, init=ed.fit)`` goes on from it.

        Raises
        ------
        NetworkError
            When the network's legs do not match the data.
        WorkbenchError
            Whatever `workbench.decompose` refuses.
        """
        if self._fitter is None:
            return None
        with self._lock:
            misfit = self._misfit()
        if misfit:
            raise NetworkError(misfit)
        outcome = self._fitter.wait()
        if outcome is None:
            raise WorkbenchError("this editor was closed before the fit was done")
        if outcome.error is not None:
            raise outcome.error
        return outcome.fit

    def undo(self) -> None:
        """Go back to the network before the last change, wherever it was made; nothing happens at the beginning."""
        self._travel(self._past, self._future, "undo")

    def redo(self) -> None:
        """Take back the last undo; nothing happens at the end."""
        self._travel(self._future, self._past, "redo")

    def close(self) -> None:
        """Stop fitting and remove the widget from the page."""
        for worker in (self._pricer, self._fitter):
            if worker is not None:
                worker.close()
        super().close()

    def __repr__(self) -> str:
        data = "" if self._data is None else f", data={tuple(self._data.shape)}"
        return f"NetworkEditor({self.network!r}{data})"

    def _still(self) -> Diagram:
        return diagram(self.network, self.positions)

    # ---- from the page: refusals become issues ----------------------------------------------------------------------

    def _may_come(self, name: str, value: object) -> bool:
        return value in VIEWS if name == "view" else super()._may_come(name, value)

    def _take(self, spec: Mapping[str, Any]) -> None:
        net = Network.from_dict(spec.get("network"))
        before, step = self._document, spec.get("step")
        after = Document(net, before.positions | read_positions(spec.get("positions"), net))
        self.issues = []
        if net == before.network:
            self._document = after
            self._publish()
            return
        op = step.get("op") if isinstance(step, Mapping) else None
        if op == "undo" and self._went(self._past, self._future, net):
            told = "ed.undo()"
        elif op == "redo" and self._went(self._future, self._past, net):
            told = "ed.redo()"
        else:
            self._remember()
            told = self._told(step, before.network, net)
        self._document = after
        self._start(told)

    def _refuse(self, error: Exception, spec: Mapping[str, Any]) -> None:
        self.issues = [issue_of(error, spec.get("network"))]
        self._publish()

    def _told(self, step: object, before: Network, after: Network) -> str:
        """The step as Python, if it does lead from one network to the other."""
        try:
            read = read_step(step)
            leads = read.apply(before) == after
        except NetworkError:
            leads = False
        return read.as_python() if leads else "net = ed.network"

    # ---- both ways --------------------------------------------------------------------------------------------------

    def _show_again(self) -> None:
        self._show(self._document)

    def _show(self, document: Document, step: Mapping[str, Any] | None = None) -> None:
        """Put a document of Python's on the page."""
        changed = document.network != self._document.network or not self.numbers
        positions = layout(document.network, document.positions)
        self._document = Document(document.network, positions)
        self.spec = self._document.to_spec(step)
        self.revision += 1
        self.issues = []
        if changed:
            self._start(f"ed.{step['op']}()" if step else "")
        else:
            self._publish()

    def _start(self, told: str) -> None:
        """Count, write the code, and have the network fitted."""
        net = self._document.network
        refit = "\nfit = wb.decompose(x, net, init=fit)" if self._data is not None and told.startswith("net = ") else ""
        self._counted = sizes_of(net)
        self.code = {**dict.fromkeys(TARGETS, ""), "step": told + refit}
        if len(net.tensors) <= AT_ONCE:
            self._pricer.ask(None)
            self._add_price(self._price(net))
        else:
            self._pricer.ask(net)
        if self._fitter is not None:
            self._fitter.ask(None if self._misfit() else net)
        self._publish()

    def _price(self, net: Network, _wanted: object = None) -> tuple[dict[str, Any], dict[str, str]]:
        return price_of(net, 4 if self._data is None else self._data.element_size()), code_of(net)

    def _add_price(self, found: tuple[dict[str, Any], dict[str, str]]) -> None:
        price, code = found
        self._counted = self._counted | price
        self.code = self.code | code

    def _priced(self, net: Network, found: tuple[dict[str, Any], dict[str, str]]) -> None:
        """On the pricing thread: what took long is there."""
        with self._writing():
            if net == self._document.network:
                self._add_price(found)
                self._publish()

    def _publish(self, outcome: Outcome | None = None) -> None:
        """Say where the fit of the network that is drawn stands."""
        numbers: dict[str, Any] = {"state": "idle", "message": "", "error": None, "seconds": None}
        if self.issues:
            numbers |= {"state": "unfittable", "message": self.issues[0]["message"]}
        elif self._fitter is not None:
            outcome = outcome or self._fitter.ready(self._document.network)
            if misfit := self._misfit():
                numbers |= {"state": "unfittable", "message": misfit}
            elif outcome is None:
                numbers["state"] = "fitting"
            elif outcome.fit is None:
                numbers |= {"state": "unfittable", "message": str(outcome.error)}
            else:
                numbers |= {"state": "fitted", "error": float(outcome.fit.error), "seconds": outcome.seconds}
        self.numbers = {"revision": self.revision, **numbers, **self._counted}

    def _misfit(self) -> str:
        """How the network's legs differ from the data's shape; nothing when they agree."""
        net, shape = self._document.network, tuple(self.shape)
        if net.order != len(shape):
            return (
                f"the network has {net.order} legs {net.legs}, the data has {len(shape)} axes {shape}; one leg an axis"
            )
        for axis, (leg, size) in enumerate(zip(net.legs, shape, strict=True)):
            if net.sizes[leg] != size:
                return (
                    f"leg {leg!r} has size {net.sizes[leg]}, axis {axis} of the data has size {size}; "
                    f"resize the leg to {size} or put the legs in another order"
                )
        return ""

    def _progressed(self, net: Network, error: float) -> None:
        with self._writing():
            if net == self._document.network and self.numbers["state"] == "fitting":
                self.numbers = self.numbers | {"error": error}

    def _fitted(self, net: Network, outcome: Outcome) -> None:
        """On the fitting thread: show a fit that is done."""
        preview = {}
        if self._data is not None and outcome.fit is not None:
            preview = preview_of(self._data, outcome.fit)
        with self._writing():
            if net == self._document.network:
                self._publish(outcome)
                self.preview = preview

    # ---- undo -------------------------------------------------------------------------------------------------------

    def _remember(self) -> None:
        self._past = [*self._past[-REMEMBERED:], self._document]
        self._future = []

    def _travel(self, source: list[Document], target: list[Document], op: str) -> None:
        with self._writing():
            if source:
                target.append(self._document)
                self._show(source.pop(), {"op": op, "args": {}})

    def _went(self, source: list[Document], target: list[Document], net: Network) -> bool:
        """The page went back (or forth) to `net`, maybe over several of our steps; follow it if we know the way."""
        found = next((k for k in range(len(source) - 1, -1, -1) if source[k].network == net), None)
        if found is None:
            return False
        target += [self._document, *reversed(source[found + 1 :])]
        del source[found:]
        return True


def _checked(net: object) -> Network:
    if isinstance(net, Network):
        return net
    hint = "; data come second: NetworkEditor(net, data=x)" if hasattr(net, "shape") else ""
    raise NetworkError(f"net is a {type(net).__name__}, not a Network{hint}")


def _to_begin_with(data: object, tensor: torch.Tensor | None) -> Network:
    """A tensor train of rank 4 over the data, its legs named as an xarray's dimensions, or i, j, k, ...; or nothing."""
    if tensor is None or tensor.ndim == 0:
        return Network()
    names = [str(name) for name in getattr(data, "dims", ())] or _leg_names(tensor.ndim)
    return tensor_train(tuple(tensor.shape), 4, legs=names)


def _leg_names(count: int) -> list[str]:
    return [*"ijklmnop", *(f"i{k}" for k in range(1, count))][:count]
