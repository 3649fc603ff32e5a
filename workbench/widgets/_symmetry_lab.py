"""`SymmetryLab`: equivariant maps as diagrams, as a matrix, and as a square that commutes."""

__all__ = ["SymmetryLab"]

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import torch
import traitlets

from workbench.figures import Diagram as Drawing
from workbench.figures import equivariant_diagrams
from workbench.network import WorkbenchError, did_you_mean
from workbench.symmetry import Combination, Group, Hom, SymmetryError
from workbench.symmetry._diagram_hom import DiagramHom
from workbench.widgets._newest import Newest
from workbench.widgets._symmetry_about import about_of, basis_of, pictures_of
from workbench.widgets._symmetry_arguments import hom_of, input_of, weights_of
from workbench.widgets._symmetry_check import Checked, checked
from workbench.widgets._symmetry_choice import OWN, Choice, begun, carried, family_of, positions, refuse_too_large
from workbench.widgets._symmetry_compose import composed
from workbench.widgets._symmetry_element import Turn, read_turn
from workbench.widgets._symmetry_inputs import example, examples_of
from workbench.widgets._symmetry_pictures import orbit_svg
from workbench.widgets._symmetry_read import missing, read_choice
from workbench.widgets._symmetry_sharing import Sharing, rank_of, relation
from workbench.widgets._symmetry_square import Job, Mapped, Square, walked
from workbench.widgets._symmetry_words import check_of, code_of, power_of, short
from workbench.widgets._two_way import TwoWay

if TYPE_CHECKING:
    from workbench.symmetry import EquivariantLinear

VIEWS = ("diagrams", "compose", "check", "code")
REMEMBERED = 300
MOST_DRAWN = 500
"""Of more orbits none is drawn on the group's graph: the smallest graph that tells it from all others takes long to find."""
YOURS = "yours"
OURS = frozenset({"about", "checked", "code", "composed", "diagrams", "related", "sharing", "square", "trail"})


