"""What the user holds, made a tensor we can fit; whatever we cannot fit is refused with the line that converts it."""

__all__ = ["DataError", "as_mask", "as_tensor"]

import sys
from typing import Any

import numpy as np
import torch

from workbench.network import WorkbenchError

KEPT = (torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.complex64, torch.complex128)
ACCEPTED = "a torch tensor, a NumPy array, a PIL image, an xarray DataArray or nested lists of floats"


class DataError(WorkbenchError):
    """Data that cannot be used as they are; the message says what was found and the line that mends it."""


def as_tensor(x: object, *, mask: object = None, what: str = "x") -> torch.Tensor:
    """Any of the containers people hold data in, as a finite dense torch tensor of floats.

    Parameters
    ----------
    x
        A torch tensor (any device), NumPy array, PIL image of mode ``"F"``, xarray DataArray, or nested lists of floats.
        float16, bfloat16, float32, float64, complex64 and complex128 are kept; lists take torch's default dtype.
    mask
        Where `x` was observed, as `as_mask` takes it. Entries where it is False are not looked at (they may be NaN) and
        come back as zero.
    what
        The name of `x` in error messages: the variable the user would have to change.

    Returns
    -------
    torch.Tensor
        Same shape, same device, same dtype. It shares memory with `x` where it can (a read-only, byte-swapped or
        negatively strided array is copied, and so is `x` when a mask takes entries away) and is detached: what we fit
        are values, so a `torch.nn.Parameter` can be given as it is, and no gradient flows back to it.

    Raises
    ------
    DataError
        For integers and booleans, NaN or infinite entries, sparse, quantised or 8-bit float tensors, object and string
        arrays, ragged lists, and tensors without entries.

    Examples
    --------
    >>> as_tensor(np.ones((2, 3), dtype=np.float32)).dtype
    torch.float32
    >>> as_tensor(torch.tensor([[0, 255]], dtype=torch.uint8))
    Traceback (most recent call last):
    ...
    workbench.data._coerce.DataError: x holds uint8 values 0..255; convert with x = x.float() / 255
    >>> as_tensor([1.0, float("nan")], mask=[True, False])
    tensor([1., 0.])
    """
    tensor = _strided(x, what)
    if tensor.numel() == 0:
        raise DataError(f"{what} has no entries: its shape is {tuple(tensor.shape)}; give data with at least one entry")
    tensor = tensor.detach().resolve_conj().resolve_neg()
    if mask is not None:
        seen = as_mask(mask, tensor, what=f"the mask of {what}")
        if not seen.all():
            tensor = torch.where(seen, tensor, torch.zeros((), dtype=tensor.dtype, device=tensor.device))
    isnan = "torch.isnan" if isinstance(x, torch.Tensor) else "np.isnan"
    remedy = f"give mask=~{isnan}({what}), True where observed" if mask is None else "take them out of the mask, too"
    _check_finite(tensor, what, remedy)
    return tensor


def as_mask(mask: object, x: torch.Tensor, *, what: str = "mask") -> torch.Tensor:
    """A mask as a boolean tensor of the shape and on the device of `x`: True where `x` was observed.

    Parameters
    ----------
    mask
        A boolean torch tensor, NumPy array, xarray DataArray or nested lists, of the shape of `x`.
    x
        The data the mask belongs to.
    what
        The name of the mask in error messages.

    Raises
    ------
    DataError
        When the mask is not boolean, has another shape, or observes nothing.

    Examples
    --------
    >>> as_mask([[True, False]], torch.zeros(1, 2))
    tensor([[ True, False]])
    """
    values: Any = mask if isinstance(mask, torch.Tensor) else _array(mask, what)
    if _name(values.dtype) != "bool":
        raise DataError(
            f"{what} holds {_name(values.dtype)} values; a mask is boolean, True where the entry was observed"
        )
    tensor = values.detach() if isinstance(values, torch.Tensor) else torch.from_numpy(np.array(values))
    if tensor.shape != x.shape:
        raise DataError(f"{what} has shape {tuple(tensor.shape)}, the data {tuple(x.shape)}; give one value per entry")
    if not tensor.any():
        raise DataError(f"{what} is False everywhere: nothing was observed; True marks the entries that were")
    return tensor.to(x.device)


def _array(mask: object, what: str) -> np.ndarray[Any, Any]:
    try:
        return np.asarray(mask)
    except ValueError as error:
        raise DataError(f"{what} is not an array of booleans: {error}") from error


def _strided(x: object, what: str) -> torch.Tensor:
    """The container opened: a strided tensor of a dtype we keep, its values not yet looked at."""
    if isinstance(x, torch.Tensor):
        return _from_torch(x, what)
    if isinstance(x, np.ndarray | np.generic):
        return _from_numpy(np.asanyarray(x), what)
    if _is_from("PIL.Image", "Image", x):
        return _from_image(x, what)
    if _is_from("xarray", "DataArray", x):
        return _from_numpy(np.asarray(x), what)
    if isinstance(x, list | tuple | float | int | complex):
        return _from_lists(x, what)
    if isinstance(x, str | bytes):
        raise DataError(
            f"{what} is the {type(x).__name__} {x[:40]!r}, not data; read the file first, then give its values"
        )
    hint = f"; convert with {what} = np.asarray({what})" if hasattr(x, "__array__") else ""
    raise DataError(f"{what} is a {type(x).__module__}.{type(x).__qualname__}; expected {ACCEPTED}{hint}")


