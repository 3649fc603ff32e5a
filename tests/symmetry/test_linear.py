"""Layers against their dense matrices."""

import copy
import math
import pickle

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
    EquivariantLinear,
    Lorentz,
    MatrixGroup,
    O,
    Rep,
    S,
    Sp,
    SymmetryError,
    U,
)

TURN = torch.tensor([[0.0, -1.0], [1.0, 0.0]])

HOMS = [
    *[
        group.hom(k, l)
        for group in (S(3), S(2), A(3), A(4), O(3), SO(3), SO(2), Sp(4), Lorentz())
        for k, l in ((2, 2), (1, 2), (3, 1))
    ],
    *[
        S(4).hom(0, 2),
        S(4).hom(2, 0),
        S(1).hom(2, 2),
        B(3).hom(2, 2),
        B(2).hom(3, 3),
        SO(3).hom(3, 3),
        Sp(2).hom(3, 3),
        SO(4).hom(2, 2),
    ],
    *[
        GL(3).hom((1, 1), (1, 1)),
        U(2).hom((2, 1), (1, 0)),
        A(2).hom(2, 2),
        SO(3).hom(0, 3),
        S(3).hom(3, 3),
        A(5).hom(2, 2),
    ],
    *[
        C(5).hom(1, 1),
        D(4).hom(2, 1),
        Aut(nx.path_graph(4)).hom(1, 2),
        MatrixGroup([], [TURN]).hom(2, 2),
        MatrixGroup([[[1.0, 1.0], [0.0, 1.0]]]).hom((1, 0), (2, 0)),  # not orthogonal
        (S(4) * O(3)).hom(1, 1),
        (S(3) * SO(3)).hom(1, 2),
        (Sp(2) * S(3)).hom(2, 2),
        (A(3) * SO(2)).hom(1, 1),
        (S(2) * O(2) * S(3)).hom(1, 1),
        (C(4) * O(2)).hom(1, 1),
        (S(3) * Lorentz()).hom(1, 2),
        (GL(2) * S(3)).hom((1, 1), 0),
        (S(2) @ O(2)).hom(2, 2),
        (C(3) @ SO(2)).hom(2, 1),
        (GL(2) @ S(2)).hom(1, 1),
        (S(2) @ Sp(2) @ O(1)).hom(2, 1),
    ],
    O(3).hom(O(3).V ** 2 + 2 * O(3).V + 1, 3 * O(3).V + O(3).V ** 2),
    S(3).hom(S(3).V ** 2, 2 * S(3).V + 2),
    S(3).hom(2, S(3).V + 1),
    C(4).hom(C(4).V + 1, 2 * C(4).V),
    (S(3) * O(2)).hom((S(3) * O(2)).V + 1, (S(3) * O(2)).parts[0] + 2 * (S(3) * O(2)).V),
]


@pytest.fixture(autouse=True)
def _in_double_precision():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def made(hom, *channels, **options):
    torch.manual_seed(0)
    layer = hom.layer(*channels, **options)
    if layer.bias is not None:
        torch.nn.init.normal_(layer.bias)
    return layer


@pytest.mark.parametrize("hom", HOMS, ids=str)
def test_a_layer_is_the_sum_of_weights_times_diagrams(hom):
    layer = made(hom, 2, 3)
    source, target = hom.group.sizes(hom.source), hom.group.sizes(hom.target)
    dense = torch.zeros(3 * math.prod(target), 2 * math.prod(source), dtype=layer.weight.dtype)
    for weight, diagram in zip(layer.weight, hom.basis(), strict=True):
        dense += torch.kron(weight.detach(), hom.matrix(diagram).to_dense().to(dense.dtype))
    assert torch.allclose(layer.to_dense(), dense, atol=1e-12)
    x = torch.randn(4, 5, 2, *source, dtype=dense.dtype)
    y = x.reshape(20, -1) @ dense.T
    if layer.bias is not None:
        offsets = hom.offsets
        constant = sum(
            torch.kron(bias.detach()[:, None], offsets.matrix(diagram).to_dense().to(dense.dtype))
            for bias, diagram in zip(layer.bias, offsets.basis(), strict=True)
        )
        y = y + constant.T
    assert torch.allclose(layer(x), y.reshape(4, 5, 3, *target), atol=1e-12)


