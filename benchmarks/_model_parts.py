"""Layers that the corpora of sound and faulty models are built of; each says what commutes with what."""

import math
from itertools import pairwise

import torch
from torch import nn

from workbench.symmetry import Group


def mlp(*sizes: int, act: type[nn.Module] = nn.SiLU) -> nn.Sequential:
    """A perceptron on the last axis."""
    parts: list[nn.Module] = []
    for at, (one, other) in enumerate(pairwise(sizes)):
        parts += [nn.Linear(one, other)] + ([act()] if at < len(sizes) - 2 else [])
    return nn.Sequential(*parts)


def ring(nodes: int, reach: int = 2) -> torch.Tensor:
    """Edges of a ring with chords, both directions."""
    pairs = [(i, (i + d) % nodes) for i in range(nodes) for d in range(1, reach + 1)]
    return torch.tensor([[a, b] for a, b in pairs] + [[b, a] for a, b in pairs]).T


class EGNNLayer(nn.Module):
    """Messages from distances, coordinates moved along differences (Satorras et al., 2021)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.message = mlp(2 * width + 1, width, width)
        self.weigh = mlp(width, width, 1)
        self.node = mlp(2 * width, width, width)

    def forward(self, h: torch.Tensor, x: torch.Tensor, edges: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        i, j = edges
        d = x[i] - x[j]
        m = self.message(torch.cat([h[i], h[j], d.square().sum(-1, keepdim=True)], -1))
        x = x + torch.zeros_like(x).index_add(0, i, self.move(d, self.weigh(m)))
        h = h + self.node(torch.cat([h, torch.zeros(len(h), m.shape[1], dtype=m.dtype).index_add(0, i, m)], -1))
        return h, x

    def move(self, d: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        return d * weight


class VectorLinear(nn.Module):
    """Channels of vectors (..., channels, n) mixed; no bias."""

    def __init__(self, c_in: int, c_out: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(c_out, c_in) / math.sqrt(c_in))

    def forward(self, v: torch.Tensor) -> torch.Tensor:
        return torch.einsum("oc,...cx->...ox", self.weight, v)


class NormGate(nn.Module):
    """Vectors scaled by a function of their lengths."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.scale = mlp(channels, channels, channels)

    def forward(self, v: torch.Tensor) -> torch.Tensor:
        return v * torch.sigmoid(self.scale((v.square().sum(-1) + 1e-6).sqrt()))[..., None]


class VectorReLU(nn.Module):
    """The part of a vector that points against a learnt direction is taken away (Deng et al., 2021)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.direction = VectorLinear(channels, channels)

    def forward(self, v: torch.Tensor) -> torch.Tensor:
        k = self.direction(v)
        along = (v * k).sum(-1, keepdim=True)
        return v - torch.clamp(along, max=0) * k / (k.square().sum(-1, keepdim=True) + 1e-6)


class VectorNorm(nn.Module):
    """Vectors over the root mean square of all their lengths."""

    def forward(self, v: torch.Tensor) -> torch.Tensor:
        return v / (v.square().sum((-1, -2), keepdim=True) / v.shape[-2] + 1e-5).sqrt()


class EdgeVectors(nn.Module):
    """Positions to differences along edges."""

    def forward(self, pos: torch.Tensor, edges: torch.Tensor) -> torch.Tensor:
        return pos[edges[1]] - pos[edges[0]]


class Collect(nn.Module):
    """Edge features (edges, ...) summed at their first nodes."""

    def forward(self, m: torch.Tensor, edges: torch.Tensor, nodes: int) -> torch.Tensor:
        return torch.zeros(nodes, *m.shape[1:], dtype=m.dtype).index_add(0, edges[0], m)


class Radial(nn.Module):
    """Gaussians of distances."""

    def __init__(self, count: int = 6, cutoff: float = 4.0) -> None:
        super().__init__()
        self.register_buffer("centres", torch.linspace(0, cutoff, count))

    def forward(self, distance: torch.Tensor) -> torch.Tensor:
        return torch.exp(-((distance[..., None] - self.centres) ** 2))


class Harmonics(nn.Module):
    """Real spherical harmonics of unit vectors up to degree 2, as (..., 9); orthogonal blocks, component normalisation."""

    def forward(self, r: torch.Tensor) -> torch.Tensor:
        x, y, z = (r / (r.square().sum(-1, keepdim=True) + 1e-12).sqrt()).unbind(-1)
        first = [torch.ones_like(x), *(math.sqrt(3) * each for each in (x, y, z))]
        return torch.stack([*first, *(math.sqrt(5) * each for each in self.second(x, y, z))], -1)

    def second(self, x: torch.Tensor, y: torch.Tensor, z: torch.Tensor) -> list[torch.Tensor]:
        root = math.sqrt(3)
        return [root * x * y, root * y * z, (3 * z * z - 1) / 2, root * x * z, root / 2 * (x * x - y * y)]


def traceless() -> torch.Tensor:
    """An orthonormal basis of the symmetric traceless matrices, (5, 3, 3), in the order of `Harmonics`."""
    h = math.sqrt(0.5)
    made = torch.zeros(5, 3, 3, dtype=torch.float64)
    made[0, 0, 1] = made[0, 1, 0] = h
    made[1, 1, 2] = made[1, 2, 1] = h
    made[2] = torch.diag(torch.tensor([-1.0, -1.0, 2.0], dtype=torch.float64)) / math.sqrt(6)
    made[3, 0, 2] = made[3, 2, 0] = h
    made[4, 0, 0], made[4, 1, 1] = h, -h
    return made


class Product(nn.Module):
    """Vectors (..., 3) and degree-2 features (..., 5) to vectors: the only path without a sign."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("table", traceless().to(torch.get_default_dtype()))

    def forward(self, v: torch.Tensor, q: torch.Tensor) -> torch.Tensor:
        return torch.einsum("mab,...m,...b->...a", self.table, q, v)


