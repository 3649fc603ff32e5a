"""Stable CP: kernels of a network trained here, and planted kernels of low border rank

`stabilise` with its default, a thousandth of the error more. Each kernel (out, in, height, width) is fitted twice from one
random start, in float64: by alternating least squares alone, and by sweeps that go over to Gauss-Newton steps where those
crawl (`accuracy="high"`). *Term* is the largest rank-one term in units of the fit; where it is 10 or more the fit is
degenerate. *Ratio* is by how much the sensitivity falls when all that can be had by sharing norms among the factors in a better
way, the terms untouched, is counted as had already: *norms* is that factor, which comes on top. Seconds are of the fit and of
the repair, of one run.

*Trained*: the convolutions of a network of six that learns handwritten digits here (1,200 of them), all but the first, which has
a single channel; height and width in one factor, as many terms as half the channels that go out; 500 sweeps, or 100. *Planted*: sums of limits of rank-R terms that need more terms themselves,
between random directions, with noise of 5 % of their norm. A tangent is b a a + a b a + a a b (border rank 2, rank 3 or 4),
less 0.3 b b b, so that two terms have no best approximation to go to; a second-order one (border rank 3) is the sum of all
that have b twice or c once in place of a. Height and width are one factor, where not said
otherwise; 2,000 sweeps, or 1,000.

What it shows: cancelling terms come from fits that are good at fitting. Alternating least squares crawls so much that it is
stopped by its sweeps before its terms have grown; what it has, an unchanged error needs, and little can be had. Where
terms have grown without bound the same error is had with a sensitivity lower by orders of magnitude.
"""

import sys
import time
from collections.abc import Iterator
from itertools import product

import torch
from torch import nn

from benchmarks._harness import table
from workbench.data import digit_labels, digits
from workbench.decomposition import decompose, diagnose, sensitivity, stabilise
from workbench.network import Network

TRAINED = ((1, 16, 3), (16, 32, 3), (32, 32, 5), (32, 64, 3), (64, 64, 3), (64, 96, 2))
"""Convolutions of the network: channels in and out, size."""
PLANTED = (
    ((16, 8, 3, 3), (1,), "or,ir,hwr->oihw", "a tangent"),
    ((32, 16, 3, 3), (1, 1), "or,ir,hwr->oihw", "two tangents"),
    ((64, 32, 3, 3), (1, 1, 1), "or,ir,hwr->oihw", "three tangents"),
    ((16, 8, 3, 3), (1, 1), "or,ir,hr,wr->oihw", "two tangents, four factors"),
    ((16, 8, 3, 3), (2,), "or,ir,hr,wr->oihw", "second order, four factors"),
)
"""Shape, orders of the limits summed, network, name."""
NOISE, TWIST = 0.05, 0.3
DEGENERATE = 10.0


def run(repeats: int) -> str:  # noqa: ARG001 - one run each: a repair's gain is what counts
    net, x, y = trained()
    with torch.no_grad():
        right = float((net(x).argmax(1) == y).double().mean())
    rows, cuts, kept = [], [], []
    for name, kernel, network in (*_of(net), *_planted()):
        ways = {
            "ALS": {"method": "als", "max_sweeps": 500 if "trained" in name else 2000},
            "auto": {"accuracy": "high", "max_sweeps": 100 if "trained" in name else 1000},
        }
        for way, options in ways.items():
            print(name, way, file=sys.stderr)
            row, ratio, degenerate = _repaired(kernel, network, options)
            rows.append([name, network.sizes["r"], way, *row])
            (cuts if degenerate else kept).append(ratio)
    header = [
        "kernel",
        "rank",
        "fit",
        "sweeps",
        "term",
        "error",
        "after",
        "sensitivity",
        "after",
        "term after",
        "norms",
        "ratio",
        "seconds",
    ]
    hundred = sum(cut >= 100 for cut in cuts)
    said = (
        f"The network is right about {100 * right:.1f} % of 597 other digits. Degenerate fits: {len(cuts)}; cut 100 times or more: {hundred}; "
        f"smallest cut of them {min(cuts):.2g}. Other fits: {len(kept)}, smallest ratio {min(kept):.2f}, largest {max(kept):.2g}."
    )
    return f"{table(header, rows)}\n\n{said}"


