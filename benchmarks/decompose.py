"""`decompose` against TensorLy: CP, Tucker, tensor train

Each job fits the same data to the same ranks. *Plain* is TensorLy's call with its defaults, on the NumPy backend; *best* is
the fastest of its choices of `svd` and `init` on the NumPy and PyTorch backends whose error is at most 1e-4 above the
plain call's (its `symeig_svd` is left out: it forms the larger of the two Gram matrices and takes minutes). CP of planted
data starts from the same random factors everywhere (Gaussian, seed 1000) and is given 50 sweeps at most; its best also has the choice of
`tol=0`, which spares TensorLy the error of every sweep. Ours is `decompose` with its defaults.

Planted data have 10 % noise; the photograph is scikit-learn's china.jpg. Errors are ||x - xhat|| / ||x||, times are
milliseconds, ratios are of medians. The *floor* is one read of the tensor that looks for NaN and one product with a matrix
of as many columns as the largest rank and six more: no method that looks at all data is faster. *Memory* is the peak beyond
the input in one call, in multiples of the input, measured in a process of its own.

Where we had hoped for more against *best* (8 times for Tucker, 15 for CP, 4 for trains): from random factors TensorLy needs two
or three sweeps on such data, and stops when they settle. Ours reads the data three times and looks for NaN, which
leaves a factor of 4 to 6 above the floor in double precision; without the third read a quarter of the time is saved and the error
is 0.1 % larger. CP of planted data settles within a few sweeps for TensorLy, too, so that it seldom makes the 50 it may: on 200³
all 50 would take it 35 times as long as ours. The memory of the photograph is that of small workspaces beside 3 to 7 MB of data.
"""

import json
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import tensorly as tl
import torch
from tensorly.cp_tensor import CPTensor
from tensorly.decomposition import parafac, tensor_train, tucker

from benchmarks._harness import measure, ratio, table
from workbench.data import image, planted
from workbench.decomposition import decompose
from workbench.network import cp

SVDS = ("truncated_svd", "randomized_svd")
TO_TENSOR = {"cp": tl.cp_to_tensor, "tucker": tl.tucker_to_tensor, "tensor_train": tl.tt_to_tensor}


@dataclass(frozen=True)
class Job:
    name: str
    family: str
    ranks: Any
    x: torch.Tensor
    start: list[torch.Tensor] = field(default_factory=list)
    sweeps: int = 100

    def ours(self) -> Any:
        start = dict(zip("ABCD", self.start, strict=False))
        return decompose(self.x, self.family, ranks=self.ranks, max_sweeps=self.sweeps, init=start or "svd")


def jobs() -> Iterator[Job]:
    for name, family, shape, ranks in (
        ("Tucker (10, 10, 10) of 200³", "tucker", (200,) * 3, (10,) * 3),
        ("Tucker (10, 10, 10, 10) of 60⁴", "tucker", (60,) * 4, (10,) * 4),
        ("CP 10 of 200³, 50 sweeps", "cp", (200,) * 3, 10),
        ("CP 10 of 60⁴, 50 sweeps", "cp", (60,) * 4, 10),
        ("TT (10, 10, 10) of 60⁴", "tensor_train", (60,) * 4, (10,) * 3),
    ):
        x = planted(family, shape, 10, noise=0.1).x.contiguous()
        for dtype in (torch.float64, torch.float32):
            start = list(cp(shape, 10).random(seed=1000, dtype=dtype).values())
            yield Job(f"{name}, {_short(dtype)}", family, ranks, x.to(dtype), *((start, 50) if family == "cp" else ()))
    for name, family, ranks in (
        ("CP 20 of a photograph, 427×640×3", "cp", 20),
        ("Tucker (40, 40, 3) of it", "tucker", (40, 40, 3)),
        ("TT (40, 3) of it", "tensor_train", (40, 3)),
    ):
        for dtype in (torch.float64, torch.float32):
            yield Job(f"{name}, {_short(dtype)}", family, ranks, image("china").to(dtype).contiguous())


def _short(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def run(repeats: int) -> str:
    rows = []
    for at, job in enumerate(jobs()):
        print(job.name, file=sys.stderr)
        plain = partial(_call, job, "numpy", {})
        plain_error = _error(job, plain())
        which, best_error, best = _best(job, plain_error + 1e-4)
        floor = partial(_floor, job)
        timings = measure({"plain": plain, "best": best, "ours": job.ours, "floor": floor}, repeats)
        fit, mine = job.ours(), timings["ours"]
        row = [job.name, mine, len(fit.history), f"{fit.error:.5f}"]
        row += [timings["plain"], f"{plain_error:.5f}", ratio(timings["plain"], mine)]
        row += [which, timings["best"], f"{best_error:.5f}", ratio(timings["best"], mine)]
        row += [timings["floor"], ratio(mine, timings["floor"]), f"{_memory(at):.2f}"]
        rows.append(row)
    header = ["job", "ours", "sweeps", "error", "plain", "error", "plain : ours"]
    header += ["best", "time", "error", "best : ours", "floor", "ours : floor", "memory"]
    return table(header, rows)


def _floor(job: Job) -> None:
    torch.aminmax(job.x)
    size = job.x.shape[-1]
    most = job.ranks if isinstance(job.ranks, int) else max(job.ranks)
    job.x.reshape(-1, size) @ torch.randn(size, min(size, most + 6), dtype=job.x.dtype)


def _memory(at: int) -> float:
    """The peak beyond the input in multiples of it, of the job's second call in a fresh process; the first one loads code."""
    code = (
        "import json, sys\n"
        "from itertools import islice\n"
        "from pathlib import Path\n"
        "from benchmarks.decompose import jobs\n"
        f"job = next(islice(jobs(), {at}, None))\n"
        "read = lambda key: next(int(l.split()[1]) for l in Path('/proc/self/status').read_text().splitlines() if l.startswith(key))\n"
        "job.ours()\n"
        "import ctypes, gc\n"
        "gc.collect(); ctypes.CDLL('libc.so.6').malloc_trim(0)\n"
        "Path('/proc/self/clear_refs').write_text('5')\n"
        "before = read('VmRSS'); job.ours(); print(json.dumps([read('VmHWM') - before, job.x.nbytes]))\n"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    more, size = json.loads(found.stdout)
    return 1024 * max(0, more) / size


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
        if job.start:
            yield backend, partial(_call, job, backend, {})
            yield f"{backend}, tol=0", partial(_call, job, backend, {"tol": 0})
            continue
        for svd in SVDS:
            yield f"{backend}, {svd}", partial(_call, job, backend, {"svd": svd})
            if job.family == "tucker" or (job.family == "cp" and svd == SVDS[0]):  # a random CP start needs no SVD
                yield f"{backend}, {svd}, random start", partial(_call, job, backend, {"init": "random", "svd": svd})


def _call(job: Job, backend: str, options: dict[str, Any]) -> Any:
    as_theirs: Callable[[torch.Tensor], Any] = (lambda x: x) if backend == "pytorch" else torch.Tensor.numpy
    x = as_theirs(job.x)
    with tl.backend_context(backend), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if job.family == "cp":
            if job.start:
                options = {"init": CPTensor((None, [as_theirs(each.clone()) for each in job.start])), **options}
            return parafac(x, job.ranks, n_iter_max=job.sweeps, random_state=_seed(), **options)
        if job.family == "tucker":
            return tucker(x, job.ranks, random_state=_seed(), **options)
        found = tensor_train(x, (1, *job.ranks, 1), random_state=_seed(), **options)
        return list(found)


def _seed() -> np.random.RandomState:
    return np.random.RandomState(0)
