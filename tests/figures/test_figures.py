"""Figures: small, stable, readable in both themes, honest about what they left out."""

import base64
import io
import json
import re

import numpy as np
import plotly.graph_objects as go
import pytest
import torch
from PIL import Image

from workbench.decomposition import decompose
from workbench.figures import (
    FigureError,
    Picture,
    before_after,
    comparison,
    error_curve,
    factors,
    jpeg,
    picture,
    plot,
    slices,
    spectra,
)
from workbench.figures import _theme as theme
from workbench.network import cp, tensor_train, tucker


def seeded(*shape: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(0), dtype=dtype)


@pytest.fixture(scope="module")
def photo() -> torch.Tensor:
    y, x = torch.meshgrid(torch.linspace(0, 1, 200), torch.linspace(0, 1, 300), indexing="ij")
    return torch.stack([x, y, (x * y * 40).sin().abs()], dim=2).double()


@pytest.fixture(scope="module")
def fit(photo: torch.Tensor):
    return decompose(photo, tensor_train(photo.shape, (8, 3), legs=("row", "column", "colour")))


@pytest.fixture(scope="module")
def all_figures(photo, fit) -> dict[str, go.Figure]:
    x = seeded(20, 30, 6) - 0.5
    return {
        "slices": slices(x),
        "large slices": slices(seeded(400, 500, 40)),
        "line": slices(torch.arange(2000.0)),
        "spectra": spectra(x),
        "factors": factors(fit),
        "curves": factors(decompose(x, cp(x.shape, 3), max_sweeps=5)),
        "error": error_curve([0.5, 0.2, 0.01]),
        "photograph": before_after(photo, fit),
        "slice": before_after(x, x + 0.1, names=("a", "b", "c"), unit="mm"),
    }


def luminance(colour: str) -> float:
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))


def contrast(a: str, b: str) -> float:
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


# ---- the look --------------------------------------------------------------------------------------------------------


def test_text_reads_on_white_and_on_jupyters_dark_as_well_as_one_colour_can():
    best = np.sqrt(contrast("#ffffff", "#111111"))
    assert min(contrast(theme.INK, "#ffffff"), contrast(theme.INK, "#111111")) > 0.99 * best > 4.2


def test_curves_are_seen_in_both_themes_and_told_apart_without_colour():
    assert all(contrast(colour, paper) > 2.2 for colour in theme.CYCLE for paper in ("#ffffff", "#111111"))
    assert len(set(zip(theme.CYCLE, theme.DASHES, strict=True))) == len(set(theme.DASHES)) == 6


def test_every_figure_is_transparent_named_and_small(all_figures):
    for name, figure in all_figures.items():
        spec = json.loads(figure.to_json())
        base = spec["layout"]["template"]["layout"]
        assert base["paper_bgcolor"] == base["plot_bgcolor"] == "rgba(0,0,0,0)", name
        assert len(figure.to_json()) < 70_000, name
        assert any(
            "title" in axis and axis["title"].get("text") for key, axis in spec["layout"].items() if "axis" in key
        ), name
        assert "data" not in spec["layout"]["template"], name


def test_figures_are_the_same_to_the_byte_when_made_twice(photo, fit, all_figures):
    assert before_after(photo, fit).to_json() == all_figures["photograph"].to_json()
    assert factors(fit).to_json() == all_figures["factors"].to_json()


def test_numbers_do_not_depend_on_the_last_digits_of_the_data():
    x = torch.from_numpy(np.round(seeded(12, 9, 4).numpy(), 2))
    nudged = x * (1 + 1e-13)
    assert slices(x).to_json() == slices(nudged).to_json()
    assert spectra(x).to_json() == spectra(nudged).to_json()


# ---- slices ----------------------------------------------------------------------------------------------------------


def test_slices_show_the_entries_on_one_scale():
    x = seeded(5, 6, 3)
    figure = slices(x, unit="counts")
    assert len(figure.data) == 3
    for k, panel in enumerate(figure.data):
        assert panel.z == pytest.approx(x[:, :, k].numpy(), abs=1e-3)
        assert panel.coloraxis == "coloraxis"
    assert figure.layout.coloraxis.cmin == pytest.approx(float(x.min()), abs=1e-3)
    assert figure.layout.coloraxis.colorbar.title.text == "counts"


def test_values_of_both_signs_get_a_scale_about_zero():
    axis = slices(seeded(5, 6) - 0.3).layout.coloraxis
    assert axis.cmin == -axis.cmax


def test_slices_are_spread_over_all_other_axes_and_say_which_they_are():
    x = seeded(7, 8, 3, 4)
    figure = slices(x, count=4, names=("row", "column", "time", "band"))
    titles = [note.text for note in figure.layout.annotations]
    assert titles[0] == "time = 0, band = 0"
    assert titles[-1] == "time = 2, band = 3"
    assert figure.data[-1].z == pytest.approx(x[:, :, 2, 3].numpy(), abs=1e-3)