@pytest.mark.filterwarnings("ignore:Complex modules are a new feature")
@pytest.mark.parametrize("hom", HOMS, ids=str)
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-12), (torch.float32, 1e-5)])
def test_layers_commute_with_the_group(hom, dtype, tolerance):
    layer = made(hom, 2, 2)
    layer = layer.to(torch.promote_types(dtype, torch.complex64) if layer.weight.is_complex() else dtype)
    group = hom.group
    x = torch.randn(3, 2, *group.sizes(hom.source)).to(layer.weight.dtype)
    for seed in range(5):
        g = group.sample(seed)
        there = acted(group, hom.target, g, layer(x))
        back = layer(acted(group, hom.source, g, x))
        size = float(torch.linalg.matrix_norm(g, 2)) ** 6 * max(1.0, float(there.detach().norm()))
        assert float((there - back).detach().norm()) <= tolerance * size


def acted(group, space, g, x):
    return space.act(g, x) if isinstance(space, Rep) else group.act(g, x, space)


@pytest.mark.parametrize(
    "hom",
    [
        S(3).hom(2, 2),
        A(3).hom(2, 1),
        SO(3).hom(2, 1),
        Sp(2).hom(2, 2),
        Lorentz().hom(2, 0),
        U(2).hom(2, 2),
        D(3).hom(2, 1),
        MatrixGroup([], [TURN]).hom(1, 1),
        (S(2) * SO(2)).hom(1, 1),
        (S(2) @ O(1)).hom(1, 1),
        O(2).hom(O(2).V + 1, 2 * O(2).V),
    ],
    ids=str,
)
def test_gradients_are_right_to_second_order(hom):
    layer = made(hom, 2, 2)
    x = torch.randn(1, 2, *hom.group.sizes(hom.source), dtype=layer.weight.dtype, requires_grad=True)

    def call(x, weight):
        return torch.func.functional_call(layer, {"weight": weight}, (x,))

    assert torch.autograd.gradcheck(call, (x, layer.weight))
    assert torch.autograd.gradgradcheck(call, (x, layer.weight))


@pytest.mark.parametrize(
    "hom",
    [
        S(6).hom(2, 2),
        S(2).hom(3, 3),
        O(4).hom(2, 2),
        SO(3).hom(2, 1),
        Sp(4).hom(2, 2),
        A(4).hom(2, 2),
        D(5).hom(1, 2),
        MatrixGroup([], [TURN]).hom(2, 2),
        (S(4) * O(3)).hom(1, 1),
        (S(3) @ O(3)).hom(1, 1),
        O(3).hom(O(3).V ** 2 + 5 * O(3).V, 3 * O(3).V + O(3).V ** 2),
    ],
    ids=str,
)
def test_outputs_have_the_variance_of_inputs(hom):
    """Over weights and inputs; the mean of 300 draws of a layer is within a fifth."""
    torch.manual_seed(0)
    squares = []
    for _ in range(300):
        layer = hom.layer(8, 8, bias=False)
        x = torch.randn(4, 8, *hom.group.sizes(hom.source))
        squares.append(layer(x).detach().square().mean())
    assert abs(float(torch.stack(squares).mean()) - 1) < 0.2


@pytest.mark.filterwarnings("ignore:.*should not be instantiated")  # the compiler does that
@pytest.mark.parametrize(
    "hom", [S(4).hom(2, 2), D(4).hom(1, 1), (S(4) * O(4)).hom(1, 1), S(4).hom(2, S(4).V + 1)], ids=str
)
def test_a_layer_compiles_whole(hom):
    layer = made(hom, 2, 2)
    x = torch.randn(3, 2, *hom.group.sizes(hom.source))
    compiled = torch.compile(layer, backend="eager", fullgraph=True)
    assert torch.allclose(compiled(x), layer(x))


def test_a_layer_is_saved_and_read():
    first, second = made(O(3).hom(2, 2), 2, 2), made(O(3).hom(2, 2), 2, 2)
    torch.nn.init.zeros_(second.weight)
    second.load_state_dict(first.state_dict())
    x = torch.randn(2, 2, 3, 3)
    assert torch.equal(first(x), second(x))
    assert set(first.state_dict()) == {"weight", "bias"}


