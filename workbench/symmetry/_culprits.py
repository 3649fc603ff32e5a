"""From an error to its cause: an argument that was not transformed, a result declared wrongly, the layer where it began."""

__all__ = ["Diagnosis", "diagnose", "watched"]

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations, product

import torch

from workbench.symmetry._actions import INVARIANT, Action
from workbench.symmetry._arguments import Slot, substituted
from workbench.symmetry._elements import Element
from workbench.symmetry._errors import SymmetryError
from workbench.symmetry._laws import Law, Laws, Pair, distance
from workbench.symmetry._report import Finding
from workbench.symmetry._subject import Call, cast, leaves
from workbench.symmetry._suspects import Layer, Watched, layers, remedies, suspects
from workbench.symmetry._trial import Trial

OTHER_INPUTS = 4
"""Inputs h x for which layers are watched, x among them."""
PAIRS = 80
"""Ways to transform two arguments differently that are tried."""
MOST_WATCHED = 40_000_000
"""Numbers inside a model, for all inputs together, up to which layers are watched."""


@dataclass(frozen=True, eq=False)
class Diagnosis:
    """Findings, the likeliest first, the layers, and the place of the guilty one among them."""

    findings: list[Finding]
    layers: list[Layer]
    guilty: Layer | None


def watched(
    trial: Trial, tried: Sequence[Element], generator: torch.Generator, others: int = OTHER_INPUTS
) -> Watched | None:
    """All calls for some inputs h x and for g h x; None when nothing can be watched."""
    subject = trial.subject
    if not subject.watched:
        return None
    bases = [trial.args]
    bases += [trial.moved(Element("", trial.group.sample(generator))) for _ in range(others - 1)]
    here: list[list[Call]] = []
    there: list[tuple[Element, int, list[Call]]] = []
    try:
        for number, base in enumerate(bases):
            calls = subject.watch(base, seed=trial.seed)[1]
            here.append(calls)
            size = sum(x.numel() for call in calls for x in (*call.inputs, *call.outputs))
            if size * others * (1 + len(tried)) > MOST_WATCHED:
                return None
            runs = [(element, subject.watch(_moved(trial, base, element), seed=trial.seed)[1]) for element in tried]
            there += [(element, number, calls) for element, calls in runs]
    except Exception:  # noqa: BLE001 - whatever a model raises for an input that is moved
        return None
    known = [(x, slot.action.text) for slot, x in zip(trial.slots, _tensors(trial), strict=True)]
    return Watched(here, there, known)


def _tensors(trial: Trial) -> list[torch.Tensor]:
    return [cast(slot.tensor.detach(), trial.precision) for slot in trial.slots]


def _moved(trial: Trial, base: object, element: Element) -> object:
    wide = leaves(cast(base, torch.float64))
    return substituted(base, [slot.action(element.matrix, x) for slot, x in zip(trial.slots, wide, strict=True)])


def laws_of(trial: Trial) -> Laws:
    """The laws that are tried inside a model: also the functions by which arguments and results are declared to transform."""
    given = {
        slot.action.text: Law(f"by {slot.action.text}", "plain", slot.action)
        for slot in (*trial.slots, *trial.here)
        if slot.action.given
    }
    return Laws(trial.group, tuple(given.values()))


def diagnose(trial: Trial, failing: Sequence[Element], worst: float, generator: torch.Generator) -> Diagnosis:
    """What is to blame for the errors at some elements, the worst first."""
    laws, tried = laws_of(trial), failing[:2]
    tolerance = max(math.sqrt(min(worst, 1.0) * 1e-16), 1e-12) if trial.precision == torch.float64 else 1e-3
    seen = watched(trial, tried, generator)
    rows = layers(seen, laws, tolerance, size_floor(trial)) if seen else []
    found = _arguments(trial, laws, failing, lambda slot, law: slot.action.trivial and law.kind == "plain")
    found = found or _arguments(trial, laws, failing, lambda slot, law: slot.action.given and law.kind == "plain")
    found = found or _results(trial, laws, failing, plain=True)
    if found:
        return Diagnosis(found, rows, None)
    guilty, by_layer, proved = _layer(trial, laws, rows, tried) if rows else (None, None, False)
    if proved and by_layer:
        return Diagnosis([by_layer, *_results(trial, laws, failing, plain=False)], rows, guilty)
    found = _results(trial, laws, failing, plain=False)
    found = found or _arguments(trial, laws, failing, lambda slot, _: not slot.action.given)
    found = found or _pairs(trial, laws, failing)
    if found:
        return Diagnosis([*found, *([by_layer] if by_layer else [])], rows, None)
    return Diagnosis([by_layer or _nothing(rows)], rows, guilty)


