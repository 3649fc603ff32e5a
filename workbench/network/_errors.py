"""The exceptions every floor raises when it refuses something."""

__all__ = ["NetworkError", "SpecError", "WorkbenchError", "did_you_mean"]

import difflib
from collections.abc import Iterable


class WorkbenchError(ValueError):
    """Base of all refusals: the message names the thing, what was found, what was expected and what to do."""


class NetworkError(WorkbenchError):
    """A network, an edit of one, or the numbers given to it, are not sound."""


class SpecError(NetworkError):
    """A text read from a file is not a network; the message says where and why."""


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """A hint to end an error message with: the closest known name, or the list of them.

    >>> did_you_mean("rwo", ["row", "col"])
    "; did you mean 'row'?"
    >>> did_you_mean("x", ["row", "col"])
    "; there are 'row', 'col'"
    """
    names = list(known)
    close = difflib.get_close_matches(str(name), names, n=1)
    if close:
        return f"; did you mean {close[0]!r}?"
    if not names:
        return "; there are none"
    shown = ", ".join(repr(each) for each in names[:12])
    return f"; there are {shown}" + (", ..." if len(names) > 12 else "")
