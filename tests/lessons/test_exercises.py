"""Each exercise: several right answers, several wrong ones, and counterexamples that hold when they are computed by hand."""

import copy
import itertools
import math

import networkx as nx
import numpy as np
import pytest
import torch

from workbench.lessons import exercise
from workbench.symmetry import C, Combination, D, O, S, Sp

EYE = torch.eye(4, dtype=torch.float64)
ONES = torch.ones(4, 4, dtype=torch.float64)
TURN = np.array([[0.0, -1.0], [1.0, 0.0]])


def named(hom, words):
    """The diagram of that name."""
    return next(each for each in hom.diagrams if str(each) == words)


def det(u, v, w):
    return torch.linalg.det(torch.stack([u, v, w]))


def averaged(f):
    """The mean over the group: permute, apply, permute back."""
    orders = [list(each) for each in itertools.permutations(range(3))]

    def made(x):
        parts = []
        for order in orders:
            back = torch.argsort(torch.tensor(order))
            parts.append(f(x[order])[back])
        return torch.stack(parts).mean(0)

    return made


def sorted_first(f):
    """Another way to make a function equivariant: sort, apply, put back."""

    def made(x):
        values, order = x.sort()
        return f(values)[torch.argsort(order)]

    return made


def not_put_back(f):
    orders = [list(each) for each in itertools.permutations(range(3))]
    return lambda x: torch.stack([f(x[order]) for order in orders]).mean(0)


def zero_edge(x):
    return x.triu() + x.triu(1).T


def gram_schmidt(u, v):
    first = u / u.norm()
    second = v - (v @ first) * first
    second = second / second.norm()
    return torch.stack([first, second, torch.linalg.cross(first, second)])


class Ring(torch.nn.Module):
    """A convolution on a ring, some of whose weights are nailed to zero."""

    def __init__(self, free):
        super().__init__()
        self.weight, self.free = torch.nn.Parameter(torch.zeros(4)), free

    def forward(self, x):
        return sum(free * w * x.roll(k, -1) for k, (free, w) in enumerate(zip(self.free, self.weight, strict=True)))


class Noise(torch.nn.Module):
    def forward(self, x):
        return x * torch.rand_like(x)


S22, S20, T22 = S(4).hom(2, 2), S(4).hom(2, 0), S(2).hom(2, 2)
O22, O33 = O(3).hom(2, 2), O(2).hom(3, 3)
CUP, CAP = Sp(4).hom(0, 2).diagrams[0], Sp(4).hom(2, 0).diagrams[0]
C22 = S(3).hom(2, 2)


def antisymmetrised(hom, swap=lambda s: s):
    """The sum of all permutations of three strands with their signs."""
    total = Combination({})
    for images in itertools.permutations(range(3)):
        sign = round(float(np.linalg.det(np.eye(3)[list(images)])))
        arcs = sorted((str(a + 1), f"{images[a] + 1}'") for a in range(3))
        total += sign * named(hom, " | ".join(swap(" ".join(arc)) for arc in arcs))
    return total


def turned(hom):
    """The same relation with a top and a bottom vertex exchanged: transposing an index keeps it zero."""
    total = Combination({})
    for diagram, value in antisymmetrised(hom).terms.items():
        order = [0, 1, 5, 3, 4, 2]
        labels = [diagram.labels[order.index(v)] for v in range(6)]
        names = {old: new for new, old in enumerate(dict.fromkeys(labels))}
        wanted = tuple(names[label] for label in labels)
        total += value * next(each for each in hom.diagrams if each.labels == wanted)
    return total


def relation_of_two():
    """The sum over all patterns finer than ... with Möbius' signs: exactly three different values, which two cannot take."""
    total = Combination({})
    # indices 1, 2 and 1' pairwise different, 2' free: mu = (-1)^(3 - blocks) (sizes - 1)!
    for words, value in {"1 | 2 | 1' | 2'": 1, "1 2 | 1' | 2'": -1, "1 1' | 2 | 2'": -1, "1 | 2 1' | 2'": -1, "1 2 1' | 2'": 2}.items():  # fmt: skip
        total += value * named(T22, words)
    return total


torch.manual_seed(0)
LAYER = S(4).hom(1, 1).layer().double()
PATH, STAR = [(0, 1), (1, 2), (2, 3)], [(0, 1), (0, 2), (0, 3)]
TRIANGLE = nx.Graph([(0, 1), (1, 2), (0, 2)])
TRIANGLE.add_node(3)