def _repaired(kernel: torch.Tensor, network: Network, options: dict[str, object]) -> tuple[list[str], float, bool]:
    start = time.perf_counter()
    fit = decompose(kernel, network, init="random", tol=0, **options)
    fitted = time.perf_counter()
    stable = stabilise(fit, kernel)
    done = time.perf_counter()
    before, after = diagnose(fit), diagnose(stable)
    ratio = before.sensitivity / before.shared / after.sensitivity
    term, left = (float(each.degeneracy.norms.max()) for each in (before, after))
    seconds = f"{fitted - start:.1f} + {done - fitted:.1f}"
    shown = [f"{fit.error:.5f}", f"{stable.error:.5f}", f"{sensitivity(fit):.3g}", f"{sensitivity(stable):.3g}"]
    row = [str(len(fit.history)), f"{term:.3g}", *shown, f"{left:.3g}", f"{before.shared:.2g}", f"{ratio:.3g}", seconds]
    return row, ratio, term >= DEGENERATE


def trained(epochs: int = 6) -> tuple[nn.Sequential, torch.Tensor, torch.Tensor]:
    """A convolutional network of six layers, trained on 1,200 of the handwritten digits; the others, with their labels."""
    x, y = digits().float().unsqueeze(1) / 16, digit_labels()
    layers: list[nn.Module] = []
    with torch.random.fork_rng():
        torch.manual_seed(0)
        for at, (before, after, size) in enumerate(TRAINED):
            layers += [
                nn.Conv2d(before, after, size, padding=(size - 1) // 2, bias=False),
                nn.BatchNorm2d(after),
                nn.ReLU(),
            ]
            layers += [nn.MaxPool2d(2)] if at == 1 else []
        net = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(TRAINED[-1][1], 10))
        step = torch.optim.Adam(net.parameters(), lr=2e-3)
        for _ in range(epochs):
            for batch in torch.randperm(1200).split(50):
                step.zero_grad()
                nn.functional.cross_entropy(net(x[batch]), y[batch]).backward()
                step.step()
    return net.eval(), x[1200:], y[1200:]


def _of(net: nn.Sequential) -> Iterator[tuple[str, torch.Tensor, Network]]:
    for layer in [each for each in net if isinstance(each, nn.Conv2d)][1:]:
        kernel = layer.weight.detach().double()
        yield f"{_size(kernel)}, trained", kernel, _network("or,ir,hwr->oihw", kernel, len(kernel) // 2)


def _planted() -> Iterator[tuple[str, torch.Tensor, Network]]:
    for seed, (shape, orders, einsum, name) in enumerate(PLANTED):
        legs = shape if "hr" in einsum else (*shape[:2], shape[2] * shape[3])
        kernel = planted_limit(legs, orders, seed).reshape(shape)
        yield f"{_size(kernel)}, {name}", kernel, _network(einsum, kernel, sum(order + 1 for order in orders))


def planted_limit(shape: tuple[int, ...], orders: tuple[int, ...], seed: int) -> torch.Tensor:
    """The coefficients of t^order in the product of (u0 + t u1 + t^2 u2) over the axes, summed over the orders."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.zeros(shape, dtype=torch.float64)
    for order in orders:
        frames = [
            torch.linalg.qr(torch.randn(n, order + 1, generator=generator, dtype=torch.float64)).Q.unbind(1)
            for n in shape
        ]
        for powers in product(range(order + 1), repeat=len(shape)):
            if sum(powers) == order:
                x = x + _outer([frame[power] for frame, power in zip(frames, powers, strict=True)])
        if order == 1:
            x = x - TWIST * _outer([frame[1] for frame in frames])
    noise = torch.randn(shape, generator=generator, dtype=torch.float64)
    return x + NOISE * x.norm() / noise.norm() * noise


def _outer(vectors: list[torch.Tensor]) -> torch.Tensor:
    made = vectors[0]
    for vector in vectors[1:]:
        made = made.unsqueeze(-1) * vector
    return made


def _network(einsum: str, kernel: torch.Tensor, rank: int) -> Network:
    return Network.from_einsum(einsum, **dict(zip("oihw", kernel.shape, strict=True)), r=rank)


def _size(kernel: torch.Tensor) -> str:
    return "×".join(map(str, kernel.shape))
