"""`Fit` as a value: its numbers, its text, its file."""

import json
import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from workbench.data import planted
from workbench.decomposition import Fit, FitError, decompose
from workbench.network import Network, cp, tensor_ring, tucker


@pytest.fixture
def fit() -> Fit:
    return decompose(planted(tensor_ring((6, 7, 8), 2), noise=0.1).x, "tensor_ring", ranks=2, max_sweeps=5)


def test_compression_is_dense_entries_for_a_parameter(fit):
    assert fit.parameters == 4 * (6 + 7 + 8)
    assert fit.compression == 6 * 7 * 8 / 84


def test_the_text_says_what_was_found_and_whether_it_settled():
    x = planted(cp((6, 7, 8), 2), noise=0.1).x
    fit = decompose(x, Network.from_einsum("ar,br,cr->abc", a=6, b=7, c=8, r=2))
    assert repr(fit) == f"Fit({fit.network!r}, error={fit.error:.4g}, compression=8)"
    assert repr(decompose(x, fit.network, max_sweeps=1)).endswith("compression=8, not converged after 1 sweep)")
    assert "error<1e-10" in repr(decompose(planted(tucker((6, 7, 8), 2)).x, "tucker", ranks=2))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.complex64, torch.complex128], ids=str)
def test_a_saved_fit_comes_back_to_the_last_bit(tmp_path, dtype):
    x = planted(tensor_ring((6, 7, 8), 2), noise=0.1, dtype=dtype).x
    fit = decompose(x, "tensor_ring", ranks=2, max_sweeps=7)
    fit.save(tmp_path / "ring.fit")
    back = Fit.load(tmp_path / "ring.fit")
    assert (back.network, back.error, back.history, back.converged) == (
        fit.network,
        fit.error,
        fit.history,
        fit.converged,
    )
    assert list(back.cores) == list(fit.cores)
    for name, core in fit.cores.items():
        assert back.cores[name].dtype == dtype
        assert torch.equal(back.cores[name], core)
    assert repr(back) == repr(fit)
    assert [path.name for path in tmp_path.iterdir()] == ["ring.fit"], "one file, nothing left beside it"


def test_odd_names_fixed_tensors_and_data_survive_the_file(tmp_path):
    net = Network(
        {"__metadata__": ("n", "f"), "a.b/ç": ("f", "o"), "D": ("o", "p")},
        {"n": 5, "f": 2, "o": 3, "p": 3},
        ("n", "p"),
        {"__metadata__": "data", "D": "copy"},
    )
    x = torch.randn(5, 3, generator=torch.Generator().manual_seed(0))
    fit = decompose(x, net, init={"__metadata__": torch.randn(5, 2, generator=torch.Generator().manual_seed(1))})
    fit.save(str(tmp_path / "odd"))
    back = Fit.load(str(tmp_path / "odd"))
    assert back.network == net
    torch.testing.assert_close(back.reconstruct(), fit.reconstruct())


def test_a_torn_file_is_refused_wherever_it_is_torn(fit, tmp_path):
    whole = tmp_path / "whole.fit"
    fit.save(whole)
    content = whole.read_bytes()
    torn = tmp_path / "torn.fit"
    for length in range(0, len(content), 50):
        torn.write_bytes(content[:length])
        with pytest.raises(FitError, match=r"cannot read a fit|is not a sound fit|is no fit"):
            Fit.load(torn)
    torn.write_bytes(content + b"\0")
    with pytest.raises(FitError):
        Fit.load(torn)


def header_of(fit: Fit, changes: dict[str, str]) -> dict[str, str]:
    numbers = {"error": fit.error, "history": list(fit.history), "converged": fit.converged, "dtype": "float64"}
    header = {"format": "workbench.fit", "version": "1", "network": fit.network.to_json(), "fit": json.dumps(numbers)}
    return {**header, **changes}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": "pt"}, "is no fit: its header says format 'pt'"),
        ({"version": "3"}, "version '3', this release reads version 2 and older; upgrade"),
        ({"network": "{}"}, r"is not a sound fit: \$.format"),
        ({"fit": "{"}, "is not a sound fit"),
        ({"fit": '{"error": NaN, "history": [], "converged": true, "dtype": "float64"}'}, "is not a sound fit"),
        ({"fit": '{"error": -1.0, "history": [], "converged": true, "dtype": "float64"}'}, "is not a sound fit"),
        ({"fit": '{"error": 0.1, "history": [], "converged": true, "dtype": "int8"}'}, "its dtype is 'int8'"),
        ({"fit": '{"error": 0.1, "history": [], "converged": true, "dtype": "float32"}'}, "holds torch.float64"),
        ({"fit": '{"error": 0.1, "history": [], "converged": true, "dtype": "float64", "x": 1}'}, "unknown field"),
        ({"extra": "1"}, "its header holds"),
    ],
)
def test_a_foreign_header_is_refused(fit, tmp_path, changes, message):
    path = tmp_path / "foreign.fit"
    cores = {f"core:{name}": core.contiguous() for name, core in fit.cores.items()}
    save_file(cores, path, metadata=header_of(fit, {}))
    assert Fit.load(path).network == fit.network, "the header as it should be"
    save_file(cores, path, metadata=header_of(fit, changes))
    with pytest.raises(FitError, match=message):
        Fit.load(path)


def test_cores_that_do_not_fit_the_network_are_refused(fit, tmp_path):
    path = tmp_path / "wrong.fit"
    cores = {f"core:{name}": core.contiguous() for name, core in fit.cores.items()}
    for wrong in (
        {**cores, "core:A": torch.zeros(2, 2)},
        {name: core for name, core in cores.items() if name != "core:A"},
        {**cores, "core:Z": torch.zeros(2)},
    ):
        save_file(wrong, path, metadata=header_of(fit, {}))
        with pytest.raises(FitError, match=r"tensor 'core:[AZ]' has shape"):
            Fit.load(path)


def test_missing_files_and_places_are_named(fit, tmp_path):
    with pytest.raises(FitError, match=r"cannot read a fit from '.*nowhere"):
        Fit.load(tmp_path / "nowhere")
    with pytest.raises(FitError, match="cannot write the fit"):
        fit.save(tmp_path / "no" / "such" / "folder")


def test_a_save_that_fails_leaves_the_old_file(fit, tmp_path, monkeypatch):
    path = tmp_path / "kept.fit"
    fit.save(path)
    before = path.read_bytes()

    def fail(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(FitError, match="No space left"):
        fit.save(path)
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["kept.fit"]


def test_a_fit_travels_between_processes(fit):
    back = pickle.loads(pickle.dumps(fit))
    assert back.network == fit.network
    assert torch.equal(back.reconstruct(), fit.reconstruct())


def test_a_fit_becomes_a_layer(fit):
    layer = fit.layer(inputs=("i0", "i1"), outputs=("i2",))
    dense = fit.reconstruct().reshape(42, 8).T
    x = torch.randn(3, 42, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(layer(x), x @ dense.T)
    with torch.no_grad():
        layer.cores["A"].zero_()
    assert float(fit.cores["A"].abs().max()) > 0, "the layer has copies"
