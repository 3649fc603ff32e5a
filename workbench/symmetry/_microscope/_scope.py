"""The layers of a model, and inside the guilty one its operations, watched and judged by mending what they return."""

__all__ = ["Blame", "Scope"]

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from workbench.symmetry._microscope._arguments import substituted
from workbench.symmetry._microscope._elements import Element
from workbench.symmetry._microscope._laws import Law, Laws
from workbench.symmetry._microscope._operations import extracts
from workbench.symmetry._microscope._report import OWN, Finding
from workbench.symmetry._microscope._subject import Call, cast, leaves
from workbench.symmetry._microscope._suspects import Layer, Watched, healed, layers, remedies, suspects
from workbench.symmetry._microscope._trial import Trial

OTHER_INPUTS = 4
"""Inputs h x for which layers are watched, x among them."""
MOST_WATCHED = 40_000_000
"""Numbers inside a model, for all inputs together, up to which layers are watched."""
MENDED = 1e-10
"""An error below which a model is mended, though rounding of another kind may be left."""


@dataclass(frozen=True, eq=False)
class Blame:
    """The guilty layer, None for what the model does itself; and the law that mends it, where one does."""

    layer: Layer | None
    law: Law | None = None

    @property
    def proved(self) -> bool:
        """Whether the model is sound once the layer's output is mended."""
        return self.law is not None


