"""The microscope, on models whose soundness is known: by construction, or because a fault was planted."""

import json
import math
import random
import threading
from types import SimpleNamespace

import networkx as nx
import numpy as np
import pytest
import torch
from torch import nn

from benchmarks._faulty_models import FAULTS
from benchmarks._model_parts import EGNNLayer, VectorLinear, VectorReLU, mlp, ring
from benchmarks._sound_models import SOUND
from benchmarks._unseen_faults import UNSEEN
from benchmarks._unseen_sound import UNSEEN_SOUND
from tests.proof import examples
from workbench.symmetry import GL, SO, Aut, Axes, C, EquivarianceReport, Labels, Lorentz, O, S, SymmetryError, check


def looked_at(case, **options):
    torch.manual_seed(0)
    model, group, sample, inputs, outputs = case()
    return check(model, group, sample=sample, inputs=inputs, outputs=outputs, **options)


# ---- the corpora -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", FAULTS[:: examples(2, 1)], ids=lambda each: each.name)
def test_a_planted_fault_is_found_where_it_was_planted(fault):
    report = looked_at(fault.make)
    assert not report
    assert report.guilty == fault.where


@pytest.mark.parametrize("model", [*SOUND, *UNSEEN_SOUND][:: examples(9, 1)], ids=lambda each: each.name)
def test_there_is_no_alarm_on_a_sound_model(model):
    report = looked_at(model.make)
    assert report, report
    assert report.guilty is None


def test_the_corpora_are_as_large_as_they_are_said_to_be():
    assert len(FAULTS) >= 40
    assert len(SOUND) >= 100
    assert len({each.name for each in FAULTS}) == len(FAULTS)
    assert len({each.name for each in SOUND}) == len(SOUND)


# ---- errors and what they mean ---------------------------------------------------------------------------------------


def test_the_error_is_the_distance_of_both_ways_round_the_square():
    x = torch.randn(4, 3, generator=torch.Generator().manual_seed(1)).double()
    report = check(nn.Tanh(), O(3), sample=x, inputs=1, outputs=1)
    flip = torch.diag(torch.tensor([-1.0, 1.0, 1.0], dtype=torch.float64))  # tanh is odd: no error
    assert report.elements[0].label == "generator 1"
    assert report.elements[0].float64 == 0
    g = torch.linalg.matrix_exp(O(3).lie_algebra[0])
    y, moved = torch.tanh(x), torch.tanh(x @ g.T)
    assert report.elements[1].float64 == pytest.approx(
        float((moved - y @ g.T).norm() / max(moved.norm(), y.norm())), rel=1e-9
    )
    assert torch.equal(torch.tanh(x @ flip), torch.tanh(x) @ flip)


def test_the_slope_tells_rounding_from_a_bug():
    x = torch.randn(6, 3)
    sound = check(lambda v: v * v.norm(), O(3), sample=x, inputs=1, outputs=1)
    bug = check(nn.Tanh(), O(3), sample=x, inputs=1, outputs=1)
    assert sound.slope == pytest.approx(1, abs=0.2)
    assert bug.slope == pytest.approx(0, abs=0.01)
    assert sound.worst() < 1e-14 < 1e-8 < sound.worst("float32") < 1e-5


def test_rounding_that_cancels_is_no_alarm():
    report = check(lambda x: (x - x.mean(0)).sum(0), O(3), sample=torch.randn(50, 3) + 100, inputs=1, outputs=1)
    assert report  # the sum is zero but for rounding: relative to itself the error is of order one
    assert report.worst() > 1e-3


def test_a_small_fault_is_none_the_less_a_fault():
    report = check(lambda x: x + 1e-9 * x.abs(), O(3), sample=torch.randn(5, 3).double(), inputs=1, outputs=1)
    assert not report
    report = check(lambda x: x + 1e-5 * x.abs(), O(3), sample=torch.randn(5, 3), inputs=1, outputs=1)
    assert report.findings[0].kind != "precision"