def size_floor(trial: Trial) -> float:
    """The size below which a difference inside a model says nothing."""
    return 1e-9 * max((float(x.norm()) for x in _tensors(trial) if x.is_floating_point()), default=0.0)


def _nothing(rows: Sequence[Layer]) -> Finding:
    text = "the model as a whole does not commute with the group, and no layer inside takes what transforms and returns what does not"
    remedy = (
        "look at the model's own forward"
        if rows
        else "give the model as a torch.nn.Module, so that its layers can be watched"
    )
    return Finding("layer", "", text, remedy)


# ---- arguments -------------------------------------------------------------------------------------------------------


def _sound(trial: Trial, element: Element, actions: dict[str, Action]) -> bool:
    try:
        moved = trial.moved(element, actions)
    except SymmetryError:  # a function that does not fit this argument
        return False
    there = {precision: trial.results(moved, precision) for precision in trial.subjects}
    return trial.judge(element, there, trial.precision).sound


def _other_laws(laws: Laws, slot: Slot, wanted: Callable[[Slot, Law], bool]) -> list[Law]:
    """How else an argument could transform; not as an invariant, for then less would be asked of the model."""
    found = [law for law in laws.candidates(slot.tensor) if law.act and law.text != "invariant" and wanted(slot, law)]
    return [law for law in found if law.text != f"by {slot.action.text}"]


def _arguments(
    trial: Trial, laws: Laws, failing: Sequence[Element], wanted: Callable[[Slot, Law], bool]
) -> list[Finding]:
    """Arguments that would make the model sound if they transformed otherwise."""
    for slot in trial.slots:
        for law in _other_laws(laws, slot, wanted):
            if all(_sound(trial, element, {slot.name: _acting(law)}) for element in failing[:5]):
                return [_argument(slot, law)]
    return []


def _pairs(trial: Trial, laws: Laws, failing: Sequence[Element]) -> list[Finding]:
    """Two arguments declared invariant that both have to transform."""
    fixed = [slot for slot in trial.slots if slot.action.trivial]
    count = 0
    for one, other in combinations(fixed, 2):
        choices = [_other_laws(laws, slot, lambda _, law: law.kind == "plain") for slot in (one, other)]
        for pair in product(*choices):
            count += 1
            if count > PAIRS:
                return []
            changed = {slot.name: _acting(law) for slot, law in zip((one, other), pair, strict=True)}
            if all(_sound(trial, element, changed) for element in failing[:5]):
                return [_argument(slot, law) for slot, law in zip((one, other), pair, strict=True)]
    return []


def _acting(law: Law) -> Action:
    return Action(law.text, law.act or INVARIANT.apply, 1)


def _argument(slot: Slot, law: Law) -> Finding:
    text = f"argument {slot.name!r} is declared {slot.action.text}; transformed {law.text} the error is gone"
    if slot.action.trivial:
        return Finding(
            "argument", slot.name, text, f"transform {slot.name!r} together with the others, and declare it so"
        )
    return Finding(
        "argument", slot.name, text, f"the model treats {slot.name!r} so: declare it so, or change how it is made"
    )


# ---- results ---------------------------------------------------------------------------------------------------------


def _results(trial: Trial, laws: Laws, failing: Sequence[Element], *, plain: bool) -> list[Finding]:
    """Results that do transform, but otherwise than declared."""
    pairs: list[list[Pair]] = [[] for _ in trial.here]
    for element in failing[:6]:
        there = trial.results(trial.moved(element))
        if there is None or len(there) != len(trial.here):
            return []
        for at, (slot, new) in enumerate(zip(trial.here, there, strict=True)):
            if slot.tensor.shape != new.shape or not (new.is_floating_point() or new.is_complex()):
                return []
            if not bool(new.isfinite().all()):
                return []
            pairs[at].append(Pair(element, slot.tensor, new))
    found = []
    tolerance = 1e-9 if trial.precision == torch.float64 else 1e-4
    for slot, seen in zip(trial.here, pairs, strict=True):
        if distance(Law(slot.action.text, "plain", slot.action), seen, 0.0) <= tolerance:
            continue
        options = laws.candidates(slot.tensor, [pair.element for pair in seen], plain=plain)
        fits = [law for law in options if (law.kind == "plain") == plain and distance(law, seen, 0.0) <= tolerance]
        if not fits:
            return []
        found.append(_result(slot, fits[0]))
    return found


