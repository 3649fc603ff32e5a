"""The board of a search in a real JupyterLab: it follows, stops, goes on, survives a reload and a new kernel."""

import re
from pathlib import Path

import pytest

from tests.browser import lab as do

SHOTS = Path(__file__).parent.parent.parent / ".browser"
CELLS = (
    """
import time
import workbench as wb
from workbench.structure import GraphSpace

def loss(net):
    time.sleep(0.02)
    return 1 / net.parameters

space = GraphSpace((3, 4, 5, 3), 6)
options = {"objective": "error", "limit": 900, "budget": 2500, "background": True}
study = wb.search(loss, space, "random", name="watched", storage="watched.log", **options)
study
""",
    "print(study.state, study.evaluations, len(study.trials))",
)


@pytest.fixture(scope="module")
def page(browser, lab):
    """One page with a board; the tests below go on from each other, as a person would."""
    address, folder = lab
    do.write_notebook(folder / "search.ipynb", *CELLS)
    context = browser.new_context(viewport={"width": 1400, "height": 1100})
    page = context.new_page()
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    do.open_notebook(page, address, "search.ipynb")
    do.run_all(page)
    yield page
    context.close()


def evaluated(board) -> int:
    return int(re.match(r"([\d,]+) of", do.figure(board, "evaluated"))[1].replace(",", ""))


def state(board, wanted: str) -> None:
    board.locator(f'.wb-state[data-state="{wanted}"]').wait_for(timeout=do.SLOW)


def test_it_follows_the_search_while_it_runs_and_the_still_picture_hides(page):
    board = do.the_search_board(page)
    state(board, "running")
    board.locator(".wb-structures .wb-best").wait_for(timeout=do.SLOW)
    before = evaluated(board)
    page.wait_for_function(
        "before => Number(document.querySelector('[data-figure=evaluated] b').textContent.split(' ')[0].replace(',', '')) > before",
        arg=before,
        timeout=do.SLOW,
    )
    assert not page.locator(".wb-static-twin").first.is_visible()
    do.shot(page, SHOTS, "search-light")


def test_it_stops_and_goes_on_as_python_does(page):
    board = do.the_search_board(page)
    board.get_by_role("button", name="Stop").click()
    state(board, "stopped")
    told, *found = do.run_cell(page, 1).split()
    assert told == "stopped"
    assert {int(each) for each in found} == {evaluated(board)}
    board.get_by_role("button", name="Continue").click()
    state(board, "running")
    page.wait_for_function(
        "before => Number(document.querySelector('[data-figure=evaluated] b').textContent.split(' ')[0].replace(',', '')) > before",
        arg=int(found[0]),
        timeout=do.SLOW,
    )
    board.get_by_role("button", name="Stop").click()
    state(board, "stopped")


def test_what_is_chosen_and_found_is_there_after_a_reload(page):
    board = do.the_search_board(page)
    board.locator("h4").first.click()
    page.keyboard.press("[")
    board.locator(".wb-drawn:not([data-stale])").wait_for(timeout=do.SLOW)
    board.get_by_text("Chosen: number").wait_for(timeout=do.SLOW)
    line, found = board.locator(".wb-line code").inner_text(), evaluated(board)
    number = re.fullmatch(r"net = study\.candidate\(study\.trials\[(\d+)\]\)\.network", line)[1]
    do.save(page)
    page.reload(wait_until="domcontentloaded")
    board = do.the_search_board(page)
    board.get_by_text(f"Chosen: number {number}").wait_for(timeout=do.SLOW)
    assert board.locator(".wb-line code").inner_text() == line
    assert evaluated(board) == found
    state(board, "stopped")


def test_a_new_kernel_shows_the_same_study_and_goes_on(page):
    board = do.the_search_board(page)
    found = evaluated(board)
    page.get_by_role("menuitem", name="Kernel", exact=True).click()
    page.get_by_text("Restart Kernel and Run All Cells…", exact=True).click()
    page.get_by_role("button", name="Confirm Kernel Restart").click()
    page.locator('.wb-search .wb-state[data-state="running"]').first.wait_for(timeout=do.SLOW)
    board = do.the_search_board(page)
    assert evaluated(board) >= found
    board.get_by_role("button", name="Stop").click()
    state(board, "stopped")
    assert page.errors == []
