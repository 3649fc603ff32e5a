"""The recommended rank: right where it was planted, honest about noise, and with reasons that follow from its table."""

import math
import re
from itertools import islice

import numpy as np
import pytest
import torch

from tests.proof import examples
from workbench.data import DataError, planted
from workbench.decomposition import (
    BondScore,
    FitError,
    RankScore,
    _memory,
    core_consistency,
    decompose,
    factor_match,
    suggest_rank,
)
from workbench.decomposition._bond_floor import bond_scores
from workbench.decomposition._cp import cp_sweeps
from workbench.decomposition._rank_choice import carried
from workbench.decomposition._rank_evidence import Evidence, best_predicting, noise_bound
from workbench.decomposition._rank_scan import _unpredicted, compressed, cp_scan
from workbench.network import tensor_train, tucker

PLANTED = [
    (2, 0.9, 0.3),
    (5, 0.9, 0.2),
    (4, None, 0.3),
    (3, 0.0, 0.5),
    (6, 0.6, 0.3),
    (7, 0.3, 0.1),
    (3, 0.9, 0.1),
    (6, None, 0.05),
    (2, 0.6, 0.5),
    (8, 0.6, 0.3),
    (5, 0.0, 0.3),
    (8, None, 0.3),
]


def noise(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def score(rank: int, **given: float) -> RankScore:
    found = {"error": 0.5, "held_out": 0.5, "halves": 1.0, "gain": 1e6, "match": 1.0, "consistency": 100.0, **given}
    return RankScore(rank=rank, parameters=10 * rank, agreeing=3, **found)


@pytest.fixture(scope="module")
def found():
    return suggest_rank(planted("cp", (20, 21, 22), 3, noise=0.3, seed=1).x, up_to=5, starts=4)


# ---- CP -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rank", "cosine", "level"), PLANTED[: examples(5, 12)])
def test_the_planted_rank_is_found_in_noise_and_with_collinear_factors(rank, cosine, level):
    x = planted("cp", (20, 21, 22), rank, noise=level, collinearity=cosine, seed=rank).x
    assert suggest_rank(x, up_to=rank + 2, starts=4).rank == rank


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.complex64], ids=str)
def test_data_without_noise_have_the_rank_that_leaves_nothing(dtype):
    data = planted("cp", (9, 10, 11, 8), 3, seed=2, dtype=dtype)
    found = suggest_rank(data.x, up_to=4, starts=4)
    assert found.rank == 3
    assert "leave nothing over" in found.reasons[0]
    assert found.fit.error < 1e-5
    assert found.fit.cores["A"].dtype == dtype
    assert factor_match(found.fit, data) > 0.999


def test_missing_entries_are_left_out_and_the_rank_is_found():
    data = planted("cp", (16, 17, 18), 3, noise=0.2, missing=0.6, seed=3)
    spoilt = torch.where(data.mask, data.x, torch.nan)
    found = suggest_rank(spoilt, mask=data.mask, up_to=4, starts=2)
    assert found.rank == 3
    assert "half of the observed entries" in " ".join(found.reasons)
    assert found.table[2].error == pytest.approx(0.2, rel=0.1)
    assert found.table[2].held_out > found.table[2].error
    assert found.code == 'wb.decompose(x, "cp", ranks=3, mask=mask, starts=2)'


def test_a_mask_without_gaps_is_none(found):
    x = planted("cp", (20, 21, 22), 3, noise=0.3, seed=1).x
    masked = suggest_rank(x, mask=torch.ones_like(x, dtype=torch.bool), up_to=5, starts=4)
    assert masked.table == found.table


def test_few_observed_entries_are_held_out_a_fifth_at_a_time():
    data = planted("cp", (4, 3, 20), 2, noise=0.2, missing=0.3, seed=0)
    found = suggest_rank(data.x, mask=data.mask, up_to=3, starts=2)
    assert found.rank == 2
    assert all(math.isnan(each.halves) for each in found.table)


def test_noise_has_nothing_that_stands_out():
    found = suggest_rank(noise(14, 15, 16), up_to=4, starts=4)
    assert found.rank == 1
    assert any(reason.startswith("Nothing stands out from the noise") for reason in found.reasons)
    assert found.noise == pytest.approx(1.0, abs=0.06)


