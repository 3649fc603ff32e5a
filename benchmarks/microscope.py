"""The equivariance microscope: planted faults found, false alarms, and time a model

*Faults*: models with one fault planted in each, of kinds that users of equivariant libraries have reported; where it was planted was
written down with the model. *Named* says whether the first finding of `check` names that place: the layer (the innermost one that
holds the fault), argument or result. *Kind* is that of the first finding. *Sound models* commute with their groups; a finding on one
is a false alarm. Times are seconds of one call of `check`, both precisions, layers and completeness included.
"""

import statistics
import time
from collections.abc import Sequence
from typing import Any

import torch

from benchmarks._faulty_models import FAULTS
from benchmarks._harness import table
from benchmarks._sound_models import SOUND
from workbench.symmetry import EquivarianceReport, check


def run(repeats: int) -> str:
    rows, faults, found = [], [], 0
    for fault in FAULTS:
        report, seconds = timed(fault.make, repeats)
        first = report.findings[0] if report.findings else None
        named = first is not None and first.where == fault.where
        found += named
        faults.append(seconds)
        said = f"{first.kind} `{first.where}`" if first else "nothing"
        rows.append(
            [
                fault.name,
                fault.thread or "-",
                f"{fault.kind} `{fault.where}`",
                said,
                "yes" if named else "no",
                f"{seconds:.2f}",
            ]
        )
    alarms, sound = [], []
    for model in SOUND:
        report, seconds = timed(model.make, repeats)
        sound.append(seconds)
        if not report.sound:
            alarms.append(f"{model.name}: {report.findings[0].text}")
    return "\n\n".join(
        [
            table(
                ["corpus", "models", "as it should be", "median, s", "slowest, s"],
                [
                    ["faults: the guilty one named", len(FAULTS), found, *_times(faults)],
                    ["sound: no alarm", len(SOUND), len(SOUND) - len(alarms), *_times(sound)],
                ],
            ),
            "## Faults",
            table(["fault", "after", "planted in", "found", "named", "s"], rows),
            "## False alarms",
            "\n".join(f"- {each}" for each in alarms) or "None.",
        ]
    )


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


def _times(seconds: Sequence[float]) -> tuple[str, str]:
    return f"{statistics.median(seconds):.2f}", f"{max(seconds):.2f}"
