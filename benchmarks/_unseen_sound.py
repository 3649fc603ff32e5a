"""Thirty-two more sound models, awkward ones, written after the microscope was finished: for false alarms.

At the first try there was one, on distances by matrix products in float64, where rounding cancels under a root; the rule for roots in
`check` comes from it.
"""

__all__ = ["UNSEEN_SOUND"]

from collections.abc import Callable

import torch
from torch import nn

from benchmarks._faulty_models import Case, CloudNet, EdgeFrame, Neighbours
from benchmarks._model_parts import (
    EGNNLayer,
    Lengths,
    Mean,
    VectorLinear,
    VectorReLU,
    mlp,
    motions,
    rigid,
    ring,
)
from benchmarks._sound_models import Sound
from workbench.symmetry import GL, SO, Axes, Labels, O, S

UNSEEN_SOUND: list[Sound] = []
N = 9


def sound(make: Callable[[], Case]) -> Callable[[], Case]:
    UNSEEN_SOUND.append(Sound(make.__name__.replace("_", " "), make))
    return make


def cloud() -> torch.Tensor:
    return torch.randn(N, 3)


# ---- numerically awkward ---------------------------------------------------------------------------------------------


class AllDistances(nn.Module):
    def __init__(self):
        super().__init__()
        self.mix = mlp(1, 16, 1)

    def forward(self, x):
        return self.mix(torch.cdist(x, x)[..., None]).sum()


@sound
def distances_by_matrix_products() -> Case:
    return AllDistances(), O(3), torch.randn(40, 3) * 5, 1, 0


@sound
def distances_by_matrix_products_in_double_precision() -> Case:
    return AllDistances().double(), O(3), torch.randn(40, 3).double() * 5, 1, 0


@sound
def two_atoms_that_almost_touch() -> Case:
    x = cloud()
    x[1] = x[0] + 0.02
    return lambda x: (torch.pdist(x).pow(-12) - torch.pdist(x).pow(-6)).sum(), O(3), x, 1, 0


@sound
def far_from_the_origin() -> Case:
    return lambda x: (x - x.mean(0)).norm(dim=-1).std(), motions(), cloud() * 0.1 + 1000, rigid, 0


@sound
def a_sharp_softmax() -> Case:
    def attend(x):
        return torch.softmax(-torch.cdist(x, x, compute_mode="donot_use_mm_for_euclid_dist") / 1e-3, -1) @ x

    return attend, O(3), cloud(), 1, 1


@sound
def numbers_that_are_tiny() -> Case:
    return lambda x: x * 1e-30, O(3), cloud(), 1, 1


@sound
def numbers_that_are_huge() -> Case:
    return lambda x: x * 1e30, O(3), cloud(), 1, 1


@sound
def numbers_that_float32_hardly_holds() -> Case:
    return lambda x: x.norm(dim=-1) * 1e-40, O(3), cloud(), 1, 0


@sound
def half_precision() -> Case:
    return nn.Sequential(VectorLinear(2, 4), VectorReLU(4)).half(), O(3), torch.randn(5, 2, 3).half(), 1, 1


# ---- choices that are invariant --------------------------------------------------------------------------------------


