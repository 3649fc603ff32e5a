"""What makes a model a different function from call to call: randomness, and state kept from one call to the next."""

__all__ = ["constant", "failures", "gaps", "habits", "said"]

from collections.abc import Sequence

import torch

from workbench.symmetry._microscope._arguments import substituted
from workbench.symmetry._microscope._elements import Element
from workbench.symmetry._microscope._laws import relative
from workbench.symmetry._microscope._report import OWN, Finding
from workbench.symmetry._microscope._subject import Call, Interrupted, leaves
from workbench.symmetry._microscope._trial import Trial, name

SAME = {torch.float64: 1e-9, torch.float32: 1e-4}
"""Results that differ by less are the same: sums in another order, on several threads."""


def habits(trial: Trial) -> list[Finding]:
    """Randomness and state, where there is any; a model that is random in training only is looked at in evaluation from then on."""
    findings = []
    one, again = (trial.results(trial.args) for _ in range(2))
    other = trial.results(trial.args, seed=trial.seed + 1)
    if _differ(one, other, trial) and not _differ(one, again, trial):
        runs = [trial.subject.watch(trial.args, seed=trial.seed + at)[1] for at in range(2)]
        where = _first_difference(runs, trial)
        inside = [
            trial.subject.watch(trial.args, seed=trial.seed + at, inside="" if where == OWN else where)[1]
            for at in range(2)
        ]
        operation = _first_difference(inside, trial, kind=True)
        text = f"two runs on the same input differ by {_distance(one, other):.1e}: {said(where)} draws random numbers"
        remedy = "seed it, or make the choice depend on the input alone"
        if trial.training:
            trial.prepare(evaluate=True)
            one, other = (trial.results(trial.args, seed=trial.seed + at) for at in range(2))
            if _differ(one, other, trial):
                trial.prepare()
            else:
                remedy = "call model.eval() first; what else is said here is of the model in evaluation"
        findings.append(Finding("randomness", where, text, remedy, operation))
    state = _state(trial)
    return [*findings, state] if state else findings


def _state(trial: Trial) -> Finding | None:
    """Whether an earlier call changes a later one: a copy that has seen another input against one that has seen none."""
    moved = trial.moved(Element("", trial.group.sample(trial.seed + 1)))
    fresh, used = (trial.another() for _ in range(2))
    try:
        used.run(trial.args, seed=trial.seed, fresh=False)
        runs = [each.watch(moved, seed=trial.seed, fresh=False) for each in (fresh, used)]
        first, later = (trial.chosen(out) for out, _ in runs)
    except Exception:  # noqa: BLE001 - whatever a model raises
        return None
    if not _differ(first, later, trial):
        return None
    where = _first_difference([calls for _, calls in runs], trial)
    text = f"after a call on another input the result differs by {_distance(first, later):.1e}: {said(where)} keeps something from call to call"
    return Finding(
        "state",
        where,
        text,
        "make it a function of its input: no caches, nothing that is updated and read in the same pass",
    )


def _first_difference(runs: Sequence[Sequence[Call]], trial: Trial, *, kind: bool = False) -> str:
    """The first and innermost layer that gets the same twice and returns something else; or, of operations, what it is."""
    for one, other in sorted(zip(runs[0], runs[1], strict=False), key=lambda pair: pair[0].ended):
        if kind and "@" not in one.name:
            continue
        same = one.name == other.name and not _differ(one.inputs, other.inputs, trial)
        if same and _differ(one.outputs, other.outputs, trial):
            return one.kind if kind else one.name or OWN
    return "" if kind else OWN


