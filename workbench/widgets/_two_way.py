"""What every widget does alike: a document that the page and Python both change, one lock, a still picture as its twin."""

__all__ = ["TwoWay"]

import math
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar

import anywidget
import traitlets

from workbench.figures import Diagram
from workbench.network import did_you_mean


class TwoWay(anywidget.AnyWidget):
    """A widget whose state is the document `spec`, numbered by `revision`.

    The page writes both in one message and Python reads them in `_take`, which may raise: the refusal then goes to
    `_refuse`, for ipywidgets would swallow it. Python writes inside `_writing`. A change of the page's that was made
    without knowing Python's last one gives way to it.
    """

    FROM_PAGE: ClassVar[Mapping[str, type]] = {"spec": dict, "revision": int}
    """What the page may write, and the type it must have."""
    FROM_PYTHON: ClassVar[frozenset[str]] = frozenset({"issues", "numbers"})
    """What it must not."""

    spec = traitlets.Dict().tag(sync=True)
    revision = traitlets.Int(0).tag(sync=True)
    issues = traitlets.List().tag(sync=True)
    numbers = traitlets.Dict().tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        self._lock = threading.RLock()
        self._own = False
        super().__init__(**traits)
        self.observe(self._take_spec, names="spec")
        self.observe(self._take_revision, names="revision")

    @classmethod
    def _refuse_unknown(cls, unknown: Iterable[str], known: Iterable[str]) -> None:
        for name in unknown:
            raise TypeError(f"{cls.__name__} has no argument {name!r}{did_you_mean(name, known)}")

    # ---- what a widget says of itself -------------------------------------------------------------------------------

    def _take(self, spec: Mapping[str, Any]) -> None:
        """Make the page's document ours."""
        raise NotImplementedError

    def _refuse(self, error: Exception, spec: Mapping[str, Any]) -> None:
        """Say what is wrong with the page's document."""
        raise NotImplementedError

    def _show_again(self) -> None:
        """Put our document on the page once more."""
        raise NotImplementedError

    def _still(self) -> Diagram:
        """The picture that remains when there is no kernel."""
        raise NotImplementedError

    # ---- from the page: nothing here raises -------------------------------------------------------------------------

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take what the page sends. A change made without knowing Python's last one gives way to it."""
        with self._lock:
            sound = {name: value for name, value in sync_data.items() if self._may_come(name, value)}
            if "spec" in sound and "revision" in sound and sound["revision"] <= self.revision:
                with self._writing():
                    self._show_again()
                sound = {name: value for name, value in sound.items() if name not in ("spec", "revision")}
            if "spec" not in sound and sound.get("revision", math.inf) <= self.revision:
                del sound["revision"]  # of a document that came before it, alone, and has been answered
            super().set_state(sound)

    def _may_come(self, name: str, value: object) -> bool:
        return isinstance(value, self.FROM_PAGE.get(name, object)) and name not in self.FROM_PYTHON

    def _take_spec(self, change: Mapping[str, Any]) -> None:
        if self._own:
            return
        spec = change["new"]
        with self._writing():
            try:
                self._take(spec)
            except Exception as error:  # noqa: BLE001 -- ipywidgets would swallow it; here the user sees it
                self._refuse(error, spec)

    def _take_revision(self, _change: object) -> None:
        with self._writing():  # the number as it is now: an answer to the page's document may have raised it already
            if self.numbers.get("revision") != self.revision:
                self.numbers = self.numbers | {"revision": self.revision}

    # ---- to the page ------------------------------------------------------------------------------------------------

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Under the lock, in one message, and not taken for a change of the page's."""
        with self._lock, self.hold_sync():
            before, self._own = self._own, True
            try:
                yield
            finally:
                self._own = before

    def _ipython_display_(self) -> None:
        from IPython.display import display

        still = self._still()
        html = f'<div class="wb-static-twin">{still._repr_html_()}</div>'
        display({"text/plain": repr(still), "text/html": html}, raw=True)
        bundle = self._repr_mimebundle_()
        if bundle is not None:
            display(bundle[0], metadata=bundle[1], raw=True)