RIGHT = {
    "equivariance-1": [lambda x: x.softmax(0), lambda x: x.mean().expand(4), lambda x: LAYER(x[None])[0], 2 * EYE - ONES],
    "equivariance-2": [det, lambda u, v, w: u @ torch.linalg.cross(v, w) ** 1 + u @ u],
    "equivariance-3": [
        [np.linalg.matrix_power(TURN, k) for k in range(4)],
        [np.diag(signs) for signs in itertools.product((1, -1), repeat=2)],
        torch.stack([torch.diag(torch.tensor([a, b])) for a in (1.0, -1.0) for b in (1.0, -1.0)]),
    ],
    "equivariance-4": [averaged, sorted_first],
    "convolution-1": [np.roll(np.eye(5), 1, 0), sum(k * np.roll(np.eye(5), k, 1) for k in range(5)), C(5).hom(1, 1).diagrams[1]],
    "convolution-2": [
        lambda w, x: torch.fft.ifft(torch.fft.fft(w) * torch.fft.fft(x)).real,
        lambda w, x: sum(w[k] * x.roll(k) for k in range(6)),
        lambda w, x: 2 * w.sum() * x.sum().expand(6),
    ],
    "convolution-3": [lambda x: x[::2], lambda x: x.reshape(4, 2).amax(1), lambda x: x[1::2] + x.sum() + x[::2] ** 2],
    "convolution-4": [[1, -1, 1, -1, 1, -1], torch.exp(2j * math.pi * torch.arange(6) / 6), 3j * torch.exp(4j * math.pi * torch.arange(6) / 6)],
    "partitions-1": [ONES / 4, EYE - ONES / 4, (np.ones((4, 4)) / 4).tolist()],
    "partitions-2": [
        lambda x: (x + x.T) / 2,
        0.5 * (named(S22, "1 1' | 2 2'") + named(S22, "1 2' | 2 1'")),
        lambda x: (x + x.T) / 2 + 3 * (x.sum(1) - x.sum(0))[:, None] + 3 * (x.sum(1) - x.sum(0)),
    ],
    "partitions-3": [
        0.5 * named(S20, "1' | 2'"),
        0.5 * named(S20, "1' | 2'") + 7 * named(S20, "1' 2'"),
        lambda a: a.sum() / 2,
    ],
    "partitions-4": [relation_of_two(), -3 * relation_of_two()],
    "partitions-5": [
        (PATH, STAR),
        [TRIANGLE, nx.path_graph(4)],
        (nx.to_numpy_array(nx.cycle_graph(6)), nx.to_numpy_array(nx.disjoint_union(nx.cycle_graph(3), nx.cycle_graph(3)))),
    ],
    "brauer-1": [
        lambda x: (x + x.T) / 2 - x.trace() / 3 * torch.eye(3),
        lambda x: x @ x.T - (x @ x.T).trace() / 3 * torch.eye(3),
        O22.diagrams[1] + O22.diagrams[2] - (2 / 3) * O22.diagrams[0],
    ],
    "brauer-2": [torch.linalg.cross, lambda u, v: 2 * torch.linalg.cross(v, u)],
    "brauer-3": [-np.eye(3), torch.diag(torch.tensor([1.0, -1.0, 1.0]))],
    "brauer-4": [antisymmetrised(O33), turned(O33), -2 * antisymmetrised(O33)],
    "brauer-5": [
        np.kron([[0, 1], [-1, 0]], np.eye(2)),
        -2 * np.kron([[0, 1], [-1, 0]], np.eye(2)),
    ],
    "brauer-6": [[[0, 1, 0], [0, 0, 1], [1, 0, 0]], np.array([[1, 2, 3], [3, 1, 2], [2, 3, 1]])],
    "groups-1": [
        [(0, 1), (1, 2), (2, 3), (3, 4), (1, 5), (2, 5)],
        nx.Graph([("a", "b"), ("b", "c"), ("c", "d"), ("d", "e"), ("e", "f"), ("c", "g")]),
        nx.to_numpy_array(nx.Graph([(0, 1), (1, 2), (2, 3), (3, 4), (1, 5), (2, 5)])),
    ],
    "groups-2": [nx.cycle_graph(5), nx.petersen_graph(), nx.complete_bipartite_graph(3, 3), [(0, 1), (1, 2), (2, 3), (3, 0)]],
    "groups-3": [np.diag([1, 2, 2, 1]), np.fliplr(np.eye(4)) @ np.diag([1, 0, 0, 1]), [[0, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 1, 0]]],
    "groups-4": [[TURN, np.diag([1, -1])], [np.array([[1, 1], [0, 1]]), np.array([[1, 0], [1, 1]])], [[[0, 1], [1, 0]], [[0, -1], [1, -1]]]],
    "groups-5": [lambda x: x * (x @ x), lambda x: x / x.norm(), lambda x: x.tanh() * 0 + x * torch.sin(x @ x)],
    "microscope-1": [lambda x: x**3, lambda x: x.tanh(), lambda x: x * x.abs().amax(), lambda x: x.abs() * x + x.norm() * x],
    "microscope-2": [[0, 0, 1, 2, 1], torch.tensor([0, 0, 1, 2, 1])],
    "microscope-3": [gram_schmidt, lambda u, v: -gram_schmidt(u, v)[[1, 0, 2]], lambda u, v: gram_schmidt(u + v, u - v)[[2, 0, 1]]],
    "microscope-4": [lambda x: x + 1e-9 * x.relu(), lambda x: x * (1 + 1e-9 * x.amax()), lambda x: x.float().sum() * 1e-10 + 3 * x],
    "microscope-5": [C(4).hom(1, 1).layer(), torch.nn.Conv1d(1, 1, 4, padding="same", padding_mode="circular", bias=False), Ring((1, 1, 1, 1))],
    "approximate-1": [
        lambda w: torch.stack([w[list(p)][:, list(p)] for p in itertools.permutations(range(4))]).mean(0),
        lambda w: (w.sum() - w.trace()) / 12 * (1 - torch.eye(4)) + w.trace() / 4 * torch.eye(4),
    ],
    "approximate-2": [np.eye(4) + np.diag([1, -1, 1, -1]), np.roll(np.eye(4), 1, 0) + np.diag([2**0.5, -(2**0.5), 0, 0]), np.diag([4, 0, 4, 0])],
    "approximate-3": [np.roll(np.eye(4), 1, 0) - np.roll(np.eye(4), -1, 0), 2 * np.roll(np.eye(4), 1, 0) - np.roll(np.eye(4), -1, 0)],
    "approximate-4": [np.diag([1, 2, 3]), 2 * np.eye(3) + np.eye(3, k=1), [[6, 1, 0], [0, 0, 0], [0, 0, 0]]],
    "composition-1": [
        (named(C22, "1 | 2 | 1' | 2'"), named(C22, "1 | 2 | 1' | 2'")),
        [named(C22, "1 2 | 1' | 2'"), named(C22, "1 | 2 | 1' 2'")],
    ],
    "composition-2": [
        0.5 * (O22.diagrams[1] + O22.diagrams[2]),
        0.5 * (O22.diagrams[1] - O22.diagrams[2]),
        (1 / 3) * O22.diagrams[0],
    ],
    "composition-3": [(CUP, -CAP), (-2 * CUP, 0.5 * CAP)],
    "composition-4": [
        (named(S(3).hom(1, 2), "1 2 1'"), named(S(3).hom(2, 1), "1 1' 2'")),
        (-4 * named(S(3).hom(1, 2), "1 2 1'"), -0.25 * named(S(3).hom(2, 1), "1 1' 2'")),
    ],
}  # fmt: skip

