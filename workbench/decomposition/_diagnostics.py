"""How good a CP fit is, beyond its error: do restarts agree, and is the structure there?"""

__all__ = ["core_consistency", "factor_match"]

import torch

from workbench.data import as_mask, as_tensor
from workbench.decomposition._canonical import Fitted, Terms, merged, projected, terms_of
from workbench.decomposition._errors import FitError
from workbench.decomposition._memory import require_memory


def factor_match(a: Fitted, b: Fitted, *, weights: bool = True) -> float:
    """How alike the factors of two CP fits are, from 0 to 1: the factor match score.

    The mean over the components, matched one to one for the highest mean, of the product over the modes of the columns'
    absolute cosines ``|a^H b| / (||a|| ||b||)``, and with `weights` of ``1 - |s - t| / max(s, t)``, where s and t are the
    norms of the two rank-one terms. Order, scale and signs of the columns do not matter. Two starts that score above
    0.95 have found the same components; a low score between fits of equal error says that the components are not
    determined by the data.

    Parameters
    ----------
    a, b
        CP fits of the same rank whose factors have the same legs; a `workbench.data.Planted` will do, too.
    weights
        Whether terms of unlike norms count as unlike.

    Raises
    ------
    FitError
        When one is no CP, or legs, sizes or ranks differ.

    References
    ----------
    Acar, Dunlavy, Kolda and Mørup, Scalable tensor factorizations for incomplete data (2011); the
    congruence is Tucker's, see Tomasi and Bro (2006). The matching is a linear assignment.

    Examples
    --------
    >>> from workbench.data import planted
    >>> from workbench.decomposition import decompose
    >>> data = planted("cp", (8, 9, 10), 3, noise=0.01)
    >>> factor_match(decompose(data.x, "cp", ranks=3), data) > 0.95
    True
    """
    table, pairs = matched(a, b, weights=weights)
    return float(sum(table[i, j] for i, j in enumerate(pairs)) / len(pairs))


def matched(a: Fitted, b: Fitted, *, weights: bool = True) -> tuple[torch.Tensor, list[int]]:
    """The likeness of every component of `a` (rows) with every one of `b`, and which of `b` is matched to each of `a`."""
    from scipy.optimize import linear_sum_assignment

    one, two = terms_of(a, "the factor match score"), terms_of(b, "the factor match score")
    sizes = [_sizes(each, fit) for each, fit in ((one, a), (two, b))]
    if sizes[0] != sizes[1]:
        raise FitError(
            f"the factors do not compare: {sizes[0]} and {sizes[1]}; give two CP fits of one rank, of the same data"
        )
    table = _likeness(one, two, weights).cpu()
    return table, [int(j) for j in linear_sum_assignment(table.numpy(), maximize=True)[1]]


def _sizes(terms: Terms, fit: Fitted) -> str:
    legs = (" × ".join(f"{leg} {fit.network.sizes[leg]}" for leg in each) for _, each in terms.form.factors)
    return f"{', '.join(legs)}; rank {terms.rank}"


def _likeness(one: Terms, two: Terms, weights: bool) -> torch.Tensor:
    s, t = one.norms.unsqueeze(1), two.norms.to(one.norms.device).unsqueeze(0)
    larger = torch.maximum(s, t)
    table = 1 - (s - t).abs() / torch.where(larger > 0, larger, 1) if weights else torch.ones_like(larger)
    for left, right in zip(one.columns, two.columns, strict=True):
        dtype = torch.promote_types(left.dtype, right.dtype)
        table = table * (left.mH.to(dtype) @ right.to(left.device, dtype)).abs()
    return torch.where(larger > 0, table.clamp(max=1.0), 1.0)  # two terms that are zero are alike


def core_consistency(x: object, fit: Fitted, *, mask: object = None) -> float:
    """Whether the data have the structure of CP, in percent: the core consistency of a CP fit.

    The factors are kept, and the best Tucker core for them is computed. Where the structure is right that core is the
    identity, and the value is 100; ``100 (1 - ||G - I||^2 / R)`` falls, also below 0, as the components mix. Above 90 is
    usually read as sound, below 50 as too many components; a converged fit of one component always has 100.

    The core is ``x`` times the pseudo-inverse of each factor along its mode: no Kronecker product is formed. Off the
    diagonal it depends on how the norm of a component is shared among its columns; they share it evenly here, as in
    the N-way toolbox. Where a factor has more columns than rows the core is not unique; the smallest is taken.

    Parameters
    ----------
    x
        The data, as `workbench.data.as_tensor` takes them.
    fit
        A CP fit of `x`.
    mask
        True where `x` was observed; in the gaps the fit's own value is taken.

    Raises
    ------
    FitError
        When the fit is no CP or has another shape than `x`, or the core of R^N entries does not fit in memory.

    References
    ----------
    Bro and Kiers, A new efficient method for determining the number of components in PARAFAC models (2003).

    Examples
    --------
    >>> from workbench.data import planted
    >>> from workbench.decomposition import decompose
    >>> x = planted("cp", (10, 11, 12), 3, noise=0.1).x
    >>> core_consistency(x, decompose(x, "cp", ranks=3)) > 90
    True
    >>> core_consistency(x, decompose(x, "cp", ranks=6)) < 50
    True
    """
    data = as_tensor(x) if mask is None else _filled(x, mask, fit)
    if tuple(data.shape) != fit.network.shape:
        raise FitError(f"x has shape {tuple(data.shape)}, the fit {fit.network.shape}; give the data it was made of")
    terms = terms_of(fit, "core consistency")
    order = len(terms.columns)
    needed = 16 * (terms.rank**order * 2 + data.numel())
    require_memory(needed, data.device, f"the core of {terms.rank}^{order} entries")
    bases, inverses = [], []
    for factor in terms.balanced:
        q, r = torch.linalg.qr(factor)  # the data meet an orthonormal basis; only what is small is inverted
        bases.append(q)
        inverses.append(torch.linalg.pinv(r).mH)
    dtype = torch.promote_types(data.dtype, next(iter(fit.cores.values())).dtype)
    small = projected(merged(data.to(dtype), fit.network, terms.form), [q.to(dtype) for q in bases])
    core = projected(small.to(inverses[0].dtype), inverses)
    diagonal = torch.arange(terms.rank, device=core.device)
    core[(diagonal,) * order] -= 1
    return 100 * (1 - float(torch.linalg.vector_norm(core)) ** 2 / terms.rank)


def _filled(x: object, mask: object, fit: Fitted) -> torch.Tensor:
    data = as_tensor(x, mask=mask)
    seen = as_mask(mask, data)
    return torch.where(seen, data, fit.network.contract(fit.cores))
