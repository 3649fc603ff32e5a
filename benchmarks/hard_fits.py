"""Fits that alternating least squares does not finish: collinear CP and a planted ring

*Collinear*: CP of rank 8, 100x100x100, all factor cosines 0.9, no noise, float64; the time until the relative error is at
most 1e-6. Ours starts from random factors and from the data's singular vectors, with defaults; TensorLy (its best
backend by one sweep's time, `init="random"`) is given 1,000 sweeps. *Ring*: the demonstration target of the authors of
TnALE (six legs of size 3, ring of ranks 2 to 4, its vertices permuted), fitted with its true structure from 16 random
starts for each of 50 seeds; found means a squared relative error below 1e-8.
"""

import statistics
import time
import warnings
from pathlib import Path

import numpy as np
import tensorly as tl
import torch
from tensorly.decomposition import parafac

from benchmarks._harness import table
from workbench.data import planted
from workbench.decomposition import decompose
from workbench.network import Network

RING = Path(__file__).parent.parent.parent / "shared" / "data" / "tnale" / "demo-ring-3x6.npz"
ADJACENT = {(0, 3): 3, (0, 5): 2, (1, 2): 2, (1, 4): 2, (2, 3): 4, (4, 5): 3}
ENOUGH = 1e-6


def run(repeats: int) -> str:
    return "\n\n".join(["## Collinear CP", _collinear(repeats), "## Ring", _ring()])


def _collinear(repeats: int) -> str:
    x = planted("cp", (100,) * 3, 8, collinearity=0.9).x.contiguous()
    rows = []
    for name, init, seeds in (("ours, random", "random", range(10)), ("ours, svd", "svd", range(repeats))):
        found = []
        for seed in seeds:
            start = time.perf_counter()
            fit = decompose(x, "cp", ranks=8, init=init, seed=seed)
            found.append((time.perf_counter() - start, fit.error, len(fit.history)))
        seconds, errors, sweeps = zip(*found, strict=True)
        reached = f"{sum(error <= ENOUGH for error in errors)} of {len(errors)}"
        rows.append(
            [name, f"{1e3 * statistics.median(seconds):.0f}", statistics.median(sweeps), f"{max(errors):.1e}", reached]
        )
    for seed in range(3):
        with tl.backend_context("pytorch"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            start = time.perf_counter()
            _, errors = parafac(
                x,
                8,
                n_iter_max=1000,
                init="random",
                tol=1e-16,
                return_errors=True,
                random_state=np.random.RandomState(seed),
            )
            seconds = time.perf_counter() - start
        reached = sum(float(error) > ENOUGH for error in errors)
        when = f"after {reached} sweeps" if reached < len(errors) else "0 of 1"
        rows.append([f"TensorLy, seed {seed}", f"{1e3 * seconds:.0f}", len(errors), f"{float(min(errors)):.1e}", when])
    return table(["candidate", "ms", "sweeps", "largest error", f"reached {ENOUGH:g}"], rows)


def _ring() -> str:
    if not RING.exists():
        return "Not measured: the authors' tensor is not there."
    goal = torch.as_tensor(np.load(RING)["goal"])
    sizes = {f"i{k}": 3 for k in range(6)} | {f"r{a}{b}": rank for (a, b), rank in ADJACENT.items()}
    tensors = {f"T{k}": (f"i{k}", *(f"r{a}{b}" for a, b in ADJACENT if k in (a, b))) for k in range(6)}
    net = Network(tensors, sizes, tuple(f"i{k}" for k in range(6)))
    rows = []
    for dtype in (torch.float64, torch.float32):
        found = []
        for seed in range(50):
            start = time.perf_counter()
            fit = decompose(goal.to(dtype), net, init="random", starts=16, seed=seed)
            found.append((time.perf_counter() - start, fit.error**2))
        seconds, squared = zip(*found, strict=True)
        right = sum(each < 1e-8 for each in squared)
        rows.append(
            [str(dtype)[6:], f"{right} of 50", f"{1e3 * statistics.median(seconds):.0f}", f"{1e3 * max(seconds):.0f}"]
        )
    return table(["dtype", "found", "median ms", "slowest ms"], rows)
