"""What values look like in a notebook: tied to IPython by name, from outside."""

import subprocess
import sys
from types import SimpleNamespace

import networkx as nx
import pytest
import torch
from IPython.core.formatters import DisplayFormatter

from workbench._displays import attach
from workbench.decomposition import decompose
from workbench.network import Network, tensor_train
from workbench.symmetry import Aut, BilabelledGraph, C, D, MatrixGroup, O, S


@pytest.fixture
def formatter(monkeypatch):
    made = DisplayFormatter()
    monkeypatch.setattr("IPython.get_ipython", lambda: SimpleNamespace(display_formatter=made))
    attach()
    return made


def test_a_network_is_drawn_and_its_text_stays_its_repr(formatter):
    net = tensor_train((4, 5), 2)
    shown, _ = formatter.format(net)
    assert shown["text/plain"] == repr(net)
    assert shown["text/html"].startswith("<img")
    assert shown["text/html"] == formatter.format(tensor_train((4, 5), 2))[0]["text/html"]


def test_a_fit_is_drawn_with_its_error(formatter):
    x = torch.rand(6, 7, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    fit = decompose(x, tensor_train((6, 7), 2))
    shown, _ = formatter.format(fit)
    assert shown["text/plain"] == repr(fit)
    assert (
        f"error%20{100 * fit.error:.3g}" in shown["text/html"] or f"error {100 * fit.error:.3g}" in shown["text/html"]
    )
    assert "26 parameters" in shown["text/html"]


def test_a_huge_network_is_text(formatter):
    shown, _ = formatter.format(Network({f"T{k}": () for k in range(65)}))
    assert set(shown) == {"text/plain"}


@pytest.mark.parametrize(
    "of",
    [
        S(3).hom(1, 1),
        S(3).hom(1, 1).basis()[0],
        C(4).hom(1, 1).basis()[0] + C(4).hom(1, 1).basis()[1],
        D(4).hom(1, 1),
        Aut(nx.path_graph(3)).hom(1, 1).basis()[1],
        MatrixGroup([torch.eye(2)]).hom(1, 1).basis()[1],
        (S(2) * O(2)).hom((S(2) * O(2)).V, (S(2) * O(2)).V).basis()[0],
        (S(2) @ O(2)).hom(1, 1).basis()[0],
        S(3).hom(2 * S(3).V, S(3).V).basis()[0],
        BilabelledGraph(2, [(0, 1)], [0], [1]),
    ],
    ids=str,
)
def test_equivariant_maps_are_drawn_and_their_text_stays_their_repr(formatter, of):
    shown, _ = formatter.format(of)
    assert shown["text/plain"] == repr(of)
    assert shown["text/html"].startswith("<img")


def test_what_cannot_be_drawn_is_text(formatter):
    shown, _ = formatter.format(O(3).hom(1, 0))
    assert set(shown) == {"text/plain"}


def test_without_ipython_nothing_happens(monkeypatch):
    monkeypatch.setattr("IPython.get_ipython", lambda: None)
    attach()


def test_attaching_loads_nothing_heavy():
    code = (
        "import IPython, sys; IPython.get_ipython = lambda: __import__('types').SimpleNamespace("
        "display_formatter=__import__('IPython.core.formatters', fromlist=['x']).DisplayFormatter()); import workbench; "
        "print([name for name in ('plotly', 'anywidget', 'networkx', 'workbench.figures') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
