"""Cores that must be non-negative, or have orthonormal columns: what is refused, where they start, how they are solved for.

One core's least-squares problem comes as normal equations (see `workbench.decomposition._als`): minimise
z^H G z - 2 Re z^H b, the unknowns of shape (batch, rows, columns) holding the summed indices as rows and the core's own
legs as columns. A non-negative z is the same as a non-negative core: where a core is larger than its unknowns, these are
spread evenly or set on a diagonal.

The core's *unfolding* is the matrix U (columns x rows) with its own legs in front, z transposed. Orthonormal columns,
U^H U = 1, then mean ||x - U M||^2 = ||x||^2 + ||M||^2 - 2 Re tr U^H x M^H: only the last term moves, and x M^H is b transposed.
"""

import math
from collections.abc import Iterable

import torch

from workbench.decomposition._errors import FitError
from workbench.network import Network, did_you_mean

EXACT = 1e-20  # squared steps below this fraction of the objective are rounding: relative gradients of 1e-10
DEAD = 1e-30  # diagonal entries below this fraction of the largest belong to components that vanish elsewhere
ROOM = 2**22  # entries of all the matrices that are factored at once
WORK = 3e8  # multiplications that solving column by column may take

# ---- what is refused ------------------------------------------------------------------------------------------------


def check_constraints(
    net: Network,
    nonnegative: Iterable[str],
    orthogonal: Iterable[str],
    freeze: Iterable[str],
    dtype: torch.dtype,
) -> tuple[frozenset[str], frozenset[str]]:
    """The names of the non-negative and of the orthogonal cores, once it is sure that they can be so.

    Parameters
    ----------
    nonnegative, orthogonal, freeze
        Names of tensors, as given to `decompose`; a string is one name.
    dtype
        Of the data.

    Raises
    ------
    FitError
        When a name is unknown or names a tensor that is fixed or frozen, when two constraints exclude each other, for
        non-negative cores of complex data, and for what `check_orthogonal` refuses.
    """
    positive, isometric, frozen = (_names(net, *given) for given in _given(nonnegative, orthogonal, freeze))
    if positive and dtype.is_complex:
        raise FitError(
            f"nonnegative={sorted(positive)}, but the data are complex, and complex numbers have no order; "
            "fit their absolute values, or drop the constraint"
        )
    for name in net.tensors:
        if name in positive & isometric:
            raise FitError(
                f"tensor {name!r} is asked to be both non-negative and orthogonal: its columns could then not overlap "
                "anywhere, which is clustering, not least squares; choose one of the two"
            )
        constraint = "nonnegative" if name in positive else "orthogonal" if name in isometric else None
        if constraint and name in frozen:
            raise FitError(
                f"tensor {name!r} is frozen and {constraint}; a frozen tensor keeps the numbers given, take it out of one of them"
            )
        if constraint and name in net.fixed:
            raise FitError(
                f"tensor {name!r} is fixed ({net.fixed[name]}) and not fitted, so it cannot be made {constraint}"
            )
    for name in net.tensors:
        if name in isometric:
            check_orthogonal(net, name)
    return positive, isometric


def _given(*constraints: Iterable[str]) -> Iterable[tuple[str, Iterable[str]]]:
    return zip(("nonnegative", "orthogonal", "freeze"), constraints, strict=True)


def _names(net: Network, argument: str, names: Iterable[str]) -> frozenset[str]:
    """The tensors named, all of them in the network."""
    try:
        found = (names,) if isinstance(names, str) else tuple(names)
    except TypeError:
        raise FitError(f"{argument} is {names!r}; it takes names of tensors, for example ['A', 'B']") from None
    for name in found:
        if name not in net.tensors:
            raise FitError(f"{argument} names tensor {name!r}, which is not there{did_you_mean(name, net.tensors)}")
    return frozenset(found)


def check_orthogonal(net: Network, name: str) -> None:
    """Refuse a core whose unfolding (own legs x summed indices) cannot have orthonormal columns.

    Raises
    ------
    FitError
        When the core has no leg of its own, fewer values along its legs than along its summed indices, or indices that
        make "its columns" mean something else: legs other tensors hold, too, repeated ones, sums it holds alone.
    """
    held = net.tensors[name]
    rows, columns = _unfolding(net, name)
    drop = f"take {name!r} out of orthogonal="
    for index in held:
        if index in rows + columns and held.count(index) == 1:
            continue
        if held.count(index) > 1:
            found = "is on it twice, so most of its entries do not count"
        elif index in net.legs:
            found = "is on other tensors, too: for each of its values the core has other columns"
        else:
            found = "is on no other tensor, so only its sum counts"
        raise FitError(f"tensor {name!r} cannot be orthogonal: index {index!r} {found}; {drop}")
    if not columns:
        raise FitError(
            f"tensor {name!r} cannot be orthogonal: it has no leg of its own, so there is no length its columns could have; {drop}"
        )
    length, count = _volume(net, columns), _volume(net, rows)
    if count > length:
        raise FitError(
            f"tensor {name!r} cannot have {count} orthonormal columns of length {length}: its legs {columns} have {length} "
            f"values, its summed indices {rows} have {count}; resize those to at most {length} in all, or {drop}"
        )


