"""Who evaluates: this process, some processes of this machine, or any `concurrent.futures.Executor`.

Past one machine, an executor of one's own cluster is given; we write no scheduler.

- Dask: ``client = dask.distributed.Client("tcp://scheduler:8786")``, then ``search(..., executor=client.get_executor())``. Give workers one thread each
  (``--nthreads 1``); a worker that dies is replaced and its evaluation made again.
- MPI: ``with mpi4py.futures.MPIPoolExecutor() as pool: search(..., executor=pool)``, run by ``mpiexec -n 17 python -m mpi4py.futures search.py``.
- Ray, or anything else: an object with ``submit(function, *arguments)`` that gives back `concurrent.futures.Future`s is enough.
- Several searches on several machines: give each a name of its own and a database as storage (``storage="postgresql://..."``), and look at all of
  them together with Optuna's dashboard or `search_progress`. One study has one writer: it is what makes it reproducible.
"""

__all__ = ["Crew", "as_crew"]

import multiprocessing
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from typing import Any

import torch

from workbench.network import Network
from workbench.structure._errors import SearchError
from workbench.structure._evaluation import Evaluation, Evaluator

Job = tuple[Network, str, float]
"""A structure, its key, and the squared error that would be of interest."""
TRIES = 3
"""How often a structure is given to a worker that dies with it."""


class Crew(ABC):
    """Evaluates structures; each answer comes with its place in the batch, in whatever order they are done."""

    @abstractmethod
    def evaluate(self, jobs: Sequence[Job]) -> Iterator[tuple[int, Evaluation]]:
        """Evaluate a batch."""

    def close(self) -> None:  # noqa: B027 - most have nobody to let go
        """Let the workers go."""


class Serial(Crew):
    """The process that searches."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator

    def evaluate(self, jobs: Sequence[Job]) -> Iterator[tuple[int, Evaluation]]:
        for at, job in enumerate(jobs):
            yield at, self.evaluator(*job)


class Others(Crew):
    """Any executor: Dask's `Client.get_executor()`, MPI's `MPIPoolExecutor`, Ray's, a thread pool. It is not shut down."""

    def __init__(self, evaluator: Evaluator, executor: Executor) -> None:
        self.evaluator, self.executor = evaluator, executor

    def evaluate(self, jobs: Sequence[Job]) -> Iterator[tuple[int, Evaluation]]:
        futures = {self.executor.submit(_evaluated, self.evaluator, *_packed(job)): at for at, job in enumerate(jobs)}
        for future in _done(futures):
            yield futures[future], future.result()


class Processes(Crew):
    """Processes of one thread each. A worker that is killed costs its evaluation, which is made again."""

    def __init__(self, evaluator: Evaluator, workers: int) -> None:
        self.evaluator, self.workers = evaluator, workers
        self._pool: ProcessPoolExecutor | None = None

    def evaluate(self, jobs: Sequence[Job]) -> Iterator[tuple[int, Evaluation]]:
        left = dict(enumerate(jobs))
        for _ in range(TRIES):
            futures: dict[Future[Any], int] = {}
            try:
                pool = self._started()
                futures |= {pool.submit(_evaluated_here, *_packed(job)): at for at, job in left.items()}
                for future in as_completed(futures):
                    result = future.result()
                    left.pop(futures[future])
                    yield futures[future], result
            except BrokenProcessPool:
                self.close()
            if not left:
                return
        for at in left:
            yield at, Evaluation(float("nan"), 0.0, f"the process that evaluated it was killed, {TRIES} times")

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(self.workers, context, _prepare, (self.evaluator,))
        return self._pool

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None


def as_crew(executor: "Executor | int | None", evaluator: Evaluator) -> Crew:
    """A crew from what `search` takes: None, a number of processes, or an executor."""
    if executor is None:
        return Serial(evaluator)
    if isinstance(executor, bool) or (isinstance(executor, int) and executor < 1):
        raise SearchError(f"executor is a number of processes from 1, or an executor, not {executor!r}")
    if isinstance(executor, int):
        return Processes(evaluator, executor)
    if not hasattr(executor, "submit"):
        raise SearchError(
            f"executor has no submit(); give a concurrent.futures.Executor, not {type(executor).__name__}"
        )
    return Others(evaluator, executor)


def _done(futures: dict[Any, int]) -> Iterator[Any]:
    if all(isinstance(future, Future) for future in futures):
        yield from as_completed(futures)
    else:  # Dask's own futures
        yield from futures


def _packed(job: Job) -> tuple[str, str, float]:
    return job[0].to_json(), *job[1:]


def _evaluated(evaluator: Evaluator, network: str, key: str, wanted: float) -> Evaluation:
    return evaluator(Network.from_json(network), key, wanted)


_here: list[Evaluator] = []


def _prepare(evaluator: Evaluator) -> None:
    """Once in every process."""
    torch.set_num_threads(1)
    _here.append(evaluator)


def _evaluated_here(network: str, key: str, wanted: float) -> Evaluation:
    return _evaluated(_here[-1], network, key, wanted)
