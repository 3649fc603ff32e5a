"""`search`: which network for this tensor?"""

__all__ = ["search"]

import hashlib
import inspect
import math
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import torch

from workbench.data import as_mask, as_tensor
from workbench.network import Network, did_you_mean
from workbench.structure._algorithms import ALGORITHMS, _algorithms
from workbench.structure._bounds import CutBounds
from workbench.structure._errors import SearchError
from workbench.structure._evaluation import Evaluation, Evaluator, Loss
from workbench.structure._executors import Crew, as_crew
from workbench.structure._objective import Objective, as_objective
from workbench.structure._spaces import Point, RankSpace, Space, as_space
from workbench.structure._storage import Storage, studies_folder
from workbench.structure._study import Study
from workbench.structure._trial import Trial

FLUSH = 1.0
"""Seconds between writes of what was evaluated."""
IDLE = 50
"""Batches in a row without a new structure after which there is nothing more to find."""


def search(
    target: "object | Loss",
    space: Space | Network | str = "ring",
    algorithm: "str | Any" = "tnale",
    *,
    objective: str | Objective = "compression",
    weight: float = 200.0,
    limit: float | None = None,
    budget: int = 400,
    max_rank: int | None = None,
    mask: object = None,
    starts: int = 16,
    until: float | None = None,
    executor: Executor | int | None = None,
    name: str | None = None,
    storage: str | Path | None = None,
    background: bool = False,
    timeout: float | None = None,
    seed: int = 0,
    options: Mapping[str, Any] | None = None,
) -> Study:
    """Search for a structure: which modes are joined, and by what ranks.

    A structure is evaluated by fitting it, in milliseconds: from its closed form where it is a tree, elsewhere from random starts
    swept together. Structures that are the same are evaluated once. The result depends on the seed alone, whatever
    the number of workers, unless `timeout` ends it; rounding may differ where they use another number of threads.

    Parameters
    ----------
    target
        Data (what `workbench.data.as_tensor` takes), or a function of a network that returns its loss; then `space` is a `Space` or
        a `Network`.
    space
        ``"ring"`` (any order of the modes), ``"tree"``, ``"graph"`` (a bond between any two modes), a network whose ranks are
        sought, or a `Space`.
    algorithm
        ``"tnale"``, ``"tnls"``, ``"tnga"``, ``"greedy"``, ``"random"``; ``"packing"`` for the ranks of a Tucker network or a tree; ``"optuna"``,
        or an Optuna sampler.
    objective
        ``"compression"``: parameters / entries + weight * squared error; ``"error"`` with at most `limit` parameters;
        ``"parameters"`` with an error of at most `limit`; or an `Objective`.
    weight, limit
        See `objective`.
    budget
        How many structures are evaluated at most, those of an earlier run of the same study among them.
    max_rank
        The largest rank; 7 by default, of a given network the ranks it has.
    mask
        Which entries were observed.
    starts
        Random starts for a structure with loops.
    until
        Value of the objective at which to stop.
    executor
        None for this process, a number of processes, or any `concurrent.futures.Executor`.
    name, storage
        With a name, a study is kept and gone on with: in a file of the user's data directory (`WORKBENCH_STUDIES`), in the file
        given as `storage`, or in a database given by its URL.
    background
        Whether to return at once and search in a thread: see `Study.wait` and `Study.stop`.
    timeout
        Seconds after which to stop.
    seed
        Of everything random.
    options
        For the algorithm, by name.

    Returns
    -------
    Study

    Raises
    ------
    SearchError
        When the space is empty, the budget is zero, a name is not known, the storage is not a study or is in use, or the study is
        one of another target, space, objective or algorithm.

    Examples
    --------
    >>> from workbench.network import tensor_ring
    >>> generator = torch.Generator().manual_seed(0)
    >>> x = torch.einsum("aib,bjc,cka->ijk", *(torch.randn(2, 4, 2, generator=generator) for _ in range(3)))
    >>> study = search(x, "ring", "tnale", budget=60, until=0.8)
    >>> study.best.trial.parameters, study.best.trial.error < 1e-4
    (48, True)
    """
    data: torch.Tensor | Loss
    seen: torch.Tensor | None = None
    if callable(target) and not isinstance(target, torch.Tensor):
        if not isinstance(space, Space | Network):
            raise SearchError(
                "a function as target does not say how many modes there are; give a Space or a Network as space="
            )
        data, shape = target, space.shape if isinstance(space, Space) else [space.sizes[leg] for leg in space.legs]
    else:
        data = as_tensor(target)
        shape = data.shape
        seen = None if mask is None else as_mask(mask, data)
    where = as_space(space, tuple(shape), max_rank)
    if isinstance(budget, bool) or not isinstance(budget, int) or budget < 1:
        raise SearchError(f"budget is a number of evaluations from 1, not {budget!r}")
    aim = as_objective(objective, weight, limit)
    if not isinstance(algorithm, str):
        algorithm, options = "optuna", {**(options or {}), "sampler": algorithm}
    if algorithm not in ALGORITHMS:
        raise SearchError(f"there is no algorithm {algorithm!r}{did_you_mean(str(algorithm), ALGORITHMS)}")
    evaluator = Evaluator(data, seen, starts=starts, seed=seed)
    study = Study(name or f"{date.today():%Y-%m-%d} {algorithm}", where, aim, algorithm, evaluator, budget)

    def hunt() -> _Hunt:
        return _Hunt(
            study=study,
            crew=as_crew(executor, evaluator),
            storage=_storage(name, storage),
            about={
                "target": _digest(data, seen),
                "space": repr(where),
                "objective": str(aim),
                "algorithm": f"{algorithm} { {key: _plain(value) for key, value in sorted((options or {}).items())} }",
                "seed": seed,
                "starts": starts,
            },
            generator=np.random.default_rng(seed),
            options=_checked(algorithm, dict(options or {})),
            until=-math.inf if until is None else until,
            deadline=math.inf if timeout is None else time.monotonic() + timeout,
        )

    first = hunt()
    first.check()
    study._again = lambda: hunt().run()
    if background:
        study._begin(first.run)
        return study
    first.run()
    return study.wait()