def _unfolding(net: Network, name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The summed indices other tensors hold, too, and the legs no other tensor holds: rows and columns of the unknowns."""
    elsewhere = {index for each, held in net.tensors.items() if each != name for index in held}
    held = tuple(dict.fromkeys(net.tensors[name]))
    rows = tuple(index for index in held if index not in net.legs and index in elsewhere)
    return rows, tuple(index for index in held if index in net.legs and index not in elsewhere)


def _volume(net: Network, indices: Iterable[str]) -> int:
    return math.prod(net.sizes[index] for index in indices)


# ---- where they start -----------------------------------------------------------------------------------------------


def nonnegative_start(core: torch.Tensor) -> torch.Tensor:
    """A core to start from: the absolute values, so that no component starts at zero, where it could get stuck."""
    return core.abs()


def orthonormal_start(net: Network, name: str, core: torch.Tensor) -> torch.Tensor:
    """The core nearest to this one whose unfolding has orthonormal columns, for a core that `check_orthogonal` lets pass."""
    rows, columns = _unfolding(net, name)
    held = net.tensors[name]
    turned = core.permute([held.index(index) for index in rows + columns])
    unknowns = turned.reshape(1, _volume(net, rows), _volume(net, columns))
    made = solve_orthogonal(unknowns).reshape(turned.shape)
    return made.permute([(rows + columns).index(index) for index in held]).contiguous()


# ---- how they are solved for ----------------------------------------------------------------------------------------


def solve_orthogonal(right: torch.Tensor) -> torch.Tensor:
    """The unknowns whose transpose U has orthonormal columns and which fit best: maximise Re tr U^H b^T over U^H U = 1.

    The solution is the polar factor P Q^H of b^T = P S Q^H, whatever the Gram matrix. Where b has not full rank there are
    several; this is one of them.

    Source: Schönemann (1966), the orthogonal Procrustes problem.

    Parameters
    ----------
    right
        (1, rows, columns) with columns >= rows, real or complex.

    Returns
    -------
    torch.Tensor
        (1, rows, columns): z with z^* z^T = 1, rows x rows.
    """
    left, _, turned = torch.linalg.svd(right.mT, full_matrices=False)
    polar: torch.Tensor = left @ turned
    return polar.mT


def solve_nonnegative(
    gram: torch.Tensor, right: torch.Tensor, start: torch.Tensor, sweeps: int = 30, enough: float = EXACT
) -> torch.Tensor:
    """Minimise z^T G z - 2 z^T b over z >= 0 for every G and b of a batch, G positive semi-definite, all real.

    Cyclic coordinate descent: each row in turn becomes its best non-negative self (hierarchical alternating least
    squares). Columns that a few sweeps have not finished are solved exactly, by block principal pivoting from the zeros
    the sweeps have found, unless that is too much work; what is left is swept on. No column's objective ever rises above
    that of its start.

    Source: Cichocki and Phan (2009), algorithm 2, for the sweeps; Kim and Park (2011), algorithm 2, for pivoting.

    Parameters
    ----------
    gram, right, start
        (batch, n, n), (batch, n, k) and (batch, n, k), in double precision. What is negative in `start` is first set to
        zero. Rows whose diagonal entry vanishes (their component is zero elsewhere) keep what `start` has there.
    sweeps
        How many sweeps at most; with three or fewer nothing is pivoted.
    enough
        A column is finished when the sum of squared steps it would take next, weighed by the diagonal of G, falls below
        this fraction of its objective.
    """
    begun = start.clamp(min=0)
    diagonal = gram.diagonal(dim1=-2, dim2=-1)
    live = diagonal > DEAD * diagonal.amax(-1, keepdim=True)
    inverse = torch.where(live, 1 / torch.where(live, diagonal, 1), 0).unsqueeze(-1)
    first = min(3, sweeps)
    z = begun
    for _ in range(first):
        z = _swept(gram, right, z, inverse)
    left = _going(gram, right, z, inverse, enough)
    if sweeps > first and 0 < int(left.sum()) <= WORK / gram.shape[-1] ** 3:
        z, left = _pivoted(gram, right, z, inverse, left)
    for _ in range(sweeps - first):
        if not left.any():
            break
        z = _swept(gram, right, z, inverse)
        left &= _going(gram, right, z, inverse, enough)
    return torch.where(_objective(gram, right, z) <= _objective(gram, right, begun), z, begun)


def _objective(gram: torch.Tensor, right: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
    """(batch, 1, k): z^T G z - 2 z^T b of every column."""
    return (z * (gram @ z - 2 * right)).sum(-2, keepdim=True)


def _swept(gram: torch.Tensor, right: torch.Tensor, z: torch.Tensor, inverse: torch.Tensor) -> torch.Tensor:
    """Each row in turn becomes its best non-negative self."""
    z = z.clone()
    for row in range(z.shape[-2]):
        at = slice(row, row + 1)
        z[:, at] = (z[:, at] + (right[:, at] - gram[:, at] @ z) * inverse[:, at]).clamp_(min=0)
    return z


def _going(
    gram: torch.Tensor, right: torch.Tensor, z: torch.Tensor, inverse: torch.Tensor, enough: float
) -> torch.Tensor:
    """(batch, k): whether the steps the rows would take next are still worth taking."""
    product = gram @ z
    steps = (z + (right - product) * inverse).clamp_(min=0) - z
    weighed = (steps.square() * gram.diagonal(dim1=-2, dim2=-1).unsqueeze(-1)).sum(-2)
    return weighed > enough * ((z * product).sum(-2) + (z * right).sum(-2).abs())


def _pivoted(
    gram: torch.Tensor, right: torch.Tensor, z: torch.Tensor, inverse: torch.Tensor, left: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """The columns marked in `left` solved exactly; and those that were not, with which zeros changing places to no end."""
    z, left = z.clone(), left.clone()
    batch, columns = left.nonzero(as_tuple=True)
    most = max(1, ROOM // gram.shape[-1] ** 2)
    for at, k in zip(torch.split(batch, most), torch.split(columns, most), strict=True):
        g, b, before, inv = gram[at], right[at, :, k].unsqueeze(-1), z[at, :, k].unsqueeze(-1), inverse[at]
        scale = inv.sqrt()  # to a unit diagonal, so that components of any size are told from rounding alike
        found, solved = _pivot(g * scale * scale.mT, scale * b, before > 0, inv > 0)
        found = torch.where(inv > 0, scale * found, before)
        better = solved.reshape(-1, 1, 1) & (_objective(g, b, found) <= _objective(g, b, before))
        z[at, :, k] = torch.where(better, found, before).squeeze(-1)
        left[at, k] = ~solved
    return z, left


def _pivot(
    gram: torch.Tensor, right: torch.Tensor, passive: torch.Tensor, live: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Block principal pivoting: (m, n, 1) solutions of m systems with unit diagonals, and (m,) which were reached.

    The entries are split into those at zero and those with a vanishing gradient; whichever breaks its rule (negative
    there, or with a negative gradient) changes sides. All at once as long as that leaves fewer to break one, then the
    last alone, which ends for certain.
    """
    m, n, _ = right.shape
    eps = torch.finfo(right.dtype).eps
    found, solved = torch.zeros_like(right), torch.zeros(m, dtype=torch.bool, device=right.device)
    going = torch.arange(m, device=right.device)
    passive = passive & live
    fewest, tries = torch.full_like(going, n + 1), torch.full_like(going, 3)
    order = torch.arange(1, n + 1, device=right.device).reshape(1, n, 1)
    for _ in range(20 + 5 * n):
        system = torch.where(passive & passive.mT, gram[going], 0)
        system.diagonal(dim1=-2, dim2=-1).copy_((1 + 4 * n * eps) * torch.ones_like(right[going, :, 0]))
        factor, _ = torch.linalg.cholesky_ex(system)
        z = torch.cholesky_solve(torch.where(passive, right[going], 0), factor)
        gradient = gram[going] @ z - right[going]
        wrong = torch.where(passive, z, gradient)
        size = torch.where(passive, z, right[going]).abs().amax(1, keepdim=True)
        wrong = live[going] & (wrong < -1e-12 * size)
        count = wrong.sum((1, 2))
        done = (count == 0) & z.isfinite().all(1).squeeze(1)
        found[going[done]], solved[going[done]] = z[done].clamp(min=0), True
        fewer = count < fewest
        fewest, tries = torch.minimum(fewest, count), torch.where(fewer, 3, tries - 1)
        last = order * wrong == (order * wrong).amax(1, keepdim=True)
        passive = passive ^ torch.where((tries >= 0).reshape(-1, 1, 1), wrong, wrong & last)
        passive, going, fewest, tries = (each[~done] for each in (passive, going, fewest, tries))
        if not len(going):
            break
    return found, solved
