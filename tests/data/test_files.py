"""The real data are those of scikit-learn and TensorLy, described truly, without a connection."""

import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import sklearn.datasets
import tensorly
import tensorly.datasets
import torch

from workbench import data
from workbench.data import DataError, _files, catalogue, describe

TENSORLY = {
    "il2": tensorly.datasets.load_IL2data,
    "covid_serology": tensorly.datasets.load_covid19_serology,
    "indian_pines": tensorly.datasets.load_indian_pines,
    "kinetic": tensorly.datasets.load_kinetic,
}


def _call(description):
    """The data set and its mask, loaded as the description says."""
    given = eval(description.call, {name: getattr(data, name) for name in data.__all__})
    return given if isinstance(given, tuple) else (given, None)


@pytest.mark.parametrize("name", ["china", "flower"])
def test_photographs_are_scikit_learns(name):
    expected = sklearn.datasets.load_sample_image(f"{name}.jpg")
    x = data.image(name)
    assert torch.equal((x * 255).round().to(torch.uint8), torch.from_numpy(expected.copy()))
    assert (x.min(), x.max()) == (expected.min() / 255, expected.max() / 255)


def test_china_is_the_default_picture():
    assert torch.equal(data.image(), data.image("china"))


def test_digits_are_scikit_learns():
    expected = sklearn.datasets.load_digits()
    assert torch.equal(data.digits().double() * 16, torch.from_numpy(expected.images))
    assert torch.equal(data.digit_labels(), torch.from_numpy(expected.target))
    assert torch.bincount(data.digit_labels()).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


@pytest.mark.parametrize("name", TENSORLY)
def test_tensors_are_tensorlys_wherever_they_were_observed(name):
    expected = np.nan_to_num(tensorly.to_numpy(TENSORLY[name]().tensor), nan=0.0)
    x, _ = _call(describe(name))
    np.testing.assert_array_equal(x.double().numpy(), expected)


def test_il2_has_192_gaps_two_ligands_at_half_an_hour():
    x, mask = data.il2()
    assert int((~mask).sum()) == 192
    gaps = torch.nonzero(~mask)
    assert gaps[:, 0].unique().tolist() == [3, 4]
    assert gaps[:, 1].unique().tolist() == [3]
    assert np.array_equal(mask.numpy(), ~np.isnan(tensorly.datasets.load_IL2data().tensor))
    assert x.amax((0, 1, 2)).tolist() == [1.0] * 8
    axes = describe("il2").axes
    assert [axes[0].ticks[k] for k in (3, 4)] == ["H16N N-term (Biv)", "R38Q N-term (Biv)"]
    assert axes[1].ticks[3] == 0.5


def test_kinetic_gaps_are_tensorlys_and_most_are_in_one_measurement():
    _, mask = data.kinetic()
    gaps = ~mask
    assert np.array_equal(gaps.numpy(), tensorly.datasets.load_kinetic().missing_values_position)
    assert int(gaps.sum()) == 1754
    assert int(gaps[27].sum()) == 1561


def test_serology_is_centred_but_not_scaled():
    x = data.covid_serology()
    assert x.mean(0).abs().max() < 1e-12
    assert x.std(0).min() < 0.6
    assert x.std(0).max() > 2.4


def test_indian_pines_are_whole_numbers_and_every_crop_is_there():
    x, labels = data.indian_pines(), data.indian_pines_labels()
    assert torch.equal(x, x.round())
    assert x.double().sum() == 11_153_296_207
    assert torch.equal(labels, torch.from_numpy(tensorly.datasets.load_indian_pines().ticks[0].astype(np.int64)))
    counted = [46, 1428, 830, 237, 483, 730, 28, 478, 20, 972, 2455, 593, 205, 1265, 386, 93]
    assert torch.bincount(labels.flatten())[1:].tolist() == counted
    assert len(describe("indian_pines").classes) == 17


