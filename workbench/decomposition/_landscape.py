"""`rank_landscape`: what every choice of ranks loses, before anything is fitted."""

__all__ = ["RankLandscape", "rank_landscape"]

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import torch

from workbench.data import as_tensor
from workbench.decomposition._bond_tails import BondTails, bond_tails
from workbench.decomposition._core_table import CoreTable, Floats, outside, squared_core
from workbench.decomposition._decompose import _check_legs, decompose
from workbench.decomposition._errors import FitError
from workbench.decomposition._fit import Fit
from workbench.decomposition._memory import require_memory
from workbench.decomposition._numbers import wide
from workbench.decomposition._rank_choice import RankChoice
from workbench.decomposition._trees import Tree, as_tree
from workbench.network import FAMILIES, Network, did_you_mean

ROUNDING = 8
"""Errors below so many times the precision of the data are told from zero by nothing but rounding."""


@dataclass(frozen=True, eq=False, repr=False)
class RankLandscape:
    """What `rank_landscape` found: the error, or bounds on it, for every choice of ranks.

    Attributes
    ----------
    x : torch.Tensor
        The data, not copied.
    network : Network
        The structure; a family given by name has ranks of 1 here.
    bonds : tuple of str
        The bonds, in the order in which ranks are given.
    caps : tuple of int
        The largest rank of each bond that the data can fill.
    exact : bool
        Whether `error` and `best` speak of exact errors of the truncated higher-order SVD (Tucker, and every network of
        one core with factors around it), or of bounds (all other trees).

    Examples
    --------
    >>> x = torch.rand(8, 9, 10, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    >>> land = rank_landscape(x)
    >>> land
    RankLandscape(tucker of 8 × 9 × 10: the exact errors of 720 core shapes)
    >>> choice = land.best(parameters=100)
    >>> choice.ranks, choice.parameters, choice.code
    ((3, 2, 3), 90, 'wb.decompose(x, "tucker", ranks=(3, 2, 3))')
    """

    x: torch.Tensor
    network: Network
    family: str | None
    _errors: CoreTable | BondTails

    @property
    def bonds(self) -> tuple[str, ...]:
        return self.network.bonds

    @property
    def caps(self) -> tuple[int, ...]:
        return self._errors.caps

    @property
    def exact(self) -> bool:
        return self._errors.exact

    @property
    def bond_errors(self) -> Mapping[str, Floats]:
        """For each bond, the error that ranks 1, 2, ... of this bond alone cause, at least: the root of the squared singular values left out."""
        return MappingProxyType(
            {bond: np.sqrt(tail) for bond, tail in zip(self.bonds, self._errors.tails, strict=True)}
        )

    def error(self, ranks: int | Sequence[int]) -> float:
        """The exact relative error of the closed form with these ranks, never squared.

        Of Tucker, the truncated higher-order SVD's, looked up. Of other trees, that of `decompose` without sweeps,
        computed now.

        Raises
        ------
        FitError
            When the ranks do not fit the bonds or are beyond what the data can fill.
        """
        ranks = self._checked(ranks)
        if self.exact:
            return math.sqrt(self._errors.square(ranks))
        return decompose(self.x, self.network.resize(dict(zip(self.bonds, ranks, strict=True))), max_sweeps=1).error

    def bounds(self, ranks: int | Sequence[int]) -> tuple[float, float]:
        """What no network with these ranks can go below, and what the closed form does not go above.

        The lower is the largest of the bonds' own errors. The upper is the error itself where it is exact, elsewhere the
        root of the sum of the squares that the bonds leave out.
        """
        ranks = self._checked(ranks)
        square = self._errors.square(ranks)
        lower = max(float(tail[rank - 1]) for tail, rank in zip(self._errors.tails, ranks, strict=True))
        return math.sqrt(min(lower, square, 1.0)), math.sqrt(
            min(square, 1.0)
        )  # projections are no longer than the data

    def over(self, down: str, across: str) -> Floats:
        """The errors (or bounds) for the ranks 1, 2, ... of two bonds, all other ranks being full.

        Raises
        ------
        FitError
            When these are not two of the landscape's bonds.
        """
        for bond in (down, across):
            if bond not in self.bonds:
                raise FitError(f"there is no bond {bond!r}{did_you_mean(bond, self.bonds)}; there are {self.bonds}")
        if down == across:
            raise FitError(f"a map needs two bonds, and {down!r} is given twice")
        return np.sqrt(self._errors.over(self.bonds.index(down), self.bonds.index(across)))

    def choice(self, ranks: int | Sequence[int]) -> RankChoice:
        """These ranks as a `RankChoice`; one number stands for all bonds.

        Raises
        ------
        FitError
            Also when a rank is larger than all others at one of its tensors together: that tensor could not carry it.
        """
        ranks = self._checked(ranks)
        sizes = dict(zip(self.bonds, ranks, strict=True))
        net = self.network.resize(sizes)
        for name in net.tensors:
            for bond in (index for index in net.tensors[name] if index in sizes):
                most = math.prod(net.shape_of(name)) // sizes[bond]
                if sizes[bond] > most:
                    raise FitError(
                        f"rank {sizes[bond]} of bond {bond!r} is more than {name!r} of shape {net.shape_of(name)} can carry: at most {most}"
                    )
        lower, error = self.bounds(ranks)
        given = f'"{self.family}", ranks={ranks}' if self.family else f"network.resize({_arguments(sizes)})"
        noise = max(self._floor, 1e-10)
        return RankChoice(net, ranks, error, lower, self.exact, f"wb.decompose(x, {given})", _noise=noise)

    def best(self, *, parameters: int | None = None, error: float | None = None) -> RankChoice:
        """The ranks with the least error for a budget, or with the fewest parameters for an error.

        Exact for Tucker, over all shapes that a core can have (none of its axes longer than all others together); for other
        trees as good as `bounds` can tell, and as a change of any two or three neighbouring ranks can make it. Errors that rounding cannot tell from zero count as zero, so that noise-free data get the ranks
        they have.

        Parameters
        ----------
        parameters
            At most so many.
        error
            At most this relative error, at least 0 and below 1.

        Raises
        ------
        FitError
            When not exactly one is given, or nothing is small enough; the message says what the smallest is.
        """
        return self._several(1, parameters, error)[0]

    def pareto(self, most: int = 200) -> tuple[RankChoice, ...]:
        """Choices that no other beats in both parameters and error, from the fewest parameters to an error of zero.

        Exact over all core shapes for Tucker (for other trees: over what `best` finds). The front is asked for at `most`
        budgets, evenly spaced on a logarithmic scale; where it has no more vertices than that, these are all of them.
        """
        if most < 2:
            raise FitError(f"most is {most}; a front has at least 2 ends")
        first, last = self._errors.cost((1,) * len(self.caps)), self._errors.cost(self.caps)
        front: list[RankChoice] = []
        for budget in np.unique(np.geomspace(first, last, most).round().astype(np.int64)).tolist():
            if front and (front[-1].parameters == budget or front[-1].error <= self._floor):
                continue
            choice = self.best(parameters=budget)
            if not front or choice.error < front[-1].error:
                front.append(choice)
        return tuple(front)

    def refine(
        self,
        choices: RankChoice | Iterable[RankChoice] | None = None,
        *,
        parameters: int | None = None,
        error: float | None = None,
        count: int = 3,
    ) -> tuple[Fit, ...]:
        """Fit a few choices by sweeps (Tucker: higher-order orthogonal iteration) to their true errors.

        Parameters
        ----------
        choices
            What to fit. By default the best `count` for a budget, given as `parameters` or `error` as in `best`.

        Returns
        -------
        tuple of Fit
            The lowest error first; with `error`, those that keep it, the fewest parameters first.
        """
        if choices is None:
            chosen = self._several(count, parameters, error)
        elif parameters is None and error is None:
            chosen = [choices] if isinstance(choices, RankChoice) else list(choices)
        else:
            raise FitError("refine takes choices or a budget, and both are given; leave one out")
        fits = [decompose(self.x, choice.network) for choice in chosen]
        if error is None:
            return tuple(sorted(fits, key=lambda fit: (fit.error, fit.parameters)))
        kept = [fit for fit in fits if fit.error <= max(error, self._floor)]
        return tuple(sorted(kept, key=lambda fit: (fit.parameters, fit.error)))

    def __repr__(self) -> str:
        shape = " × ".join(map(str, self.x.shape))
        name = self.family or repr(self.network.einsum)
        if self.exact:
            return f"RankLandscape({name} of {shape}: the exact errors of {math.prod(self.caps):,} core shapes)"
        ranks = ", ".join(f"{bond} 1..{cap}" for bond, cap in zip(self.bonds, self.caps, strict=True))
        return f"RankLandscape({name} of {shape}: bounds on the errors for ranks {ranks})"

    @property
    def _floor(self) -> float:
        return ROUNDING * torch.finfo(self.x.dtype).eps

    def _several(self, count: int, parameters: int | None, error: float | None) -> list[RankChoice]:
        if (parameters is None) == (error is None):
            raise FitError(f"give parameters= or error=, the budget; {'none' if error is None else 'both'} is given")
        floor = square_within(self._floor)
        if error is not None:
            if not 0 <= error < 1:
                raise FitError(f"error is {error!r}; it is the relative error allowed, at least 0 and below 1")
            found = self._errors.within_square(max(square_within(error), floor), count)
        else:
            smallest = self._errors.cost((1,) * len(self.caps))
            if isinstance(parameters, bool) or not isinstance(parameters, int | np.integer) or parameters < smallest:
                raise FitError(
                    f"parameters is {parameters!r}; with ranks of 1 this network has {smallest:,}, the fewest"
                )
            found = self._errors.within_parameters(int(parameters), count)
            if self._errors.square(found[0]) <= floor:
                found = self._errors.within_square(floor, count)
        return [self.choice(ranks) for ranks in found]

    def _checked(self, ranks: int | Sequence[int]) -> tuple[int, ...]:
        given = (ranks,) * len(self.caps) if isinstance(ranks, int | np.integer) else tuple(ranks)
        if len(given) != len(self.caps):
            raise FitError(f"{len(given)} ranks {given} for the {len(self.caps)} bonds {self.bonds}; give one a bond")
        for bond, rank, cap in zip(self.bonds, given, self.caps, strict=True):
            if isinstance(rank, bool) or not isinstance(rank, int | np.integer) or not 1 <= rank <= cap:
                raise FitError(
                    f"the rank of bond {bond!r} is {rank!r}; it is a whole number from 1 to {cap}, which leaves out nothing"
                )
        return tuple(int(rank) for rank in given)


