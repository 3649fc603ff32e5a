"""Thirty more faulty models, written after the microscope was finished and before it had looked at any of them.

What it said of them at the first try, with nothing changed in between, is the honest figure: it named all thirty.
"""

__all__ = ["UNSEEN"]

import math

import torch
from torch import nn

from benchmarks._faulty_models import Case, Fault
from benchmarks._model_parts import (
    CircularConv,
    Collect,
    EdgeVectors,
    EGNNLayer,
    Lengths,
    Mean,
    NormGate,
    SetBlock,
    VectorLinear,
    VectorReLU,
    mlp,
    motions,
    rigid,
    ring,
)
from workbench.symmetry import GL, SO, Axes, C, D, Labels, Lorentz, O, S, U

UNSEEN: list[Fault] = []
N = 6


def fault(kind, where):
    def keep(make):
        UNSEEN.append(Fault(make.__name__.replace("_", " "), "", kind, where, make))
        return make

    return keep


# ---- arguments and results -------------------------------------------------------------------------------------------


class Pooled(nn.Module):
    def __init__(self):
        super().__init__()
        self.one, self.two = mlp(4, 8, 8), mlp(8, 8, 3)

    def forward(self, x, weight):
        h = self.one(x) * weight[:, None]
        return self.two(h + h.sum(0))


@fault("argument", "mask")
def a_padding_mask_is_not_permuted() -> Case:
    class Net(Pooled):
        def forward(self, x, mask):
            return super().forward(x, mask.to(x.dtype))

    mask = torch.tensor([True, True, False, True, False, True])
    return Net(), S(N), (torch.randn(N, 4), mask), (Axes(0), 0), Axes(0)


@fault("argument", "types")
def atom_types_are_not_permuted() -> Case:
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.table, self.blocks = nn.Embedding(9, 8), nn.ModuleList([SetBlock(8), SetBlock(8)])
            self.lift = nn.Linear(3, 8)

        def forward(self, x, types):
            h = self.lift(x) + self.table(types)
            for block in self.blocks:
                h = block(h)
            return h.sum(0)

    return Net(), S(N), (torch.randn(N, 3), torch.tensor([8, 1, 1, 7, 6, 2])), (Axes(0), 0), 0


@fault("argument", "adjacency")
def an_adjacency_is_permuted_on_one_axis_only() -> Case:
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.two = nn.Linear(3, 6), nn.Linear(6, 2)

        def forward(self, x, adjacency):
            x = torch.relu(adjacency @ self.one(x))
            return adjacency @ self.two(x)

    a = (torch.rand(N, N) < 0.5).float()
    return Net(), S(N), (torch.randn(N, 3), a), (Axes(0), Axes(0)), Axes(0)


@fault("argument", "alpha")
def a_polarisability_is_declared_a_vector() -> Case:
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = mlp(2, 8, 1)

        def forward(self, field, alpha):
            induced = alpha @ field
            return induced * self.scale(torch.stack([field @ induced, alpha.trace()]))

    return Net(), SO(3), (torch.randn(3), torch.randn(3, 3)), (1, 1), 1


@fault("argument", "field")
def an_external_field_is_left_behind() -> Case:
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer, self.embed, self.read = EGNNLayer(8), nn.Linear(2, 8), mlp(8, 8, 1)

        def forward(self, charge, pos, field, edges):
            h = self.embed(torch.stack([charge, charge * (pos @ field)], -1))
            return self.read(self.layer(h, pos, edges)[0]).sum()

    return Net(), O(3), (torch.rand(N), torch.randn(N, 3), torch.randn(3), ring(N)), (0, 1, 0, 0), 0


@fault("result", "result['forces']")
def forces_are_declared_invariant() -> Case:
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.pair = mlp(1, 16, 1, act=nn.Tanh)

        def forward(self, pos):
            pos = pos.requires_grad_()
            energy = self.pair(torch.pdist(pos)[:, None]).sum()
            return {"energy": energy, "forces": -torch.autograd.grad(energy, pos, create_graph=True)[0]}

    return Net(), SO(3), torch.randn(N, 3), 1, {"energy": 0, "forces": 0}


