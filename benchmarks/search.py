"""Structure search: what is found, after how many evaluations, how fast

*The demonstration* is the ring of order 6 of the TnALE authors, ranks and order of modes unknown (their numbers where their file
lies beside the repository, else others of the same structure). Success is a squared relative error below 1e-8 with no more
parameters than the ring it was made of; every search has the same budget. *Rings* are planted: all modes 3, ranks 2 or 3, in a
random order. *Trees, chains, loops* are searched among all graphs by greedy growth. An evaluation is one structure, told apart
from all others by its bonds and ranks; those ended early count too. *Throughput* is structures a second with storage.
"""

import math
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from benchmarks._harness import table
from workbench.structure import Point, RingSpace, Study, search
from workbench.structure._spaces import graph_network

DATA = Path(__file__).parents[2] / "shared" / "data" / "tnale" / "demo-ring-3x6.npz"
BONDS = {(0, 3): 3, (0, 5): 2, (1, 2): 2, (1, 4): 2, (2, 3): 4, (4, 5): 3}
ALGORITHMS = ("tnale", "tnls", "tnga", "random")
BUDGET = 400


def run(repeats: int) -> str:
    return "\n\n".join(
        [
            "## The demonstration",
            _demonstration(repeats),
            "## Rings of order 4, 6, 8",
            _rings(max(1, repeats // 2)),
            "## Planted structures, greedy growth among all graphs",
            _planted(repeats),
            "## Throughput",
            _throughput(),
        ]
    )


def _demonstration(seeds: int) -> str:
    x = torch.from_numpy(np.load(DATA)["goal"]) if DATA.exists() else _made((3,) * 6, BONDS, 0)
    rows = [
        [algorithm, *_told([_hunt(x, algorithm, 126, seed, 5) for seed in range(seeds)], BUDGET)]
        for algorithm in ALGORITHMS
    ]
    return table(["algorithm", "found", "evaluations", "seconds"], rows)


def _rings(seeds: int) -> str:
    rows = []
    for order in (4, 6, 8):
        for algorithm in ("tnale", "tnls"):
            found = []
            for seed in range(seeds):
                generator = np.random.default_rng(seed)
                space = RingSpace((3,) * order, 3)
                ranks = tuple(int(each) for each in generator.integers(2, 4, order))
                point = Point(ranks, tuple(generator.permutation(order).tolist()))
                x = _made(space.shape, space.weighted(point), seed)
                found.append(_hunt(x, algorithm, space.parameters(point), seed, 3))
            rows.append([f"{order}", algorithm, *_told(found, BUDGET)])
    return table(["order", "algorithm", "found", "evaluations", "seconds"], rows)


def _planted(seeds: int) -> str:
    rows = []
    for name, edges in (
        ("chain", [(0, 1), (1, 2), (2, 3), (3, 4)]),
        ("star", [(0, 1), (0, 2), (0, 3), (0, 4)]),
        ("ring", [(0, 1), (1, 2), (2, 3), (3, 4), (0, 4)]),
        ("triangle with two arms", [(0, 1), (1, 2), (0, 2), (2, 3), (0, 4)]),
    ):
        found = []
        for seed in range(seeds):
            generator = np.random.default_rng(seed)
            names = generator.permutation(5).tolist()
            bonds = {tuple(sorted((names[a], names[b]))): int(generator.integers(2, 4)) for a, b in edges}
            x = _made((4,) * 5, bonds, seed)
            began = time.perf_counter()
            study = search(x, "graph", "greedy", budget=BUDGET, max_rank=4, seed=seed)
            good = (
                study.best.trial.rse < 1e-8 and study.best.trial.parameters <= graph_network((4,) * 5, bonds).parameters
            )
            found.append((study.evaluations if good else math.inf, time.perf_counter() - began))
        rows.append([name, *_told(found, BUDGET)])
    return table(["planted", "found", "evaluations", "seconds"], rows)


def _throughput() -> str:
    x = _made((3,) * 6, BONDS, 0)
    rates = {}
    for workers in (1, 2):
        with tempfile.TemporaryDirectory() as folder:
            where = Path(folder) / "s.log"
            options = {"samples": 40}
            search(x, "ring", "tnls", budget=20, max_rank=4, executor=workers, options=options)
            began = time.perf_counter()
            study = search(
                x, "ring", "tnls", budget=200, max_rank=4, executor=workers, options=options, name="s", storage=where
            )
            rates[workers] = study.evaluations / (time.perf_counter() - began)
    rows = [[str(workers), f"{rate:.1f}", f"{rate / rates[1]:.2f}×"] for workers, rate in rates.items()]
    return table(["processes", "structures a second", "against one"], rows)


def _made(shape: tuple[int, ...], bonds: dict[tuple[int, int], int], seed: int) -> torch.Tensor:
    net = graph_network(shape, bonds)
    generator = torch.Generator().manual_seed(seed)
    return net.contract({name: torch.randn(net.shape_of(name), generator=generator) for name in net.tensors})


def _hunt(x: torch.Tensor, algorithm: str, parameters: int, seed: int, max_rank: int) -> tuple[float, float]:
    """Evaluations until success (infinite without), and seconds."""
    began = time.perf_counter()
    until = parameters / x.numel() + 200 * 1e-8
    study: Study = search(x, "ring", algorithm, budget=BUDGET, max_rank=max_rank, until=until, seed=seed)
    good = study.best.trial.rse < 1e-8 and study.best.trial.parameters <= parameters
    return (study.evaluations if good else math.inf), time.perf_counter() - began


def _told(found: list[tuple[float, float]], budget: int) -> list[str]:
    good = [evaluations for evaluations, _ in found if evaluations < math.inf]
    counts = sorted(min(evaluations, budget) for evaluations, _ in found)
    low, high = (counts[0], counts[-1]) if len(counts) < 4 else statistics.quantiles(counts, n=4)[::2]
    middle = statistics.median(counts)
    shown = f"{middle:.0f} ({low:.0f}–{high:.0f})" if good else f"none in {budget}"
    return [f"{len(good)} of {len(found)}", shown, f"{statistics.median(seconds for _, seconds in found):.1f}"]