def test_axes_choose_what_runs_down_and_across():
    x = seeded(4, 30, 20)
    panel = slices(x, axes=(-1, 0), count=1).data[0]
    assert panel.z == pytest.approx(x[:, 0, :].T.numpy(), abs=1e-3)


def test_a_large_slice_is_drawn_as_means_of_blocks_and_says_so():
    x = seeded(400, 600)
    figure = slices(x)
    panel = figure.data[0]
    block = int(panel.dx)
    assert block > 1
    assert f"(means of {block})" in figure.layout.xaxis.title.text
    assert panel.z[0, 0] == pytest.approx(float(x[: int(panel.dy), :block].mean()), abs=1e-3)
    assert panel.z.size < 10_000


def test_a_gap_stays_a_gap_and_does_not_spoil_its_block():
    x = seeded(6, 6)
    x[0, 0] = torch.nan
    assert np.isnan(slices(x).data[0].z[0, 0])
    large = torch.ones(301, 301)
    large[0, 0] = torch.nan
    assert (slices(large).data[0].z == 1).all()


def test_a_vector_is_a_line():
    figure = slices([1.0, 4.0, 9.0], names=["day"], unit="mm")
    assert figure.data[0].y.tolist() == [1.0, 4.0, 9.0]
    assert (figure.layout.xaxis.title.text, figure.layout.yaxis.title.text) == ("day", "mm")


# ---- spectra ---------------------------------------------------------------------------------------------------------


def test_spectra_are_the_singular_values_of_the_unfoldings():
    x = seeded(6, 7, 8)
    for axis, curve in enumerate(spectra(x).data):
        unfolded = x.movedim(axis, 0).reshape(x.shape[axis], -1)
        expected = torch.linalg.svdvals(unfolded) / x.norm()
        assert curve.y == pytest.approx(expected.numpy(), rel=1e-3)


def test_a_spectrum_ends_at_the_rank_not_in_rounding_errors():
    low = torch.einsum("ir,jr,kr->ijk", seeded(9, 2), seeded(8, 2), seeded(7, 2))
    assert [len(curve.y) for curve in spectra(low).data] == [2, 2, 2]


# ---- fits ------------------------------------------------------------------------------------------------------------


def test_narrow_factors_are_curves_and_show_the_cores():
    x = seeded(6, 5, 4)
    found = decompose(x, cp(x.shape, 2), max_sweeps=10)
    figure = factors(found)
    assert len(figure.data) == 6
    assert figure.data[1].y == pytest.approx(found.cores["A"][:, 1].numpy(), rel=1e-2, abs=1e-3)
    assert [note.text for note in figure.layout.annotations] == ["A (i0 × r)", "B (i1 × r)", "C (i2 × r)"]


def test_wide_factors_are_heat_maps_of_shares_of_the_largest_entry():
    x = seeded(12, 11, 10)
    found = decompose(x, tucker(x.shape, (8, 7, 2)))
    maps = [trace for trace in factors(found).data if isinstance(trace, go.Heatmap)]
    factor = found.cores["A"].numpy()
    assert len(maps) == 3
    assert maps[1].z == pytest.approx(factor / np.abs(factor).max(), abs=1e-3)


def test_the_error_curve_counts_sweeps_and_takes_a_fit_or_its_history():
    figure = error_curve((0.5, 0.25, 0.001))
    assert figure.data[0].x.tolist() == [1, 2, 3]
    assert figure.layout.yaxis.type == "log"
    x = seeded(6, 5, 4)
    found = decompose(x, cp(x.shape, 2), max_sweeps=4, tol=0)
    assert error_curve(found).data[0].y == pytest.approx(found.history, rel=1e-2)


def test_before_and_after_end_in_the_residual():
    x = seeded(5, 6, 3)
    figure = before_after(x, x + 0.25)
    before, after, residual = figure.data
    assert before.z == pytest.approx(x[:, :, 1].numpy(), abs=1e-3)
    assert after.z == pytest.approx(x[:, :, 1].numpy() + 0.25, abs=1e-3)
    assert residual.z == pytest.approx(np.full((5, 6), 0.25), abs=1e-3)
    assert residual.coloraxis == "coloraxis2"


def test_before_and_after_of_a_photograph_hold_small_jpegs(photo, fit):
    figure = before_after(photo, fit)
    for image in figure.layout.images:
        kind, data = image.source.split(",")
        assert kind == "data:image/jpeg;base64"
        assert Image.open(io.BytesIO(base64.b64decode(data))).size == (300, 200)
    rms = ((fit.reconstruct() - photo) ** 2).mean(dim=2).sqrt()
    assert figure.layout.coloraxis.cmax == pytest.approx(float(rms.max()), rel=1e-3)
    assert figure.layout.yaxis.title.text == "row"