WRONG = {
    "equivariance-1": [
        lambda x: x.sort().values, lambda x: x.cumsum(0), lambda x: 2 * x, lambda x: x * 0 + 1, lambda x: x - x[0],
    ],
    "equivariance-2": [lambda u, v, w: u @ v, lambda u, v, w: u[0], lambda u, v, w: det(u, v, w).abs()],
    "equivariance-3": [
        [np.eye(2), TURN, TURN @ TURN, np.diag([1, -1])],
        [np.eye(2), TURN, np.eye(2), -TURN],
        [np.eye(2), np.zeros((2, 2)), -np.eye(2), TURN],
        [2.0 * np.linalg.matrix_power(TURN, k) for k in range(4)],
    ],
    "equivariance-4": [lambda f: f, not_put_back, lambda f: lambda x: 0 * x],
    "convolution-1": [np.eye(5), np.eye(5, k=1), np.diag(range(5)), np.roll(np.eye(5), 1, 0) + np.roll(np.eye(5), -1, 0)],
    "convolution-2": [
        lambda w, x: w * x,
        lambda w, x: sum(w[k] * x.roll(-k) for k in range(6)),
        lambda w, x: (w + x) / 2,
        lambda w, x: 0 * x,
        lambda w, x: w.square().sum() * x.square().sum().expand(6),
    ],
    "convolution-3": [lambda x: x[:4], lambda x: x.mean().expand(4), lambda x: (x + x.roll(1))[:4], lambda x: x.sort().values[::2]],
    "convolution-4": [torch.eye(6)[0], torch.cos(2 * math.pi * torch.arange(6) / 6), torch.ones(6), torch.zeros(6), torch.arange(6) * 1j],
    "partitions-1": [EYE, ONES, np.diag([1, 1, 0, 0]), np.zeros((4, 4))],
    "partitions-2": [
        named(S22, "1 1' | 2 2'"), lambda x: x + x.T, zero_edge, lambda x: x @ x.T, named(S22, "1 | 2 | 1' | 2'"),
    ],
    "partitions-3": [named(S20, "1' | 2'"), lambda a: a.triu().sum(), named(S20, "1' 2'"), lambda a: (a * a).sum() / 2],
    "partitions-4": [T22.diagrams[0], T22.diagrams[3] - T22.diagrams[4], Combination({})],
    "partitions-5": [
        (PATH, [("a", "b"), ("c", "b"), ("c", "d")]), (PATH, [(0, 1), (1, 2), (2, 3), (3, 0)]), (TRIANGLE, TRIANGLE),
    ],
    "brauer-1": [
        lambda x: (x + x.T) / 2, lambda x: x - x.trace() / 3 * torch.eye(3), lambda x: torch.diag(x.diagonal() - x.diagonal().mean()),
        lambda x: 0 * x,
    ],
    "brauer-2": [lambda u, v: u * v, lambda u, v: u + v, lambda u, v: (u @ v) * u, lambda u, v: 0 * u],
    "brauer-3": [np.eye(3), np.diag([1, 1, -2]), np.ones((3, 3)), O(3).generators[0] @ O(3).generators[0]],
    "brauer-4": [O33.diagrams[0], O33.diagrams[1] + O33.diagrams[2], Combination({})],
    "brauer-5": [np.eye(4), np.kron(np.eye(2), [[0, 1], [-1, 0]]), np.zeros((4, 4))],
    "brauer-6": [np.eye(3), np.diag([1, 2, 3]), np.ones((3, 3)), [[0, 1, 0], [1, 0, 0], [0, 0, 1]]],
    "groups-1": [nx.path_graph(5), nx.petersen_graph(), [("a", "b"), ("b", "c"), ("c", "a"), ("c", "d")]],
    "groups-2": [nx.complete_graph(4), nx.path_graph(3), nx.cycle_graph(6), [("x", "y"), ("y", "z"), ("z", "w")]],
    "groups-3": [nx.to_numpy_array(nx.path_graph(4)), np.eye(4), np.diag([1, 2, 3, 4]), np.fliplr(np.eye(4))],
    "groups-4": [[TURN], [np.diag([1, -1])], [np.eye(2), -np.eye(2)], [np.diag([1, 2]), np.diag([3, 5])], [np.ones((2, 2)), TURN]],
    "groups-5": [lambda x: 2 * x, lambda x: x.relu(), lambda x: x**3, lambda x: 0 * x, lambda x: x + 1],
    "microscope-1": [lambda x: torch.arange(1, 4) * x, lambda x: 2 * x, lambda x: x.relu(), lambda x: x.cumsum(0), lambda x: x / (1 + x @ x), lambda x: 0 * x],
    "microscope-2": [[0, 0, 0, 0, 0], [1, 1, 1, 1, 1], [2, 2, 2, 2, 2], [0, 2, 1, 0, 1], [0, 0, 1, 2, 0]],
    "microscope-3": [
        lambda u, v: torch.eye(3), lambda u, v: -gram_schmidt(u, v), lambda u, v: torch.stack([u, v, torch.linalg.cross(u, v)]),
        lambda u, v: gram_schmidt(u, torch.tensor([0.0, 1, 0]).double()), lambda u, v: gram_schmidt(u, v).T,
    ],
    "microscope-4": [lambda x: x, lambda x: x.relu(), lambda x: x + 1e-4 * x.relu(), lambda x: x + 1e-15 * x.relu(), lambda x: 0 * x],
    "microscope-5": [
        torch.nn.Linear(4, 4), torch.nn.Identity(), Ring((1, 1, 0, 1)), Ring((1, 0, 0, 0)), Ring((0, 0, 0, 0)), torch.nn.Softmax(-1),
        S(4).hom(1, 1).layer(), D(4).hom(1, 1).layer(bias=False), torch.nn.Conv1d(1, 1, 3, padding=1, bias=False),
    ],
    "approximate-1": [lambda w: w, lambda w: (w + w.T) / 2, lambda w: w.mean() * torch.ones(4, 4), lambda w: 0 * w],
    "approximate-2": [np.eye(4), np.diag([1, -1, 1, -1]), np.arange(16.0).reshape(4, 4), np.zeros((4, 4))],
    "approximate-3": [np.roll(np.eye(4), 1, 0), np.eye(4), np.diag([1, 2, 3, 4]), np.zeros((4, 4))],
    "approximate-4": [2 * np.eye(3), np.diag([1, 1, 1]), np.diag([2, 2, 3])],
    "composition-1": [(C22.diagrams[0],) * 2, (C22.diagrams[0], C22.diagrams[14]), (C22.diagrams[13], C22.diagrams[14])],
    "composition-2": [O22.diagrams[2], O22.diagrams[0], O22.diagrams[1], Combination({}), O22.diagrams[1] + O22.diagrams[2]],
    "composition-3": [(CUP, CAP), (2 * CUP, 2 * CAP), (CUP, 0 * CAP)],
    "composition-4": [
        (named(S(3).hom(1, 2), "1 2 | 1'"), named(S(3).hom(2, 1), "1 1' 2'")),
        (2 * named(S(3).hom(1, 2), "1 2 1'"), named(S(3).hom(2, 1), "1 1' 2'")),
        (named(S(3).hom(1, 2), "1 1' | 2"), named(S(3).hom(2, 1), "1 1' | 2'")),
    ],
}  # fmt: skip

