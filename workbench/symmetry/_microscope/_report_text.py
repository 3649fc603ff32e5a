"""A report in words, the same on every machine: of errors that are rounding no digits are shown."""

__all__ = ["text"]

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbench.symmetry._microscope._report import EquivarianceReport, LayerError

ROWS = 12
"""Layers and elements shown at most."""


def text(report: "EquivarianceReport") -> str:
    """See `EquivarianceReport.__repr__`."""
    state = "sound" if report.sound else "not sound"
    lines = [f"Equivariance of {report.model} under {report.group}: {state}"]
    for at, finding in enumerate(report.findings):
        lines.append(f"  {'guilty' if at == 0 else 'also'}: {finding.text}")
        if finding.operation:
            lines.append(f"    operation: {finding.operation}")
        if finding.remedy:
            lines.append(f"    remedy: {finding.remedy}")
    takes = ", ".join(f"{each.name} ({each.acts})" for each in report.inputs)
    gives = ", ".join(f"{each.name} ({each.acts})" for each in report.outputs)
    lines.append(f"  {report.mode}; {takes} -> {gives}")
    lines += _elements(report)
    lines += _layers(report)
    lines += [f"  note: {note}" for note in report.notes]
    lines.append(f"  completeness: {report.completeness}")
    return "\n".join(lines)


def number(error: float | None, sound: bool = False) -> str:
    """An error as it is shown."""
    if error is None:
        return "not run"
    if math.isinf(error):
        return "gaps"
    return "rounding" if sound or error < 1e-12 else f"{error:.1e}"


def _elements(report: "EquivarianceReport") -> list[str]:
    bad = [each for each in report.elements if not each.sound]
    count = len(report.elements)
    if not bad:
        precisions = [name for name in ("float64", "float32") if report.worst(name) is not None]
        return [f"  {count} elements, error: rounding in {' and '.join(precisions)}"]
    worst = {name: report.worst(name) for name in ("float64", "float32")}
    shown = ", ".join(f"{number(error)} in {name}" for name, error in worst.items() if error is not None)
    lines = [f"  fails at {len(bad)} of {count} elements, at worst {shown}"]
    slope = report.slope
    if slope is not None:
        meaning = "rounding would be 1, a bug is 0"
        lines[0] += f"; slope {abs(slope):.1f} ({meaning})"
    if len(bad) < count:
        lines.append(
            f"    fails at {_few([each.label for each in bad])}; holds at {_few([each.label for each in report.elements if each.sound])}"
        )
    return lines


def _few(labels: list[str]) -> str:
    return ", ".join(labels[:4]) + (f" and {len(labels) - 4} more" if len(labels) > 4 else "")


def _layers(report: "EquivarianceReport") -> list[str]:
    if not report.layers:
        return []
    guilty = next((at for at, each in enumerate(report.layers) if each.guilty), None)
    start = 0 if guilty is None else max(0, min(guilty - ROWS // 2, len(report.layers) - ROWS))
    shown = report.layers[start : start + ROWS]
    rows = [_row(each, report.sound) for each in shown]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = ["  layers:"]
    if start:
        lines.append(f"    ... {start} before")
    for row in rows:
        cells = "  ".join(cell.ljust(width) for cell, width in zip(row[:3], widths, strict=True)).rstrip()
        lines += [f"    {cells}  {row[3]}".rstrip()]
    rest = len(report.layers) - start - len(shown)
    if rest > 0:
        lines.append(f"    ... {rest} more")
    return lines


def _row(layer: "LayerError", sound: bool) -> tuple[str, str, str, str]:
    unknown = "no law fits" if sound else f"no law fits ({number(layer.error)})"
    gives = "; ".join(dict.fromkeys(each or unknown for each in layer.gives)) or "no tensor"
    return layer.name, layer.kind, gives, "<- guilty" if layer.guilty else ""