def test_more_components_than_were_tried_are_suspected():
    found = suggest_rank(planted("cp", (20, 21, 22), 5, noise=0.1, seed=4).x, up_to=3, starts=4)
    assert found.rank <= 3
    assert any("try a larger up_to" in reason for reason in found.reasons)


def test_the_table_tells_what_fits_of_each_rank_tell(found):
    x = planted("cp", (20, 21, 22), 3, noise=0.3, seed=1).x
    for each in found.table:
        fit = decompose(x, "cp", ranks=each.rank, starts=10)
        assert each.error <= fit.error + 1e-3
        assert each.parameters == fit.parameters
        if each.rank <= 3:  # beyond, the components are noise, of which starts find one or another
            assert each.error == pytest.approx(fit.error, rel=1e-3)
            assert each.consistency == pytest.approx(core_consistency(x, fit), abs=1)
    errors = [each.error for each in found.table]
    assert errors == sorted(errors, reverse=True)


def test_the_noise_is_measured_in_what_is_left_over(found):
    data = planted("cp", (20, 21, 22), 3, noise=0.3, seed=1)
    true = float(torch.linalg.vector_norm(data.x - data.clean) / torch.linalg.vector_norm(data.x))
    assert found.noise == pytest.approx(true, rel=0.03)
    per_entry = true**2 * float(torch.linalg.vector_norm(data.x)) ** 2 / data.x.numel()
    drop = (found.table[1].error ** 2 - found.table[2].error ** 2) * float(torch.linalg.vector_norm(data.x)) ** 2
    assert found.table[2].gain == pytest.approx(drop / per_entry, rel=0.05)


def test_the_fit_is_that_of_the_recommended_rank(found):
    x = planted("cp", (20, 21, 22), 3, noise=0.3, seed=1).x
    direct = torch.linalg.vector_norm(x - found.fit.reconstruct()) / torch.linalg.vector_norm(x)
    assert found.fit.error == pytest.approx(float(direct), rel=1e-9)
    assert found.fit.error <= found.table[2].error + 1e-9
    assert found.fit.network == found.network
    again = eval(found.code.removeprefix("wb."), {"decompose": decompose, "x": x})
    assert again.error == pytest.approx(found.fit.error, rel=1e-4)


@pytest.mark.parametrize("scale", [1e-20, 1e20])
def test_very_small_and_very_large_data_have_the_same_rank(scale, found):
    x = planted("cp", (20, 21, 22), 3, noise=0.3, seed=1).x * scale
    other = suggest_rank(x, up_to=5, starts=4)
    assert other.rank == 3
    assert other.fit.error == pytest.approx(found.fit.error, rel=1e-6)
    torch.testing.assert_close(other.fit.reconstruct() / scale, found.fit.reconstruct(), rtol=1e-4, atol=1e-4)


# ---- what it rests on -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(20, 20, 20), (40, 10, 5), (8, 9, 10, 7), (30, 4, 4)], ids=str)
@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128], ids=str)
def test_the_best_component_of_noise_gains_no_more_than_its_bound(shape, dtype):
    """`[M]` by brute force: many starts of rank one on noise of variance 1."""
    bound = noise_bound(shape)
    gains = []
    for seed in range(12):
        x = noise(*shape, seed=seed, dtype=dtype)
        start = [noise(60, size, 1, seed=99 + seed, dtype=dtype) for size in shape]
        _, squares = next(islice(cp_sweeps(x, start), 25, None))
        gains.append(float(torch.linalg.vector_norm(x).square() - squares.min()))
    assert max(gains) < bound
    assert max(gains) > 0.35 * bound, "a bound nothing comes near would tell nothing"


def test_the_best_prediction_is_the_least_rank_that_none_beats_for_sure():
    draw = np.random.default_rng(0)
    shared = draw.normal(100, 10, 40)
    lost = np.stack([shared + step + draw.normal(0, 0.5, 40) for step in (20, 8, 0, -0.05, 3)])
    assert best_predicting(torch.from_numpy(lost)) == 3
    assert best_predicting(torch.from_numpy(lost[:2])) == 2
    assert best_predicting(torch.from_numpy(lost[:1])) == 1


