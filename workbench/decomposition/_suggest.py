"""`suggest_rank`: the rank it recommends, and its reasons."""

__all__ = ["RankSuggestion", "suggest_rank"]

import math
from dataclasses import dataclass

import torch

from workbench.data import as_mask, as_tensor
from workbench.decomposition._bond_floor import BondScore, bond_scores, floor_reasons
from workbench.decomposition._decompose import decompose
from workbench.decomposition._errors import FitError
from workbench.decomposition._fit import Fit
from workbench.decomposition._landscape import rank_landscape
from workbench.decomposition._memory import require_memory
from workbench.decomposition._numbers import wide
from workbench.decomposition._rank_choice import carried
from workbench.decomposition._rank_evidence import Evidence, RankScore
from workbench.decomposition._rank_observed import evidence_of_observed
from workbench.decomposition._rank_reasons import reasons_for, table_lines
from workbench.decomposition._rank_scan import evidence_of
from workbench.network import FAMILIES, Network, did_you_mean

FAMILIES_OF_TREES = ("tucker", "tensor_train", "tree", "hierarchical_tucker")


@dataclass(frozen=True, eq=False, repr=False)
class RankSuggestion:
    """What `suggest_rank` recommends.

    Attributes
    ----------
    rank : int or tuple of int
        The number of components; for other families than CP one rank a bond.
    reasons : tuple of str
        Why, in sentences.
    table : tuple of RankScore, or of BondScore
        What was found for every number of components from 1 on; for other families, for every bond.
    network : Network
        The network with this rank.
    fit : Fit
        CP: the best fit found with this rank; other families: the closed form.
    noise : float
        The estimated size of the noise, ``||noise|| / ||x||``.
    code : str
        The line of Python that fits it, for data called ``x``.

    Examples
    --------
    >>> from workbench.data import planted
    >>> x = planted("cp", (20, 21, 22), 3, noise=0.3).x
    >>> found = suggest_rank(x, up_to=5)
    >>> found.rank, found.table[2].parameters
    (3, 189)
    """

    rank: int | tuple[int, ...]
    reasons: tuple[str, ...]
    table: tuple[RankScore, ...] | tuple[BondScore, ...]
    network: Network
    fit: Fit
    noise: float
    code: str

    def __repr__(self) -> str:
        family = self.code.split('"')[1]
        lines = [f"RankSuggestion({family}: rank {self.rank})"]
        lines += table_lines(self.table, self.rank)
        return "\n".join([*lines, *(f"- {reason}" for reason in self.reasons)])


