"""Chebyshev-Tucker against numpy's Chebyshev polynomials, direct sums and the rates that theory gives."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.polynomial import chebyshev as npc

from workbench.decomposition import FitError, _chebyshev, chebyshev_tucker
from workbench.decomposition._chebyshev import chebyshev_points, polynomials, transform

CUBE = [(-1, 1)] * 3


def newton(centres, charges):
    """The potential of some charges."""

    def potential(*x):
        return sum(
            charge / sum((each - at) ** 2 for each, at in zip(x, centre, strict=True)) ** 0.5
            for charge, centre in zip(charges, centres, strict=True)
        )

    return potential


def particles(count: int, radius: float, seed: int = 0):
    """Charges on a sphere around the cube [-1, 1]^3, at least radius - sqrt(3) away from it."""
    generator = np.random.default_rng(seed)
    centres = generator.normal(size=(count, 3))
    return newton(radius * centres / np.linalg.norm(centres, axis=1, keepdims=True), generator.uniform(0.5, 1.5, count))


def relative(found: torch.Tensor, truth: torch.Tensor) -> float:
    return float(torch.linalg.vector_norm(found - truth) / torch.linalg.vector_norm(truth))


# ---- polynomials -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("degree", [0, 1, 2, 5, 64])
def test_coefficients_and_polynomials_are_numpys(degree):
    x = torch.linspace(-1, 1, 41, dtype=torch.float64)
    scale = np.array([1.0] + [math.sqrt(2)] * degree)
    np.testing.assert_allclose(polynomials(x, degree), npc.chebvander(x.numpy(), degree) * scale, atol=1e-12)
    nodes = chebyshev_points(degree)
    np.testing.assert_allclose(nodes, np.cos(np.pi * np.arange(degree + 1) / degree) if degree else [0], atol=1e-15)
    coefficients = transform(degree, torch.float64) @ torch.exp(nodes)
    expected = npc.chebfit(nodes.numpy(), np.exp(nodes.numpy()), degree) / scale
    np.testing.assert_allclose(coefficients, expected, atol=1e-13)


def test_the_polynomials_are_orthonormal_under_the_chebyshev_weight():
    x = torch.cos(math.pi * (torch.arange(40, dtype=torch.float64) + 0.5) / 40)  # Gauss's nodes, all of one weight
    values = polynomials(x, 20)
    torch.testing.assert_close(values.T @ values / 40, torch.eye(21, dtype=torch.float64), rtol=0, atol=1e-13)


@settings(max_examples=30)
@given(st.integers(0, 6), st.integers(0, 6), st.integers(0, 99), st.sampled_from([torch.float64, torch.complex128]))
def test_a_polynomial_is_reproduced_everywhere(first, second, seed, dtype):
    generator = np.random.default_rng(seed)
    c = generator.normal(size=(first + 1, second + 1))
    c = c + 1j * generator.normal(size=c.shape) if dtype.is_complex else c
    (a, b), (low, high) = np.sort(generator.uniform(-5, 5, (2, 2)) + np.array([0, 0.1]))

    def f(x, y):
        x, y = torch.broadcast_tensors((2 * x - (a + b)) / (b - a), (2 * y - (low + high)) / (high - low))
        return torch.from_numpy(npc.chebval2d(x.numpy(), y.numpy(), c))

    cheb = chebyshev_tucker(f, [(a, b), (low, high)], degree=(first + 1, second + 1))
    points = torch.from_numpy(generator.uniform([a, low], [b, high], (3, 7, 2)))
    torch.testing.assert_close(cheb(points), f(points[..., 0], points[..., 1]), rtol=1e-9, atol=1e-9)
    assert cheb(points).dtype == dtype


def test_three_variables_are_numpys_interpolant():
    def f(x, y, z):
        return torch.exp(x * y) * torch.cos(z + x)

    cheb = chebyshev_tucker(f, CUBE, degree=(5, 6, 7))
    nodes = [np.cos(np.pi * np.arange(n + 1) / n) for n in (5, 6, 7)]
    c = f(*(torch.from_numpy(each) for each in np.meshgrid(*nodes, indexing="ij"))).numpy()
    for axis, each in enumerate(nodes):
        c = np.moveaxis(np.linalg.solve(npc.chebvander(each, len(each) - 1), np.moveaxis(c, axis, 0).reshape(len(each), -1))
                        .reshape(len(each), *np.delete(c.shape, axis)), 0, axis)  # fmt: skip
    points = np.random.default_rng(0).uniform(-1, 1, (50, 3))
    np.testing.assert_allclose(cheb(points), npc.chebval3d(*points.T, c), atol=1e-12)
    axes = [np.linspace(-1, 1, n) for n in (4, 5, 6)]
    np.testing.assert_allclose(cheb.grid(4, 5, 6)[:], npc.chebgrid3d(*axes, c), atol=1e-12)


# ---- what it is for --------------------------------------------------------------------------------------------------


def test_the_error_falls_geometrically_at_the_rate_of_the_nearest_singularity():
    """1 / |x - a| continued to complex y ends at y = 0.2 i; each degree gains a factor 0.2 + sqrt(1 + 0.2^2)."""
    rate = 0.2 + math.sqrt(1.04)
    degrees = range(20, 101, 20)
    line = [chebyshev_tucker(lambda y: 1 / (0.04 + y * y) ** 0.5, [(-1, 1)], degree=n).error for n in degrees]
    assert [(a / b) ** (1 / 20) for a, b in pairwise(line)] == pytest.approx([rate] * 4, rel=0.03)
    kernel = newton([(1.2, 0.0, 0.0)], [1.0])
    cube = [chebyshev_tucker(kernel, CUBE, degree=(40, n, n)).error for n in degrees[:3]]
    assert all(1.2 * rate > (a / b) ** (1 / 20) > rate for a, b in pairwise(cube))


def test_the_tucker_rank_is_far_below_the_degree():
    cheb = chebyshev_tucker(newton([(1.2, 0.0, 0.0)], [1.0]), CUBE, error=1e-6)
    assert cheb.error <= 1e-6
    assert max(cheb.ranks) <= 10 < 50 < max(cheb.degrees)
    assert cheb.degrees[0] < cheb.degrees[1] / 2, "each axis gets the degree it needs"
    assert cheb.parameters < cheb.samples / 100


@pytest.mark.parametrize(("radius", "error"), [(2.5, 1e-3), (2.5, 1e-8), (2.0, 1e-6)])
def test_a_sum_of_newton_kernels_is_the_direct_sum_off_the_grid(radius, error):
    f = particles(20, radius)
    cheb = chebyshev_tucker(f, CUBE, error=error)
    points = torch.from_numpy(np.random.default_rng(1).uniform(-1, 1, (2000, 3)))
    assert relative(cheb(points), f(*points.T)) <= error
    assert cheb.error <= error
    looser = chebyshev_tucker(f, CUBE, error=10 * error)
    assert looser.parameters < cheb.parameters, "no more is kept than the error asks for"


def test_a_sum_of_slater_functions_away_from_their_cusps():
    centres = [(2.0, 0.1, 0.3), (-0.2, 2.3, 0.0), (0.4, -0.1, -1.9)]

    def f(x, y, z):
        return sum(torch.exp(-1.5 * ((x - a) ** 2 + (y - b) ** 2 + (z - c) ** 2).sqrt()) for a, b, c in centres)

    cheb = chebyshev_tucker(f, CUBE, error=1e-7)
    points = torch.from_numpy(np.random.default_rng(1).uniform(-1, 1, (2000, 3)))
    assert relative(cheb(points), f(*points.T)) <= 1e-7


def test_a_grid_of_ten_to_the_fifteen_points_is_the_direct_sum_wherever_it_is_looked_at():
    f = particles(20, 2.5)
    grid = chebyshev_tucker(f, CUBE, error=1e-7).grid(10**5, 10**5, 10**5)
    x, y, z = grid.coordinates
    assert grid.shape == (10**5,) * 3
    row = grid[70_001, :, 5]
    truth = f(x[70_001], y, z[5])
    assert row.shape == (10**5,)
    assert float(((row - truth) / truth).abs().max()) < 1e-6
    block = grid[::20_000, [3, 99_999], 40_000:40_007]
    truth = f(x[::20_000, None, None], y[[3, 99_999], None], z[40_000:40_007])
    assert block.shape == (5, 2, 7)
    assert float(((block - truth) / truth).abs().max()) < 1e-6
    assert float(grid[1, np.int64(2), 3]) == pytest.approx(float(f(x[1], y[2], z[3])), rel=1e-6)


def test_a_grid_is_a_tucker_network():
    grid = chebyshev_tucker(particles(3, 2.5), CUBE, error=1e-6).grid(5, torch.linspace(-1, 0, 6), [0.5])
    torch.testing.assert_close(grid.network.contract(grid.cores), grid[:])
    assert grid.network.shape == grid.shape == (5, 6, 1)
    assert "numbers" in repr(grid)


def test_one_variable_and_five():
    runge = chebyshev_tucker(lambda x: 1 / (1 + 25 * x * x), [(-1, 1)], error=1e-10)
    x = torch.linspace(-1, 1, 1001, dtype=torch.float64)
    assert relative(runge(x.unsqueeze(1)), 1 / (1 + 25 * x * x)) < 1e-10
    assert relative(runge.grid(1001)[:], 1 / (1 + 25 * x * x)) < 1e-10

    def oscillation(*x):
        return torch.cos(sum((k + 1) * each for k, each in enumerate(x)))

    many = chebyshev_tucker(oscillation, [(0, 1)] * 5, error=1e-5)
    points = torch.from_numpy(np.random.default_rng(1).uniform(0, 1, (500, 5)))
    assert many.ranks == (2,) * 5
    assert relative(many(points), oscillation(*points.T)) <= 1e-5


def test_complex_values_and_single_precision():
    wave = chebyshev_tucker(lambda x, y: torch.exp(1j * (3 * x + y * y)), [(-1, 1), (0, 2)], error=1e-9)
    points = torch.tensor([[0.2, 1.7], [-0.9, 0.1]], dtype=torch.float64)
    torch.testing.assert_close(
        wave(points), torch.exp(1j * (3 * points[:, 0] + points[:, 1] ** 2)), rtol=1e-8, atol=1e-8
    )
    single = chebyshev_tucker(lambda x, y: torch.exp(x * y), [(-1, 1)] * 2, error=1e-5, dtype=torch.float32)
    assert single.error <= 1e-5
    assert single([[0.5, 0.5]]).dtype == torch.float32
    assert float(single([[0.5, 0.5]])) == pytest.approx(math.exp(0.25), rel=1e-4)


def test_the_error_is_that_of_the_norm_it_names():
    """Gauss-Chebyshev quadrature on a fine grid gives the same norm as the coefficients do."""
    f = particles(5, 2.0)
    cheb = chebyshev_tucker(f, CUBE, degree=9, ranks=(4, 5, 6))
    x = torch.cos(math.pi * (torch.arange(30, dtype=torch.float64) + 0.5) / 30)
    truth = f(x[:, None, None], x[:, None], x)
    assert cheb.ranks == (4, 5, 6)
    assert cheb.degrees == (9, 9, 9)
    assert cheb.samples == 1000
    assert cheb.error == pytest.approx(relative(cheb.grid(x, x, x)[:], truth), rel=0.1)
    coefficients = cheb.fit.reconstruct()
    assert float(coefficients.norm()) == pytest.approx(float(truth.square().mean().sqrt()), rel=1e-3)
    for axis, sizes in enumerate(cheb.decay):
        assert sizes.shape == (10,)
        assert float(sizes.norm()) == pytest.approx(1.0)
        left = coefficients.movedim(axis, 0).reshape(10, -1).norm(dim=1) / coefficients.norm()
        assert float(sizes[0]) == pytest.approx(float(left[0]), rel=1e-3)


def test_a_constant_and_a_function_that_is_zero():
    one = chebyshev_tucker(lambda x, y: 3.0, [(-1, 1)] * 2, error=1e-8)
    assert (one.degrees, one.ranks) == ((0, 0), (1, 1))
    assert one([[0.3, 0.4], [1.0, 1.0]]).tolist() == pytest.approx([3.0, 3.0])
    zero = chebyshev_tucker(lambda x, y: 0 * x * y, [(-1, 1)] * 2, error=1e-8)
    assert (zero.error, zero([[0.3, 0.4]]).tolist()) == (0.0, [0.0])


def test_points_may_come_in_any_number_and_shape():
    cheb = chebyshev_tucker(lambda x, y: x + y, [(0, 1)] * 2, degree=1)
    assert cheb(torch.zeros(0, 2)).shape == (0,)
    assert cheb([0.25, 0.5]).item() == pytest.approx(0.75)
    assert cheb(torch.rand(3, 1, 4, 2)).shape == (3, 1, 4)
    assert cheb(torch.rand(2**21, 2)).shape == (2**21,), "in chunks"


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
def test_the_ends_of_the_domain_belong_to_it(dtype):
    low, high = 1000.1, 1000.3
    cheb = chebyshev_tucker(lambda x: x - 1000, [(low, high)], degree=1, dtype=dtype)
    assert cheb([[low], [high]]).tolist() == pytest.approx([0.1, 0.3], abs=1e-3)
    with pytest.raises(FitError, match="outside"):
        cheb([[high + 0.001]])


def test_the_text_says_what_was_found():
    cheb = chebyshev_tucker(lambda x, y: (x + y).cos(), [(-1, 1), (0, 2)], error=1e-3)
    said = f"ChebyshevTucker([-1, 1] x [0, 2], degrees {cheb.degrees}, ranks (2, 2), error={cheb.error:.2g})"
    assert repr(cheb) == said


# ---- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda x, y, z: 1 / (x * x + y * y + z * z).sqrt(), r"the function is inf at \(0, 0, 0\)"),
        (lambda x, y, z: (x + y + z).sqrt(), r"the function is nan at \("),
        (
            lambda x, y, z: (x - 0.3).abs() + y * z,
            r"axis 0 do not decay to .* from 0\.00\d+ at degree 32 to 0\.000\d+ at",
        ),
        (lambda x, y, z: torch.sign(y - 0.1) + 0 * x * z, "axis 1 do not decay .* a pole, a jump or a kink"),
        (lambda x, y, z: torch.cos(300 * z) + 0 * x * y, "axis 2 do not decay .* wiggles faster"),
        (lambda x, y, z: torch.ones(2), "returned shape .* one value for each point"),
    ],
    ids=["pole", "root", "kink", "jump", "wiggles", "shape"],
)
def test_a_function_that_is_not_smooth_is_refused_and_said_where(function, said):
    with pytest.raises(FitError, match=said):
        chebyshev_tucker(function, CUBE, error=1e-6, max_degree=64)


def test_noise_on_the_function_is_told_from_its_coefficients():
    def noisy(x):
        return torch.cos(x) + 1e-4 * torch.sin(1e9 * x)

    with pytest.raises(FitError, match="do not decay"):
        chebyshev_tucker(noisy, [(-1, 1)], error=1e-8)
    assert chebyshev_tucker(noisy, [(-1, 1)], error=1e-3).error < 1e-3


def test_what_is_between_the_nodes_is_found_by_the_probes():
    """At degree 8 the nodes see a constant."""
    nodes = chebyshev_points(8)

    def f(x):
        return 1 + torch.prod(torch.stack([x - node for node in nodes]), dim=0)

    assert chebyshev_tucker(f, [(-1, 1)], error=1e-6).degrees == (9,)
    with pytest.raises(FitError, match=r"off the nodes the error is 0\.00"):
        chebyshev_tucker(f, [(-1, 1)], error=1e-6, max_degree=8)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"function": 3}, "function is a int"),
        ({"domain": [(1, -1)]}, "axis 0 of the domain runs from 1 to -1"),
        ({"domain": [(0, math.inf)]}, "from 0 to inf"),
        ({"domain": []}, "domain is empty"),
        ({"domain": 3}, "domain is 3"),
        ({"error": None}, "neither error= nor degree= is given"),
        ({"error": 0.0}, "error is 0.0"),
        ({"error": 1e-16}, "at least 4e-15"),
        ({"degree": -1}, "degree is -1"),
        ({"degree": (3, 4)}, "2 degrees for 1 variables"),
        ({"dtype": torch.float16}, "dtype is torch.float16"),
        ({"domain": [(-1, 1)] * 12, "degree": 64}, "sampling at degrees .* of memory"),
    ],
)
def test_arguments_out_of_range_are_refused(arguments, said):
    with pytest.raises(FitError, match=said):
        chebyshev_tucker(**{"function": lambda *x: x[0], "domain": [(-1, 1)], "error": 1e-6, **arguments})


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (
            lambda cheb: cheb([[0.0, 0.0], [0.5, 1.5]]),
            r"point 1 is \(0.5, 1.5\), outside the domain \[0, 1\] x \[0, 1\]",
        ),
        (lambda cheb: cheb([[0.0, math.nan]]), "outside the domain"),
        (lambda cheb: cheb([0.0]), r"points has shape \(1,\); it is \(\*batch, 2\)"),
        (lambda cheb: cheb.grid(3), "1 axes for a function of 2 variables"),
        (lambda cheb: cheb.grid(3, 0), "an axis has 0 points"),
        (lambda cheb: cheb.grid(3, [0.0, 2.0]), "outside the domain"),
        (lambda cheb: cheb.grid(3, torch.zeros(2, 2)), r"shape \(2, 2\); give a number of points"),
        (lambda cheb: cheb.grid(3, 4)[0, 0, 0], "3 indices for a grid of 2 axes"),
        (lambda cheb: cheb.grid(3, 4)[3], "axis 0 of the grid has 3 points, and 3 is none of them"),
        (lambda cheb: cheb.grid(3, 4)[:, None], "axis 1"),
        (lambda cheb: cheb.grid(10**6, 10**7)[:], "forming 10,000,000,000,000 values .* of memory"),
    ],
)
def test_what_is_off_the_domain_or_the_grid_is_refused(ask, said):
    cheb = chebyshev_tucker(lambda x, y: x + y, [(0, 1)] * 2, degree=1)
    with pytest.raises(FitError, match=said):
        ask(cheb)


def test_memory_is_asked_for_before_the_function(monkeypatch):
    monkeypatch.setattr(_chebyshev, "available", lambda device: 10_000)
    with pytest.raises(
        FitError, match=r"degrees \(8, 8, 8\) needs 729 values and about 70.0 kB .* 10.0 kB are available"
    ):
        chebyshev_tucker(lambda x, y, z: 1 / 0, CUBE, error=1e-6)