UNREAD = {
    "equivariance-1": [3, "x", None, lambda x: x[:2], lambda x: x.oops(), lambda x: torch.rand(4), lambda x: x / 0],
    "equivariance-2": [det(*torch.eye(3)), lambda u, v: 0.0, lambda u, v, w: u],
    "equivariance-3": [[np.eye(2)] * 3, 4, [np.eye(3)] * 4, "abcd"],
    "equivariance-4": [np.eye(3), lambda f: 3],
    "convolution-1": [np.eye(4), lambda x: x],
    "convolution-2": [lambda x: x, lambda w, x: x[:3]],
    "convolution-3": [lambda x: x],
    "convolution-4": [[1, 2], torch.ones(5) * 1j, "wave"],
    "partitions-1": [np.eye(3), "identity", lambda x: x, 1j * np.eye(4)],
    "partitions-2": [S(3).hom(2, 2).diagrams[0], 4],
    "partitions-3": [S22.diagrams[0], None],
    "partitions-4": [S22.diagrams[0], S(2).hom(2, 1).diagrams[0], np.eye(4)],
    "partitions-5": [(PATH,), ([(0, 1)], PATH), (PATH, nx.DiGraph(PATH)), (PATH, 3), (PATH, [(0, 1, 2)]), (PATH, TURN)],
    "brauer-4": [O(3).hom(3, 3).diagrams[0], 0],
    "groups-1": [[], nx.empty_graph(1), nx.path_graph(11), "graph"],
    "groups-2": [nx.MultiGraph([(0, 1)]), 3],
    "groups-3": [np.eye(3)],
    "groups-4": [[], [np.eye(3)], 4],
    "groups-5": [TURN, lambda x: x[0]],
    "microscope-1": [TURN, lambda x: x[0]],
    "microscope-2": [[0, 1], [0, 0, 1, 3, 1], "01211", [0, 0.5, 1, 2, 1], 4],
    "microscope-3": [lambda u, v: u, np.eye(3), lambda u: u],
    "microscope-4": [1e-9, lambda x: x / 0],
    "microscope-5": [lambda x: x, np.eye(4), torch.nn.Linear(3, 3), Noise()],
    "approximate-1": [np.eye(4), lambda w: w[0]],
    "approximate-2": [np.eye(3), lambda w: w],
    "approximate-3": ["turn"],
    "approximate-4": [6.0],
    "composition-1": [C22.diagrams[0], (2 * C22.diagrams[0], C22.diagrams[0]), (C22.diagrams[0],) * 3],
    "composition-4": [(C22.diagrams[0], C22.diagrams[0])],
}


