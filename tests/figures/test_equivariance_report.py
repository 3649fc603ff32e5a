"""The figure of a check, and what a notebook shows of a report."""

import re
from html import escape

import numpy as np
import plotly.graph_objects as go
import pytest
import torch
from torch import nn

import workbench as wb
from workbench._displays import _report
from workbench.figures import FigureError, equivariance_errors
from workbench.symmetry import EquivarianceReport, O, S, check


def faulty():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Identity(), nn.Tanh(), nn.Identity())
    return check(model, O(3), sample=torch.randn(5, 3), inputs=1, outputs=1)


def test_a_fault_is_as_high_in_both_precisions_and_the_guilty_layer_is_marked():
    report = faulty()
    drawn = wb.plot(report)
    assert isinstance(drawn, go.Figure)
    wide, single, layers, guilty = drawn.data
    assert [curve.name for curve in drawn.data] == ["float64", "float32", "layer", "guilty"]
    assert list(guilty.x) == ["1"]
    assert list(layers.x) == ["0", "2"]
    bad = [at for at, each in enumerate(report.elements) if not each.sound]
    assert np.allclose(np.array(wide.y)[bad], np.array(single.y)[bad], rtol=0.1)
    assert np.allclose(np.array(wide.y)[bad], [report.elements[at].float64 for at in bad], rtol=0.06)
    assert "not sound" in drawn.layout.title.text


def test_rounding_is_drawn_at_one_height_so_that_the_figure_is_the_same_everywhere():
    report = check(lambda x: x * x.norm(), O(3), sample=torch.randn(5, 3), inputs=1, outputs=1)
    wide, single = equivariance_errors(report).data
    assert set(np.array(wide.y).tolist()) == {float(np.float32(1e-16))}
    assert set(np.array(single.y).tolist()) == {float(np.float32(1e-7))}
    assert set(wide.text) == {"rounding"}
    assert equivariance_errors(report).to_json() == equivariance_errors(report).to_json()


def test_gaps_and_precisions_that_were_not_run_are_drawn():
    report = check(lambda x: x / 0, S(3), sample=torch.randn(3), inputs=1, outputs=1)
    assert set(np.array(equivariance_errors(report).data[0].y).tolist()) == {10.0}
    weight = torch.eye(3)
    report = check(lambda x: x @ weight, O(3), sample=torch.randn(5, 3), inputs=1, outputs=1)
    assert [curve.name for curve in equivariance_errors(report).data] == ["float32"]


def test_of_many_layers_those_around_the_guilty_one_are_drawn():
    model = nn.Sequential(*[nn.Identity() for _ in range(60)], nn.Tanh(), *[nn.Identity() for _ in range(60)])
    report = check(model, O(3), sample=torch.randn(5, 3), inputs=1, outputs=1)
    drawn = equivariance_errors(report)
    assert list(drawn.data[3].x) == ["60"]
    assert len(drawn.data[2].x) == 39


def test_a_report_of_nothing_is_refused():
    report = faulty()
    empty = EquivarianceReport(**{**vars(report), "elements": ()})
    with pytest.raises(FigureError, match="no group elements"):
        equivariance_errors(empty)


def test_a_notebook_shows_the_verdict_first_and_escapes_names():
    class Odd(nn.Module):
        def forward(self, x):
            return {"<b>": x.tanh()}

    shown = _report(check(Odd(), O(3), sample=torch.randn(5, 3), inputs=1, outputs={"<b>": 1}))
    assert "✗" in shown
    assert "<b>" not in shown
    assert re.sub("<[^>]*>", "", shown).startswith("✗ Equivariance of Odd under O(3): not sound")
    sound = _report(check(nn.Identity(), O(3), sample=torch.randn(5, 3), inputs=1, outputs=1))
    assert "✓" in sound


def test_a_notebook_tells_every_operation_and_remedy_once():
    torch.manual_seed(0)
    report = check(nn.Sequential(nn.Dropout(0.5), nn.Tanh()), O(3), sample=torch.randn(5, 3), inputs=1, outputs=1)
    shown = re.sub("<[^>]*>", "", _report(report))
    assert len(report.findings) > 1
    for each in report.findings:
        for words in (each.operation, each.remedy):
            assert shown.count(escape(words)) == 1 or not words
