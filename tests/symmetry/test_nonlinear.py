"""Nonlinearities commute with the group they are made for, or are refused."""

import networkx as nx
import pytest
import torch

from workbench.symmetry import (
    GL,
    SO,
    A,
    Aut,
    B,
    C,
    D,
    Gated,
    Lorentz,
    MatrixGroup,
    NormGate,
    O,
    Pointwise,
    Rep,
    S,
    Sp,
    SymmetryError,
    U,
)

QUARTER = MatrixGroup([[[0.0, -1.0], [1.0, 0.0]]])
EIGHTH = MatrixGroup([[[0.5**0.5, -(0.5**0.5)], [0.5**0.5, 0.5**0.5]]])


@pytest.fixture(autouse=True)
def _in_double_precision():
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)
    yield
    torch.set_default_dtype(torch.float32)


def commutes(module, group, source, target, channels=None):
    source, target = Rep.of(group, group._power(source)), Rep.of(group, group._power(target))
    lead = (5,) if channels is None else (5, channels)
    for seed in range(4):
        x, g = torch.randn(*lead, source.size, dtype=group.dtype), group.sample(seed)
        there = target.act(g, module(x))
        back = module(source.act(g, x))
        assert torch.allclose(there, back, atol=1e-9)
    return True


@pytest.mark.parametrize("group", [S(4), A(4), C(5), D(4), Aut(nx.path_graph(4)), S(2) * C(3), S(2) @ C(3)], ids=str)
def test_any_function_of_numbers_commutes_with_permutations(group):
    V = group.V
    for function in (torch.relu, torch.exp, lambda x: x**2):
        assert commutes(Pointwise(group, V**2 + V + 2, function), group, V**2 + V + 2, V**2 + V + 2)


@pytest.mark.parametrize("group", [B(3), QUARTER, B(2) @ S(2), B(2) * S(2)], ids=str)
def test_odd_functions_commute_with_signs(group):
    V = group.V
    assert commutes(Pointwise(group, V + 1, torch.tanh), group, V + 1, V + 1)
    with pytest.raises(SymmetryError, match=r"relu is not odd.*tanh"):
        Pointwise(group, 1)


@pytest.mark.parametrize(
    "group", [O(3), SO(2), Sp(2), Lorentz(), GL(2), U(2), EIGHTH, S(3) * O(2), S(2) @ O(2)], ids=str
)
def test_where_coordinates_mix_only_invariants_are_treated_number_by_number(group):
    with pytest.raises(SymmetryError, match="mixes the coordinates of"):
        Pointwise(group, 1)
    Pointwise(group, 0)
    x, g = torch.randn(20, group.n, dtype=group.dtype), group.sample(1)
    if not isinstance(group, type(S(2) * O(2))):  # and rightly so: it would be wrong
        relu = torch.relu(x.real).to(x.dtype)
        assert not torch.allclose(torch.relu(group.act(g, x, 1).real).to(x.dtype), group.act(g, relu, 1), atol=1e-3)


def test_on_a_product_only_the_indices_at_hand_matter():
    group = S(3) * O(2)
    points, space = group.parts
    assert commutes(Pointwise(group, points**2), group, points**2, points**2)
    with pytest.raises(SymmetryError, match="mixes the coordinates of W"):
        Pointwise(group, points + space)


@pytest.mark.parametrize(
    "group",
    [S(4), B(3), O(3), SO(2), Lorentz(), U(2), EIGHTH, C(4), S(3) * O(2), S(3) * Lorentz(), S(2) @ O(2)],
    ids=str,
)
def test_norms_gate_where_the_group_keeps_one(group):
    V = group.V
    gate = NormGate(group, V**2 + 2 * V + 1, channels=3)
    torch.nn.init.normal_(gate.scale)
    torch.nn.init.normal_(gate.bias)
    assert commutes(gate, group, V**2 + 2 * V + 1, V**2 + 2 * V + 1, channels=3)
    single = NormGate(group, 1, channels=2)
    x = torch.randn(4, 2, *group.sizes(group.duals(1)), dtype=group.dtype)
    assert single(x).shape == x.shape
    with pytest.raises(SymmetryError, match="with 2 channels are"):
        single(x[:, :1])


def test_the_gate_of_a_vector_is_what_its_formula_says():
    gate = NormGate(O(3), 1)
    torch.nn.init.constant_(gate.scale, 0.7)
    torch.nn.init.constant_(gate.bias, -0.2)
    x = torch.tensor([[1.0, 2.0, 2.0]])
    assert torch.allclose(gate(x), x * torch.sigmoid(0.7 * torch.log(torch.tensor(10.0)) - 0.2))
    light = torch.tensor([[1.0, 2.0, 0.0, 0.0]])  # the square is -3
    assert torch.allclose(NormGate(Lorentz(), 1)(light), light * torch.sigmoid(-torch.log(torch.tensor(4.0))))


@pytest.mark.parametrize("group", [Sp(2), GL(2), S(2) * Sp(2), Sp(2) @ O(2)], ids=str)
def test_where_no_size_is_kept_norms_are_refused(group):
    with pytest.raises(SymmetryError, match="keeps no size of the tensors of"):
        NormGate(group, 1)
    NormGate(group, 0)


@pytest.mark.parametrize("group", [S(3), O(3), Sp(4), Lorentz(), GL(2), C(4), S(3) * O(2)], ids=str)
def test_invariants_gate_for_every_group(group):
    V = group.V
    gated = Gated(V**2 + 2 * V + 2)
    assert commutes(gated, group, gated.source, gated.rep)
    with pytest.raises(SymmetryError, match="take features of type"):
        gated(torch.zeros(1, 3))


def test_a_network_of_all_of_them_is_equivariant_and_trains():
    group = S(4) * O(3)
    points = group.parts[0]
    V = group.V
    gated = Gated(4 * V + 8 * points + 2)
    model = torch.nn.Sequential(
        group.hom(V + 0, gated.source).layer(), gated, group.hom(gated.rep, 2 * V).layer(), NormGate(group, 2 * V)
    )
    x = torch.randn(16, 1, 12)
    optimiser = torch.optim.Adam(model.parameters(), 0.02)
    losses = []
    for _ in range(60):
        loss = (model(x)[..., :12] - x.square().mean(-1, keepdim=True).sqrt() * x).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < losses[0] / 2
    assert commutes(model, group, V, 2 * V, channels=1)
