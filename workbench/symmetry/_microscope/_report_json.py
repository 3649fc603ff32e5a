"""Reports as versioned JSON, read strictly: whatever the text, a report or a `SymmetryError`."""

import contextlib
import json
import os
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from workbench.symmetry._errors import SymmetryError
from workbench.symmetry._microscope._report import (
    Completeness,
    ElementError,
    EquivarianceReport,
    Finding,
    LayerError,
    Tensor,
)

FORMAT = "workbench.equivariance"
VERSION = 1
MAX_TEXT = 20_000_000
"""Bytes that are read at most."""

Error = Annotated[float, Meta(ge=0)] | None
"""None: not run. Infinite errors are written as -1, JSON has no infinity."""
Text = Annotated[str, Meta(max_length=4_000)]


class _Tensor(msgspec.Struct, forbid_unknown_fields=True):
    name: Text
    acts: Text
    shape: list[Annotated[int, Meta(ge=0)]]
    dtype: Text


class _Element(msgspec.Struct, forbid_unknown_fields=True):
    label: Text
    reflects: bool
    float64: float | None
    float32: float | None
    sound: bool


class _Layer(msgspec.Struct, forbid_unknown_fields=True):
    name: Text
    kind: Text
    takes: list[Text]
    gives: list[Text]
    error: float
    guilty: bool


class _Finding(msgspec.Struct, forbid_unknown_fields=True):
    kind: Text
    where: Text
    text: Text
    remedy: Text
    operation: Text


class _Completeness(msgspec.Struct, forbid_unknown_fields=True):
    reached: Annotated[int, Meta(ge=0)] | None
    dimension: Annotated[int, Meta(ge=0)] | None
    reason: Text


class _Report(msgspec.Struct, forbid_unknown_fields=True):
    format: str
    version: int
    model: Text
    group: Text
    mode: Text
    inputs: list[_Tensor]
    outputs: list[_Tensor]
    elements: list[_Element]
    layers: list[_Layer]
    findings: list[_Finding]
    notes: list[Text]
    completeness: _Completeness
    seed: int


def to_json(report: EquivarianceReport) -> str:
    """See `EquivarianceReport.to_json`."""
    held = {"format": FORMAT, "version": VERSION, **asdict(report)}
    for row in held["elements"]:
        row |= {name: _written(row[name]) for name in ("float64", "float32")}
    for row in held["layers"]:
        row["error"] = _written(row["error"])
    return json.dumps(held, indent=1, ensure_ascii=False, allow_nan=False)


def from_json(text: str | bytes) -> EquivarianceReport:
    """See `EquivarianceReport.from_json`."""
    if not isinstance(text, str | bytes):
        raise SymmetryError(f"a report is read from text, got {type(text).__name__}")
    if len(text) > MAX_TEXT:
        raise SymmetryError(f"the text is {len(text):,} long; at most {MAX_TEXT:,} bytes are read")
    try:
        head = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise SymmetryError(f"the text is not JSON: {error}") from None
    if not isinstance(head, dict) or head.get("format") != FORMAT:
        found = head.get("format") if isinstance(head, dict) else type(head).__name__
        raise SymmetryError(f"the text is no report of equivariance: its format is {found!r}, expected {FORMAT!r}")
    version = head.get("version")
    if isinstance(version, bool) or not isinstance(version, int) or not 1 <= version <= VERSION:
        raise SymmetryError(f"$.version is {version!r}, this release reads up to {VERSION}; upgrade tensor-workbench")
    try:
        held = msgspec.convert(head, _Report)
    except msgspec.ValidationError as error:
        raise SymmetryError(f"the report's JSON does not fit: {error}") from None
    return EquivarianceReport(
        held.model,
        held.group,
        held.mode,
        tuple(Tensor(each.name, each.acts, tuple(each.shape), each.dtype) for each in held.inputs),
        tuple(Tensor(each.name, each.acts, tuple(each.shape), each.dtype) for each in held.outputs),
        tuple(
            ElementError(each.label, each.reflects, _read(each.float64), _read(each.float32), each.sound)
            for each in held.elements
        ),
        tuple(
            LayerError(
                each.name, each.kind, tuple(each.takes), tuple(each.gives), _read(each.error) or 0.0, each.guilty
            )
            for each in held.layers
        ),
        tuple(Finding(each.kind, each.where, each.text, each.remedy, each.operation) for each in held.findings),
        tuple(held.notes),
        Completeness(held.completeness.reached, held.completeness.dimension, held.completeness.reason),
        held.seed,
    )


def save(report: EquivarianceReport, path: str | os.PathLike[str]) -> None:
    """See `EquivarianceReport.save`: written beside the target, then renamed."""
    target = Path(path)
    try:
        handle, beside = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(to_json(report) + "\n")
                file.flush()
                os.fsync(file.fileno())
            Path(beside).replace(target)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(beside).unlink()
            raise
    except OSError as error:
        raise SymmetryError(f"cannot write the report to {str(target)!r}: {error.strerror or error}") from error


def load(path: str | os.PathLike[str]) -> EquivarianceReport:
    """See `EquivarianceReport.load`."""
    target = Path(path)
    try:
        if target.stat().st_size > MAX_TEXT:
            raise SymmetryError(f"{str(target)!r} is larger than {MAX_TEXT:,} bytes; a report is small")
        text = target.read_bytes()
    except OSError as error:
        raise SymmetryError(f"cannot read a report from {str(target)!r}: {error.strerror or error}") from error
    try:
        return from_json(text)
    except SymmetryError as error:
        raise SymmetryError(f"{str(target)!r} is not a sound report: {error}") from None


def _written(error: float | None) -> Any:
    return error if error is None or error < float("inf") else -1.0


def _read(error: float | None) -> float | None:
    return float("inf") if error is not None and error < 0 else error