class _Hunt:
    """A search under way."""

    def __init__(
        self,
        *,
        study: Study,
        crew: Crew,
        storage: Storage | None,
        about: Mapping[str, Any],
        generator: np.random.Generator,
        options: dict[str, Any],
        until: float,
        deadline: float,
    ) -> None:
        self.study, self.crew, self.storage, self.about = study, crew, storage, about
        self.generator, self.options, self.until, self.deadline = generator, options, until, deadline
        self.exact = False
        target, mask = study.evaluator.target, study.evaluator.mask
        self.bounds = CutBounds.of(target) if isinstance(target, torch.Tensor) and mask is None else CutBounds({})
        self.entries = math.prod(study.space.shape)
        self.unwritten: list[Trial] = []
        self.written = time.monotonic()

    def check(self) -> None:
        """Open the storage once, so that what is wrong with it is raised where the search was asked for."""
        if self.storage is not None:
            with self.storage.opened(self.about) as known:
                self.study._add(known)

    def run(self) -> None:
        """Propose, evaluate, tell, until the budget is spent."""
        try:
            if self.storage is None:
                self._follow()
            else:
                with self.storage.opened(self.about):
                    try:
                        self._follow()
                    finally:
                        self._write()
        except BaseException as problem:  # noqa: BLE001 - it is raised by wait()
            self.study.state, self.study.problem = "failed", problem
        finally:
            self.crew.close()
            self.study._proposed = ()
            self.study._told()

    def _follow(self) -> None:
        study = self.study
        make = _algorithms()[study.algorithm]
        if "weigh" in inspect.signature(make).parameters:
            self.options["weigh"] = lambda parameters, rse: study.objective(parameters, rse, self.entries)
        if "shapes" in inspect.signature(make).parameters:
            self.options["shapes"] = lambda: _shapes(study)
        self.exact = getattr(make, "needs_errors", False)
        proposals = make(study.space, self.generator, **self.options)
        answer: list[Trial] | None = None
        idle, told = 0, set[str]()  # what an earlier run evaluated is new to this one
        while True:
            try:
                points = next(proposals) if answer is None else proposals.send(answer)  # type: ignore[arg-type]
            except StopIteration:
                study.state = "exhausted"
                return
            answer = self._evaluated(points)
            fresh = {study.space.key(point) for point in points} - told
            idle = 0 if fresh else idle + 1
            told |= fresh
            if answer is None or idle > IDLE:
                study.state = "exhausted" if idle > IDLE else study.state
                return

    def _evaluated(self, points: Sequence[Point]) -> list[Trial] | None:
        """What is found of a batch; None when the search ends within it."""
        study = self.study
        keys = [study.space.key(point) for point in points]
        fresh = {key: point for key, point in zip(keys, points, strict=True) if key not in study._by_key}
        room = max(0, study.budget - study.evaluations)  # a study may hold more than is asked for now
        jobs = list(fresh.items())[:room]
        study._proposed = tuple(point for _, point in jobs)
        if jobs:
            wanted = [self._wanted(point) for _, point in jobs]
            found = {
                at: Evaluation(bound, 0.0, early=True)
                for at, (_, point) in enumerate(jobs)
                if study._best is not None and (bound := study.space.lower(point, self.bounds)) > wanted[at]
            }
            left = [at for at in range(len(jobs)) if at not in found]
            networks = [(study.space.network(jobs[at][1]), jobs[at][0], wanted[at]) for at in left]
            for at, evaluation in self.crew.evaluate(networks):
                found[left[at]] = evaluation
                if study._stop.is_set() or time.monotonic() > self.deadline:
                    break
            done = [at for at in range(len(jobs)) if at in found]
            for at in done:
                trial = self._trial(*jobs[at], found[at])
                study._add([trial])
                self.unwritten.append(trial)
            if time.monotonic() - self.written > FLUSH:
                self._write()
            study._told()
        if study._stop.is_set() or time.monotonic() > self.deadline:
            study.state = "stopped"
        elif (
            (study._best is not None and study._best.value <= self.until)
            or len(fresh) > len(jobs)
            or (jobs and study.evaluations >= study.budget)
        ):
            study.state = "finished"
        return [study._by_key[key] for key in keys] if study.state == "running" else None

    def _wanted(self, point: Point) -> float:
        """The squared error at which a structure would be better than the best of the batches before."""
        study = self.study
        if self.exact:
            return math.inf
        if study._best is None:
            return 0.0
        return study.objective.wanted(study.space.parameters(point), study._best.value, self.entries)

    def _trial(self, key: str, point: Point, found: Evaluation) -> Trial:
        study = self.study
        parameters = study.space.parameters(point)
        value = study.objective(parameters, found.rse, self.entries)
        return Trial(
            study.evaluations, point, key, parameters, found.rse, value, found.seconds, found.message, found.early
        )

    def _write(self) -> None:
        if self.storage is not None and self.unwritten:
            self.storage.add(self.unwritten)
            self.unwritten = []
        self.written = time.monotonic()


