"""Two ways: what is drawn in the page Python holds, what Python sets the page draws, also while a cell runs."""

import pytest

from tests.browser import lab as do


@pytest.fixture(scope="module")
def page(browser, lab):
    address, folder = lab
    do.write_notebook(
        folder / "two_way.ipynb",
        "import time\nimport torch\nimport workbench as wb\n"
        "x = torch.rand(20, 30, 40, generator=torch.Generator().manual_seed(0))\n"
        "editor = wb.NetworkEditor(wb.network.tucker(x.shape, (3, 3, 3)), data=x)\neditor",
        "print(editor.network.sizes['r1'], len(editor.network.tensors), round(editor.fit.error, 6))",
        "editor.network = editor.network.resize(r1=7)",
        "before = editor.network.sizes['r1']\nfor _ in range(80):\n    time.sleep(0.1)\n"
        "    if editor.network.sizes['r1'] != before:\n        break\nprint('saw', editor.network.sizes['r1'])",
    )
    context = browser.new_context(viewport={"width": 1400, "height": 1100})
    page = context.new_page()
    do.open_notebook(page, address, "two_way.ipynb")
    do.run_all(page)
    yield page
    context.close()


def resize(editor, index, size):
    editor.locator(f'[data-item="index:{index}"]').click()
    field = editor.get_by_label(f"size of {index}").first
    field.fill(str(size))
    field.press("Enter")


def test_python_holds_what_was_drawn(page):
    editor = do.the_editor(page)
    resize(editor, "r1", 12)
    do.wait_fitted(editor)
    size, tensors, error = do.run_cell(page, 1).split()
    assert (size, tensors) == ("12", "4")
    assert do.figure(editor, "error") == f"{100 * float(error):.3g} %"


def test_the_page_draws_what_python_sets(page):
    do.run_cell(page, 2)
    editor = do.the_editor(page)
    editor.locator('[data-item="index:r1"]', has_text="7").wait_for(timeout=do.SLOW)
    do.wait_fitted(editor)
    assert do.run_cell(page, 1).startswith("7 4")


def test_a_change_made_while_a_cell_runs_arrives_during_it_or_after(page):
    """Which of the two depends on which thread the kernel chooses; neither may lose the change."""
    cell = page.locator(".jp-Notebook .jp-CodeCell").nth(3)
    cell.locator(".jp-InputArea-editor").click()
    page.keyboard.press("Control+Enter")
    cell.locator(".jp-InputPrompt", has_text="*").wait_for(timeout=do.SLOW)
    editor = do.the_editor(page)
    resize(editor, "r1", 5)
    page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').first.wait_for(timeout=do.SLOW)
    do.wait_fitted(editor)
    assert do.run_cell(page, 1).startswith("5 4")


def test_two_views_of_one_editor_agree(page):
    """The widget displayed a second time is the same widget."""
    page.locator(".jp-Notebook .jp-CodeCell").nth(2).locator(".jp-InputArea-editor").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text("editor")
    page.keyboard.press("Control+Enter")
    page.locator(".wb-editor").nth(1).wait_for(timeout=do.SLOW)
    resize(page.locator(".wb-editor").nth(1), "r2", 9)
    page.locator(".wb-editor").nth(0).locator('[data-item="index:r2"]', has_text="9").wait_for(timeout=do.SLOW)
