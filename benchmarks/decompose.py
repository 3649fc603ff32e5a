"""`decompose` against TensorLy: CP, Tucker, tensor train

Each job fits the same data to the same ranks. *Plain* is TensorLy's call with its defaults, on the NumPy backend; *best* is
the fastest of its choices of `svd` and `init` on the NumPy and PyTorch backends whose error is at most 1e-4 above the
plain call's (its `symeig_svd` is left out: it forms the larger of the two Gram matrices and takes minutes). Ours runs once
with its *defaults* (sweeps until one lowers the error by less than 1e-8 of itself, 100 at most) and, for Tucker and trains,
once as the *closed form* alone (`max_sweeps=1`). The defaults are not alike: TensorLy's Tucker stops at a change of 1e-4
and its tensor train does not sweep, so our defaults may sweep longer, to a lower error. Alternating
least squares ends in a local minimum that depends on the start: a random one may come out below or above ours.

Planted data have 10 % noise; the photograph is scikit-learn's china.jpg. Errors are ||x - xhat|| / ||x||, times are
milliseconds, ratios are of medians.
"""

import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import tensorly as tl
import torch
from tensorly.decomposition import parafac, tensor_train, tucker

from benchmarks._harness import measure, ratio, table
from workbench.data import image, planted
from workbench.decomposition import decompose

SVDS = ("truncated_svd", "randomized_svd")
TO_TENSOR = {"cp": tl.cp_to_tensor, "tucker": tl.tucker_to_tensor, "tensor_train": tl.tt_to_tensor}


@dataclass(frozen=True)
class Job:
    name: str
    family: str
    ranks: Any
    x: torch.Tensor


def jobs() -> Iterator[Job]:
    sources = [
        ("CP 10 of 100³", "cp", 10, planted("cp", (100,) * 3, 10, noise=0.1).x),
        ("Tucker (10, 10, 10) of 128³", "tucker", (10, 10, 10), planted("tucker", (128,) * 3, 10, noise=0.1).x),
        ("TT (10, 10, 10) of 32⁴", "tensor_train", (10, 10, 10), planted("tensor_train", (32,) * 4, 10, noise=0.1).x),
        ("CP 20 of a photograph, 427×640×3", "cp", 20, image("china")),
        ("Tucker (40, 40, 3) of it", "tucker", (40, 40, 3), image("china")),
        ("TT (40, 3) of it", "tensor_train", (40, 3), image("china")),
    ]
    for name, family, ranks, x in sources:
        for dtype in (torch.float64, torch.float32):
            yield Job(f"{name}, {str(dtype).removeprefix('torch.')}", family, ranks, x.to(dtype))


def run(repeats: int) -> str:
    rows = []
    for job in jobs():
        print(job.name, file=sys.stderr)
        plain = partial(_call, job, "numpy", {})
        plain_error = _error(job, plain())
        which, best_error, best = _best(job, plain_error + 1e-4)
        ours = {"defaults": partial(decompose, job.x, job.family, ranks=job.ranks)}
        if job.family != "cp":
            ours["closed form"] = partial(ours["defaults"], max_sweeps=1)
        timings = measure({"plain": plain, "best": best, **ours}, repeats)
        for name, call in ours.items():
            fit, mine = call(), timings[name]
            row = [job.name, name, mine, len(fit.history), f"{fit.error:.5f}"]
            row += [timings["plain"], f"{plain_error:.5f}", ratio(timings["plain"], mine)]
            row += [which, timings["best"], f"{best_error:.5f}", ratio(timings["best"], mine)]
            rows.append(row)
    header = [
        "job",
        "ours",
        "time",
        "sweeps",
        "error",
        "plain",
        "error",
        "plain : ours",
        "best",
        "time",
        "error",
        "best : ours",
    ]
    return table(header, rows)


def _best(job: Job, limit: float) -> tuple[str, float, Callable[[], Any]]:
    """TensorLy's fastest choice (by one call each) with an error up to `limit`: its name, its error, the call."""
    found = []
    for name, call in _choices(job):
        start = time.perf_counter()
        result = call()
        seconds = time.perf_counter() - start
        if (error := _error(job, result)) <= limit:
            found.append((seconds, name, error, call))
    _, name, error, call = min(found, key=lambda each: each[0])
    return name, error, call


def _error(job: Job, found: Any) -> float:
    torch_backend = any(isinstance(each, torch.Tensor) for each in _leaves(found))
    with tl.backend_context("pytorch" if torch_backend else "numpy"):
        value = torch.as_tensor(TO_TENSOR[job.family](found)).double()
    x = job.x.double()
    return float(torch.linalg.vector_norm(x - value) / torch.linalg.vector_norm(x))


def _leaves(found: Any) -> Iterator[Any]:
    for each in found:
        if isinstance(each, list | tuple):
            yield from _leaves(each)
        else:
            yield each


def _choices(job: Job) -> Iterator[tuple[str, Callable[[], Any]]]:
    """TensorLy's ways to do the job."""
    for backend in ("numpy", "pytorch"):
        for svd in SVDS:
            yield f"{backend}, {svd}", partial(_call, job, backend, {"svd": svd})
            if job.family == "tucker" or (job.family == "cp" and svd == SVDS[0]):  # a random CP start needs no SVD
                yield f"{backend}, {svd}, random start", partial(_call, job, backend, {"init": "random", "svd": svd})


def _call(job: Job, backend: str, options: dict[str, Any]) -> Any:
    x: Any = job.x if backend == "pytorch" else job.x.numpy()
    with tl.backend_context(backend), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if job.family == "cp":
            return parafac(x, job.ranks, random_state=_seed(), **options)
        if job.family == "tucker":
            return tucker(x, job.ranks, random_state=_seed(), **options)
        found = tensor_train(x, (1, *job.ranks, 1), random_state=_seed(), **options)
        return list(found)


def _seed() -> np.random.RandomState:
    return np.random.RandomState(0)
