"""How we measure: interleaved in one process, after a warm-up, as medians with quartiles."""

import gc
import importlib
import importlib.metadata
import os
import pkgutil
import platform
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import benchmarks
from workbench.network import did_you_mean

RESULTS = Path(__file__).parent / "results"
PEERS = ("torch", "numpy", "tensorly", "cotengra")


class BenchmarkError(ValueError):
    """A benchmark that does not exist, or cannot be measured as asked."""


@dataclass(frozen=True)
class Timing:
    """Seconds of several runs."""

    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def quartiles(self) -> tuple[float, float]:
        if len(self.seconds) < 2:
            return self.seconds[0], self.seconds[0]
        low, _, high = statistics.quantiles(self.seconds, n=4, method="inclusive")
        return low, high

    def __str__(self) -> str:
        low, high = (1e3 * each for each in self.quartiles)
        return f"{_digits(1e3 * self.median)} ({_digits(low)}–{_digits(high)})"


def measure(candidates: Mapping[str, Callable[[], object]], repeats: int) -> dict[str, Timing]:
    """Time candidates against each other: one warm-up of each, then rounds in which each runs once, in turn.

    Whatever slows the machine down for a while then slows all of them.
    """
    if repeats < 1:
        raise BenchmarkError(f"repeats is {repeats}; measure at least once")
    for run in candidates.values():
        run()
    seconds: dict[str, list[float]] = {name: [] for name in candidates}
    for _ in range(repeats):
        for name, run in candidates.items():
            gc.collect()
            start = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - start)
    return {name: Timing(tuple(times)) for name, times in seconds.items()}


def ratio(slow: Timing, fast: Timing) -> str:
    """How many times the second fits into the first, by medians."""
    return f"{_digits(slow.median / fast.median)}×"


def _digits(value: float) -> str:
    """Three significant digits, without an exponent: 0.0123, 4.56, 1,230."""
    return f"{float(f'{value:.3g}'):,.10g}"


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table in Markdown; first column left, the others right."""
    for row in rows:
        if len(row) != len(header):
            raise BenchmarkError(f"a row has {len(row)} cells {tuple(row)}, the header {len(header)}")
    rule = [":--"] + ["--:"] * (len(header) - 1)
    return "\n".join("| " + " | ".join(map(str, cells)) + " |" for cells in (header, rule, *rows))


def names() -> list[str]:
    """The benchmarks there are."""
    return sorted(
        module.name for module in pkgutil.iter_modules(benchmarks.__path__) if not module.name.startswith("_")
    )


def record(name: str, repeats: int, results: Path = RESULTS) -> Path:
    """Run a benchmark and write its table.

    Raises
    ------
    BenchmarkError
        When there is no benchmark of that name.
    """
    if name not in names():
        raise BenchmarkError(f"there is no benchmark {name!r}{did_you_mean(name, names())}")
    module = importlib.import_module(f"benchmarks.{name}")
    found = module.run(repeats)
    title, _, terms = (module.__doc__ or name).strip().partition("\n")
    runs = f"Medians of {repeats} runs each, quartiles in brackets, interleaved in one process after a warm-up."
    parts = [f"# {title}", terms.strip(), runs, found, machine(), f"`python -m benchmarks {name} --repeats {repeats}`"]
    results.mkdir(parents=True, exist_ok=True)
    path = results / f"{name}.md"
    path.write_text("\n\n".join(part for part in parts if part) + "\n")
    return path


def machine() -> str:
    """What was measured on: processor, cores, threads, versions. No names, no paths."""
    import torch

    versions = [f"{package} {importlib.metadata.version(package)}" for package in PEERS]
    threads = f"{torch.get_num_threads()} threads"
    cores = f"{os.cpu_count()} cores"
    return f"{processor()}, {cores}, {threads}; {platform.system()}, Python {platform.python_version()}, {', '.join(versions)}."


def processor() -> str:
    """The processor's model."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
