"""From the errors at all elements to what a report says: findings, notes, layers."""

__all__ = ["Causes", "causes"]

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from workbench.symmetry._groups import Group
from workbench.symmetry._microscope._culprits import Diagnosis, diagnose, laws_of
from workbench.symmetry._microscope._elements import Element
from workbench.symmetry._microscope._habits import constant, failures, gaps, said
from workbench.symmetry._microscope._report import OWN, ElementError, Finding
from workbench.symmetry._microscope._scope import Scope
from workbench.symmetry._microscope._suspects import Layer
from workbench.symmetry._microscope._trial import Trial
from workbench.symmetry._product_group import Product

AMPLIFIED = 0.01
"""Where the two precisions are further apart than this, it is asked whether anything can be told."""


@dataclass(frozen=True, eq=False)
class Causes:
    """What a report says of the errors."""

    findings: list[Finding]
    notes: list[str]
    rows: list[ElementError]
    layers: list[Layer]
    guilty: Layer | None


def causes(
    trial: Trial,
    tried: Sequence[Element],
    rows: list[ElementError],
    habits: list[Finding],
    generator: torch.Generator,
    *,
    single: bool,
) -> Causes:
    """Findings, the likeliest cause first: habits of the model before all, then who is to blame for the errors.

    `single` says whether all errors would be rounding in float32.
    """
    notes = [] if habits else constant(trial)
    if all(row.sound for row in rows):
        return Causes(habits, notes, rows, _look(trial, tried), None)
    order = sorted(range(len(tried)), key=lambda at: -trial.error(rows[at]))
    failing = [tried[at] for at in order if not rows[at].sound]
    broken = [tried[at] for at in order if not _finite(rows[at])]
    findings = habits or gaps(trial, broken)
    found = Diagnosis([], [], None)
    if not any(each.kind in ("state", "gaps") for each in findings):
        worst = trial.error(rows[order[0]])
        others = [tried[at] for at in order if rows[at].sound]
        found = diagnose(trial, [*failing, *others], len(failing), worst, generator, single=single)
        if single:
            found, more = _of_precision(trial, found)
            notes += more
            rows = [replace(row, sound=True) for row in rows] if more else rows
        elif trial.disagreement() > AMPLIFIED and trial.sensitivity() > 0.1 * worst:
            found = Diagnosis([_amplified(trial)], found.layers, None)
        failed = failures(trial, broken)
        raises = bool(failed) and failed[0].where not in {each.name for each in trial.here}
        findings = [*findings, *(failed if raises else [*found.findings, *failed])]
    notes += _pattern(rows, tried, trial.group) if findings else []
    return Causes(findings, notes, rows, found.layers, found.guilty)


def _finite(row: ElementError) -> bool:
    return all(error is None or math.isfinite(error) for error in (row.float64, row.float32))


def _pattern(rows: list[ElementError], tried: Sequence[Element], group: Group) -> list[str]:
    """At which elements it fails, where that says something."""
    bad, good = ([row for row in rows if row.sound == sound] for sound in (False, True))
    if not good:
        return []
    if isinstance(group, Product):
        kept = [
            str(factor)
            for at, factor in enumerate(group.factors)
            if all(row.sound for row, each in zip(rows, tried, strict=True) if each.factor == at)
        ]
        return [f"elements of {', '.join(kept)} alone are kept"] if kept else []
    if all(row.reflects for row in bad) and not any(row.reflects for row in good):
        return [
            "only elements of determinant -1 fail, such as reflections and odd permutations; those of determinant 1 are kept"
        ]
    if all(row.label.startswith("vector onto") for row in bad):
        return [
            "only rotations fail that bring a vector of the sample onto an axis: a gauge or an angle degenerates there"
        ]
    if len(bad) > len(rows) // 2:
        return []
    return [
        f"only {len(bad)} of {len(rows)} elements fail: a choice that jumps (an order, a cutoff, a gauge), or a grid that does not fit"
    ]


def _amplified(trial: Trial) -> Finding:
    text = (
        f"a change of the input in its last digit changes the result by {trial.sensitivity():.0e}: rounding is amplified so far that "
        "equivariance cannot be told"
    )
    return Finding(
        "precision",
        OWN,
        text,
        "look for a division by what is almost 0, a matrix that is almost singular, or a chaotic step",
    )


def _of_precision(trial: Trial, found: Diagnosis) -> tuple[Diagnosis, list[str]]:
    """Errors of the size of float32 rounding: a fault of a model in float64, and a note on one in float32."""
    where = found.findings[0].where if found.findings and found.findings[0].kind == "layer" else OWN
    text = (
        f"in float64 the errors stay at the size of float32 rounding, from {said(where)} on: it computes in float32 or holds constants "
        "of that precision (or a fault is too small to tell)"
    )
    if trial.only_single:
        return Diagnosis([], found.layers, None), [
            text + "; model and sample are float32, where that is as good as can be"
        ]
    operation = found.findings[0].operation if found.findings else ""
    finding = Finding("precision", where, text, "make constants in the dtype of the input, and do not cast", operation)
    return Diagnosis([finding], found.layers, found.guilty), []


def _look(trial: Trial, tried: Sequence[Element]) -> list[Layer]:
    """How the layers of a sound model transform."""
    tolerance = 1e-9 if trial.precision == torch.float64 else 1e-3
    return Scope(trial, laws_of(trial), (tried[0], tried[-1]), tolerance, trial.seed, others=2).layers()