def acted(g, x):
    """g on every index, written out with einsum."""
    for axis in range(x.ndim):
        x = torch.movedim(torch.einsum("ab,b...->a...", g, torch.movedim(x, axis, 0)), 0, axis)
    return x


def differ(a, b):
    return not torch.allclose(torch.as_tensor(a).double(), torch.as_tensor(b).double(), atol=1e-7)


def image(answer, *xs):
    """The value of an answer, whatever it is: a function, a diagram, a matrix."""
    if callable(answer):
        return answer(*xs)
    made = answer.matrix().to_dense() if hasattr(answer, "matrix") else torch.as_tensor(answer)
    y = made @ xs[0].reshape(-1)
    n = xs[0].shape[0]
    return y.reshape((n,) * round(math.log(y.numel(), n)))


def not_equivariant(answer, found):
    """Holds when the counterexample says that f(g x) is not g f(x): computed here once more."""
    xs = [found[name] for name in ("x", "u", "v", "w") if name in found]
    one, other = (
        image(answer, *(acted(found["g"], x) for x in xs)),
        acted(found["g"], torch.as_tensor(image(answer, *xs))),
    )
    shown = list(found.values())[-2:]
    return differ(one, other) and not differ(shown[0], one) and not differ(shown[1], other)


def not_linear(answer, found):
    a, b = found["a"], found["b"]
    return differ(image(answer, a + 2 * b), image(answer, a) + 2 * image(answer, b))


def as_matrix(answer):
    made = answer if isinstance(answer, torch.Tensor) else torch.tensor(np.array(answer, order="C"))
    return made.double()


def is_matrix(answer, made):
    return not differ(as_matrix(answer), made)


def check_equivariance_1(answer, found):
    if "g" in found:
        return not_equivariant(answer, found)
    at = int((found["x"] != found["y"]).nonzero())
    kept = (image(answer, found["x"]) == image(answer, found["y"])).tolist()
    return any(same for place, same in enumerate(kept) if place != at)


def check_equivariance_2(answer, found):
    if abs(float(torch.linalg.det(found["g"])) - 1) < 1e-9:
        return not_equivariant(answer, found)
    u, v, w = (found[name] for name in "uvw")
    g = found["g"]
    return not differ(g @ g.T, torch.eye(3)) and not differ(answer(g @ u, g @ v, g @ w), answer(u, v, w))


def check_equivariance_3(answer, found):
    group = [as_matrix(each) for each in answer]
    if "a b" in found:
        product = found["a"] @ found["b"]
        members = all(any(not differ(each, found[name]) for each in group) for name in "ab")
        return members and not differ(product, found["a b"]) and all(differ(product, each) for each in group)
    if "determinant" in found:
        return torch.linalg.matrix_rank(found["matrix"]) < 2
    (twice,) = found.values()
    return sum(not differ(twice, each) for each in group) > 1


def check_equivariance_4(answer, found):
    if "g" in found:
        return differ(found["f(g x)"], found["g f(x)"]) and any(
            not_equivariant(answer(f), found)
            for f in (lambda x: torch.tensor([1.0, 2, 3]).double() * x, lambda x: x.cumsum(0))
        )
    return differ(found["f(x)"], found["h(x)"]) and not differ(answer(lambda x: 2 * x)(found["x"]), found["f(x)"])


