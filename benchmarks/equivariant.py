"""Equivariant maps: construction, and layers against dense matrices

*Construction* is dimension, enumeration and the independent subset, from nothing (EMLP's documentation reports 16.9 s for the two
maps of A(100); its own figure, on another machine). *Layers*: forward passes of the same map as a layer and as a dense matrix of
all c_out n^l x c_in n^k weights, batch 32, interleaved, each ten times in a row; *once* is the ratio where they are called
once in turn, so that the hundreds of megabytes of the dense weight have swept our code and data out of the caches. Memory is what
the profiler says was allocated in one call, for the dense matrix its weight beside. Where the dense matrix would not fit, there is none. *Error* is the largest
||f(g x) - g f(x)|| over 200 random elements, relative to ||g||^(k + l) ||f(x)||; rapidities are at most 1. Times are milliseconds.

Where we had hoped for more (50 times for S(40) and 20 for S(30) in both dtypes: reached in float64, not in float32): a third of a
millisecond of a call goes into small operations, which do not shrink with the data. Where the dense matrix has a few hundred
thousand entries, it is the faster.
"""

import warnings
from collections.abc import Callable

import networkx as nx
import torch
from torch.profiler import ProfilerActivity, profile

from benchmarks._harness import Timing, measure, ratio, table
from workbench.symmetry import GL, SO, A, Aut, B, C, D, Hom, Lorentz, MatrixGroup, O, S, Sp, U
from workbench.symmetry._matrix_group import _solved
from workbench.symmetry._orbit_groups import _orbits

TIMES = 10


def run(repeats: int) -> str:
    return "\n\n".join(
        [
            "## Construction",
            _construction(repeats),
            "## Layers",
            _layers(repeats),
            "## Without a dense peer",
            _large(repeats),
            "## Error",
            _errors(),
        ]
    )


def _construction(repeats: int) -> str:
    rows = []
    for group, source, target in (
        *(
            (A(100), 2, 0),
            (S(8), 4, 4),
            (S(100), 4, 4),
            (B(6), 6, 6),
            (O(3), 5, 5),
            (SO(3), 5, 5),
            (O(4), 6, 6),
            (Sp(4), 6, 4),
        ),
        (GL(3), (3, 3), (3, 3)),
        (S(30) * O(3), 2, 2),
        (S(10) @ O(3), 2, 2),
        (C(32), 2, 1),
        (D(12), 2, 2),
        (Aut(nx.petersen_graph()), 2, 2),
        (MatrixGroup(O(3).generators, O(3).lie_algebra), 3, 3),
    ):

        def make(group: object = group, source: object = source, target: object = target) -> int:
            _orbits.cache_clear()  # a group solves for its orbits once
            _solved.cache_clear()
            hom = group.hom(source, target)
            return len(hom.basis()) - hom.dimension

        timing = measure({"ours": make}, repeats)["ours"]
        hom = group.hom(source, target)
        rows.append(
            [str(hom).removeprefix("Hom of ").split(":")[0], f"{hom.spanning_size:,}", f"{hom.dimension:,}", timing]
        )
    return table(["maps", "diagrams", "dimension", "ours"], rows)


def _layers(repeats: int) -> str:
    rows = []
    jobs = [
        (S(40).hom(2, 2), 4),
        (S(30).hom(2, 2), 4),
        (O(10).hom(3, 3), 8),
        (SO(6).hom(2, 2), 16),
        (Sp(20).hom(2, 2), 4),
    ]
    for hom, channels in jobs:
        for dtype in (torch.float32, torch.float64):
            layer = hom.layer(channels, channels, bias=False).to(dtype)
            x = torch.randn(32, channels, *(hom.group.n,) * len(hom.source), dtype=dtype)
            with torch.no_grad():
                weight = layer.to_dense()
                calls = {"ours": lambda layer=layer, x=x: layer(x), "dense": lambda w=weight, x=x: x.flatten(1) @ w.T}
                once = measure(calls, repeats)
                timings = _in_a_row(calls, repeats)
                ours, theirs = (
                    _allocated(lambda layer=layer, x=x: layer(x)),
                    weight.nbytes + _allocated(lambda w=weight, x=x: x.flatten(1) @ w.T),
                )
            name = f"{str(hom).removeprefix('Hom of ').split(':')[0]}, {channels} -> {channels}, {str(dtype).removeprefix('torch.')}"
            row = [name, timings["ours"], timings["dense"], ratio(timings["dense"], timings["ours"])]
            row.append(ratio(once["dense"], once["ours"]))
            rows.append([*row, f"{ours / 1e6:.1f}", f"{theirs / 1e6:.1f}", f"{theirs / ours:.0f}×"])
    return table(["layer", "ours", "dense", "dense : ours", "once", "MB", "dense MB", "dense : ours"], rows)


