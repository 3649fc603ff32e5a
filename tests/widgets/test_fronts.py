"""The landscape's ways: exact where they say so, monotone, and budgets kept."""

import itertools
from functools import lru_cache

import pytest
import torch

from workbench.decomposition import FitError, decompose
from workbench.widgets._compressed import Compressed
from workbench.widgets._exploration import Exploration, read_budget
from workbench.widgets._formats import State, formats_of
from workbench.widgets._fronts import Front, Point
from workbench.widgets._states import States

ALWAYS = lambda: True  # noqa: E731


@lru_cache
def decaying() -> torch.Tensor:
    """Decaying spectra, as real data have them."""
    x = torch.randn(12, 10, 9, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    for axis, size in enumerate(x.shape):
        weights = (0.75 ** torch.arange(size, dtype=torch.float64)).reshape([-1 if k == axis else 1 for k in range(3)])
        x = x * weights
    return x


@pytest.fixture
def x() -> torch.Tensor:
    return decaying()


@lru_cache
def searched(key: str) -> Front:
    return front(decaying(), key)


def front(x: torch.Tensor, key: str) -> Front:
    """The whole way."""
    made = Front(formats_of(x.shape, "ijkl"[: x.ndim])[key], Compressed(x))
    while made.advance(ALWAYS):
        pass
    return made


def test_tuckers_front_is_that_of_all_shapes_by_brute_force(x):
    form, found = formats_of(x.shape, "ijk")["tucker"], Compressed(x)
    everything = sorted(
        (form.network(shape).parameters, found.error(shape))
        for shape in itertools.product(*map(range, (1, 1, 1), (13, 11, 10)))
    )
    for point in searched("tucker").points():
        rivals = [error for parameters, error in everything if parameters <= point.parameters]
        assert point.error == pytest.approx(min(rivals), abs=1e-12)


@pytest.mark.parametrize("key", ["cp", "tucker", "tensor_train", "tensor_ring", "hierarchical_tucker"])
def test_a_front_loses_less_the_more_it_costs(key):
    points = searched(key).points()
    assert len(points) > 4
    assert all(a.parameters < b.parameters and a.error > b.error for a, b in itertools.pairwise(points))


@pytest.mark.parametrize(("key", "times"), [("cp", 1.1), ("tensor_ring", 2)])
def test_the_points_errors_are_near_those_of_fits(x, key, times):
    """Rings have many local minima, and a way through all ranks takes the one it meets."""
    made = searched(key)
    for point in made.points()[1::2]:
        if point.parameters > x.numel() / 2:
            return
        assert point.error < times * decompose(x, made.form.network(point.ranks)).error + 1e-3


def test_longer_trees_go_where_their_bonds_lose_least():
    x = torch.randn(6, 5, 6, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    made = front(x, "tensor_train")
    assert not made.to_spec()["exact"]
    middle = made.points()[len(made.points()) // 2]
    assert middle.error == pytest.approx(decompose(x, made.form.network(middle.ranks), max_sweeps=1).error, rel=0.02)


@pytest.mark.parametrize("key", ["cp", "tucker", "tensor_train", "tensor_ring", "hierarchical_tucker"])
def test_a_budget_of_parameters_is_kept_and_used(key):
    made = searched(key)
    ranks = made.within(200, ALWAYS)
    used = made.form.network(ranks).parameters
    assert used <= 200
    one_more = [
        (*ranks[:k], ranks[k] + 1, *ranks[k + 1 :]) for k in range(len(ranks)) if ranks[k] < made.form.ranks[k].most
    ]
    assert key == "tucker" or all(made.form.network(more).parameters > 200 for more in one_more)


@pytest.mark.parametrize("key", ["cp", "tucker", "tensor_train", "tensor_ring", "hierarchical_tucker"])
def test_a_budget_of_error_is_kept(x, key):
    made = searched(key)
    ranks = made.reaching(0.2, ALWAYS)
    assert decompose(x, made.form.network(ranks)).error <= 0.2 * 1.001


def test_what_nobody_wants_is_tried_again_later(x):
    made = Front(formats_of(x.shape, "ijk")["cp"], Compressed(x))
    assert not made.advance(lambda: False)
    assert made.points() == []
    assert made.advance(ALWAYS)
    assert made.points()[0].ranks == (1,)


def test_a_fit_better_than_the_way_joins_the_front(x):
    made = front(x, "cp")
    made.add(Point(made.points()[3].parameters, made.points()[3].error / 2, (4,)))
    assert any(point.error == made.points()[3].error for point in made.points())
    assert len({point.parameters for point in made.points()}) == len(made.points())


def test_between_two_numbers_of_components_the_error_lies_between_theirs():
    made = searched("cp")
    points = made.points()
    below, above = points[-3], points[-2]
    if above.ranks[0] - below.ranks[0] > 1:
        assert above.error < made.between(below.ranks[0] + 1) < below.error
    assert made.between(points[0].ranks[0]) == pytest.approx(points[0].error)
    assert made.between(10_000) is None


def exploration(x: torch.Tensor) -> tuple[Exploration, States]:
    states = States(x.shape, "ijk")
    return Exploration(x, states), states


def test_a_budget_nothing_fits_in_is_refused_with_what_would(x):
    made, _ = exploration(x)
    for key, said in (("cp", "CP has at least 31 parameters"), ("tucker", "with ranks of 1 this network has 32")):
        found = made.seek(
            read_budget(State(key, (1,) * (3 if key == "tucker" else 1)), {"op": "parameters", "value": 5}), ALWAYS
        )
        assert isinstance(found, FitError)
        assert said in str(found)


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        ({"op": "parameters", "value": 0}, "parameters is 0"),
        ({"op": "parameters", "value": True}, "parameters is True"),
        ({"op": "parameters", "value": 2.5}, "parameters is 2.5"),
        ({"op": "error", "value": 1.5}, "error is 1.5"),
        ({"op": "error", "value": "a"}, "error is 'a'"),
        ({"op": "error"}, "error is None"),
        ({"op": "error", "value": float("nan")}, "error is nan"),
    ],
)
def test_budgets_that_are_none_are_refused(wish, said):
    with pytest.raises(FitError, match=said):
        read_budget(State("cp", (1,)), wish)


def test_looking_around_waits_for_calm_and_ends_when_unwanted(x):
    made, states = exploration(x)
    form = next(form for form in states if form.key == "cp")
    told: list[dict] = []
    calls = iter([False, False, True])
    made.explore(form, 60.0, ALWAYS, lambda: next(calls, True), told.append)
    assert told[-1]["done"]
    assert told[-1]["points"][0][2] == [1]
    before = len(told)
    made.explore(form, 60.0, lambda: False, ALWAYS, told.append)
    assert len(told) == before


def test_the_share_kept_is_that_of_the_singular_values(x):
    made, states = exploration(x)
    form = next(form for form in states if form.key == "tucker")
    assert made.kept(State("tucker", (3, 4, 5))) == [None, None, None]
    made.spectra(form)
    for axis, (share, rank) in enumerate(zip(made.kept(State("tucker", (3, 4, 5))), (3, 4, 5), strict=True)):
        values = torch.linalg.svdvals(x.movedim(axis, 0).reshape(x.shape[axis], -1)).square()
        assert share == pytest.approx(float(values[:rank].sum() / values.sum()), rel=1e-5)