def test_slices_are_predicted_by_least_squares_from_half_of_their_entries():
    columns = [noise(6, 3, seed=1), noise(7, 3, seed=2)]
    unseen = noise(5, 42, seed=3)
    order = torch.randperm(42, generator=torch.Generator().manual_seed(0))
    entries = order[:20], order[20:]
    design = np.einsum("ir,jr->ijr", *(each.numpy() for each in columns)).reshape(42, 3)
    expected = np.zeros(5)
    for known, asked in (entries, entries[::-1]):
        weights, *_ = np.linalg.lstsq(design[known], unseen.numpy()[:, known].T, rcond=None)
        expected += ((unseen.numpy()[:, asked] - (design[asked] @ weights).T) ** 2).sum(1)
    assert _unpredicted(unseen, columns, entries).numpy() == pytest.approx(expected)


def test_every_rank_is_fitted_as_well_as_the_one_before_and_a_component_more():
    x = planted("cp", (12, 12, 12), 4, noise=0.2, collinearity=0.9, seed=0).x
    small = compressed(x, 6, 0)
    stages = cp_scan(small.core, 6, 5, 0)
    squares = [float(stage.squares[0]) for stage in stages]
    assert squares == sorted(squares, reverse=True)
    assert all(bool((stage.squares.diff() >= 0).all()) for stage in stages), "the best start comes first"
    for stage in stages:
        value = torch.einsum("ir,jr,kr->ijk", *stage.start(0))
        assert float((small.core - value).square().sum()) == pytest.approx(float(stage.squares[0]), rel=1e-6)


def test_prediction_halves_and_noise_decide_together():
    def rank(scores, lost, bound=100.0):
        return Evidence(tuple(scores), (), torch.tensor(lost), bound, 0.1, "half of axis 0", 5, 1e-7).rank

    flat = [[9.0] * 5, [5.0] * 5, [4.0] * 5, [4.0] * 5]
    four = [score(1), score(2), score(3), score(4)]
    assert rank(four, flat) == 3, "a fourth predicts no better"
    assert rank([*four[:2], score(3, halves=0.1), score(4, halves=0.1)], flat) == 2, "the third is not found again"
    assert rank([*four[:2], score(3, gain=50.0), score(4, gain=50.0)], flat) == 2, "the third could be noise"
    assert rank([score(k, gain=50.0) for k in range(1, 5)], flat) == 1
    assert rank([score(k, halves=0.0) for k in range(1, 5)], flat) == 3, "no rank is found again: prediction decides"
    assert rank([score(1), score(2, error=1e-9), score(3, error=1e-9), score(4)], flat) == 2, "nothing is left over"
    assert rank([score(k, gain=math.nan) for k in range(1, 5)], flat, math.inf) == 3


def test_reasons_are_sentences_with_the_numbers_of_the_table(found):
    assert len(found.reasons) >= 4
    assert all(reason[0].isupper() or reason[0].isdigit() for reason in found.reasons)
    assert all(reason.endswith(".") for reason in found.reasons)
    text = " ".join(found.reasons)
    three, four = found.table[2:4]
    assert f"error of {three.held_out:.4g}" in text
    assert f"worst match {three.halves:.2f}" in text
    assert f"with 4 the worst match is {four.halves:.2f}" in text
    assert f"takes {three.gain:,.0f} variances" in text
    assert f"{three.agreeing} of 4 starts" in text


def test_the_text_marks_the_rank_and_is_the_same_every_time(found):
    lines = repr(found).splitlines()
    assert lines[0] == "RankSuggestion(cp: rank 3)"
    assert [line.split()[1] for line in lines if line.startswith("→")] == ["3"]
    assert sum(line.startswith("- ") for line in lines) == len(found.reasons)
    again = suggest_rank(planted("cp", (20, 21, 22), 3, noise=0.3, seed=1).x, up_to=5, starts=4)
    assert repr(again) == repr(found)


# ---- other families -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("family", "shape", "ranks"),
    [
        ("tucker", (24, 25, 26), (2, 4, 3)),
        ("tensor_train", (14, 15, 16, 13), (3, 5, 2)),
        ("hierarchical_tucker", (14, 15, 16, 13), (2, 3, 2, 3, 4)),
    ],
)
@pytest.mark.parametrize("level", [0.0, 0.05, 0.4])
def test_bonds_keep_the_singular_values_above_the_noise(family, shape, ranks, level):
    data = planted(family, shape, ranks, noise=level, seed=5)
    found = suggest_rank(data.x, family)
    assert found.rank == ranks
    assert found.network == data.network
    true = float(torch.linalg.vector_norm(data.x - data.clean) / torch.linalg.vector_norm(data.x))
    assert found.noise == pytest.approx(true, rel=0.03, abs=1e-10)
    for each in found.table:
        assert each.next <= each.edge < each.kept
    assert eval(found.code.removeprefix("wb."), {"decompose": decompose, "x": data.x}).network == found.network


