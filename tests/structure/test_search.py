"""Searches: what is found, what is counted, what is kept, and what is refused."""

import math
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise, product
from pathlib import Path

import optuna
import pytest
import torch

from workbench.decomposition import decompose
from workbench.network import Network, tucker
from workbench.structure import (
    GraphSpace,
    Objective,
    Point,
    RankSpace,
    RingSpace,
    SearchError,
    TreeSpace,
    Trial,
    search,
)
from workbench.structure._spaces import graph_network


def planted(shape, bonds, seed=0):
    net = graph_network(shape, bonds)
    generator = torch.Generator().manual_seed(seed)
    cores = {name: torch.randn(net.shape_of(name), generator=generator, dtype=torch.float64) for name in net.tensors}
    return net.contract(cores), net


RING, RING_NET = planted((4, 4, 4, 4), {(0, 2): 2, (2, 1): 2, (1, 3): 3, (0, 3): 2})


def parameters_of(network):
    """A quick objective in place of a fit: the best network has 22 parameters."""
    return abs(network.parameters - 22) / 100


@pytest.mark.parametrize("algorithm", ["tnale", "tnls", "tnga"])
def test_a_planted_ring_is_found(algorithm):
    study = search(RING, "ring", algorithm, budget=400, max_rank=3, until=RING_NET.parameters / 256 + 1e-6)
    assert study.state == "finished"
    assert study.best.trial.parameters <= RING_NET.parameters
    assert study.best.trial.rse < 1e-8
    assert study.best.fit.error**2 == study.best.trial.rse


def test_the_published_ring_is_found():
    """Order 6 with an unknown order of modes: the structure of the authors' demonstration (Li et al., 2023), other numbers."""
    shape, bonds = (3,) * 6, {(0, 3): 3, (0, 5): 2, (1, 2): 2, (1, 4): 2, (2, 3): 4, (4, 5): 3}
    x, net = planted(shape, bonds, seed=4)
    assert net.parameters == 126
    study = search(x, "ring", "tnale", budget=300, max_rank=5, until=126 / 729 + 1e-6, seed=0)
    assert study.best.trial.parameters <= 126
    assert study.best.trial.rse < 1e-8


@pytest.mark.parametrize(
    ("shape", "bonds"),
    [
        ((4, 4, 4, 4), {(0, 1): 2, (1, 2): 3, (2, 3): 2}),
        ((4, 4, 4, 4), {(0, 3): 2, (3, 1): 2, (3, 2): 2}),
        ((3, 4, 5), {(0, 1): 2, (1, 2): 2, (0, 2): 2}),
    ],
)
def test_greedy_growth_recovers_what_was_planted(shape, bonds):
    x, net = planted(shape, bonds)
    study = search(x, "graph", "greedy", budget=300, max_rank=4)
    assert study.state == "exhausted"
    assert study.best.trial.rse < 1e-8
    assert study.best.trial.parameters <= net.parameters


def test_a_tree_is_found_among_all_trees():
    x, net = planted((4, 4, 4, 4), {(0, 3): 2, (3, 1): 3, (1, 2): 2})
    study = search(x, "tree", "tnale", budget=300, max_rank=3, until=net.parameters / 256 + 1e-6)
    assert study.best.trial.key == "0-3:2 1-2:2 1-3:3"


def test_the_ranks_of_a_given_network_are_found():
    net = tucker((5, 6, 7), (4, 4, 4))
    small = net.resize(dict(zip(net.bonds, (2, 3, 2), strict=True)))
    generator = torch.Generator().manual_seed(1)
    x = small.contract(
        {n: torch.randn(small.shape_of(n), generator=generator, dtype=torch.float64) for n in small.tensors}
    )
    study = search(x, net, "greedy", budget=200)
    assert sorted(study.best.trial.point.ranks) == [2, 2, 3]


def test_random_search_ends_when_there_is_nothing_new():
    x, _ = planted((3, 3, 3), {(0, 1): 2})
    study = search(x, "ring", "random", budget=1000, max_rank=2, starts=2)
    assert study.state == "exhausted"
    assert study.evaluations == 8  # all weighted triangles with ranks 1 and 2
    assert len({trial.key for trial in study.trials}) == 8