@pytest.mark.filterwarnings("ignore:Complex modules are a new feature")
@pytest.mark.parametrize("hom", HOMS[::3], ids=str)
def test_a_layer_goes_to_another_process_and_back(hom):
    layer = made(hom, 2, 2)
    x = torch.randn(3, 2, *hom.group.sizes(hom.source)).to(layer.weight.dtype)
    there = layer(x)  # whatever it remembers stays here
    list(hom.basis())
    again = pickle.loads(pickle.dumps(layer))
    assert torch.equal(again(x), there)
    assert again.hom == hom
    assert hash(again.hom) == hash(hom)
    assert torch.equal(copy.deepcopy(layer)(x), there)


def test_no_weight_of_the_dense_size_is_formed():
    """S(20), three indices to three: the dense matrix of 16 channels would have 16 billion entries."""
    layer = S(20).hom(3, 3).layer(16, 16).float()
    x = torch.randn(2, 16, 20, 20, 20, dtype=torch.float32, requires_grad=True)
    layer(x).square().mean().backward()
    assert x.grad is not None
    assert layer.weight.numel() == 203 * 256


def test_an_input_of_the_wrong_shape_is_refused():
    layer = S(4).hom(2, 2).layer(3, 1)
    with pytest.raises(SymmetryError, match=r"takes \(\*batch, 3, 4, 4\); the input is \(2, 3, 4, 5\)"):
        layer(torch.randn(2, 3, 4, 5))
    with pytest.raises(SymmetryError, match="the input is"):
        layer(torch.randn(4, 4))
    with pytest.raises(SymmetryError, match="channels from 1, not 0"):
        S(4).hom(2, 2).layer(0, 1)


def test_where_there_are_no_maps_the_layer_gives_zero():
    layer = O(3).hom(2, 1).layer(2, 3)
    assert layer.weight.numel() == 0
    assert layer.bias is None
    assert torch.equal(layer(torch.randn(4, 2, 3, 3)), torch.zeros(4, 3, 3))


def test_a_head_too_large_to_apply_is_refused_before_it_is_made():
    with pytest.raises(SymmetryError, match=r"a tensor of 9\^9 entries.*O for SO"):
        SO(9).hom(5, 4).layer()
    assert SO(9).hom(2, 2).layer(bias=False)(torch.randn(1, 9, 9)).shape == (1, 9, 9)


@pytest.mark.parametrize(
    "hom", [S(3).hom(2, 1), SO(3).hom(2, 1), C(4).hom(1, 1), O(2).hom(O(2).V + 1, O(2).V)], ids=str
)
def test_a_layer_of_its_own_dense_weight_is_the_layer(hom):
    layer = made(hom, 2, 3)
    dense = layer.to_dense().reshape(3, hom.shape[0], 2, hom.shape[1]).transpose(1, 2)
    again = EquivariantLinear.from_dense(hom, dense)
    assert torch.allclose(again.weight, layer.weight)
    assert again.bias is None


def test_a_dense_weight_becomes_the_nearest_layer():
    """The mean over the group is the orthogonal projection."""
    dense, bias = torch.randn(3, 3), torch.randn(3)
    group = [torch.eye(3)[list(images)] for images in ((0, 1, 2), (1, 2, 0), (2, 0, 1))]
    layer = EquivariantLinear.from_dense(C(3).hom(1, 1), dense, bias)
    assert torch.allclose(layer.to_dense(), sum(g @ dense @ g.T for g in group) / 3)
    assert torch.allclose(layer(torch.zeros(1, 3)), bias.mean().expand(1, 3))
    with pytest.raises(SymmetryError, match=r"is \(c_out, c_in, 3, 3\); this one is \(1, 1, 3, 4\)"):
        EquivariantLinear.from_dense(C(3).hom(1, 1), torch.randn(3, 4))
    with pytest.raises(SymmetryError, match=r"the bias of 1 channels is \(1, 3\)"):
        EquivariantLinear.from_dense(C(3).hom(1, 1), dense, torch.randn(4))


def test_circular_convolution_is_the_layer_of_the_cyclic_group():
    layer = made(C(7).hom(1, 1), 2, 3)
    x = torch.randn(4, 2, 7)
    kernel = layer.weight.permute(1, 2, 0)  # orbit s takes x[i + s] to y[i]
    y = torch.nn.functional.conv1d(torch.cat([x, x[..., :6]], -1), kernel, layer.bias.reshape(-1))
    assert torch.allclose(layer(x), y)
