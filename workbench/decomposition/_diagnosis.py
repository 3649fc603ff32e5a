"""`diagnose`: everything there is to say about a fit, in numbers and in sentences."""

__all__ = ["Diagnosis", "diagnose"]

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import torch

from workbench.decomposition._canonical import form_of, terms_of
from workbench.decomposition._condition import condition, cosines
from workbench.decomposition._diagnostics import core_consistency, factor_match
from workbench.decomposition._errors import FitError
from workbench.decomposition._fit import Fit
from workbench.decomposition._numbers import norm
from workbench.decomposition._residuals import Residuals, residuals
from workbench.decomposition._schmidt import bond_spectra, entropy
from workbench.decomposition._sensitivity import copies, numbers_of, sensitivities
from workbench.decomposition._trees import as_tree

CANCELS, NEARLY = -0.99, -0.9
"""Cosines of two rank-one terms that are read as cancelling, and as nearly so."""
BLOWN_UP = 10.0
"""Terms so many times larger than the fit are degenerate, however they cancel."""


@dataclass(frozen=True, eq=False, repr=False)
class Degeneracy:
    """How the rank-one terms of a CP fit stand to each other.

    Attributes
    ----------
    cosines : torch.Tensor
        (R, R): between any two terms, the product of their columns' cosines (the real part, where complex). Near -1 they
        cancel. 0 on the diagonal.
    norms : torch.Tensor
        The norm of every term, as a multiple of the fit's.
    floor : float
        No CP of this rank whose value has this norm is less sensitive: N (n_1 ... n_N)^(1/N) R^(2/N - 1) ||xhat||^(2 - 2/N).
    """

    cosines: torch.Tensor
    norms: torch.Tensor
    floor: float

    @property
    def pair(self) -> tuple[int, int]:
        """The two terms with the lowest cosine."""
        at = int(self.cosines.argmin())
        return at // len(self.cosines), at % len(self.cosines)

    @property
    def cosine(self) -> float:
        """The lowest cosine."""
        return float(self.cosines[self.pair])

    @property
    def cancellation(self) -> float:
        """The root of the sum of the squared norms: 1 for orthogonal terms, large where terms cancel."""
        return float(self.norms.square().sum().sqrt())

    @property
    def found(self) -> bool:
        """Whether the fit is degenerate: two terms cancel, or terms are ten times larger than the fit."""
        return self.cosine <= CANCELS or self.cancellation >= BLOWN_UP

    def __repr__(self) -> str:
        return f"Degeneracy(cosine={_cosine(self.cosine)} of terms {self.pair}, largest term {float(self.norms.max()):.3g} times the fit)"


