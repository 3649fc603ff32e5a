"""Figures for choosing ranks: every point is a choice one can have, small on disk, the same on every machine."""

import json

import numpy as np
import pytest
import torch

from workbench.data import planted
from workbench.decomposition import FitError, decompose, rank_landscape, suggest_rank
from workbench.figures import FigureError, bond_curves, plot, rank_front, rank_map


def seeded(*shape: int) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64) - 0.3


@pytest.fixture(scope="module")
def land():
    return rank_landscape(seeded(12, 13, 5))


def test_the_front_shows_choices_with_their_ranks(land):
    (curve,) = rank_front(land).data
    by_cost = {choice.parameters: choice for choice in land.pareto(120)}
    assert len(curve.x) > 40
    for parameters, error, text in zip(curve.x.tolist(), curve.y.tolist(), curve.text, strict=True):
        choice = by_cost[round(parameters)]
        assert error == pytest.approx(choice.error, rel=1e-2)
        assert text.startswith(" × ".join(map(str, choice.ranks)) + "<br>")


def test_choices_and_fits_are_marked_on_the_front(land):
    choice = land.best(parameters=200)
    fit = decompose(land.x, choice.network)
    for marked, count in ((choice, 1), ([choice, fit], 2), (land.refine(choice), 1)):
        points = plot(land, marked).data[1]
        assert (points.name, len(points.x)) == ("chosen", count)
    assert plot(land, [choice, fit]).data[1].y == pytest.approx([choice.error, fit.error], rel=1e-2)
    with pytest.raises(FigureError, match="a str cannot be marked"):
        plot(land, ["here"])


def test_the_size_of_the_data_is_a_line_where_the_front_reaches_it(land):
    (line,) = rank_front(land).layout.shapes
    assert line.x0 == line.x1 == 12 * 13 * 5


def test_an_axis_says_where_errors_are_bounds():
    train = rank_landscape(seeded(4, 5, 4, 5), "tensor_train")
    assert rank_front(train).layout.yaxis.title.text.endswith("at most")
    assert "error at most" in rank_front(train).data[0].text[0]
    assert not rank_front(rank_landscape(seeded(4, 5))).layout.yaxis.title.text.endswith("at most")


def test_the_map_shows_the_errors_over_two_ranks_and_the_fronts_path(land):
    figure = rank_map(land)
    heat, path = figure.data
    assert (figure.layout.yaxis.title.text, figure.layout.xaxis.title.text) == ("rank of r0", "rank of r1")
    assert (heat.x0, heat.dx, heat.y0, heat.dy) == (1, 1, 1, 1)
    assert heat.z == pytest.approx(land.over("r0", "r1"), abs=1e-3)
    ranks = {(choice.ranks[0], choice.ranks[1]) for choice in land.pareto(60)}
    assert set(zip(path.y.tolist(), path.x.tolist(), strict=True)) == ranks
    assert rank_map(land, ("r2", "r0")).data[0].z.shape == (5, 12)
    with pytest.raises(FitError, match="no bond 'r9'"):
        rank_map(land, ("r9", "r0"))


def test_a_large_map_is_thinned_and_still_counts_ranks_from_one():
    land = rank_landscape(seeded(150, 160, 2))
    heat = rank_map(land).data[0]
    assert heat.z.size <= 9000
    assert heat.x0 == 1 + (heat.dx - 1) / 2
    assert heat.z[0, 0] == pytest.approx(land.over("r0", "r1")[: heat.dy, : heat.dx].mean(), abs=1e-3)


def test_bonds_are_curves_that_fall_to_what_their_ranks_lose():
    land = rank_landscape(seeded(4, 5, 6, 3), "hierarchical_tucker")
    figure = bond_curves(land)
    assert [curve.name for curve in figure.data] == list(land.bonds)
    for curve in figure.data:
        errors = land.bond_errors[curve.name]
        assert curve.x.tolist() == list(range(1, len(curve.x) + 1))
        assert curve.y == pytest.approx(errors[: len(curve.y)], rel=1e-2)
        assert (np.diff(curve.y) < 0).all()
        assert len(curve.y) == len(errors) - 1, "the last rank loses nothing, and a logarithm has no zero"


