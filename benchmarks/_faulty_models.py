"""Forty models, each with one planted fault of a kind that users have reported, and where it was planted.

Where a fault is known from a thread on GitHub (repository and number), the thread is named; the others are what teachers and reviewers
of such models see again and again. The models are ours. `where` is the name of the argument, result or layer that holds the fault,
the innermost one, as it was planted. Five of these names were corrected after the first run: they had named the layer around the
guilty one; and three models were rewritten that were sound after all, or for which two answers were right.
"""

__all__ = ["FAULTS", "Fault"]

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from benchmarks._model_parts import (
    Attention,
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
    VectorReLU,
    mlp,
    motions,
    quarter_turns,
    quarters,
    rigid,
    ring,
)
from workbench.symmetry import SO, Axes, C, Lorentz, O, S, Sp

Case = tuple[Any, Any, Any, Any, Any]
"""Model, group, sample, inputs, outputs."""


@dataclass(frozen=True)
class Fault:
    """A planted fault."""

    name: str
    thread: str
    kind: str
    where: str
    make: Callable[[], Case]


FAULTS: list[Fault] = []


def fault(thread: str, kind: str, where: str) -> Callable[[Callable[[], Case]], Callable[[], Case]]:
    def keep(make: Callable[[], Case]) -> Callable[[], Case]:
        FAULTS.append(Fault(make.__name__.replace("_", " "), thread, kind, where, make))
        return make

    return keep


NODES = 7


def cloud(nodes: int = NODES) -> torch.Tensor:
    return torch.randn(nodes, 3)


# ---- what was not transformed ----------------------------------------------------------------------------------------


class PointNet(nn.Module):
    """Harmonics of edge vectors, weighted by distances, summed at nodes, contracted to energies."""

    def __init__(self, width: int = 6) -> None:
        super().__init__()
        self.edge_vectors, self.radial, self.harmonics = EdgeVectors(), Radial(width), Harmonics()
        self.weigh = mlp(width, 16, 4)
        self.collect, self.energy = Collect(), mlp(12, 16, 1)

    def edge_features(self, r: torch.Tensor) -> torch.Tensor:
        return torch.einsum("ec,em->ecm", self.weigh(self.radial(r.norm(dim=-1))), self.harmonics(r))

    def read(self, a: torch.Tensor) -> torch.Tensor:
        parts = [a[..., :1], a[..., 1:4], a[..., 4:]]
        return self.energy(torch.cat([each.square().sum(-1) for each in parts], -1)).sum()

    def forward(self, pos: torch.Tensor, edges: torch.Tensor) -> torch.Tensor:
        return self.read(self.collect(self.edge_features(self.edge_vectors(pos, edges)), edges, len(pos)))


@fault("e3nn#282", "argument", "edge_attr")
def edge_attr_is_not_rotated() -> Case:
    class Net(PointNet):
        def forward(self, pos, edges, edge_attr):
            r = self.edge_vectors(pos, edges)
            f = torch.einsum("ec,em->ecm", self.weigh(self.radial(r.norm(dim=-1))), self.harmonics(edge_attr))
            return self.collect(f, edges, len(pos))[..., 1:4]

    pos, edges = cloud(), ring(NODES)
    return Net(), O(3), (pos, edges, pos[edges[1]] - pos[edges[0]]), (1, 0, 0), 1


@fault("equiformer_v2#5", "argument", "cell")
def cell_is_not_rotated() -> Case:
    class Net(PointNet):
        def forward(self, pos, edges, cell, shifts):
            r = self.edge_vectors(pos, edges) + shifts @ cell
            return self.read(self.collect(self.edge_features(r), edges, len(pos)))

    pos, edges = cloud(), ring(NODES)
    shifts = torch.randint(-1, 2, (edges.shape[1], 3)).float()
    return Net(), O(3), (pos, edges, torch.eye(3) * 5 + 0.2 * torch.randn(3, 3), shifts), (1, 0, 0, 0), 0


@fault("", "argument", "vel")
def velocities_are_not_rotated() -> Case:
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer, self.gain, self.embed = EGNNLayer(8), mlp(8, 8, 1), nn.Linear(1, 8)

        def forward(self, h, x, vel, edges):
            h, moved = self.layer(self.embed(h), x, edges)
            return moved + self.gain(h) * vel

    return Net(), O(3), (torch.rand(NODES, 1), cloud(), cloud(), ring(NODES)), (0, 1, 0, 0), 1


