"""Concrete inputs for the square: graphs, images, points, fields, whatever fits the group and the order."""

__all__ = ["cloud", "example", "examples_of", "is_cloud"]

import math
from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise

import torch

from workbench.symmetry import Aut, Group, Hom, Product, SymmetryError
from workbench.widgets._symmetry_choice import sizes_of
from workbench.widgets._symmetry_element import is_permuting
from workbench.widgets._symmetry_pictures import edges_of


def examples_of(hom: Hom) -> list[str]:
    """Which inputs fit the group and the order, the most telling first."""
    group, (sizes, target) = hom.group, sizes_of(hom)
    n, order = group.n, len(sizes)
    powers = isinstance(hom.source, tuple) and sizes == (n,) * order
    permuting = is_permuting(group) and powers
    plain = powers and not permuting and not isinstance(group, Product) and group._orthogonal
    found = []
    if permuting and order == 1:
        found.append("values")
    if permuting and order == 2:
        found += ["graph", "image"] if n >= 3 else []
    if plain and order == 1 and len(target) <= 1:
        found += {2: ["points", "field"], 3: ["points"]}.get(n, [])
    if plain and order == 2 and n in (2, 3):
        found.append("stretch")
    if isinstance(group, Product) and is_cloud(group) and sizes == cloud(group):
        found.append("cloud")
    return [*found, "random"]


def example(hom: Hom, kind: str, seed: int) -> tuple[torch.Tensor, torch.Tensor | None]:
    """An input (batch, n, ..., n) of a kind, float64, and for a field the places of its vectors, (batch, 2).

    Raises
    ------
    SymmetryError
        When it does not fit.
    """
    fits = examples_of(hom)
    if kind not in fits:
        raise SymmetryError(f"an input of kind {kind!r} does not fit {hom}; there are {', '.join(fits)}")
    n, sizes = hom.group.n, sizes_of(hom)[0]
    generator = torch.Generator().manual_seed(seed)
    makers: dict[str, Callable[[], torch.Tensor]] = {
        "values": lambda: torch.rand(n, generator=generator, dtype=torch.float64) * 2 - 1,
        "graph": lambda: _graph(hom.group, seed, generator),
        "image": lambda: _image(n, generator),
        "stretch": lambda: _stretch(n, generator),
        "cloud": lambda: _cluster(sizes, generator),
        "random": lambda: torch.randn(sizes, generator=generator, dtype=hom.group.dtype),
    }
    if kind in makers:
        return makers[kind]().unsqueeze(0), None
    if kind == "points":
        return _letter(n, seed), None
    places = torch.cartesian_prod(*[torch.linspace(-1, 1, 7, dtype=torch.float64)] * 2)
    centre = torch.randn(2, generator=generator, dtype=torch.float64) * 0.35
    away = places - centre
    turned = torch.stack([-away[:, 1], away[:, 0]], 1)
    return (turned * 0.7 + away * 0.25) / (0.35 + away.square().sum(1, keepdim=True)), places


def _graph(group: Group, seed: int, generator: torch.Generator) -> torch.Tensor:
    """A cycle with a chord, or the group's own graph; another seed gives a random graph."""
    n = group.n
    made = torch.zeros(n, n, dtype=torch.float64)
    if seed:
        made = (torch.rand(n, n, generator=generator) < 0.5).to(torch.float64).triu(1)
    elif isinstance(group, Aut):
        for a, b in edges_of(group):
            made[a, b] = 1
    else:
        for at in range(n):
            made[at, (at + 1) % n] = 1
        made[0, n // 2] = 1
    return (made + made.T).clamp(max=1).fill_diagonal_(0)


def _stretch(n: int, generator: torch.Generator) -> torch.Tensor:
    """A matrix that stretches and shears, as a strain does."""
    made = torch.diag(torch.tensor([1.0, 0.35, 0.6][:n], dtype=torch.float64))
    turn = torch.linalg.qr(torch.randn(n, n, generator=generator, dtype=torch.float64))[0]
    shear = torch.randn(n, n, generator=generator, dtype=torch.float64) * 0.12
    stretched: torch.Tensor = turn @ made @ turn.T + shear
    return stretched


def _cluster(sizes: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
    """Points around a place beside the origin."""
    return torch.randn(sizes, generator=generator, dtype=torch.float64) * 0.5 + 0.3


def _image(n: int, generator: torch.Generator) -> torch.Tensor:
    """A slanted gradient with a bright corner piece: nothing in it is symmetric."""
    rows, columns = torch.meshgrid(*[torch.linspace(0, 1, n, dtype=torch.float64)] * 2, indexing="ij")
    slant = torch.rand(2, generator=generator, dtype=torch.float64) + 0.3
    picture = 0.5 * (slant[0] * rows + slant[1] * columns) / slant.sum()
    picture[: max(1, n // 2), : max(1, n // 4)] = 1.0
    return picture


@lru_cache(maxsize=8)
def _letter(n: int, seed: int) -> torch.Tensor:
    """Points along a letter without symmetry, in the plane or in space, (points, n); another seed gives another letter."""
    letters = (
        ((-0.5, -0.9), (-0.5, 0.9), (0.6, 0.9), None, (-0.5, 0.1), (0.3, 0.1)),
        ((-0.5, 0.9), (-0.5, -0.9), (0.6, -0.9)),
        ((-0.5, -0.9), (-0.5, 0.9), (0.4, 0.75), (0.4, 0.2), (-0.5, 0.05), (0.5, -0.9)),
    )
    strokes = letters[seed % len(letters)]
    points: list[tuple[float, ...]] = []
    for a, b in pairwise(strokes):
        if a is None or b is None:
            continue
        steps = max(2, round(math.dist(a, b) / 0.1))
        points += [tuple(p + (q - p) * step / steps for p, q in zip(a, b, strict=True)) for step in range(steps + 1)]
    made = torch.tensor(sorted(set(points)), dtype=torch.float64)
    if n == 3:
        made = torch.cat([made, 0.35 * made[:, :1] + 0.2], 1)
    return made


def cloud(group: Product) -> tuple[int, ...]:
    """The shape of V (x) W."""
    return tuple(factor.n for factor in group.factors)


def is_cloud(group: Product) -> bool:
    """Whether V (x) W are points in the plane or in space."""
    points, *space = group.factors
    return len(space) == 1 and is_permuting(points) and space[0].n in (2, 3) and not is_permuting(space[0])