@pytest.mark.parametrize("shape", [(30, 30, 30), (60, 8, 9), (20, 20)], ids=str)
def test_noise_reaches_up_to_its_edge_and_rarely_above(shape):
    above, nearest = 0, 0.0
    for seed in range(30):
        x = noise(*shape, seed=seed)
        values = np.linalg.svd(np.moveaxis(x.numpy(), 0, 0).reshape(shape[0], -1), compute_uv=False)
        tail = np.append(np.cumsum((values**2)[::-1])[-2::-1], 0.0) / (values**2).sum()
        (each,), variance = bond_scores(("r",), (tail,), x.numel(), 1e-15)
        largest = values[0] / math.sqrt((values**2).sum())
        above += each.kept > each.edge
        assert variance == pytest.approx(1.0) or each.kept > each.edge
        nearest = max(nearest, largest / each.edge)
    assert above <= 2
    assert nearest > 0.95


def test_no_bond_is_given_a_rank_that_its_tensors_cannot_carry():
    assert carried(tucker((9, 9, 9), (3, 1, 1))) == tucker((9, 9, 9), 1)
    assert carried(tucker((9, 9, 9), (5, 2, 2))) == tucker((9, 9, 9), (4, 2, 2))
    assert carried(tucker((9, 9, 9), (4, 2, 2))) == tucker((9, 9, 9), (4, 2, 2))
    assert carried(tensor_train((2, 9, 9, 9), (7, 9, 9))) == tensor_train((2, 9, 9, 9), (2, 9, 9))


def test_pure_noise_and_crowded_singular_values_are_told():
    assert "no singular value stands out" in " ".join(suggest_rank(noise(15, 16, 17), "tucker").reasons)
    assert "The data have no noise" in suggest_rank(planted("tucker", (8, 9, 10), 2).x, "tucker").reasons[0]
    x = noise(40, 900) * (1 / torch.arange(1, 41)).sqrt().unsqueeze(1)
    found = suggest_rank(x, "tucker")
    assert any(reason.startswith("Look out") for reason in found.reasons)
    assert isinstance(found.table[0], BondScore)


# ---- what it refuses ------------------------------------------------------------------------------------------------


def test_what_has_no_rank_to_choose_is_refused():
    x = noise(4, 5, 6)
    with pytest.raises(FitError, match="zero everywhere"):
        suggest_rank(torch.zeros(3, 4, 5))
    with pytest.raises(FitError, match="x has 2 axes"):
        suggest_rank(noise(4, 5))
    with pytest.raises(FitError, match=r"up_to is 30; .* a sum of 20 components already, up_to=20"):
        suggest_rank(x, up_to=30)
    with pytest.raises(FitError, match="did you mean 'tucker'"):
        suggest_rank(x, "tuckre")
    with pytest.raises(FitError, match="no rank to suggest for"):
        suggest_rank(x, tucker((4, 5, 6), 2))
    with pytest.raises(FitError, match="'tucker' has singular values only where every entry is known"):
        suggest_rank(x, "tucker", mask=x > 0)
    for name, value in (("up_to", 0), ("starts", 0), ("seed", -1), ("starts", True), ("up_to", 2.0)):
        with pytest.raises(FitError, match=rf"{name} is {re.escape(repr(value))}"):
            suggest_rank(x, **{name: value})
    with pytest.raises(DataError, match="NaN"):
        suggest_rank(torch.full((3, 4, 5), math.nan))
    with pytest.raises(DataError, match="int64"):
        suggest_rank(torch.ones(3, 4, 5, dtype=torch.int64))


def test_memory_is_asked_for_before_anything_is_computed(monkeypatch):
    monkeypatch.setattr(_memory, "available", lambda device: 1000)
    with pytest.raises(FitError, match="the ranks of 120 entries and their halves"):
        suggest_rank(noise(4, 5, 6))


def test_the_data_are_left_as_they_were():
    x = noise(6, 7, 8)
    before = x.clone()
    suggest_rank(x, up_to=2, starts=2)
    suggest_rank(x, "tensor_train")
    assert torch.equal(x, before)