@dataclass(frozen=True, eq=False)
class Scope:
    """How a model is looked into: for which elements, and from which error on something does not transform."""

    trial: Trial
    laws: Laws
    elements: Sequence[Element]
    tolerance: float
    seed: int
    others: int = OTHER_INPUTS

    def layers(self, inside: str | None = None) -> list[Layer]:
        """All calls of layers and how their tensors transform; or the operations that one call does itself."""
        seen = self._watched(inside)
        if seen is None:
            return []
        sizes = [float(x.norm()) for x, _ in seen.known if x.is_floating_point()]
        prefix = "" if inside is None else f"{inside}@"
        return layers(seen, self.laws, self.tolerance, 1e-9 * max(sizes, default=0.0), prefix)

    def _watched(self, inside: str | None) -> Watched | None:
        """All calls for some inputs h x and for g h x; None when nothing can be watched."""
        trial, subject = self.trial, self.trial.subject
        generator = torch.Generator().manual_seed(self.seed)
        bases = [trial.args, *(trial.moved(Element("", trial.group.sample(generator))) for _ in range(self.others - 1))]
        here: list[list[Call]] = []
        there: list[tuple[Element, int, list[Call]]] = []
        try:
            for number, base in enumerate(bases):
                calls = subject.watch(base, seed=trial.seed, inside=inside)[1]
                here.append(calls)
                size = sum(x.numel() for call in calls for x in (*call.inputs, *call.outputs))
                if size * len(bases) * (1 + len(self.elements)) > MOST_WATCHED:
                    return None
                moved = [(element, self._moved(base, element)) for element in self.elements]
                there += [
                    (element, number, subject.watch(args, seed=trial.seed, inside=inside)[1]) for element, args in moved
                ]
        except Exception:  # noqa: BLE001 - whatever a model raises for an input that is moved
            return None
        known = [(cast(slot.tensor, trial.precision), slot.action.text) for slot in trial.slots]
        return Watched(here, there, known)

    def _moved(self, base: object, element: Element) -> object:
        wide = leaves(cast(base, torch.float64))
        return substituted(
            base, [slot.action(element.matrix, x) for slot, x in zip(self.trial.slots, wide, strict=True)]
        )

    # ---- who it was --------------------------------------------------------------------------------------------------

    def blame(self, rows: Sequence[Layer]) -> Blame:
        """The first layer whose mending makes the model sound; else the first that breaks what it gets.

        Mending by invariance counts less: at a bottleneck it makes whatever follows invariant, guilty or not.
        """
        chosen = suspects(rows)
        fresh = [layer for layer in chosen if not healed(layer, rows)]
        found = self._blamed(fresh)
        return found if found.layer or len(fresh) == len(chosen) else self._blamed(chosen)

    def _blamed(self, chosen: Sequence[Layer]) -> Blame:
        weak: Blame | None = None
        for layer in chosen:
            for choice in remedies(layer, self.laws):
                if not all(self._mended(layer, choice, element) for element in self.elements):
                    continue
                law = next(law for law in choice if law)
                if law.text != "invariant" or not layer.breaks:
                    return Blame(layer, law)
                weak = weak or Blame(layer, law)
                break
        if weak:
            return weak
        breaking = [layer for layer in chosen if layer.breaks]
        order = [layer for layer in chosen if any(each.law and each.law.kind == "order" for each in layer.outputs)]
        return Blame(next(iter((*breaking, *order)), None))

    def _mended(self, layer: Layer, choice: Sequence[Law | None], element: Element) -> bool:
        """Whether the model is sound once the layer returns for g x what it returns for x, transformed."""
        trial, there = self.trial, {}
        try:
            outputs = zip(choice, layer.call.outputs, strict=True)
            values = [law.act(element.matrix, x) if law and law.act else None for law, x in outputs]
            out = trial.subject.patched(trial.moved(element), layer.call.name, values, seed=trial.seed)
            there[trial.precision] = trial.chosen(out)
        except Exception:  # noqa: BLE001 - what a model raises for values it did not expect
            return False
        verdict = trial.judge(element, there, trial.precision)
        return trial.passes(verdict) or verdict.error < MENDED

    # ---- and what is said --------------------------------------------------------------------------------------------

    def finding(self, blame: Blame, rows: Sequence[Layer]) -> Finding:
        """What is said of the guilty layer, or of the model's own code."""
        if blame.layer is None:
            return Finding(
                "layer",
                OWN,
                _own(rows),
                "what it does there between its layers is to blame",
                self._operation("", False),
            )
        call, law = blame.layer.call, blame.law
        takes = ", ".join(dict.fromkeys(each.law.text for each in blame.layer.inputs if each.law)) or "no tensors"
        turned = next((each.law for each in blame.layer.outputs if each.law and each.law.kind != "plain"), None)
        if turned and not blame.layer.breaks:
            gives = f"transforms {turned.text}"
        else:
            gives = f"transforms by no law that was tried (error {_shown(blame.layer.error)})"
        text = f"layer {call.name!r} ({call.kind}): what goes in transforms ({takes}), what comes out {gives}"
        mended = f"with its output made to transform ({law.text}) the model is sound" if law else ""
        return Finding(
            "layer",
            call.name,
            text,
            mended or "it is the first layer of which that is so",
            self._operation(call.name, call.foreign),
        )

    def _operation(self, name: str, foreign: bool) -> str:
        """The first operation in a layer's own code that breaks the symmetry, where one can be told."""
        if foreign:
            return ""
        rows = [row for row in self.layers(name) if row.call.name.startswith(f"{name}@")]
        chosen = [row for row in suspects(rows) if not extracts(row.call.kind)]
        fresh = [row for row in chosen if not healed(row, rows)]
        layer = self._blamed(fresh).layer or self._blamed(chosen).layer
        return layer.call.kind if layer else ""


def _shown(error: float) -> str:
    return f"{error:.1e}" if math.isfinite(error) else "gaps, or another shape"


def _own(rows: Sequence[Layer]) -> str:
    """The model's own forward, between two layers."""
    inner = [row for row in rows if row.call.parent is not None and row.call.parent.parent is None]
    if not inner:
        return "what the model itself does breaks the symmetry"
    bad = next((row for row in inner if not all(each.holds for each in row.inputs)), None)
    good = [row for row in inner if bad is None or row.call.began < bad.call.began]
    after = f" after {good[-1].call.name!r}" if good else ""
    before = f" before {bad.call.name!r}" if bad else " at its end"
    return f"the model's own forward breaks the symmetry,{after}{' and' if after else ''}{before}: all layers keep what they get"