def test_constants_of_float32_are_a_fault_of_a_model_in_float64_and_a_note_on_one_in_float32():
    class Third(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("turn", torch.tensor([[0.6, 0.8, 0.0], [-0.8, 0.6, 0.0], [0.0, 0.0, 1.0]]))

        def forward(self, x):
            return (x @ self.turn).square().sum(-1)

    x = torch.randn(5, 3)
    single = check(Third(), O(3), sample=x, inputs=1, outputs=0)
    assert single
    assert "float32" in single.notes[0]
    double = check(Third().double(), O(3), sample=x.double(), inputs=1, outputs=0)
    assert double.findings[0].kind == "precision"
    exact = Third().double()
    exact.turn.copy_(torch.tensor([[0.6, 0.8, 0], [-0.8, 0.6, 0], [0, 0, 1]], dtype=torch.float64))
    assert check(exact, O(3), sample=x.double(), inputs=1, outputs=0)


def test_a_fault_of_reflections_alone_is_told_as_such():
    x = torch.randn(4, 3, 3)
    cross = lambda v: torch.linalg.cross(v[:, 0], v[:, 1], dim=-1)  # noqa: E731
    assert check(cross, SO(3), sample=x, inputs=1, outputs=1)
    report = check(cross, O(3), sample=x, inputs=1, outputs=1)
    assert all(each.sound != each.reflects for each in report.elements)
    assert "times the determinant" in report.findings[0].text
    assert "determinant -1" in report.notes[0]


def test_growth_of_elements_that_are_not_bounded_is_allowed_for():
    form = torch.diag(torch.tensor([1.0, -1.0, -1.0, -1.0]))
    square = lambda p: p * torch.einsum("ni,ij,nj->n", p, form.to(p.dtype), p)[:, None] ** 3  # noqa: E731
    assert check(square, Lorentz(), sample=torch.randn(6, 4), inputs=1, outputs=1, elements=30)


def test_a_constant_passes_and_is_noted():
    report = check(lambda x: torch.ones(3), O(3), sample=torch.randn(4, 3), inputs=1, outputs=0)
    assert report
    assert "constant" in report.notes[0]


# ---- who is guilty ---------------------------------------------------------------------------------------------------


def test_the_second_call_of_a_shared_layer_is_named():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.mix = nn.Linear(3, 3, bias=False)
            nn.init.eye_(self.mix.weight)
            self.act = nn.ReLU()

        def forward(self, x):
            size = self.act(x.norm(dim=-1, keepdim=True))
            return self.act(self.mix(x)) * size

    report = check(Twice(), O(3), sample=torch.randn(6, 3), inputs=1, outputs=1)
    assert report.guilty == "act#2"
    assert [row.name for row in report.layers if row.guilty] == ["act#2"]


def test_the_models_own_forward_is_named_with_its_neighbours():
    class Own(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second = VectorLinear(2, 4), VectorLinear(4, 2)

        def forward(self, v):
            return self.second(torch.sin(self.first(v)))

    report = check(Own(), O(3), sample=torch.randn(5, 2, 3), inputs=1, outputs=1)
    assert report.guilty == "forward"
    assert "after 'first' and before 'second'" in report.findings[0].text


def test_two_arguments_that_were_forgotten_are_both_named():
    def energy(pos, cell, field):
        return torch.exp(-(pos @ cell.T).square()).sum() + (pos @ field).square().sum()

    report = check(
        energy, SO(3), sample=(torch.randn(5, 3), torch.randn(3, 3), torch.randn(3)), inputs=(1, 0, 0), outputs=0
    )
    assert {each.where for each in report.findings} == {"cell", "field"}


def test_a_model_in_a_function_is_looked_into():
    model = nn.Sequential(VectorLinear(2, 4), nn.Tanh(), VectorLinear(4, 2))
    report = check(lambda v: model(v), O(3), sample=torch.randn(5, 2, 3), inputs=1, outputs=1)
    assert report.guilty == "model.1"
    report = check(model.forward, O(3), sample=torch.randn(5, 2, 3), inputs=1, outputs=1)
    assert report.guilty == "model.1"


def test_compiled_models_are_looked_into_as_they_were_before():
    inner = nn.Sequential(VectorLinear(2, 4), nn.Tanh(), VectorLinear(4, 2))
    for model, guilty in ((Compiled(inner), "1"), (nn.Sequential(VectorLinear(2, 2), Compiled(inner)), "1.1")):
        report = check(model, O(3), sample=torch.randn(5, 2, 3), inputs=1, outputs=1)
        assert (report.guilty, report.model) == (guilty, "Sequential")


class Compiled(nn.Module):
    """As torch.compile wraps a module; running it would compile."""

    def __init__(self, inner):
        super().__init__()
        self._orig_mod = inner

    def forward(self, *args):
        raise AssertionError("compiled code is not run")


def test_training_and_evaluation_are_told_apart():
    model = nn.Sequential(VectorLinear(2, 4), nn.Dropout(0.5), VectorLinear(4, 2))
    x = torch.randn(5, 2, 3)
    report = check(model, O(3), sample=x, inputs=1, outputs=1)
    assert (report.findings[0].kind, report.guilty, report.mode) == ("randomness", "1", "training")
    assert "model.eval()" in report.findings[0].remedy
    assert check(model.eval(), O(3), sample=x, inputs=1, outputs=1).mode == "evaluation"


def test_what_a_model_keeps_from_call_to_call_is_found():
    class Centred(nn.Module):
        centre = None

        def forward(self, x):
            if self.centre is None:
                self.centre = x.mean(0)
            return (x - self.centre).square().sum()

    report = check(nn.Sequential(nn.Identity(), Centred()), O(3), sample=torch.randn(5, 3), inputs=1, outputs=0)
    assert (report.findings[0].kind, report.guilty) == ("state", "1")


def test_runs_start_from_the_same_state_and_that_there_is_one_is_told():
    class Scaled(nn.Module):
        """Divides by a running mean of sizes, which every call moves."""

        def __init__(self):
            super().__init__()
            self.register_buffer("size", torch.ones(()))

        def forward(self, x):
            self.size.lerp_(x.detach().norm(), 0.5)
            return x / self.size

    report = check(nn.Sequential(nn.Identity(), Scaled()), O(3), sample=torch.randn(5, 3), inputs=1, outputs=1)
    assert [(each.kind, each.where) for each in report.findings] == [("state", "1")]
    assert all(each.sound for each in report.elements)


def test_gaps_are_found_where_they_arise():
    class Angle(nn.Module):
        def forward(self, x):
            return torch.log(x.sum(-1))

    model = nn.Sequential(nn.Identity(), Angle(), nn.Softplus())
    report = check(model, S(4), sample=torch.tensor([[-1.0, -2.0, 0.5, 0.0]]), inputs=1, outputs=0)
    assert (report.findings[0].kind, report.guilty) == ("gaps", "1")
    assert report.worst() == math.inf


def test_inside_a_layer_the_operation_and_its_line_are_named():
    class Update(nn.Module):
        def forward(self, v):
            size = v.square().sum(-1, keepdim=True)  # squares of components are put together again: no fault
            moved = v / (1 + size)
            return moved + 0.1 * torch.sign(moved)

    report = check(nn.Sequential(nn.Identity(), Update()), O(3), sample=torch.randn(5, 3), inputs=1, outputs=1)
    assert report.guilty == "1"
    assert report.findings[0].operation == "sign in forward: return moved + 0.1 * torch.sign(moved)"
    report = check(lambda x: x @ x.T @ torch.relu(x), O(3), sample=torch.randn(5, 3), inputs=1, outputs=1)
    assert report.findings[0].operation.startswith("relu in <lambda>")


class Cube(nn.Module):
    def forward(self, v):
        return v**3


class Norms(nn.Module):
    def forward(self, v):
        return v.square().sum(-1)


def test_a_layer_whose_harm_is_undone_outside_is_not_blamed_for_a_later_one():
    class There(nn.Module):
        def __init__(self):
            super().__init__()
            self.cube, self.act, self.norms = Cube(), nn.Tanh(), Norms()

        def forward(self, v):
            made = self.cube(v)
            return self.norms(self.act(made.sign() * made.abs() ** (1 / 3)))

    # were the cubes the same for g x, all that follows would be: that proves nothing against them
    assert check(There(), O(3), sample=torch.randn(5, 3), inputs=1, outputs=0).guilty == "act"


def test_a_layer_whose_harm_is_undone_by_the_next_is_not_blamed():
    class Square(nn.Module):
        def forward(self, v):
            return v * v

    class Sum(nn.Module):
        def forward(self, v):
            return v.sum(-1, keepdim=True)

    class Mixed(nn.Module):
        def forward(self, size, v):
            return torch.cat([size, torch.sin(v) + size], -1)  # no law of one kind mends this

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.square, self.sum, self.mixed, self.later = Square(), Sum(), Mixed(), nn.Tanh()

        def forward(self, v):  # two faults: mending one does not make the model sound
            return self.later(self.mixed(self.sum(self.square(v)), v)) + self.sum(v)

    report = check(Net(), O(3), sample=torch.randn(5, 3), inputs=1, outputs=1 + O(3).V)
    assert report.guilty == "mixed"


def test_elements_that_bring_an_edge_onto_an_axis_find_a_gauge_that_degenerates():
    report = looked_at(next(each for each in FAULTS if each.name == "the gauge degenerates along y").make)
    assert (report.findings[0].kind, report.guilty) == ("gaps", "frame")
    assert {each.label for each in report.elements if not each.sound} == {"vector onto axis 1"}


def test_models_that_fail_for_some_elements_say_where():
    class Picky(nn.Module):
        def forward(self, x):
            if float(x[0, 0]) > 0:
                raise ValueError("to the right")
            return x

    model = nn.Sequential(nn.Identity(), Picky())
    report = check(model, O(3), sample=-torch.rand(4, 3) - 1, inputs=1, outputs=1)
    assert (report.findings[0].kind, report.guilty) == ("failure", "1")
    assert "ValueError: to the right" in report.findings[0].text
    report = check(lambda x: x[x[:, 0] > 0], O(3), sample=torch.randn(9, 3), inputs=1, outputs=1)
    assert any("has the shape" in each.text for each in report.findings)


@pytest.mark.parametrize("fault", UNSEEN[:: examples(5, 1)], ids=lambda each: each.name)
def test_faults_that_were_not_seen_before_are_found_too(fault):
    assert looked_at(fault.make).guilty == fault.where


# ---- the model is left alone -----------------------------------------------------------------------------------------


def test_nothing_of_the_model_or_the_machine_changes():
    class Busy(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm, self.drop, self.calls = nn.BatchNorm1d(3), nn.Dropout(0.5), 0
            self.derived = self.norm.weight * 2  # a tensor with a history, which a plain deep copy refuses

        def forward(self, x):
            self.calls += 1
            return self.drop(self.norm(x)) * self.derived

    model = Busy()
    model.drop.eval()
    seen = []
    model.register_forward_hook(lambda *_: seen.append(1))
    before = {name: x.clone() for name, x in model.state_dict().items()}
    ids = [id(each) for each in model.parameters()]
    x = torch.randn(6, 3, requires_grad=True)
    states = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].copy(), torch.get_default_dtype()
    check(model, O(3), sample=x, inputs=1, outputs=1)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert [id(each) for each in model.parameters()] == ids
    assert (model.calls, model.training, model.drop.training, model.norm.training) == (0, True, False, True)
    assert all(each.grad is None for each in model.parameters())
    assert x.grad is None
    assert torch.equal(torch.get_rng_state(), states[0])
    assert random.getstate() == states[1]
    assert np.array_equal(np.random.get_state()[1], states[2])
    assert torch.get_default_dtype() == states[3]
    assert not model.norm._forward_hooks


def test_what_cannot_be_copied_is_shared_and_the_tensors_are_not():
    class Locked(nn.Module):
        def __init__(self):
            super().__init__()
            self.lock, self.norm = threading.Lock(), nn.BatchNorm1d(3)

        def forward(self, x):
            with self.lock:
                return self.norm(x).square().sum(-1)

    model = Locked()
    assert not check(model, O(3), sample=torch.randn(6, 3), inputs=1, outputs=0)
    assert int(model.norm.num_batches_tracked) == 0
    assert model.norm.weight.dtype == torch.float32


def test_the_same_seed_gives_the_same_report():
    case = next(each for each in FAULTS if each.kind == "randomness").make
    one, other, third = looked_at(case, seed=3), looked_at(case, seed=3), looked_at(case, seed=4)
    assert one == other
    assert repr(one) == repr(other)
    assert one != third


def test_gradients_inside_a_model_are_allowed():
    def force(pos):
        pos = pos.requires_grad_()
        return -torch.autograd.grad(torch.pdist(pos).pow(-1).sum(), pos)[0]

    with torch.no_grad():
        assert check(force, O(3), sample=torch.randn(5, 3), inputs=1, outputs=1)


# ---- specs -----------------------------------------------------------------------------------------------------------


def test_arguments_and_results_may_be_nested_and_named():
    def model(batch, scale):
        x, (edges, _) = batch["x"], batch["graph"]
        summed = torch.zeros_like(x).index_add(0, edges[0], x[edges[1]])
        return {"nodes": scale * summed, "parts": (x.sum(0), 3.0), "text": "fine"}

    sample = {"batch": {"x": torch.randn(5, 2), "graph": (ring(5), None)}, "scale": torch.tensor(2.0)}
    inputs = {"batch": {"x": Axes(0), "graph": (Labels(), 0)}, "scale": 0}
    report = check(model, S(5), sample=sample, inputs=inputs, outputs={"nodes": Axes(0), "parts": (0, 0)})
    assert report
    assert [each.name for each in report.inputs] == ["batch['x']", "batch['graph'][0]", "scale"]
    assert [each.name for each in report.outputs] == ["result['nodes']", "result['parts'][0]", "result['parts'][1]"]
    report = check(model, S(5), sample=sample, inputs=inputs, outputs={"nodes": 0})
    assert report.guilty == "result['nodes']"


def test_representations_axes_and_functions_act_alike():
    V = S(4).V
    layer = S(4).hom(2, 1).layer()
    x = torch.randn(3, 1, 4, 4)
    flat = lambda x: layer(x.unflatten(-1, (4, 4)))  # noqa: E731
    assert check(layer, S(4), sample=x, inputs=2, outputs=1)
    assert check(layer, S(4), sample=x, inputs=Axes(2, 3), outputs=Axes(-1))
    assert check(flat, S(4), sample=x.flatten(-2), inputs=V**2, outputs=V)
    assert check(layer, S(4), sample=x, inputs=lambda g, x: g @ x @ g.T, outputs=lambda g, x: x @ g.T)
    W = GL(3).V
    assert check(
        lambda x: x.unflatten(-1, (3, 3)).diagonal(dim1=-2, dim2=-1).sum(-1),
        GL(3),
        sample=torch.randn(2, 9),
        inputs=W * W.dual,
        outputs=0,
    )
    assert not check(
        lambda x: x.unflatten(-1, (3, 3)).diagonal(dim1=-2, dim2=-1).sum(-1),
        GL(3),
        sample=torch.randn(2, 9),
        inputs=W * W,
        outputs=0,
    )


def test_products_act_with_each_factor_on_axes_of_its_own():
    class Points(nn.Module):
        def __init__(self, last):
            super().__init__()
            self.layer, self.embed, self.last = EGNNLayer(6), nn.Linear(1, 6), last

        def forward(self, h, x, edges):
            h, x = self.layer(self.embed(h), x, edges)
            return h, self.last(x)

    class Ranked(nn.Module):
        def forward(self, x):
            return x * torch.arange(1, len(x) + 1, dtype=x.dtype)[:, None]

    cloud = S(5) * O(3)
    sample = (torch.rand(5, 1), torch.randn(5, 3), ring(5, 1))
    given = {"sample": sample, "inputs": (Axes(0), 1, Labels()), "outputs": (Axes(0), 1)}
    assert check(Points(nn.Identity()), cloud, **given)
    of_space, of_order = check(Points(nn.Tanh()), cloud, **given), check(Points(Ranked()), cloud, **given)
    assert of_space.guilty == of_order.guilty == "last"
    assert "S(5) alone are kept" in of_space.notes[0]
    assert "O(3) alone are kept" in of_order.notes[0]
    forgotten = check(Points(nn.Identity()), cloud, sample=sample, inputs=(Axes(0), 1, 0), outputs=(Axes(0), 1))
    assert forgotten.guilty == "edges"
    layer = cloud.hom(1, 1).layer(2, 2)
    report = check(layer, cloud, sample=torch.randn(3, 2, 5, 3), inputs=1, outputs=1)
    assert report.completeness.reached == report.completeness.dimension == 2
    square = S(3) * O(3)
    with pytest.raises(SymmetryError, match=r"2 factors act on such axes; name the factor"):
        check(nn.Identity(), square, sample=torch.randn(3, 4), inputs=Axes(0), outputs=Axes(0))
    axes = Axes(0, power=square.parts[0])
    assert check(nn.Identity(), square, sample=torch.randn(3, 4), inputs=axes, outputs=axes)


class Irreps(tuple):
    """As e3nn's: pairs of a multiplicity and something with a degree and a parity; here of degrees 0 and 1."""

    def __new__(cls, blocks):
        made = [(copies, SimpleNamespace(l=ir[0], p=ir[1]) if isinstance(ir, tuple) else ir) for copies, ir in blocks]
        return super().__new__(cls, made)

    @property
    def dim(self):
        return sum(copies * (2 * ir.l + 1) for copies, ir in self)

    def D_from_matrix(self, matrix):
        sign = torch.linalg.det(matrix).round()
        one = torch.ones(1, 1, dtype=matrix.dtype)
        parts = []
        for copies, ir in self:
            parts += [one * (sign if ir.p < 0 else 1) if ir.l == 0 else matrix * (1 if ir.p < 0 else sign)] * copies
        return torch.block_diag(*parts)

    def __str__(self):
        return "+".join(f"{copies}x{ir.l}{'e' if ir.p > 0 else 'o'}" for copies, ir in self)


def test_irreps_act_by_their_matrices_and_a_wrong_parity_is_named():
    features = Irreps([(2, (0, 1)), (1, (1, -1))])
    spin = Irreps([(1, (0, 1)), (1, (1, 1))])

    def model(f, v):
        return torch.cat([f[:, :1] * f[:, 1:2], torch.linalg.cross(f[:, 2:], v, dim=-1)], -1)

    sample = (torch.randn(4, 5), torch.randn(4, 3))
    assert check(model, O(3), sample=sample, inputs=(features, 1), outputs=spin)
    report = check(model, O(3), sample=sample, inputs=(features, 1), outputs=Irreps([(1, (0, 1)), (1, (1, -1))]))
    assert report.guilty == "result"
    assert "transforms by irreps 1x0e+1x1e" in report.findings[0].text
    with pytest.raises(SymmetryError, match="5 numbers on the last axis"):
        check(model, O(3), sample=sample, inputs=(features, features), outputs=spin)
    with pytest.raises(SymmetryError, match=r"those of O\(3\) and SO\(3\); the check is for O\(4\)"):
        check(lambda x: x, O(4), sample=torch.randn(2, 5), inputs=features, outputs=0)


def test_irreps_of_e3nn_may_be_given_as_text():
    pytest.importorskip("e3nn")
    sample = torch.randn(4, 3)
    assert check(lambda x: x, O(3), sample=sample, inputs="1x1o", outputs="1x1o")
    with pytest.raises(SymmetryError, match="does not understand"):
        check(lambda x: x, O(3), sample=sample, inputs="3q", outputs=0)


def test_complex_models_are_checked_in_complex_arithmetic():
    U2 = __import__("workbench.symmetry", fromlist=["U"]).U(2)
    x = torch.randn(4, 2, dtype=torch.complex64)
    assert check(lambda z: z * z.abs().square().sum(-1, keepdim=True), U2, sample=x, inputs=1, outputs=1)
    assert not check(lambda z: z.conj(), U2, sample=x, inputs=1, outputs=1)


def test_the_automorphisms_of_a_graph_are_a_group_like_others():
    graph = nx.cycle_graph(6)
    a = torch.tensor(nx.to_numpy_array(graph), dtype=torch.float32)
    assert check(lambda x: x + x @ a.to(x.dtype), Aut(graph), sample=torch.randn(2, 6), inputs=1, outputs=1)
    assert not check(lambda x: x + x @ a.to(x.dtype), S(6), sample=torch.randn(2, 6), inputs=1, outputs=1)


# ---- completeness ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("group", "k", "l"), [(S(5), 2, 2), (S(4), 2, 1), (O(3), 2, 2), (SO(3), 1, 2), (C(5), 1, 1)], ids=str
)
def test_a_layer_of_all_maps_reaches_all_maps(group, k, l):
    layer = group.hom(k, l).layer(2, 3)
    report = check(layer, group, sample=torch.randn(2, 2, *(group.n,) * k), inputs=k, outputs=l)
    assert report.completeness.reached == report.completeness.dimension == group.hom(k, l).dimension


def test_a_layer_that_misses_maps_is_told_how_many():
    class Maron(nn.Module):
        """Transposes, row sums and the total: five of the fifteen maps of matrices."""

        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.randn(5))

        def forward(self, x):
            ones = torch.ones_like(x)
            rows, columns = x.sum(1, keepdim=True) * ones, x.sum(0, keepdim=True) * ones
            return sum(w * y for w, y in zip(self.weight, (x, x.T, rows, columns, x.sum() * ones), strict=True))

    report = check(Maron(), S(5), sample=torch.randn(5, 5), inputs=2, outputs=2)
    assert (report.completeness.reached, report.completeness.dimension) == (5, 15)
    assert "reaches 5 of 15" in repr(report)
    one = check(nn.Linear(3, 4), S(5), sample=torch.randn(5, 3), inputs=Axes(0), outputs=Axes(0))
    assert (one.completeness.reached, one.completeness.dimension) == (1, 2)