def rank_landscape(x: object, network: Network | str = "tucker", *, accuracy: str = "auto") -> RankLandscape:
    """What every choice of ranks would lose, from the singular vectors of the data, before anything is fitted.

    **Tucker**, and any tree of one core with factors around it: the error of the truncated higher-order SVD for every core
    shape at once, exact. All data are turned into the core of the higher-order SVD, and cumulative sums of its squares
    give what lies outside each corner. A best choice under a budget is then found among all shapes in milliseconds.

    **Tensor train, hierarchical Tucker, any other tree**: the singular values of every bond's unfolding. Their tails bound
    the error of any choice of ranks: from below by the largest, from above by the root of the sum of squares.

    Parameters
    ----------
    x
        What `workbench.data.as_tensor` takes, real or complex, of any precision. Everything is computed in double
        precision on its device; beside `x`, little more than one copy in double precision is held at a time.
    network
        ``"tucker"``, ``"tensor_train"``, ``"tree"``, ``"hierarchical_tucker"``, or a tree `Network` whose legs are the axes
        of `x`. The sizes of its bonds do not matter.
    accuracy
        ``"auto"``: singular vectors from Gram matrices, and from a QR and an SVD where these would lose digits.
        ``"high"``: always from a QR and an SVD.

    Raises
    ------
    DataError
        When `x` holds integers, NaN or infinities, or is no data at all.
    FitError
        When the network is no tree, its shape does not match, or memory does not suffice.

    References
    ----------
    De Lathauwer, De Moor and Vandewalle (2000), property 10; Ghadiri, Fahrbach, Fu and Mirrokni, Approximately Optimal Core
    Shapes for Tensor Decompositions (2023), who choose shapes by the bonds' tails; Oseledets (2011), theorem 2.2;
    Grasedyck (2010), theorem 3.11.

    Examples
    --------
    >>> x = torch.rand(8, 9, 10, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    >>> land = rank_landscape(x)
    >>> land.error((8, 9, 10)) < 1e-14, round(land.error((4, 4, 4)), 4)
    (True, 0.4402)
    >>> rank_landscape(x, "hierarchical_tucker").bounds(4)[1] >= rank_landscape(x, "hierarchical_tucker").error(4)
    True
    """
    x = as_tensor(x)
    if accuracy not in ("auto", "high"):
        raise FitError(f"accuracy is {accuracy!r}{did_you_mean(accuracy, ('auto', 'high'))}; it is 'auto' or 'high'")
    net = _network(network, x)
    tree = _tree(net)
    _check_legs(net, x)
    family = network if isinstance(network, str) else None
    largest = float(torch.linalg.vector_norm(x, math.inf))
    scaled = x / largest if largest and not 1e-100 < largest < 1e100 else x
    _check_memory(x, net, tree)
    errors = _core_table(scaled, net, tree, accuracy) if tree.star else _bond_tails(scaled, net, tree, accuracy)
    return RankLandscape(x, net, family, errors)