def _result(slot: Slot, law: Law) -> Finding:
    text = f"the {slot.name} is declared {slot.action.text}, and transforms {law.text if law.kind != 'plain' or law.text.startswith('on') else f'as {law.text}'}"
    remedy = {
        "plain": "declare it so, or look for the layer that changes it",
        "pseudo": "it changes sign under reflections: check rotations alone, or multiply by another quantity of that kind",
        "order": "its coordinates come in another order than those of the input; bring them into the same",
    }[law.kind]
    return Finding("result", slot.name, text, remedy)


# ---- layers ----------------------------------------------------------------------------------------------------------


def _layer(
    trial: Trial, laws: Laws, rows: Sequence[Layer], tried: Sequence[Element]
) -> tuple[Layer | None, Finding | None, bool]:
    """The guilty layer, what is said of it, and whether mending what it returns makes the model sound."""
    chosen = suspects(rows)
    weak: tuple[Layer, Law] | None = None
    for layer in chosen:
        for choice in remedies(layer, laws):
            if not all(_mended(trial, layer, choice, element) for element in tried):
                continue
            law = next(law for law in choice if law)
            if law.text != "invariant" or not layer.breaks:
                return layer, _accused(layer, law), True
            weak = weak or (layer, law)
            break
    if weak:
        return weak[0], _accused(*weak), True
    breaking = [layer for layer in chosen if layer.breaks]
    order = [layer for layer in chosen if any(each.law and each.law.kind == "order" for each in layer.outputs)]
    for layer in (*breaking[:1], *order[:1]):
        return layer, _accused(layer, None), False
    return None, _own(rows), False


def _mended(trial: Trial, layer: Layer, choice: Sequence[Law | None], element: Element) -> bool:
    """Whether the model is sound once the layer returns for g x what it returns for x, transformed."""
    there = {}
    try:
        outputs = zip(choice, layer.call.outputs, strict=True)
        values = [law.act(element.matrix, x) if law and law.act else None for law, x in outputs]
        out = trial.subject.patched(trial.moved(element), layer.call.name, values, seed=trial.seed)
        there[trial.precision] = trial.chosen(out)
    except Exception:  # noqa: BLE001 - what a model raises for values it did not expect
        return False
    verdict = trial.judge(element, there, trial.precision)
    return verdict.sound or verdict.error < 1e-10


def _accused(layer: Layer, law: Law | None) -> Finding:
    call = layer.call
    takes = ", ".join(dict.fromkeys(each.law.text for each in layer.inputs if each.law)) or "no tensors"
    turned = next((each.law for each in layer.outputs if each.law and each.law.kind != "plain"), None)
    gives = (
        f"transforms {turned.text}"
        if turned and not layer.breaks
        else f"transforms by no law that was tried (error {_shown(layer.error)})"
    )
    text = f"layer {call.name!r} ({call.kind}): what goes in transforms ({takes}), what comes out {gives}"
    remedy = (
        f"with its output made to transform ({law.text}) the model is sound"
        if law
        else "it is the first layer of which that is so"
    )
    return Finding("layer", call.name, text, remedy)


def _shown(error: float) -> str:
    return f"{error:.1e}" if math.isfinite(error) else "gaps, or another shape"


def _own(rows: Sequence[Layer]) -> Finding | None:
    """The model's own forward, between two layers."""
    inner = [row for row in rows if row.call.parent is not None and row.call.parent.parent is None]
    bad = next((row for row in inner if not all(each.holds for each in row.inputs)), None)
    good = [row for row in inner if bad is None or row.call.began < bad.call.began]
    after = f" after {good[-1].call.name!r}" if good else ""
    before = f" before {bad.call.name!r}" if bad else " at its end"
    text = f"the model's own forward breaks the symmetry,{after}{' and' if after else ''}{before}: all layers keep what they get"
    return Finding("layer", "", text, "what it does there between its layers is to blame")
