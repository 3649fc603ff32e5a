"""The real data: pictures and digits from scikit-learn's files, measured tensors from TensorLy's. Nothing is downloaded."""

__all__ = [
    "covid_serology",
    "digit_labels",
    "digits",
    "il2",
    "image",
    "indian_pines",
    "indian_pines_labels",
    "kinetic",
]

import gzip
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from workbench.data._coerce import DataError
from workbench.network import did_you_mean

PICTURES = ("china", "flower")


def image(name: str = "china") -> torch.Tensor:
    """A colour photograph: ``"china"`` (a temple tower above a lake) or ``"flower"`` (a dahlia).

    Returns
    -------
    torch.Tensor
        Shape (427, 640, 3): row, column, colour (red, green, blue); float32 in [0, 1], sRGB values as stored.

    Raises
    ------
    DataError
        For another name.

    Examples
    --------
    >>> x = image("china")
    >>> x.shape, x.dtype
    (torch.Size([427, 640, 3]), torch.float32)
    """
    if name not in PICTURES:
        raise DataError(f"there is no picture {name!r}{did_you_mean(name, PICTURES)}")
    with Image.open(_path("sklearn", f"datasets/images/{name}.jpg")) as picture:
        return torch.from_numpy(np.array(picture)).float() / 255


def digits() -> torch.Tensor:
    """1,797 handwritten digits, 8 by 8 pixels each; `digit_labels` says which.

    Returns
    -------
    torch.Tensor
        Shape (1797, 8, 8): sample, row, column; float32 in [0, 1], sixteenths of full ink.

    Examples
    --------
    >>> digits().shape
    torch.Size([1797, 8, 8])
    """
    return torch.from_numpy(_digits()[:, :-1]).reshape(-1, 8, 8).float() / 16


def digit_labels() -> torch.Tensor:
    """The digit on each of the pictures of `digits`: shape (1797,), int64 in 0..9.

    >>> digit_labels()[:5]
    tensor([0, 1, 2, 3, 4])
    """
    return torch.from_numpy(_digits()[:, -1].astype(np.int64))


def il2() -> tuple[torch.Tensor, torch.Tensor]:
    """Responses of eight kinds of cells to thirteen interleukin-2 variants, with 192 gaps.

    Returns
    -------
    x : torch.Tensor
        Shape (13, 4, 12, 8): ligand, time, dose, cell; float64 in [0, 1], 0 in the gaps. STAT5 phosphorylation, scaled to
        a largest value of 1 for each kind of cell.
    mask : torch.Tensor
        Same shape, bool: True where measured. The gaps are two ligands at the last time (half an hour).

    Examples
    --------
    >>> x, mask = il2()
    >>> x.shape, int((~mask).sum())
    (torch.Size([13, 4, 12, 8]), 192)
    """
    values = _npy("IL2_Response_Tensor")
    seen = ~np.isnan(values)
    return torch.from_numpy(np.where(seen, values, 0.0)), torch.from_numpy(seen)


def covid_serology() -> torch.Tensor:
    """Antibodies of 438 blood samples against parts of SARS-CoV-2; the samples' ticks are the patients' states.

    Returns
    -------
    torch.Tensor
        Shape (438, 6, 11): sample, antigen, receptor; float64, without unit: logarithms of fluorescence, every (antigen,
        receptor) pair centred to mean 0 over the samples, not scaled to unit variance.

    Examples
    --------
    >>> covid_serology().shape
    torch.Size([438, 6, 11])
    """
    return torch.from_numpy(_npy("COVID19_data"))


def indian_pines() -> torch.Tensor:
    """A hyperspectral picture of fields and woods in Indiana, from the air; `indian_pines_labels` says what grows where.

    Returns
    -------
    torch.Tensor
        Shape (145, 145, 200): row, column, band; float32 integers 955..9604, exactly as stored. Radiance in
        uW / (cm2 nm sr) is ``(x - 1000) / 500``. The twenty bands that water vapour absorbs are left out.

    Examples
    --------
    >>> x = indian_pines()
    >>> x.shape, x.min().item(), x.max().item()
    (torch.Size([145, 145, 200]), 955.0, 9604.0)
    """
    return torch.from_numpy(_npy("Indian_pines_corrected").astype(np.float32, order="C"))


def indian_pines_labels() -> torch.Tensor:
    """What grows on each pixel of `indian_pines`: shape (145, 145), int64; 0 is unlabelled, 1..16 as `describe` names them.

    >>> labels = indian_pines_labels()
    >>> labels.shape, int((labels > 0).sum())
    (torch.Size([145, 145]), 10249)
    """
    return torch.from_numpy(_npy("Indian_pines_gt").astype(np.int64, order="C"))


def kinetic() -> tuple[torch.Tensor, torch.Tensor]:
    """Fluorescence of 64 mixtures of catecholamines while they react, with 1,754 gaps.

    Returns
    -------
    x : torch.Tensor
        Shape (64, 12, 10, 60): measurement, emission wavelength, excitation wavelength, time; float64 intensities in
        arbitrary units (-36 to 2773), 0 in the gaps. TensorLy names the measurements 34, 35, 44, 45 and 63 as outliers.
    mask : torch.Tensor
        Same shape, bool: True where measured. Most gaps are in measurement 27.

    Examples
    --------
    >>> x, mask = kinetic()
    >>> x.shape, int((~mask).sum())
    (torch.Size([64, 12, 10, 60]), 1754)
    """
    gaps = np.ascontiguousarray(_npy("Kinetic_missing"))
    return torch.from_numpy(np.where(gaps, 0.0, _npy("Kinetic"))), torch.from_numpy(~gaps)


def _digits() -> np.ndarray[Any, np.dtype[np.float64]]:
    with gzip.open(_path("sklearn", "datasets/data/digits.csv.gz"), "rt") as text:
        return np.loadtxt(text, delimiter=",")


def _npy(name: str) -> np.ndarray[Any, Any]:
    array: np.ndarray[Any, Any] = np.load(_path("tensorly", f"datasets/data/{name}.npy"), allow_pickle=False)
    return array


def _path(package: str, inside: str) -> Path:
    """A file of an installed package, which is found but not imported: scikit-learn alone would take a second."""
    spec = find_spec(package)
    for root in (spec and spec.submodule_search_locations) or ():
        if (path := Path(root, inside)).is_file():
            return path
    distribution = {"sklearn": "scikit-learn"}.get(package, package)
    raise DataError(f"the file {inside} of {distribution} is missing; install it again: pip install {distribution}")
