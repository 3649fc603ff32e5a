"""CP of one rank after the other: many starts each, in a small core; and the same from either half of the data.

What is fitted twice, to two halves of an axis that share no entry, tells two things: how well entries are predicted that
were not seen, and whether the same components come out.

Source: Psarras, Karlsson, Bientinesi and Li, Concurrent alternating least squares (2020), for fused starts; Harshman and
De Sarbo, An application of PARAFAC to a small sample problem (1984), for split-half analysis; Owen and Perry,
Bi-cross-validation of the SVD (2009), for predicting a block of held-out entries from the others.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import torch

from workbench.decomposition._als import Cores, value_of
from workbench.decomposition._compress import SPARE, Compressed, compress
from workbench.decomposition._cp import cp_sweeps
from workbench.decomposition._diagnostics import core_consistency, factor_match
from workbench.decomposition._fit import Fit
from workbench.decomposition._gauss_newton import gauss_newton_fits, gauss_newton_sweeps
from workbench.decomposition._numbers import norm, solve, wide
from workbench.decomposition._rank_evidence import AGREE, Evidence, RankScore, exact_below, held_out_errors, noise_bound
from workbench.network import Network, cp

SWEEPS = 60
STEPS = 10
TOGETHER = 3
"""So many starts, those that went lowest, go on by Gauss-Newton steps."""
FALLING = 50
"""So many steps more the best one may take while each still takes off a hundredth: data without noise can be fitted exactly."""
SETTLED = 1e-5
LEAST = 4
"""So many slices an axis has that can be halved."""
TRIES = 6
"""Random starts of the one component that is added to the best fit of the rank before."""

Factors = list[torch.Tensor]


@dataclass(frozen=True, eq=False)
class Stage:
    """What was found for one rank: the starts, the best one first.

    Attributes
    ----------
    squares
        ``||core - value||^2`` of every start.
    factors
        (starts, width, rank), one an axis of the core.
    """

    squares: torch.Tensor
    factors: Factors

    @property
    def rank(self) -> int:
        return int(self.factors[0].shape[-1])

    def start(self, number: int) -> Factors:
        return [factor[number] for factor in self.factors]


def compressed(x: torch.Tensor, up_to: int, seed: int) -> Compressed:
    """The data in enough directions of every axis for `up_to` components, in double precision."""
    found = compress(x.contiguous(), [min(up_to + SPARE, size) for size in x.shape], exact=False, seed=seed)
    return Compressed(found.core.to(wide(x.dtype)), found.bases, found.outside)


def cp_scan(core: torch.Tensor, up_to: int, starts: int, seed: int) -> list[Stage]:
    """Fit ranks 1, 2, ... to a small core.

    One start of each rank is the best of the rank before with one more component, fitted to what that left over, so that
    the error falls from rank to rank; the others are random. All are swept together, and the best few go on by
    Gauss-Newton steps, since sweeps crawl where factors are nearly collinear.
    """
    generator = torch.Generator().manual_seed(seed)
    stages: list[Stage] = []
    for rank in range(1, up_to + 1):
        start = _random(core, starts, rank, generator)
        if stages:
            grown = _grown(core, stages[-1].start(0), generator)
            for factors, first in zip(start, grown, strict=True):
                factors[0] = first
        stages.append(_refined(core, _swept(core, start, SWEEPS)))
    return stages


def _random(core: torch.Tensor, starts: int, rank: int, generator: torch.Generator) -> Factors:
    shapes = [(starts, size, rank) for size in core.shape]
    return [torch.randn(shape, generator=generator, dtype=core.dtype).to(core.device) for shape in shapes]


def _grown(core: torch.Tensor, factors: Factors, generator: torch.Generator) -> Factors:
    """One component more: the best of the residual."""
    net = cp(core.shape, int(factors[0].shape[1]))
    residual = core - value_of(net, dict(zip(net.tensors, factors, strict=True)))
    one = _swept(residual, _random(core, TRIES, 1, generator), SWEEPS // 4).start(0)
    return [torch.cat([old, new], dim=1) for old, new in zip(factors, one, strict=True)]


def _swept(core: torch.Tensor, start: Factors, sweeps: int) -> Stage:
    """Sweeps over all starts, until all have settled."""
    return _last(((squares, factors) for factors, squares in cp_sweeps(core, start)), sweeps, SETTLED)


def _refined(core: torch.Tensor, stage: Stage) -> Stage:
    """Gauss-Newton steps for the best few starts, and more of them for the best one."""
    if stage.rank == 1 or not gauss_newton_fits(net := cp(core.shape, stage.rank), tuple(net.tensors)):
        return stage
    few = min(TOGETHER, len(stage.squares))
    best = _stepped(core, net, [factor[:few] for factor in stage.factors], STEPS, SETTLED)
    first = _stepped(core, net, [factor[:1] for factor in best.factors], FALLING, 1e-2)
    parts = (first, slice(1)), (best, slice(1, few)), (stage, slice(few, None))
    return Stage(
        torch.cat([each.squares[part] for each, part in parts]),
        [torch.cat([each.factors[axis][part] for each, part in parts]) for axis in range(core.ndim)],
    )


def _stepped(core: torch.Tensor, net: Network, factors: Factors, most: int, tol: float) -> Stage:
    names = tuple(net.tensors)
    start = dict(zip(names, factors, strict=True))
    steps = gauss_newton_sweeps(core, net, start, names, len(factors[0]))
    return _last(((squares, [cores[name] for name in names]) for cores, squares in steps), most, tol)


def _last(sweeps: Iterator[tuple[torch.Tensor, Factors]], most: int, tol: float) -> Stage:
    """What the sweeps end with, once all starts have settled, and after `most` in any case."""
    squares, factors = next(sweeps)
    for new, factors in islice(sweeps, most - 1):  # noqa: B007 - the last are kept
        settled = bool((squares - new <= tol * squares).all())
        squares = new
        if settled:
            break
    order = squares.argsort()
    return Stage(squares[order], [factor[order] for factor in factors])


def _grown_back(stage: Stage, small: Compressed) -> Factors:
    """The factors of the best start, (size, rank), of the data's size."""
    return [
        factor if basis is None else basis.to(factor.dtype) @ factor
        for factor, basis in zip(stage.start(0), small.bases, strict=True)
    ]