@fault("", "argument", "edge_index")
def edges_are_not_relabelled() -> Case:
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.two, self.collect = nn.Linear(3, 8), mlp(8, 8, 4), Collect()

        def forward(self, x, edge_index):
            h = self.one(x)
            return self.two(h + self.collect(h[edge_index[1]], edge_index, len(x)))

    return Net(), S(NODES), (torch.randn(NODES, 3), ring(NODES)), (Axes(0), 0), Axes(0)


# ---- gauges, cutoffs, orders -----------------------------------------------------------------------------------------


class EdgeFrame(nn.Module):
    """A rotation that takes each edge to the y axis, as eSCN uses it; the angle about the edge is a choice."""

    def forward(self, r: torch.Tensor) -> torch.Tensor:
        y = r / r.norm(dim=-1, keepdim=True)
        x = torch.linalg.cross(y, self.other(y), dim=-1)
        x = x / x.norm(dim=-1, keepdim=True)
        return torch.stack([x, y, torch.linalg.cross(x, y, dim=-1)], -2)

    def other(self, y: torch.Tensor) -> torch.Tensor:
        return torch.tensor([0.0, 1.0, 0.0], dtype=y.dtype).expand_as(y)


class FrameNet(nn.Module):
    """Neighbour vectors in the frames of edges, to scalars at edges, to an energy."""

    def __init__(self, frame: nn.Module, sound: bool) -> None:
        super().__init__()
        self.edge_vectors, self.frame, self.sound = EdgeVectors(), frame, sound
        self.local, self.collect, self.energy = mlp(4 if sound else 3, 16, 8), Collect(), mlp(8, 8, 1)

    def forward(self, pos: torch.Tensor, vel: torch.Tensor, edges: torch.Tensor) -> torch.Tensor:
        r = self.edge_vectors(pos, edges)
        turned = torch.einsum("eab,eb->ea", self.frame(r), vel[edges[1]])
        if self.sound:  # the gauge-invariant part
            along, beside = turned[:, 1], turned[:, [0, 2]]
            turned = torch.stack([along, along**2, beside.square().sum(-1), r.norm(dim=-1)], -1)
        return self.energy(self.collect(self.local(turned), edges, len(pos))).sum()


@fault("fairchem#895", "randomness", "frame")
def the_gauge_is_random() -> Case:
    class Random(EdgeFrame):
        def other(self, y):
            return torch.randn_like(y)

    return FrameNet(Random(), sound=False), SO(3), (cloud(), cloud(), ring(NODES)), (1, 1, 0), 0


@fault("fairchem#779", "layer", "frame")
def the_gauge_degenerates_along_y() -> Case:
    return FrameNet(EdgeFrame(), sound=True), SO(3), (cloud(), cloud(), ring(NODES)), (1, 1, 0), 0


class Neighbours(nn.Module):
    """For every node the neighbours within a cutoff, at most so many: (2, edges)."""

    def __init__(self, cutoff: float, most: int) -> None:
        super().__init__()
        self.cutoff, self.most = cutoff, most

    def forward(self, pos: torch.Tensor) -> torch.Tensor:
        distance = torch.cdist(pos, pos, compute_mode="donot_use_mm_for_euclid_dist")
        near = distance < self.cutoff
        near.fill_diagonal_(False)
        return self.keep(near, distance).nonzero().T

    def keep(self, near: torch.Tensor, distance: torch.Tensor) -> torch.Tensor:  # noqa: ARG002 - others look at it
        return near & (near.cumsum(1) <= self.most)


class CloudNet(PointNet):
    """A `PointNet` that finds its edges itself."""

    def __init__(self, neighbours: nn.Module) -> None:
        super().__init__()
        self.neighbours = neighbours

    def forward(self, pos: torch.Tensor) -> torch.Tensor:  # type: ignore[override]
        return super().forward(pos, self.neighbours(pos))


@fault("fairchem#1068", "layer", "neighbours")
def the_first_neighbours_are_kept() -> Case:
    return CloudNet(Neighbours(5.0, 3)), S(NODES), cloud(), Axes(0), 0


