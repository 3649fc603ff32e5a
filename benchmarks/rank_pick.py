"""`suggest_rank` for CP: how often it is right, and how long it takes

Two hundred tensors of 60×60×60 with 2 to 8 planted components, Gaussian noise at 0 to 30 dB (the ratio of the energies of
signal and noise), and factors whose columns are independent Gaussian vectors or all have the cosine 0, 0.3, 0.6 or 0.9 with one
another. Ranks 1 to 10 are tried with 10 starts each. For comparison, from the same fits:

- *held out*: the rank with the least error of entries that were held out;
- *elbow*: the rank at which the curve of errors is furthest below the straight line between its ends;
- *consistency*: the largest rank whose core consistency is at least 90 %.

The second table counts, for signals of 10 dB and more, how often a tensor of each rank (rows) was given each rank (columns). The
third is the time of one call.
"""

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch

from benchmarks._harness import measure, table
from workbench.data import planted
from workbench.decomposition import RankSuggestion, suggest_rank

TENSORS = 200
UP_TO = 10
LEVELS = (0, 5, 10, 15, 20, 25, 30)
COSINES = (None, 0.0, 0.3, 0.6, 0.9)


@dataclass(frozen=True)
class Job:
    rank: int
    cosine: float | None
    decibels: int
    seed: int

    @property
    def x(self) -> torch.Tensor:
        noise = 10 ** (-self.decibels / 20)
        return planted("cp", (60,) * 3, self.rank, noise=noise, collinearity=self.cosine, seed=self.seed).x


def jobs() -> Iterator[Job]:
    draw = np.random.default_rng(0)
    for seed in range(TENSORS):
        rank, cosine = int(draw.integers(2, 9)), COSINES[int(draw.integers(len(COSINES)))]
        yield Job(rank, cosine, LEVELS[seed % len(LEVELS)], seed)


def elbow(found: RankSuggestion) -> int:
    errors = np.array([1.0, *(score.error for score in found.table)])
    line = np.linspace(errors[0], errors[-1], len(errors))
    return int((line - errors).argmax())


def consistency(found: RankSuggestion) -> int:
    return max((score.rank for score in found.table if score.consistency >= 90), default=1)


def held_out(found: RankSuggestion) -> int:
    return min(found.table, key=lambda score: score.held_out).rank


RULES: dict[str, Callable[[RankSuggestion], int]] = {
    "suggest_rank": lambda found: int(found.rank),
    "held out": held_out,
    "elbow": elbow,
    "consistency": consistency,
}


def run(repeats: int) -> str:
    right: dict[str, Counter[int]] = {name: Counter() for name in RULES}
    asked: Counter[int] = Counter()
    confused: Counter[tuple[int, int]] = Counter()
    for job in jobs():
        found = suggest_rank(job.x, up_to=UP_TO)
        asked[job.decibels] += 1
        for name, rule in RULES.items():
            right[name][job.decibels] += rule(found) == job.rank
        if job.decibels >= 10:
            confused[job.rank, int(found.rank)] += 1
        print(job, found.rank, file=sys.stderr)
    rows = [[f"{level} dB", asked[level], *(right[name][level] for name in RULES)] for level in sorted(asked)]
    loud = [level for level in asked if level >= 10]
    rows.append(["10 dB and more", *(sum(count[level] for level in loud) for count in (asked, *right.values()))])
    ranks = sorted({rank for pair in confused for rank in pair})
    matrix = [
        [f"planted {a}", *(confused[a, b] or "·" for b in ranks)] for a in ranks if any(confused[a, b] for b in ranks)
    ]
    timings = measure({"one": lambda x=Job(5, 0.6, 10, 0).x: suggest_rank(x, up_to=UP_TO)}, repeats)
    return "\n\n".join(
        [
            table(["signal to noise", "tensors", *RULES], rows),
            table(["", *(f"given {rank}" for rank in ranks)], matrix),
            table(["job", "milliseconds"], [["ranks 1 to 10, 10 starts each, 60×60×60", timings["one"]]]),
        ]
    )