@dataclass(frozen=True, eq=False, repr=False)
class Diagnosis:
    """What `diagnose` found; prints as a table with sentences below it. What does not apply is None or empty.

    Attributes
    ----------
    fit : Fit
        The fit in question.
    error : float
        ``||x - xhat|| / ||x||``, measured on the data where they were given.
    sensitivity : float
        See `sensitivity`.
    amplification : float
        Noise in every core of 1 % of its entries' root mean square changes the value by so many per cent: sqrt(N) for a single
        rank-one term of order N, large where terms cancel. It does not depend on the cores' scales.
    shared : float
        By what factor the sensitivity would fall if norms were shared among the cores in the best way, the value the same.
    degeneracy : Degeneracy or None
        Of a CP fit.
    condition : float or None
        Of a CP fit whose Terracini matrix is small enough, see `condition`.
    core_consistency : float or None
        Of a CP fit whose data were given, in percent.
    fits : tuple of Fit
        The other fits it was compared with.
    matches : tuple of float
        The factor match score with each of them.
    spectra : Mapping
        The Schmidt values of every bond of a tree fit.
    residuals : Residuals or None
        Where the data were given.
    """

    fit: Fit
    error: float
    sensitivity: float
    amplification: float
    shared: float
    degeneracy: Degeneracy | None
    condition: float | None
    core_consistency: float | None
    fits: tuple[Fit, ...]
    matches: tuple[float, ...]
    spectra: Mapping[str, torch.Tensor]
    residuals: Residuals | None

    @property
    def degenerate(self) -> bool:
        """Whether terms of a CP fit cancel."""
        return self.degeneracy is not None and self.degeneracy.found

    @property
    def sentences(self) -> tuple[str, ...]:
        """What this means, the gravest first."""
        found = [*_on_terms(self), *_on_structure(self), *_on_bonds(self), *_on_slices(self)]
        if self.shared > 2 and not self.degenerate:
            found.append(
                f"norms are shared badly among the cores: sharing them well would cut the sensitivity {self.shared:.2g} times; "
                "wb.stabilise(fit, x) does"
            )
        if not self.fit.converged:
            found.append("the fit has not converged: all this may still change")
        return tuple(found)

    def to_rows(self) -> list[tuple[str, str]]:
        """What was measured, as names and values to print."""
        rows = [("error", _small(self.error))]
        rows += [("sensitivity", f"{self.sensitivity:.3g}"), ("amplification", f"{self.amplification:.3g}")]
        if (found := self.degeneracy) is not None:
            rows += [
                ("sensitivity / floor", f"{self.sensitivity / found.floor:.3g}" if found.floor else "-"),
                ("lowest cosine of two terms", _cosine(found.cosine)),
                ("largest term / fit", f"{float(found.norms.max()):.3g}"),
            ]
        if self.condition is not None:
            rows.append(("condition", f"{self.condition:.3g}"))
        if self.core_consistency is not None:
            rows.append(("core consistency", f"{self.core_consistency:.4g} %"))
        if self.matches:
            rows.append(("factor match", ", ".join(f"{score:.2f}" for score in self.matches)))
        for bond, values in self.spectra.items():
            rows.append((f"bond {bond}", f"{len(values)} values, {math.exp(entropy(values)):.2f} in use"))
        if self.residuals is not None:
            for leg in self.residuals.slices:
                at, share = self.residuals.worst(leg)
                rows.append((f"worst slice of {leg}", f"{at}, {100 * share:.3g} % of the squared error"))
        return rows

    def __repr__(self) -> str:
        rows = self.to_rows()
        width = max(len(name) for name, _ in rows)
        table = [f"{name.ljust(width)}  {value}" for name, value in rows]
        return "\n".join([*table, *(f"- {sentence}" for sentence in self.sentences)])


def _cosine(value: float) -> str:
    """Near -1 what counts is how near."""
    return f"-1 + {1 + value:.1g}" if value < -0.995 else f"{value:.2f}"


def _small(error: float) -> str:
    return f"{error:.4g}" if error >= 1e-10 else "< 1e-10"


def diagnose(fit: Fit, x: object = None, fits: Iterable[Fit] = (), *, mask: object = None) -> Diagnosis:
    """All diagnostics that apply to a fit, with what they mean.

    Parameters
    ----------
    fit
        A fit of any network. Of CP: whether terms cancel, condition, core consistency; of trees: what the bonds carry.
    x
        The data it was made of, for what needs them: core consistency, and the residuals slice by slice.
    fits
        Other fits of the same data, from other starts: of CP, whether they have found the same components.
    mask
        True where `x` was observed.

    Raises
    ------
    DataError
        When `x` or `mask` are no data.
    FitError
        When `x` or `fits` do not belong to the fit.

    Examples
    --------
    >>> from workbench.data import planted
    >>> from workbench.decomposition import decompose
    >>> x = planted("cp", (8, 9, 10), 2, noise=0.01).x
    >>> found = diagnose(decompose(x, "cp", ranks=2), x)
    >>> found.degenerate, found.core_consistency > 99
    (False, True)
    >>> found.sentences
    ('sound: no two terms cancel',)
    """
    net = fit.network
    numbers = numbers_of(net, fit.cores)
    value = net.contract({name: numbers[name] for name in fit.cores})
    whole = norm(value)
    parts = sensitivities(net, fit.cores)
    total = sum(parts.values())
    form = form_of(net)
    others = tuple(fits)
    if others and form is None:
        raise FitError(f"fits are compared by their factors, and {net.einsum!r} is no CP; leave fits out")
    left = None if x is None else residuals(x, fit, mask=mask)
    noise = sum(parts[name] * norm(numbers[name]) ** 2 / numbers[name].numel() for name in net.free)
    least = len(parts) * math.prod(parts.values()) ** (1 / len(parts)) if form is None else _least(fit)
    return Diagnosis(
        fit=fit,
        error=fit.error if left is None else left.error,
        sensitivity=total,
        amplification=math.sqrt(noise) / whole if whole else math.inf,
        shared=total / least if least else 1.0,
        degeneracy=None if form is None else _degeneracy(fit, whole),
        condition=None if form is None else _condition(fit),
        core_consistency=None if form is None or x is None else core_consistency(x, fit, mask=mask),
        fits=others,
        matches=tuple(factor_match(fit, other) for other in others),
        spectra={} if as_tree(net) is None else bond_spectra(fit),
        residuals=left,
    )


