"""What a check of equivariance found, as values."""

__all__ = ["OWN", "Completeness", "ElementError", "EquivarianceReport", "Finding", "LayerError", "Tensor"]

import math
import os
from dataclasses import dataclass

from workbench.symmetry._errors import SymmetryError

OWN = "forward"
"""The name of the model's own code, between its layers."""
SHRINKS = math.log(2.0**29)
"""How far rounding errors shrink from float32 (24 bits) to float64 (53)."""


@dataclass(frozen=True)
class Tensor:
    """An argument or a result: its name, how it was declared to transform, its shape and dtype."""

    name: str
    acts: str
    shape: tuple[int, ...]
    dtype: str


@dataclass(frozen=True)
class ElementError:
    """The errors at one group element.

    Attributes
    ----------
    label : str
        Which one: a generator, an exponential of the Lie algebra, a random one, one that brings a vector onto an axis.
    reflects : bool
        Whether its determinant is negative: a reflection, an odd permutation.
    float64, float32 : float or None
        ||f(g x) - g f(x)|| / ||f(x)||, of the worst result; infinite for gaps, None where the precision was not run.
    sound : bool
        Whether that is no more than rounding.
    """

    label: str
    reflects: bool
    float64: float | None
    float32: float | None
    sound: bool


@dataclass(frozen=True)
class LayerError:
    """One layer.

    Attributes
    ----------
    name, kind : str
        Its path in the model, with `#2` for a second call, and its class; ``"forward"`` is the model itself.
    takes, gives : tuple of str
        How its inputs and outputs transform, as found; empty where nothing fits.
    error : float
        How far its outputs are from the law that comes closest.
    guilty : bool
        Whether the fault is here.
    """

    name: str
    kind: str
    takes: tuple[str, ...]
    gives: tuple[str, ...]
    error: float
    guilty: bool = False


@dataclass(frozen=True)
class Finding:
    """A fault, where it is, and what to do.

    Attributes
    ----------
    kind : str
        ``"argument"``, ``"result"``, ``"layer"``, ``"randomness"``, ``"state"``, ``"precision"`` or ``"gaps"``.
    where : str
        The name of the argument, result or layer; ``"forward"`` for the model's own code.
    text, remedy : str
        What was found, and what would mend it.
    operation : str
        In a layer's own code the first operation that breaks the symmetry, with the line that does it; empty where none was told.
    """

    kind: str
    where: str
    text: str
    remedy: str = ""
    operation: str = ""


@dataclass(frozen=True)
class Completeness:
    """How many of the equivariant maps a linear layer can be.

    Attributes
    ----------
    reached, dimension : int or None
        The rank over random parameters, and the dimension of all equivariant maps; None where it does not apply.
    reason : str
        Why it does not apply.
    """

    reached: int | None
    dimension: int | None
    reason: str = ""

    def __str__(self) -> str:
        if self.reached is None:
            return f"not applicable: {self.reason}"
        return f"reaches {self.reached} of {self.dimension} equivariant maps"


@dataclass(frozen=True, repr=False)
class EquivarianceReport:
    """What `check` found. It is true when the model is sound.

    Attributes
    ----------
    model, group, mode : str
        The model's class, the group, and ``"training"``, ``"evaluation"`` or ``"function"``.
    inputs, outputs : tuple of Tensor
        Names, declared actions, shapes and dtypes.
    elements : tuple of ElementError
        Errors by group element and precision.
    layers : tuple of LayerError
        Layers in the order in which they finish.
    findings : tuple of Finding
        Faults, the likeliest cause first; empty when the model is sound.
    notes : tuple of str
        What else is worth knowing; no faults.
    completeness : Completeness
        For linear maps, the share of all equivariant ones that can be reached.
    seed : int
        Of elements and random numbers.

    Examples
    --------
    >>> import torch
    >>> from workbench.symmetry import O, check
    >>> model = torch.nn.Sequential(torch.nn.Identity(), torch.nn.ReLU())
    >>> report = check(model, O(3), sample=torch.randn(5, 3), inputs=1, outputs=1)
    >>> bool(report), report.guilty
    (False, '1')
    """

    model: str
    group: str
    mode: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    elements: tuple[ElementError, ...]
    layers: tuple[LayerError, ...]
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]
    completeness: Completeness
    seed: int

    @property
    def sound(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    def __bool__(self) -> bool:
        return self.sound

    @property
    def guilty(self) -> str | None:
        """The name of the layer, argument or result that is the likeliest cause; ``"forward"`` is the model's own code."""
        return self.findings[0].where if self.findings else None

    def worst(self, precision: str = "float64") -> float | None:
        """The largest error of all elements in ``"float64"`` or ``"float32"``; None where it was not run.

        Raises
        ------
        SymmetryError
            For another precision.
        """
        if precision not in ("float64", "float32"):
            raise SymmetryError(f"a check runs in 'float64' and 'float32', not in {precision!r}")
        errors = [getattr(each, precision) for each in self.elements]
        known = [each for each in errors if each is not None]
        return max(known, default=None)

    @property
    def slope(self) -> float | None:
        """How the error follows the precision: 1 for rounding, which shrinks by 2^29 from float32 to float64; 0 for a bug."""
        one, other = self.worst("float32"), self.worst("float64")
        if one is None or other is None or not math.isfinite(one) or not math.isfinite(other) or one <= 0 or other <= 0:
            return None
        return math.log(one / other) / SHRINKS

    def __repr__(self) -> str:
        from workbench.symmetry._microscope._report_text import text

        return text(self)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the report as JSON, with its format and version.

        Raises
        ------
        SymmetryError
            When the file cannot be written.
        """
        from workbench.symmetry._microscope._report_json import save

        save(self, path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "EquivarianceReport":
        """Read a report, strictly.

        Raises
        ------
        SymmetryError
            When the file cannot be read, is no report, or is of a newer version; the message says where it does not fit.
        """
        from workbench.symmetry._microscope._report_json import load

        return load(path)

    def to_json(self) -> str:
        """The report as JSON text."""
        from workbench.symmetry._microscope._report_json import to_json

        return to_json(self)

    @classmethod
    def from_json(cls, text: str | bytes) -> "EquivarianceReport":
        """A report from JSON text, read strictly; see `load`."""
        from workbench.symmetry._microscope._report_json import from_json

        return from_json(text)
