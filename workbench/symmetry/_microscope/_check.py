"""`check`, the equivariance microscope: does a model commute with a group, and if not, who is to blame?"""

__all__ = ["check"]

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from workbench.symmetry._errors import SymmetryError
from workbench.symmetry._groups import Group
from workbench.symmetry._microscope._actions import Spec
from workbench.symmetry._microscope._causes import causes
from workbench.symmetry._microscope._completeness import completeness
from workbench.symmetry._microscope._elements import Element
from workbench.symmetry._microscope._elements import elements as elements_of
from workbench.symmetry._microscope._habits import gaps, habits
from workbench.symmetry._microscope._report import OWN, ElementError, EquivarianceReport, LayerError, Tensor
from workbench.symmetry._microscope._subject import leaves, original
from workbench.symmetry._microscope._suspects import Layer
from workbench.symmetry._microscope._trial import Trial


def check(
    model: "nn.Module | Callable[..., Any]",
    group: Group,
    *,
    sample: Any,
    inputs: Spec,
    outputs: Spec,
    elements: int = 8,
    seed: int = 0,
) -> EquivarianceReport:
    """Whether a model commutes with a group, and if not, which layer, argument or habit is to blame.

    Parameters
    ----------
    model
        A module or a function. It is not changed: copies are run, and random numbers go on as if nothing had happened.
    group
        What acts, such as `O(3)` or `S(5)`.
    sample
        What the model takes: a tensor, a tuple of arguments, or a mapping of named ones. Tensors of any floating dtype; nested
        tuples and mappings too.
    inputs, outputs
        How each transforms, nested as the sample and the result are: 0 for an invariant, a tensor order (the group acts on so
        many last axes), a `Rep` such as ``V**2 + 3*V`` or irreps of e3nn (on the last axis), `Axes(0)`, `Labels()` for whole
        numbers that name nodes, or a function (element, tensor) -> tensor. In `outputs`, None leaves a result out.
    elements
        How many random elements are tried, beside generators, exponentials of the Lie algebra and rotations that bring a vector
        of the sample onto an axis.
    seed
        Of elements and of the model's random numbers.

    Returns
    -------
    EquivarianceReport
        True when the model is sound. It prints, `wb.plot` draws it, and `report.save("certificate.json")` keeps it.

    Raises
    ------
    SymmetryError
        When a spec does not fit a shape, the group acts on an axis of another size, everything is declared invariant, the model
        fails on the sample or returns no tensors, or cannot be copied.

    Notes
    -----
    Errors are ||f(g x) - g f(x)|| / ||f(x)||, divided by ||g|| to the power of the largest orders of input and output, since for
    groups that are not compact rounding grows so. An error counts as rounding in float64 up to 1e-12, or up to 300 times what
    the difference between the float32 and the float64 result predicts (2^-29 of it): that measures how much this model, on this
    sample, amplifies rounding, so that neither cancellation nor depth raises a false alarm. Where float32 is off by more than
    5e-7, differences may have cancelled under a root, and 10 times the root of 2^-29 is allowed, 1e-6 at most. Errors of the
    size of float32 rounding are a fault of a model that is given in float64, and a note on one in float32. Where float64 cannot
    be run, 1e-4 is the limit in float32. The model is called about a hundred times.

    Layers are judged when the model as a whole fails: a layer is guilty when all that goes in is seen to transform by some law,
    what comes out by none, and the model is sound once its output is replaced by one that does.

    Examples
    --------
    >>> from workbench.symmetry import O, check
    >>> class Centre(torch.nn.Module):
    ...     def forward(self, pos, mass):
    ...         return (mass[:, None] * pos).sum(0) / mass.sum()
    >>> sample = (torch.randn(6, 3), torch.rand(6))
    >>> report = check(Centre(), O(3), sample=sample, inputs=(1, 0), outputs=1)
    >>> bool(report)
    True
    >>> broken = torch.nn.Sequential(torch.nn.Identity(), torch.nn.Tanh())
    >>> check(broken, O(3), sample=torch.randn(6, 3), inputs=1, outputs=1).findings[0].where
    '1'
    """
    _refuse(model, group, elements, seed)
    generator = torch.Generator().manual_seed(seed)
    trial = Trial(model, group, sample, inputs, outputs, seed)
    before = [*habits(trial), *gaps(trial, None)]
    tried = elements_of(group, elements, [(slot.action, slot.tensor) for slot in trial.slots], generator)
    _refuse_fixed(trial, tried)
    rows, single = _square(trial, tried)
    found = causes(trial, tried, rows, before, generator, single=single)
    return EquivarianceReport(
        _called(model),
        repr(group),
        ("training" if model.training else "evaluation") if isinstance(model, nn.Module) else "function",
        tuple(
            Tensor(each.name, each.action.text, tuple(each.tensor.shape), _dtype(each.tensor)) for each in trial.slots
        ),
        tuple(
            Tensor(each.name, each.action.text, tuple(each.tensor.shape), _dtype(each.tensor)) for each in trial.here
        ),
        tuple(found.rows),
        tuple(
            _layer_error(each, each is found.guilty) for each in sorted(found.layers, key=lambda each: each.call.ended)
        ),
        tuple(found.findings),
        (*trial.notes, *found.notes, *_failures(trial)),
        completeness(trial, sound=not found.findings),
        seed,
    )


