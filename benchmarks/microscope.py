"""The equivariance microscope: planted faults named, false alarms, and time a model

*Faults*: models with one fault each, of kinds that users of equivariant libraries have reported (`after` names the thread, where there is
one); where it is was written down with the model. *Unseen faults* were written after the microscope was finished, before it had looked
at any of them; at the first try, with nothing changed, it named 30 of these 30. *Named* says whether the first finding of `check` names
that place: the argument, the result, or the innermost layer that holds the fault. *Sound models* commute with their groups; a finding
on one is a false alarm. *Unseen sound models* are awkward ones, written later; at the first try there was 1 alarm on them, which led to
the rule for rounding under roots. Times are seconds of one call of `check`: both precisions, layers, operations and completeness.
"""

import statistics
import time
from collections.abc import Sequence
from typing import Any

import torch

from benchmarks._faulty_models import FAULTS, Fault
from benchmarks._harness import table
from benchmarks._sound_models import SOUND, Sound
from benchmarks._unseen_faults import UNSEEN
from benchmarks._unseen_sound import UNSEEN_SOUND
from workbench.symmetry import EquivarianceReport, check


def run(repeats: int) -> str:
    known, unseen = _faults(FAULTS, repeats), _faults(UNSEEN, repeats)
    alarms: list[str] = []
    sound = [_sound(corpus, repeats, alarms) for corpus in (SOUND, UNSEEN_SOUND)]
    corpora = [
        ["faults: the guilty one named", len(FAULTS), sum(row[4] == "yes" for row in known), *_times(known)],
        ["unseen faults: the guilty one named", len(UNSEEN), sum(row[4] == "yes" for row in unseen), *_times(unseen)],
        ["sound models: no alarm", len(SOUND), sum(row[0] for row in sound[0]), *_times(sound[0])],
        ["unseen sound models: no alarm", len(UNSEEN_SOUND), sum(row[0] for row in sound[1]), *_times(sound[1])],
    ]
    header = ["fault", "after", "planted in", "found", "named", "s"]
    parts = [
        table(["corpus", "models", "as it should be", "median, s", "slowest, s"], corpora),
        "## Faults",
        table(header, [[*row[:-1], f"{row[-1]:.2f}"] for row in known]),
        "## Unseen faults",
        table(header, [[*row[:-1], f"{row[-1]:.2f}"] for row in unseen]),
        "## False alarms",
        "\n".join(f"- {each}" for each in alarms) or "None.",
    ]
    return "\n\n".join(parts)


def _faults(corpus: Sequence[Fault], repeats: int) -> list[list[Any]]:
    rows = []
    for fault in corpus:
        report, seconds = timed(fault.make, repeats)
        first = report.findings[0] if report.findings else None
        said = f"{first.kind} `{first.where}`" if first else "nothing"
        named = "yes" if first and first.where == fault.where else "no"
        rows.append([fault.name, fault.thread or "-", f"{fault.kind} `{fault.where}`", said, named, seconds])
    return rows


def _sound(corpus: Sequence[Sound], repeats: int, alarms: list[str]) -> list[list[Any]]:
    rows = []
    for model in corpus:
        report, seconds = timed(model.make, repeats)
        rows.append([report.sound, seconds])
        if not report.sound:
            alarms.append(f"{model.name}: {report.findings[0].text}")
    return rows


def timed(make: Any, repeats: int) -> tuple[EquivarianceReport, float]:
    """The report on a model, and the median time it took."""
    torch.manual_seed(0)
    model, group, sample, inputs, outputs = make()
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        report = check(model, group, sample=sample, inputs=inputs, outputs=outputs)
        seconds.append(time.perf_counter() - start)
    return report, statistics.median(seconds)


def _times(rows: Sequence[Sequence[Any]]) -> tuple[str, str]:
    seconds = [row[-1] for row in rows]
    return f"{statistics.median(seconds):.2f}", f"{max(seconds):.2f}"