def _shapes(study: Study) -> list[tuple[int, ...]]:
    """The ranks of a given network that its data's spectra make best for the objective."""
    from workbench.decomposition import rank_landscape

    space, objective = study.space, study.objective
    if (
        not isinstance(space, RankSpace)
        or len(space.free) != len(space.given.bonds)
        or study.evaluator.mask is not None
    ):
        raise SearchError(
            "packing seeks all ranks of a network that is given, for data without gaps: give it as space="
        )
    land = rank_landscape(study.evaluator.target, space.given)
    if objective.kind == "error" and objective.limit < math.inf:
        choices = [land.best(parameters=int(objective.limit))]
    elif objective.kind == "parameters":
        choices = [land.best(error=objective.limit)]
    else:
        entries = math.prod(space.shape)
        front = land.pareto(200)
        choices = sorted(front, key=lambda each: objective(each.parameters, each.error**2, entries))[:3]
    found = [tuple(min(rank, cap) for rank, cap in zip(each.ranks, space.caps, strict=True)) for each in choices]
    return list(dict.fromkeys(found))


def _storage(name: str | None, where: str | Path | None) -> Storage | None:
    if name is None and where is None:
        return None
    if name is None:
        name = "study"
    if where is None:
        if not name.strip() or "/" in name or "\\" in name:
            raise SearchError(f"the name of a study is the name of a file, without slashes, not {name!r}")
        where = studies_folder() / f"{name}.log"
    return Storage(name, where)


def _checked(algorithm: str, options: dict[str, Any]) -> dict[str, Any]:
    known = [
        each
        for each in inspect.signature(_algorithms()[algorithm]).parameters
        if each not in ("space", "generator", "weigh", "shapes")
    ]
    for option in options:
        if option not in known:
            raise SearchError(
                f"{algorithm} has no option {option!r}{did_you_mean(option, known)}; it has {', '.join(known)}"
            )
    return options


def _plain(value: object) -> object:
    return value if isinstance(value, int | float | str | bool) else type(value).__name__


def _digest(data: "torch.Tensor | Loss", mask: torch.Tensor | None) -> str:
    """What tells one target from another."""
    if not isinstance(data, torch.Tensor):
        return f"function {getattr(data, '__qualname__', type(data).__qualname__)}"
    found = hashlib.sha256(repr((tuple(data.shape), str(data.dtype))).encode())
    for each in (data, mask):
        if each is not None:
            found.update(each.detach().cpu().contiguous().view(torch.uint8).numpy().tobytes())
    return f"tensor {tuple(data.shape)} {found.hexdigest()[:16]}"
