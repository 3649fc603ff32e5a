"""`NetworkLinear` against the dense weight it stands for."""

import copy
import pickle

import pytest
import torch
from hypothesis import assume, given, settings
from torch.nn import functional

from tests.network.strategies import networks
from workbench.layers import NetworkLinear
from workbench.network import (
    Network,
    NetworkError,
    block_tensor_train,
    cp,
    kronecker,
    monarch,
    tensor_ring,
    tensor_train_matrix,
    tucker,
)

LAYERS = {
    "TT matrix": (tensor_train_matrix((3, 4), (2, 5), 3), ("j0", "j1"), ("i0", "i1")),
    "CP, a hyperbond": (cp((3, 4, 5, 2), 3), ("i1", "i3"), ("i0", "i2")),
    "ring, a loop": (tensor_ring((3, 4, 5, 2), 2), ("i2", "i0"), ("i3", "i1")),
    "Tucker, inputs last to first": (tucker((3, 4, 5), 2), ("i2", "i1"), ("i0",)),
    "Monarch, legs on two tensors": (monarch((3, 4), (2, 5)), ("j0", "j1"), ("i0", "i1")),
    "block tensor train": (block_tensor_train((3, 2), (2, 3), 2), ("j0", "j1"), ("i0", "i1")),
    "Kronecker sum": (kronecker((3, 4), (2, 5), rank=2), ("j0", "j1"), ("i0", "i1")),
    "one dense tensor": (Network.from_einsum("oi->oi", o=4, i=6), ("i",), ("o",)),
    "no output legs": (cp((3, 4), 2), ("i0", "i1"), ()),
    "no input legs": (cp((3, 4), 2), (), ("i0", "i1")),
    "disconnected": (Network.from_einsum("i,o->oi", o=4, i=6), ("i",), ("o",)),
}
CASES = pytest.mark.parametrize(("net", "inputs", "outputs"), LAYERS.values(), ids=LAYERS.keys())


def dense(layer: NetworkLinear) -> torch.Tensor:
    """The weight, from the network's value."""
    cores = dict(zip(layer.network.free, layer.cores.values(), strict=True))
    legs = layer.network.legs
    value = layer.network.contract(cores).permute([legs.index(leg) for leg in (*layer.outputs, *layer.inputs)])
    return value.reshape(layer.out_features, layer.in_features)


@CASES
@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128], ids=["real", "complex"])
def test_it_is_the_dense_linear_map(net, inputs, outputs, dtype):
    layer = NetworkLinear(net, inputs, outputs, bias=True, seed=0, dtype=dtype)
    torch.nn.init.normal_(layer.bias)
    x = torch.randn(2, 3, layer.in_features, dtype=dtype)
    expected = functional.linear(x, dense(layer), layer.bias)
    torch.testing.assert_close(layer(x), expected)
    torch.testing.assert_close(layer(x[0, 0]), expected[0, 0])
    torch.testing.assert_close(layer.weight(), dense(layer))
    assert layer(x[:0]).shape == (0, 3, layer.out_features)


@CASES
def test_gradients_are_those_of_the_dense_weight(net, inputs, outputs):
    layer = NetworkLinear(net, inputs, outputs, bias=True, seed=0, dtype=torch.float64)
    x = torch.randn(5, layer.in_features, dtype=torch.float64, requires_grad=True)
    probe = torch.randn(5, layer.out_features, dtype=torch.float64)
    wanted = [x, *layer.parameters()]
    ours = torch.autograd.grad((layer(x) * probe).sum(), wanted)
    theirs = torch.autograd.grad((functional.linear(x, dense(layer), layer.bias) * probe).sum(), wanted)
    for mine, reference in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine, reference)


@settings(max_examples=100)
@given(networks(max_tensors=4))
def test_any_network_with_its_legs_shared_out_is_a_layer(net):
    data = {
        name: torch.randn(net.shape_of(name), dtype=torch.float64) for name, kind in net.fixed.items() if kind == "data"
    }
    half = len(net.legs) // 2
    assume(net.free or data)
    layer = NetworkLinear(net, net.legs[half:], net.legs[:half], cores=data, seed=0, dtype=torch.float64)
    cores = dict(zip(net.free, layer.cores.values(), strict=True))
    weight = net.contract({**cores, **data}).reshape(layer.out_features, layer.in_features)
    x = torch.randn(3, layer.in_features, dtype=torch.float64)
    torch.testing.assert_close(layer(x), functional.linear(x, weight))


