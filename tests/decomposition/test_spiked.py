"""Predicted alignments against closed forms, the equations they come from, and simulation."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.proof import examples
from workbench.data import DataError, nested_spiked, spiked
from workbench.decomposition import (
    FitError,
    clustering_accuracy,
    decompose,
    nested_alignments,
    nested_transition,
    spiked_alignments,
    spiked_transition,
    tensor_estimate,
    two_step_estimate,
    unfolding_estimate,
)

SIZES = st.integers(10, 400)
ESTIMATORS = ("tensor", "unfolding", "two_step")


def matrix_cosines(m: float, n: float, square: float, noise: float) -> tuple[float, float]:
    """Squared cosines of the singular vectors of a spiked m x n matrix with noise of this variance (Benaych-Georges and
    Nadakuditi 2012, theorem 2.9), by their formulas for noise of variance 1/m.
    """
    c, theta = m / n, square / (n * noise)
    if theta**2 <= c:
        return 0.0, 0.0
    return 1 - c * (1 + theta) / (theta * (theta + c)), 1 - (c + theta) / (theta * (theta + 1))


# ---- closed forms ---------------------------------------------------------------------------------------------------


@settings(max_examples=examples(40, 400))
@given(m=SIZES, n=SIZES, strength=st.floats(0.05, 5))
def test_a_spiked_matrix_is_that_of_benaych_georges_and_nadakuditi(m, n, strength):
    expected = np.sqrt(matrix_cosines(m, n, strength**2, 1 / (m + n)))
    for estimator in ("tensor", "unfolding"):  # two modes: its own unfolding, and its best rank one is its leading pair
        np.testing.assert_allclose(spiked_alignments((m, n), strength, estimator), expected, atol=2e-3)
        if abs(strength - (m * n) ** 0.25 / (m + n) ** 0.5) > 0.02:
            np.testing.assert_allclose(spiked_alignments((m, n), strength, estimator), expected, atol=1e-7)


@given(beta=st.floats(1.16, 30), n=SIZES)
def test_a_cube_has_a_closed_form(beta, n):
    """L = a^2 / sqrt(3 (1 - a^2)) and beta = L / a^3 make a quadratic equation for a^2."""
    square = (1 + math.sqrt(1 - 4 / (3 * beta**2))) / 2
    assert spiked_alignments((n, n, n), beta) == pytest.approx([math.sqrt(square)] * 3, abs=1e-9)
    assert spiked_alignments((n, n, n), 1.15) == (0.0, 0.0, 0.0), "the threshold is 2 / sqrt(3)"


@settings(max_examples=examples(40, 400))
@given(st.tuples(SIZES, SIZES, SIZES), st.floats(0.1, 20), st.floats(0.1, 20))
def test_the_best_rank_one_of_the_nested_model_solves_its_equations(shape, tensor_strength, matrix_strength):
    """The seven equations as they come out of integration by parts, before any was eliminated."""
    x, y, z = nested_alignments(shape, tensor_strength, matrix_strength)
    c1, c2, c3 = np.array(shape) / sum(shape)
    tau = tensor_strength**2 * sum(shape) / (shape[0] + shape[1])
    beta = tensor_strength * matrix_strength
    if x == 0:
        assert y == 0
        return
    assert 0 < min(x, y, z) <= max(x, y, z) < 1
    assume_resolved = min(1 - each for each in (x, y, z)) > 1e-6 and min(x, y) > 1e-2
    if not assume_resolved:
        return
    g1, g2 = (-math.sqrt(c * (1 - a**2) / (1 + tau * z**2)) for c, a in ((c1, x), (c2, y)))
    g3 = -math.sqrt(c3 * (1 - z**2))
    value = -c3 / g3 - g1 - g2
    assert c1 / g1 == pytest.approx(-(value + (1 + tau * z**2) * g2 + g3), rel=1e-4)
    assert c2 / g2 == pytest.approx(-(value + (1 + tau * z**2) * g1 + g3), rel=1e-4)
    assert value * x == pytest.approx(beta * y * z - tau * z**2 * x * g2 - x * (g2 + g3), rel=1e-4)
    assert value * y == pytest.approx(beta * x * z - tau * z**2 * y * g1 - y * (g1 + g3), rel=1e-4)
    assert value * z == pytest.approx(beta * x * y - tau * z * (g1 + g2) - z * (g1 + g2), rel=1e-4)
    assert value == pytest.approx(beta * x * y * z - tau * z**2 * (g1 + g2) - g1 - g2 - g3, rel=1e-4)


@settings(max_examples=examples(25, 200))
@given(st.tuples(SIZES, SIZES, SIZES), st.floats(0.05, 5))
def test_views_without_noise_of_their_own_show_the_matrix_itself(shape, matrix_strength):
    n1, n2, _ = shape
    expected = np.sqrt(matrix_cosines(n1, n2, matrix_strength**2, 1 / (n1 + n2)))
    if abs(matrix_strength - (n1 * n2) ** 0.25 / (n1 + n2) ** 0.5) < 0.02:
        return
    for estimator in ESTIMATORS:
        found = nested_alignments(shape, 1e5, matrix_strength, estimator)
        np.testing.assert_allclose(found[:2], expected, atol=1e-4)
        assert found[2] == pytest.approx(1, abs=1e-4)


@settings(max_examples=examples(40, 400))
@given(m=SIZES, n=SIZES, tensor_strength=st.floats(0.2, 10), matrix_strength=st.floats(0.1, 5))
def test_a_single_view_is_a_spiked_matrix_with_both_noises(m, n, tensor_strength, matrix_strength):
    noise = tensor_strength**2 / (m + n) + 1 / (m + n + 1)
    expected = matrix_cosines(m, n, (tensor_strength * matrix_strength) ** 2, noise)
    found = nested_alignments((m, n, 1), tensor_strength, matrix_strength, "unfolding")
    np.testing.assert_allclose(np.square(found[:2]), expected, atol=1e-9)


@settings(max_examples=examples(25, 200))
@given(st.tuples(SIZES, SIZES, SIZES), st.floats(0.1, 10), st.sampled_from(ESTIMATORS), st.integers(0, 2))
def test_more_signal_is_never_seen_worse_and_sets_in_at_the_threshold(shape, tensor_strength, estimator, mode):
    transition = nested_transition(shape, tensor_strength, np.linspace(0, 5, 30).tolist(), mode=mode)
    predicted = np.array(transition.predicted[estimator])
    assert np.all(np.diff(predicted) >= -1e-9)
    at = transition.thresholds[estimator]
    seen = (np.array(transition.strengths) > at) | (at == 0)
    assert np.all(predicted[seen] > 0)
    assert np.all(predicted[~seen] == 0)


@settings(max_examples=examples(25, 200))
@given(st.tuples(SIZES, SIZES, SIZES), st.floats(0.1, 10), st.floats(0.1, 10))
def test_features_and_samples_change_places(shape, tensor_strength, matrix_strength):
    n1, n2, n3 = shape
    for estimator in ESTIMATORS:
        one = nested_alignments((n1, n2, n3), tensor_strength, matrix_strength, estimator)
        other = nested_alignments((n2, n1, n3), tensor_strength, matrix_strength, estimator)
        assert (one[1], one[0], one[2]) == pytest.approx(other, abs=1e-5)


# ---- simulation -----------------------------------------------------------------------------------------------------


def gap(predicted: float, cosines: tuple[float, ...]) -> float:
    """How far the root mean square of simulated cosines is from the prediction."""
    return abs(math.sqrt(np.mean(np.square(cosines))) - predicted)


def assert_seen_as_predicted(transition, near: float, far: float, blind: float) -> None:
    """Within `far` above the threshold by a third, and less than `blind` below it by a third; nothing is claimed between.

    The estimate of the best rank one starts from the truth, and noise has local maxima everywhere: below its threshold
    some alignment is left over from the start, so there only the other estimators are looked at.
    """
    for name, threshold in transition.thresholds.items():
        for strength, predicted, cosines in zip(
            transition.strengths, transition.predicted[name], transition.measured[name], strict=True
        ):
            if strength > 2 * threshold:
                assert gap(predicted, cosines) < near, (name, strength)
            elif strength > 1.33 * threshold:
                assert gap(predicted, cosines) < far, (name, strength)
            elif strength < 0.67 * threshold and name != "tensor":
                assert np.mean(cosines) < blind, (name, strength)


def test_rank_one_spikes_are_found_as_predicted():
    n = examples(70, 150)
    strengths = [0.7, 1.6, 2.0, 3.0, 5.0]
    transition = spiked_transition((n, n - 20, n + 20), strengths, mode=1, trials=examples(4, 8), seed=5)
    assert_seen_as_predicted(transition, near=examples(3, 1) / 100, far=examples(8, 4) / 100, blind=0.4)


@pytest.mark.parametrize("mode", [0, 1, 2])
def test_nested_spikes_are_found_as_predicted(mode):
    shape = examples(80, 160), examples(100, 200), examples(60, 150)
    transition = nested_transition(shape, 2.0, [0.4, 1.1, 1.4, 2.0, 3.5], mode=mode, trials=examples(3, 6), seed=7)
    assert_seen_as_predicted(transition, near=examples(3, 1) / 100, far=examples(8, 4) / 100, blind=0.45)


@pytest.mark.parametrize("mode", [0, 1])
def test_each_size_of_the_nested_model_plays_its_own_part(mode):
    transition = nested_transition((40, 240, 80), 1.2, [1.8, 2.6], mode=mode, trials=examples(4, 12), seed=9)
    for name in ESTIMATORS:
        for predicted, cosines in zip(transition.predicted[name], transition.measured[name], strict=True):
            assert gap(predicted, cosines) < examples(4, 3) / 100, name


def test_the_noise_of_the_matrix_alone_shows_the_views_weights():
    """Below the threshold of the clusters the best rank one holds on to the noise all views share."""
    transition = nested_transition((100, 100, 140), 1.0, [0.1], mode=2, trials=4, seed=3)
    assert transition.thresholds["tensor"] == 0
    assert 0.8 < transition.predicted["tensor"][0] < 0.9
    for name in ESTIMATORS:
        assert gap(transition.predicted[name][0], transition.measured[name][0]) < 0.02, name


@pytest.mark.parametrize("n", [120] if examples(0, 1) == 0 else [150, 300])
def test_the_three_estimators_stand_as_predicted_where_they_differ_most(n):
    """At a weak tensor strength the unfolding is blind where the other two see."""
    transition = nested_transition((n, n, n), 1.0, [1.5], trials=3, seed=11)
    measured = {name: math.sqrt(np.mean(np.square(cosines[0]))) for name, cosines in transition.measured.items()}
    assert transition.predicted["unfolding"] == (0.0,)
    assert measured["unfolding"] < 0.45
    for name in ("tensor", "two_step"):
        assert measured[name] == pytest.approx(transition.predicted[name][0], abs=0.06)
        assert measured[name] > 0.7


def test_clusters_are_told_apart_as_predicted():
    data = nested_spiked((100, 200, 80), 2.0, 1.5, seed=2)
    estimate = two_step_estimate(data.x)[1]
    agree = float(((estimate > 0) == (data.vectors[1] > 0)).double().mean())
    cosine = abs(float(estimate @ data.vectors[1]))
    assert max(agree, 1 - agree) == pytest.approx(clustering_accuracy(cosine), abs=0.05)
    assert clustering_accuracy(nested_alignments((100, 200, 80), 2.0, 1.5, "two_step")[1]) == pytest.approx(
        clustering_accuracy(cosine), abs=0.04
    )
    for alignment in (-0.1, 1.1, math.nan):
        with pytest.raises(FitError, match="it is a cosine"):
            clustering_accuracy(alignment)


# ---- estimators -----------------------------------------------------------------------------------------------------


def value(x: torch.Tensor, vectors: tuple[torch.Tensor, ...]) -> float:
    return float(torch.einsum("ijk,i,j,k", x, *vectors))


def test_the_tensor_estimate_is_a_stationary_point_of_rank_one():
    data = spiked((12, 13, 14), 3.0, seed=1)
    vectors = tensor_estimate(data.x, tol=1e-15)
    expected = np.einsum("ijk,j,k->i", *(each.numpy() for each in (data.x, *vectors[1:])))
    np.testing.assert_allclose(expected / np.linalg.norm(expected), vectors[0].numpy(), atol=1e-6)
    fit = decompose(
        data.x, "cp", ranks=1, init={"A": vectors[0][:, None], "B": vectors[1][:, None], "C": vectors[2][:, None]}
    )
    assert value(data.x, vectors) ** 2 == pytest.approx(float(data.x.square().sum()) * (1 - fit.error**2), rel=1e-6)


def test_no_start_is_left_for_something_lower():
    data = spiked((10, 11, 12), 1.0, seed=4)
    generator = torch.Generator().manual_seed(0)
    for _ in range(5):
        start = [torch.randn(n, generator=generator, dtype=torch.float64) for n in data.x.shape]
        units = [vector / torch.linalg.vector_norm(vector) for vector in start]
        assert value(data.x, tensor_estimate(data.x, start)) >= abs(value(data.x, units))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_unfoldings_give_their_leading_singular_vectors(dtype):
    data = nested_spiked((8, 9, 10), 2.0, 2.0, seed=3, dtype=dtype)
    for mode, vector in enumerate(unfolding_estimate(data.x)):
        assert vector.dtype == dtype
        left = np.linalg.svd(np.moveaxis(data.x.double().numpy(), mode, 0).reshape(data.x.shape[mode], -1))[0][:, 0]
        assert abs(float(vector.double() @ torch.from_numpy(left))) == pytest.approx(1, abs=1e-5)


def test_two_steps_are_an_unfolding_and_a_matrix():
    data = nested_spiked((8, 9, 10), 2.0, 2.0, seed=3)
    u, v, w = two_step_estimate(data.x)
    left, _, right = np.linalg.svd((data.x @ unfolding_estimate(data.x)[2]).numpy())
    assert abs(float(u @ torch.from_numpy(left[:, 0]))) == pytest.approx(1)
    assert abs(float(v @ torch.from_numpy(right[0]))) == pytest.approx(1)
    assert torch.equal(w, unfolding_estimate(data.x)[2])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: tensor_estimate(torch.zeros(3, 4)), "x is zero"),
        (lambda: tensor_estimate(torch.ones(3)), r"x has shape \(3,\)"),
        (lambda: unfolding_estimate(torch.ones(3, 4, dtype=torch.complex64)), "x is complex"),
        (lambda: two_step_estimate(torch.ones(3, 4)), "the nested model has three"),
        (lambda: tensor_estimate(torch.eye(3), [torch.ones(3), torch.ones(4)]), "start holds shapes"),
        (lambda: tensor_estimate(torch.eye(3), [torch.ones(3), torch.zeros(3)]), r"start\[1\] is zero"),
        (
            lambda: tensor_estimate(torch.eye(2) * torch.tensor([1.0, 0.0]), [torch.ones(2), torch.eye(2)[1]]),
            "are zero; give another start",
        ),
        (lambda: spiked_alignments((4,), 1.0), "shape is"),
        (lambda: spiked_alignments((4, 4), -1.0), "strength is -1.0"),
        (lambda: spiked_alignments((4, 4), 1.0, "unfoldings"), "did you mean 'unfolding'"),
        (lambda: nested_alignments((4, 4), 1.0, 1.0), "three sizes"),
        (lambda: nested_alignments((4, 4, 4), math.nan, 1.0), "tensor_strength is nan"),
        (lambda: nested_transition((4, 4, 4), 1.0, []), "strengths is empty"),
        (lambda: nested_transition((4, 4, 4), 1.0, [1.0, -1.0]), r"strengths\[1\] is -1.0"),
        (lambda: nested_transition((4, 4, 4), 1.0, [1.0], mode=3), "mode is 3; the data have modes 0 to 2"),
        (lambda: spiked_transition((4, 4), [1.0], trials=-1), "trials is -1"),
    ],
)
def test_what_makes_no_sense_is_refused(call, message):
    with pytest.raises(FitError, match=message):
        call()


def test_gaps_in_the_data_are_refused():
    with pytest.raises(DataError, match="NaN"):
        tensor_estimate(torch.full((3, 3), math.nan))


def test_a_signal_that_is_not_there_is_never_seen():
    assert nested_alignments((20, 20, 20), 0.0, 5.0) == (0.0, 0.0, 0.0)
    transition = nested_transition((20, 20, 20), 0.0, [1.0])
    assert set(transition.thresholds.values()) == {math.inf}
    assert transition.trials == 0
    assert spiked_alignments((20, 20), 0.0) == spiked_alignments((20, 20), 0.0, "unfolding") == (0.0, 0.0)