@pytest.mark.parametrize("description", catalogue(), ids=lambda description: description.name)
def test_descriptions_are_true(description):
    x, mask = _call(description)
    assert description.shape == tuple(x.shape)
    assert description.dtype == x.dtype
    assert x.is_contiguous()
    assert torch.isfinite(x).all()
    assert description.gaps == (0 if mask is None else int((~mask).sum()))
    if mask is not None:
        assert mask.dtype == torch.bool
        assert not x[~mask].any()
    for axis in description.axes:
        assert len(axis.ticks) in (0, axis.size)
    for word in (description.units, description.source, description.licence, description.citation):
        assert word


@pytest.mark.parametrize("name", TENSORLY)
def test_ticks_are_tensorlys(name):
    theirs = TENSORLY[name]().ticks
    for axis, ticks in zip(describe(name).axes, theirs if len(theirs) > 2 else [(), (), theirs[1]], strict=True):
        if axis.ticks:
            assert list(axis.ticks) == list(ticks)


def test_the_catalogue_prints_as_a_table():
    lines = repr(catalogue()).splitlines()
    assert lines[0].split() == ["call", "shape", "gaps", "what", "it", "is"]
    assert len(lines) == 1 + len(catalogue())
    assert lines[4].split()[:9] == ["il2()", "13", "x", "4", "x", "12", "x", "8", "192"]
    assert len({line.index(each.title) for line, each in zip(lines[1:], catalogue(), strict=True)}) == 1


def test_a_description_says_axes_units_source_and_licence():
    said = repr(describe("indian_pines"))
    for words in (
        "145 row, 145 column, 200 band (nm)",
        "float32; scaled radiance",
        "TensorLy",
        "CC BY 3.0",
        "Baumgardner",
    ):
        assert words in said


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: data.image("chna"), "no picture 'chna'; did you mean 'china'"),
        (lambda: describe("il_2"), "no data set 'il_2'; did you mean 'il2'"),
    ],
)
def test_unknown_names_are_refused_with_the_nearest(call, said):
    with pytest.raises(DataError, match=said):
        call()


def test_a_missing_file_names_what_to_install(monkeypatch):
    monkeypatch.setattr(_files, "find_spec", lambda package: None)
    with pytest.raises(DataError, match=r"Kinetic_missing\.npy of tensorly is missing; .* pip install tensorly"):
        data.kinetic()
    with pytest.raises(DataError, match="pip install scikit-learn"):
        data.image()


def test_nothing_is_downloaded(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("a connection was asked for")

    for name in ("socket", "create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, name, refuse)
    for description in catalogue():
        _call(description)
    data.digit_labels(), data.indian_pines_labels(), data.planted("cp", (4, 4, 4), 2)


def test_every_call_gives_a_tensor_of_its_own():
    data.image().zero_(), data.il2()[0].zero_()
    assert data.image().any()
    assert data.il2()[0].any()


def test_loading_imports_neither_scikit_learn_nor_tensorly():
    code = (
        "import sys; from workbench import data; data.image(), data.digits(), data.il2(); "
        "print([name for name in ('sklearn', 'tensorly') if name in sys.modules])"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )


def test_the_notices_name_every_data_set_its_licence_and_its_author():
    text = (Path(__file__).parents[2] / "NOTICES.md").read_text(encoding="utf-8")
    for description in catalogue():
        assert f"`{description.name}`" in text
        assert description.licence.split(",")[0] in text
    for owner in ("danielbuechele", "vultilion", "Alpaydin", "The Regents of the University of California", "Bro"):
        assert owner in text


def test_files_are_read_without_pickles(tmp_path, monkeypatch):
    np.save(tmp_path / "evil.npy", np.array([{}], dtype=object), allow_pickle=True)
    monkeypatch.setattr(_files, "_path", lambda package, inside: tmp_path / "evil.npy")
    with pytest.raises(ValueError, match="allow_pickle"):
        data.covid_serology()