# ---- what is found --------------------------------------------------------------------------------------------------


def evidence_of(x: torch.Tensor, up_to: int, starts: int, seed: int) -> Evidence:
    """Scores of ranks 1 to `up_to` for complete data of three axes or more."""
    small = compressed(x, up_to, seed)
    stages = cp_scan(small.core, up_to, starts, seed)
    whole = norm(x) ** 2
    squares = [float(stage.squares[0]) + small.outside for stage in stages]
    each = sum(x.shape) - x.ndim + 1  # numbers a component is made of, but for the scales of its columns
    variance = squares[-1] / max(x.numel() - up_to * each, 1)
    rounding = exact_below(x.dtype) ** 2 * whole
    bound = noise_bound(x.shape)
    split = halves(x, up_to, max(2, starts // 3), seed) if max(x.shape) >= LEAST else None
    errors = held_out_errors(split.lost, whole) if split else [math.nan] * up_to
    scores, found = [], []
    for stage, left, before, error in zip(stages, squares, [whole, *squares], errors, strict=False):
        agreeing, match, consistency = _agreement(small.core, stage, bound * variance)
        scores.append(
            RankScore(
                rank=stage.rank,
                parameters=stage.rank * sum(x.shape),
                error=math.sqrt(left / whole),
                held_out=error,
                halves=float(split.matches[stage.rank - 1][0]) if split else math.nan,
                gain=(before - left) / variance
                if squares[-1] > rounding
                else math.inf
                if before - left > rounding
                else 0.0,
                agreeing=agreeing,
                match=match,
                consistency=consistency,
            )
        )
        found.append(_cores(x, _grown_back(stage, small)))
    return Evidence(
        scores=tuple(scores),
        cores=tuple(found),
        lost=split.lost if split else None,
        bound=bound,
        noise=math.sqrt(variance * x.numel() / whole),
        parts=f"half of axis {split.axis}" if split else "",
        starts=starts,
        exact=exact_below(x.dtype),
    )


def _cores(x: torch.Tensor, factors: Factors) -> Cores:
    net = cp(tuple(x.shape), int(factors[0].shape[1]))
    return {name: factor.to(x.dtype) for name, factor in zip(net.tensors, factors, strict=True)}


def _agreement(core: torch.Tensor, stage: Stage, slack: float) -> tuple[int, float, float]:
    """How many starts ended in the best one's components, the mean match of those that reached its error, consistency."""
    best = _small_fit(core, stage, 0)
    reached = [at for at in range(1, len(stage.squares)) if stage.squares[at] <= stage.squares[0] + slack]
    matches = [factor_match(best, _small_fit(core, stage, at)) for at in reached]
    mean = sum(matches) / len(matches) if matches else math.nan
    return 1 + sum(match > AGREE for match in matches), mean, core_consistency(core, best)


def _small_fit(core: torch.Tensor, stage: Stage, number: int) -> Fit:
    net = cp(tuple(core.shape), stage.rank)
    return Fit(net, dict(zip(net.tensors, stage.start(number), strict=True)), 0.0, (0.0,), True)


# ---- halves ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Halves:
    """What two halves of an axis say of ranks 1, 2, ...

    Attributes
    ----------
    axis
        The longest axis, whose slices are shared out at random.
    lost
        (ranks, slices): ``||slice - prediction||^2``, each slice predicted from the components of the half without it.
    whole
        ``||x||^2``.
    matches
        For each rank, how alike the components of the two halves are on the other axes, the worst one first.
    """

    axis: int
    lost: torch.Tensor
    whole: float
    matches: list[torch.Tensor]


def halves(x: torch.Tensor, up_to: int, starts: int, seed: int) -> Halves:
    """Fit either half of the longest axis, predict the other, compare the components.

    A slice that was held out is known by the half of its entries, chosen at random: these give the weights of the
    components in it, and the other half is predicted with them; then the other way round.
    """
    axis = max(range(x.ndim), key=lambda each: x.shape[each])
    turned = x.movedim(axis, 0)
    generator = torch.Generator().manual_seed(seed)
    slices = torch.randperm(len(turned), generator=generator).to(x.device).tensor_split(2)
    entries = torch.randperm(turned[0].numel(), generator=generator).to(x.device).tensor_split(2)
    lost = torch.zeros(up_to, len(turned), dtype=torch.float64, device=x.device)
    found: list[list[Factors]] = []
    for here, there in (slices, slices[::-1]):
        half = turned[here].contiguous()
        small = compressed(half, up_to, seed)
        stages = cp_scan(small.core, up_to, starts, seed)
        unseen = turned[there].reshape(len(there), -1)
        found.append([])
        for rank, stage in enumerate(stages):
            columns = [factor / _lengths(factor) for factor in _grown_back(stage, small)[1:]]
            found[-1].append(columns)
            lost[rank, there] = _unpredicted(unseen, columns, entries)
    matches = [_matched(a, b) for a, b in zip(*found, strict=True)]
    return Halves(axis, lost.cpu(), float(torch.linalg.vector_norm(turned, dtype=wide(x.dtype))) ** 2, matches)


def _lengths(factor: torch.Tensor) -> torch.Tensor:
    lengths = torch.linalg.vector_norm(factor, dim=0)
    return torch.where(lengths > 0, lengths, 1)


def _unpredicted(
    unseen: torch.Tensor, columns: Sequence[torch.Tensor], entries: Sequence[torch.Tensor]
) -> torch.Tensor:
    """(slices,): the squares that are left when either half of the entries is predicted from the other."""
    design = columns[0]
    for column in columns[1:]:
        design = (design.unsqueeze(1) * column.unsqueeze(0)).reshape(-1, design.shape[1])
    lost = torch.zeros(len(unseen), dtype=torch.float64, device=unseen.device)
    for known, asked in (entries, entries[::-1]):
        a, b = design[known], unseen[:, known].to(design.dtype).T
        gram, right = a.mH @ a, a.mH @ b
        weights = solve(gram[None], right[None], torch.zeros_like(right)[None], torch.finfo(design.dtype).eps)[0]
        left = unseen[:, asked].to(design.dtype) - (design[asked] @ weights).T
        lost += torch.linalg.vector_norm(left, dim=1).square()
    return lost


def _matched(a: Sequence[torch.Tensor], b: Sequence[torch.Tensor]) -> torch.Tensor:
    """Cosines of the components of two fits, matched one to one, the least first."""
    from scipy.optimize import linear_sum_assignment

    table = math.prod(((one.mH @ other).abs() for one, other in zip(a, b, strict=True)), start=torch.ones(()))
    rows, found = linear_sum_assignment(table.cpu().numpy(), maximize=True)
    return table.cpu()[torch.as_tensor(rows), torch.as_tensor(found)].sort().values
