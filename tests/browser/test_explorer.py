"""The explorer in a real JupyterLab: ranks dragged, typed and budgeted, formats changed, two ways, reloaded, dark, without a kernel."""

import json
import re
from pathlib import Path

import pytest

from tests.browser import lab as do

SHOTS = Path(__file__).parent.parent.parent / ".browser"
CELLS = (
    'import workbench as wb\nx = wb.data.image("china")\nex = wb.explore(x)\nex',
    "print(ex.format, *ex.ranks, round(ex.fit.error, 6))",
    "ex.ranks = (60, 70, 3)",
    'ex.format = "cp"\nex.ranks = 220',
    "print(ex.line, ex.fit.converged)",
)


@pytest.fixture(scope="module")
def page(browser, lab):
    """One page with an explorer of a photograph; the tests below go on from each other, as a person would."""
    address, folder = lab
    do.write_notebook(folder / "explorer.ipynb", *CELLS[:1])
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    page = context.new_page()
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    do.open_notebook(page, address, "explorer.ipynb")
    do.run_all(page)
    yield page
    context.close()


def python(page, source: str) -> str:
    """Run a line in a cell of its own at the end of the notebook."""
    page.keyboard.press("Escape")
    cells = page.locator(".jp-Notebook .jp-CodeCell")
    if cells.count() == 1:
        page.locator(".jp-Notebook .jp-CodeCell").nth(0).locator(".jp-InputArea-editor").click()
        page.keyboard.press("Escape")
        page.keyboard.press("b")
        cells.nth(1).wait_for(timeout=do.SLOW)
    cells.nth(1).locator(".jp-InputArea-editor").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(source)
    return do.run_cell(page, 1)


def percent(text: str) -> float:
    return float(re.fullmatch(r"([\d.]+) %", text)[1])


def rank(explorer, name: str):
    return explorer.get_by_label(re.compile(rf"^rank \S+, {name}$")).first


def parameters(explorer) -> int:
    return int(do.figure(explorer, "parameters").replace(",", ""))


def test_it_shows_the_data_the_fit_and_the_numbers(page):
    explorer = do.the_explorer(page)
    do.wait_fitted(explorer)
    assert parameters(explorer) == 29 * 427 + 44 * 640 + 3 * 3 + 29 * 44 * 3
    assert 12 < percent(do.figure(explorer, "error")) < 14
    assert explorer.locator(".wb-three img").count() == 3
    assert "fit = wb.decompose(x, 'tucker', ranks=(29, 44, 3))" in explorer.inner_text()
    explorer.locator(".wb-landscape .wb-point").nth(20).wait_for(timeout=do.SLOW)
    explorer.locator(".wb-spectra .wb-cut").wait_for(timeout=do.SLOW)
    do.shot(page, SHOTS, "explorer-light")


def test_the_still_picture_hides_while_the_widget_lives(page):
    assert page.locator(".wb-static-twin").count() == 1
    assert not page.locator(".wb-static-twin").first.is_visible()


def test_a_dragged_slider_moves_the_rank_and_is_one_step_of_undo(page):
    explorer = do.the_explorer(page)
    slider = explorer.get_by_label(re.compile("^drag rank .*, row$"))
    box = slider.bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.35, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, y, steps=12)
    page.mouse.up()
    do.wait_fitted(explorer)
    row = int(rank(explorer, "row").input_value())
    assert row > 80
    name, *ranks, error = python(page, CELLS[1]).split()
    assert (name, ranks) == ("tucker", [str(row), "44", "3"])
    assert do.figure(explorer, "error") == f"{100 * float(error):.3g} %"
    explorer.get_by_role("button", name="undo").click()
    explorer.locator(".wb-line", has_text="(29, 44, 3)").wait_for(timeout=do.SLOW)
    assert rank(explorer, "row").input_value() == "29"


def test_the_cut_of_the_spectrum_is_the_rank(page):
    explorer = do.the_explorer(page)
    explorer.locator(".wb-key", has_text="column").click()
    box = explorer.locator(".wb-spectra > svg").bounding_box()
    cut = explorer.locator(".wb-cut circle").bounding_box()
    y = box["y"] + 80
    page.mouse.move(cut["x"] + cut["width"] / 2, y)
    page.mouse.down()
    page.mouse.move(cut["x"] + 22, y, steps=8)
    page.mouse.up()
    do.wait_fitted(explorer)
    column = int(rank(explorer, "column").input_value())
    assert 50 < column < 87
    assert int(python(page, "print(ex.ranks[1])")) == column