@fault("result", "result[1]")
def charges_are_declared_vectors() -> Case:
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer, self.embed, self.read = EGNNLayer(8), nn.Linear(1, 8), mlp(8, 8, 3)

        def forward(self, h, pos, edges):
            h, pos = self.layer(self.embed(h), pos, edges)
            return pos, self.read(h)

    return Net(), O(3), (torch.rand(N, 1), torch.randn(N, 3), ring(N)), (0, 1, 0), (1, 1)


# ---- layers of vectors -----------------------------------------------------------------------------------------------


class Painn(nn.Module):
    """Scalars and vectors that update one another."""

    def __init__(self, update=None, width=8):
        super().__init__()
        self.edge_vectors, self.embed, self.filter = EdgeVectors(), nn.Linear(1, width), mlp(1, width, 2 * width)
        self.collect, self.update, self.read = Collect(), update or Update(width), mlp(width, 8, 1)

    def forward(self, z, pos, edges):
        r = self.edge_vectors(pos, edges)
        s = self.embed(z)
        a, b = self.filter(r.norm(dim=-1, keepdim=True)).chunk(2, -1)
        v = self.collect(b[:, None, :] * r[:, :, None] * s[edges[1]][:, None, :], edges, len(pos))
        s = s + self.collect(a * s[edges[1]], edges, len(pos))
        s, v = self.update(s, v)
        return self.read(s).sum(), v.mean(-1)