def _is_from(module: str, name: str, x: object) -> bool:
    """Whether `x` is an instance of a class of a library, which then is loaded already: nothing is imported to ask."""
    kind = getattr(sys.modules.get(module), name, None)
    return kind is not None and isinstance(x, kind)


def _from_torch(x: torch.Tensor, what: str) -> torch.Tensor:
    if x.layout != torch.strided or x.is_nested:
        layout = "nested" if x.is_nested else _name(x.layout)
        line = f"torch.nested.to_padded_tensor({what}, 0.0)" if x.is_nested else f"{what}.to_dense()"
        raise DataError(f"{what} is a {layout} tensor, and we need every entry; convert with {what} = {line}")
    if x.device.type == "meta":
        raise DataError(
            f"{what} is on the meta device, so it has a shape {tuple(x.shape)} and no values; give real data"
        )
    if x.dtype in KEPT:
        return x
    if x.is_quantized:
        raise DataError(f"{what} is quantised ({_name(x.dtype)}); convert with {what} = {what}.dequantize()")
    values, scale = _integers(_name(x.dtype))
    line = f"{what}.to(torch.complex64)" if x.is_complex() else f"{what}.float(){scale}"
    raise DataError(f"{what} holds {values}; convert with {what} = {line}")


def _from_numpy(x: np.ndarray[Any, Any], what: str) -> torch.Tensor:
    if isinstance(x, np.ma.MaskedArray):
        raise DataError(
            f"{what} is a masked array; give np.ma.filled({what}, 0) as the data with mask=~np.ma.getmaskarray({what})"
        )
    if x.dtype.kind in "biu":
        values, scale = _integers(x.dtype.name)
        raise DataError(f"{what} holds {values}; convert with {what} = {what}.astype(np.float32){scale}")
    if x.dtype.kind not in "fc":
        found = f"{x.dtype} values" if x.dtype.names is None else f"records with the fields {list(x.dtype.names)}"
        raise DataError(f"{what} holds {found}, not numbers; if they are numbers, {what} = {what}.astype(np.float64)")
    if x.dtype.itemsize > (8 if x.dtype.kind == "f" else 16):
        kept = "np.float64" if x.dtype.kind == "f" else "np.complex128"
        raise DataError(
            f"{what} holds {x.dtype} values, which torch has not; convert with {what} = {what}.astype({kept})"
        )
    native = x.dtype.newbyteorder("=")
    odd = any(stride < 0 or stride % x.itemsize for stride in x.strides)
    if odd or not x.flags.writeable or x.dtype != native:
        x = np.array(x, dtype=native, order="C")  # torch can neither view it nor promise not to write to it
    return torch.from_numpy(np.asarray(x))


def _from_image(image: Any, what: str) -> torch.Tensor:
    if image.mode == "F":
        return _from_numpy(np.asarray(image), what)
    if image.mode == "P":
        line, found = f'np.asarray({what}.convert("RGB"), dtype=np.float32) / 255', "colours of a palette"
    elif image.mode == "1" or image.mode.startswith("I"):
        line, found = f"np.asarray({what}, dtype=np.float32)", "integers"
    else:
        line, found = f"np.asarray({what}, dtype=np.float32) / 255", "uint8 values 0..255"
    raise DataError(f"{what} is an image of mode {image.mode} and holds {found}; convert with {what} = {line}")


def _from_lists(x: Any, what: str) -> torch.Tensor:
    leaf = x
    for _ in range(64):  # a list may hold itself
        if not isinstance(leaf, list | tuple) or not leaf:
            break
        leaf = leaf[0]
    if isinstance(leaf, torch.Tensor) and leaf.ndim:
        raise DataError(f"{what} is a list of tensors; convert with {what} = torch.stack({what})")
    if isinstance(leaf, np.ndarray) and leaf.ndim:
        raise DataError(f"{what} is a list of arrays; convert with {what} = np.stack({what})")
    try:
        tensor = torch.tensor(x)
    except (TypeError, ValueError, RuntimeError, OverflowError) as error:
        raise DataError(f"{what} is a list, but not nested lists of floats in equal rows: {error}") from error
    if tensor.dtype not in KEPT:
        line = f"torch.tensor({what}, dtype=torch.float32)"
        raise DataError(f"{what} holds {_name(tensor.dtype)} values; convert with {what} = {line}")
    return tensor


def _check_finite(x: torch.Tensor, what: str, remedy: str) -> None:
    low, high = torch.aminmax(torch.view_as_real(x) if x.is_complex() else x)  # one read; NaN is passed on
    if bool(torch.isfinite(low)) and bool(torch.isfinite(high)):
        return
    found = []
    for bad, kind in ((torch.isnan(x), "NaN"), (torch.isinf(x), "infinite")):
        if count := int(bad.sum()):
            first = tuple(bad.nonzero()[0].tolist())
            found.append(f"{count} {kind} {'entry' if count == 1 else 'entries'}, the first at {first}")
    raise DataError(f"{what} has {' and '.join(found)} (of {x.numel()}); replace them, or if they are gaps, {remedy}")


def _integers(dtype: str) -> tuple[str, str]:
    """How a message speaks of a dtype, and the end of the line that converts it: 8 bits are taken for a picture."""
    return ("uint8 values 0..255", " / 255") if dtype == "uint8" else (f"{dtype} values", "")


def _name(thing: object) -> str:
    """`torch.float32` and NumPy's `float32` as people write them."""
    return str(thing).removeprefix("torch.")
