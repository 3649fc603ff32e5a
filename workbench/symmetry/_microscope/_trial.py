"""One model, one sample, one group: both ways round the square, and how much of the difference is rounding."""

__all__ = ["Trial", "Verdict", "name"]

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import nn
from torch.utils._pytree import tree_map

from workbench.symmetry._errors import SymmetryError
from workbench.symmetry._groups import Group
from workbench.symmetry._microscope._actions import Action, Spec
from workbench.symmetry._microscope._arguments import Slot, extracted, names_of, paired, same_keys, substituted
from workbench.symmetry._microscope._elements import Element
from workbench.symmetry._microscope._report import ElementError
from workbench.symmetry._microscope._subject import Subject, cast, leaves

FACTOR = 300.0
"""Rounding at g x may be so many times what it is at x: it goes through other intermediate values."""
SINGLE_FACTOR = 10.0
"""An error in float64 of so many times the rounding in float32 comes from float32 constants or arithmetic; beyond, it is a bug."""
VISIBLE = 2.0**-21
"""Where float32 is off by more than this share, differences may have cancelled under a root: then rounding shrinks by its root only."""
MOST_UNDER_ROOT = 1e-6
"""More than this is no rounding under a root."""
MOST_SINGLE = 1e-3
"""More than this is no rounding in float32, however much a model amplifies it: nothing could be told."""
SMALL = 1e-12
"""An error in float64 that is rounding whatever the model."""
SINGLE = 1e-4
"""An error in float32 that passes for rounding where float64 could not be run."""
HALVED = 2.0**-29
"""Rounding in float64 over rounding in float32."""


@dataclass(frozen=True)
class Verdict:
    """The error at one element in one precision; whether it is rounding, and whether it is no more than rounding of float32."""

    error: float
    sound: bool
    single: bool = False


