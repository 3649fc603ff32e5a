"""A hundred models that do commute with their groups, over all groups and kinds of layers: a false alarm on one of them is an error."""

__all__ = ["SOUND", "Sound"]

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import networkx as nx
import torch
from torch import nn

from benchmarks._model_parts import (
    CircularConv,
    Collect,
    EdgeVectors,
    EGNNLayer,
    Harmonics,
    Lengths,
    Mean,
    NormGate,
    Product,
    Radial,
    SetBlock,
    VectorLinear,
    VectorNorm,
    VectorReLU,
    mlp,
    motions,
    quarter_turns,
    quarters,
    rigid,
    ring,
)
from workbench.symmetry import GL, SO, A, Aut, Axes, B, C, D, Group, Labels, Lorentz, O, S, Sp, U

Case = tuple[Any, Any, Any, Any, Any]
"""Model, group, sample, inputs, outputs."""


@dataclass(frozen=True)
class Sound:
    """A sound model."""

    name: str
    make: Callable[[], Case]


# ---- linear layers of our own, and stacks of them --------------------------------------------------------------------


def _linear(group: Group, k: Any, to: Any, channels: int = 2) -> Callable[[], Case]:
    def make() -> Case:
        layer = group.hom(k, to).layer(channels, channels)
        V = group.V
        reps = [V**each if isinstance(each, int) else V ** each[0] * V.dual ** each[1] for each in (k, to)]
        shape = [reps[0].size] if not isinstance(k, int) else [group.n] * k
        dtype = torch.complex64 if group.dtype.is_complex else torch.float32

        if isinstance(k, int):
            return layer, group, torch.randn(3, channels, *shape, dtype=dtype), k, to
        sizes = [group.sizes(group.duals(each)) for each in (k, to)]

        class Flat(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.layer = layer

            def forward(self, x: torch.Tensor) -> torch.Tensor:
                return self.layer(x.unflatten(-1, sizes[0])).flatten(-len(sizes[1]))

        return Flat(), group, torch.randn(3, channels, *shape, dtype=dtype), *reps

    return make


LINEAR: list[tuple[Group, Any, Any]] = [
    *((S(n), k, to) for n in (4, 6) for k, to in ((1, 1), (2, 2), (2, 1))),
    *((A(4), k, to) for k, to in ((1, 1), (2, 2))),
    *((B(3), k, to) for k, to in ((1, 1), (2, 2))),
    *((O(3), k, to) for k, to in ((1, 1), (2, 2), (3, 1))),
    *((SO(n), k, to) for n in (2, 3) for k, to in ((1, 1), (2, 2), (1, 2))),
    *((Sp(4), k, to) for k, to in ((1, 1), (2, 2))),
    *((Lorentz(), k, to) for k, to in ((1, 1), (2, 2))),
    *((C(5), k, to) for k, to in ((1, 1), (2, 1))),
    *((D(6), k, to) for k, to in ((1, 1), (1, 2))),
    (Aut(nx.petersen_graph()), 1, 1),
    (GL(3), (1, 1), (1, 1)),
    (U(2), (1, 1), (1, 1)),
]


class Tower(nn.Module):
    """Layers of S(n) on matrices with pointwise functions between: an invariant graph network (Maron et al., 2019)."""

    def __init__(self, group: Group, orders: tuple[int, ...], width: int) -> None:
        super().__init__()
        sizes = [1, *[width] * (len(orders) - 2), 1]
        steps = zip(pairwise(orders), pairwise(sizes), strict=True)
        self.layers = nn.ModuleList(group.hom(*order).layer(*channels) for order, channels in steps)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for at, layer in enumerate(self.layers):
            x = layer(x if at == 0 else torch.relu(x))
        return x


# ---- sets ------------------------------------------------------------------------------------------------------------


class DeepSet(nn.Module):
    def __init__(self, pooled: str, equivariant: bool, width: int = 8) -> None:
        super().__init__()
        self.one, self.two, self.pooled, self.equivariant = (
            mlp(3, width, width),
            mlp(2 * width, width, 2),
            pooled,
            equivariant,
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = self.one(x)
        pool = {"sum": h.sum(0), "mean": h.mean(0), "max": h.max(0)[0], "logsumexp": h.logsumexp(0), "std": h.std(0)}[
            self.pooled
        ]
        return self.two(torch.cat([h, pool.expand_as(h)], -1) if self.equivariant else torch.cat([pool, pool], -1))


class SetTransformer(nn.Module):
    def __init__(self, blocks: int, invariant: bool) -> None:
        super().__init__()
        self.embed, self.blocks = nn.Linear(3, 8), nn.ModuleList(SetBlock(8) for _ in range(blocks))
        self.read = nn.Sequential(Mean(0), nn.Linear(8, 1)) if invariant else nn.Linear(8, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.embed(x)
        for block in self.blocks:
            x = block(x)
        return self.read(x)


class Sorted(nn.Module):
    """Sorting each feature forgets the order."""

    def __init__(self, n: int) -> None:
        super().__init__()
        self.read = mlp(3 * n, 8, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.read(x.sort(0)[0].flatten())


# ---- graphs ----------------------------------------------------------------------------------------------------------


class DenseGraph(nn.Module):
    def __init__(self, normalised: bool, invariant: bool) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(3, 8), nn.Linear(8, 8)])
        self.normalised, self.invariant = normalised, invariant

    def forward(self, x: torch.Tensor, a: torch.Tensor) -> torch.Tensor:
        if self.normalised:
            root = (a.sum(1) + 1).rsqrt()
            a = root[:, None] * a * root
        for layer in self.layers:
            x = torch.tanh(layer(x + a @ x))
        return x.sum(0) if self.invariant else x


class SparseGraph(nn.Module):
    def __init__(self, how: str, invariant: bool) -> None:
        super().__init__()
        self.embed, self.message, self.update, self.collect = nn.Linear(3, 8), mlp(16, 8, 8), mlp(16, 8, 8), Collect()
        self.how, self.invariant = how, invariant

    def forward(self, x: torch.Tensor, edges: torch.Tensor) -> torch.Tensor:
        h = self.embed(x)
        m = self.message(torch.cat([h[edges[0]], h[edges[1]]], -1))
        if self.how == "attention":
            weight = m.sum(-1).exp()
            m = m * (weight / self.collect(weight, edges, len(x))[edges[0]])[:, None]
        if self.how == "max":
            at = edges[0][:, None].expand_as(m)
            top = torch.full_like(h, -math.inf).scatter_reduce(0, at, m, "amax", include_self=False)
            got = torch.where(top.isfinite(), top, 0)
        else:
            got = self.collect(m, edges, len(x))
        h = self.update(torch.cat([h, got], -1))
        return h.mean(0) if self.invariant else h


# ---- vectors ---------------------------------------------------------------------------------------------------------


class Vectors(nn.Module):
    def __init__(self, depth: int, invariant: bool, gate: str) -> None:
        super().__init__()
        kinds = {"gate": NormGate, "relu": VectorReLU, "norm": lambda _: VectorNorm()}
        parts: list[nn.Module] = [VectorLinear(2, 6)]
        for _ in range(depth):
            parts += [kinds[gate](6), VectorLinear(6, 6)]
        self.parts, self.invariant, self.lengths, self.read = nn.Sequential(*parts), invariant, Lengths(), mlp(6, 8, 1)

    def forward(self, v: torch.Tensor) -> torch.Tensor:
        v = self.parts(v)
        return self.read(self.lengths(v)) if self.invariant else v


class EGNN(nn.Module):
    def __init__(self, depth: int, out: str) -> None:
        super().__init__()
        self.embed, self.layers, self.out = nn.Linear(1, 8), nn.ModuleList(EGNNLayer(8) for _ in range(depth)), out
        self.read = mlp(8, 8, 1)

    def forward(self, h: torch.Tensor, x: torch.Tensor, edges: torch.Tensor) -> Any:
        h = self.embed(h)
        for layer in self.layers:
            h, x = layer(h, x, edges)
        return {"both": (self.read(h), x), "x": x, "energy": self.read(h).sum(), "named": {"h": h, "x": x}}[self.out]


class Harmonic(nn.Module):
    """Harmonics to degree 2, products with vectors, norms: a small tensor field network."""

    def __init__(self, out: str) -> None:
        super().__init__()
        self.edge_vectors, self.radial, self.harmonics, self.collect = EdgeVectors(), Radial(6), Harmonics(), Collect()
        self.weigh, self.product, self.out, self.read = mlp(6, 16, 9), Product(), out, mlp(3, 8, 1)

    def forward(self, pos: torch.Tensor, edges: torch.Tensor) -> torch.Tensor:
        r = self.edge_vectors(pos, edges)
        w = self.weigh(self.radial(r.norm(dim=-1)))
        w = torch.cat([w[..., :1], w[..., 1:2].expand(-1, 3), w[..., 2:3].expand(-1, 5)], -1)
        f = self.collect(w * self.harmonics(r), edges, len(pos))
        v = self.product(f[..., 1:4], f[..., 4:])
        if self.out == "vector":
            return v + f[..., 1:4] * torch.tanh(f[..., :1])
        if self.out == "matrix":
            return torch.einsum("nm,mab->nab", f[..., 4:], self.product.table) + torch.einsum("na,nb->nab", v, v)
        parts = [f[..., :1], f[..., 1:4], f[..., 4:]]
        return self.read(torch.cat([each.square().sum(-1, keepdim=True) for each in parts], -1)).sum()


class Forces(nn.Module):
    """Minus the gradient of an energy: the total force is zero but for rounding."""

    def __init__(self, total: bool) -> None:
        super().__init__()
        self.pair, self.total = mlp(1, 16, 1, act=nn.Tanh), total

    def forward(self, pos: torch.Tensor) -> Any:
        pos = pos.requires_grad_()
        d = torch.pdist(pos)
        energy = self.pair(d[:, None]).sum()
        (gradient,) = torch.autograd.grad(energy, pos, create_graph=True)
        return -gradient.sum(0) if self.total else (energy, -gradient)


class Averaged(nn.Module):
    """All proper frames of the principal axes (Puny et al., 2022), averaged."""

    def __init__(self, proper: bool) -> None:
        super().__init__()
        self.inner, self.proper = mlp(3, 16, 8), proper
        self.read = mlp(8, 8, 1)

    def forward(self, pos: torch.Tensor) -> torch.Tensor:
        x = pos - pos.mean(0)
        axes = torch.linalg.eigh(x.T @ x)[1]
        signs = torch.cartesian_prod(*[torch.tensor([-1.0, 1.0], dtype=x.dtype)] * 3)
        frames = axes * signs[:, None, :]
        if self.proper:
            frames = frames[torch.linalg.det(frames) > 0]
        return self.read(self.inner(x @ frames).sum(1)).mean(0)


class Cross(nn.Module):
    def __init__(self, twice: bool) -> None:
        super().__init__()
        self.mix, self.twice, self.gate = VectorLinear(3, 3), twice, NormGate(1)

    def forward(self, v: torch.Tensor) -> torch.Tensor:
        a, b, c = self.mix(v).unbind(-2)
        made = torch.linalg.cross(a, b, dim=-1)
        made = torch.linalg.cross(made, c, dim=-1) if self.twice else made
        return self.gate(made[..., None, :])


class LocalFrames(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.mix, self.local = VectorLinear(3, 4), mlp(12, 16, 12)

    def forward(self, v: torch.Tensor) -> torch.Tensor:
        v = self.mix(v)
        a = v[:, 0] / v[:, 0].norm(dim=-1, keepdim=True)
        b = v[:, 1] - (v[:, 1] * a).sum(-1, keepdim=True) * a
        b = b / b.norm(dim=-1, keepdim=True)
        frame = torch.stack([a, b, torch.linalg.cross(a, b, dim=-1)], -2)
        turned = torch.einsum("nab,ncb->nca", frame, v)
        return torch.einsum("nab,nca->ncb", frame, self.local(turned.flatten(1)).unflatten(1, (4, 3)))


class Invariants(nn.Module):
    """Functions of all products with a form."""

    def __init__(self, form: torch.Tensor, channels: int, vectors: bool) -> None:
        super().__init__()
        self.register_buffer("form", form.float())
        self.lift, self.read, self.vectors = VectorLinear(2, channels), mlp(channels**2, 16, channels), vectors

    def forward(self, v: torch.Tensor) -> torch.Tensor:
        v = self.lift(v)
        pairs = self.read(torch.tanh(torch.einsum("bci,ij,bdj->bcd", v, self.form, v)).flatten(1))
        return v * pairs[..., None] if self.vectors else pairs


# ---- grids -----------------------------------------------------------------------------------------------------------


class Ring(nn.Module):
    def __init__(self, size: int, invariant: bool, symmetric: bool = False) -> None:
        super().__init__()
        self.convs = nn.ModuleList([CircularConv(2, 6, size), CircularConv(6, 6, size)])
        self.invariant = invariant
        if symmetric:
            with torch.no_grad():
                for each in self.convs:
                    each.conv.weight += each.conv.weight.flip(-1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for conv in self.convs:
            x = torch.relu(conv(x))
        return x.mean(-1) if self.invariant else x


class Turning(nn.Module):
    """A lifting convolution over four quarter turns, pooled over turns and places."""

    def __init__(self, stride: int) -> None:
        super().__init__()
        self.weight, self.stride, self.read = nn.Parameter(torch.randn(4, 1, 3, 3) / 3), stride, mlp(4, 8, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        turned = [
            nn.functional.conv2d(x, torch.rot90(self.weight, at, (-2, -1)), stride=self.stride).relu().mean((-2, -1))
            for at in range(4)
        ]
        return self.read(torch.stack(turned).mean(0))


def _graph(n: int = 7) -> tuple[torch.Tensor, torch.Tensor]:
    a = (torch.rand(n, n) < 0.4).float().triu(1)
    return torch.randn(n, 3), a + a.T


def _plain(
    model: Callable[[], nn.Module], group: Group, sample: Callable[[], Any], i: Any, o: Any, *, evaluate: bool = False
) -> Callable[[], Case]:
    def make() -> Case:
        made = model()
        return (made.eval() if evaluate else made), group, sample(), i, o

    return make


def _with_norms() -> nn.Module:
    norm = nn.BatchNorm1d(6)
    norm.running_mean.normal_()
    norm.running_var.uniform_(0.5, 2)
    return nn.Sequential(Lengths(), nn.Linear(2, 6), norm, nn.Dropout(0.5), mlp(6, 8, 1))


def _closure() -> Case:
    model, edges = EGNN(1, "x"), ring(6)
    return lambda h, x: model(h, x, edges), O(3), (torch.rand(6, 1), torch.randn(6, 3)), (0, 1), 1


def _deep() -> nn.Module:
    parts: list[nn.Module] = [VectorLinear(2, 6)]
    for _ in range(24):
        parts += [VectorReLU(6), VectorLinear(6, 6), VectorNorm()]
    return nn.Sequential(*parts)


class Ill(nn.Module):
    """Close to singular: rounding grows by eight digits."""

    def forward(self, v: torch.Tensor) -> torch.Tensor:
        gram = v @ v.transpose(-1, -2)
        size = gram.diagonal(dim1=-2, dim2=-1).mean(-1)[..., None, None]
        return torch.linalg.solve(gram + 1e-5 * size * torch.eye(gram.shape[-1], dtype=v.dtype), v)


def _all() -> Iterator[Sound]:
    for group, k, to in LINEAR:
        yield Sound(f"linear {group} {k} -> {to}", _linear(group, k, to))
    for group, orders in (
        (S(5), (2, 2, 1)),
        (S(4), (1, 2, 2, 0)),
        (C(6), (1, 1, 1)),
        (D(5), (2, 1, 0)),
        (A(4), (1, 2, 1)),
    ):
        shape = [group.n] * orders[0]
        make = _plain(
            lambda g=group, o=orders: Tower(g, o, 4),
            group,
            lambda s=shape: torch.randn(2, 1, *s),
            orders[0],
            orders[-1],
        )
        yield Sound(f"tower {group} {orders}", make)
    for pooled in ("sum", "mean", "max", "logsumexp", "std"):
        for equivariant in (True, False):
            make = _plain(
                lambda p=pooled, e=equivariant: DeepSet(p, e),
                S(6),
                lambda: torch.randn(6, 3),
                Axes(0),
                Axes(0) if equivariant else 0,
            )
            yield Sound(f"deep set, {pooled}, {'equivariant' if equivariant else 'invariant'}", make)
    for blocks, invariant in ((1, False), (3, False), (2, True)):
        make = _plain(
            lambda b=blocks, i=invariant: SetTransformer(b, i),
            S(7),
            lambda: torch.randn(7, 3),
            Axes(0),
            0 if invariant else Axes(0),
        )
        yield Sound(f"set transformer, {blocks} blocks, {'invariant' if invariant else 'equivariant'}", make)
    yield Sound("sorted set", _plain(lambda: Sorted(6), S(6), lambda: torch.randn(6, 3), Axes(0), 0))
    for normalised in (True, False):
        for invariant in (True, False):
            make = _plain(
                lambda n=normalised, i=invariant: DenseGraph(n, i),
                S(7),
                _graph,
                (Axes(0), Axes(0, 1)),
                0 if invariant else Axes(0),
            )
            yield Sound(f"dense graph net, {normalised=}, {invariant=}", make)
    for how in ("sum", "attention", "max"):
        for invariant in (True, False):
            make = _plain(
                lambda h=how, i=invariant: SparseGraph(h, i),
                S(6),
                lambda: (torch.randn(6, 3), ring(6)),
                (Axes(0), Labels()),
                0 if invariant else Axes(0),
            )
            yield Sound(f"sparse graph net, {how}, {invariant=}", make)
    for gate in ("gate", "relu", "norm"):
        for group in (O(3), SO(2), O(4)):
            make = _plain(lambda g=gate: Vectors(2, False, g), group, lambda n=group.n: torch.randn(5, 2, n), 1, 1)
            yield Sound(f"vector neurons, {gate}, {group}", make)
        yield Sound(
            f"lengths of vector neurons, {gate}",
            _plain(lambda g=gate: Vectors(2, True, g), O(3), lambda: torch.randn(5, 2, 3), 1, 0),
        )
    egnn = lambda: (torch.rand(6, 1), torch.randn(6, 3), ring(6))  # noqa: E731
    for depth, out, o in (
        (1, "x", 1),
        (3, "x", 1),
        (2, "energy", 0),
        (2, "both", (0, 1)),
        (1, "named", {"h": 0, "x": 1}),
    ):
        yield Sound(f"EGNN, {depth} layers, {out}", _plain(lambda d=depth, o=out: EGNN(d, o), O(3), egnn, (0, 1, 0), o))
    yield Sound("EGNN under motions", _plain(lambda: EGNN(2, "x"), motions(), egnn, (0, rigid, 0), rigid))
    yield Sound(
        "EGNN under permutations", _plain(lambda: EGNN(2, "x"), S(6), egnn, (Axes(0), Axes(0), Labels()), Axes(0))
    )
    cloud = lambda: (torch.randn(6, 3), ring(6))  # noqa: E731
    for out, o in (("vector", 1), ("matrix", 2), ("energy", 0)):
        yield Sound(f"harmonics, {out}", _plain(lambda k=out: Harmonic(k), O(3), cloud, (1, 0), o))
    yield Sound("forces", _plain(lambda: Forces(False), O(3), lambda: torch.randn(6, 3), 1, (0, 1)))
    yield Sound("the total force, zero", _plain(lambda: Forces(True), O(3), lambda: torch.randn(6, 3), 1, 1))
    yield Sound(
        "forces under permutations",
        _plain(lambda: Forces(False), S(6), lambda: torch.randn(6, 3), Axes(0), (0, Axes(0))),
    )
    wide = lambda: torch.randn(9, 3) * torch.tensor([1.0, 2.0, 3.0])  # noqa: E731
    yield Sound("frame averaging, O(3)", _plain(lambda: Averaged(False), O(3), wide, 1, 0))
    yield Sound("frame averaging, SO(3)", _plain(lambda: Averaged(True), SO(3), wide, 1, 0))
    yield Sound("a cross product, SO(3)", _plain(lambda: Cross(False), SO(3), lambda: torch.randn(5, 3, 3), 1, 1))
    yield Sound("a cross product twice, O(3)", _plain(lambda: Cross(True), O(3), lambda: torch.randn(5, 3, 3), 1, 1))
    yield Sound("local frames", _plain(LocalFrames, SO(3), lambda: torch.randn(5, 3, 3), 1, 1))
    minkowski = torch.diag(torch.tensor([1.0, -1.0, -1.0, -1.0]))
    omega = torch.cat(
        [torch.cat([torch.zeros(2, 2), torch.eye(2)], 1), torch.cat([-torch.eye(2), torch.zeros(2, 2)], 1)]
    )
    for group, form in ((Lorentz(), minkowski), (Sp(4), omega)):
        for vectors in (True, False):
            make = _plain(
                lambda f=form, v=vectors: Invariants(f, 3, v),
                group,
                lambda: torch.randn(5, 2, 4),
                1,
                1 if vectors else 0,
            )
            yield Sound(f"products with a form, {group}, {vectors=}", make)
    for size, invariant in ((3, True), (5, False)):
        make = _plain(
            lambda s=size, i=invariant: Ring(s, i), C(9), lambda: torch.randn(3, 2, 9), 1, 0 if invariant else 1
        )
        yield Sound(f"circular convolutions of {size}, {invariant=}", make)
    yield Sound(
        "symmetric circular convolutions",
        _plain(lambda: Ring(3, False, True), D(8), lambda: torch.randn(3, 2, 8), 1, 1),
    )
    yield Sound(
        "quarter turns", _plain(lambda: Turning(1), quarters(), lambda: torch.randn(2, 1, 12, 12), quarter_turns, 0)
    )
    yield Sound(
        "quarter turns, stride 2, width 4k + 3",
        _plain(lambda: Turning(2), quarters(), lambda: torch.randn(2, 1, 15, 15), quarter_turns, 0),
    )
    yield Sound(
        "norms and dropout in evaluation", _plain(_with_norms, O(3), lambda: torch.randn(5, 2, 3), 1, 0, evaluate=True)
    )
    yield Sound("a function that holds a model", _closure)
    yield Sound("72 layers", _plain(_deep, O(3), lambda: torch.randn(5, 2, 3), 1, 1))
    yield Sound("ill-conditioned", _plain(Ill, O(3), lambda: torch.randn(4, 6, 3), 1, 1))
    yield Sound(
        "double precision",
        _plain(lambda: Vectors(2, False, "gate").double(), O(3), lambda: torch.randn(5, 2, 3).double(), 1, 1),
    )
    yield Sound("a constant", _plain(lambda: nn.Threshold(1e9, 0.5), O(3), lambda: torch.randn(5, 3), 1, 0))


SOUND: list[Sound] = list(_all())
