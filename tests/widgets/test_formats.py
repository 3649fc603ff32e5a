"""Formats and their states: ranks, bounds, lines of Python that do what they say."""

import math

import pytest
import torch

from workbench.decomposition import FitError, decompose
from workbench.network import Network, NetworkError, tensor_train, tucker
from workbench.widgets._formats import (
    OWN,
    State,
    carried,
    checked,
    formats_of,
    matched,
    own_format,
    refuse_uncarried,
    to_begin_with,
    useful,
)
from workbench.widgets._states import States

PHOTO = (427, 640, 3)
AXES = ("row", "column", "colour")


def test_the_formats_are_the_families_with_the_datas_names():
    forms = formats_of(PHOTO, AXES)
    assert list(forms) == ["cp", "tucker", "tensor_train", "tensor_ring", "hierarchical_tucker"]
    assert forms["tucker"].network((4, 5, 2)) == tucker(PHOTO, (4, 5, 2), legs=AXES)
    assert [rank.title for rank in forms["tucker"].ranks] == ["row", "column", "colour"]
    assert [rank.title for rank in forms["tensor_ring"].ranks] == ["row – column", "column – colour", "row – colour"]
    assert [rank.title for rank in forms["cp"].ranks] == ["components"]


@pytest.mark.parametrize(("shape", "wanted"), [((7,), 2), ((7, 8), 4), ((7, 8, 9), 5)])
def test_formats_that_make_no_sense_are_not_offered(shape, wanted):
    assert len(formats_of(shape, "abc"[: len(shape)])) == wanted


def test_a_bond_that_cuts_the_network_is_bounded_by_its_unfolding():
    forms = formats_of((4, 5, 6, 7), "ijkl")
    assert [(rank.side, rank.most) for rank in forms["tensor_train"].ranks] == [
        (("i",), 4),
        (("i", "j"), 20),
        (("l",), 7),
    ]
    assert [(rank.side, rank.most) for rank in forms["tucker"].ranks] == [
        ((leg,), size) for leg, size in zip("ijkl", (4, 5, 6, 7), strict=True)
    ]
    assert not any(rank.side for rank in forms["tensor_ring"].ranks)


def test_a_rank_beyond_what_the_others_carry_is_known_to_be_useless():
    form = formats_of(PHOTO, AXES)["tucker"]
    assert useful(form.network((29, 44, 3)), form) == [44 * 3, 29 * 3, 3]
    assert useful(form.network((200, 2, 3)), form)[0] == 6