def check_convolution_1(answer, found):
    w = as_matrix(answer)
    if "x" not in found:
        return not differ(w, w.T)
    x = found["x"]
    return differ(w @ torch.cat([x[-1:], x[:-1]]), torch.cat([(w @ x)[-1:], (w @ x)[:-1]]))


def check_convolution_2(answer, found):
    w, x = found["w"], found.get("x")
    if "S f(w, x)" in found:
        return differ(answer(w, torch.cat([x[-1:], x[:-1]])), torch.cat([answer(w, x)[-1:], answer(w, x)[:-1]]))
    if "f(x, w)" in found:
        return differ(answer(w, x), answer(x, w))
    if "a" in found:
        a, b = found["a"], found["b"]
        return differ(answer(w, a + 2 * b), answer(w, a) + 2 * answer(w, b))
    return not answer(w, x).any()


def check_convolution_3(answer, found):
    x = found["x"]
    if "f(S S x)" in found:
        return differ(answer(torch.cat([x[-2:], x[:-2]])), torch.cat([answer(x)[-1:], answer(x)[:-1]]))
    moved = answer(torch.cat([x[-1:], x[:-1]]))
    return any(not differ(moved, torch.roll(answer(x), k)) for k in range(4))


def check_convolution_4(answer, found):
    v = np.asarray(answer, dtype=complex)
    rank = np.linalg.matrix_rank(np.stack([v, np.roll(v, 1)]))
    return rank == 2 if "S v" in found else rank == 0 or bool((v == v[0]).all())


def check_partitions_1(answer, found):
    m = as_matrix(answer)
    if "g" in found:
        return differ(m @ found["g"], found["g"] @ m)
    if "M M" in found:
        return differ(m @ m, m)
    return is_matrix(m, EYE) or is_matrix(m, 0 * EYE)


def check_partitions_2(answer, found):
    if "g" in found:
        return not_equivariant(answer, found)
    if "a" in found:
        return not_linear(answer, found)
    if "x" in found:
        return differ(image(answer, found["x"]), image(answer, found["x"]).T)
    return not differ(found["y"], found["y"].T) and differ(image(answer, found["y"]), found["y"])


def check_partitions_3(answer, found):
    if "g" in found:
        return not_equivariant(answer, found)
    if "a" in found:
        return not_linear(answer, found)
    edges = nx.from_numpy_array(found["A"].numpy()).number_of_edges()
    return edges == found["edges"] and abs(float(image(answer, found["A"])) - edges) > 0.4


def check_vanishing(answer, found):
    if "combination" in found:
        return not answer.terms
    return bool(image(answer, found["x"]).reshape(-1).abs().max() > 0.5)


def check_partitions_5(answer, found):
    if "diagram" in found:
        return found["first"] != found["second"]
    edges = [each.edges if isinstance(each, nx.Graph) else each for each in answer]
    renamed = {frozenset(found["renamed"][end] for end in edge) for edge in edges[0]}
    return renamed == {frozenset(edge) for edge in edges[1]}


def check_brauer_1(answer, found):
    if "g" in found:
        return not_equivariant(answer, found)
    value = answer(found["x"])
    return differ(value, value.T) or abs(float(value.trace())) > 1e-6 or not value.any()


def check_brauer_2(answer, found):
    if "g" in found:
        return not_equivariant(answer, found)
    if "a" not in found:
        return not answer(found["u"], found["v"]).any()
    a, b = found["a"], found["b"]
    part = (lambda x: answer(x, found["v"])) if "v" in found else (lambda x: answer(found["u"], x))
    return differ(part(a + 2 * b), part(a) + 2 * part(b))


def check_brauer_3(answer, found):
    g = as_matrix(answer)
    if "determinant" in found:
        return not differ(g @ g.T, torch.eye(3)) and torch.linalg.det(g) > 0
    return differ(g @ g.T, torch.eye(3))


def check_brauer_5(answer, found):
    if "g" not in found:
        return not as_matrix(answer).any()
    omega = torch.kron(torch.tensor([[0.0, 1], [-1, 0]]), torch.eye(2)).double()
    g, form = found["g"], as_matrix(answer)
    return not differ(g.T @ omega @ g, omega) and differ(g.T @ form @ g, form)


def check_brauer_6(answer, found):
    g, m = found["g"], as_matrix(answer)
    commute = not differ(m @ g, g @ m)
    return not commute if torch.linalg.det(g) > 0 else commute


def as_graph(answer):
    if isinstance(answer, np.ndarray):
        return nx.from_numpy_array(answer)
    return answer if isinstance(answer, nx.Graph) else nx.Graph(answer)


def check_groups_1(answer, found):
    made = as_graph(answer)
    names = {node: found["renamed"].get(node, node) for node in made}
    edges = {frozenset(edge) for edge in made.edges}
    return sorted(names.values()) == sorted(names) != list(names.values()) and edges == {
        frozenset(map(names.get, edge)) for edge in edges
    }


