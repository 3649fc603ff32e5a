"""Schmidt spectra of a tree's bonds: what each bond carries, whatever the gauge of the cores."""

__all__ = ["bond_spectra", "entropies"]

from collections.abc import Mapping
from types import MappingProxyType

import torch

from workbench.decomposition._canonical import Fitted
from workbench.decomposition._errors import FitError
from workbench.decomposition._numbers import wide
from workbench.decomposition._trees import Tree, _bond, _move, as_tree, from_cores


def bond_spectra(fit: Fitted) -> Mapping[str, torch.Tensor]:
    """The Schmidt values of every bond of a tree fit: singular values of its value, cut in two at that bond.

    They do not depend on the gauge of the cores. Small ones at the end say that the bond could be smaller; the sum of
    the squares from the k-th on is what a bond of k values would lose at least, of the fit.

    Parameters
    ----------
    fit
        A fit of a network without loops: Tucker, tensor train, TT matrix, hierarchical Tucker, or any tree.

    Returns
    -------
    Mapping
        Bond -> its singular values in double precision, the largest first, as many as the bond's size or as its sides can
        carry. Bonds between the same two tensors count as one, under their names joined by a comma.

    Raises
    ------
    FitError
        When the network has loops or hyperbonds: cutting one bond then does not part it, and the values of one bond would
        depend on the gauge.

    References
    ----------
    Schollwöck, The density-matrix renormalization group in the age of matrix product states (2011);
    Grasedyck (2010) for trees.

    Examples
    --------
    >>> import torch
    >>> from workbench.decomposition import decompose
    >>> x = torch.diag(torch.tensor([3.0, 2.0, 1.0])).reshape(3, 3, 1)
    >>> {bond: values.round(decimals=4).tolist() for bond, values in bond_spectra(decompose(x, "tensor_train", ranks=(2, 1))).items()}
    {'r0': [3.0, 2.0], 'r1': [3.6056]}
    """
    tree = as_tree(fit.network)
    if tree is None:
        raise FitError(
            f"bond spectra are those of trees, and {fit.network.einsum!r} has loops, hyperbonds or fixed tensors: cutting one of "
            "its bonds does not part it; the spectra of its value are drawn by figures.spectra(fit.reconstruct())"
        )
    cores = {name: core.to(wide(core.dtype)) for name, core in fit.cores.items()}
    cores = from_cores(fit.network, tree, cores)
    nodes = {node.name: node for node in tree.nodes}
    found: dict[str, torch.Tensor] = {}

    def visit(name: str) -> None:  # the core of `name` is the centre: all others are isometries towards it
        for child in nodes[name].children:
            at = tree.axes(nodes[name]).index(_bond(child))
            across = cores[name].movedim(at, 0)
            found[", ".join(nodes[child].bond)] = torch.linalg.svdvals(across.reshape(across.shape[0], -1))
            _move(tree, cores, name, child)
            visit(child)
            _move(tree, cores, child, name)

    visit(tree.root.name)
    return MappingProxyType({bond: found[bond] for bond in _in_order(fit, tree)})


def _in_order(fit: Fitted, tree: Tree) -> list[str]:
    """Bonds as the network lists them."""
    order = list(fit.network.sizes)
    bonds = [node.bond for node in tree.nodes if node.bond]
    return [", ".join(bond) for bond in sorted(bonds, key=lambda bond: order.index(bond[0]))]


def entropies(fit: Fitted) -> Mapping[str, float]:
    """The von Neumann entropy of every bond of a tree fit, in nats: how much its two sides share.

    With the squared Schmidt values as probabilities p, the entropy is ``-sum p ln p``: 0 for a product, ln(size) where all
    are equal. exp(entropy) is the number of values the bond really uses.

    Raises
    ------
    FitError
        As `bond_spectra`.

    References
    ----------
    Eisert, Cramer and Plenio, Area laws for the entanglement entropy (2010).

    Examples
    --------
    >>> import torch
    >>> from workbench.decomposition import decompose
    >>> round(entropies(decompose(torch.eye(4), "tensor_train", ranks=4))["r0"] / torch.tensor(4.0).log().item(), 4)
    1.0
    """
    return MappingProxyType({bond: entropy(values) for bond, values in bond_spectra(fit).items()})


def entropy(values: torch.Tensor) -> float:
    """Of singular values; 0 where all vanish."""
    squares = values.square()
    if not bool(squares.sum() > 0):
        return 0.0
    return max(0.0, float(torch.special.entr(squares / squares.sum()).sum()))