# ---- objectives ------------------------------------------------------------------------------------------------------


def test_an_error_under_a_budget_of_parameters_and_parameters_under_an_error():
    free = search(RING, "ring", "tnale", objective="error", limit=60, budget=120, max_rank=3)
    assert free.best.trial.parameters <= 60
    assert all(trial.value == math.inf for trial in free.trials if trial.parameters > 60)
    small = search(
        RING, "ring", "tnale", objective="parameters", limit=1e-4, budget=300, max_rank=3, until=RING_NET.parameters
    )
    assert small.best.trial.parameters <= RING_NET.parameters
    assert small.best.trial.error <= 1e-4


def test_what_is_wanted_is_what_makes_a_value_better():
    for objective in (Objective("compression", 50), Objective("error", limit=100), Objective("parameters", limit=0.1)):
        for parameters in (20, 90, 120):
            for best in (0.2, 100.0):
                wanted = objective.wanted(parameters, best, 729)
                for rse in (1e-6, 1e-3, 0.5, 0.9):
                    better = objective(parameters, rse, 729) < best
                    assert better == (rse < wanted or (objective.kind == "parameters" and rse <= wanted)), (
                        objective,
                        rse,
                    )


def test_early_endings_do_not_change_what_is_found():
    """A structure that was left early could not have been better: evaluated in full, it is not."""
    study = search(RING, "ring", "tnale", budget=150, max_rank=3)
    early = [trial for trial in study.trials if trial.early]
    assert len(early) > 10
    for trial in early[::6]:
        full = study.evaluator(study.space.network(trial.point), trial.key)
        assert study.objective(trial.parameters, full.rse, 256) >= study.best.trial.value - 1e-12


# ---- studies ---------------------------------------------------------------------------------------------------------


def test_the_front_is_what_no_trial_beats_in_both():
    study = search(RING, "ring", "random", budget=60, max_rank=3)
    front = study.pareto()
    assert [trial.parameters for trial in front] == sorted({trial.parameters for trial in front})
    for trial in study.trials:
        assert trial.ruled_out or any(each.parameters <= trial.parameters and each.rse <= trial.rse for each in front)
    assert not any(trial.ruled_out for trial in front), "of those only a bound from below is known"
    best = study.history()
    assert len(best) == 60
    assert all(after <= before for before, after in pairwise(best))
    assert best[-1] == study.best.trial.value


def test_an_explanation_measures_what_each_bond_gains():
    study = search(RING, "ring", "tnale", budget=400, max_rank=3, until=RING_NET.parameters / 256 + 1e-6)
    found = study.explain()
    assert len(found.reasons) == len(study.best.network.bonds)
    for reason in found.reasons:
        assert reason.rank == study.best.network.sizes[reason.bond]
        assert reason.narrower > 1e-3 > reason.error
        fewer = study.best.network.resize({reason.bond: reason.rank - 1})
        assert reason.saved == study.best.network.parameters - fewer.parameters
    assert "one fewer makes the error" in repr(found)


def test_a_function_of_a_network_can_be_the_target():
    study = search(parameters_of, GraphSpace((2, 2, 2), 4), "tnale", objective="error", budget=60, until=0.0)
    assert study.best.trial.parameters == 22


def test_what_fails_is_recorded_and_the_search_goes_on():
    def fragile(network):
        if network.parameters % 3 == 0:
            return math.nan
        if network.parameters % 3 == 1:
            raise ValueError("no")
        return 1 / network.parameters

    study = search(fragile, GraphSpace((2, 2, 3), 3), "random", objective="error", budget=20)
    failed = [trial for trial in study.trials if trial.failed]
    assert {trial.message for trial in failed} == {"the objective is nan", "ValueError: no"}
    assert all(trial.value == math.inf for trial in failed)
    assert not study.best.trial.failed
    nothing = search(lambda _: math.nan, GraphSpace((2, 2), 3), "random", budget=3)
    with pytest.raises(SearchError, match="has no best structure: the objective is nan"):
        _ = nothing.best


# ---- whoever evaluates -----------------------------------------------------------------------------------------------


