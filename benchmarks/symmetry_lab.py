"""The symmetry lab redrawn: a diagram switched, other maps chosen

*In Python*: from the page's message to the answer. A diagram switched: until both ways round the square are walked and the numbers are
there. Other maps: n changed by one and back, until the table of what meets in the matrix and the square are there.
*On the screen*, in JupyterLab in headless Chromium: *drawn* is from the key's press to the second frame after it, with cards (or the
map of halves) and the matrix redrawn, which needs no kernel; *answered* to the first frame with the new error in the footer,
through the kernel and back; *other maps* from Enter in the field of n to the first frame with diagrams, matrix and error of the new n.
The targets are 100 ms at 203 diagrams and 1 s at 4,140.
"""

import shutil
import tempfile
import time
from pathlib import Path

from benchmarks._harness import BenchmarkError, Timing, table
from benchmarks.explorer import FLAGS, PATIENCE, _lab, _until
from workbench.symmetry import O, S
from workbench.widgets import SymmetryLab

CASES = {"S(5), 2 → 2": (S(5), 2), "S(8), 3 → 3": (S(8), 3), "O(3), 3 → 3": (O(3), 3), "S(8), 4 → 4": (S(8), 4)}
SWITCH = """(lab) => new Promise((done) => {
  const start = performance.now();
  let drawn = 0;
  const fresh = () => !lab.querySelector('[data-figure="equivariance error"]').hasAttribute("data-stale")
    && lab.querySelector('[data-state="shown"]');
  let gone = false;
  const look = () => {
    gone ||= !fresh();
    if (drawn && gone && fresh()) requestAnimationFrame(() => done([drawn, performance.now() - start]));
    else requestAnimationFrame(look);
  };
  lab.dispatchEvent(new KeyboardEvent("keydown", { key: "x", bubbles: true, cancelable: true }));
  requestAnimationFrame(() => requestAnimationFrame(() => (drawn = performance.now() - start)));
  look();
})"""
CHOOSE = """(lab, n) => new Promise((done) => {
  const field = lab.querySelector('[aria-label="n, the dimension of V"]');
  const fresh = () => !lab.querySelector('[data-figure="equivariance error"]').hasAttribute("data-stale")
    && lab.querySelector('[data-state="shown"]');
  field.focus();
  field.value = n;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  const start = performance.now();
  let gone = false;
  const look = () => {
    gone ||= !fresh();
    if (gone && fresh()) requestAnimationFrame(() => done(performance.now() - start));
    else requestAnimationFrame(look);
  };
  field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }));
  look();
})"""


def run(repeats: int) -> str:
    python = {name: _in_python(group, power, repeats) for name, (group, power) in CASES.items()}
    seen = _in_jupyterlab(repeats)
    cells = []
    for name, (group, power) in CASES.items():
        switched, chosen = python[name]
        size = group.hom(power, power).spanning_size
        cells.append((name, f"{size:,}", str(switched), str(chosen), *map(str, seen[name])))
    titles = ["maps", "diagrams", "switched, Python (ms)", "other maps, Python (ms)"]
    return table([*titles, "drawn (ms)", "answered (ms)", "other maps (ms)"], cells)


def _in_python(group: S | O, power: int, repeats: int) -> tuple[Timing, Timing]:
    lab = SymmetryLab(group, power, power)
    switched, chosen = [], []
    for number in range(repeats + 1):
        switched.append(_message(lab, weights=[[at, 1.0] for at in range(5 + number % 2)]))
        seconds = [
            _message(lab, group={"family": type(group).__name__, "n": n}, weights=None) for n in (group.n - 1, group.n)
        ]
        chosen.append(sum(seconds) / 2)
    lab.close()
    return Timing(tuple(switched[1:])), Timing(tuple(chosen[1:]))


def _message(lab: SymmetryLab, **changes: object) -> float:
    serial = lab.square.get("serial")
    start = time.perf_counter()
    lab.set_state({"spec": {**lab.spec, **changes}, "revision": lab.revision + 1})
    _until(lambda: lab.square.get("serial") != serial and lab.numbers["error"] is not None)
    return time.perf_counter() - start


def _in_jupyterlab(repeats: int) -> dict[str, tuple[Timing, Timing, Timing]]:
    import nbformat
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium")
    if chromium is None:
        raise BenchmarkError("no Chromium on the path; this benchmark needs one")
    sources = ["import workbench as wb\nfrom workbench.symmetry import O, S"]
    sources += [f"wb.SymmetryLab({group!r}, {power}, {power})" for group, power in CASES.values()]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    found = {}
    with (
        tempfile.TemporaryDirectory() as folder,
        _lab(Path(folder), notebook) as address,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        page.goto(f"{address}/lab/tree/explorer.ipynb", wait_until="domcontentloaded")
        page.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=1e3 * PATIENCE)
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_text("Run All Cells", exact=True).click()
        for at, (name, (group, _)) in enumerate(CASES.items()):
            lab = page.locator(".wb-symmetry").nth(at)
            lab.locator('[data-state="shown"]').wait_for(timeout=1e3 * PATIENCE)
            lab.evaluate("e => e.scrollIntoView({ block: 'center' })")
            page.wait_for_timeout(300)
            pairs, chosen = [], []
            for _ in range(repeats + 1):
                pairs.append(lab.evaluate(SWITCH))
                page.wait_for_timeout(60)
            for _ in range(repeats + 1):
                both = [lab.evaluate(CHOOSE, str(n)) for n in (group.n - 1, group.n)]
                chosen.append(sum(both) / 2)
                page.wait_for_timeout(60)
            drawn, answered = zip(*pairs[1:], strict=True)
            seconds = [tuple(each / 1e3 for each in times) for times in (drawn, answered, chosen[1:])]
            found[name] = (Timing(seconds[0]), Timing(seconds[1]), Timing(seconds[2]))
        browser.close()
    return found
