"""The tour in a real JupyterLab: run it, draw, resize, undo, save, reload, dark, and without a kernel."""

import json
import re
from pathlib import Path

import pytest

from tests.browser import lab as do

SHOTS = Path(__file__).parent.parent.parent / ".browser"


@pytest.fixture(scope="module")
def page(browser, lab):
    """One page on which the tour was opened and run; the tests below go on from each other, as a person would."""
    address, _ = lab
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    page = context.new_page()
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    do.open_notebook(page, address, "notebooks/00_tour.ipynb")
    do.run_all(page)
    yield page
    context.close()


def percent(text: str) -> float:
    return float(re.fullmatch(r"([\d.]+) %", text)[1])


def test_the_tour_runs_and_shows_the_editor_with_its_numbers(page):
    for trouble in ("stderr", "error"):
        assert page.locator(f"[data-mime-type='application/vnd.jupyter.{trouble}']").count() == 0
    assert page.locator(".jp-InputPrompt", has_text="*").count() == 0, "every cell was run to its end"
    editor = do.the_editor(page)
    do.wait_fitted(editor)
    assert 11.5 < percent(do.figure(editor, "error")) < 12.5
    assert do.figure(editor, "parameters") == "47,489"
    assert [do.disc(editor, name).count() for name in "GABC"] == [1, 1, 1, 1]
    do.shot(page, SHOTS, "tour-light")


def test_the_still_picture_hides_while_the_widget_lives(page):
    twin = page.locator(".wb-static-twin").first
    assert twin.count() == 1
    assert not twin.is_visible()


def test_a_bond_dragged_between_two_tensors_is_fitted(page):
    editor = do.the_editor(page)
    before = percent(do.figure(editor, "error"))
    do.drag_from_rim(page, do.disc(editor, "A"), do.disc(editor, "C"))
    editor.locator('[data-item="index:r"]').wait_for(timeout=do.SLOW)
    assert do.figure(editor, "parameters") == f"{40 * 40 * 3 + 427 * 40 * 4 + 640 * 40 + 3 * 3 * 4:,}"
    editor.locator(".wb-panel", has_text="net = net.connect('A', 'C'").wait_for(timeout=do.SLOW)
    do.wait_fitted(editor)
    assert percent(do.figure(editor, "error")) < before, "one more bond loses less"


def test_a_rank_typed_changes_the_error_and_undo_takes_it_back(page):
    editor = do.the_editor(page)
    editor.get_by_role("button", name="undo").click()
    do.wait_fitted(editor)
    assert do.figure(editor, "parameters") == "47,489"
    old = percent(do.figure(editor, "error"))

    editor.locator('[data-item="index:r0"]').click()
    field = editor.get_by_label("size of r0").first
    field.fill("10")
    field.press("Enter")
    editor.locator('[data-figure="parameters"] b', has_text="31,079").wait_for(timeout=do.SLOW)
    do.wait_fitted(editor)
    new = percent(do.figure(editor, "error"))
    assert new > old + 1, "a smaller rank loses more"
    editor.locator(".wb-panel", has_text="net = net.resize(r0=10)").wait_for(timeout=do.SLOW)
    do.shot(page, SHOTS, "tour-resized")

    editor.get_by_role("button", name="undo").click()
    editor.locator('[data-figure="parameters"] b', has_text="47,489").wait_for(timeout=do.SLOW)
    do.wait_fitted(editor)
    assert percent(do.figure(editor, "error")) == old


def test_keys_pressed_in_the_widget_never_reach_the_notebook(page):
    editor = do.the_editor(page)
    kinds = "all => all.map(cell => cell.className.match(/jp-(Code|Markdown|Raw)Cell/)[1])"
    cells = page.locator(".jp-Cell").evaluate_all(kinds)
    do.disc(editor, "G").click()
    for key in ("a", "b", "x", "Escape", "d", "d", "m", "Escape"):
        page.keyboard.press(key)
        assert page.locator(".jp-Cell").evaluate_all(kinds) == cells, f"{key} reached the notebook"
    while editor.get_by_role("button", name="undo").is_enabled() and do.figure(editor, "parameters") != "47,489":
        editor.get_by_role("button", name="undo").click()


def test_the_table_and_the_code_say_the_same(page):
    editor = do.the_editor(page)
    do.view(editor, "Table")
    assert editor.locator(".wb-main").get_by_label("size of col", exact=True).first.input_value() == "640"
    assert editor.locator("table").count() >= 2
    do.shot(page, SHOTS, "tour-table")
    do.view(editor, "Code")
    assert 'torch.einsum("def,ad,be,cf->abc", G, A, B, C)' in editor.inner_text()
    do.shot(page, SHOTS, "tour-code")
    do.view(editor, "Picture")


def test_after_a_reload_the_same_picture_is_there(page):
    editor = do.the_editor(page)
    do.wait_fitted(editor)
    do.disc(editor, "B").scroll_into_view_if_needed()
    labels = sorted(editor.locator("[data-item]").evaluate_all("all => all.map(e => e.getAttribute('aria-label'))"))
    error = do.figure(editor, "error")
    do.save(page)
    page.reload(wait_until="domcontentloaded")
    page.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=do.SLOW)
    editor = do.the_editor(page)
    do.wait_fitted(editor)
    assert (
        sorted(editor.locator("[data-item]").evaluate_all("all => all.map(e => e.getAttribute('aria-label'))"))
        == labels
    )
    assert do.figure(editor, "error") == error


def test_in_the_dark_theme_the_editor_is_dark(page):
    page.get_by_role("menuitem", name="Settings", exact=True).click()
    page.locator(".lm-Menu-itemLabel", has_text=re.compile(r"^Theme$")).hover()
    page.locator(".lm-Menu-itemLabel", has_text="JupyterLab Dark").first.click()
    page.locator('body[data-jp-theme-light="false"]').wait_for(state="attached", timeout=do.SLOW)
    page.keyboard.press("Escape")
    editor = do.the_editor(page)
    page.wait_for_timeout(500)
    background = editor.locator(".wb-frame").evaluate("e => getComputedStyle(e).backgroundColor")
    assert max(map(int, re.findall(r"\d+", background)[:3])) < 80
    do.shot(page, SHOTS, "tour-dark")


def test_nothing_went_wrong_in_the_page(page):
    assert page.errors == []


def test_without_a_kernel_the_still_picture_is_there(browser, lab):
    """A reader's notebook: outputs as they were saved, no cell run, no live widget."""
    address, folder = lab
    source = json.loads((folder / "notebooks" / "00_tour.ipynb").read_text())
    source["metadata"] = {"kernelspec": {"name": "no-such-kernel", "display_name": "none"}}
    (folder / "reader.ipynb").write_text(json.dumps(source))
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    page = context.new_page()
    do.show_notebook(page, address, "reader.ipynb")
    page.locator(".jp-Dialog button", has_text="No Kernel").click(timeout=do.SLOW)
    twin = page.locator(".wb-static-twin img").first
    twin.scroll_into_view_if_needed(timeout=do.SLOW)
    assert twin.is_visible()
    assert "427" in (twin.get_attribute("alt") or "")
    context.close()