def _condition(fit: Fit) -> float | None:
    try:
        return condition(fit)
    except FitError:  # too large a matrix
        return None


def _least(fit: Fit) -> float:
    """The sensitivity of the same rank-one terms with their norms shared in the best way, by the inequality of means."""
    terms = terms_of(fit, "the degeneracy")
    return _unit(fit) * float((terms.norms ** (2 - 2 / len(terms.columns))).sum())


def _unit(fit: Fit) -> float:
    """N (n_1 ... n_N)^(1/N)."""
    lengths = [copies(fit.network, name) for name in fit.network.tensors]
    return len(lengths) * math.exp(sum(map(math.log, lengths)) / len(lengths))


def _degeneracy(fit: Fit, whole: float) -> Degeneracy:
    terms = terms_of(fit, "the degeneracy")
    norms = terms.norms / whole if whole else terms.norms
    power = 2 - 2 / len(terms.columns)
    return Degeneracy(cosines(terms), norms, _unit(fit) * terms.rank ** (1 - power) * whole**power)


# ---- sentences ------------------------------------------------------------------------------------------------------


def _on_terms(found: Diagnosis) -> list[str]:
    at = found.degeneracy
    if at is None:
        return []
    cosine = f"cosine {_cosine(at.cosine)}"
    said = []
    if at.found:
        worse = f"sensitivity {found.sensitivity:.2g}" + (
            f", {found.sensitivity / at.floor:.2g} times its floor" if at.floor else ""
        )
        if at.cosine <= NEARLY:
            said.append(
                f"degenerate: terms {at.pair[0]} and {at.pair[1]} cancel ({cosine}), the largest is {float(at.norms.max()):.3g} times the fit, "
                f"{worse}; repair with wb.stabilise(fit, x)"
            )
        else:
            said.append(
                f"degenerate: terms {float(at.norms.max()):.3g} times the fit cancel together, {worse}; repair with wb.stabilise(fit, x)"
            )
    elif at.cosine <= NEARLY:
        said.append(
            f"near degeneracy: terms {at.pair[0]} and {at.pair[1]} nearly cancel ({cosine}); wb.stabilise(fit, x, error=...) parts them for a little more error"
        )
    else:
        said.append("sound: no two terms cancel")
    if found.condition is not None and found.condition > 1e3:
        many = "without bound" if math.isinf(found.condition) else f"by up to {found.condition:.2g}"
        said.append(f"ill-conditioned: a change of the value by 1 can move the terms {many}")
    return said


def _on_structure(found: Diagnosis) -> list[str]:
    said = []
    if (percent := found.core_consistency) is not None and percent <= 90:
        said.append(
            f"core consistency {percent:.3g} %: "
            + ("the structure is doubtful" if percent > 50 else "terms interact, there are too many or they cancel")
        )
    rivals = [
        score for score, other in zip(found.matches, found.fits, strict=True) if other.error <= 1.01 * found.fit.error
    ]
    if rivals:
        alike = sum(score >= 0.95 for score in rivals)
        many = f"{len(rivals)} other fit{'' if len(rivals) == 1 else 's'} as good"
        if alike == len(rivals):
            said.append(f"{many} found the same terms")
        else:
            said.append(f"{many}, {alike} with the same terms: the data do not determine them, or not at this rank")
    return said


def _on_bonds(found: Diagnosis) -> list[str]:
    said = []
    for bond, values in found.spectra.items():
        idle = int((values <= 1e-6 * values.max()).sum())
        if idle and idle < len(values):
            said.append(f"bond {bond} could be smaller by {idle}: its last values are below 1e-6 of the first")
    return said


def _on_slices(found: Diagnosis) -> list[str]:
    said: list[str] = []
    if found.residuals is None:
        return said
    for leg, squares in found.residuals.slices.items():
        at, share = found.residuals.worst(leg)
        if found.error > 1e-10 and len(squares) > 2 and share > max(0.3, 5 / len(squares)):
            said.append(f"slice {at} of {leg} holds {100 * share:.0f} % of the squared error: look at it")
    return said