@fault("fairchem#823", "layer", "neighbours")
def ties_among_neighbours_are_broken_by_rounding() -> Case:
    class Nearest(Neighbours):
        def keep(self, near, distance):
            order = distance.masked_fill(~near, math.inf).argsort(1)[:, : self.most]
            return near & torch.zeros_like(near).scatter(1, order, True)

    grid = torch.cartesian_prod(*[torch.arange(3.0)] * 2)
    lattice = torch.cat([grid, torch.zeros(9, 1)], 1)
    return CloudNet(Nearest(1.6, 2)), SO(3), lattice, 1, 0


@fault("e3nn#369", "layer", "harmonics")
def harmonics_come_in_the_order_yzx() -> Case:
    class Yzx(Harmonics):
        def forward(self, r):
            y = super().forward(r)
            return torch.cat([y[..., :1], y[..., [2, 3, 1]], y[..., 4:]], -1)

    class Net(PointNet):
        def __init__(self):
            super().__init__()
            self.harmonics = Yzx()
            self.dot = nn.Linear(1, 4)

        def forward(self, pos, vel, edges):
            f = self.harmonics(self.edge_vectors(pos, edges))
            along = (f[..., 1:4] * vel[edges[0]]).sum(-1, keepdim=True)
            return self.energy(self.collect(torch.tanh(self.dot(along)).repeat(1, 3), edges, len(pos))).sum()

    return Net(), SO(3), (cloud(), cloud(), ring(NODES)), (1, 1, 0), 0


@fault("e3nn#195", "argument", "field")
def a_field_comes_in_the_order_yzx() -> Case:
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.edge_vectors, self.mix, self.gate, self.collect = (
                EdgeVectors(),
                VectorLinear(2, 4),
                NormGate(4),
                Collect(),
            )

        def forward(self, pos, field, edges):
            v = torch.stack([self.edge_vectors(pos, edges), field[edges[0]]], -2)
            return self.collect(self.gate(self.mix(v)), edges, len(pos)).sum(-2)

    def permuted(element, x):
        return (x[..., [2, 0, 1]] @ element.T)[..., [1, 2, 0]]

    return Net(), SO(3), (cloud(), cloud(), ring(NODES)), (1, permuted, 0), 1


@fault("", "layer", "back")
def the_rotation_back_is_transposed() -> Case:
    class Frame(nn.Module):
        def forward(self, v):
            a = v[:, 0] / v[:, 0].norm(dim=-1, keepdim=True)
            b = v[:, 1] - (v[:, 1] * a).sum(-1, keepdim=True) * a
            b = b / b.norm(dim=-1, keepdim=True)
            return torch.stack([a, b, torch.linalg.cross(a, b, dim=-1)], -2)

    class There(nn.Module):
        def forward(self, frame, v):
            return torch.einsum("nab,ncb->nca", frame, v)

    class Back(nn.Module):
        def forward(self, frame, v):
            return torch.einsum("nab,ncb->nca", frame, v)  # frame.mT would take it back

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.mix, self.frame, self.there, self.local, self.back = (
                VectorLinear(3, 4),
                Frame(),
                There(),
                mlp(12, 16, 12),
                Back(),
            )

        def forward(self, v):
            v = self.mix(v)
            frame = self.frame(v)
            return self.back(frame, self.local(self.there(frame, v).flatten(1)).unflatten(1, (4, 3)))

    return Net(), SO(3), torch.randn(5, 3, 3), 1, 1


@fault("", "layer", "frame")
def the_sign_of_a_principal_axis_is_fixed_by_a_coordinate() -> Case:
    class Principal(nn.Module):
        def forward(self, x):
            axes = torch.linalg.eigh(x.T @ x)[1].T
            return axes * torch.sign(axes[:, :1])

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.frame, self.local, self.pool, self.read = Principal(), mlp(3, 16, 8), Mean(0), mlp(8, 8, 1)

        def forward(self, pos):
            x = pos - pos.mean(0)
            return self.read(self.pool(self.local(x @ self.frame(x).T)))

    return Net(), SO(3), cloud(9) * torch.tensor([1.0, 2.0, 3.0]), 1, 0


# ---- layers that treat components one by one --------------------------------------------------------------------------


class VectorNet(nn.Module):
    """Vector neurons: (batch, channels, n) to (batch, channels, n)."""

    def __init__(self, fault: nn.Module) -> None:
        super().__init__()
        self.lift, self.relu, self.middle, self.fault = VectorLinear(2, 6), VectorReLU(6), VectorLinear(6, 6), fault
        self.gate, self.last = NormGate(6), VectorLinear(6, 2)

    def forward(self, v: torch.Tensor) -> torch.Tensor:
        return self.last(self.gate(self.fault(self.middle(self.relu(self.lift(v))))))