class Trial:
    """The sample as arguments, the model in both precisions, and the results for x."""

    def __init__(self, model: Any, group: Group, sample: Any, inputs: Spec, outputs: Spec, seed: int) -> None:
        self.model, self.group, self.seed, self.outputs = model, group, seed, outputs
        self.args: Any = (
            sample if isinstance(sample, Mapping) else tuple(sample) if isinstance(sample, tuple | list) else (sample,)
        )
        self.args = tree_map(lambda x: x.detach() if isinstance(x, torch.Tensor) else x, self.args)
        self.slots = _slots(model, group, self.args, inputs, sample)
        self.failures: dict[torch.dtype, str] = {}
        self.notes: list[str] = []
        self.subjects: dict[torch.dtype, Subject] = {}
        self.training = isinstance(model, nn.Module) and model.training
        self.prepare()

    # ---- running -----------------------------------------------------------------------------------------------------

    def prepare(self, *, evaluate: bool = False) -> None:
        """Make the copies and run them once; refuse a model that runs in neither precision."""
        self.evaluated = evaluate
        self.subjects.clear()
        self.failures.clear()
        self._here: dict[torch.dtype, list[Slot]] = {}
        for precision in (torch.float64, torch.float32):
            for everything in (False, True):
                subject = Subject(self.model, precision, everything=everything)
                if evaluate and isinstance(subject.root, nn.Module):
                    subject.root.eval()
                try:
                    out = subject.run(self.args, seed=self.seed)
                except SymmetryError:
                    raise
                except Exception as error:  # noqa: BLE001 - whatever a model raises
                    self.failures.setdefault(precision, f"{type(error).__name__}: {error}".split("\n")[0][:300])
                    continue
                self.subjects[precision] = subject
                self._here[precision] = extracted(out, self.outputs, self.group)
                if everything:
                    self.notes.append(
                        f"as it is the model does not run in {name(precision)} ({self.failures[precision]}); "
                        "tensors that it keeps without registering them were cast, too: register_buffer would do"
                    )
                break
        if not self.subjects:
            raise SymmetryError(f"the model does not run on the sample: {self.failures[torch.float64]}")
        if not self.here:
            raise SymmetryError("outputs names no tensor of the result: there is nothing to look at")

    @property
    def precision(self) -> torch.dtype:
        """The better one of those that run."""
        return torch.float64 if torch.float64 in self.subjects else torch.float32

    @property
    def subject(self) -> Subject:
        """The model in the better precision."""
        return self.subjects[self.precision]

    @property
    def here(self) -> list[Slot]:
        """The results for x."""
        return self._here[self.precision]

    def moved(self, element: Element, actions: Mapping[str, Action] | None = None) -> Any:
        """The arguments, transformed in float64; `actions` replaces those of some."""
        wide = leaves(cast(self.args, torch.float64))
        changed = actions or {}
        new = [changed.get(slot.name, slot.action)(element.matrix, x) for slot, x in zip(self.slots, wide, strict=True)]
        return substituted(self.args, new)

    def results(
        self, args: Any, precision: torch.dtype | None = None, *, seed: int | None = None
    ) -> list[torch.Tensor] | None:
        """The results that are looked at; None when the model fails on these arguments, or returns something else."""
        subject = self.subjects[precision or self.precision]
        try:
            return self.chosen(subject.run(args, seed=self.seed if seed is None else seed))
        except Exception:  # noqa: BLE001 - whatever a model raises for arguments that are no longer sound
            return None

    def chosen(self, out: Any) -> list[torch.Tensor]:
        """The tensors of a result that are looked at."""
        return [slot.tensor for slot in extracted(out, self.outputs, self.group)]

    def another(self) -> Subject:
        """A copy that has not run yet, as the one that is looked at."""
        made = Subject(self.model, self.precision, everything=self.subject.everything)
        if self.evaluated and isinstance(made.root, nn.Module):
            made.root.eval()
        return made

    @cached_property
    def only_single(self) -> bool:
        """Whether the model and the sample as they were given know no precision better than float32."""
        held = [*leaves(self.args)]
        root = self.subject.root
        if isinstance(root, nn.Module) and isinstance(self.model, nn.Module):
            held += [*self.model.parameters(), *self.model.buffers()]
        return not any(x.dtype in (torch.float64, torch.complex128) for x in held)

    def passes(self, verdict: Verdict) -> bool:
        """Whether an error is rounding, in the precision that was asked for."""
        return verdict.sound or (verdict.single and self.only_single)

    def sensitivity(self) -> float:
        """How much the result changes, relatively, when the input changes in its last digit."""
        generator = torch.Generator().manual_seed(self.seed)
        near = []
        for x in leaves(cast(self.args, self.precision)):
            sign = torch.randint(2, x.shape, generator=generator).to(x) * 2 - 1
            near.append(x * (1 + 4 * torch.finfo(x.dtype).eps * sign) if x.is_floating_point() else x)
        there = self.results(substituted(self.args, near))
        if there is None:
            return math.inf
        pairs = [
            (slot.tensor, new) for slot, new in zip(self.here, there, strict=True) if slot.tensor.is_floating_point()
        ]
        sizes = [(float((a - b).norm()), float(a.norm())) for a, b in pairs if a.shape == b.shape]
        return max((off / size for off, size in sizes if size), default=0.0)

    def disagreement(self) -> float:
        """How far the two precisions are apart for x itself, relative, of the worst result; 0 where there is one."""
        worst = 0.0
        for at, slot in enumerate(self.here):
            size = float(slot.tensor.norm()) if slot.tensor.is_floating_point() or slot.tensor.is_complex() else 0.0
            between = self.between_precisions(at, {})
            worst = max(worst, between / size if between and size else 0.0)
        return worst

    def error(self, row: ElementError) -> float:
        """The error in the better precision."""
        error = row.float64 if self.precision == torch.float64 else row.float32
        return math.inf if error is None else error

    # ---- judging -----------------------------------------------------------------------------------------------------

    def amplification(self, element: Element) -> float:
        """By how much an element may stretch errors."""
        order = max(slot.action.order for slot in self.slots) + max(slot.action.order for slot in self.here)
        return float(element.size**order)

    def judge(
        self,
        element: Element,
        there: Mapping[torch.dtype, list[torch.Tensor] | None],
        precision: torch.dtype,
        actions: Sequence[Action] | None = None,
    ) -> Verdict:
        """The error of g f(x) against f(g x)."""
        moved = there.get(precision)
        here = self._here[precision]
        if (
            moved is None
            or len(moved) != len(here)
            or any(a.shape != b.tensor.shape for a, b in zip(moved, here, strict=True))
        ):
            return Verdict(math.inf, False)
        worst, sound, single = 0.0, True, True
        stretch = self.amplification(element)
        for at, (slot, new) in enumerate(zip(here, moved, strict=True)):
            act = actions[at] if actions else slot.action
            wanted = act(element.matrix, cast(slot.tensor, torch.float64))
            if not wanted.is_floating_point() and not wanted.is_complex():
                same = torch.equal(wanted, new.to(wanted.dtype))
                if not same:
                    worst, sound, single = max(worst, 1.0), False, False
                continue
            new = new.to(wanted.dtype)
            size = max(float(wanted.norm()), float(new.norm()))
            if not math.isfinite(size):
                return Verdict(math.inf, False)
            off = float((wanted - new).norm())
            if not math.isfinite(off):
                return Verdict(math.inf, False)
            worst = max(worst, off / size / stretch if size else 0.0)
            sound = sound and off <= stretch * self._rounding(at, size, there, precision)
            between = self.between_precisions(at, there) or 0.0
            limit = min(SINGLE_FACTOR * (between + 2.0**-24 * size), MOST_SINGLE * size)
            single = single and off <= stretch * limit
        return Verdict(worst, sound, single)

    def _rounding(
        self, at: int, size: float, there: Mapping[torch.dtype, list[torch.Tensor] | None], precision: torch.dtype
    ) -> float:
        """How large a difference may be and still be rounding."""
        between = self.between_precisions(at, there)
        if between is None or not math.isfinite(between):
            return (SMALL * 100 if precision == torch.float64 else SINGLE) * size
        if precision == torch.float64:
            allowed = max(SMALL * size, FACTOR * (HALVED * between + 2.0**-52 * size))
            if between > VISIBLE * size:
                allowed = max(allowed, min(10 * HALVED**0.5 * between, MOST_UNDER_ROOT * size))
            return allowed
        return FACTOR * (between + 2.0**-23 * size)

    def between_precisions(self, at: int, there: Mapping[torch.dtype, list[torch.Tensor] | None]) -> float | None:
        """How far float32 is from float64, in one result, for x and g x."""
        if len(self._here) < 2:
            return None
        pairs = [
            [each[at].tensor for each in self._here.values()],
            [each[at] for each in there.values() if each is not None and len(each) > at],
        ]
        found = []
        for pair in pairs:
            if len(pair) == 2 and pair[0].shape == pair[1].shape:
                one, other = cast(pair, torch.float64)
                found.append(float((one - other).norm()))
        return max(found, default=None)


