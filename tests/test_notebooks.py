"""The notebooks' form: outputs stored and compared, no widget state, few exempt cells, small, logic imported."""

import ast
from pathlib import Path

import nbformat
import pytest

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))
EXEMPT = ("NBVAL_IGNORE_OUTPUT", "NBVAL_SKIP", "nbval-ignore-output", "nbval-skip")


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.name)
def notebook(request):
    return nbformat.read(request.param, as_version=4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_there_is_a_tour():
    assert "00_tour.ipynb" in [path.name for path in NOTEBOOKS]


def test_at_most_a_tenth_of_the_cells_is_exempt_from_comparison(notebook):
    cells = code_cells(notebook)
    exempt = [cell for cell in cells if any(m in cell.source or m in cell.metadata.get("tags", []) for m in EXEMPT)]
    assert len(exempt) <= len(cells) / 10


def test_no_widget_state_is_stored(notebook):
    """A stored state is a program that runs when a stranger opens the notebook."""
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    views = [o for cell in code_cells(notebook) for o in cell.outputs if "widget-view" in str(o.get("data", {}).keys())]
    assert not views


def test_every_code_cell_was_executed_in_order_and_outputs_are_stored(notebook):
    cells = code_cells(notebook)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert sum(bool(cell.outputs) for cell in cells) >= len(cells) / 2
    assert not [o for cell in cells for o in cell.outputs if o.output_type == "error"]


def test_no_logic_is_defined_and_asserts_close_it(notebook):
    trees = [ast.parse(cell.source) for cell in code_cells(notebook)]
    defined = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    assert all(len(node.body) <= 5 for node in defined)
    assert any(isinstance(node, ast.Assert) for node in ast.walk(trees[-1])), "the last cell verifies"


def test_no_machine_path_and_no_remote_address_in_outputs(notebook):
    text = str([cell.outputs for cell in code_cells(notebook)]).replace("http://www.w3.org/", "")  # SVG's namespace
    for trace in ("/home/", "/root/", "/tmp/", "site-packages", "http://"):
        assert trace not in text


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_is_small(path):
    assert path.stat().st_size < 200_000