def constant(trial: Trial) -> list[str]:
    """Whether the result is the same for other inputs: then equivariance says little."""
    here = trial.results(trial.args)
    generator = torch.Generator().manual_seed(trial.seed)
    for _ in range(3):
        noisy = []
        for x in leaves(trial.args):
            noise = (
                torch.randn(x.shape, generator=generator, dtype=torch.float64).to(x.device)
                if x.is_floating_point()
                else 0
            )
            noisy.append((x + (x.double().abs().mean() + 0.1) * noise).to(x.dtype) if x.is_floating_point() else x)
        there = trial.results(substituted(trial.args, noisy))
        if here is None or there is None or _distance(here, there) > 0:
            return []
    return ["the result is the same for other inputs: a constant commutes with everything"]


def failures(trial: Trial, elements: Sequence[Element]) -> list[Finding]:
    """Where the model raises for g x, or returns something of another shape."""
    for element in elements:
        args = trial.moved(element)
        try:
            found = trial.chosen(trial.subject.watch(args, seed=trial.seed)[0])
        except Interrupted as interrupted:
            error = str(interrupted.error).split("\n")[0][:300]
            where = interrupted.where or OWN
            text = f"for g x, g being {element.label}, {said(where)} raises {type(interrupted.error).__name__}: {error}"
            return [Finding("failure", where, text, "let it take g x wherever it takes x")]
        for slot, new in zip(trial.here, found, strict=True):
            if slot.tensor.shape != new.shape:
                shapes = f"{tuple(slot.tensor.shape)} for x and {tuple(new.shape)} for g x"
                return [
                    Finding(
                        "failure", slot.name, f"the {slot.name} has the shape {shapes}, g being {element.label}", _SHAPE
                    )
                ]
    return []


_SHAPE = "what is chosen by the values of components, a mask or a cutoff, should be chosen by invariants"


def gaps(trial: Trial, elements: Sequence[Element] | None) -> list[Finding]:
    """Where the first gap, NaN or infinity, arises: for the sample itself, or for g x."""
    cases = [("the sample", trial.args)] if elements is None else [(each.label, trial.moved(each)) for each in elements]
    for label, args in cases:
        for precision, subject in trial.subjects.items():
            results = trial.results(args, precision)
            if results is None or all(_finite(x) for x in results):
                continue
            first = _first_gap(subject.watch(args, seed=trial.seed)[1])
            name_ = "" if first is None or first.parent is None else first.name
            inside = subject.watch(args, seed=trial.seed, inside=name_)[1]
            where = name_ or OWN
            operation = _first_gap([call for call in inside if "@" in call.name])
            at = label if elements is None else f"g x, g being {label},"
            text = f"in {name(precision)} the result for {at} has gaps (NaN or infinite), from {said(where)} on"
            remedy = "look for a division by a length that may be 0, a root of 0, or a logarithm"
            return [Finding("gaps", where, text, remedy, operation.kind if operation else "")]
    return []


def _first_gap(calls: Sequence[Call]) -> Call | None:
    by_end = sorted(calls, key=lambda call: call.ended)
    return next(
        (call for call in by_end if all(map(_finite, call.inputs)) and not all(map(_finite, call.outputs))), None
    )


def _finite(x: torch.Tensor) -> bool:
    return bool(x.isfinite().all())


def said(where: str) -> str:
    """A layer as a sentence names it."""
    return "the model's own forward" if where == OWN else f"layer {where!r}"


def _differ(one: Sequence[torch.Tensor] | None, other: Sequence[torch.Tensor] | None, trial: Trial) -> bool:
    return _distance(one, other) > SAME[trial.precision]


def _distance(one: Sequence[torch.Tensor] | None, other: Sequence[torch.Tensor] | None) -> float:
    if one is None or other is None or len(one) != len(other):
        return 0.0 if one is None and other is None else float("inf")
    worst = 0.0
    for a, b in zip(one, other, strict=True):
        if a.shape != b.shape:
            return float("inf")
        if a.is_floating_point() or a.is_complex():
            same = torch.equal(a.isnan(), b.isnan())
            worst = max(worst, relative(a.nan_to_num(), b.nan_to_num()) if same else float("inf"))
        else:
            worst = max(worst, 0.0 if torch.equal(a, b) else 1.0)
    return worst
