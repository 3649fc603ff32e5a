"""Elements, generators and Lie algebras keep what they must; representations print what one types."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.symmetry import GL, SO, A, B, Lorentz, O, Rep, S, Sp, SymmetryError, U

FORMS = {
    **{group: torch.eye(group.n, dtype=torch.float64) for group in (S(4), A(4), B(3), O(3), SO(4))},
    Sp(4): torch.tensor([[0, 0, 1, 0], [0, 0, 0, 1], [-1, 0, 0, 0], [0, -1, 0, 0]], dtype=torch.float64),
    Lorentz(): torch.diag(torch.tensor([1, -1, -1, -1], dtype=torch.float64)),
}


@pytest.mark.parametrize("group", FORMS, ids=str)
def test_elements_and_generators_keep_the_form(group):
    form = FORMS[group]
    for g in [group.sample(seed) for seed in range(20)] + list(group.generators):
        assert torch.allclose(g.T @ form @ g, form, atol=1e-12 * float(g.norm()) ** 2)
    for a in group.lie_algebra:
        assert torch.allclose(a.T @ form + form @ a, torch.zeros_like(form))


@pytest.mark.parametrize(
    ("group", "size"), [(O(4), 6), (SO(4), 6), (Sp(4), 10), (Lorentz(), 6), (GL(3), 9), (U(3), 9), (S(4), 0)], ids=str
)
def test_lie_algebras_have_their_dimension(group, size):
    algebra = group.lie_algebra
    assert len(algebra) == size
    if size:
        flat = torch.stack([torch.view_as_real(each.to(torch.complex128)).flatten() for each in algebra])
        assert torch.linalg.matrix_rank(flat) == size


def test_samples_reach_every_component():
    determinants = {
        group: {round(float(torch.linalg.det(group.sample(s)))) for s in range(40)}
        for group in (O(3), SO(3), A(4), S(4))
    }
    assert determinants == {O(3): {1, -1}, SO(3): {1}, A(4): {1}, S(4): {1, -1}}
    signs = {(bool(g[0, 0] > 0), bool(torch.linalg.det(g) > 0)) for g in map(Lorentz().sample, range(60))}
    assert len(signs) == 4


def test_samples_are_uniform():
    """E tr(g)² is 1 for an irreducible representation (2 for S(n), which fixes a vector); the mean of 4,000 is within 5 sigma."""
    generator = torch.Generator().manual_seed(0)
    for group, expected in ((O(3), 1), (SO(3), 1), (U(2), 1), (S(4), 2), (A(4), 2), (B(3), 1)):
        traces = torch.stack([group.sample(generator).trace() for _ in range(4000)]).abs().square()
        assert abs(float(traces.mean()) - expected) < 5 * float(traces.std()) / 4000**0.5


def test_generators_generate():
    """All of S(4) and A(4) and B(2), by closing the set under products."""
    for group, order in ((S(4), 24), (A(4), 12), (B(2), 8), (S(1), 1), (S(2), 2)):
        eye = torch.eye(group.n, dtype=torch.float64)
        found, fresh = {tuple(eye.flatten().tolist())}, [eye]
        while fresh:
            products = [g @ x for g in group.generators for x in fresh]
            fresh = [x for x in products if tuple(x.flatten().tolist()) not in found]
            found |= {tuple(x.flatten().tolist()) for x in fresh}
        assert len(found) == order


def test_the_same_seed_gives_the_same_element():
    assert torch.equal(O(3).sample(7), O(3).sample(7))
    assert not torch.equal(O(3).sample(7), O(3).sample(8))


@pytest.mark.parametrize("group", [S(3), O(3), GL(3), U(2)], ids=str)
def test_an_element_acts_as_its_kronecker_power(group):
    g, x = group.sample(1), torch.randn(5, group.n, group.n, dtype=group.dtype)
    moved = group.act(g, x, 2)
    assert torch.allclose(moved.reshape(5, -1), x.reshape(5, -1) @ torch.kron(g.contiguous(), g.contiguous()).T)
    if group.walled:
        mixed = group.act(g, x, (1, 1))
        assert torch.allclose(mixed, g @ x @ torch.linalg.inv(g))


def test_a_tensor_of_the_wrong_size_is_refused():
    with pytest.raises(SymmetryError, match=r"S\(3\) acts on axes of size 3; the last 2 of a tensor of shape \(3, 4\)"):
        S(3).act(S(3).sample(), torch.ones(3, 4), 2)


# ---- representations --------------------------------------------------------------------------------------------------


@st.composite
def representations(draw, group):
    V = group.V
    total = Rep(group, ())
    for _ in range(draw(st.integers(0, 4))):
        power = V ** draw(st.integers(0, 3))
        if group.walled:
            power = power * V.dual ** draw(st.integers(0, 2))
        total = total + draw(st.integers(1, 5)) * power
    return total


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_representation_prints_what_one_types(data):
    group = data.draw(st.sampled_from([S(3), GL(2)]))
    rep = data.draw(representations(group))
    again = eval(repr(rep), {"V": group.V})
    assert again == rep or (isinstance(again, int) and rep == Rep(group, ()) + again)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_sizes_add_and_multiply_and_dual_twice_is_nothing(data):
    group = data.draw(st.sampled_from([S(3), GL(2)]))
    a, b = (data.draw(representations(group)) for _ in range(2))
    assert (a + b).size == a.size + b.size
    assert (a * b).size == a.size * b.size
    assert a.dual.dual == a


def test_features_act_term_by_term():
    group = O(3)
    rep = group.V**2 + 2 * group.V + 1
    g, x = group.sample(0), torch.randn(4, rep.size, dtype=torch.float64)
    dense = torch.block_diag(torch.kron(g.contiguous(), g.contiguous()), g, g, torch.ones(1, 1))
    assert torch.allclose(rep.act(g, x), x @ dense.T)
    assert torch.equal(rep.join(rep.split(x)), x)


@pytest.mark.parametrize("group", [GL(3), U(2)], ids=str)
def test_a_vector_and_one_of_the_dual_pair_to_a_number_that_no_element_changes(group):
    V, g = group.V, group.sample(2)
    x, y = (torch.randn(group.n, dtype=group.dtype) for _ in range(2))
    assert V.dual != V
    assert torch.allclose(V.act(g, x) @ V.dual.act(g, y), x @ y)
    assert not torch.allclose(V.act(g, x) @ V.act(g, y), x @ y)
    assert O(3).V.dual == O(3).V


def test_representations_that_do_not_fit_are_refused():
    with pytest.raises(SymmetryError, match=r"V is a representation of S\(3\), V one of S\(4\)"):
        S(3).V + S(4).V
    with pytest.raises(SymmetryError, match="13 numbers on its last axis"):
        (O(3).V ** 2 + O(3).V + 1).split(torch.ones(2, 12))
    with pytest.raises(SymmetryError, match=r"V is a representation of O\(3\), not of O\(4\)"):
        O(4).hom(O(3).V, 1)
    with pytest.raises(SymmetryError, match="not -1"):
        O(3).V ** -1
    assert O(3).hom(O(3).V ** 2, O(3).V ** 2).dimension == 3
