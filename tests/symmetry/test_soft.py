"""Soft equivariance: distances to planted symmetries, and strengths that rank them."""

import math

import pytest
import torch

from workbench.symmetry import B, C, D, O, S, SoftEquivariance, SymmetryError


def test_the_penalty_is_its_formula():
    soft = SoftEquivariance({"set": S(3).hom(1, 1)}, floor=1e-3)
    with torch.no_grad():
        soft.log_strength.fill_(math.log(5.0))
    weight = torch.randn(3, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    permutations = [
        torch.eye(3, dtype=torch.float64)[list(p)]
        for p in ((0, 1, 2), (1, 2, 0), (2, 0, 1), (0, 2, 1), (2, 1, 0), (1, 0, 2))
    ]
    mean = sum(p @ weight @ p.T for p in permutations) / 6
    broken = float((weight - mean).square().sum()) / 7 + 1e-3
    assert float(soft(weight).detach()) == pytest.approx(7 / 2 * (5 * broken - math.log(5)), rel=1e-6)
    assert soft.strengths == {"set": pytest.approx(5.0)}
    assert soft.violation(mean)["set"] < 1e-12


def test_learned_strengths_rank_exact_approximate_and_absent_symmetries():
    """A linear map that commutes with C(6), nearly with D(6), and not with S(6), is learned from noisy data."""
    generator = torch.Generator().manual_seed(1)
    ring, mirrored = C(6).hom(1, 1), D(6).hom(1, 1)
    exact = ring.project(torch.randn(6, 6, generator=generator))
    truth = mirrored.project(exact) + 0.05 * (exact - mirrored.project(exact))
    x = torch.randn(200, 6, generator=generator)
    y = x @ truth.T + 0.05 * torch.randn(200, 6, generator=generator)
    soft = SoftEquivariance({"C": ring, "D": mirrored, "S": S(6).hom(1, 1)})
    weight = torch.zeros(6, 6, requires_grad=True)
    optimiser = torch.optim.Adam([weight, *soft.parameters()], 0.05)
    for _ in range(600):
        loss = (y - x @ weight.T).square().sum() / (2 * 0.05**2) + soft(weight)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    strengths = soft.strengths
    assert strengths["C"] > 3 * strengths["D"] > 9 * strengths["S"]
    violation = soft.violation(weight)
    assert violation["C"] < 0.03 < violation["S"]
    assert float((weight - truth).detach().norm() / truth.norm()) < 0.05


def test_what_makes_no_sense_is_refused_with_the_reason():
    with pytest.raises(SymmetryError, match="at least one symmetry"):
        SoftEquivariance({})
    with pytest.raises(SymmetryError, match="a: 3 x 3, b: 4 x 4"):
        SoftEquivariance({"a": O(3).hom(1, 1), "b": B(4).hom(1, 1)})
    with pytest.raises(SymmetryError, match="above 0, not 0"):
        SoftEquivariance({"a": O(3).hom(1, 1)}, floor=0)
    with pytest.raises(SymmetryError, match="this tensor's shape"):
        SoftEquivariance({"a": O(3).hom(1, 1)})(torch.zeros(2, 3))
