"""Planted data have the noise, the gaps and the structure that was asked for, exactly and again."""

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.data import DataError, planted
from workbench.network import FAMILIES, Network, NetworkError, cp, peps


def _relative(a, b):
    return (torch.linalg.vector_norm(a - b) / torch.linalg.vector_norm(b)).item()


@pytest.mark.parametrize("family", FAMILIES)
def test_without_noise_the_data_are_the_networks_value(family):
    data = planted(family, (5, 6, 7, 4), 2)
    assert data.network == FAMILIES[family]((5, 6, 7, 4), 2)
    assert torch.equal(data.x, data.clean)
    assert torch.equal(data.clean, data.network.contract(data.cores))
    assert data.mask is None


def test_cp_is_a_sum_of_outer_products():
    data = planted("cp", (4, 5, 6), 3)
    a, b, c = (core.numpy() for core in data.cores.values())
    expected = sum(np.multiply.outer(np.multiply.outer(a[:, r], b[:, r]), c[:, r]) for r in range(3))
    np.testing.assert_allclose(data.x.numpy(), expected, atol=1e-12)


def test_the_ranks_of_a_planted_tensor_are_those_planted():
    x = planted("tucker", (8, 9, 10), (2, 3, 4)).x
    found = [torch.linalg.matrix_rank(x.movedim(mode, 0).flatten(1)).item() for mode in range(3)]
    assert found == [2, 3, 4]
    x = planted("tensor_train", (8, 9, 10), (3, 5)).x
    assert torch.linalg.matrix_rank(x.reshape(8, -1)) == 3
    assert torch.linalg.matrix_rank(x.reshape(72, -1)) == 5


@settings(max_examples=40)
@given(level=st.floats(1e-3, 10), family=st.sampled_from(["cp", "tensor_ring"]), seed=st.integers(0, 10**12))
def test_noise_has_exactly_the_size_asked_for(level, family, seed):
    data = planted(family, (5, 6, 7), 2, noise=level, seed=seed)
    assert _relative(data.x, data.clean) == pytest.approx(level, rel=1e-9)


@settings(max_examples=40)
@given(missing=st.floats(0.001, 0.99), seed=st.integers(0, 10**12))
def test_exactly_the_fraction_asked_for_is_missing(missing, seed):
    data = planted("cp", (5, 6, 7), 2, noise=0.1, missing=missing, seed=seed)
    gone = round(missing * 210)
    assert (210 if data.mask is None else int(data.mask.sum())) == 210 - gone
    assert int((data.x == 0).sum()) == gone


def test_noise_and_gaps_follow_no_pattern():
    data = planted("cp", (50, 50, 50), 1, noise=1.0, missing=0.5)
    noise = (data.x - data.clean)[data.mask]
    noise = noise / noise.std()
    assert abs((noise**4).mean() - 3) < 0.1
    for mode in range(3):
        seen = data.mask.double().mean([m for m in range(3) if m != mode])
        assert seen.min() > 0.45
        assert seen.max() < 0.55


def test_noise_has_nothing_to_do_with_the_cores_though_the_seed_is_one():
    data = planted(Network({"A": ("i",)}, {"i": 10_000}, ("i",)), noise=1.0, seed=5)
    drawn = np.corrcoef(data.cores["A"], data.x - data.clean)
    assert abs(drawn[0, 1]) < 0.05


def test_the_same_seed_gives_the_same_data_and_another_does_not():
    first, again, other = (planted("tucker", (5, 6, 7), 2, noise=0.1, missing=0.1, seed=s) for s in (3, 3, 4))
    assert torch.equal(first.x, again.x)
    assert torch.equal(first.mask, again.mask)
    assert not torch.equal(first.x, other.x)
    assert not torch.equal(first.mask, other.mask)


def test_cores_noise_and_gaps_are_drawn_apart():
    plain = planted("cp", (6, 7, 8), 2, noise=0.1)
    gappy = planted("cp", (6, 7, 8), 2, noise=0.1, missing=0.2)
    gappier = planted("cp", (6, 7, 8), 2, noise=0.3, missing=0.4)
    assert torch.equal(plain.clean, gappier.clean)
    assert torch.equal(plain.x[gappy.mask], gappy.x[gappy.mask])
    assert bool((gappy.mask | ~gappier.mask).all())


def test_torchs_own_generator_is_left_alone():
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    planted("cp", (4, 4, 4), 2, noise=0.1, missing=0.1)
    assert torch.equal(torch.rand(1), expected)