def test_gradcheck():
    net, inputs, outputs = LAYERS["TT matrix"]
    layer = NetworkLinear(net, inputs, outputs, bias=True, seed=0, dtype=torch.float64)
    x = torch.randn(2, layer.in_features, dtype=torch.float64, requires_grad=True)
    names = [name for name, _ in layer.named_parameters()]

    def run(x, *parameters):
        return torch.func.functional_call(layer, dict(zip(names, parameters, strict=True)), (x,))

    assert torch.autograd.gradcheck(run, (x, *(p.detach().clone().requires_grad_() for p in layer.parameters())))


def test_vmap_over_layers_and_over_examples():
    net, inputs, outputs = LAYERS["ring, a loop"]
    layers = [NetworkLinear(net, inputs, outputs, seed=seed, dtype=torch.float64) for seed in range(3)]
    parameters, buffers = torch.func.stack_module_state(layers)
    x = torch.randn(7, layers[0].in_features, dtype=torch.float64)
    together = torch.func.vmap(lambda p: torch.func.functional_call(layers[0], (p, buffers), (x,)))(parameters)
    torch.testing.assert_close(together, torch.stack([layer(x) for layer in layers]))
    torch.testing.assert_close(torch.func.vmap(layers[0])(x), layers[0](x))


@pytest.mark.parametrize("case", ["TT matrix", "CP, a hyperbond", "ring, a loop"])
def test_compiles_without_a_graph_break(case):
    net, inputs, outputs = LAYERS[case]
    layer = NetworkLinear(net, inputs, outputs, bias=True, seed=0)
    compiled = torch.compile(layer, backend="aot_eager", fullgraph=True)
    for batch in (4, 9, 12):
        x = torch.randn(batch, layer.in_features, requires_grad=True)
        torch.testing.assert_close(compiled(x), layer(x))
        ours, theirs = (torch.autograd.grad(f(x).square().sum(), layer.cores["A"])[0] for f in (compiled, layer))
        torch.testing.assert_close(ours, theirs)


# ---- the start ------------------------------------------------------------------------------------------------------


STARTS = {
    "TT matrix": (tensor_train_matrix((8, 8), (8, 4), 5), ("j0", "j1"), ("i0", "i1")),
    "CP": (cp((8, 8, 16), 6), ("i0", "i1"), ("i2",)),
    "Monarch": (monarch((8, 8), (8, 8)), ("j0", "j1"), ("i0", "i1")),
    "copy tensor inside": (
        Network(
            {"A": ("o", "a"), "D": ("a", "b"), "B": ("b", "i")},
            {"o": 64, "i": 64, "a": 9, "b": 9},
            ("o", "i"),
            {"D": "copy"},
        ),
        ("i",),
        ("o",),
    ),
    "summed leg": (Network.from_einsum("or,ris->oi", o=32, i=64, r=5, s=3), ("i",), ("o",)),
}


@pytest.mark.parametrize(("net", "inputs", "outputs"), STARTS.values(), ids=STARTS.keys())
def test_at_the_start_outputs_vary_as_inputs_do(net, inputs, outputs):
    generator = torch.Generator().manual_seed(0)
    variances = []
    for seed in range(60):
        layer = NetworkLinear(net, inputs, outputs, seed=seed, dtype=torch.float64)
        x = torch.randn(200, layer.in_features, generator=generator, dtype=torch.float64)
        variances.append(float(layer(x).detach().square().mean()))
    assert sum(variances) / len(variances) == pytest.approx(1, abs=0.12)


def test_seeds_decide_and_without_one_the_global_generator_does():
    net, inputs, outputs = LAYERS["TT matrix"]
    first, same, other = (NetworkLinear(net, inputs, outputs, seed=seed) for seed in (1, 1, 2))
    assert torch.equal(first.weight(), same.weight())
    assert not torch.equal(first.weight(), other.weight())
    torch.manual_seed(5)
    drawn = NetworkLinear(net, inputs, outputs).weight()
    torch.manual_seed(5)
    assert torch.equal(drawn, NetworkLinear(net, inputs, outputs).weight())


def test_given_cores_are_copied():
    net, inputs, outputs = LAYERS["TT matrix"]
    cores = net.random(seed=0, dtype=torch.float64)
    layer = NetworkLinear(net, inputs, outputs, cores=cores)
    assert layer.cores["A"].dtype == torch.float64
    with torch.no_grad():
        layer.cores["A"].add_(1)
    assert torch.equal(cores["A"], net.random(seed=0, dtype=torch.float64)["A"])


# ---- as a module ----------------------------------------------------------------------------------------------------