class Update(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.mix, self.gates = nn.Linear(width, 2 * width, bias=False), mlp(2 * width, width, 2 * width)

    def norm(self, w):
        return (w.square().sum(-2) + 1e-8).sqrt()

    def forward(self, s, v):
        u, w = self.mix(v).chunk(2, -1)
        a, b = self.gates(torch.cat([s, self.norm(w)], -1)).chunk(2, -1)
        return s + a * (u * w).sum(-2), v + b[:, None, :] * u


@fault("layer", "update")
def a_norm_is_taken_over_channels() -> Case:
    class Wrong(Update):
        def norm(self, w):
            return (w.square().sum(-1, keepdim=True) + 1e-8).sqrt().sum(-2) * torch.arange(
                w.shape[1], dtype=w.dtype
            ).sum() + w[:, 0]

    return Painn(Wrong(8)), O(3), (torch.rand(N, 1), torch.randn(N, 3), ring(N)), (0, 1, 0), (0, 1)


@fault("layer", "update.mix")
def a_default_bias_on_vectors() -> Case:
    update = Update(8)
    update.mix = nn.Linear(8, 16)
    return Painn(update), O(3), (torch.rand(N, 1), torch.randn(N, 3), ring(N)), (0, 1, 0), (0, 1)


class Tensors(nn.Module):
    """Matrices from vectors, something, and back."""

    def __init__(self, middle):
        super().__init__()
        self.lift, self.middle, self.last = VectorLinear(3, 4), middle, VectorLinear(4, 2)

    def forward(self, v):
        v = self.lift(v)
        m = self.middle(v[..., :, None] * v[..., None, :])
        return self.last((m @ v[..., None]).squeeze(-1))


@fault("layer", "middle")
def a_matrix_is_squared_by_entry() -> Case:
    class Square(nn.Module):
        def forward(self, m):
            return m * m

    return Tensors(Square()), O(3), torch.randn(5, 3, 3), 1, 1


@fault("layer", "middle")
def the_diagonal_of_a_matrix_is_taken() -> Case:
    class Diagonal(nn.Module):
        def forward(self, m):
            return torch.diag_embed(m.diagonal(dim1=-2, dim2=-1))

    return Tensors(Diagonal()), SO(3), torch.randn(5, 3, 3), 1, 1


@fault("layer", "attn")
def attention_over_flat_vectors() -> Case:
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.lift, self.attn, self.gate = (
                VectorLinear(2, 4),
                nn.MultiheadAttention(12, 2, batch_first=True),
                NormGate(4),
            )

        def forward(self, v):
            flat = self.lift(v).flatten(-2)
            return self.gate((flat + self.attn(flat, flat, flat, need_weights=False)[0]).unflatten(-1, (4, 3)))

    return Net(), O(3), torch.randn(2, 5, 2, 3), 1, 1


@fault("layer", "norm")
def instance_norm_of_coordinates() -> Case:
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm, self.lengths, self.mix, self.pool = nn.InstanceNorm1d(3), Lengths(), mlp(1, 8, 4), Mean(1)

        def forward(self, pos):
            x = self.norm(pos.transpose(1, 2)).transpose(1, 2)
            return self.pool(self.mix(self.lengths(x)[..., None]))

    return Net(), SO(3), torch.randn(3, 9, 3), 1, 0


@fault("layer", "scale")
def points_are_scaled_by_the_largest_coordinate() -> Case:
    class Scale(nn.Module):
        def forward(self, x):
            return x / x.abs().amax((-1, -2), keepdim=True)

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale, self.parts = Scale(), nn.Sequential(VectorLinear(6, 4), VectorReLU(4), VectorLinear(4, 1))

        def forward(self, pos):
            return self.parts(self.scale(pos - pos.mean(-2, keepdim=True))).squeeze(-2)

    return Net(), O(3), torch.randn(4, 6, 3), 1, 1


@fault("layer", "encode")
def coordinates_are_encoded_by_sines() -> Case:
    class Encode(nn.Module):
        def forward(self, x):
            return torch.cat([torch.sin(2.0**k * x) for k in range(4)] + [torch.cos(2.0**k * x) for k in range(4)], -1)

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.encode, self.mix, self.pool, self.read = Encode(), mlp(24, 16, 8), Mean(0), mlp(8, 8, 1)

        def forward(self, pos):
            return self.read(self.pool(self.mix(self.encode(pos - pos.mean(0)))))

    return Net(), SO(3), torch.randn(8, 3), 1, 0


@fault("layer", "voxels")
def points_fall_into_voxels() -> Case:
    class Voxels(nn.Module):
        def forward(self, x):
            return (x / 0.7).round() * 0.7

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.voxels, self.layer, self.embed = Voxels(), EGNNLayer(8), nn.Linear(1, 8)

        def forward(self, h, pos, edges):
            return self.layer(self.embed(h), self.voxels(pos), edges)[1]

    return Net(), motions(), (torch.rand(N, 1), torch.randn(N, 3), ring(N)), (0, rigid, 0), rigid


@fault("layer", "angles")
def spherical_angles_are_features() -> Case:
    class Angles(nn.Module):
        def forward(self, r):
            return torch.stack([torch.atan2(r[..., 1], r[..., 0]), torch.acos(r[..., 2] / r.norm(dim=-1))], -1)

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.edge_vectors, self.angles, self.mix, self.collect, self.read = (
                EdgeVectors(),
                Angles(),
                mlp(3, 8, 8),
                Collect(),
                mlp(8, 8, 1),
            )

        def forward(self, pos, edges):
            r = self.edge_vectors(pos, edges)
            h = self.mix(torch.cat([self.angles(r), r.norm(dim=-1, keepdim=True)], -1))
            return self.read(self.collect(h, edges, len(pos))).mean()

    return Net(), SO(3), (torch.randn(N, 3), ring(N)), (1, 0), 0


@fault("layer", "gate")
def vectors_are_gated_by_a_pseudoscalar() -> Case:
    class Gate(nn.Module):
        def forward(self, v):
            handed = torch.linalg.det(v[..., :3, :])
            return v + v * torch.tanh(handed)[..., None, None]

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.lift, self.gate, self.relu, self.last = VectorLinear(3, 4), Gate(), VectorReLU(4), VectorLinear(4, 1)

        def forward(self, v):
            return self.last(self.relu(self.gate(self.lift(v))))

    return Net(), O(3), torch.randn(5, 3, 3), 1, 1


@fault("precision", "there")
def a_basis_is_held_in_float32() -> Case:
    class There(nn.Module):
        def __init__(self):
            super().__init__()
            q = torch.linalg.qr(torch.randn(3, 3))[0].float()
            self.register_buffer("basis", q)

        def forward(self, v):
            return v @ self.basis.T

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.lift, self.there, self.gate, self.lengths, self.read = (
                VectorLinear(2, 4),
                There(),
                NormGate(4),
                Lengths(),
                mlp(4, 8, 1),
            )

        def forward(self, v):
            return self.read(self.lengths(self.gate(self.there(self.lift(v)))))

    return Net().double(), O(3), torch.randn(5, 2, 3).double(), 1, 0


# ---- sets and graphs -------------------------------------------------------------------------------------------------


@fault("layer", "ids")
def every_node_has_its_own_embedding() -> Case:
    class Ids(nn.Module):
        def __init__(self):
            super().__init__()
            self.table = nn.Embedding(N, 8)

        def forward(self, x):
            return x + self.table(torch.arange(N))

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed, self.ids, self.block = nn.Linear(3, 8), Ids(), SetBlock(8)

        def forward(self, x):
            return self.block(self.ids(self.embed(x)))

    return Net(), S(N), torch.randn(N, 3), Axes(0), Axes(0)


@fault("layer", "fps")
def sampling_starts_at_the_first_point() -> Case:
    class Farthest(nn.Module):
        def forward(self, pos):
            chosen = [0]
            for _ in range(2):
                chosen.append(int(torch.stack([(pos - pos[at]).norm(dim=-1) for at in chosen]).amin(0).argmax()))
            return pos[chosen]

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.fps, self.mix, self.pool, self.read = Farthest(), mlp(3, 8, 8), Mean(0), mlp(8, 8, 1)

        def forward(self, pos):
            return self.read(self.pool(self.mix(self.fps(pos))))

    return Net(), S(N), torch.randn(N, 3), Axes(0), 0


@fault("layer", "pool")
def a_pool_weights_by_place() -> Case:
    class Weighted(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.randn(N))

        def forward(self, h):
            return self.weight.softmax(0) @ h

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed, self.block, self.pool, self.read = nn.Linear(3, 8), SetBlock(8), Weighted(), nn.Linear(8, 2)

        def forward(self, x):
            return self.read(self.pool(self.block(self.embed(x))))

    return Net(), S(N), torch.randn(N, 3), Axes(0), 0


@fault("randomness", "thin")
def edges_are_thinned_at_random_in_evaluation() -> Case:
    class Thin(nn.Module):
        def forward(self, edges):
            return edges[:, torch.rand(edges.shape[1]) < 0.7]

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.thin, self.mix, self.collect = Thin(), mlp(3, 8, 8), Collect()

        def forward(self, x, edges):
            edges = self.thin(edges)
            return self.collect(self.mix(x)[edges[1]], edges, len(x))

    return Net().eval(), S(N), (torch.randn(N, 3), ring(N)), (Axes(0), Labels()), Axes(0)


@fault("randomness", "convs.1")
def functional_dropout_is_always_on() -> Case:
    class Conv(nn.Module):
        def __init__(self, p):
            super().__init__()
            self.mix, self.p = nn.Linear(6, 6), p

        def forward(self, x, a):
            x = torch.relu(a @ self.mix(x))
            return nn.functional.dropout(x, self.p) if self.p else x

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed, self.convs = nn.Linear(3, 6), nn.ModuleList([Conv(0.0), Conv(0.2)])

        def forward(self, x, a):
            x = self.embed(x)
            for conv in self.convs:
                x = conv(x, a)
            return x.sum(0)

    a = (torch.rand(N, N) < 0.5).float()
    return Net().eval(), S(N), (torch.randn(N, 3), a), (Axes(0), Axes(0, 1)), 0


# ---- grids and other groups ------------------------------------------------------------------------------------------


@fault("layer", "blocks.2.conv")
def the_third_convolution_pads_zeros() -> Case:
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.blocks = nn.ModuleList(
                [CircularConv(2 if at == 0 else 4, 4, mode="zeros" if at == 2 else "circular") for at in range(4)]
            )

        def forward(self, x):
            for block in self.blocks:
                x = torch.tanh(block(x))
            return x

    return Net(), C(10), torch.randn(2, 2, 10), 1, 1


@fault("layer", "second.conv")
def a_kernel_is_not_symmetric_under_reflections() -> Case:
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second, self.third = CircularConv(2, 4), CircularConv(4, 4), CircularConv(4, 2)
            with torch.no_grad():
                for each in (self.first, self.third):
                    each.conv.weight += each.conv.weight.flip(-1)

        def forward(self, x):
            return self.third(torch.relu(self.second(torch.relu(self.first(x)))))

    return Net(), D(9), torch.randn(2, 2, 9), 1, 1


@fault("layer", "up")
def upsampling_aligns_corners() -> Case:
    class Up(nn.Module):
        def forward(self, x):
            return nn.functional.interpolate(x, scale_factor=2, mode="linear", align_corners=True)[..., ::2]

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.up, self.last = CircularConv(2, 4), Up(), CircularConv(4, 2)

        def forward(self, x):
            return self.last(self.up(torch.relu(self.first(x))))

    return Net(), C(8), torch.randn(2, 2, 8), 1, 1


@fault("layer", "mass")
def only_the_momentum_is_measured() -> Case:
    class Mass(nn.Module):
        def forward(self, p):
            return p[..., 1:].square().sum(-1)

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.lift, self.mass, self.read = VectorLinear(2, 4), Mass(), mlp(4, 8, 4)

        def forward(self, p):
            p = self.lift(p)
            return p * torch.tanh(self.read(self.mass(p)))[..., None]

    return Net(), Lorentz(), torch.randn(5, 2, 4), 1, 1


@fault("layer", "pair")
def vectors_are_paired_with_vectors() -> Case:
    class Pair(nn.Module):
        def forward(self, v, w):
            return torch.einsum("bci,bdi->bcd", v, v).flatten(1) + torch.einsum("bci,bdi->bcd", v, w).flatten(1)

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.other, self.pair, self.read = VectorLinear(2, 2), VectorLinear(2, 2), Pair(), mlp(4, 8, 1)

        def forward(self, v, w):
            return self.read(torch.tanh(self.pair(self.one(v), self.other(w))))

    group = GL(3)
    return Net(), group, (torch.randn(5, 2, 3), torch.randn(5, 2, 3)), (group.V, group.V.dual), 0


@fault("layer", "act")
def a_relu_of_real_and_imaginary_parts() -> Case:
    class Act(nn.Module):
        def forward(self, z):
            return torch.complex(z.real.relu(), z.imag.relu())

    class Mix(nn.Module):
        def __init__(self, a, b):
            super().__init__()
            self.weight = nn.Parameter(torch.randn(b, a, dtype=torch.complex64) / math.sqrt(a))

        def forward(self, z):
            return torch.einsum("oc,bcx->box", self.weight, z)

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.lift, self.act, self.last = Mix(2, 4), Act(), Mix(4, 2)

        def forward(self, z):
            return self.last(self.act(self.lift(z)))

    return Net(), U(2), torch.randn(5, 2, 2, dtype=torch.complex64), 1, 1