def test_a_rank_typed_is_fitted_and_one_too_large_is_cut_and_refused_in_words(page):
    explorer = do.the_explorer(page)
    rank(explorer, "column").fill("10")
    rank(explorer, "column").press("Enter")
    explorer.locator(".wb-line", has_text="(29, 10, 3)").wait_for(timeout=do.SLOW)
    do.wait_fitted(explorer)
    rank(explorer, "column").fill("9999")
    rank(explorer, "column").press("Enter")
    explorer.locator(".wb-line", has_text="(29, 640, 3)").wait_for(timeout=do.SLOW)
    explorer.locator(".wb-state", has_text="at most 87 makes sense there; lower it").wait_for(timeout=do.SLOW)


def test_a_point_of_the_landscape_is_a_place_to_go(page):
    explorer = do.the_explorer(page)
    point = explorer.locator(".wb-landscape .wb-point").nth(40)
    box = point.bounding_box()
    page.mouse.move(box["x"] + 2, box["y"] + 2)
    told = explorer.locator(".wb-over text").first.text_content()
    page.mouse.click(box["x"] + 2, box["y"] + 2)
    ranks = told.replace(" × ", ", ")
    explorer.locator(".wb-line", has_text=f"({ranks})").wait_for(timeout=do.SLOW)
    do.wait_fitted(explorer)


def test_budgets_choose_the_ranks(page):
    explorer = do.the_explorer(page)
    field = explorer.get_by_label("at most so many parameters")
    field.fill("20,000")
    field.press("Enter")
    explorer.locator(".wb-line", has_text="(19, 17, 3)").wait_for(timeout=do.SLOW)
    do.wait_fitted(explorer)
    assert parameters(explorer) <= 20_000
    field = explorer.get_by_label("error of at most, in percent")
    field.fill("10")
    field.press("Enter")
    explorer.locator(".wb-line", has_text="(69, 67, 3)").wait_for(timeout=do.SLOW)
    do.wait_fitted(explorer)
    assert percent(do.figure(explorer, "error")) <= 10


def test_another_format_begins_at_about_the_same_size(page):
    explorer = do.the_explorer(page)
    before = parameters(explorer)
    explorer.get_by_role("radio", name="Tensor train").click()
    explorer.locator(".wb-line", has_text="'tensor_train'").wait_for(timeout=do.SLOW)
    do.wait_fitted(explorer)
    assert 0.7 * before < parameters(explorer) <= before
    do.shot(page, SHOTS, "explorer-train")


def test_everything_has_a_key_and_no_key_reaches_the_notebook(page):
    explorer = do.the_explorer(page)
    python(page, "ex.format = 'tucker'; ex.ranks = (20, 20, 3)")
    explorer.locator(".wb-line", has_text="(20, 20, 3)").wait_for(timeout=do.SLOW)
    kinds = "all => all.map(cell => cell.className.match(/jp-(Code|Markdown|Raw)Cell/)[1])"
    cells = page.locator(".jp-Cell").evaluate_all(kinds)
    explorer = do.the_explorer(page)
    explorer.focus()
    for key, then in (
        ("ArrowRight", "(21, 20, 3)"),
        ("Shift+ArrowRight", "(31, 20, 3)"),
        ("ArrowDown", "(31, 20, 3)"),
        ("ArrowLeft", "(31, 19, 3)"),
        ("u", "(31, 20, 3)"),
        ("U", "(31, 19, 3)"),
        ("f", "'tensor_train'"),
        ("F", "'tucker'"),
    ):
        page.keyboard.press(key)
        explorer.locator(".wb-line", has_text=then).wait_for(timeout=do.SLOW)
    page.keyboard.press("2")
    explorer.locator(".wb-tables").wait_for(timeout=do.SLOW)
    do.shot(page, SHOTS, "explorer-table")
    page.keyboard.press("1")
    page.keyboard.press("?")
    explorer.get_by_role("dialog", name="Keys").wait_for(timeout=do.SLOW)
    do.shot(page, SHOTS, "explorer-keys")
    page.keyboard.press("Escape")
    explorer.focus()
    for key in ("a", "b", "x", "d", "d", "m", "Escape"):
        page.keyboard.press(key)
    assert page.locator(".jp-Cell").evaluate_all(kinds) == cells


def test_the_page_follows_python(page):
    python(page, CELLS[2])
    explorer = do.the_explorer(page)
    explorer.locator(".wb-line", has_text="(60, 70, 3)").wait_for(timeout=do.SLOW)
    assert rank(explorer, "column").input_value() == "70"
    do.wait_fitted(explorer)


