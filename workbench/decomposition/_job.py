"""One fit to be made: what is asked, what it needs, and what is refused before anything is allocated."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import torch

from workbench.decomposition._als import Rules, estimate
from workbench.decomposition._compress import SMALL, SPARE
from workbench.decomposition._errors import FitError
from workbench.decomposition._fit import Fit
from workbench.decomposition._gauss_newton import LARGEST, gauss_newton_fits
from workbench.decomposition._held_out import check_observed
from workbench.decomposition._loss import Loss
from workbench.decomposition._loss import estimate as loss_estimate
from workbench.decomposition._memory import require_memory
from workbench.decomposition._numbers import wide
from workbench.decomposition._observed import estimate as observed_estimate
from workbench.decomposition._trees import Tree, as_tree, ranks_of, truncations
from workbench.network import Network, did_you_mean

Start = str | Fit | Mapping[str, torch.Tensor]
ACCURACIES = ("auto", "high")


@dataclass(frozen=True)
class Job:
    """A fit of contiguous data, which were divided by `scale`; the last step puts that back."""

    x: torch.Tensor
    scale: float
    net: Network
    freeze: frozenset[str]
    rules: Rules
    ridge: float
    init: Start
    starts: int
    method: str
    accuracy: str
    seed: int
    mask: torch.Tensor | None = None
    held: torch.Tensor | None = None
    loss: Loss | None = None

    @cached_property
    def active(self) -> tuple[str, ...]:
        return tuple(name for name in self.net.free if name not in self.freeze)

    @property
    def given(self) -> Mapping[str, torch.Tensor]:
        """The numbers the caller gave."""
        if isinstance(self.init, Fit):
            return self.init.cores
        return self.init if isinstance(self.init, Mapping) else {}

    @cached_property
    def tree(self) -> Tree | None:
        bound = self.freeze or self.ridge or self.rules != Rules() or self.method == "gauss_newton"
        return None if bound or self.mask is not None or self.loss is not None else as_tree(self.net)

    @cached_property
    def widths(self) -> tuple[int, ...]:
        """So many directions of each axis are enough for the network."""
        widths = []
        for leg, size in zip(self.net.legs, self.x.shape, strict=True):
            ((name, _), *more) = self.net.holders(leg)
            others = math.prod(self.net.sizes[i] for i in set(self.net.tensors[name]) if i != leg)
            bound = more or name not in self.active or name in self.rules.nonnegative or self.ridge
            widths.append(size if bound or others + SPARE > 0.8 * size else others + SPARE)
        return tuple(widths)

    @property
    def compresses(self) -> bool:
        """Whether the data are worth compressing first."""
        whole = self.mask is None and self.loss is None
        return whole and self.x.numel() > 4096 and 2 * math.prod(self.widths) < self.x.numel()

    def check(self) -> None:
        """Refuse what cannot be fitted, before anything is allocated."""
        if isinstance(self.init, str) and self.init not in ("svd", "random"):
            raise FitError(
                f"init is {self.init!r}{did_you_mean(self.init, ('svd', 'random'))} (a Fit or a dict of cores will do, too)"
            )
        if not isinstance(self.init, str | Fit | Mapping):
            raise FitError(f"init is a {type(self.init).__name__}; give 'svd', 'random', a Fit or a dict of cores")
        for name in self.freeze:
            self.net._require_tensor(name)
        if not self.active:
            raise FitError("nothing is left to fit: every tensor of the network is fixed or frozen; free one of them")
        data = {name for name, kind in self.net.fixed.items() if kind == "data"}
        missing = [name for name in self.net.tensors if name in self.freeze | data and name not in self.given]
        if missing:
            kind = "frozen" if missing[0] in self.freeze else "fixed data"
            raise FitError(
                f"tensor {missing[0]!r} is {kind}, but has no numbers; give them as init={{{missing[0]!r}: ...}}"
            )
        if isinstance(self.init, Mapping):
            for name, core in self.init.items():
                self.net._require_tensor(name)
                if core.is_complex() and not self.x.is_complex():
                    raise FitError(f"init[{name!r}] is complex, x is real; make both of one kind")
                if tuple(core.shape) != self.net.shape_of(name):
                    raise FitError(
                        f"init[{name!r}] has shape {tuple(core.shape)}, the network wants {self.net.shape_of(name)} {self.net.tensors[name]}"
                    )
        if self.method == "gauss_newton":
            self._check_gauss_newton()
        if self.mask is not None:
            if self.rules.orthogonal:
                raise FitError(
                    "orthogonal= needs every entry: with gaps the best orthonormal core has no closed form; leave one out"
                )
            check_observed(self.mask, self.net, self.active, self.ridge)
        require_memory(
            self.needed(), self.x.device, f"fitting {self.net.parameters:,} parameters to {self.x.numel():,} entries"
        )

    def _check_gauss_newton(self) -> None:
        hindrances = {
            "a ridge": self.ridge,
            "constraints": self.rules != Rules(),
            "a mask": self.mask is not None,
            "a loss": self.loss,
        }
        if what := next((what for what, there in hindrances.items() if there), None):
            raise FitError(f"method='gauss_newton' does not take {what}; use method='als', or leave {what} out")
        small = self.small_network if self.compresses or self.x.numel() <= SMALL else None
        if small is None or not gauss_newton_fits(small, self.active):
            count = (small or self.net).parameters
            raise FitError(
                f"method='gauss_newton' solves for all parameters at once; {count:,} of this network, with the data "
                f"compressed, are too many (about {LARGEST:,}), or it is no plain network of two cores or more; use method='auto'"
            )

    @property
    def one_cut(self) -> bool:
        """Whether one truncated SVD of the data as they are is the optimum, and worth its price."""
        if self.tree is None or self.init != "svd" or (self.x.numel() > SMALL and self.accuracy != "high"):
            return False
        sizes = dict(zip(self.net.legs, self.x.shape, strict=True))
        return truncations(self.tree, sizes, ranks_of(self.net, self.tree)) < 2

    @property
    def small_network(self) -> Network:
        """The network with legs as the data have them once compressed."""
        return self.net.resize(dict(zip(self.net.legs, self.widths, strict=True))) if self.compresses else self.net

    def needed(self) -> int:
        """Bytes beside the data."""
        if self.loss is not None:
            return loss_estimate(self.net, self.x)
        if self.mask is not None:
            return observed_estimate(self.x, self.net, self.active)
        if self.tree is not None:
            return self.x.dtype.itemsize * (2 * self.x.numel() + 2 * self.net.parameters)
        if self.compresses:
            return (
                estimate(self.small_network, self.active, wide(self.x.dtype)) * self.starts
                + self.x.dtype.itemsize * self.x.numel()
            )
        return estimate(self.net, self.active, self.x.dtype) * (self.starts if self.x.numel() <= SMALL else 1)

    def zero(self) -> Fit:
        """The fit of data that are zero."""
        cores = {
            name: self.x.new_zeros(self.net.shape_of(name)) if name in self.active else self.given[name]
            for name in self.net.tensors
            if self.net.fixed.get(name, "data") == "data"
        }
        return Fit(self.net, cores, 0.0, (0.0,), True)
