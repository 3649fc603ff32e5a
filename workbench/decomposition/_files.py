"""Fits as files: safetensors that hold the cores, and in the header the network and the numbers of the fit."""

import contextlib
import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from workbench.decomposition._errors import FitError
from workbench.network import Network, NetworkError

if TYPE_CHECKING:
    from workbench.decomposition._fit import Fit

FORMAT = "workbench.fit"
VERSION = 2
READ = ("1", "2")  # version 1 had no held-out error and no objective
PREFIX = "core:"  # before a tensor's name in the file: safetensors keeps a name of its own
DTYPES = {
    "float32": torch.float32,
    "float64": torch.float64,
    "complex64": torch.complex64,
    "complex128": torch.complex128,
}

Share = Annotated[float, msgspec.Meta(ge=0)]
Parts = tuple[Network, dict[str, torch.Tensor], float, tuple[float, ...], bool, float | None, float | None]


class _Numbers(msgspec.Struct, forbid_unknown_fields=True):
    error: Share
    history: list[Share]
    converged: bool
    dtype: str
    held_out: Share | None = None
    objective: float | None = None


def save(fit: "Fit", path: str | os.PathLike[str]) -> None:
    """See `Fit.save`: written beside the target, flushed to the disk, then renamed."""
    target = Path(path)
    dtype = str(next(iter(fit.cores.values())).dtype).removeprefix("torch.")
    numbers = {"error": fit.error, "history": list(fit.history), "converged": fit.converged, "dtype": dtype}
    numbers |= {"held_out": fit.held_out, "objective": fit.objective}
    header = {
        "format": FORMAT,
        "version": str(VERSION),
        "network": fit.network.to_json(),
        "fit": json.dumps(numbers, allow_nan=False),
    }
    real = {name: torch.view_as_real(core) if core.is_complex() else core for name, core in fit.cores.items()}
    tensors = {
        PREFIX + name: core.detach().cpu().clone(memory_format=torch.contiguous_format) for name, core in real.items()
    }
    try:
        handle, beside = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        os.close(handle)
        try:
            save_file(tensors, beside, metadata=header)
            with Path(beside).open("rb") as written:
                os.fsync(written.fileno())
            Path(beside).replace(target)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(beside).unlink()
            raise
    except OSError as error:
        raise FitError(f"cannot write the fit to {str(target)!r}: {error.strerror or error}") from error


def load(path: str | os.PathLike[str]) -> Parts:
    """See `Fit.load`: everything the header claims is checked before a tensor is read."""
    where = f"{str(Path(path))!r}"
    try:
        with safe_open(str(path), framework="pt") as file:
            network, numbers = _header(file.metadata() or {}, where)
            shapes = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118 - not a dict
            _check_shapes(network, shapes, numbers.dtype, where)
            cores = {name: file.get_tensor(PREFIX + name) for name in _with_numbers(network)}
    except (OSError, SafetensorError) as error:
        raise FitError(f"cannot read a fit from {where}: {error}") from error
    dtype = DTYPES[numbers.dtype]
    for name, core in cores.items():
        made = torch.view_as_complex(core) if dtype.is_complex and core.is_floating_point() else core
        if made.dtype != dtype:
            raise FitError(
                f"{where} is not a sound fit: core {name!r} holds {core.dtype}, the header says {numbers.dtype}"
            )
        cores[name] = made
    return (
        network,
        cores,
        numbers.error,
        tuple(numbers.history),
        numbers.converged,
        numbers.held_out,
        numbers.objective,
    )


def _header(found: dict[str, str], where: str) -> tuple[Network, _Numbers]:
    if found.get("format") != FORMAT:
        raise FitError(f"{where} is no fit: its header says format {found.get('format')!r}, expected {FORMAT!r}")
    if found.get("version") not in READ:
        raise FitError(
            f"{where} is a fit of version {found.get('version')!r}, this release reads version {VERSION} and older; upgrade tensor-workbench"
        )
    if set(found) != {"format", "version", "network", "fit"}:
        raise FitError(
            f"{where} is not a sound fit: its header holds {sorted(found)}, expected format, version, network, fit"
        )
    try:
        network = Network.from_json(found["network"])
        numbers = msgspec.json.decode(found["fit"], type=_Numbers)
    except (NetworkError, msgspec.DecodeError) as error:  # a ValidationError is one
        raise FitError(f"{where} is not a sound fit: {error}") from error
    if numbers.dtype not in DTYPES:
        raise FitError(f"{where} is not a sound fit: its dtype is {numbers.dtype!r}, expected one of {tuple(DTYPES)}")
    return network, numbers


def _with_numbers(network: Network) -> tuple[str, ...]:
    return tuple(name for name in network.tensors if network.fixed.get(name, "data") == "data")


def _check_shapes(network: Network, found: dict[str, tuple[int, ...]], dtype: str, where: str) -> None:
    pair = (2,) if DTYPES[dtype].is_complex else ()  # real and imaginary part
    expected = {PREFIX + name: network.shape_of(name) + pair for name in _with_numbers(network)}
    if not expected:
        raise FitError(f"{where} is not a sound fit: its network has no tensor with numbers")
    if found != expected:
        wrong = next(name for name in (*expected, *found) if found.get(name) != expected.get(name))
        raise FitError(
            f"{where} is not a sound fit: tensor {wrong!r} has shape {found.get(wrong)}, the network wants {expected.get(wrong)}"
        )
