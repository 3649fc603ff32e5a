"""Figures of diagnostics show the numbers they are named after, rounded, and refuse what they cannot draw."""

import json
import re
from statistics import NormalDist

import numpy as np
import plotly.graph_objects as go
import pytest
import torch

from workbench.data import planted
from workbench.decomposition import (
    Fit,
    decompose,
    diagnose,
    entropies,
    factor_match,
    leverage,
    residuals,
    stabilise,
)
from workbench.figures import (
    FigureError,
    factor_matches,
    leverages,
    plot,
    residual_plots,
    schmidt_spectra,
    slice_errors,
    term_cosines,
)
from workbench.network import Network, cp, tensor_ring, tensor_train


def fit_of(net: Network, cores: dict[str, torch.Tensor]) -> Fit:
    return Fit(net, cores, 0.0, (0.0,), True)


@pytest.fixture(scope="module")
def data() -> torch.Tensor:
    return planted("cp", (7, 8, 9), 3, noise=0.1).x


@pytest.fixture(scope="module")
def fit(data):
    return decompose(data, "cp", ranks=3)


@pytest.fixture(scope="module")
def train(data):
    return decompose(data, "tensor_train", ranks=(4, 5))


@pytest.fixture(scope="module")
def all_figures(data, fit, train) -> dict[str, go.Figure]:
    found = residuals(data, fit)
    return {
        "terms": term_cosines(diagnose(fit)),
        "bonds": schmidt_spectra(train),
        "residuals": residual_plots(found),
        "slices": slice_errors(found),
        "leverages": leverages(fit),
        "outliers": leverages(fit, found),
        "matches": factor_matches([fit, fit]),
    }


def test_every_figure_is_transparent_titled_small_and_the_same_when_made_twice(data, fit, train, all_figures):
    for name, figure in all_figures.items():
        spec = json.loads(figure.to_json())
        base = spec["layout"]["template"]["layout"]
        assert base["paper_bgcolor"] == base["plot_bgcolor"] == "rgba(0,0,0,0)", name
        assert len(figure.to_json()) < 30_000, name
        titled = [axis for key, axis in spec["layout"].items() if "axis" in key and axis.get("title", {}).get("text")]
        assert titled or name == "slices", name
    assert residual_plots(residuals(data, fit)).to_json() == all_figures["residuals"].to_json()


def test_terms_are_drawn_with_their_cosines_and_norms(fit):
    figure = term_cosines(diagnose(fit))
    unit = [core / core.norm(dim=0) for core in fit.cores.values()]
    cosines = np.prod([(each.mT @ each).numpy() for each in unit], axis=0)
    norms = np.prod([core.norm(dim=0).numpy() for core in fit.cores.values()], axis=0) / float(fit.reconstruct().norm())
    heat, bars = figure.data
    assert heat.z == pytest.approx(cosines, abs=1e-3)
    assert (figure.layout.coloraxis.cmin, figure.layout.coloraxis.cmax) == (-1, 1)
    assert bars.y == pytest.approx(norms, rel=1e-2)
    assert list(bars.x) == ["0", "1", "2"]


def test_of_very_many_terms_the_largest_are_drawn():
    net = cp((4, 5, 6), 100)
    cores = net.random(seed=0, dtype=torch.float64)
    cores["A"][:, :20] *= 1e-3
    bars = term_cosines(diagnose(fit_of(net, cores))).data[1]
    assert len(bars.x) == 80
    assert not {str(term) for term in range(20)} & set(bars.x)


def test_bonds_are_drawn_with_their_spectra_and_the_values_in_use(train):
    figure = schmidt_spectra(train)
    value = train.reconstruct()
    for at, (curve, (bond, entropy)) in enumerate(zip(figure.data, entropies(train).items(), strict=True), start=1):
        expected = torch.linalg.svdvals(value.reshape(int(np.prod(value.shape[:at])), -1)) / value.norm()
        assert curve.y == pytest.approx(expected[: len(curve.y)].numpy(), rel=1e-2)
        assert curve.name == f"{bond}: {np.exp(entropy):.1f} of {(4, 5)[at - 1]}"


def test_residuals_are_drawn_as_a_density_beside_the_normal_one(data, fit):
    found = residuals(data, fit)
    bars, bell, points, line = residual_plots(found).data
    values = found.standardised.numpy()
    assert float(np.sum(bars.y) * bars.width) == pytest.approx(1, abs=2e-2)
    middle = len(bars.x) // 2
    inside = np.abs(values - bars.x[middle]) < bars.width / 2
    assert bars.y[middle] == pytest.approx(inside.mean() / bars.width, rel=1e-2)
    assert bell.y == pytest.approx([NormalDist().pdf(float(at)) for at in bell.x], abs=1e-3)
    assert points.y[[0, -1]] == pytest.approx([values.min(), values.max()], abs=1e-3)
    assert points.x[0] == pytest.approx(NormalDist().inv_cdf(0.5 / len(values)), abs=1e-2)
    assert (np.diff(points.x) >= 0).all()
    assert line.x == pytest.approx(line.y)