def test_completeness_is_not_guessed():
    x = torch.randn(5, 2, 3)
    relu = nn.Sequential(VectorLinear(2, 2), VectorReLU(2))
    assert "not linear" in check(relu, O(3), sample=x, inputs=1, outputs=1).completeness.reason
    assert "no parameters" in check(nn.Identity(), O(3), sample=x, inputs=1, outputs=1).completeness.reason
    assert "does not commute" in check(nn.Tanh(), O(3), sample=x, inputs=1, outputs=1).completeness.reason
    assert str(check(relu, O(3), sample=x, inputs=1, outputs=1).completeness).startswith("not applicable")


# ---- the report ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", FAULTS[::6], ids=lambda each: each.name)
def test_a_report_is_kept_as_json(fault, tmp_path):
    report = looked_at(fault.make)
    report.save(tmp_path / "certificate.json")
    assert EquivarianceReport.load(tmp_path / "certificate.json") == report
    held = json.loads((tmp_path / "certificate.json").read_text())
    assert (held["format"], held["version"]) == ("workbench.equivariance", 1)
    assert list(tmp_path.iterdir()) == [tmp_path / "certificate.json"]


def test_gaps_survive_being_saved():
    report = check(lambda x: x / 0, S(3), sample=torch.randn(3), inputs=1, outputs=1)
    assert report.worst() == math.inf
    assert EquivarianceReport.from_json(report.to_json()) == report


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda held: held.update(format="workbench.fit"), "its format is 'workbench.fit'"),
        (lambda held: held.update(version=2), r"\$.version is 2, this release reads up to 1"),
        (lambda held: held.update(version=True), r"\$.version is True"),
        (lambda held: held.update(colour="red"), "unknown field `colour`"),
        (lambda held: held.pop("seed"), "missing required field `seed`"),
        (lambda held: held["elements"][0].update(float64="big"), r"at `\$.elements\[0\].float64`"),
    ],
)
def test_reports_from_strangers_are_read_strictly(change, said):
    report = check(nn.Identity(), O(2), sample=torch.randn(3, 2), inputs=1, outputs=1)
    held = json.loads(report.to_json())
    change(held)
    with pytest.raises(SymmetryError, match=said):
        EquivarianceReport.from_json(json.dumps(held))