class SymmetryLab(TwoWay):
    """See every linear map that commutes with a group: as diagrams, as the matrix they span, and both ways round the square.

    Choose a group and two tensor powers; switch diagrams on and weigh them; turn the group element and watch both ways
    round the square agree. What is chosen are ordinary attributes, in both directions.

    Parameters
    ----------
    group
        A group of `workbench.symmetry`, or a `Hom`.
    source, target
        How many factors V the input and the output have, as in `group.hom(source, target)`; not with a `Hom`.
    weights
        Position in `hom.diagrams` (or a diagram) -> weight, of the diagrams that are switched on. By default a few of the basis.
    x
        An input of your own, (n, ..., n) or a batch of such: a graph's adjacency matrix, an image, vectors.
    view
        What is shown first: ``"diagrams"``, ``"compose"``, ``"check"`` or ``"code"``.

    Raises
    ------
    SymmetryError
        When the group, the powers or the weights do not fit, or there is too much to show.
    TypeError
        For an unknown keyword; the message has the nearest one.

    Notes
    -----
    In a notebook a cell that ends in a lab gets two outputs: a still picture, which remains when there is no kernel, and
    the live widget, which hides it. Changes may arrive on another thread while a cell runs; one lock keeps them apart.

    Examples
    --------
    >>> from workbench.symmetry import S
    >>> lab = SymmetryLab(S(5), 2, 2, weights={6: 1.0})
    >>> lab
    SymmetryLab(S(5), 2, 2, weights={6: 1.0})
    >>> lab.combination * 2
    2.0 · (1 1' | 2 2')
    >>> lab.weights = {6: 1.0, 7: -0.5}
    >>> lab.error < 1e-12
    True
    >>> lab.layer().to_dense().shape
    torch.Size([25, 25])
    >>> lab.close()
    """

    _esm = Path(__file__).parent / "static" / "symmetry.js"
    FROM_PAGE: ClassVar[Mapping[str, type]] = {**TwoWay.FROM_PAGE, "composing": dict, "turning": dict, "wish": dict}
    FROM_PYTHON = TwoWay.FROM_PYTHON | OURS

    about = traitlets.Dict().tag(sync=True)
    checked = traitlets.Dict().tag(sync=True)
    code = traitlets.Unicode().tag(sync=True)
    composed = traitlets.Dict().tag(sync=True)
    composing = traitlets.Dict().tag(sync=True)
    diagrams = traitlets.Dict().tag(sync=True)
    related = traitlets.Dict().tag(sync=True)
    sharing = traitlets.Dict().tag(sync=True)
    square = traitlets.Dict().tag(sync=True)
    trail = traitlets.Dict().tag(sync=True)
    turning = traitlets.Dict().tag(sync=True)
    view = traitlets.Enum(VIEWS, default_value="diagrams").tag(sync=True)
    wish = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        group: Group | Hom,
        source: Any = None,
        target: Any = None,
        *,
        weights: Mapping[Any, float] | None = None,
        x: object = None,
        view: str = "diagrams",
        **unknown: Any,
    ) -> None:
        self._workers: list[Newest[Any, Any]] = []  # first: ipywidgets closes what is refused below, too
        self._refuse_unknown(unknown, ("group", "source", "target", "weights", "x", "view"))
        if view not in VIEWS:
            raise SymmetryError(f"there is no view {view!r}{did_you_mean(view, VIEWS)}")
        hom = hom_of(group, source, target)
        refuse_too_large(hom)
        self._choice = Choice(hom, begun(hom) if weights is None else weights_of(weights, hom))
        self._offered: list[Hom] = [hom] if family_of(hom) == OWN else []
        self._past: list[Choice] = []
        self._future: list[Choice] = []
        self._gesture: object = None
        self._serial = 0
        self._seed = self._checks = 0
        self._chance = torch.Generator().manual_seed(0)
        self._mapped: tuple[tuple[Any, ...], Mapped] | None = None
        self._yours = None if x is None else input_of(x, hom)
        self._turn = Turn.begun(hom.group)
        super().__init__(view=view)
        self._walker: Newest[Job, Square | Exception] = self._worker(self._walk, self._walked)
        self._checker: Newest[Job, Checked | Exception] = self._worker(self._check, self._was_checked)
        self._drawer: Newest[tuple[Hom, int], str] = self._worker(self._draw, self._drawn)
        self.observe(self._take_turn, names="turning")
        self.observe(self._take_pair, names="composing")
        self.observe(self._take_wish, names="wish")
        self.observe(self._look, names="view")
        with self._writing():
            self._kind = self._picked = YOURS if self._yours is not None else ""
            self._show_maps()
            self._show_again()
            self._start()

    # ---- for Python -------------------------------------------------------------------------------------------------

    @property
    def hom(self) -> Hom:
        """The maps that are shown. Set others, and the weights of diagrams that are the same pictures stay."""
        with self._lock:
            return self._choice.hom

    @hom.setter
    def hom(self, hom: Hom) -> None:
        if not isinstance(hom, Hom):
            raise SymmetryError(f"hom is a {type(hom).__name__}; give group.hom(k, l)")
        refuse_too_large(hom)
        with self._writing():
            if family_of(hom) == OWN:
                self._offered.append(hom)
            self._go(Choice(hom, carried(self._choice, hom), None, self._choice.channels))

    @property
    def weights(self) -> dict[int, float]:
        """Position in `hom.diagrams` -> weight, of the diagrams that are switched on; set it, with positions or diagrams."""
        with self._lock:
            return dict(self._choice.weights)

    @weights.setter
    def weights(self, weights: Mapping[Any, float]) -> None:
        with self._writing():
            self._go(replace(self._choice, weights=weights_of(weights, self._choice.hom)))

    @property
    def combination(self) -> Combination:
        """The map that is shown, as a linear combination of diagrams."""
        with self._lock:
            hom, weights = self._choice.hom, self._choice.weights
        return Combination({hom.diagrams[at]: weight for at, weight in weights.items()})

    @property
    def element(self) -> torch.Tensor:
        """The group element of the square, (n, n); set another."""
        with self._lock:
            return self._turn.element

    @element.setter
    def element(self, element: torch.Tensor) -> None:
        n = len(self._turn.base)
        if not isinstance(element, torch.Tensor) or tuple(element.shape) != (n, n):
            found = tuple(element.shape) if isinstance(element, torch.Tensor) else type(element).__name__
            raise SymmetryError(f"an element of {self._choice.hom.group} is a tensor of shape ({n}, {n}), not {found}")
        with self._writing():
            self._turn = Turn(self._choice.hom.group, element.to(self._choice.hom.group.dtype), self._turn.axis)
            self._walk_again()

    @property
    def x(self) -> torch.Tensor:
        """The input of the square, (batch, n, ..., n); set one of your own, with or without a batch."""
        with self._lock:
            return self._job().x

    @x.setter
    def x(self, x: object) -> None:
        with self._writing():
            self._yours = input_of(x, self._choice.hom)
            self._kind = self._picked = YOURS
            self._inputs = [YOURS, *examples_of(self._choice.hom)]
            self._walk_again()

    @property
    def error(self) -> float:
        """How far both ways round the square are apart: ||f(gx) - g f(x)|| relative to the larger of the two.

        Raises
        ------
        WorkbenchError
            Whatever the map refuses.
        """
        found = self._walker.wait()
        if isinstance(found, Square):
            return found.error
        raise (
            found
            if isinstance(found, Exception)
            else WorkbenchError("this lab was closed before the square was walked")
        )

    def layer(self, c_in: int = 1, c_out: int = 1) -> "EquivariantLinear":
        """The layer of all these maps without bias, with the weights that are shown (for every pair of channels).

        Raises
        ------
        SymmetryError
            When diagrams are on that are not in the basis, and there are too many to write them in it.
        """
        with self._lock:
            choice = self._choice
            weights = self._in_basis()
        if weights is None:
            raise SymmetryError(
                f"some diagrams that are on are not in hom.basis(), and {choice.hom.dimension:,} are too many to solve for; "
                "switch on diagrams of the basis only"
            )
        layer = choice.hom.layer(c_in, c_out, bias=False)
        with torch.no_grad():
            layer.weight.zero_()
            for at, weight in weights.items():
                layer.weight[at] = weight
        return layer

    def undo(self) -> None:
        """Go back to the state before the last change, wherever it was made; nothing happens at the beginning."""
        self._travel(self._past, self._future)

    def redo(self) -> None:
        """Take back the last undo; nothing happens at the end."""
        self._travel(self._future, self._past)

    def close(self) -> None:
        """Stop what is under way and remove the widget from the page."""
        for worker in self._workers:
            worker.close()
        super().close()

    def __repr__(self) -> str:
        with self._lock:
            hom = self._choice.hom
            weights = {at: short(weight) for at, weight in self._choice.weights.items()}
        told = repr(weights) if len(weights) <= 12 else f"{{... {len(weights):,} diagrams}}"
        powers = ", ".join(str(power_of(hom, power)) for power in (hom.source, hom.target))
        return f"SymmetryLab({hom.group!r}, {powers}, weights={told})"

    def _still(self) -> Drawing:
        with self._lock:
            hom, on = self._choice.hom, list(self._choice.weights)
        if not hom.spanning_size:
            return Drawing("<svg xmlns='http://www.w3.org/2000/svg' width='0' height='0'/>", repr(hom))
        if isinstance(hom, DiagramHom):
            return equivariant_diagrams(self.combination if 0 < len(on) <= 60 else hom, columns=8)
        return Drawing(
            f"<svg xmlns='http://www.w3.org/2000/svg' width='{8 * len(repr(hom))}' height='24'>"
            f"<text x='4' y='16' font-family='monospace' font-size='12' fill='#747a85'>{escape(repr(hom))}</text></svg>",
            repr(hom),
        )

    # ---- states -----------------------------------------------------------------------------------------------------

    def _go(self, choice: Choice) -> None:
        """To a choice of Python's."""
        if not choice.same(self._choice):
            self._remember()
            self._settle(choice)
        self._show_again()
        self._start()

    def _settle(self, choice: Choice) -> None:
        before, self._choice = self._choice, choice
        if choice.maps == before.maps:
            return
        if choice.hom.group != before.hom.group:
            self._turn = Turn.begun(choice.hom.group)
        self._show_maps()

    def _remember(self) -> None:
        self._past = [*self._past[-REMEMBERED:], self._choice]
        self._future = []
        self._gesture = None

    def _travel(self, source: list[Choice], target: list[Choice]) -> None:
        with self._writing():
            if source:
                target.append(self._choice)
                self._gesture = None
                self._settle(source.pop())
                self._show_again()
                self._start()

    def _in_basis(self) -> dict[int, float] | None:
        """Position in the basis -> weight; None where it would take too long."""
        place = {at: number for number, at in enumerate(self._basis)}
        found: dict[int, float] = {}
        for at, weight in self._choice.weights.items():
            terms = {at: 1.0} if at in place else relation(self._choice.hom, self._shared, at, self._basis)
            if terms is None:
                return None
            for each, share in terms.items():
                found[place[each]] = found.get(place[each], 0.0) + weight * share
        return dict(sorted(found.items()))

    # ---- from the page: refusals become issues ----------------------------------------------------------------------

    def _may_come(self, name: str, value: object) -> bool:
        return value in VIEWS if name == "view" else super()._may_come(name, value)

    def _take(self, spec: Mapping[str, Any]) -> None:
        choice = read_choice(spec, self._choice, self._offered)
        self.issues = []
        if not choice.same(self._choice):
            gesture = spec.get("gesture")
            if gesture is None or gesture != self._gesture:
                self._remember()
            self._gesture = gesture
            self._settle(choice)
        if spec.get("weights") is None:
            self._show_again(by=2)  # the page counts one for its own message, which some hosts deliver after our answer
        self._start()

    def _refuse(self, error: Exception, _spec: Mapping[str, Any]) -> None:
        self._show_again(by=2)
        self.issues = [{"message": str(error)}]

    def _take_turn(self, change: Mapping[str, Any]) -> None:
        if self._own:
            return
        with self._telling():
            self._turn = read_turn(self._turn, change["new"])
            self._walk_again()

    def _take_pair(self, change: Mapping[str, Any]) -> None:
        if self._own:
            return
        with self._telling():
            self._show_composition(change["new"])

    def _take_wish(self, change: Mapping[str, Any]) -> None:
        if self._own:
            return
        with self._telling():
            if change["new"].get("op") != "relate":  # the page asks for that by itself
                self.issues = []
            self._grant(change["new"])

    def _look(self, _change: object) -> None:
        with self._writing():
            self._show_page()

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """What is refused is told on the page: ipywidgets would swallow it."""
        with self._writing():
            try:
                yield
            except Exception as error:  # noqa: BLE001 -- here the user sees it
                self.issues = [{"message": str(error)}]

    def _grant(self, wish: Mapping[str, Any]) -> None:
        """What the page cannot do by itself."""
        op, value = wish.get("op"), wish.get("value")
        match op:
            case "undo":
                self.undo()
            case "redo":
                self.redo()
            case "random":
                self._turn = self._turn.random(self._chance)
                self._walk_again()
            case "identity":
                self._turn = Turn.identity(self._choice.hom.group)
                self._walk_again()
            case "step" if isinstance(value, int) and not isinstance(value, bool):
                self._turn = self._turn.stepped(value)
                self._walk_again()
            case "swap" if isinstance(value, list) and len(value) == 2 and all(type(each) is int for each in value):
                self._turn = self._turn.swapped(value)
                self._walk_again()
            case "input" if isinstance(value, str):
                if value not in self._inputs:
                    raise SymmetryError(f"there is no input {value!r}{did_you_mean(value, self._inputs)}")
                self._kind = self._picked = value
                self._seed = 0
                self._walk_again()
            case "another":
                self._seed += 1
                self._walk_again()
            case "relate" if isinstance(value, int) and not isinstance(value, bool):
                self._show_relation(value)
            case "check":
                self._check_again()
            case _:
                raise SymmetryError(f"there is nothing called {op!r} to do with {value!r}")

    # ---- to the page ------------------------------------------------------------------------------------------------

    def _show_again(self, by: int = 1) -> None:
        self.spec = self._choice.to_spec()
        self.revision += by
        self.issues = []
        if self.numbers:
            self.numbers = self.numbers | {"revision": self.revision}

    def _show_maps(self) -> None:
        """What changes with the group and the powers: the diagrams and what meets where."""
        hom = self._choice.hom
        self._shared = Sharing(hom)
        self._basis = positions(hom)
        self._inputs = [*([YOURS] if self._fits() else []), *examples_of(hom)]
        kind = self._picked if self._picked in self._inputs else self._inputs[0]  # the first is the most telling
        if kind != self._kind:
            self._kind, self._seed = kind, 0
        self.about = about_of(hom, self._offered)
        self.diagrams = pictures_of(hom) | {"basis": basis_of(hom, self._basis)}
        self.sharing = self._shared.to_spec()
        self.related = {}
        self.composed = {}
        self.checked = {}

    def _fits(self) -> bool:
        hom = self._choice.hom
        return self._yours is not None and tuple(self._yours.shape[1:]) == hom.group.sizes(hom.source)

    def _start(self) -> None:
        """Say what is known of the state at once, and have the rest found out."""
        choice = self._choice
        hom, on = choice.hom, list(choice.weights)
        c_in, c_out = choice.channels
        self.trail = {"undo": len(self._past), "redo": len(self._future)}
        self.numbers = {
            "revision": self.revision,
            "dimension": hom.dimension,
            "spanning": hom.spanning_size,
            "on": len(on),
            "rank": rank_of(hom, self._shared, on, set(self._basis)),
            "dense": math.prod(hom.shape) * c_in * c_out,
            "ours": hom.dimension * c_in * c_out,
            "error": None,
            "seconds": None,
        }
        self.checked = {}
        self._walk_again()
        self._show_page()

    def _show_page(self) -> None:
        """What only one of the pages shows."""
        if self.view == "compose" and not self.composed and self._choice.hom.spanning_size:
            self._show_composition(self.composing)
        if self.view == "check" and not self.checked:
            self._check_again()
        if self.view == "code":
            self.code = code_of(self._choice, self._in_basis())

    def _show_composition(self, told: Mapping[str, Any]) -> None:
        self.composed = composed(self._choice.hom, told, next(iter(self._choice.weights), 0))

    def _show_relation(self, at: int) -> None:
        hom = self._choice.hom
        if not 0 <= at < hom.spanning_size:
            raise SymmetryError(missing(hom, at))
        found = {at: 1.0} if at in self._basis else relation(hom, self._shared, at, self._basis)
        terms = None if found is None else [[each, share] for each, share in found.items()]
        self.related = {"diagram": at, "terms": terms, "picture": ""}
        if hom.noun == "orbit" and hom.spanning_size <= MOST_DRAWN:
            self._drawer.ask((hom, at))

    # ---- in the background ------------------------------------------------------------------------------------------

    def _worker(self, work: Any, report: Any) -> Any:
        worker: Newest[Any, Any] = Newest(work, report)
        self._workers.append(worker)
        return worker

    def _job(self) -> Job:
        if self._kind == YOURS and self._yours is not None:
            x, places = self._yours, None
        else:
            x, places = example(self._choice.hom, self._kind, self._seed)
        return Job(self._choice, self._turn, self._kind, x, places)

    def _walk_again(self) -> None:
        self._walker.ask(self._job())

    def _check_again(self) -> None:
        self._checks += 1
        self.checked = {"state": "running"}
        self._checker.ask(self._job())

    def _map_of(self, choice: Choice) -> Mapped:
        key = (*choice.maps, tuple(choice.weights))
        known = self._mapped
        if known is None or known[0] != key:
            known = self._mapped = (key, Mapped(choice.hom, tuple(choice.weights)))
        return known[1]

    def _walk(self, job: Job, _wanted: object) -> Square | Exception:
        try:
            return walked(job, self._map_of(job.choice))
        except Exception as error:  # noqa: BLE001 -- a thread's exception is lost; here the user sees it
            return error

    def _draw(self, asked: tuple[Hom, int], _wanted: object) -> str:
        """On the drawing thread: the smallest graph that tells an orbit from others may take a second to find."""
        hom, at = asked
        return orbit_svg(hom.diagrams[at])

    def _drawn(self, asked: tuple[Hom, int], found: str) -> None:
        """On the drawing thread."""
        with self._writing():
            if asked[0] is self._choice.hom and self.related.get("diagram") == asked[1]:
                self.related = {**self.related, "picture": found}

    def _walked(self, job: Job, found: Square | Exception) -> None:
        """On the walking thread."""
        with self._writing():
            if job.choice is not self._choice:
                return
            if isinstance(found, Exception):
                self.issues = [{"message": str(found)}]
                return
            self._serial += 1
            self.square = found.to_spec(self._serial) | {"inputs": self._inputs}
            self.numbers = self.numbers | {"error": found.error, "seconds": found.seconds}

    def _check(self, job: Job, wanted: Callable[[], bool]) -> Checked | Exception:
        try:
            return checked(job, self._map_of(job.choice), wanted, self._checks)
        except Exception as error:  # noqa: BLE001 -- a thread's exception is lost; here the user sees it
            return error

    def _was_checked(self, job: Job, found: Checked | Exception) -> None:
        """On the checking thread."""
        with self._writing():
            if job.choice is not self._choice:
                return
            if isinstance(found, Exception):
                self.checked = {"state": "failed", "message": str(found)}
            else:
                self.checked = {"state": "done", **found.to_spec(), "line": check_of(job.choice)}