def vectors(fault: nn.Module) -> Case:
    return VectorNet(fault), O(3), torch.randn(8, 2, 3), 1, 1


@fault("", "layer", "fault")
def relu_of_components() -> Case:
    return vectors(nn.ReLU())


@fault("", "layer", "fault")
def a_bias_on_vectors() -> Case:
    class Biased(VectorLinear):
        def __init__(self):
            super().__init__(6, 6)
            self.bias = nn.Parameter(0.1 * torch.randn(6, 1))

        def forward(self, v):
            return super().forward(v) + self.bias

    return vectors(Biased())


@fault("", "layer", "fault.norm")
def batch_norm_of_components_in_evaluation() -> Case:
    class Norm(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm = nn.BatchNorm1d(18)
            self.norm.running_mean.normal_(0, 0.3)
            self.norm.running_var.uniform_(0.5, 2)

        def forward(self, v):
            return self.norm(v.flatten(1)).unflatten(1, (6, 3))

    model, *rest = vectors(Norm())
    return model.eval(), *rest


@fault("", "layer", "fault.norm")
def batch_norm_of_components_in_training() -> Case:
    class Norm(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm = nn.BatchNorm1d(6)

        def forward(self, v):
            return self.norm(v)

    return vectors(Norm())


@fault("", "randomness", "fault")
def dropout_of_components() -> Case:
    return vectors(nn.Dropout(0.3))


@fault("", "layer", "fault")
def layer_norm_over_components() -> Case:
    return vectors(nn.LayerNorm(3))


@fault("", "layer", "fault")
def softmax_over_components() -> Case:
    return vectors(nn.Softmax(-1))


@fault("", "layer", "fault")
def the_largest_component_of_several_vectors() -> Case:
    class MaxPool(nn.Module):
        def forward(self, v):
            return v.max(0, keepdim=True)[0].expand_as(v) + v

    return vectors(MaxPool())


@fault("", "layer", "layers.1")
def differences_are_clamped_by_component() -> Case:
    class Clamped(EGNNLayer):
        def move(self, d, weight):
            return torch.tanh(d * weight)

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed = nn.Linear(1, 8)
            self.layers = nn.ModuleList([EGNNLayer(8), Clamped(8), EGNNLayer(8)])

        def forward(self, h, x, edges):
            h = self.embed(h)
            for layer in self.layers:
                h, x = layer(h, x, edges)
            return x

    return Net(), O(3), (torch.rand(NODES, 1), cloud(), ring(NODES)), (0, 1, 0), 1


@fault("", "layer", "embed")
def absolute_coordinates_enter() -> Case:
    class Embed(nn.Module):
        def __init__(self):
            super().__init__()
            self.mix = mlp(2, 8, 8)

        def forward(self, h, x):
            return self.mix(torch.cat([h, x.norm(dim=-1, keepdim=True)], -1))

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed, self.layer, self.read = Embed(), EGNNLayer(8), mlp(8, 8, 1)

        def forward(self, h, x, edges):
            return self.read(self.layer(self.embed(h, x), x, edges)[0]).sum()

    return Net(), motions(), (torch.rand(NODES, 1), cloud(), ring(NODES)), (0, rigid, 0), 0


@fault("", "layer", "gate")
def scalars_and_vectors_are_cut_apart_one_too_late() -> Case:
    class Gate(nn.Module):
        def __init__(self, start):
            super().__init__()
            self.start = start

        def forward(self, f):
            scalars, rest = f[..., : self.start], f[..., self.start :]
            return torch.cat([torch.tanh(scalars), rest * torch.sigmoid(scalars[..., :1])], -1)

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.edge_vectors, self.scalars, self.gate, self.collect = EdgeVectors(), mlp(1, 8, 4), Gate(5), Collect()
            self.read = mlp(5, 8, 1)

        def forward(self, pos, edges):
            r = self.edge_vectors(pos, edges)
            f = self.gate(torch.cat([self.scalars(r.norm(dim=-1, keepdim=True)), r], -1))
            f = self.collect(f, edges, len(pos))
            return self.read(torch.cat([f[..., :4], f[..., 4:].norm(dim=-1, keepdim=True)], -1)).sum()

    return Net(), O(3), (cloud(), ring(NODES)), (1, 0), 0


# ---- signs, tables, precision ----------------------------------------------------------------------------------------


@fault("", "layer", "mix")
def a_cross_product_is_added_to_a_vector() -> Case:
    class Mix(nn.Module):
        def forward(self, v):
            return v + torch.linalg.cross(v, v.roll(1, -2), dim=-1)

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.lift, self.gate, self.mix, self.last = VectorLinear(3, 4), NormGate(4), Mix(), VectorLinear(4, 2)

        def forward(self, v):
            return self.last(self.mix(self.gate(self.lift(v))))

    return Net(), O(3), torch.randn(6, 3, 3), 1, 1


@fault("", "layer", "handed")
def a_triple_product_serves_as_a_scalar() -> Case:
    class Handed(nn.Module):
        def forward(self, v):
            return (v[:, 0] * torch.linalg.cross(v[:, 1], v[:, 2], dim=-1)).sum(-1, keepdim=True)

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.lift, self.handed, self.lengths, self.read = VectorLinear(4, 3), Handed(), Lengths(), mlp(4, 8, 1)

        def forward(self, v):
            v = self.lift(v)
            return self.read(torch.cat([self.lengths(v), self.handed(v)], -1))

    return Net(), O(3), torch.randn(6, 4, 3), 1, 0


@fault("", "result", "result")
def a_torque_is_declared_a_vector() -> Case:
    class Torque(nn.Module):
        def __init__(self):
            super().__init__()
            self.weigh = mlp(1, 8, 1)

        def forward(self, pos, force):
            return (torch.linalg.cross(pos, force, dim=-1) * self.weigh(pos.norm(dim=-1, keepdim=True))).sum(0)

    return Torque(), O(3), (cloud(), cloud()), (1, 1), 1


@fault("", "result", "result")
def a_stress_is_declared_invariant() -> Case:
    class Stress(nn.Module):
        def __init__(self):
            super().__init__()
            self.weigh = mlp(1, 8, 1)

        def forward(self, pos):
            return torch.einsum("na,nb,n->ab", pos, pos, self.weigh(pos.norm(dim=-1, keepdim=True))[:, 0])

    return Stress(), O(3), cloud(), 1, 0


@fault("mace#555", "layer", "product")
def one_sign_in_a_table_of_couplings() -> Case:
    class Wrong(Product):
        def __init__(self):
            super().__init__()
            self.table[3] *= -1

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.edge_vectors, self.harmonics, self.product, self.collect = (
                EdgeVectors(),
                Harmonics(),
                Wrong(),
                Collect(),
            )
            self.gate, self.last = NormGate(1), VectorLinear(1, 1)

        def forward(self, pos, vel, edges):
            f = self.harmonics(self.edge_vectors(pos, edges))
            made = self.product(vel[edges[1]] - vel[edges[0]], f[..., 4:])
            return self.last(self.gate(self.collect(made, edges, len(pos))[:, None])).squeeze(1)

    return Net(), O(3), (cloud(), cloud(), ring(NODES)), (1, 1, 0), 1


@fault("", "layer", "harmonics")
def one_harmonic_has_the_wrong_norm() -> Case:
    class Wrong(Harmonics):
        def second(self, x, y, z):
            made = super().second(x, y, z)
            made[4] = made[4] * 2
            return made

    net = PointNet()
    net.harmonics = Wrong()
    return net, O(3), (cloud(), ring(NODES)), (1, 0), 0


@fault("PriceofFreedom", "layer", "activation")
def a_grid_on_the_sphere_is_too_coarse() -> Case:
    class OnGrid(nn.Module):
        def __init__(self):
            super().__init__()
            theta = torch.acos(torch.linspace(0.9, -0.9, 5))
            phi = torch.arange(6) * math.tau / 6
            points = torch.stack(
                [
                    (theta.sin()[:, None] * phi.cos()).flatten(),
                    (theta.sin()[:, None] * phi.sin()).flatten(),
                    theta.cos()[:, None].expand(5, 6).flatten(),
                ],
                -1,
            )
            to_grid = Harmonics()(points.double())
            self.register_buffer("to_grid", to_grid.float())
            self.register_buffer("from_grid", torch.linalg.pinv(to_grid).float())

        def forward(self, f):
            return torch.relu(f @ self.to_grid.T) @ self.from_grid.T

    class Net(PointNet):
        def __init__(self):
            super().__init__()
            self.activation = OnGrid()

        def forward(self, pos, edges):
            f = self.edge_features(self.edge_vectors(pos, edges))
            return self.read(self.activation(self.collect(f, edges, len(pos))))

    return Net(), SO(3), (cloud(), ring(NODES)), (1, 0), 0


@fault("mace#1719", "layer", "field")
def a_reciprocal_grid_shows_by_a_hair() -> Case:
    class Field(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("waves", torch.cartesian_prod(*[torch.arange(-1.0, 2.0)] * 3))

        def forward(self, pos, charge):
            density = (charge[:, None] * torch.exp(1j * (pos @ self.waves.T))).sum(0).abs().square()
            return 1e-4 * (density / (1 + self.waves.square().sum(-1))).sum()

    class Net(PointNet):
        def __init__(self):
            super().__init__()
            self.field = Field()

        def forward(self, pos, charge, edges):
            return super().forward(pos, edges) + self.field(pos, charge)

    return Net(), SO(3), (cloud(), torch.rand(NODES), ring(NODES)), (1, 0, 0), 0


@fault("", "precision", "harmonics")
def harmonics_are_computed_in_float32() -> Case:
    class Single(Harmonics):
        def forward(self, r):
            return super().forward(r.float()).to(r.dtype)

    net = PointNet()
    net.harmonics = Single()
    return net.double(), O(3), (cloud().double(), ring(NODES)), (1, 0), 0


# ---- sets and graphs -------------------------------------------------------------------------------------------------


class SetNet(nn.Module):
    """A set transformer with a place for a fault: (n, 4) to (n, 8), or to numbers."""

    def __init__(
        self, before: nn.Module | None = None, attention: nn.Module | None = None, readout: nn.Module | None = None
    ) -> None:
        super().__init__()
        self.embed, self.positions = nn.Linear(4, 8), before or nn.Identity()
        self.blocks = nn.ModuleList([SetBlock(8), SetBlock(8, attention)])
        self.readout = readout or nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.positions(self.embed(x))
        for block in self.blocks:
            x = block(x)
        return self.readout(x)


def a_set(**parts: nn.Module) -> Case:
    invariant = "readout" in parts
    return SetNet(**parts), S(NODES), torch.randn(NODES, 4), Axes(0), 0 if invariant else Axes(0)


@fault("", "layer", "positions")
def a_set_with_positional_encoding() -> Case:
    class Positions(nn.Module):
        def forward(self, x):
            at = torch.arange(len(x), dtype=x.dtype)[:, None]
            return x + torch.cat([torch.sin(at / 10**k) for k in range(x.shape[1])], 1)

    return a_set(before=Positions())


@fault("", "layer", "blocks.1.attention")
def attention_with_a_causal_mask() -> Case:
    class Causal(Attention):
        def mask(self, scores):
            hidden = torch.ones(scores.shape[-2:], dtype=torch.bool).triu(1)
            return scores.masked_fill(hidden, -math.inf)

    return a_set(attention=Causal(8))


@fault("", "layer", "readout.1.0")
def nodes_are_flattened_into_a_perceptron() -> Case:
    return a_set(readout=nn.Sequential(nn.Flatten(0), mlp(8 * NODES, 8, 1)))


@fault("", "layer", "readout.rnn")
def a_recurrent_net_reads_the_nodes() -> Case:
    class Last(nn.Module):
        def __init__(self):
            super().__init__()
            self.rnn = nn.GRU(8, 8)

        def forward(self, x):
            return self.rnn(x)[1].squeeze(0)

    return a_set(readout=Last())


@fault("", "layer", "convs.1")
def only_half_of_an_adjacency_is_read() -> Case:
    class Conv(nn.Module):
        def __init__(self, half):
            super().__init__()
            self.own, self.other, self.half = nn.Linear(6, 6), nn.Linear(6, 6), half

        def forward(self, x, adjacency):
            a = adjacency.triu() if self.half else adjacency
            return torch.tanh(self.own(x) + a @ self.other(x))

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed, self.convs = nn.Linear(3, 6), nn.ModuleList([Conv(False), Conv(True), Conv(False)])

        def forward(self, x, adjacency):
            x = self.embed(x)
            for conv in self.convs:
                x = conv(x, adjacency)
            return x

    a = (torch.rand(NODES, NODES) < 0.4).float().triu(1)
    return Net(), S(NODES), (torch.randn(NODES, 3), a + a.T), (Axes(0), Axes(0, 1)), Axes(0)


@fault("", "state", "neighbours")
def neighbours_are_kept_from_the_first_call() -> Case:
    class Cached(Neighbours):
        def __init__(self):
            super().__init__(2.5, 99)
            self.kept = None

        def forward(self, pos):
            if self.kept is None:
                self.kept = super().forward(pos)
            return self.kept

    return CloudNet(Cached()), S(NODES), cloud(), Axes(0), 0


# ---- grids -----------------------------------------------------------------------------------------------------------


class RingNet(nn.Module):
    """Convolutions on a ring of n points with a place for a fault: (batch, 2, n) to (batch, 6)."""

    def __init__(
        self, second: nn.Module, before: nn.Module | None = None, pool: nn.Module | None = None, c_in: int = 2
    ) -> None:
        super().__init__()
        self.coords, self.conv1, self.conv2 = before or nn.Identity(), CircularConv(c_in, 6), second
        self.down, self.conv3, self.pool = pool or nn.Identity(), CircularConv(6, 6), Mean(-1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.conv1(self.coords(x)))
        return self.pool(torch.relu(self.conv3(self.down(torch.relu(self.conv2(x))))))


@fault("escnn#4", "layer", "conv2.conv")
def zeros_are_padded() -> Case:
    return RingNet(CircularConv(6, 6, 5, mode="zeros")), C(12), torch.randn(3, 2, 12), 1, 0


@fault("e2cnn#56", "layer", "down")
def every_other_point_is_kept() -> Case:
    return RingNet(CircularConv(6, 6), pool=nn.MaxPool1d(2)), C(12), torch.randn(3, 2, 12), 1, 0


@fault("", "layer", "coords")
def coordinates_are_appended() -> Case:
    class Coords(nn.Module):
        def forward(self, x):
            at = torch.linspace(-1, 1, x.shape[-1], dtype=x.dtype).expand(len(x), 1, -1)
            return torch.cat([x, at], 1)

    return RingNet(CircularConv(6, 6), before=Coords(), c_in=3), C(12), torch.randn(3, 2, 12), 1, 0


@fault("e2cnn#36", "layer", "down")
def a_stride_does_not_fit_the_width() -> Case:
    class Isotropic(nn.Module):
        def __init__(self, c_in, c_out, stride=1):
            super().__init__()
            self.weight, self.stride = nn.Parameter(torch.randn(c_out, c_in, 3) / 3), stride

        def forward(self, x):
            corner, edge, centre = self.weight.unbind(-1)
            kernel = torch.stack([corner, edge, corner, edge, centre, edge, corner, edge, corner], -1).unflatten(
                -1, (3, 3)
            )
            return torch.relu(nn.functional.conv2d(x, kernel, stride=self.stride))

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.down, self.last, self.pool = (
                Isotropic(1, 4),
                Isotropic(4, 4, 2),
                Isotropic(4, 4),
                Mean((-2, -1)),
            )

        def forward(self, x):
            return self.pool(self.last(self.down(self.first(x))))

    return Net(), quarters(), torch.randn(2, 1, 14, 14), quarter_turns, 0


# ---- other groups ----------------------------------------------------------------------------------------------------


@fault("", "layer", "norms")
def a_euclidean_norm_under_boosts() -> Case:
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.lift, self.norms, self.read = VectorLinear(3, 5), Lengths(), mlp(5, 8, 1)

        def forward(self, p):
            return self.read(self.norms(self.lift(p)))

    return Net(), Lorentz(), torch.randn(6, 3, 4), 1, 0


@fault("", "layer", "pairs")
def a_euclidean_product_in_phase_space() -> Case:
    class Pairs(nn.Module):
        def forward(self, v):
            return torch.einsum("bci,bdi->bcd", v, v).flatten(1)

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.lift, self.pairs, self.read = VectorLinear(2, 3), Pairs(), mlp(9, 8, 1)

        def forward(self, v):
            return self.read(self.pairs(self.lift(v)))

    return Net(), Sp(4), torch.randn(6, 2, 4), 1, 0
