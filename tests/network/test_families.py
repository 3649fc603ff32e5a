"""Every family against its definition, written out by hand in numpy."""

import numpy as np
import pytest
import torch

from workbench.network import (
    FAMILIES,
    NetworkError,
    block_tensor_train,
    block_term,
    cp,
    hierarchical_tucker,
    kronecker,
    mera,
    monarch,
    mps,
    peps,
    tensor_ring,
    tensor_train,
    tensor_train_matrix,
    tree,
    tucker,
)


def numbers(net):
    cores = net.random(seed=0, dtype=torch.float64)
    return net.contract(cores).numpy(), {name: core.numpy() for name, core in cores.items()}


def test_cp_is_a_sum_of_outer_products():
    value, c = numbers(cp((3, 4, 5), 2))
    expected = sum(np.multiply.outer(np.multiply.outer(c["A"][:, r], c["B"][:, r]), c["C"][:, r]) for r in range(2))
    np.testing.assert_allclose(value, expected)


def test_tucker_is_a_core_times_a_matrix_along_every_axis():
    value, c = numbers(tucker((3, 4, 5), (2, 3, 2)))
    expected = np.tensordot(c["A"], c["G"], (1, 0))
    expected = np.moveaxis(np.tensordot(c["B"], expected, (1, 1)), 0, 1)
    expected = np.moveaxis(np.tensordot(c["C"], expected, (1, 2)), 0, 2)
    np.testing.assert_allclose(value, expected)


def test_a_tensor_train_entry_is_a_product_of_matrices():
    value, c = numbers(tensor_train((3, 4, 5, 2), (2, 3, 2)))
    for i, j, k, m in [(0, 0, 0, 0), (2, 3, 4, 1), (1, 2, 3, 0)]:
        np.testing.assert_allclose(value[i, j, k, m], c["A"][i] @ c["B"][:, j] @ c["C"][:, k] @ c["D"][:, m])


def test_a_tensor_ring_entry_is_a_trace():
    value, c = numbers(tensor_ring((3, 4, 5), (2, 3, 4)))
    for i, j, k in [(0, 0, 0), (2, 3, 4), (1, 2, 3)]:
        np.testing.assert_allclose(value[i, j, k], np.trace(c["A"][:, i] @ c["B"][:, j] @ c["C"][:, k]))


def test_a_block_term_network_is_a_sum_of_tuckers():
    net = block_term((3, 4, 5), (2, 2, 3), terms=3)
    value, c = numbers(net)
    one = tucker((3, 4, 5), (2, 2, 3))
    expected = sum(one.contract({n: torch.tensor(core[..., t]) for n, core in c.items()}).numpy() for t in range(3))
    np.testing.assert_allclose(value, expected)


def test_a_tensor_train_matrix_of_one_mode_is_a_matrix_and_ranks_add_up_products():
    value, c = numbers(tensor_train_matrix((2, 3), (4, 5), 2))
    expected = np.einsum("iar,rjb->ijab", c["A"], c["B"])
    np.testing.assert_allclose(value, expected)


def test_a_kronecker_product_is_numpys():
    value, c = numbers(kronecker((2, 3), (4, 5)))
    np.testing.assert_allclose(value.reshape(6, 20), np.kron(c["A"], c["B"]))
    value, c = numbers(kronecker((2, 3), (4, 5), rank=2))
    expected = sum(np.kron(c["A"][..., r], c["B"][..., r]) for r in range(2))
    np.testing.assert_allclose(value.reshape(6, 20), expected)


def test_a_monarch_matrix_is_block_diagonal_permutation_block_diagonal():
    m, n = (4, 5), (3, 2)
    value, c = numbers(monarch(m, n))
    first = np.zeros((m[0] * n[1], n[0] * n[1]))  # (i0, j1) <- (j0, j1)
    for j1 in range(n[1]):
        for i0 in range(m[0]):
            for j0 in range(n[0]):
                first[i0 * n[1] + j1, j0 * n[1] + j1] = c["A"][i0, j0, j1]
    second = np.zeros((m[0] * m[1], m[0] * n[1]))  # (i0, i1) <- (i0, j1)
    for i0 in range(m[0]):
        second[i0 * m[1] : (i0 + 1) * m[1], i0 * n[1] : (i0 + 1) * n[1]] = c["B"][i0]
    np.testing.assert_allclose(value.reshape(20, 6), second @ first)