def _refuse(model: Any, group: Any, count: Any, seed: Any) -> None:
    if not callable(model):
        raise SymmetryError(f"check takes a module or a function, not a {type(model).__name__}")
    if not isinstance(group, Group):
        raise SymmetryError(f"check takes a group such as O(3) or S(5), not {group!r}")
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        raise SymmetryError(f"elements is how many random elements are tried, from 1, not {count!r}")
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise SymmetryError(f"seed is a whole number from 0, not {seed!r}")


def _refuse_fixed(trial: Trial, tried: list[Element]) -> None:
    """A sample that no element moves tests nothing."""
    flat = leaves(trial.args)
    moving = [
        each for each in tried if not torch.equal(each.matrix, torch.eye(len(each.matrix), dtype=each.matrix.dtype))
    ]
    if moving and all(
        torch.equal(x, y)
        for each in moving
        for x, y in zip(flat, leaves(cast_like(trial.moved(each), flat)), strict=True)
    ):
        raise SymmetryError(
            f"no element of {trial.group} moves the sample, so that nothing would be tested; give one in general position, such as "
            "torch.randn of the same shape"
        )


def cast_like(tree: Any, like: list[torch.Tensor]) -> list[torch.Tensor]:
    """The tensors of a tree in the dtypes of others."""
    return [x.to(other.dtype) for x, other in zip(leaves(tree), like, strict=True)]


def _square(trial: Trial, tried: list[Element]) -> tuple[list[ElementError], bool]:
    """Both ways round, for every element; and whether all errors, where they are no rounding, would be rounding in float32."""
    rows, single = [], trial.precision == torch.float64 and len(trial.subjects) == 2
    for element in tried:
        args = trial.moved(element)
        there = {precision: trial.results(args, precision) for precision in trial.subjects}
        verdicts = {precision: trial.judge(element, there, precision) for precision in trial.subjects}
        errors = [verdicts[each].error if each in verdicts else None for each in (torch.float64, torch.float32)]
        sound = verdicts[trial.precision].sound and all(math.isfinite(each.error) for each in verdicts.values())
        single = single and (sound or verdicts[trial.precision].single)
        rows.append(ElementError(element.label, element.reflects, errors[0], errors[1], sound))
    return rows, single


def _layer_error(layer: Layer, guilty: bool) -> LayerError:
    return LayerError(
        layer.call.name or OWN,
        layer.call.kind,
        tuple(each.law.text if each.law else "" for each in layer.inputs),
        tuple(each.law.text if each.law else "" for each in layer.outputs),
        layer.error,
        guilty,
    )


def _failures(trial: Trial) -> list[str]:
    return [
        f"not run in {str(precision).removeprefix('torch.')}: {text}"
        for precision, text in trial.failures.items()
        if precision not in trial.subjects
    ]


def _called(model: Any) -> str:
    if isinstance(model, nn.Module):
        return type(original(model)).__name__
    return str(getattr(model, "__name__", type(model).__name__))


def _dtype(x: torch.Tensor) -> str:
    return str(x.dtype).removeprefix("torch.")
