"""The operations that a piece of code does itself, with the line that does them."""

__all__ = ["Operations", "extracts"]

import linecache
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

LONGEST = 160
"""Characters of a line of code that are shown."""
MOST = 500
"""Operations of one call that are looked at."""
EXTRACTING = (
    "__getitem__",
    "unbind",
    "select",
    "split",
    "chunk",
    "narrow",
    "index_select",
    "gather",
    "tensor_split",
    "__iter__",
)
"""They take components out: what does not transform by itself may be put together again."""
Handle = Callable[[int, str, Any, Callable[[], Any]], Any]


class Operations(TorchFunctionMode):
    """While it is entered, hands every operation on tensors that is done `here` to a function, with its number and what it is."""

    def __init__(self, here: Callable[[], bool], handle: Handle) -> None:
        super().__init__()
        self.here, self.handle, self.count, self.busy = here, handle, 0, False

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Called by torch for every operation."""
        named = kwargs or {}

        def run() -> Any:
            out = func(*args, **named)
            return args[0] if out is None and args and isinstance(args[0], torch.Tensor) else out

        name = _name(func)
        if self.busy or self.count >= MOST or not self.here():
            return func(*args, **named)
        self.busy = True  # what happens inside, and the copies that are kept, are not counted
        try:
            if name in _SILENT:
                return func(*args, **named)
            self.count += 1
            out = self.handle(self.count, f"{name}{_line()}", (args, named), run)
        finally:
            self.busy = False
        return None if name == "__setitem__" else out


_SILENT = frozenset(
    [
        "shape",
        "dtype",
        "device",
        "ndim",
        "requires_grad",
        "is_floating_point",
        "is_complex",
        "size",
        "dim",
        "numel",
        "__len__",
        "detach",
        "requires_grad_",
        "is_leaf",
        "grad",
        "item",
        "__bool__",
        "__float__",
        "__int__",
        "tolist",
        "__repr__",
        "__format__",
        "stride",
        "layout",
        "is_cuda",
        "is_sparse",
        "is_contiguous",
        "data_ptr",
        "retain_grad",
        "type",
        "get_device",
        "is_nested",
    ]
)
"""What tells of a tensor, and makes none."""


def extracts(said: str) -> bool:
    """Whether an operation takes components out."""
    return said.split(" ", 1)[0] in EXTRACTING


def _name(func: Any) -> str:
    name = str(getattr(func, "__name__", func))
    if name in ("__get__", "__set__"):
        return str(getattr(getattr(func, "__self__", None), "__name__", name))
    return name


def _line() -> str:
    """The line of the user's code that is being run: its text and the function, no path and no number, which differ from run to run."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and (
        frame.f_globals.get("__name__", "").split(".")[0] == "torch" or frame.f_code.co_filename == __file__
    ):
        frame = frame.f_back
    if frame is None:
        return ""
    text = linecache.getline(frame.f_code.co_filename, frame.f_lineno).strip()
    text = text if len(text) <= LONGEST else text[: LONGEST - 4] + " ..."
    return f" in {frame.f_code.co_name}: {text}" if text else f" in {frame.f_code.co_name}"