def test_the_result_does_not_depend_on_who_evaluates():
    def told(study):
        return [(trial.key, trial.rse, trial.early) for trial in study.trials]

    alone = search(RING, "ring", "tnls", budget=80, max_rank=3, options={"samples": 20})
    with ThreadPoolExecutor(2) as pool:
        threads = search(RING, "ring", "tnls", budget=80, max_rank=3, options={"samples": 20}, executor=pool)
    processes = search(RING, "ring", "tnls", budget=80, max_rank=3, options={"samples": 20}, executor=2)
    assert told(alone) == told(threads) == told(processes)
    assert told(alone) != told(search(RING, "ring", "tnls", budget=80, max_rank=3, options={"samples": 20}, seed=1))


def dies_once(network):
    flag = Path(os.environ["WORKBENCH_TEST_FLAG"])
    if network.parameters > 20 and not flag.exists():
        flag.touch()
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))  # on Windows SIGTERM ends a process as hard
    return parameters_of(network)


def test_a_worker_that_is_killed_costs_nothing_but_time(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_TEST_FLAG", str(tmp_path / "died"))
    study = search(dies_once, GraphSpace((2, 2, 2), 4), "random", objective="error", budget=20, executor=2)
    assert (tmp_path / "died").exists()
    assert study.evaluations == 20
    assert not any(trial.failed for trial in study.trials)


def test_a_cluster_evaluates_the_same():
    distributed = pytest.importorskip("distributed")
    options = {"samples": 20}
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        study = search(RING, "ring", "tnls", budget=30, max_rank=3, options=options, executor=client.get_executor())
    alone = search(RING, "ring", "tnls", budget=30, max_rank=3, options=options)
    assert [t.key for t in study.trials] == [t.key for t in alone.trials]
    # workers may use another number of threads, which rounds differently
    assert [t.rse for t in study.trials] == pytest.approx([t.rse for t in alone.trials], rel=1e-6, abs=1e-12)


# ---- what is kept ----------------------------------------------------------------------------------------------------


def test_a_study_goes_on_where_it_stopped(tmp_path):
    where = tmp_path / "ring.log"
    first = search(RING, "ring", "tnale", budget=40, max_rank=3, name="ring", storage=where)
    calls = []

    def counting(study):
        calls.append(study.evaluations)

    second = search(RING, "ring", "tnale", budget=90, max_rank=3, name="ring", storage=where, background=True)
    second.listen(counting)
    second.wait(60)
    whole = search(RING, "ring", "tnale", budget=90, max_rank=3)
    assert [t.key for t in second.trials] == [t.key for t in whole.trials]
    assert second.trials[:40] == first.trials
    assert [t.rse for t in second.trials] == [t.rse for t in whole.trials]
    kept = optuna.load_study(
        study_name="ring",
        storage=optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(str(where))),
    )
    assert len(kept.trials) == 90
    assert kept.best_value == second.best.trial.value


def test_studies_with_a_name_lie_in_the_users_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_STUDIES", str(tmp_path))
    search(RING, "ring", "random", budget=3, max_rank=2, name="mine")
    assert (tmp_path / "mine.log").exists()


SCRIPT = """
import sys, torch
sys.path.insert(0, {root!r})
from tests.structure.test_search import RING
from workbench.structure import search
search(RING, "ring", "random", budget=4000, max_rank=6, name="s", storage={where!r}, starts=2, options={{"batch": 4}})
"""


def test_a_killed_search_is_gone_on_with_and_nothing_counts_twice(tmp_path, monkeypatch):
    where = tmp_path / "s.log"
    root = str(Path(__file__).parents[2])
    for delay in (0.3, 1.1):
        process = subprocess.Popen([sys.executable, "-c", SCRIPT.format(root=root, where=str(where))], cwd=root)
        deadline = time.monotonic() + 60
        size = where.stat().st_size if where.exists() else 0
        while time.monotonic() < deadline and not (where.exists() and where.stat().st_size > size + 2000):
            time.sleep(0.05)
        time.sleep(delay)
        assert process.poll() is None  # it is killed at work, not after it
        process.kill()
        process.wait()
    with where.open("ab") as file:
        file.write(b'{"op_code": 4, "half a li')  # as if it had been killed while writing
    arguments = {"max_rank": 6, "starts": 2, "options": {"batch": 4}}
    known = search(RING, "ring", "random", budget=1, name="s", storage=where, **arguments).evaluations
    assert known > 1  # more than is asked for: nothing is evaluated, and nothing lost
    study = search(RING, "ring", "random", budget=known + 5, name="s", storage=where, **arguments)
    assert study.evaluations == known + 5
    numbers = [trial.number for trial in study.trials]
    assert numbers == list(range(len(numbers)))
    assert len({trial.key for trial in study.trials}) == len(numbers)
    whole = search(RING, "ring", "random", budget=len(numbers), **arguments)
    assert [t.key for t in study.trials] == [t.key for t in whole.trials]


