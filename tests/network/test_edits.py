"""The algebra: what each edit does to the value, which pairs are inverse, and that every edit keeps the invariants."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.network.strategies import edits, networks
from workbench.network import Network, NetworkError, cp, tensor_ring, tensor_train

TRAIN = tensor_train((4, 5, 6), (2, 3))


def value(net, cores):
    return net.contract({name: core.double() for name, core in cores.items()}).numpy()


@settings(max_examples=400)
@given(st.data())
def test_every_legal_edit_gives_a_sound_network_and_leaves_the_old_one(data):
    net = data.draw(networks())
    before = repr(net)
    for _ in range(4):
        method, args, kwargs = data.draw(edits(net))
        after = getattr(net, method)(*args, **kwargs)
        assert_sound(after)
        assert repr(net) == before
        net, before = after, repr(after)


def assert_sound(net):
    """Checked anew from the parts, by rules written independently of the constructor."""
    used = [i for indices in net.tensors.values() for i in indices]
    assert set(net.sizes) == set(used)
    assert all(type(n) is int and n >= 1 for n in net.sizes.values())
    assert len(set(net.legs)) == len(net.legs)
    assert set(net.legs) <= set(used)
    assert set(net.fixed) <= set(net.tensors)
    assert net.shape == tuple(net.sizes[i] for i in net.legs)
    if (
        len(net.sizes) <= 12
        and np.prod([float(n) for n in net.sizes.values()]) < 1e5
        and "data" not in net.fixed.values()
    ):
        assert tuple(net.contract(net.random(dtype=torch.float64)).shape) == net.shape


def test_add_gives_new_indices_a_leg_and_shares_known_ones():
    net = TRAIN.add("D", ("r1", "l"), l=7)
    assert net.legs == ("i0", "i1", "i2", "l")
    assert "r1" in net.hyperbonds


def test_a_tensor_removed_leaves_its_environment():
    cores = TRAIN.random(dtype=torch.float64)
    environment = TRAIN.remove("B")
    assert environment.legs == ("i0", "i2", "r0", "r1")
    rest = {name: cores[name] for name in "AC"}
    np.testing.assert_allclose(value(environment, rest), np.einsum("ir,sk->ikrs", cores["A"], cores["C"]))


def test_removing_a_factor_of_a_cp_opens_its_hyperbond():
    environment = cp((3, 4, 5), 2).remove("C")
    assert environment.legs == ("i0", "i1", "r")
    cores = environment.random(dtype=torch.float64)
    np.testing.assert_allclose(value(environment, cores), np.einsum("ir,jr->ijr", cores["A"], cores["B"]))


def test_connect_of_size_one_changes_no_number_and_disconnect_takes_it_back():
    net = TRAIN.connect("A", "C", size=1, index="t")
    cores = TRAIN.random(dtype=torch.float64)
    grown = {name: core[..., None] if name in "AC" else core for name, core in cores.items()}
    np.testing.assert_allclose(value(net, grown), value(TRAIN, cores))
    assert net.disconnect("t") == TRAIN


def test_connect_makes_bonds_hyperbonds_and_traces():
    assert TRAIN.connect("A", "B", size=2, index="t").bonds == ("r0", "r1", "t")
    assert TRAIN.connect("A", "B", "C", size=2, index="t").hyperbonds == ("t",)
    traced = TRAIN.connect("B", "B", size=2, index="t")
    assert traced.holders("t") == (("B", 3), ("B", 4))
    cores = traced.random(dtype=torch.float64)
    np.testing.assert_allclose(value(traced, cores), np.einsum("ir,rjstt,sk->ijk", *cores.values()))


def test_fresh_names_are_the_first_unused():
    net = Network.from_einsum("i,j->ij", i=2, j=2)
    assert net.connect("A", "B", size=2).connect("A", "B", size=2).bonds == ("r", "s")
    assert tuple(net.split("A", ["i"], 3).tensors) == ("A", "C", "B")


@settings(max_examples=200)
@given(networks(max_tensors=4), st.data())
def test_cut_then_join_is_nothing_but_names(net, data):
    twice = [i for i in net.summed if len(net.holders(i)) == 2]
    if not twice:
        return
    index = data.draw(st.sampled_from(twice))
    opened = net.cut(index)
    a, b = opened.legs[-2:]
    assert opened.join(a, b) == net
    assert opened.order == net.order + 2


@settings(max_examples=200)
@given(networks(fixed=False, max_tensors=4), st.data())
def test_open_shows_what_close_sums(net, data):
    if not net.summed:
        return
    index = data.draw(st.sampled_from(net.summed))
    cores = net.random(dtype=torch.float64)
    opened = net.open(index)
    assert opened.close(index) == net
    np.testing.assert_allclose(opened.contract(cores).sum(-1).numpy(), net.contract(cores).numpy(), atol=1e-12)


@settings(max_examples=200)
@given(networks(fixed=False, max_tensors=4), st.data())
def test_merge_of_contracted_tensors_keeps_the_value(net, data):
    if len(net.free) < 2:
        return
    a, b = data.draw(st.permutations(net.free))[:2]
    cores = net.random(dtype=torch.float64)
    merged = net.merge(a, b)
    pair = Network(
        {x: net.tensors[x] for x in (a, b)},
        {i: net.sizes[i] for x in (a, b) for i in net.tensors[x]},
        merged.tensors[a],
    )
    rest = {name: core for name, core in cores.items() if name not in (a, b)}
    together = pair.contract({a: cores[a], b: cores[b]})
    np.testing.assert_allclose(merged.contract({**rest, a: together}).numpy(), net.contract(cores).numpy(), atol=1e-12)


def test_split_holds_the_exact_svd():
    net = Network.from_einsum("ijk->ijk", i=4, j=5, k=6)
    x = net.random(dtype=torch.float64)["A"]
    halves = net.split("A", ["i", "j"], size=6, names=("U", "V"), index="r")
    u, s, v = np.linalg.svd(x.numpy().reshape(20, 6), full_matrices=False)
    cores = {"U": torch.tensor(u.reshape(4, 5, 6)), "V": torch.tensor(s[:, None] * v)}
    np.testing.assert_allclose(halves.contract(cores).numpy(), x.numpy())
    assert halves.merge("U", "V", "A").transpose("i", "j", "k") == net


@given(networks(), st.data())
def test_renaming_there_and_back_is_nothing(net, data):
    for method, names in (("rename", list(net.tensors)), ("relabel", list(net.sizes))):
        there = dict(zip(names, data.draw(st.permutations(names)), strict=True))
        back = {new: old for old, new in there.items()}
        assert getattr(getattr(net, method)(there), method)(back) == net


def test_a_leg_is_pulled_out_and_taken_away():
    net = TRAIN.attach("B", "l", size=7)
    assert net.legs == ("i0", "i1", "i2", "l")
    assert net.tensors["B"] == ("r0", "i1", "r1", "l")
    assert net.disconnect("l") == TRAIN


def test_attach_and_detach_are_inverse():
    ring = tensor_ring((3, 4, 5), 2)
    assert ring.attach("B", "r2").hyperbonds == ("r2",)
    assert ring.attach("B", "r2").detach("B", "r2") == ring


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (lambda n: n.add("A", ("x",), x=2), "there is a tensor 'A' already"),
        (lambda n: n.add("D", ("r0",), r0=5), "'r0' of 'D' is given size 5 but has size 2"),
        (lambda n: n.add("D", ("x",), y=5), "size given for 'y', which is not among"),
        (lambda n: n.add("D", ("x",)), "index 'x' has no size"),
        (lambda n: n.remove("D"), "no tensor 'D'"),
        (lambda n: n.connect("A", size=2), "connect joins two tensors or more"),
        (lambda n: n.connect("A", "X", size=2), "no tensor 'X'"),
        (lambda n: n.connect("A", "C", size=0), "has size 0"),
        (lambda n: n.connect("A", "C", size=2, index="r0"), "there is an index 'r0' already, of size 2"),
        (lambda n: n.attach("A", "i1", size=3), "there is an index 'i1' already, of size 5"),
        (lambda n: n.disconnect("x"), "no index 'x'"),
        (lambda n: n.join("i0", "i1"), "leg 'i0' has size 4 and leg 'i1' has size 5; resize one of them"),
        (lambda n: n.join("i0", "r0"), "index 'r0' is not a leg"),
        (lambda n: n.join("i0", "i0"), "cannot join leg 'i0' to itself"),
        (lambda n: n.cut("i0"), "index 'i0' is a leg"),
        (lambda n: n.open("i0"), "index 'i0' is a leg"),
        (lambda n: n.close("r0"), "index 'r0' is not a leg"),
        (lambda n: n.attach("A", "x"), "no index 'x'"),
        (lambda n: n.detach("A", "r1"), "'A' does not hold index 'r1'"),
        (lambda n: n.detach("A", "i0"), "'A' is the only holder of index 'i0'"),
        (lambda n: n.resize(r9=3), "no index 'r9'"),
        (lambda n: n.resize(r0=0), "a rank, too"),
        (lambda n: n.rename(A="B"), "tensor 'A' and tensor 'B' would both be named 'B'"),
        (lambda n: n.relabel(i0="i1"), "would both be named 'i1'"),
        (lambda n: n.transpose("i0", "i1"), "transpose needs every leg once"),
        (lambda n: n.split("B", ["i0"], 2), "'B' does not hold index 'i0'"),
        (lambda n: n.split("B", ["r0"], 2, names=("A", "D")), "cannot be named 'A' and 'D'"),
        (lambda n: n.merge("A", "A"), "cannot merge 'A' with itself"),
        (lambda n: n.merge("A", "B", "C"), "there is a tensor 'C' already"),
    ],
)
def test_a_refused_edit_says_what_to_do(edit, says):
    with pytest.raises(NetworkError) as refusal:
        edit(TRAIN)
    assert says in str(refusal.value)


def test_fixed_tensors_are_neither_split_nor_merged():
    net = TRAIN.add("X", ("r0",), "ones")
    with pytest.raises(NetworkError, match="fixed"):
        net.merge("A", "X")
    with pytest.raises(NetworkError, match="fixed"):
        net.split("X", ["r0"], 2)