def check_groups_2(answer, found):
    """All automorphisms by brute force: pairs shown as different are never taken to each other, and there are no more."""
    made = as_graph(answer)
    nodes, edges = sorted(made), {frozenset(edge) for edge in made.edges}
    orbit = {}
    for images in itertools.permutations(nodes):
        names = dict(zip(nodes, images, strict=True))
        if edges == {frozenset(map(names.get, edge)) for edge in edges}:
            for pair in itertools.product(nodes, repeat=2):
                image = (names[pair[0]], names[pair[1]])
                orbit[pair] = min(orbit.get(pair, pair), image)
    kinds = {orbit[pair] for pair in found["pairs"]}
    return len(kinds) == len(found["pairs"]) == found["kinds"] == len(set(orbit.values())) != 3


def check_groups_3(answer, found):
    m = as_matrix(answer)
    if "g" in found:
        return differ(m @ found["g"], found["g"] @ m) and not differ(found["g"], np.fliplr(np.eye(4)).copy())
    a = nx.to_numpy_array(nx.path_graph(4))
    return not differ(m, sum(float(c) * np.linalg.matrix_power(a, k) for k, c in enumerate(found["c"])))


def check_groups_4(answer, found):
    if "determinant" in found:
        return np.linalg.matrix_rank(found["matrix"].numpy()) < 2
    x = found["X"].numpy()
    commutes = all(np.allclose(x @ np.asarray(g), np.asarray(g) @ x) for g in answer)
    return commutes and not np.allclose(x, x[0, 0] * np.eye(2))


def check_groups_5(answer, found):
    if "g" in found:
        return not_equivariant(answer, found)
    a, b = found["a"], found["b"]
    return not differ(answer(a + 2 * b), answer(a) + 2 * answer(b))


def check_microscope_1(answer, found):
    """Either some g of the cube is seen to fail, or the one shown is no element of the cube, and holds."""
    whole = not differ(found["g"], found["g"].round())
    return (
        not_equivariant(answer, found)
        if whole
        else not differ(answer(found["g"] @ found["x"]), found["g"] @ answer(found["x"]))
    )


def check_microscope_2(answer, found):
    """Some result is declared as something that g, P show it is not."""
    g, p = found["g"], found["x"]
    turned = p @ g.T
    wrong = []
    for order, f in zip(answer, ROTATED, strict=True):
        here, there = f(p, p), f(turned, turned)
        wrong.append(differ(there, (here, here @ g.T, g @ here @ g.T)[order]))
    return any(wrong) and not differ(g @ g.T, torch.eye(3))


def check_microscope_3(answer, found):
    rows = answer(found["u"], found["v"]).double()
    if "F" in found:
        return differ(rows @ rows.T, torch.eye(3)) or torch.linalg.det(rows) < 0
    g = found["g"]
    return differ(answer(g @ found["u"], g @ found["v"]), rows @ g.T) and torch.linalg.det(g) > 0


def check_microscope_4(answer, found):
    g, x = found["g"], found["x"]
    one, other = answer(g @ x), g @ answer(x)
    size = max(one.norm(), other.norm())
    return size == 0 or not 1e-12 < (one - other).norm() / size < 1e-7


def check_microscope_5(answer, found):
    """M commutes and is at right angles to what the module is for any parameters; or a matrix or sum goes wrong by itself."""
    module = copy.deepcopy(answer).double()
    if "a" in found:
        return differ(module(found["a"] + 2 * found["b"]), module(found["a"]) + 2 * module(found["b"]))
    if "g" in found:
        return differ(found["W g"], found["g"] @ found["W g"] @ found["g"].T) and not differ(
            found["g"], np.roll(np.eye(4), 1, 0)
        )
    m = found["M"]
    circulant = not differ(m, m.roll((1, 1), (0, 1))) and bool(m.any())
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter)
    with torch.no_grad():
        w = torch.cat([module(each[None]) - module(torch.zeros(1, 4).double()) for each in EYE]).T
    return circulant and not differ((w * m).sum(), 0)


ROTATED = (
    torch.cdist,
    lambda p, _: p @ p.T,
    lambda p, _: p - p.sum(0) / 3,
    lambda p, _: torch.einsum("ia,ib->ab", p, p),
    lambda p, _: torch.stack([torch.linalg.cross(p[(i + 1) % 3], p[(i + 2) % 3]) for i in range(3)]),
)


def turned_mean(w, mirrors=False):
    """The mean over all turns of a ring, and over mirrors, by permuting rows and columns."""
    orders = [
        [(s * i + k) % len(w) for i in range(len(w))] for k in range(len(w)) for s in ((1, -1) if mirrors else (1,))
    ]
    return torch.stack([w[order][:, order] for order in orders]).mean(0)


def check_approximate_1(answer, found):
    w = found["W"]
    if "g" in found:
        return differ(answer(w) @ found["g"], found["g"] @ answer(w))
    everywhere = [list(p) for p in itertools.permutations(range(4))]
    commutes = all(not differ(found["nearer"][p][:, p], found["nearer"]) for p in everywhere)
    return commutes and (w - found["nearer"]).norm() < (w - answer(w)).norm() - 1e-6