def test_complex_residuals_are_drawn_by_size_without_the_normal_curve():
    x = planted("cp", (4, 5, 6), 2, noise=0.1, dtype=torch.complex128).x
    figure = residual_plots(residuals(x, decompose(x, "cp", ranks=2)))
    assert [curve.name for curve in figure.data] == ["residuals", "residuals"]
    assert figure.layout.xaxis2.title.text == "half-normal quantile"


def test_slices_are_drawn_with_their_shares_of_error_and_data(data, fit):
    spoilt = data.clone()
    spoilt[2] += torch.randn(8, 9, generator=torch.Generator().manual_seed(0), dtype=data.dtype)
    found = residuals(spoilt, fit)
    bars, line = slice_errors(found).data[:2]
    assert bars.y == pytest.approx((found.slices["i0"] / found.slices["i0"].sum()).numpy(), rel=1e-2)
    assert line.y == pytest.approx((found.energies["i0"] / spoilt.square().sum()).numpy(), rel=1e-2)
    assert int(np.argmax(bars.y)) == 2
    assert bars.showlegend
    assert not slice_errors(found).data[2].showlegend


def test_long_legs_are_drawn_as_means_of_blocks():
    x = torch.ones(1000, 3, dtype=torch.float64)
    x[500] += 1
    fit = fit_of(cp((1000, 3), 1), {"A": torch.ones(1000, 1).double(), "B": torch.ones(3, 1).double()})
    bars = slice_errors(residuals(x, fit)).data[0]
    assert len(bars.x) == 200
    assert bars.x[100] == 500
    assert bars.y[100] == pytest.approx(1 / 5)


def test_leverages_are_drawn_alone_or_against_the_error(data, fit):
    assert leverages(fit).data[1].y == pytest.approx(leverage(fit, "i1").numpy(), abs=1e-3)
    found = residuals(data, fit)
    points = leverages(fit, found).data[1]
    assert points.x == pytest.approx(leverage(fit, "i1").numpy(), abs=1e-3)
    assert points.y == pytest.approx((found.slices["i1"] / found.slices["i1"].sum()).numpy(), rel=1e-2)


def test_matches_are_drawn_from_the_best_fit_to_the_worst(data):
    fits = [decompose(data, "cp", ranks=4, init="random", seed=seed, max_sweeps=5 + 5 * seed) for seed in range(3)]
    heat = factor_matches(fits).data[0]
    order = [int(name) for name in heat.x]
    errors = [fits[at].error for at in order]
    assert errors == sorted(errors)
    assert heat.z[0, 2] == pytest.approx(factor_match(fits[order[0]], fits[order[2]]), abs=1e-3)
    assert list(heat.y) == [f"{at}: {fits[at].error:.4g}" for at in order]


def test_exact_fits_keep_their_order_and_show_no_rounding_errors_as_digits():
    x = planted("cp", (7, 8, 9), 2).x
    fits = [decompose(x, "cp", ranks=2, init="random", seed=seed, max_sweeps=200) for seed in range(3)]
    heat = factor_matches(fits).data[0]
    assert max(fit.error for fit in fits) < 1e-10
    assert list(heat.y) == ["0: &lt; 1e-10", "1: &lt; 1e-10", "2: &lt; 1e-10"]


def test_plot_draws_what_a_report_is_about(data, fit, train):
    ring = decompose(data, tensor_ring(data.shape, 2), max_sweeps=3)
    assert plot(diagnose(fit)).layout.annotations[0].text == "cosine between terms"
    assert plot(diagnose(train)).data[0].name.startswith("r0: ")
    assert plot(diagnose(ring, data)).data[0].name == "squared error"
    assert plot(residuals(data, fit)).data[1].name == "normal"
    assert plot(diagnose(stabilise(fit, data))).data[1].type == "bar"


@pytest.mark.parametrize(
    ("draw", "words"),
    [
        (lambda data, fit, train: term_cosines(diagnose(train)), "no rank-one terms"),
        (lambda data, fit, train: schmidt_spectra({}), "a single tensor"),
        (lambda data, fit, train: residual_plots(residuals(fit.reconstruct(), fit)), "all zero: the fit is exact"),
        (lambda data, fit, train: leverages(train, residuals(torch.ones(2, 3), ones((2, 3)))), r"legs \('i0', 'i1'\)"),
        (lambda data, fit, train: factor_matches([fit]), "1 fits; a matrix of their matches takes 2 to 40"),
        (lambda data, fit, train: plot(diagnose(ring(data))), r"diagnose\(fit, x\)"),
    ],
)
def test_what_cannot_be_drawn_is_refused(data, fit, train, draw, words):
    with pytest.raises(FigureError, match=re.compile(words)):
        draw(data, fit, train)


def ones(shape: tuple[int, ...]) -> Fit:
    net = tensor_train(shape, 1)
    return fit_of(net, {name: torch.ones(net.shape_of(name)) for name in net.tensors})


def ring(data: torch.Tensor) -> Fit:
    return decompose(data, tensor_ring(data.shape, 2), max_sweeps=2)