def test_a_search_in_the_background_is_stopped():
    def slow(network):
        time.sleep(0.02)
        return parameters_of(network)

    study = search(slow, GraphSpace((2,) * 5, 5), "random", objective="error", budget=10_000, background=True)
    while study.evaluations < 5:
        time.sleep(0.01)
    assert study.running
    study.stop()
    study.wait(10)
    assert study.state == "stopped"
    assert study.evaluations < 200
    timed = search(slow, GraphSpace((2,) * 5, 5), "random", objective="error", budget=10_000, timeout=0.2)
    assert timed.state == "stopped"


def test_a_trial_survives_optuna():
    for trial in (
        Trial(3, Point((1, 2), (1, 0)), "0-1:2", 12, 0.25, 0.7, 0.1, "", True),
        Trial(4, Point((2,)), "a:2", 12, math.nan, math.inf, 0.1, "no"),
    ):
        again = Trial.from_optuna(trial.to_optuna())
        assert repr(again) == repr(trial)


# ---- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"budget": 0}, "from 1, not 0"),
        ({"algorithm": "tnall"}, "did you mean 'tnale'"),
        ({"space": "circle"}, "there is no space 'circle'"),
        ({"objective": "size"}, "there is no objective 'size'"),
        ({"objective": "parameters"}, "give limit="),
        ({"weight": 0}, "above 0, not 0"),
        ({"max_rank": 1}, "a single structure"),
        ({"executor": 0}, "from 1, or an executor, not 0"),
        ({"executor": "dask"}, "has no submit"),
        ({"name": "a/b"}, "without slashes"),
        ({"options": {"radus": 2}}, "did you mean 'radius'"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_reason(arguments, message):
    with pytest.raises(SearchError, match=message):
        search(RING, **{"space": "ring", "max_rank": 3, **arguments})


def test_a_function_needs_a_space():
    with pytest.raises(SearchError, match="does not say how many modes"):
        search(parameters_of, "ring")
    assert search(
        parameters_of,
        Network({"A": ("i", "b"), "B": ("b", "j")}, {"i": 2, "b": 3, "j": 2}, ("i", "j")),
        "greedy",
        budget=9,
    )


def test_a_storage_that_is_no_study_of_the_same_is_refused(tmp_path):
    bad = tmp_path / "bad.log"
    bad.write_text("this is no journal\n")
    with pytest.raises(SearchError, match="is not the file of a study"):
        search(RING, "ring", max_rank=3, budget=3, name="x", storage=bad)
    assert bad.read_text() == "this is no journal\n"
    where = tmp_path / "a.log"
    search(RING, "ring", max_rank=3, budget=3, name="a", storage=where)
    for changed, message in (
        ({"target": RING + 1}, "another target"),
        ({"max_rank": 4}, "another space"),
        ({"weight": 50}, "another objective"),
        ({"algorithm": "tnls"}, "another algorithm"),
        ({"seed": 1}, "another seed"),
    ):
        arguments = {
            "target": RING,
            "space": "ring",
            "max_rank": 3,
            "budget": 3,
            "name": "a",
            "storage": where,
            **changed,
        }
        with pytest.raises(SearchError, match=message):
            search(**arguments)


def test_two_searches_do_not_write_to_one_file(tmp_path):
    def slow(network):
        time.sleep(0.05)
        return parameters_of(network)

    where = tmp_path / "a.log"
    arguments = {
        "space": GraphSpace((2,) * 4, 4),
        "algorithm": "random",
        "objective": "error",
        "name": "a",
        "storage": where,
    }
    first = search(slow, budget=500, background=True, **arguments)
    while first.evaluations < 3:
        time.sleep(0.01)
    with pytest.raises(SearchError, match="another search is writing"):
        search(slow, budget=500, **arguments)
    first.stop()
    first.wait(10)
    assert search(slow, budget=first.evaluations + 2, **arguments).evaluations == first.evaluations + 2


def test_reprs_tell_what_is_there():
    study = search(
        parameters_of, RankSpace(tucker((3, 4), (2, 2)), max_rank=3), "greedy", objective="error", budget=5, name=None
    )
    assert repr(study).startswith("Study(")
    assert "of 5 evaluations" in repr(study)
    assert repr(TreeSpace((2, 3), 4)) == "trees of 2 × 3, ranks up to 4"
    assert str(Objective("compression", 50)) == "compression + 50 rse"
    assert RingSpace((2, 3, 4), 3).start == Point((1, 1, 1), (0, 1, 2))


# ---- Optuna's samplers, and packing ----------------------------------------------------------------------------------


@pytest.mark.parametrize("sampler", ["tpe", "nsga2", optuna.samplers.RandomSampler(seed=0)], ids=str)
def test_optunas_samplers_search_the_same_spaces(sampler):
    algorithm, options = ("optuna", {"sampler": sampler}) if isinstance(sampler, str) else (sampler, None)
    for space in (RingSpace((2, 3, 2, 2), 3), TreeSpace((2, 3, 2, 2), 3), GraphSpace((2, 3, 2), 3)):
        study = search(
            lambda net: abs(net.parameters - 30), space, algorithm, objective="error", budget=60, options=options
        )
        assert study.evaluations == 60 or study.state == "exhausted"
        assert study.best.trial.value <= sorted(trial.value for trial in study.trials)[0]
    if isinstance(sampler, str):
        ring = RingSpace((2, 3, 2, 2), 3)
        first, again = (
            search(parameters_of, ring, "optuna", objective="error", budget=30, options={"sampler": sampler})
            for _ in "12"
        )
        assert [t.key for t in first.trials] == [t.key for t in again.trials]


def test_choices_reach_every_arrangement():
    ring, tree = RingSpace((2,) * 4, 3), TreeSpace((2,) * 4, 3)
    for space, count in ((ring, 24), (tree, 16)):
        assert len({space.order(each) for each in product(*map(range, space.choices))}) == count


def test_core_shapes_are_as_good_as_all_of_them_tried():
    generator = torch.Generator().manual_seed(3)
    x = torch.randn(6, 7, 5, generator=generator, dtype=torch.float64) + 3 * torch.einsum(
        "i,j,k->ijk", *(torch.arange(1.0, n + 1).double().sin() for n in (6, 7, 5))
    )
    net = tucker((6, 7, 5), (5, 5, 5))
    packed = search(x, net, "packing", objective="error", limit=90, budget=200)
    every = [
        decompose(x, net.resize(dict(zip(net.bonds, ranks, strict=True)))).error
        for ranks in product(range(1, 6), repeat=3)
        if net.resize(dict(zip(net.bonds, ranks, strict=True))).parameters <= 90
        and all(rank * max(ranks) <= math.prod(ranks) for rank in ranks)
    ]
    assert packed.best.trial.parameters <= 90
    assert packed.best.trial.error <= min(every) * (1 + 1e-6)
    assert packed.evaluations < len(every)
    small = search(x, net, "packing", objective="parameters", limit=0.5, budget=200)
    assert small.best.trial.error <= 0.5
    with pytest.raises(SearchError, match="packing seeks all ranks of a network"):
        search(RING, "ring", "packing", max_rank=3)


def test_reasons_are_measured_and_no_bounds():
    study = search(RING, "ring", "tnale", budget=60, max_rank=3)
    point = study.best.trial.point
    assert any(trial.ruled_out for trial in study.trials)
    for reason in study.explain().reasons:
        a, b = map(int, reason.bond[1:].split("_"))
        changed = dict(study.space.weighted(point))
        changed[a, b] -= 1
        net = graph_network((4, 4, 4, 4), {edge: rank for edge, rank in changed.items() if rank > 1})
        fit = decompose(RING, net, init="random", starts=16, max_sweeps=60, seed=9)
        assert reason.narrower == pytest.approx(fit.error, rel=0.02)
