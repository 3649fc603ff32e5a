"""`Fit`: a network with the numbers that were fitted to data."""

__all__ = ["Fit"]

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch

from workbench.decomposition import _files
from workbench.network import Network, NetworkLinear


@dataclass(frozen=True, eq=False, repr=False)
class Fit:
    """What `decompose` found.

    Attributes
    ----------
    network : Network
        The structure, its legs in the order of the data's axes.
    cores : Mapping[str, torch.Tensor]
        Numbers for every free tensor (and for fixed ones of kind ``"data"``), on the data's device and dtype.
    error : float
        ``||x - xhat|| / ||x||`` in the Frobenius norm, never squared; 0 for data that are zero. With a mask, over the
        entries that were observed and fitted. With a loss, of the data one should expect (for ``"logistic"`` probabilities).
    history : tuple of float
        The error after every sweep; a closed form counts as the first. It does not rise but by rounding (with a ridge,
        the penalised objective does not).
    converged : bool
        Whether the sweeps stopped by themselves: none could lower the error by more than the tolerance.
    held_out : float or None
        The relative error over the entries that were set aside with ``held_out=``.
    objective : float or None
        With a loss, what was minimised: the mean loss over the observed entries, and the ridge.

    Examples
    --------
    >>> import torch
    >>> from workbench.decomposition import decompose
    >>> x = torch.outer(torch.arange(1.0, 5.0), torch.arange(1.0, 4.0))
    >>> fit = decompose(x + torch.eye(4)[:, :3], "cp", ranks=1)
    >>> fit.cores["A"].shape, fit.converged, round(fit.error, 4)
    (torch.Size([4, 1]), True, 0.0666)
    """

    network: Network
    cores: Mapping[str, torch.Tensor]
    error: float
    history: tuple[float, ...]
    converged: bool
    held_out: float | None = None
    objective: float | None = None

    @property
    def parameters(self) -> int:
        """The number of free entries."""
        return self.network.parameters

    @property
    def compression(self) -> float:
        """Entries of the dense tensor for each parameter; above 1 the network is the smaller."""
        return math.prod(self.network.shape) / self.parameters

    def reconstruct(self) -> torch.Tensor:
        """The network's value: the approximation of the data, dense, of the data's shape, dtype and device."""
        return self.network.contract(self.cores)

    def layer(self, inputs: Sequence[str], outputs: Sequence[str], *, bias: bool = False) -> NetworkLinear:
        """The fitted network as a trainable linear map from some of its legs to the others.

        Parameters
        ----------
        inputs, outputs
            The legs that make up the input's and the output's features, every leg once.
        bias
            Whether to add a trainable vector, zero at first.

        Returns
        -------
        NetworkLinear
            A module (*batch, product of the inputs' sizes) -> (*batch, product of the outputs' sizes) with copies of the cores.
        """
        return NetworkLinear(self.network, inputs, outputs, bias=bias, cores=self.cores)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the fit to one file: safetensors, with the network's JSON in its header. Replaces the file at once or not at all.

        Raises
        ------
        FitError
            When the file cannot be written.
        """
        _files.save(self, path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "Fit":
        """Read what `save` wrote; the cores are on the CPU.

        Raises
        ------
        FitError
            When the file is not there, is torn, or does not hold a fit; the message says where and why.
        """
        return cls(*_files.load(path))

    def __repr__(self) -> str:
        dtype = next(iter(self.cores.values())).dtype
        noise = 1e-10 if torch.finfo(dtype).eps < 1e-10 else 1e-5  # digits below differ from machine to machine
        error = f"error={self.error:.4g}" if self.error >= noise else f"error<{noise:g}"
        parts = [repr(self.network), error, f"compression={self.compression:.4g}"]
        if self.held_out is not None:
            parts.insert(2, f"held_out={self.held_out:.4g}")
        if self.objective is not None:
            parts.insert(2, f"objective={self.objective:.4g}")
        if not self.converged:
            sweeps = len(self.history)
            parts.append(f"not converged after {sweeps} sweep{'' if sweeps == 1 else 's'}")
        return f"Fit({', '.join(parts)})"