def test_files_that_are_no_reports_are_refused(tmp_path):
    path = tmp_path / "report.json"
    path.write_text("[1, 2")
    with pytest.raises(SymmetryError, match=r"report\.json' is not a sound report: the text is not JSON"):
        EquivarianceReport.load(path)
    with pytest.raises(SymmetryError, match="cannot read a report"):
        EquivarianceReport.load(tmp_path / "none.json")
    report = check(nn.Identity(), O(2), sample=torch.randn(3, 2), inputs=1, outputs=1)
    with pytest.raises(SymmetryError, match="cannot write the report"):
        report.save(tmp_path / "none" / "report.json")
    with pytest.raises(SymmetryError, match="not in 'float16'"):
        report.worst("float16")


def test_the_text_says_what_a_student_needs():
    said = repr(looked_at(next(each for each in FAULTS if each.where == "cell").make))
    assert said.startswith("Equivariance of Net under O(3): not sound\n  guilty: argument 'cell' is declared invariant")
    assert "slope 0.0 (rounding would be 1, a bug is 0)" in said
    said = repr(looked_at(SOUND[0].make))
    assert "error: rounding in float64 and float32" in said
    assert "e-1" not in said  # digits of rounding differ from machine to machine


# ---- bad input -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"model": 3}, "takes a module or a function, not a int"),
        ({"group": "O(3)"}, r"takes a group such as O\(3\) or S\(5\), not 'O\(3\)'"),
        ({"inputs": 0}, "all of inputs are declared invariant"),
        ({"inputs": (1, 1)}, r"input is one tensor, and its spec \(1, 1\) is for 2; give one"),
        ({"inputs": True}, "give 0 for an invariant, a tensor order"),
        ({"inputs": -1}, "a tensor order is 0 or more"),
        ({"inputs": 2}, r"has shape \(5, 3\): O\(3\) acts on axes of size 3, and Axes\(-2, -1\) are of size 5, 3"),
        ({"inputs": 3}, "declared as a tensor of order 3"),
        ({"inputs": Axes(0)}, r"Axes\(0\) are of size 5; axes of that size: 1"),
        ({"inputs": Axes(4)}, "names others"),
        ({"inputs": Labels()}, "whole numbers that name coordinates"),
        ({"inputs": S(3).V}, r"a representation of S\(3\); the check is for O\(3\)"),
        ({"inputs": 2 * O(3).V}, "6 numbers on the last axis"),
        ({"inputs": 1.5}, "has the spec 1.5 of type float"),
        ({"outputs": (1, 1)}, "is one tensor, and its spec"),
        ({"outputs": None}, "outputs names no tensor"),
        ({"outputs": 2}, "acts on axes of size 3"),
        ({"sample": ()}, "the sample has 0 arguments"),
        ({"sample": "water"}, "is a str, no tensor"),
        ({"sample": torch.zeros(0, 3)}, "has no entries"),
        ({"sample": torch.zeros(5, 3)}, r"no element of O\(3\) moves the sample"),
        ({"model": lambda x: "text"}, "the result is a str, no tensor"),
        ({"model": lambda x: (x, x)}, "holds 2 parts, and outputs is 1"),
        ({"model": lambda x: {"a": x}}, "a mapping with the keys 'a'"),
        ({"model": lambda x: x @ x}, "the model does not run on the sample: RuntimeError"),
        ({"elements": 0}, "how many random elements"),
        ({"seed": -1}, "seed is a whole number"),
        ({"inputs": lambda g, x: x[:2]}, "returned shape"),
        ({"inputs": lambda g, x: x @ x}, "fails on"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_remedy(options, said):
    given = {"model": nn.Identity(), "group": O(3), "sample": torch.randn(5, 3), "inputs": 1, "outputs": 1} | options
    model, group = given.pop("model"), given.pop("group")
    with pytest.raises(SymmetryError, match=said):
        check(model, group, **given)


def test_axes_and_labels_that_make_no_sense_are_refused():
    for wrong in ((), (0, 0), (True,), ("0",)):
        with pytest.raises(SymmetryError):
            Axes(*wrong)
    edges = torch.tensor([[0, 5]])
    with pytest.raises(SymmetryError, match="its largest entry is 5"):
        check(lambda x, e: x, S(3), sample=(torch.randn(3), edges), inputs=(1, Labels()), outputs=1)
    with pytest.raises(SymmetryError, match="no permutations"):
        check(lambda x, e: x, O(3), sample=(torch.randn(3), torch.tensor([0, 1, 2])), inputs=(1, 1), outputs=1)
    with pytest.raises(SymmetryError, match=r"there is a spec for sample\['posi'\].*did you mean 'pos'"):
        check(lambda pos: pos, O(3), sample={"pos": torch.randn(2, 3)}, inputs={"posi": 1}, outputs=1)


def test_a_model_that_runs_in_one_precision_is_checked_in_that():
    weight = torch.eye(3) * 2

    report = check(lambda x: x @ weight, O(3), sample=torch.randn(4, 3), inputs=1, outputs=1)
    assert report
    assert report.worst("float64") is None
    assert "not run in float64" in report.notes[0]
    assert report.slope is None

    class Keeps(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = torch.eye(3) * 2
            self.mix = mlp(1, 4, 1)

        def forward(self, x):
            return self.mix((x @ self.weight).norm(dim=-1, keepdim=True))

    report = check(Keeps(), O(3), sample=torch.randn(4, 3), inputs=1, outputs=0)
    assert report
    assert report.worst("float64") < 1e-12
    assert "register_buffer" in report.notes[0]