def square_within(error: float) -> float:
    """The largest square whose root is at most `error`."""
    square = error * error
    while math.sqrt(square) > error:
        square = math.nextafter(square, 0.0)
    while math.sqrt(above := math.nextafter(square, math.inf)) <= error:
        square = above
    return square


def _core_table(x: torch.Tensor, net: Network, tree: Tree, accuracy: str) -> CoreTable:
    leaves = {node.bond[0]: node.legs for node in tree.nodes[:-1]}
    groups = [leaves[bond] for bond in net.bonds]
    sizes = [math.prod(net.sizes[leg] for leg in group) for group in groups]
    order = [net.legs.index(leg) for group in (*groups, tree.root.legs) for leg in group]
    squares = squared_core(x.permute(order).reshape(*sizes, -1), high=accuracy == "high")
    whole = squares.sum()
    if whole > 0:
        squares /= whole
    return CoreTable(outside(squares).cpu().numpy(), tuple(sizes), math.prod(net.sizes[leg] for leg in tree.root.legs))


def _bond_tails(x: torch.Tensor, net: Network, tree: Tree, accuracy: str) -> BondTails:
    return BondTails(net, bond_tails(x, net, tree, high=accuracy == "high"))


def _network(network: Network | str, x: torch.Tensor) -> Network:
    if isinstance(network, Network):
        return network
    if not isinstance(network, str):
        raise FitError(f"network is a {type(network).__name__}; give a Network or the name of a family")
    if network not in FAMILIES:
        raise FitError(f"there is no family {network!r}{did_you_mean(network, FAMILIES)}")
    if x.ndim < 2:
        raise FitError(f"x has {x.ndim} axes; ranks are chosen for tensors of 2 axes or more")
    return FAMILIES[network](tuple(x.shape), 1)


