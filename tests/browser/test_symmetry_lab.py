"""The symmetry lab in a real JupyterLab: diagrams switched and weighed, the matrix read and broken, the square turned, thousands, dark."""

import re
from pathlib import Path

import pytest

from tests.browser import lab as do

SHOTS = Path(__file__).parent.parent.parent / ".browser"
CELLS = (
    "import workbench as wb\nfrom workbench.symmetry import *\nlab = wb.SymmetryLab(S(5), 2, 2, weights={0: 0.8, 7: 1.0})\nlab",
    "print(lab.hom.group, len(lab.weights), lab.weights.get(8), lab.error < 1e-12)",
)


@pytest.fixture(scope="module")
def page(browser, lab):
    """One page with a lab; the tests below go on from each other, as a person would."""
    address, folder = lab
    do.write_notebook(folder / "symmetry_lab.ipynb", *CELLS)
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    page = context.new_page()
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    do.open_notebook(page, address, "symmetry_lab.ipynb")
    do.run_all(page)
    yield page
    context.close()


def shown(widget) -> None:
    """Wait until the numbers are those of what is on the page."""
    widget.locator('[data-state="shown"]').wait_for(timeout=do.SLOW)


def ink(widget, selector: str) -> int:
    """How many pixels of a canvas have a colour that can be seen."""
    count = """canvas => [...canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data]
        .filter((value, k) => k % 4 === 3 && value > 30).length"""
    return widget.locator(selector).first.evaluate(count)


def python(page) -> str:
    return do.run_cell(page, 1)


def test_it_shows_diagrams_matrix_square_and_numbers(page):
    widget = do.the_symmetry_lab(page)
    shown(widget)
    assert widget.locator(".wb-diagrams .wb-card").count() == 15
    assert do.figure(widget, "dimension") == "15"
    assert do.figure(widget, "complete") == "2 of 15"
    assert widget.locator(".wb-corner").count() == 4
    assert 0 < ink(widget, ".wb-entrymap canvas") < 625
    assert not page.locator(".wb-static-twin").first.is_visible()
    do.shot(page, SHOTS, "symmetry-light")


def test_a_diagram_switched_on_and_dragged_is_what_python_holds(page):
    widget = do.the_symmetry_lab(page)
    before = ink(widget, ".wb-entrymap canvas")
    widget.locator('.wb-card[data-at="8"]').click()
    shown(widget)
    assert ink(widget, ".wb-entrymap canvas") > before
    box = widget.get_by_label("weight of diagram 8", exact=True).bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.75, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + 10, steps=10)
    page.mouse.up()
    shown(widget)
    weight = widget.locator('.wb-card[data-at="8"] .wb-weight').inner_text().replace("−", "-")
    assert -1 < float(weight) < -0.5
    group, on, told, sound = python(page).split()
    assert (group, on, sound) == ("S(5)", "3", "True")
    assert float(told) == pytest.approx(float(weight), abs=0.01)
    widget = do.the_symmetry_lab(page)
    widget.get_by_role("button", name="undo").click()
    widget.locator('.wb-card[data-at="8"] .wb-weight', has_text="1.0").wait_for(timeout=do.SLOW)


def test_an_entry_tells_which_diagrams_meet_there(page):
    widget = do.the_symmetry_lab(page)
    box = widget.locator(".wb-entrymap").bounding_box()
    page.mouse.move(box["x"] + 2, box["y"] + 2)
    widget.locator(".wb-entry", has_text="2.8 at row 1 1, column 1 1").wait_for(timeout=do.SLOW)
    assert widget.locator(".wb-meets").count() == 15
    page.mouse.move(box["x"] + 0.7 * box["width"], box["y"] + 2)
    widget.locator(".wb-entry", has_text="row 1 1, column 4").wait_for(timeout=do.SLOW)
    assert widget.locator(".wb-meets").count() < 15


def test_a_broken_entry_shows_and_is_repaired(page):
    widget = do.the_symmetry_lab(page)
    widget.get_by_role("button", name="break an entry").click()
    widget.locator(".wb-unlike").wait_for(timeout=do.SLOW)
    assert float(do.figure(widget, "equivariance error")) > 1e-3
    assert widget.locator(".wb-corner").count() == 5
    widget.get_by_role("button", name="repair").click()
    widget.locator(".wb-same").wait_for(timeout=do.SLOW)