@pytest.mark.parametrize("shape", [PHOTO, (60, 60, 60, 60), (4, 4, 4, 4, 4), (20, 30), (1, 1, 1), (13, 4, 12, 8), (5,)])
def test_every_format_begins_small_and_within_bounds(shape):
    for form in formats_of(shape, "abcdefg"[: len(shape)]).values():
        ranks = to_begin_with(form, shape)
        assert all(1 <= size <= rank.most for size, rank in zip(ranks, form.ranks, strict=True))
        ones = form.network((1,) * len(ranks)).parameters
        assert form.network(ranks).parameters <= max(ones, math.prod(shape) // 3, 400)


@pytest.mark.parametrize("shape", [PHOTO, (4, 4, 4, 4, 4), (20, 30), (13, 4, 12, 8), (9, 2, 2)])
def test_what_every_format_begins_with_is_what_decompose_takes(shape):
    x = torch.rand(shape, generator=torch.Generator().manual_seed(0))
    for form in formats_of(shape, "abcdefg"[: len(shape)]).values():
        for ranks in (to_begin_with(form, shape), matched(form, math.prod(shape) // 4)):
            refuse_uncarried(form, ranks)
            told = ranks[0] if form.key == "cp" else ranks
            assert decompose(x, form.key, ranks=told, max_sweeps=1).parameters == form.network(ranks).parameters


def test_ranks_are_lowered_to_what_the_cores_carry_and_no_further():
    form = formats_of(PHOTO, AXES)["tucker"]
    assert carried(form, (200, 2, 3)) == (6, 2, 3)
    assert carried(form, (29, 44, 3)) == (29, 44, 3)
    train = formats_of((4, 5, 6, 7), "ijkl")["tensor_train"]
    assert carried(train, (1, 20, 1)) == (1, 5, 1)


def test_matched_ranks_are_the_largest_even_ones_within_the_parameters():
    for form in formats_of(PHOTO, AXES).values():
        ranks = matched(form, 50_000)
        assert form.network(ranks).parameters <= 50_000
        more = tuple(min(max(ranks) + 1, rank.most) for rank in form.ranks)
        assert form.network(more).parameters > 50_000


@pytest.mark.parametrize("key", ["cp", "tucker", "tensor_train", "tensor_ring", "hierarchical_tucker"])
def test_the_line_of_python_makes_the_network(key):
    import workbench as wb

    x = torch.rand(6, 7, 8, generator=torch.Generator().manual_seed(0))
    form = formats_of(x.shape, "ijk")[key]
    ranks = tuple(2 + k for k in range(len(form.ranks)))
    scope = {"wb": wb, "x": x}
    exec(form.line(ranks, "x"), scope)  # the line is ours
    made = scope["fit"].network
    assert tuple(made.sizes[rank.index] for rank in form.ranks) == ranks
    assert made.parameters == form.network(ranks).parameters
    exec(form.line(ranks, "x", sweeps=1), scope)
    assert len(scope["fit"].history) == 1


def test_the_line_of_an_own_network_resizes_it():
    import workbench as wb

    x = torch.rand(6, 7, 8, generator=torch.Generator().manual_seed(0))
    net = tensor_train(x.shape, (3, 2)).connect("A", "C", size=2, index="loop")
    form = own_format(net, x.shape)
    assert form.line((3, 2, 2), "x") == "fit = wb.decompose(x, net)"
    assert form.line((3, 2, 4), "y") == "fit = wb.decompose(y, net.resize(loop=4))"
    scope = {"wb": wb, "x": x, "net": net}
    exec(form.line((3, 2, 4), "x"), scope)
    assert scope["fit"].network == net.resize(loop=4)
    odd = own_format(net.relabel(loop="the loop"), x.shape)
    assert odd.line((3, 2, 4), "x") == "fit = wb.decompose(x, net.resize({'the loop': 4}))"


def test_indices_of_fixed_tensors_are_no_ranks_of_an_own_network():
    net = Network(
        {"A": ("i", "r"), "D": ("r", "s"), "B": ("s", "j")},
        {"i": 6, "j": 5, "r": 3, "s": 3},
        ("i", "j"),
        {"D": "copy"},
    )
    assert own_format(net, (6, 5)).ranks == ()


@pytest.mark.parametrize(
    ("ranks", "said"),
    [
        ((1, 2), "2 ranks"),
        ((0, 2, 3), "rank 'r0' is 0; a rank is a whole number of at least 1"),
        ((2.5, 2, 3), "rank 'r0' is 2.5"),
        ((True, 2, 3), "rank 'r0' is True"),
        ((428, 2, 3), r"rank 'r0' \(row\) is 428; the largest that makes sense is 427"),
        ("abc", "ranks are 'abc'"),
        (None, "ranks are None"),
    ],
)
def test_ranks_that_cannot_be_are_refused_by_name(ranks, said):
    with pytest.raises(FitError, match=said):
        checked(formats_of(PHOTO, AXES)["tucker"], ranks)


def test_one_number_is_for_all_as_far_as_each_can_go():
    assert checked(formats_of(PHOTO, AXES)["tucker"], 40) == (40, 40, 3)
    with pytest.raises(FitError, match="is 500"):
        checked(formats_of((20, 30), "ij")["cp"], 500)


def test_an_own_network_has_the_datas_legs():
    with pytest.raises(NetworkError, match=r"the network has 3 legs .*, the data has 2 axes"):
        own_format(tucker((3, 4, 5), 2), (3, 4))
    with pytest.raises(NetworkError, match="leg 'i1' has size 4, axis 1 of the data has size 9"):
        own_format(tucker((3, 4, 5), 2), (3, 9, 5))


def test_a_network_is_known_by_its_form():
    states = States((6, 7, 8), "ijk")
    assert states.of(tucker((6, 7, 8), (2, 3, 4), legs="ijk")) == State("tucker", (2, 3, 4))
    other = tucker((6, 7, 8), (2, 3, 4))
    assert states.of(other) == State(OWN, (2, 3, 4), other)


def test_a_format_that_was_left_has_its_ranks_again():
    states = States((60, 70, 80), "ijk")
    here = states.first("tucker", (5, 6, 7))
    there = states.turned(here, "cp", None)
    assert states.network(there).parameters <= states.network(here).parameters
    states.leave(State("cp", (17,)))
    assert states.turned(here, "cp", None) == State("cp", (17,))
    with pytest.raises(FitError, match="there is no format 'tuker'; did you mean 'tucker'"):
        states.turned(here, "tuker", None)


def test_the_first_fit_is_what_decompose_makes_of_the_network():
    x = torch.rand(6, 7, 8, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    states = States(x.shape, "ijk")
    state = states.first(None, (2, 2, 2))
    assert decompose(x, states.network(state)).error == decompose(x, "tucker", ranks=(2, 2, 2)).error