class Nearest(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer, self.embed = EGNNLayer(8), nn.Linear(1, 8)

    def forward(self, h, x):
        near = (x[:, None] - x[None]).norm(dim=-1).topk(4, largest=False)[1][:, 1:]
        edges = torch.stack([torch.arange(len(x)).repeat_interleave(3), near.flatten()])
        return self.layer(self.embed(h), x, edges)[1]


@sound
def nearest_neighbours_under_rotations() -> Case:
    return Nearest(), O(3), (torch.rand(N, 1), cloud()), (0, 1), 1


@sound
def nearest_neighbours_under_permutations() -> Case:
    return Nearest(), S(N), (torch.rand(N, 1), cloud()), (Axes(0), Axes(0)), Axes(0)


@sound
def neighbours_within_a_radius_under_rotations() -> Case:
    return CloudNet(Neighbours(2.0, 99)), O(3), cloud(), 1, 0


@sound
def neighbours_within_a_radius_under_permutations() -> Case:
    return CloudNet(Neighbours(2.0, 99)), S(N), cloud(), Axes(0), 0


@sound
def a_lattice_with_many_equal_distances() -> Case:
    grid = torch.cat([torch.cartesian_prod(*[torch.arange(3.0)] * 2), torch.zeros(9, 1)], 1)
    return CloudNet(Neighbours(1.6, 99)), SO(3), grid, 1, 0


@sound
def attention_to_the_largest() -> Case:
    return lambda x, h: x[h.argmax()], O(3), (cloud(), torch.randn(N)), (1, 0), 1


@sound
def a_gauge_that_does_not_show() -> Case:
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.frame, self.mix = EdgeFrame(), mlp(2, 8, 1)

        def forward(self, x, v):
            turned = torch.einsum("eab,eb->ea", self.frame(x), v)
            return self.mix(torch.stack([turned[:, 1], turned[:, [0, 2]].square().sum(-1)], -1)).sum()

    return Net(), SO(3), (torch.randn(5, 3), torch.randn(5, 3)), (1, 1), 0


@sound
def random_weights_from_a_seed() -> Case:
    def weighted(x):
        return torch.randn(len(x), 1, generator=torch.Generator().manual_seed(0), dtype=x.dtype).T @ x

    return weighted, O(3), cloud(), 1, 1


@sound
def sorted_distances() -> Case:
    return lambda x: torch.pdist(x).sort()[0], S(6), torch.randn(6, 3), Axes(0), 0


# ---- linear algebra and geometry -------------------------------------------------------------------------------------


@sound
def the_best_rotation_between_two_clouds() -> Case:
    def kabsch(a, b):
        u, _, v = torch.linalg.svd(a.T @ b)
        one = torch.ones((), dtype=a.dtype)
        return u @ torch.diag(torch.stack([one, one, torch.det(u @ v).sign()])) @ v

    return kabsch, SO(3), (cloud(), cloud()), (1, 0), lambda g, x: g @ x


@sound
def eigenvalues_of_inertia() -> Case:
    return lambda x: torch.linalg.eigvalsh(x.T @ x), O(3), cloud(), 1, 0


@sound
def eigenvalues_of_a_graph() -> Case:
    a = torch.rand(6, 6)
    return lambda a: torch.linalg.eigvalsh(a)[1], S(6), a + a.T, 2, 0


@sound
def bond_angles() -> Case:
    def angles(x):
        u = nn.functional.normalize(x[1:] - x[0], dim=-1)
        return torch.acos((u @ u.T).clamp(-1 + 1e-7, 1 - 1e-7)).triu(1).sum()

    return angles, O(3), cloud(), 1, 0


@sound
def cosines_of_dihedral_angles() -> Case:
    def dihedrals(x):
        b = x[1:] - x[:-1]
        one, other = (torch.linalg.cross(p, q, dim=-1) for p, q in ((b[:-2], b[1:-1]), (b[1:-1], b[2:])))
        sine = (torch.linalg.cross(one, other, dim=-1) * b[1:-1]).sum(-1) / b[1:-1].norm(dim=-1)
        return torch.atan2(sine, (one * other).sum(-1)).cos()

    return dihedrals, O(3), torch.randn(6, 3), 1, 0


@sound
def a_matrix_exponential() -> Case:
    return torch.linalg.matrix_exp, O(3), torch.randn(3, 3), 2, 2


@sound
def an_inverse_under_all_matrices() -> Case:
    group = GL(3)
    mixed = Axes(0, 1, power=group.V * group.V.dual)
    return torch.linalg.inv, group, torch.randn(3, 3) + 3 * torch.eye(3), mixed, mixed


# ---- modules of all kinds --------------------------------------------------------------------------------------------


@sound
def batch_norm_of_lengths_in_training() -> Case:
    parts = (Lengths(), nn.Linear(2, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Linear(6, 1))
    return nn.Sequential(*parts), O(3), torch.randn(8, 2, 3), 1, 0


@sound
def attention_with_a_padding_mask() -> Case:
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.attention = nn.MultiheadAttention(8, 2, batch_first=True)

        def forward(self, x, mask):
            return self.attention(x, x, x, key_padding_mask=mask)[0]

    mask = torch.tensor([[0, 0, 0, 0, 1, 1], [0, 0, 1, 0, 0, 0]]).bool()
    return Net(), S(6), (torch.randn(2, 6, 8), mask), (Axes(1), Axes(1)), Axes(1)


@sound
def sixty_points() -> Case:
    return nn.Sequential(nn.Linear(3, 64), nn.ReLU(), Mean(0), nn.Linear(64, 2)), S(60), torch.randn(60, 3), Axes(0), 0


@sound
def a_graph_convolution_with_degrees() -> Case:
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.mix = nn.Linear(3, 3)

        def forward(self, x, edges):
            degree = torch.zeros(len(x), dtype=x.dtype).index_add(
                0, edges[0], torch.ones(edges.shape[1], dtype=x.dtype)
            )
            scale = degree.clamp(min=1).rsqrt()
            return torch.zeros_like(x).index_add(
                0, edges[0], (scale[edges[0]] * scale[edges[1]])[:, None] * self.mix(x)[edges[1]]
            )

    return Net(), S(6), (torch.randn(6, 3), ring(6)), (Axes(0), Labels()), Axes(0)


@sound
def named_arguments_and_results() -> Case:
    def moments(pos, charge):
        return {"dipole": charge @ pos, "quadrupole": torch.einsum("n,na,nb->ab", charge, pos, pos)}

    sample = {"pos": torch.randn(5, 3), "charge": torch.randn(5)}
    return moments, O(3), sample, {"pos": 1, "charge": 0}, {"dipole": 1, "quadrupole": 2}


@sound
def a_recurrent_net_over_time_not_over_nodes() -> Case:
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.rnn, self.read = nn.GRU(4, 8, batch_first=True), nn.Linear(8, 1)

        def forward(self, x):
            return self.read(self.rnn(x)[0]).sum(0)

    return Net(), S(5), torch.randn(5, 7, 4), Axes(0), 0


@sound
def a_mapped_function() -> Case:
    return lambda x: torch.func.vmap(lambda v: v * v.norm())(x), O(3), torch.randn(5, 3), 1, 1
