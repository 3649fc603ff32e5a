"""`rank_landscape`: every Tucker core shape at once, and the best one under a budget

*All shapes* makes the landscape. *Budget* and *error* are one query each, of medium size: `best(parameters=)` with a
hundredth of the data's entries, `best(error=)` with the error that it then has. *Off by* is the largest difference of squared
relative errors between the landscape and explicit truncation (project on the leading singular vectors of the unfoldings by
NumPy's SVD, subtract, take the norm) at 200 random shapes. *Memory* is the peak beyond the input, in units of the input in
double precision, in a process of its own. Times are milliseconds.

The large tensor is made up: singular values fall like 1/k along every axis, with noise of a tenth of its norm; its shape is
that of the cardiac scan in Ghadiri, Fahrbach, Fu and Mirrokni (2023). The second table compares shapes at equal budgets:
*packing* is theirs, which maximises the sum of squared singular values kept (here exactly, by trying all shapes); *landscape* is
`best(parameters=)`; both errors are those of the truncated higher-order SVD. *Refined* is the best of the three shapes that
`refine(parameters=)` fits by sweeps.
"""

import math
import subprocess
import sys
from collections.abc import Iterator
from functools import reduce

import numpy as np
import torch

from benchmarks._harness import measure, table
from workbench.data import image, indian_pines, kinetic
from workbench.decomposition import RankLandscape, rank_landscape

LARGE = (256, 256, 14, 20)
SHAPES = 200


def large(dtype: torch.dtype = torch.float64) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(LARGE, generator=generator, dtype=torch.float64)
    noise = torch.randn(LARGE, generator=generator, dtype=torch.float64)
    for axis, size in enumerate(LARGE):
        fade = 1 / torch.arange(1, size + 1, dtype=torch.float64)
        turn = torch.linalg.qr(torch.randn(size, size, generator=generator, dtype=torch.float64)).Q * fade
        x = torch.movedim(torch.tensordot(turn, x, dims=([1], [axis])), 0, axis)
    x = x / torch.linalg.vector_norm(x) + 0.1 * noise / torch.linalg.vector_norm(noise)
    return x.contiguous().to(dtype)


def jobs() -> Iterator[tuple[str, torch.Tensor]]:
    yield "256×256×14×20, float64", large()
    yield "256×256×14×20, float32", large(torch.float32)
    yield "Kinetic, 64×12×10×60, float64", kinetic()[0].double()
    yield "Indian Pines, 145×145×200, float64", indian_pines().double()
    yield "a photograph, 427×640×3, float64", image("china").double()


def run(repeats: int) -> str:
    speed, shapes = [], []
    for name, x in jobs():
        print(name, file=sys.stderr)
        land = rank_landscape(x)
        budget = x.numel() // 100
        error = land.best(parameters=budget).error
        timings = measure(
            {
                "all": lambda x=x: rank_landscape(x),
                "budget": lambda land=land, budget=budget: land.best(parameters=budget),
                "error": lambda land=land, error=error: land.best(error=error),
                "front": land.pareto,
            },
            repeats,
        )
        off = f"{_off_by(x, land):.1e}" if x.dtype == torch.float64 else "–"
        row = [name, f"{math.prod(land.caps):,}", *timings.values(), off]
        speed.append([*row, f"{_peak(name):.2f}" if name.startswith("256") else "–"])
        if x.dtype == torch.float64:
            shapes += [_compare(name, x, land, part) for part in (300, 100, 20)]
    first = table(["data", "shapes", "all shapes", "budget", "error", "front", "off by", "memory"], speed)
    header = ["data", "parameters", "packing", "error", "landscape", "error", "refined", "error"]
    return f"{first}\n\n{table(header, shapes)}"


def _off_by(x: torch.Tensor, land: RankLandscape) -> float:
    values = x.numpy()
    bases = []
    for axis, size in enumerate(values.shape):
        wide = np.moveaxis(values, axis, 0).reshape(size, -1)
        bases.append(np.linalg.svd(np.linalg.qr(wide.T, mode="r").T)[0])  # left singular vectors, of a small matrix
    draw, whole, worst = np.random.default_rng(0), float((values**2).sum()), 0.0
    for _ in range(SHAPES):
        ranks = tuple(int(draw.integers(1, cap + 1)) for cap in land.caps)
        kept = values
        for axis, (basis, rank) in enumerate(zip(bases, ranks, strict=True)):
            kept = np.moveaxis(np.tensordot(basis[:, :rank], kept, axes=([0], [axis])), 0, axis)
        for axis, (basis, rank) in enumerate(zip(bases, ranks, strict=True)):
            kept = np.moveaxis(np.tensordot(basis[:, :rank], kept, axes=([1], [axis])), 0, axis)
        worst = max(worst, abs(land.error(ranks) ** 2 - float(((values - kept) ** 2).sum()) / whole))
    return worst


def _compare(name: str, x: torch.Tensor, land: RankLandscape, part: int) -> list[object]:
    budget = x.numel() // part
    kept = [1 - errors**2 for errors in land.bond_errors.values()]
    grids = np.meshgrid(*(np.arange(1, cap + 1) for cap in land.caps), indexing="ij", sparse=True)
    cost = reduce(np.multiply, grids) + sum(n * grid for n, grid in zip(x.shape, grids, strict=True))
    value = reduce(np.add, [part[grid - 1] for part, grid in zip(kept, grids, strict=True)])
    packed = np.unravel_index(int(np.where(cost <= budget, value, -1.0).argmax()), land.caps)
    packed = tuple(int(at) + 1 for at in packed)
    best, refined = land.best(parameters=budget), land.refine(parameters=budget)[0]
    shape = "×".join(map(str, refined.cores["G"].shape))
    return [
        name.split(",")[0],
        f"{budget:,}",
        "×".join(map(str, packed)),
        f"{land.error(packed):.5f}",
        "×".join(map(str, best.ranks)),
        f"{best.error:.5f}",
        shape,
        f"{refined.error:.5f}",
    ]


def _peak(name: str) -> float:
    """Peak memory beyond the input, in inputs of double precision."""
    code = f"""
import resource, torch
from benchmarks.landscape import large
from workbench.decomposition import rank_landscape
x = large(torch.{name.split(", ")[1]})
rank_landscape(x[:8])  # what is loaded once
import ctypes, gc, pathlib; gc.collect()
pathlib.Path("/proc/self/clear_refs").write_text("5")  # forget the peak
def status(key):
    lines = pathlib.Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(key))
before = status("VmRSS")
rank_landscape(x)
print((status("VmHWM") - before) * 1024 / (8 * x.numel()))
"""
    return float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)  # noqa: S603 - our own code
