"""Work in the background of which only the newest request counts."""

__all__ = ["Newest"]

import atexit
import threading
import time
import weakref
from collections.abc import Callable
from functools import partial
from typing import Any, Generic, TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")

PATIENCE = 60.0
"""Seconds without work after which the thread ends; the next request starts another."""


class Newest(Generic[Job, Result]):
    """One thread that works on the job asked for last.

    Asking never blocks: it replaces what was asked for before, and tells the work under way that it is stale.

    Parameters
    ----------
    work
        Makes a result of a job; it is given a function that says whether the job is still wanted, to stop early when it
        is not. It must not raise. Jobs are compared by `==`.
    report
        Called on the thread with a job and its result, before those who wait for it are woken; not for stale ones. It
        must not raise.

    Examples
    --------
    >>> squares = Newest(lambda job, wanted: job * job, lambda job, result: None)
    >>> squares.ask(4)
    >>> squares.ask(5)
    >>> squares.wait()
    25
    >>> squares.close()
    """

    def __init__(
        self, work: Callable[[Job, Callable[[], bool]], Result], report: Callable[[Job, Result], None]
    ) -> None:
        self._work, self._report = work, report
        self._changed = threading.Condition()
        self._wanted: Job | None = None
        self._done: tuple[Job, Result] | None = None
        self._closed = False
        self._thread: threading.Thread | None = None
        _ALL.add(self)

    def ask(self, job: Job | None) -> None:
        """Work on this next; None stops what is under way."""
        with self._changed:
            self._wanted = job
            self._changed.notify_all()
            if self._thread is None and self._is_due():
                self._thread = threading.Thread(target=self._run, name="workbench", daemon=True)
                self._thread.start()

    @property
    def idle(self) -> bool:
        """Whether nothing is left to do."""
        with self._changed:
            return not self._is_due()

    def ready(self, job: Job) -> Result | None:
        """The result for this job, if it is the one finished last."""
        with self._changed:
            return self._done[1] if self._done is not None and self._done[0] == job else None

    def wait(self) -> Result | None:
        """The result for the newest job; None when there is no job, or after `close`."""
        with self._changed:
            while self._is_due():
                self._changed.wait(1.0)  # in slices, so that Ctrl-C is heard
            return None if self._wanted is None or self._closed or self._done is None else self._done[1]

    def close(self, timeout: float = 5.0) -> None:
        """Stop the work under way and end the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout)

    def _is_due(self) -> bool:
        done = self._done is not None and self._done[0] == self._wanted
        return not self._closed and self._wanted is not None and not done

    def _is_wanted(self, job: Job) -> bool:
        with self._changed:
            return not self._closed and self._wanted == job

    def _next(self) -> Job | None:
        """The job to do; None when the thread is to end."""
        with self._changed:
            end = time.monotonic() + PATIENCE
            while not self._closed:
                if self._is_due():
                    return self._wanted
                left = end - time.monotonic()
                if left <= 0:
                    break
                self._changed.wait(left)
            self._thread = None
            return None

    def _run(self) -> None:
        while (job := self._next()) is not None:
            result = self._work(job, partial(self._is_wanted, job))
            if self._is_wanted(job):
                self._report(job, result)
                with self._changed:
                    self._done = (job, result)
                    self._changed.notify_all()


_ALL: "weakref.WeakSet[Newest[Any, Any]]" = weakref.WeakSet()


@atexit.register
def _close_all() -> None:
    """A thread inside torch while the interpreter goes down can crash it."""
    for each in list(_ALL):
        each.close(timeout=2.0)