# ---- pictures --------------------------------------------------------------------------------------------------------


def opened(found: Picture) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(found.jpeg)).convert("RGB")).astype(float) / 255


def test_a_picture_shows_the_photograph(photo):
    assert np.abs(opened(picture(photo)) - photo.numpy()).mean() < 0.02
    assert picture(photo)._repr_jpeg_()[:2] == b"\xff\xd8"


def test_pictures_stand_side_by_side_under_their_titles(photo):
    sheet = picture({"one": photo, "two": photo.flip(1)})
    assert repr(sheet) == "<Picture 200 × 300: one, two>"
    height, width, _ = opened(sheet).shape
    assert width > 600
    assert height > 200


def test_large_pictures_shrink_to_320_pixels():
    assert max(opened(picture(seeded(400, 900, 3))).shape) == 320
    _, data = jpeg(seeded(400, 900)).split(",")
    assert max(Image.open(io.BytesIO(base64.b64decode(data))).size) == 320


def test_a_comparison_shows_where_the_fit_fails(photo):
    after = photo.clone()
    after[:20] = 1 - after[:20]
    shown = opened(comparison(photo, after))[24:, 616:]
    assert shown[:15].mean() > 2 * shown[40:].mean()


def test_values_outside_the_unit_interval_are_cut_not_wrapped():
    bright = picture(torch.full((20, 20, 3), 3.0))
    assert opened(bright).min() > 0.95


# ---- plot and refusals -----------------------------------------------------------------------------------------------


def test_plot_finds_the_right_figure(photo, fit):
    assert isinstance(plot(photo), Picture)
    assert isinstance(plot(fit, photo), Picture)
    assert isinstance(plot(fit), go.Figure)
    assert isinstance(plot(seeded(4, 5)), go.Figure)
    assert isinstance(plot(seeded(4, 5, 6).numpy(), names=("a", "b", "c")), go.Figure)
    assert plot(cp((3, 4), 2)).startswith("<svg")


def test_plot_takes_names_from_xarray():
    xarray = pytest.importorskip("xarray")
    figure = plot(xarray.DataArray(np.ones((3, 4, 2)), dims=("lat", "lon", "time")))
    assert figure.layout.annotations[1].text == "time = 1"
    assert figure.layout.yaxis.title.text == "lat"


@pytest.mark.parametrize(
    ("draw", "words"),
    [
        (lambda: plot(3), r"no figure for a builtins.int; plot draws .*torch.Tensor.*workbench.network.Network"),
        (lambda: slices(torch.tensor(1.0)), "scalar"),
        (lambda: slices(torch.zeros(3, 3, dtype=torch.complex64)), r"complex; draw x.abs\(\)"),
        (lambda: slices(np.zeros((3, 3), complex)), r"complex; draw np.abs\(x\)"),
        (lambda: slices(torch.zeros(0, 3)), "no entries"),
        (lambda: slices([[1.0, float("inf")]]), "1 infinite"),
        (lambda: slices("text"), "not an array"),
        (lambda: slices(torch.zeros(3, 3), names=["one"]), r"1 names \('one',\) for a tensor of order 2"),
        (lambda: slices(torch.zeros(3, 3, 3), axes=(1, 1)), "two different axes"),
        (lambda: slices(torch.zeros(3, 3, 3), count=0), "at least 1"),
        (lambda: spectra(torch.zeros(3)), "order 1"),
        (lambda: spectra(torch.zeros(3, 3)), "zero"),
        (lambda: spectra([[1.0, float("nan")]]), "1 gaps"),
        (lambda: error_curve([]), "empty"),
        (lambda: error_curve("abc"), "sequence of errors, got str"),
        (lambda: error_curve([0.1, -0.2]), "negative"),
        (lambda: before_after(torch.ones(3, 4), torch.ones(4, 3)), r"\(3, 4\), the reconstruction \(4, 3\)"),
        (lambda: before_after(torch.ones(3), torch.ones(3)), "order 2 or more"),
        (lambda: picture(torch.ones(3, 4, 5)), r"shape \(3, 4, 5\)"),
        (lambda: picture({}), "no pictures"),
        (lambda: jpeg(torch.ones(3, 4)), "16 or more"),
    ],
)
def test_what_cannot_be_drawn_is_refused_by_name(draw, words):
    with pytest.raises(FigureError, match=re.compile(words, re.DOTALL)):
        draw()


def test_tiny_pictures_are_enlarged_pixel_by_pixel():
    x = (seeded(20, 30, 3) > 0.5).double()
    shown = opened(picture(x))
    assert shown.shape == (200, 300, 3)
    assert np.abs(shown[5::10, 5::10] - x.numpy()).mean() < 0.2
