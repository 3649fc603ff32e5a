"""What a person does in JupyterLab, as functions on a Playwright page."""

from pathlib import Path

import nbformat
from playwright.sync_api import Locator, Page
from playwright.sync_api import TimeoutError as NotInTime

SLOW = 60_000


def open_notebook(page: Page, address: str, path: str) -> None:
    """Open a notebook in JupyterLab and wait until its kernel is ready."""
    show_notebook(page, address, path)
    # The circle beside the kernel's name is idle before there is a kernel; the bar at the bottom is not.
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=SLOW)


def show_notebook(page: Page, address: str, path: str) -> None:
    """Open a notebook in a workspace of its own, so that no other test's tabs come back with it."""
    page.goto(f"{address}/lab/workspaces/{Path(path).stem}/tree/{path}", wait_until="domcontentloaded")
    page.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=SLOW)


def run_all(page: Page) -> None:
    """Run > Run All Cells, and wait until the kernel rests; a kernel that is just starting may miss the first call."""
    status = '.jp-Notebook-ExecutionIndicator[data-status="{}"]'
    for _ in range(3):
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_text("Run All Cells", exact=True).click()
        try:
            page.locator(status.format("busy")).first.wait_for(timeout=10_000)
            break
        except NotInTime:
            continue
    page.locator(status.format("idle")).first.wait_for(timeout=3 * SLOW)


def save(page: Page) -> None:
    """Ctrl+S, and wait until the tab no longer shows the mark of unsaved changes."""
    page.locator(".jp-Notebook").click(position={"x": 5, "y": 5})
    page.keyboard.press("Control+s")
    page.locator(".jp-mod-current.jp-mod-dirty").wait_for(state="detached", timeout=SLOW)


def the_editor(page: Page) -> Locator:
    """The first network editor on the page, at rest in the middle of the window."""
    return _at_rest(page, page.locator(".wb-editor").first)


def the_explorer(page: Page) -> Locator:
    """The first decomposition explorer on the page, at rest in the middle of the window."""
    return _at_rest(page, page.locator(".wb-explorer").first)


def the_search_board(page: Page) -> Locator:
    """The first board of a search on the page, at rest in the middle of the window."""
    return _at_rest(page, page.locator(".wb-search").first)


def the_symmetry_lab(page: Page) -> Locator:
    """The first symmetry lab on the page, at rest in the middle of the window."""
    return _at_rest(page, page.locator(".wb-symmetry").first)


def _at_rest(page: Page, widget: Locator) -> Locator:
    """Outputs above a widget may still grow."""
    widget.wait_for(timeout=SLOW)
    off = "e => { const box = e.getBoundingClientRect(); return Math.abs(box.top + box.bottom - innerHeight) / 2 }"
    resting = 0
    while resting < 3:
        resting = resting + 1 if widget.evaluate(off) < 200 else 0
        widget.evaluate("e => e.scrollIntoView({ block: 'center' })")
        page.wait_for_timeout(100)
    return widget


def disc(editor: Locator, name: str) -> Locator:
    return editor.locator(f'[data-item="tensor:{name}"]')


def figure(editor: Locator, label: str) -> str:
    """A number of the footer, as text."""
    return editor.locator(f'[data-figure="{label}"] b').inner_text()


def view(editor: Locator, name: str) -> None:
    """Choose Picture, Table or Code."""
    editor.locator(".wb-bar").get_by_text(name, exact=True).click()


def wait_fitted(widget: Locator) -> None:
    """Wait until the footer says that the network drawn was fitted."""
    widget.locator('.wb-footer:has([data-state="fitted"]):has([data-figure="error"]:not([data-stale]))').wait_for(
        timeout=SLOW
    )


def drag_from_rim(page: Page, source: Locator, target: Locator) -> None:
    """Drag from a disc's rim, where no line starts, onto the middle of another."""
    a, b = source.locator(".wb-rim").bounding_box(), target.locator(".wb-rim").bounding_box()
    assert a
    assert b
    ax, ay, radius = a["x"] + a["width"] / 2, a["y"] + a["height"] / 2, a["width"] / 2
    bx, by = b["x"] + b["width"] / 2, b["y"] + b["height"] / 2
    # at right angles to the line between them
    length = ((bx - ax) ** 2 + (by - ay) ** 2) ** 0.5
    out_x, out_y = -(by - ay) / length, (bx - ax) / length
    page.mouse.move(ax + out_x * (radius - 1), ay + out_y * (radius - 1))
    page.mouse.down()
    page.mouse.move(ax + out_x * radius * 2, ay + out_y * radius * 2, steps=4)
    page.mouse.move(bx, by, steps=12)
    page.mouse.up()


def shot(page: Page, folder: Path, name: str) -> None:
    """A screenshot to look at."""
    folder.mkdir(exist_ok=True)
    page.screenshot(path=folder / f"{name}.png")


def run_cell(page: Page, number: int) -> str:
    """Run one cell of a short notebook again and give its text output."""
    cell = page.locator(".jp-Notebook .jp-CodeCell").nth(number)
    cell.locator(".jp-InputArea-editor").click()
    page.keyboard.press("Control+Enter")
    cell.locator(".jp-InputPrompt", has_text="*").wait_for(state="detached", timeout=SLOW)
    page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').first.wait_for(timeout=SLOW)
    outputs = cell.locator(".jp-OutputArea-output")
    return outputs.last.inner_text().strip() if outputs.count() else ""


def write_notebook(path: Path, *sources: str) -> None:
    """A notebook of code cells that were not run."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(notebook, path)