def test_the_element_is_stepped_and_the_picture_keeps_its_shape(page):
    widget = do.the_symmetry_lab(page)
    widget.get_by_role("button", name="identity").click()
    widget.locator(".wb-said", has_text="the identity").wait_for(timeout=do.SLOW)
    widget.get_by_role("button", name="then (1 2)", exact=True).click()
    widget.locator(".wb-said", has_text=re.compile(r"^\(1 2\)$")).wait_for(timeout=do.SLOW)
    names = widget.locator(".wb-corner").nth(2).locator(".wb-name-of").all_text_contents()
    assert names == ["2", "1", "3", "4", "5"]
    shapes = [
        [edge.get_attribute("d") for edge in widget.locator(".wb-corner").nth(at).locator(".wb-edge").all()]
        for at in (0, 2)
    ]
    assert shapes[0] == shapes[1]


def test_diagrams_compose_and_the_matrices_agree(page):
    widget = do.the_symmetry_lab(page)
    do.view(widget, "Compose")
    widget.get_by_role("button", name=re.compile("^first: diagram 14")).click()
    widget.get_by_role("button", name=re.compile("^then: diagram 14")).click()
    widget.locator(".wb-term", has_text="25 ·").wait_for(timeout=do.SLOW)
    assert "exactly" in widget.locator(".wb-result").inner_text()
    do.shot(page, SHOTS, "symmetry-compose")


def test_two_hundred_elements_are_checked(page):
    widget = do.the_symmetry_lab(page)
    do.view(widget, "Check")
    widget.locator(".wb-verdicts", has_text="Rounding").wait_for(timeout=do.SLOW)
    assert widget.locator(".wb-errors .wb-double").count() == 200
    assert widget.locator(".wb-reach").inner_text().startswith("3 of 15")
    do.view(widget, "Code")
    widget.locator(".wb-code pre", has_text="hom = S(5).hom(2, 2)").wait_for(timeout=do.SLOW)
    do.view(widget, "Diagrams")


def test_other_groups_are_chosen_and_turned(page):
    widget = do.the_symmetry_lab(page)
    widget.get_by_label("group", exact=True).select_option("SO")
    field = widget.get_by_label("n, the dimension of V")
    field.fill("2")
    field.press("Enter")
    for which in ("from which power of V", "to which power of V"):
        widget.get_by_label(which).select_option("0")
    widget.locator(".wb-formula", has_text="y").wait_for(timeout=do.SLOW)
    widget.locator(".wb-spot").first.wait_for(timeout=do.SLOW)
    slider = widget.get_by_label("turn 1–2")
    slider.press("End")
    widget.locator(".wb-said", has_text="180°").wait_for(timeout=do.SLOW)
    box = widget.locator(".wb-turns").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x + 50, y)
    page.mouse.down()
    page.mouse.move(x, y - 50, steps=8)
    page.mouse.up()
    widget.locator(".wb-said", has_text=re.compile("−(89|90|91)°")).wait_for(timeout=do.SLOW)
    shown(widget)
    assert python(page).split()[0] == "SO(2)"
    widget = do.the_symmetry_lab(page)
    widget.get_by_label("group", exact=True).select_option("C")
    widget.locator(".wb-diagrams h4", has_text="2 orbits").wait_for(timeout=do.SLOW)
    widget.locator(".wb-orbit").wait_for(timeout=do.SLOW)


def test_thousands_of_diagrams_are_drawn_by_their_halves(page):
    widget = do.the_symmetry_lab(page)
    widget.get_by_label("group", exact=True).select_option("S")
    field = widget.get_by_label("n, the dimension of V")
    field.fill("8")
    field.press("Enter")
    for which in ("from which power of V", "to which power of V"):
        widget.get_by_label(which).select_option("0,0,0,0")
    widget.locator(".wb-diagrams h4", has_text="4,140 diagrams").wait_for(timeout=do.SLOW)
    shown(widget)
    assert widget.locator("*").count() < 900
    widget.locator(".wb-blocks button").first.click()
    widget.locator('[data-figure="learnable here"]', has_text=re.compile("2[4-9]")).wait_for(timeout=do.SLOW)
    shown(widget)
    do.shot(page, SHOTS, "symmetry-thousands")


def test_too_much_is_refused_in_place_and_nothing_is_lost(page):
    widget = do.the_symmetry_lab(page)
    field = widget.get_by_label("n, the dimension of V")
    field.fill("20")
    field.press("Enter")
    widget.locator("[role=alert]", has_text="make n smaller").wait_for(timeout=do.SLOW)
    assert field.input_value() == "8"
    assert widget.locator(".wb-diagrams h4", has_text="4,140 diagrams").count() == 1
    assert page.errors == []
