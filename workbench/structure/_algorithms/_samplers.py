"""Optuna's own samplers on our spaces."""

__all__ = ["sampled"]

from typing import Any

import numpy as np

from workbench.structure._algorithms import Proposals
from workbench.structure._errors import SearchError
from workbench.structure._spaces import Point, Space

NAMES = ("tpe", "nsga2")


def sampled(space: Space, generator: np.random.Generator, *, sampler: Any = "tpe", batch: int = 8) -> Proposals:
    """Ask an Optuna sampler for points and tell it what was found.

    Ranks are whole numbers; an arrangement is one whole number for every choice that it consists of (`Space.choices`).

    Parameters
    ----------
    sampler
        ``"tpe"``, ``"nsga2"`` (of parameters and error, both), or an Optuna sampler; one of your own keeps its own seed.
    batch
        Points asked for at once.
    """
    import optuna

    seed = int(generator.integers(2**31))
    several = sampler == "nsga2"
    if sampler == "tpe":
        made: Any = optuna.samplers.TPESampler(seed=seed)
    elif several:
        made = optuna.samplers.NSGAIISampler(seed=seed, population_size=batch * 2)
    elif isinstance(sampler, optuna.samplers.BaseSampler):
        made = sampler
    else:
        raise SearchError(f"sampler is one of {', '.join(NAMES)} or an Optuna sampler, not {sampler!r}")
    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        study = optuna.create_study(sampler=made, directions=["minimize"] * (1 + several))
    finally:
        optuna.logging.set_verbosity(level)
    integer = optuna.distributions.IntDistribution
    sizes = {f"rank{at}": integer(1, cap) for at, cap in enumerate(space.caps)}
    choices = {f"choice{at}": integer(0, count - 1) for at, count in enumerate(space.choices)}
    while True:
        trials = [study.ask({**sizes, **choices}) for _ in range(batch)]
        points = [
            Point(tuple(trial.params[name] for name in sizes), space.order([trial.params[name] for name in choices]))
            for trial in trials
        ]
        for trial, found in zip(trials, (yield points), strict=True):
            values = [float(found.parameters), found.rse] if several else [found.value]
            if all(map(np.isfinite, values)):
                study.tell(trial, values)
            else:
                study.tell(trial, state=optuna.trial.TrialState.FAIL)