def test_what_a_rank_rests_on_is_drawn_over_the_ranks_with_the_answer_marked():
    found = suggest_rank(planted("cp", (12, 13, 14), 2, noise=0.2).x, up_to=4, starts=3)
    figure = plot(found)
    curves = {curve.name: curve for curve in figure.data}
    for name, field in (
        ("fitted", "error"),
        ("held out", "held_out"),
        ("in both halves, the worst", "halves"),
        ("gain of the last component", "gain"),
    ):
        assert curves[name].x.tolist() == [1, 2, 3, 4]
        assert curves[name].y == pytest.approx([getattr(score, field) for score in found.table], rel=1e-2), name
    lines = [(shape.x0, shape.x1) for shape in figure.layout.shapes if shape.x0 == shape.x1]
    assert lines == [(found.rank, found.rank)] * 4
    (noise,) = [shape.y0 for shape in figure.layout.shapes if shape.y0 == shape.y1]
    assert found.table[1].gain > noise > found.table[2].gain
    assert len(figure.to_json()) < 40_000


def test_what_the_ranks_of_bonds_rest_on_is_drawn_bond_by_bond():
    found = suggest_rank(planted("tucker", (12, 13, 14), (2, 3, 4), noise=0.2).x, "tucker")
    kept, edge, after = plot(found).data
    assert list(kept.x) == ["r0 (2)", "r1 (3)", "r2 (4)"]
    assert (kept.y > edge.y).all()
    assert (edge.y > after.y).all()


def test_a_rank_without_noise_or_halves_is_drawn_without_them():
    exact = suggest_rank(planted("cp", (5, 6, 3), 2).x, up_to=3, starts=2)
    assert len(plot(exact).data) == 6
    data = planted("cp", (6, 7, 8), 1, noise=0.1, missing=0.3)
    masked = plot(suggest_rank(data.x, mask=data.mask, up_to=2, starts=2))
    assert {len(curve.x) for curve in masked.data if curve.name.startswith("gain")} == {0}


def test_figures_of_large_data_are_small_and_the_same_when_made_twice():
    x = seeded(120, 90, 20) * torch.exp(-0.2 * torch.arange(20))
    land = rank_landscape(x)
    for draw in (rank_front, rank_map, bond_curves):
        spec = draw(land).to_json()
        assert len(spec) < 40_000, draw.__name__
        assert spec == draw(land).to_json()
        nudged = draw(rank_landscape(x * (1 + 1e-13))).to_json()
        assert spec == nudged
        layout = json.loads(spec)["layout"]["template"]["layout"]
        assert layout["paper_bgcolor"] == layout["plot_bgcolor"] == "rgba(0,0,0,0)"


def test_data_that_lose_nothing_have_an_empty_front_and_no_map_with_one_bond():
    assert len(rank_front(rank_landscape(torch.zeros(3, 4))).data[0].x) == 0
    assert all(len(curve.x) == 0 for curve in bond_curves(rank_landscape(torch.zeros(3, 4))).data)
    with pytest.raises(FigureError, match="one bond"):
        rank_map(rank_landscape(seeded(4, 5), "tensor_train"))


def test_the_map_ends_where_the_ranks_end(land):
    layout = rank_map(land, ("r0", "r1")).layout
    assert (layout.xaxis.range, layout.yaxis.range) == ((0.5, 13.5), (0.5, 12.5))


def test_no_two_bonds_of_a_tree_look_alike():
    curves = bond_curves(rank_landscape(seeded(3, 4, 3, 4, 3), "hierarchical_tucker")).data
    assert len({(curve.line.color, curve.line.dash) for curve in curves}) == len(curves) > 6


def test_errors_that_are_close_are_not_pressed_into_a_line():
    far, close = (planted("cp", (8, 9, 10), 2, noise=noise).x for noise in (0.1, 2.0))
    modes = [plot(suggest_rank(x, up_to=3, starts=3)).layout.yaxis.rangemode for x in (far, close)]
    assert modes == ["tozero", None]