def name(precision: torch.dtype) -> str:
    """float64 or float32."""
    return str(precision).removeprefix("torch.")


def _slots(model: Any, group: Group, args: Any, inputs: Spec, sample: Any) -> list[Slot]:
    if isinstance(args, Mapping):
        if not isinstance(inputs, Mapping):
            raise SymmetryError(
                f"the sample names its arguments, {', '.join(map(str, args))}; let inputs be a mapping, too"
            )
        same_keys(args, inputs, "sample")
        slots = [slot for key, value in args.items() for slot in paired(value, inputs[key], group, str(key))]
    else:
        several = isinstance(sample, tuple | list)
        specs = inputs if several else (inputs,)
        if not isinstance(specs, tuple | list) or hasattr(specs, "D_from_matrix") or len(specs) != len(args):
            raise SymmetryError(
                f"the sample has {len(args)} argument{'s' * (len(args) != 1)}, and inputs is {inputs!r}; give one spec for each, 0 for invariants"
            )
        names = names_of(model, len(args))
        slots = [
            slot
            for name, value, one in zip(names, args, specs, strict=True)
            for slot in paired(value, one, group, name)
        ]
    if not slots:
        raise SymmetryError("the sample holds no tensor; give what the model takes")
    if all(slot.action.trivial for slot in slots):
        raise SymmetryError(
            f"all of inputs are declared invariant, 0: then {group} moves nothing, and every model passes; "
            "say which arguments transform"
        )
    empty = [slot.name for slot in slots if slot.tensor.numel() == 0 and not slot.action.trivial]
    if empty:
        raise SymmetryError(f"{empty[0]} has no entries, so that nothing is moved; give a sample with some")
    return slots