def test_a_block_tensor_train_has_the_papers_parameter_count():
    """Qiu et al. 2024, section 4: for d = m*m, two cores and rank r, 2 r m^3 = 2 r d^(3/2) parameters."""
    m, rank = 6, 3
    assert block_tensor_train((m, m), (m, m), rank).parameters == 2 * rank * m**3
    value, c = numbers(block_tensor_train((2, 3, 2), (3, 2, 2), 2))
    expected = np.einsum("iabcr,rijbcs,sijkc->ijkabc", c["A"], c["B"], c["C"])
    np.testing.assert_allclose(value, expected)


def test_trees_join_every_leg_once():
    for net, inner in (
        (hierarchical_tucker((3,) * 8, 2), 6),
        (tree((2,) * 9, 2, branching=3), 4),
        (tree((3, 4), 2), 0),
    ):
        assert sum(not set(held) & set(net.legs) for held in net.tensors.values()) == inner
        assert len(net.bonds) == len(net.tensors) - 1, "a connected graph without loops"
        assert not net.hyperbonds
    value, c = numbers(hierarchical_tucker((3, 4, 5, 2), 2))
    expected = np.einsum("ia,jb,kc,ld,abe,cde->ijkl", *(c[name] for name in "ABCDEF"))
    np.testing.assert_allclose(value, expected)


def test_states():
    assert mps(4, 2, 3).parameters == tensor_train((2,) * 4, 3).parameters
    assert mps(4, 2, 3, periodic=True) == tensor_ring((2,) * 4, 3)
    net = peps(3, 4, physical=2, bond=3)
    assert len(net.bonds) == 3 * 3 + 2 * 4
    assert all(sum(leg in held for leg in net.legs) == 1 for held in net.tensors.values())


def test_a_mera_of_eight_sites_has_vidals_count_of_tensors():
    net = mera(8, physical=2, bond=4)
    # 4 disentanglers + 4 isometries, then 2 + 2, then the top
    assert len(net.tensors) == 13
    assert all(len(net.holders(bond)) == 2 for bond in net.bonds)
    assert set(net.summed) == set(net.bonds)
    value, _ = numbers(net)
    assert value.shape == (2,) * 8


def test_whole_numbers_of_numpy_are_whole_numbers():
    net = tucker(np.array([3, 4, 5]), np.int64(2))
    assert net == tucker((3, 4, 5), 2)
    assert {type(size) for size in net.sizes.values()} == {int}


def test_legs_take_names_and_ranks_take_one_number():
    net = FAMILIES["tucker"]((3, 4, 5), 2, legs=("row", "col", "rgb"))
    assert net.legs == ("row", "col", "rgb")
    assert net.shape_of("G") == (2, 2, 2)


@pytest.mark.parametrize(
    ("build", "says"),
    [
        (lambda: tucker((3, 4, 5), (2, 2)), "2 ranks (2, 2) given where 3 are needed: one rank a leg"),
        (lambda: tensor_train((3, 4), 0), "a rank, too"),
        (lambda: tensor_train((3, 4), 2.5), "ranks is 2.5; give one whole number"),
        (lambda: tensor_train((3, 4), [2.5]), "size 2.5; sizes are whole numbers"),
        (lambda: tensor_train((3.5, 4), 2), "size 3.5; sizes are whole numbers"),
        (lambda: cp((3, 4), 2, legs=("row",)), "1 leg names"),
        (lambda: cp((3, 4), 2, legs=("row", "row")), "not all different"),
        (lambda: cp((3, 4), 2, legs=("r", "c")), "cannot be named 'r', the name of a bond"),
        (lambda: tensor_train((3, 4), 2, legs=("r0", "c")), "cannot be named 'r0'"),
        (lambda: block_term((3, 4), 2, 2, legs=("s", "t")), "cannot be named 't'"),
        (lambda: tensor_ring((3,), 2), "a tensor ring needs more"),
        (lambda: mera(6, 2, 2), "2, 4, 8, ... sites, got 6"),
        (lambda: monarch((2, 2, 2), (2, 2, 2)), "two row and two column modes"),
        (lambda: tensor_train_matrix((2, 2), (3,), 2), "equally many modes"),
        (lambda: tree((2, 2), 2, branching=1), "branching is 1"),
    ],
)
def test_refusals(build, says):
    with pytest.raises(NetworkError) as refusal:
        build()
    assert says in str(refusal.value)