def check_approximate_2(answer, found):
    w = as_matrix(answer)
    if "share" not in found:
        return not w.any()
    return (
        abs(float(turned_mean(w).square().sum() / w.square().sum()) - found["share"]) < 1e-9
        and abs(found["share"] - 0.5) > 1e-3
    )


def check_approximate_3(answer, found):
    w = as_matrix(answer)
    if "g" in found:
        return differ(w @ found["g"], found["g"] @ w)
    return not w.any() or (turned_mean(w, mirrors=True).square().sum() / w.square().sum()) >= 0.25


def check_approximate_4(answer, found):
    w = as_matrix(answer)
    if "wanted" in found:
        return abs(float(w.trace()) - 6) > 1e-6 and not differ(found["P W"], float(w.trace()) / 3 * np.eye(3))
    return not differ(w, 2 * np.eye(3))


def check_composition(answer, found):
    d, e = (each.matrix().to_dense() for each in answer)
    product = d @ e
    nonzero = product[product != 0]
    return bool((nonzero != 9).any())


def check_composition_2(answer, found):
    if not getattr(answer, "terms", True):
        return True
    p = answer.matrix().to_dense()
    return differ(p @ p, p) or not differ(p, torch.eye(9))


def check_composition_3(answer, found):
    cup, cap = (torch.zeros(16) if not getattr(each, "terms", True) else each.matrix().to_dense() for each in answer)
    cup, cap = cup.reshape(4, 4).double(), cap.reshape(4, 4).double()
    return differ(
        torch.einsum("ab,bc->ca", cap, cup), torch.eye(4)
    )  # (cap | 1)(1 | cup): x -> sum cap[a, b] x[a] cup[b, c]


def check_composition_4(answer, found):
    f, g = (each.matrix().to_dense() for each in answer)
    wanted = torch.zeros(3, 3, 3, 3)
    wanted[range(3), range(3), range(3), range(3)] = 1
    return differ(f @ g, wanted.reshape(9, 9))


CHECKS = {
    "equivariance-1": check_equivariance_1,
    "equivariance-2": check_equivariance_2,
    "equivariance-3": check_equivariance_3,
    "equivariance-4": check_equivariance_4,
    "convolution-1": check_convolution_1,
    "convolution-2": check_convolution_2,
    "convolution-3": check_convolution_3,
    "convolution-4": check_convolution_4,
    "partitions-1": check_partitions_1,
    "partitions-2": check_partitions_2,
    "partitions-3": check_partitions_3,
    "partitions-4": check_vanishing,
    "partitions-5": check_partitions_5,
    "brauer-1": check_brauer_1,
    "brauer-2": check_brauer_2,
    "brauer-3": check_brauer_3,
    "brauer-4": check_vanishing,
    "brauer-5": check_brauer_5,
    "brauer-6": check_brauer_6,
    "groups-1": check_groups_1,
    "groups-2": check_groups_2,
    "groups-3": check_groups_3,
    "groups-4": check_groups_4,
    "groups-5": check_groups_5,
    "microscope-1": check_microscope_1,
    "microscope-2": check_microscope_2,
    "microscope-3": check_microscope_3,
    "microscope-4": check_microscope_4,
    "microscope-5": check_microscope_5,
    "approximate-1": check_approximate_1,
    "approximate-2": check_approximate_2,
    "approximate-3": check_approximate_3,
    "approximate-4": check_approximate_4,
    "composition-1": check_composition,
    "composition-2": check_composition_2,
    "composition-3": check_composition_3,
    "composition-4": check_composition_4,
}


def cases(table):
    return [
        pytest.param(name, answer, id=f"{name}-{at}") for name, each in table.items() for at, answer in enumerate(each)
    ]


def test_every_exercise_has_right_and_wrong_answers_here():
    names = {each.name for each in exercise()}
    assert names == set(RIGHT) == set(WRONG) == set(CHECKS)
    assert min(map(len, RIGHT.values())) >= 2
    assert min(map(len, WRONG.values())) >= 3


@pytest.mark.parametrize(("name", "answer"), cases(RIGHT))
def test_whatever_has_the_property_is_right(name, answer):
    verdict = exercise(name, answer)
    assert verdict, repr(verdict)
    assert not verdict.counterexample
    assert not verdict.hint


@pytest.mark.parametrize(("name", "answer"), cases(WRONG))
def test_a_wrong_answer_meets_a_counterexample_that_holds(name, answer):
    verdict = exercise(name, answer)
    assert verdict.state == "wrong", repr(verdict)
    assert verdict.counterexample
    assert verdict.hint
    assert CHECKS[name](answer, verdict.counterexample), repr(verdict)


@pytest.mark.parametrize(("name", "answer"), cases(UNREAD))
def test_an_answer_of_another_kind_is_told_which_is_needed(name, answer):
    verdict = exercise(name, answer)
    assert verdict.state == "unread", repr(verdict)
    assert verdict.exercise.wants in repr(verdict)
