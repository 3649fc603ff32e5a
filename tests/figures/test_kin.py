"""Figures of tubes, of functions and of evolving factors: they show the numbers, and leave rounding errors out."""

import json

import numpy as np
import pytest
import torch

from workbench.data import tubal
from workbench.decomposition import chebyshev_tucker, parafac2, t_product, t_svd, tubal_descent
from workbench.figures import (
    FigureError,
    Picture,
    coefficient_decay,
    evolving_factors,
    plot,
    singular_tubes,
    tubal_trajectory,
)


def noise(*shape: int, dtype: torch.dtype = torch.float64, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


@pytest.fixture(scope="module")
def svd():
    return t_svd(noise(9, 7, 8), rank=3)


@pytest.fixture(scope="module")
def descent():
    data = tubal(8, 3, 1)
    return tubal_descent(data.measurements, data.y, truth=data.x, steps=200)


@pytest.fixture(scope="module")
def cheb():
    return chebyshev_tucker(
        lambda x, y, z: 1 / ((x - 2) ** 2 + y**2 + z).sqrt(), [(-1, 1), (-1, 1), (1, 3)], error=1e-6
    )


@pytest.fixture(scope="module")
def fit():
    return parafac2([noise(rows, 6, seed=rows) for rows in (9, 12, 10, 8)], 2, starts=1, max_sweeps=20)


def named(figure, name):
    return next(curve for curve in figure.data if curve.name == name)


def test_every_value_is_drawn_by_its_own_figure(svd, descent, cheb, fit):
    for value, draw in (
        (svd, singular_tubes),
        (descent, tubal_trajectory),
        (cheb, coefficient_decay),
        (fit, evolving_factors),
    ):
        assert plot(value).to_json() == draw(value).to_json()
        spec = json.loads(plot(value).to_json())
        assert spec["layout"]["template"]["layout"]["paper_bgcolor"] == "rgba(0,0,0,0)"
        assert len(json.dumps(spec)) < 60_000


def test_the_error_of_every_tubal_rank_and_the_one_kept(svd):
    figure = singular_tubes(svd)
    errors = named(figure, "error")
    x = noise(9, 7, 8)
    assert errors.x.tolist() == list(range(7)), (
        "the whole rank leaves nothing, which a logarithmic axis has no place for"
    )
    assert errors.y == pytest.approx([1.0, *(t_svd(x, rank=rank).error for rank in range(1, 7))], rel=1e-2)
    kept = named(figure, "rank kept")
    assert kept.x == (3,)
    assert kept.y == pytest.approx([svd.error], rel=1e-2)


def test_tubes_are_drawn_by_frequency_and_those_cut_off_are_pale(svd):
    figure = singular_tubes(svd, count=5)
    faces = np.fft.fft(noise(9, 7, 8).numpy())
    for at in range(5):
        curve = named(figure, f"tube {at}")
        expected = [
            np.linalg.svd(faces[..., k], compute_uv=False)[at] for k in range(5)
        ]  # the half that tells the rest
        assert curve.y == pytest.approx(np.array(expected) / np.linalg.norm(noise(9, 7, 8)), rel=1e-2)
        assert (curve.opacity or 1) == (1 if at < 3 else 0.45)


def test_complex_tubes_show_every_frequency_and_tubes_of_several_axes_only_errors():
    assert len(named(singular_tubes(t_svd(noise(3, 3, 6, dtype=torch.complex128))), "tube 0").y) == 6
    assert [curve.name for curve in singular_tubes(t_svd(noise(3, 3, 2, 2), rank=1)).data] == ["error", "rank kept"]


def test_rounding_errors_are_not_drawn():
    x = t_product(noise(6, 2, 4), noise(2, 5, 4, seed=1))
    figure = singular_tubes(t_svd(x))
    assert named(figure, "error").x.tolist() == [0, 1]
    assert "tube 1" in [curve.name for curve in figure.data]
    assert "tube 2" not in [curve.name for curve in figure.data]
    constant = coefficient_decay(chebyshev_tucker(lambda x: 0 * x + 1, [(-1, 1)], error=1e-6))
    assert np.isnan(named(constant, "x").y[1:]).all()


def test_a_t_svd_is_compared_with_its_data():
    x = torch.rand(20, 30, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    assert isinstance(plot(t_svd(x, rank=5), x), Picture)
    figure = plot(t_svd(x[..., :2], rank=5), x[..., :2])
    assert figure.data[1].z == pytest.approx(t_svd(x[..., :2], rank=5).reconstruct()[..., 1].numpy(), abs=1e-3)


def test_the_trajectory_shows_tubes_and_errors(descent):
    figure = tubal_trajectory(descent, count=2)
    assert named(figure, "tube 0").x.tolist() == list(descent.steps)
    assert named(figure, "tube 0").y == pytest.approx(descent.tubes[:, 0].numpy(), rel=1e-2)
    assert named(figure, "training error").y == pytest.approx(descent.train, rel=1e-2)
    assert named(figure, "test error").y == pytest.approx(descent.test, rel=1e-2)
    assert figure.layout.yaxis2.type == "log"
    data = tubal(8, 3, 1)
    blind = tubal_trajectory(tubal_descent(data.measurements, data.y, steps=20))
    assert "test error" not in [curve.name for curve in blind.data]


def test_the_decay_of_coefficients_and_where_it_was_cut(cheb):
    figure = coefficient_decay(cheb, names=("a", "b", "c"))
    for name, sizes, degree in zip("abc", cheb.decay, cheb.degrees, strict=True):
        ahead = np.array([float(sizes[k:].max()) for k in range(len(sizes))])
        expected = np.where(ahead > 1e-13, ahead, np.nan)
        assert named(figure, name).y == pytest.approx(expected, rel=1e-2, nan_ok=True)
        mark = named(figure, f"cut at degree {degree}")
        assert mark.x == (degree,)
        assert mark.y[0] == pytest.approx(expected[degree], rel=1e-2)


def test_the_slice_is_the_function_in_the_middle_of_the_other_axes(cheb):
    heat = coefficient_decay(cheb).data[-1]
    x, y = (-1 + heat.dx * np.arange(60) for _ in "xy")
    assert heat.z == pytest.approx(1 / np.sqrt((x - 2) ** 2 + y[:, None] ** 2 + 2), abs=1e-3)
    line = coefficient_decay(chebyshev_tucker(lambda x: x**3, [(0, 2)], degree=3)).data[-1]
    assert line.y == pytest.approx(np.asarray(line.x) ** 3, abs=1e-2)
    wave = coefficient_decay(chebyshev_tucker(lambda x, y: 2 * torch.exp(1j * (x + y)), [(0, 1)] * 2, degree=12))
    assert wave.data[-1].z == pytest.approx(np.full((60, 60), 2.0))


def test_evolving_factors_are_curves_of_some_slices(fit):
    figure = evolving_factors(fit, count=3)
    assert [note.text for note in figure.layout.annotations][2:] == [
        "P B of slice 0",
        "P B of slice 2",
        "P B of slice 3",
    ]
    assert len(figure.data) == 5 * 2
    assert figure.data[1].y == pytest.approx(fit.A[:, 1].numpy(), abs=1e-3)
    assert figure.data[2].y == pytest.approx(fit.C[:, 0].numpy(), abs=1e-3)
    assert figure.data[-1].y == pytest.approx(fit.evolving[3][:, 1].numpy(), abs=1e-3)
    assert figure.layout.yaxis4.range == figure.layout.yaxis5.range


@pytest.mark.parametrize(
    ("draw", "words"),
    [
        (lambda: singular_tubes(t_svd(torch.zeros(3, 3, 3))), "the data are zero"),
        (lambda: singular_tubes(t_svd(torch.ones(3, 3, 3)), count=7), "count is 7; a figure shows 1 to 6 tubes"),
        (lambda: coefficient_decay(chebyshev_tucker(lambda x: x, [(0, 1)], degree=1), names="ab"), "2 names"),
    ],
)
def test_what_cannot_be_drawn_is_refused_by_name(draw, words):
    with pytest.raises(FigureError, match=words):
        draw()


def test_counts_out_of_range_are_refused(descent, fit):
    with pytest.raises(FigureError, match="count is 0; a figure shows 1 to 6 tubes"):
        tubal_trajectory(descent, count=0)
    with pytest.raises(FigureError, match="count is 0; a figure shows the evolving factor of at least 1 slice"):
        evolving_factors(fit, count=0)