def _in_a_row(calls: dict[str, Callable[[], object]], repeats: int) -> dict[str, Timing]:
    """What one of ten calls in a row takes."""
    times = {name: (lambda call=call: [call() for _ in range(TIMES)] and None) for name, call in calls.items()}
    return {
        name: Timing(tuple(second / TIMES for second in timing.seconds))
        for name, timing in measure(times, repeats).items()
    }


def _large(repeats: int) -> str:
    rows = []
    for hom, channels, batch, backward in (
        (S(20).hom(3, 3), 16, 8, True),
        (S(8).hom(4, 4), 1, 1, False),
        (S(8).hom(4, 4), 4, 4, True),
    ):
        layer = hom.layer(channels, channels)
        x = torch.randn(batch, channels, *(hom.group.n,) * len(hom.source))

        def step(layer: torch.nn.Module = layer, x: torch.Tensor = x, backward: bool = backward) -> None:
            with torch.set_grad_enabled(backward):
                y = layer(x)
            if backward:
                y.square().mean().backward()

        timing = measure({"ours": step}, repeats)["ours"]
        dense = 4 * channels**2 * hom.shape[0] * hom.shape[1] / 1e9
        name = f"{str(hom).removeprefix('Hom of ').split(':')[0]}, {channels} -> {channels}, batch {batch}"
        rows.append(
            [name, "forward and backward" if backward else "forward", f"{hom.dimension:,}", timing, f"{dense:,.2f}"]
        )
    return table(["layer", "what", "dimension", "ours", "dense weight, GB"], rows)


def _errors() -> str:
    rows = []
    groups = (
        S(5),
        A(4),
        B(3),
        O(3),
        SO(3),
        Sp(4),
        Lorentz(),
        C(5),
        D(5),
        Aut(nx.path_graph(5)),
        S(3) * O(3),
        S(2) @ O(3),
    )
    homs = [group.hom(2, 2) for group in groups] + [GL(3).hom((1, 1), (1, 1)), U(3).hom((1, 1), (1, 1))]
    homs.append(MatrixGroup(O(3).generators, O(3).lie_algebra).hom(2, 2))
    for hom in homs:
        worst = {dtype: _worst(hom, dtype) for dtype in (torch.float64, torch.float32)}
        rows.append([str(hom).removeprefix("Hom of ").split(":")[0], *(f"{each:.1e}" for each in worst.values())])
    return table(["layer", "float64", "float32"], rows)


def _worst(hom: Hom, dtype: torch.dtype) -> float:
    group, worst = hom.group, 0.0
    generator = torch.Generator().manual_seed(0)
    complex_ = torch.promote_types(dtype, torch.complex64)
    layer = hom.layer(2, 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that complex modules are new
        layer = layer.to(complex_ if layer.weight.is_complex() else dtype)
    x = torch.randn(2, *group.sizes(hom.source), dtype=layer.weight.dtype)
    order = len(hom.source) + len(hom.target)
    with torch.no_grad():
        for _ in range(200):
            g = group.sample(generator)
            y, moved = layer(x), layer(group.act(g, x, hom.source))
            size = float(torch.linalg.matrix_norm(g, 2)) ** order * float(y.norm())
            worst = max(worst, float((moved - group.act(g, y, hom.target)).norm()) / size)
    return worst


def _allocated(call: Callable[[], object]) -> int:
    """Bytes allocated in one call."""
    call()
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as found:
        call()
    return sum(max(0, event.self_cpu_memory_usage) for event in found.events())