@settings(max_examples=40)
@given(cosine=st.floats(0, 0.999), rank=st.integers(1, 5), dtype=st.sampled_from([torch.float64, torch.complex128]))
def test_every_two_columns_meet_at_the_cosine_asked_for(cosine, rank, dtype):
    data = planted("cp", (5, 6, 7), rank, collinearity=cosine, dtype=dtype)
    for factor in data.cores.values():
        for a, b in itertools.combinations_with_replacement(range(rank), 2):
            expected = 1.0 if a == b else cosine
            assert abs(torch.vdot(factor[:, a], factor[:, b]) - expected) < 1e-9
    assert torch.equal(data.clean, data.network.contract(data.cores))


def test_collinear_factors_are_found_by_structure_not_by_name():
    flipped = Network.from_einsum("qa,bq,qc->abc", a=4, b=5, c=6, q=3)
    factor = planted(flipped, collinearity=0.5).cores["A"]
    assert factor.shape == (3, 4)
    assert (factor[0] @ factor[2]).item() == pytest.approx(0.5)


@pytest.mark.parametrize(
    "dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.complex64, torch.complex128]
)
def test_every_dtype_is_kept(dtype):
    data = planted("cp", (8, 8, 8), 2, noise=0.5, missing=0.1, dtype=dtype)
    assert {data.x.dtype, data.clean.dtype, *(core.dtype for core in data.cores.values())} == {dtype}
    seen = data.mask
    wide = torch.complex128 if dtype.is_complex else torch.float64
    assert _relative(data.x.to(wide)[seen], data.clean.to(wide)[seen]) == pytest.approx(0.5, rel=0.15)


def test_any_network_can_be_planted():
    net = peps(2, 2, physical=3, bond=2)
    data = planted(net, noise=0.2)
    assert data.x.shape == (3, 3, 3, 3)
    with_fixed = Network({"A": ("i", "j"), "E": ("j", "k")}, {"i": 3, "j": 2, "k": 2}, ("i", "k"), {"E": "levi_civita"})
    data = planted(with_fixed)
    assert set(data.cores) == {"A"}
    assert torch.allclose(data.x, torch.stack([-data.cores["A"][:, 1], data.cores["A"][:, 0]], 1))


def test_a_planted_value_is_frozen_and_says_what_it_is():
    data = planted("cp", (4, 5, 6), 2, noise=0.1, missing=0.25, seed=7)
    assert repr(data).endswith("4 x 5 x 6, 30 parameters, noise=0.1, missing=0.25, seed=7)")
    with pytest.raises(AttributeError):
        data.x = None
    with pytest.raises(TypeError):
        data.cores["A"] = None


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"network": "tuker"}, "no family 'tuker'; did you mean 'tucker'"),
        ({"shape": None}, "family 'cp' needs a shape and ranks"),
        ({"ranks": None}, "family 'cp' needs a shape and ranks"),
        ({"network": cp((3, 3), 2)}, "a Network has its own"),
        (
            {"network": Network({"X": ("i",)}, {"i": 2}, ("i",), {"X": "data"}), "shape": None, "ranks": None},
            "'X' is fixed as",
        ),
        ({"noise": -0.1}, "noise is -0.1"),
        ({"noise": math.nan}, "noise is nan"),
        ({"noise": math.inf}, "noise is inf"),
        ({"missing": 1.0}, "missing is 1.0"),
        ({"missing": -0.5}, "missing is -0.5"),
        ({"missing": 0.999}, "leaves none"),
        ({"collinearity": 1.0}, "collinearity is 1.0"),
        ({"collinearity": 0.5, "ranks": 5}, "leg 'i0' has size 4, and 5 columns"),
        ({"collinearity": 0.5, "network": "tucker"}, "collinearity is for CP"),
        ({"seed": -1}, "seed is -1"),
        ({"seed": 1.5}, "seed is 1.5"),
        ({"dtype": torch.int64}, "dtype is torch.int64"),
        ({"shape": (10**6, 10**6, 10**6)}, "of memory, "),
        ({"network": peps(2, 15, physical=1, bond=10**6), "shape": None, "ranks": None}, "of memory, "),
    ],
)
def test_arguments_out_of_range_are_refused(arguments, said):
    with pytest.raises(DataError, match=said):
        planted(**{"network": "cp", "shape": (4, 5, 6), "ranks": 2} | arguments)


def test_a_rank_of_zero_is_the_networks_refusal():
    with pytest.raises(NetworkError, match="size 0"):
        planted("cp", (4, 5), 0)


def test_noise_relative_to_nothing_is_refused():
    nothing = Network({"A": ("i",), "E": ("j", "j")}, {"i": 3, "j": 2}, ("i",), {"E": "levi_civita"})
    assert not planted(nothing).x.any()
    with pytest.raises(DataError, match="zero everywhere"):
        planted(nothing, noise=0.1)
