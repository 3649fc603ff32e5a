"""From an error to its cause: an argument that was not transformed, a result declared wrongly, the layer where it began."""

__all__ = ["Diagnosis", "diagnose", "laws_of"]

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations, product

import torch

from workbench.symmetry._errors import SymmetryError
from workbench.symmetry._microscope._actions import INVARIANT, Action
from workbench.symmetry._microscope._arguments import Slot
from workbench.symmetry._microscope._elements import Element
from workbench.symmetry._microscope._laws import INVARIANT_LAW, Law, Laws, Pair, distance
from workbench.symmetry._microscope._report import Finding
from workbench.symmetry._microscope._scope import Scope
from workbench.symmetry._microscope._suspects import Layer
from workbench.symmetry._microscope._trial import Trial

PAIRS = 80
"""Ways to transform two arguments differently that are tried."""


@dataclass(frozen=True, eq=False)
class Diagnosis:
    """Findings, the likeliest first, the layers, and the place of the guilty one among them."""

    findings: list[Finding]
    layers: list[Layer]
    guilty: Layer | None


def laws_of(trial: Trial) -> Laws:
    """The laws that are tried inside a model: also the functions by which arguments and results are declared to transform."""
    actions = [slot.action for slot in (*trial.slots, *trial.here) if slot.action.given]
    given = {act.text: Law(f"by {act.text}", "parity", act) for each in actions for act in each.others}
    given |= {act.text: Law(f"by {act.text}", "plain", act) for act in actions}
    return Laws(trial.group, tuple(given.values()))


def diagnose(
    trial: Trial, elements: Sequence[Element], failing: int, worst: float, generator: torch.Generator, *, single: bool
) -> Diagnosis:
    """What is to blame for the errors at the first so many elements, the worst of them first.

    What counts as broken inside lies half-way between the error of the whole and rounding: that of float32 where the model is in
    float32, and may hold constants of that precision, unless it is these that are looked for.
    """
    laws, bad = laws_of(trial), elements[:failing]
    rounding = 1e-8 if trial.only_single and not single else 1e-16
    tolerance = max(math.sqrt(min(worst, 1.0) * rounding), 1e-12) if trial.precision == torch.float64 else 1e-3
    scope = Scope(trial, laws, bad[:2], tolerance, int(torch.randint(1 << 31, (), generator=generator)))
    rows = scope.layers()
    found = _arguments(trial, laws, elements, lambda slot, law: slot.action.trivial and law.kind == "plain")
    found = found or _arguments(trial, laws, elements, lambda slot, law: slot.action.given and law.kind == "plain")
    found = found or _results(trial, laws, bad, plain=True)
    if found:
        return Diagnosis(found, rows, None)
    blame = scope.blame(rows)
    if blame.proved:
        return Diagnosis([scope.finding(blame, rows), *_results(trial, laws, bad, plain=False)], rows, blame.layer)
    found = _results(trial, laws, bad, plain=False)
    found = found or _arguments(trial, laws, elements, lambda *_: True)
    found = found or _pairs(trial, laws, elements)
    if found and blame.layer is None:
        return Diagnosis(found, rows, None)
    return Diagnosis([*found, scope.finding(blame, rows)], rows, None if found else blame.layer)


# ---- arguments -------------------------------------------------------------------------------------------------------


def _sound(trial: Trial, element: Element, actions: dict[str, Action]) -> bool:
    try:
        moved = trial.moved(element, actions)
    except (SymmetryError, RuntimeError):  # an action that does not fit this argument
        return False
    there = {precision: trial.results(moved, precision) for precision in trial.subjects}
    return trial.passes(trial.judge(element, there, trial.precision))


def _other_laws(laws: Laws, slot: Slot, wanted: Callable[[Slot, Law], bool]) -> list[Law]:
    """How else an argument could transform; not as an invariant, for then less would be asked of the model."""
    found = [law for law in laws.candidates(slot.tensor) if law.act and law.text != "invariant" and wanted(slot, law)]
    return [law for law in found if law.text != f"by {slot.action.text}"]


def _arguments(
    trial: Trial, laws: Laws, elements: Sequence[Element], wanted: Callable[[Slot, Law], bool]
) -> list[Finding]:
    """Arguments that would make the model sound if they transformed otherwise."""
    for slot in trial.slots:
        for law in _other_laws(laws, slot, wanted):
            if all(_sound(trial, element, {slot.name: _acting(law)}) for element in elements):
                return [_argument(slot, law)]
    return []


def _pairs(trial: Trial, laws: Laws, elements: Sequence[Element]) -> list[Finding]:
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
            if all(_sound(trial, element, changed) for element in elements):
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
            if slot.tensor.shape != new.shape or not bool(new.isfinite().all()):
                return []
            pairs[at].append(Pair(element, slot.tensor, new))
    found = []
    tolerance = 1e-9 if trial.precision == torch.float64 and not trial.only_single else 1e-5
    for slot, seen in zip(trial.here, pairs, strict=True):
        if distance(Law(slot.action.text, "plain", slot.action), seen, 0.0) <= tolerance:
            continue
        options = [INVARIANT_LAW, *laws.candidates(slot.tensor, [pair.element for pair in seen])]
        wanted = (law for law in options if (law.kind in ("plain", "parity")) == plain)
        fits = [law for law in wanted if distance(law, seen, 0.0) <= tolerance]
        if not fits:
            return []
        found.append(_result(slot, fits[0]))
    return found


def _result(slot: Slot, law: Law) -> Finding:
    text = f"the {slot.name} is declared {slot.action.text}, and transforms {law.text if law.kind != 'plain' or law.text.startswith(('on', 'by', 'as')) else f'as {law.text}'}"
    remedy = {
        "parity": "declare it so, or look for the layer that changes it",
        "plain": "declare it so, or look for the layer that changes it",
        "pseudo": "it changes sign under reflections: check rotations alone, or multiply by another quantity of that kind",
        "order": "its coordinates come in another order than those of the input; bring them into the same",
    }[law.kind]
    return Finding("result", slot.name, text, remedy)