def test_names_with_dots_and_names_of_attributes_are_parameters():
    names = ["layer.0", "layer%2E0", "forward", "keys", "training", "weight", "数"]
    net = Network(dict.fromkeys(names, ("i", "o")), {"i": 2, "o": 3}, ("o", "i"))
    layer = NetworkLinear(net, ("i",), ("o",), seed=0)
    assert list(layer.state_dict()) == [
        "cores.layer%2E0",
        "cores.layer%252E0",
        "cores.forward%",
        "cores.keys%",
        "cores.training%",
        "cores.weight",
        "cores.数",
    ]
    assert layer(torch.ones(2)).shape == (3,)


def test_state_travels():
    net, inputs, outputs = LAYERS["ring, a loop"]
    layer, other = (NetworkLinear(net, inputs, outputs, bias=True, seed=seed) for seed in (0, 1))
    other.load_state_dict(layer.state_dict())
    x = torch.randn(3, layer.in_features)
    for copied in (other, copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        assert torch.equal(copied(x), layer(x))
    assert set(layer.state_dict()) == {"cores.A", "cores.B", "cores.C", "cores.D", "bias"}
    assert layer.double()(x.double()).dtype == torch.float64


def test_fixed_tensors_are_buffers_and_only_data_are_stored():
    net = Network(
        {"X": ("o", "a"), "D": ("a", "b"), "W": ("b", "i")},
        {"o": 3, "a": 2, "b": 2, "i": 4},
        ("o", "i"),
        {"X": "data", "D": "copy"},
    )
    data = torch.randn(3, 2)
    layer = NetworkLinear(net, ("i",), ("o",), cores={"X": data}, seed=0)
    assert set(layer.state_dict()) == {"cores.W", "fixed.X"}
    assert [name for name, _ in layer.named_parameters()] == ["cores.W"]
    x = torch.randn(5, 4)
    torch.testing.assert_close(layer(x), x @ (data @ layer.cores["W"]).T)


def test_it_trains_in_the_place_of_linear():
    generator = torch.Generator().manual_seed(0)
    net = tensor_train_matrix((4, 4), (4, 4), 4)
    model = torch.nn.Sequential(NetworkLinear(net, ("j0", "j1"), ("i0", "i1"), bias=True, seed=0), torch.nn.Tanh())
    x, target = torch.randn(64, 16, generator=generator), torch.randn(64, 16, generator=generator).tanh()
    optimiser = torch.optim.Adam(model.parameters(), lr=0.01)
    losses = []
    for _ in range(60):
        loss = functional.mse_loss(model(x), target)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.8 * losses[0]


def test_large_batches_meet_the_cores_contracted_first():
    """A small batch goes through the cores one by one, a large one through the dense weight: the plan depends on it."""
    net, inputs, outputs = LAYERS["TT matrix"]
    layer = NetworkLinear(net, inputs, outputs, seed=0)
    assert layer._plan(1).pairs != layer._plan(4096).pairs
    x = torch.randn(5000, layer.in_features)
    torch.testing.assert_close(layer(x), functional.linear(x, layer.weight()))


# ---- refusals -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("inputs", "outputs", "message"),
    [
        (("j0",), ("i0", "i1"), r"must be the network's legs \('i0', 'i1', 'j0', 'j1'\), each once"),
        (("j0", "j1", "j1"), ("i0", "i1"), "each once"),
        (("j0", "j1"), ("i0", "j1"), "each once"),
        (("j0", "jj"), ("i0", "i1"), "no index 'jj'"),
        (("j0", "r0"), ("i0", "i1", "j1"), "each once"),
    ],
)
def test_legs_must_be_shared_out_exactly(inputs, outputs, message):
    with pytest.raises(NetworkError, match=message):
        NetworkLinear(tensor_train_matrix((3, 4), (2, 5), 3), inputs, outputs)


def test_inputs_of_another_size_are_refused():
    layer = NetworkLinear(*LAYERS["TT matrix"])
    with pytest.raises(
        NetworkError,
        match=r"shape \(7, 9\); its last axis must have 10 entries, the legs \('j0', 'j1'\) of sizes \(2, 5\)",
    ):
        layer(torch.ones(7, 9))
    with pytest.raises(NetworkError, match=r"shape \(\)"):
        layer(torch.ones(()))


def test_cores_must_be_complete_and_of_their_shape():
    net, inputs, outputs = LAYERS["TT matrix"]
    cores = net.random(seed=0)
    with pytest.raises(NetworkError, match="no numbers for tensor 'B'"):
        NetworkLinear(net, inputs, outputs, cores={"A": cores["A"]})
    with pytest.raises(NetworkError, match="tensor 'A' with indices"):
        NetworkLinear(net, inputs, outputs, cores={**cores, "A": torch.zeros(2, 2)})
    with pytest.raises(NetworkError, match="no tensor 'Z'"):
        NetworkLinear(net, inputs, outputs, cores={**cores, "Z": torch.zeros(2, 2)})