class Attention(nn.Module):
    """Self-attention over the last axis but one."""

    def __init__(self, width: int, heads: int = 2) -> None:
        super().__init__()
        self.heads = heads
        self.mix = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k, v = (each.unflatten(-1, (self.heads, -1)).transpose(-2, -3) for each in self.mix(x).chunk(3, -1))
        weights = torch.softmax(self.mask(q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])), -1)
        return self.out((weights @ v).transpose(-2, -3).flatten(-2))

    def mask(self, scores: torch.Tensor) -> torch.Tensor:
        return scores


class SetBlock(nn.Module):
    """A transformer's block without positions."""

    def __init__(self, width: int, attention: nn.Module | None = None) -> None:
        super().__init__()
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = attention or Attention(width)
        self.feed = mlp(width, 2 * width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x + self.attention(self.first(x))
        return x + self.feed(self.second(x))


class Mean(nn.Module):
    """The mean over an axis."""

    def __init__(self, axis: int) -> None:
        super().__init__()
        self.axis = axis

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.mean(self.axis)


class CircularConv(nn.Module):
    """A convolution on a ring, (..., channels, n)."""

    def __init__(self, c_in: int, c_out: int, size: int = 3, mode: str = "circular") -> None:
        super().__init__()
        self.conv = nn.Conv1d(c_in, c_out, size, padding=size // 2, padding_mode=mode)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv(x)


class Lengths(nn.Module):
    """Lengths of vectors."""

    def forward(self, v: torch.Tensor) -> torch.Tensor:
        return (v.square().sum(-1) + 1e-8).sqrt()


def quarter_turns(element: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """A rotation by a multiple of 90 degrees, 2 x 2, applied to images (..., height, width)."""
    turns = round(math.atan2(float(element[1, 0]), float(element[0, 0])) / (math.pi / 2)) % 4
    return torch.rot90(x, turns, (-2, -1))


def rigid(element: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """A motion of space, 4 x 4, applied to points (..., 3)."""
    return x @ element[:3, :3].T + element[:3, 3]


def motions() -> Group:
    """Rotations and translations of space, as 4 x 4 matrices."""
    from workbench.symmetry import MatrixGroup

    basis = []
    for a, b in ((0, 1), (0, 2), (1, 2)):
        each = torch.zeros(4, 4)
        each[a, b], each[b, a] = 1, -1
        basis.append(each)
    for a in range(3):
        each = torch.zeros(4, 4)
        each[a, 3] = 1
        basis.append(each)
    return MatrixGroup(lie_algebra=basis)


def quarters() -> Group:
    """Rotations of the plane by multiples of 90 degrees."""
    from workbench.symmetry import MatrixGroup

    return MatrixGroup([torch.tensor([[0.0, -1.0], [1.0, 0.0]])])
