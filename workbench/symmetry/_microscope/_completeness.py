"""How many of all equivariant maps a linear layer reaches: a constant passes every other test."""

__all__ = ["completeness"]

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from workbench.symmetry._errors import SymmetryError
from workbench.symmetry._microscope._report import Completeness
from workbench.symmetry._microscope._trial import Trial

MOST_MAPS = 300
MOST_RUNS = 4_000
LINEAR = 1e-9
"""How far f(2 x - y) may be from 2 f(x) - f(y) for a map that counts as linear, constants aside."""
DRAWS = 6
"""Random parameters for which a map has to be linear."""
RANK = 1e-8
"""Singular values below this share of the largest count as 0."""


def completeness(trial: Trial, *, sound: bool) -> Completeness:
    """The rank over random parameters against the dimension of all equivariant maps, where the model is linear.

    One copy of the input representation is looked at, all other entries being 0, and the copy of the output representation that
    sees most of it.
    """
    reason = _reason(trial, sound)
    if reason:
        return Completeness(None, None, reason)
    group = trial.group
    source, target = trial.slots[0].action.space, trial.here[0].action.space
    if source is None or target is None:
        return Completeness(None, None, "input or output are declared by a function or irreps")
    try:
        dimension = int(group.hom(source, target).dimension)
    except SymmetryError as error:
        return Completeness(None, None, str(error))
    inputs, outputs = math.prod(group.sizes(source)), math.prod(group.sizes(target))
    draws = dimension + 5
    few = min(inputs, math.ceil(draws / outputs) + 2)
    if dimension > MOST_MAPS or draws * (few + 1) > MOST_RUNS:
        return Completeness(None, None, f"there are {dimension:,} maps, too many to try here")
    if dimension == 0:
        return Completeness(0, 0)
    probe = _Probe(trial, inputs)
    if not probe.linear():
        return Completeness(None, None, "the model is not linear")
    reached = probe.rank(few, draws)
    if reached < dimension and few < inputs and draws * (inputs + 1) <= MOST_RUNS:
        reached = probe.rank(inputs, draws)
    return Completeness(reached, dimension)


def _reason(trial: Trial, sound: bool) -> str:
    if not sound:
        return "the model does not commute with the group"
    if not isinstance(trial.subject.root, nn.Module) or not any(True for _ in trial.subject.root.parameters()):
        return "the model has no parameters"
    if trial.precision != torch.float64:
        return "the model does not run in float64"
    if len(trial.slots) != 1 or len(trial.here) != 1:
        return "the model takes or returns several tensors"
    if not trial.slots[0].tensor.is_floating_point() or not trial.here[0].tensor.is_floating_point():
        return "input or output are not real"
    return ""


class _Probe:
    """A copy whose parameters are drawn anew, and inputs that are 0 but for one copy of the representation."""

    def __init__(self, trial: Trial, inputs: int) -> None:
        self.trial, self.inputs = trial, inputs
        self.subject = trial.another()
        self.generator = torch.Generator().manual_seed(trial.seed)

    def linear(self) -> bool:
        """Whether f(2 x - y) = 2 f(x) - f(y), for several parameters: by chance a ReLU may be open for all inputs."""
        for _ in range(DRAWS):
            self.draw()
            shape = self.trial.slots[0].tensor.shape
            x, y = (self.random(shape) for _ in range(2))
            one, other, both = self(x), self(y), self(2 * x - y)
            if one is None or other is None or both is None:
                return False
            size = max(float(one.norm()), float(other.norm()))
            if not float((both - 2 * one + other).norm()) <= LINEAR * max(size, 1e-300):
                return False
        return True

    def rank(self, probes: int, draws: int) -> int:
        """The rank of what random parameters make of the probes."""
        chosen = torch.eye(self.inputs, dtype=torch.float64, device=self.device)
        if probes < self.inputs:
            chosen = self.random((probes, self.inputs))
        seen: list[torch.Tensor] = []
        for _ in range(draws):
            self.draw()
            zero = self(self.embedded(torch.zeros_like(chosen[0])))
            if zero is None:
                return 0
            made = [self(self.embedded(each)) for each in chosen]
            seen.append(torch.stack([self.blocks(each - zero) for each in made if each is not None], 1))
        stacked = torch.stack(seen)  # (draws, copies, probes, outputs)
        copy = int(stacked.square().sum((0, 2, 3)).argmax())
        values = torch.linalg.svdvals(stacked[:, copy].flatten(1))
        return int((values > RANK * float(values[0])).sum()) if float(values[0]) > 0 else 0

    @property
    def device(self) -> torch.device:
        return self.trial.slots[0].tensor.device

    def random(self, shape: Sequence[int]) -> torch.Tensor:
        return torch.randn(*shape, generator=self.generator, dtype=torch.float64).to(self.device)

    def draw(self) -> None:
        with torch.no_grad():
            for parameter in self.subject.root.parameters():
                parameter.copy_(torch.randn(parameter.shape, generator=self.generator, dtype=torch.float64))

    def __call__(self, x: torch.Tensor) -> torch.Tensor | None:
        args: Any = self.trial.args
        given = dict.fromkeys(args, x) if isinstance(args, dict) else (x,)
        try:
            made = self.trial.chosen(self.subject.run(given, seed=self.trial.seed, fresh=False))
        except Exception:  # noqa: BLE001 - whatever a model raises
            return None
        return made[0]

    def embedded(self, x: torch.Tensor) -> torch.Tensor:
        """A vector of the representation as the first copy, all else 0."""
        slot = self.trial.slots[0]
        made = torch.zeros(slot.tensor.shape, dtype=torch.float64, device=self.device)
        axes = slot.action.axes
        turned = made.movedim(axes, tuple(range(-len(axes), 0))) if axes else made
        turned[(0,) * (turned.ndim - len(axes))] = x.reshape(turned.shape[turned.ndim - len(axes) :])
        return made

    def blocks(self, y: torch.Tensor) -> torch.Tensor:
        """A result as (copies, entries of the representation)."""
        axes = self.trial.here[0].action.axes
        turned = y.movedim(axes, tuple(range(-len(axes), 0))) if axes else y
        return turned.reshape(-1, math.prod(turned.shape[turned.ndim - len(axes) :]))