def suggest_rank(
    x: object,
    network: str = "cp",
    *,
    up_to: int = 10,
    mask: object = None,
    starts: int = 10,
    seed: int = 0,
) -> RankSuggestion:
    """Recommend a rank, and say why.

    **CP**: ranks 1 to `up_to` are fitted from many starts, in a small core, and so are two halves of the data. The rank is
    the largest whose components predict entries that were held out, come out of both halves, and stand out of the noise.
    Core consistency and the agreement of starts are reported; they do not decide, since noise, collinear factors and
    unlucky starts spoil them where the rank is right.

    **Other families**: the singular values of each bond that stand out of noise, from `rank_landscape`.

    What is assumed is noise that is independent from entry to entry. Data that are no sum of components have no such rank;
    then the findings disagree, and the reasons say so.

    Parameters
    ----------
    x
        What `workbench.data.as_tensor` takes, real or complex. For CP of three axes or more.
    network
        ``"cp"``, ``"tucker"``, ``"tensor_train"``, ``"tree"`` or ``"hierarchical_tucker"``.
    up_to
        The largest number of components tried.
    mask
        Bool, True where `x` was observed. For CP alone; the halves are then two halves of the observed entries.
    starts
        Of each rank.
    seed
        Of all random numbers.

    Raises
    ------
    DataError
        When `x` holds integers, NaN or infinities outside the gaps, or is no data at all.
    FitError
        When an argument is out of its range, or there is no rank to choose: zeros, or too few axes.

    References
    ----------
    Harshman and De Sarbo, An application of PARAFAC to a small sample problem (1984), split halves; Owen and Perry,
    Bi-cross-validation of the SVD (2009); Bro and Kiers, A new efficient method for determining the number of components in
    PARAFAC models (2003); Kritchman and Nadler, Determining the number of components in a factor model from limited noisy
    data (2008); Psarras, Karlsson, Bientinesi and Li, Concurrent alternating least squares (2020).

    Examples
    --------
    >>> from workbench.data import planted
    >>> x = planted("tucker", (20, 21, 22), (2, 3, 4), noise=0.3).x
    >>> suggest_rank(x, "tucker").rank
    (2, 3, 4)
    """
    x = as_tensor(x, mask=mask)
    seen = None if mask is None else as_mask(mask, x)
    _check(x, network, up_to, seen, starts, seed)
    largest = float(torch.linalg.vector_norm(x, math.inf))
    if not largest:
        raise FitError("x is zero everywhere, so that every rank fits it and none is to be preferred; give other data")
    if network != "cp":
        return _of_tree(x, network)
    scale = 1.0 if 1e-9 < largest < 1e9 else largest
    evidence = _evidence(x / scale if scale != 1.0 else x, seen, up_to, starts, seed)
    cores = dict(evidence.cores[evidence.rank - 1])
    name, core = next(iter(cores.items()))
    cores[name] = core * scale
    net = FAMILIES["cp"](tuple(x.shape), evidence.rank)
    masked = "" if seen is None else ", mask=mask"
    return RankSuggestion(
        evidence.rank,
        reasons_for(evidence),
        evidence.scores,
        net,
        decompose(x, net, mask=seen, init=cores),
        evidence.noise,
        f'wb.decompose(x, "cp", ranks={evidence.rank}{masked}, starts={starts})',
    )


def _evidence(x: torch.Tensor, seen: torch.Tensor | None, up_to: int, starts: int, seed: int) -> Evidence:
    if seen is None or bool(seen.all()):
        return evidence_of(x.to(wide(x.dtype)), up_to, starts, seed)
    return evidence_of_observed(x, seen, up_to, starts, seed)


def _of_tree(x: torch.Tensor, family: str) -> RankSuggestion:
    land = rank_landscape(x, family)
    tails = [errors**2 for errors in land.bond_errors.values()]
    scores, noise = bond_scores(land.bonds, tails, x.numel(), 8 * torch.finfo(x.dtype).eps)
    net = carried(land.network.resize({score.bond: score.rank for score in scores}))
    ranks = tuple(net.sizes[bond] for bond in land.bonds)
    code = f'wb.decompose(x, "{family}", ranks={ranks})'
    return RankSuggestion(
        ranks,
        floor_reasons(scores, math.sqrt(noise)),
        scores,
        net,
        decompose(x, net, max_sweeps=1),
        math.sqrt(noise),
        code,
    )


def _check(x: torch.Tensor, network: str, up_to: int, seen: torch.Tensor | None, starts: int, seed: int) -> None:
    families = ("cp", *FAMILIES_OF_TREES)
    if network not in families:
        known = did_you_mean(network, families) if isinstance(network, str) else ""
        raise FitError(f"there is no rank to suggest for {network!r}{known}; network is one of {', '.join(families)}")
    for name, value, least in (("up_to", up_to, 1), ("starts", starts, 1), ("seed", seed, 0)):
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise FitError(f"{name} is {value!r}; it is a whole number of at least {least}")
    if network != "cp":
        if seen is not None and not bool(seen.all()):
            raise FitError(
                f"{network!r} has singular values only where every entry is known; fill the gaps, or ask for cp"
            )
        return
    if x.ndim < 3:
        raise FitError(
            f"x has {x.ndim} axes; the components of CP are determined from 3 axes on, of a matrix ask for 'tucker'"
        )
    most = x.numel() // max(x.shape)
    if up_to > most:
        raise FitError(
            f"up_to is {up_to}; a tensor of shape {tuple(x.shape)} is a sum of {most} components already, up_to={most} is the most"
        )
    require_memory(
        wide(x.dtype).itemsize * 3 * x.numel(), x.device, f"the ranks of {x.numel():,} entries and their halves"
    )