def _tree(net: Network) -> Tree:
    tree = as_tree(net)
    if tree is None:
        raise FitError(
            f"the network {net.einsum!r} is no tree, so its error for given ranks is known only by fitting; "
            "give a tree (tucker, tensor_train, hierarchical_tucker), or see suggest_rank for cp"
        )
    if len(tree.nodes) < 2:
        raise FitError("the network is a single tensor: it has no bond whose rank could be chosen")
    for node in tree.nodes[:-1]:
        if len(node.bond) > 1:
            raise FitError(f"bonds {node.bond} join the same two tensors; make them one bond, so that it has one rank")
    return tree


def _check_memory(x: torch.Tensor, net: Network, tree: Tree) -> None:
    """A copy and a half, and the Gram matrix of the widest bond with its eigenvectors."""
    wide_bond = 0
    below: dict[str, int] = {}
    for node in tree.nodes[:-1]:
        below[node.name] = math.prod([net.sizes[leg] for leg in node.legs] + [below[child] for child in node.children])
        wide_bond = max(wide_bond, min(below[node.name], x.numel() // below[node.name]))
    needed = wide(x.dtype).itemsize * (3 * x.numel() // 2 + 3 * wide_bond**2)
    require_memory(needed, x.device, f"the landscape of {x.numel():,} entries with a bond of up to {wide_bond:,}")


def _arguments(sizes: Mapping[str, int]) -> str:
    if all(bond.isidentifier() for bond in sizes):
        return ", ".join(f"{bond}={rank}" for bond, rank in sizes.items())
    return repr(dict(sizes))
