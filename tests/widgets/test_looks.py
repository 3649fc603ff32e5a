"""Slices of data and of approximations as pictures: the same entries that the dense tensors have."""

import base64
import io

import numpy as np
import pytest
import torch
from PIL import Image

from workbench.decomposition import decompose
from workbench.network import Network, cp
from workbench.widgets._compressed import Compressed
from workbench.widgets._formats import formats_of, own_format
from workbench.widgets._looks import Lens, Look, first_look, read_look


def tensor(*shape: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(1), dtype=dtype)


def pixels(uri: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.split(",")[1]))).convert("RGB")).astype(int)


def test_a_photograph_is_looked_at_as_one():
    assert first_look(tensor(40, 30, 3)) == Look(0, 1, (20, 15, 1), colours=2)
    assert first_look(tensor(40, 30, 3) * 5).colours is None
    assert first_look(tensor(40, 30, 4)).colours is None
    assert first_look(tensor(4, 30, 20)) == Look(1, 2, (2, 15, 10))
    assert first_look(tensor(7)) == Look(0, None, (3,))


@pytest.mark.parametrize(
    "found",
    [
        {"rows": 0, "columns": 0, "at": [0, 0, 0], "colours": None},
        {"rows": 3, "columns": 0, "at": [0, 0, 0], "colours": None},
        {"rows": 0, "columns": 1, "at": [0, 0, 9], "colours": None},
        {"rows": 0, "columns": 1, "at": [0, 0], "colours": None},
        {"rows": 0, "columns": 1, "at": [0, 0, 0.5], "colours": None},
        {"rows": 0, "columns": 1, "at": [0, 0, 0], "colours": 1},
        {"rows": 0, "columns": 1, "at": [0, 0, 0], "colours": 2},
        {"rows": True, "columns": 2, "at": [0, 0, 0], "colours": None},
        {"rows": 0, "columns": None, "at": [0, 0, 0], "colours": None},
        {},
        None,
    ],
)
def test_a_look_that_is_none_is_not_taken(found):
    assert read_look(found, tensor(4, 5, 6)) is None


def test_a_look_survives_its_own_json():
    x = tensor(40, 30, 3)
    assert read_look(first_look(x).to_spec(), x) == first_look(x)


def test_a_photograph_is_its_pixels():
    x = tensor(20, 30, 3)
    picture = Lens(x, first_look(x)).before()
    assert picture["kind"] == "photograph"
    assert picture["size"] == [20, 30]
    assert np.array_equal(pixels(picture["image"]), np.round(x.numpy() * 255))


@pytest.mark.parametrize("key", ["cp", "tucker", "tensor_train", "tensor_ring", "hierarchical_tucker"])
def test_a_fit_is_seen_as_its_reconstruction_is(key):
    x = tensor(20, 30, 3)
    fit = decompose(x, key, ranks=2)
    shown = Lens(x, first_look(x)).after(fit, None)
    wanted = np.round(fit.reconstruct().clamp(0, 1).numpy() * 255)
    assert np.abs(pixels(shown["image"]) - wanted).max() <= 1
    assert shown["top"] == pytest.approx(float((x - fit.reconstruct()).square().mean(2).sqrt().max()), rel=1e-3)


@pytest.mark.parametrize("key", ["cp", "tucker", "tensor_train", "tensor_ring"])
def test_an_estimate_is_seen_turned_back(key):
    x = tensor(20, 30, 3)
    found = Compressed(x)
    form = formats_of(x.shape, "ijk")[key]
    told = found.estimate(form, (2,) * len(form.ranks), None, lambda: True, 5.0)
    values = told.values
    for axis, basis in enumerate(found.bases):
        values = torch.tensordot(values, basis[:, : values.shape[axis]], ([axis], [1])).movedim(-1, axis)
    shown = pixels(Lens(x, first_look(x)).after(told, found)["image"])
    assert np.abs(shown - np.round(values.clamp(0, 1).numpy() * 255)).max() <= 1


def test_an_axis_of_fixed_or_shared_tensors_is_looked_at_through_the_whole():
    x = tensor(12, 6)
    net = Network.from_einsum("ir,ri,rj->ij", i=12, j=6, r=2)
    assert own_format(net, x.shape).ranks
    fit = decompose(x, net)
    lens = Lens(x, first_look(x))
    assert lens.after(fit, None)["top"] == pytest.approx(float((x - fit.reconstruct()).abs().max()), rel=1e-3)


def test_large_pictures_are_means_over_blocks_and_no_side_is_above_320():
    x = tensor(700, 500)
    picture = Lens(x, first_look(x)).before()
    seen = pixels(picture["image"])
    assert seen.shape[:2] == (320, 229)
    assert abs(seen.mean() / 255 - float(x.mean())) < 0.02


def test_a_slice_of_four_axes_shows_the_entries_it_says():
    x = tensor(5, 6, 7, 8) - 0.5
    lens = Lens(x, Look(3, 1, (2, 0, 4, 0)))
    picture = lens.before()
    assert picture["kind"] == "slice"
    assert picture["size"] == [8, 6]
    top = float(x[2, :, 4, :].abs().max())
    assert picture["scale"] == pytest.approx([-top, top], rel=1e-3)
    fit = decompose(x, "tucker", ranks=3)
    missed = (x - fit.reconstruct())[2, :, 4, :].abs().max()
    assert lens.after(fit, None)["top"] == pytest.approx(float(missed), rel=1e-3)
    bright = pixels(picture["image"]).sum(2)
    assert np.unravel_index(bright.argmax(), bright.shape) == np.unravel_index(
        int(x[2, :, 4, :].T.abs().argmin()), (8, 6)
    ), "the middle of the diverging scale is the lightest"


def test_of_complex_data_the_magnitude_is_shown():
    x = tensor(12, 10, dtype=torch.complex64)
    lens = Lens(x, first_look(x))
    fit = decompose(x, cp((12, 10), 2))
    missed = (x.abs() - fit.reconstruct().abs()).abs().max()
    assert lens.after(fit, None)["top"] == pytest.approx(float(missed), rel=1e-2)


def test_one_axis_is_a_curve():
    x = torch.linspace(-1, 2, 2000)
    lens = Lens(x, first_look(x))
    picture = lens.before()
    assert picture["kind"] == "curve"
    assert len(picture["curve"]) == 320
    assert picture["curve"][0] == pytest.approx(float(x[:6].mean()), abs=1e-2)
    assert lens.after(decompose(x, "cp", ranks=1), None)["top"] < 1e-5


def test_constant_data_have_a_picture_too():
    x = torch.zeros(20, 20)
    lens = Lens(x, first_look(x))
    assert len(np.unique(pixels(lens.before()["image"]).reshape(-1, 3), axis=0)) == 1
    assert lens.after(decompose(x, "cp", ranks=1), None)["top"] == 0