def test_a_long_fit_can_be_stopped_and_the_line_says_where(page):
    python(page, CELLS[3])
    explorer = do.the_explorer(page)
    explorer.locator(".wb-state", has_text=re.compile(r"sweep \d")).wait_for(timeout=do.SLOW)
    explorer.get_by_role("button", name="Stop").click()
    explorer.locator('[data-state="stopped"]').wait_for(timeout=do.SLOW)
    line, converged = python(page, CELLS[4]).rsplit(" ", 1)
    assert re.fullmatch(r"fit = wb.decompose\(x, 'cp', ranks=220, max_sweeps=\d+\)", line)
    assert converged == "False"


def test_what_cannot_be_is_said_in_words(page):
    python(page, "ex.ranks = 4")
    explorer = do.the_explorer(page)
    explorer.locator(".wb-line", has_text="ranks=4)").wait_for(timeout=do.SLOW)
    field = explorer.get_by_label("at most so many parameters")
    field.fill("7")
    field.press("Enter")
    explorer.get_by_role("alert").filter(has_text="CP has at least 1,070 parameters").wait_for(timeout=do.SLOW)
    do.shot(page, SHOTS, "explorer-refusal")
    explorer.focus()
    page.keyboard.press("ArrowRight")
    explorer.get_by_role("alert").wait_for(state="detached", timeout=do.SLOW)


def test_a_slice_can_be_looked_at_in_place_of_the_colours(page):
    explorer = do.the_explorer(page)
    before = explorer.locator(".wb-three img").first.get_attribute("src")
    explorer.get_by_label("how colour is shown").select_option("slice")
    explorer.get_by_label("position along colour").wait_for(timeout=do.SLOW)
    page.wait_for_function(
        "before => document.querySelector('.wb-explorer .wb-three img').src !== before", arg=before, timeout=do.SLOW
    )
    do.shot(page, SHOTS, "explorer-slice")
    explorer.get_by_label("how colour is shown").select_option("colours")


def test_after_a_reload_the_same_state_is_there(page):
    python(page, CELLS[2].replace("ex.", "ex.format = 'tucker'; ex.", 1))
    explorer = do.the_explorer(page)
    do.wait_fitted(explorer)
    error = do.figure(explorer, "error")
    do.save(page)
    page.reload(wait_until="domcontentloaded")
    page.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=do.SLOW)
    explorer = do.the_explorer(page)
    do.wait_fitted(explorer)
    assert rank(explorer, "column").input_value() == "70"
    assert do.figure(explorer, "error") == error
    assert explorer.get_by_role("button", name="undo").is_enabled(), (
        "what was done before the reload can be undone after it"
    )


def test_in_the_dark_theme_it_is_dark_and_in_a_narrow_cell_one_column(page):
    page.get_by_role("menuitem", name="Settings", exact=True).click()
    page.locator(".lm-Menu-itemLabel", has_text=re.compile(r"^Theme$")).hover()
    page.locator(".lm-Menu-itemLabel", has_text="JupyterLab Dark").first.click()
    page.locator('body[data-jp-theme-light="false"]').wait_for(state="attached", timeout=do.SLOW)
    page.keyboard.press("Escape")
    explorer = do.the_explorer(page)
    page.wait_for_timeout(500)
    background = explorer.evaluate("e => getComputedStyle(e).backgroundColor")
    assert max(map(int, re.findall(r"\d+", background)[:3])) < 80
    do.shot(page, SHOTS, "explorer-dark")
    page.set_viewport_size({"width": 820, "height": 1000})
    page.wait_for_timeout(500)
    panel, pictures = (explorer.locator(part).bounding_box() for part in (".wb-panel", ".wb-pictures"))
    assert panel["y"] >= pictures["y"] + pictures["height"] - 1
    do.shot(page, SHOTS, "explorer-narrow")
    page.set_viewport_size({"width": 1400, "height": 1000})


def test_nothing_went_wrong_in_the_page(page):
    assert page.errors == []


def test_without_a_kernel_the_still_picture_is_there(browser, lab, page):
    """A reader's notebook: outputs as they were saved, no cell run, no live widget."""
    address, folder = lab
    source = json.loads((folder / "explorer.ipynb").read_text())
    source["metadata"] = {"kernelspec": {"name": "no-such-kernel", "display_name": "none"}}
    (folder / "explorer_reader.ipynb").write_text(json.dumps(source))
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    reader = context.new_page()
    do.show_notebook(reader, address, "explorer_reader.ipynb")
    reader.locator(".jp-Dialog button", has_text="No Kernel").click(timeout=do.SLOW)
    twin = reader.locator(".wb-static-twin img").first
    twin.scroll_into_view_if_needed(timeout=do.SLOW)
    assert twin.is_visible()
    assert "427" in (twin.get_attribute("alt") or "")
    context.close()
