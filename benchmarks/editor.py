"""Dragging a disc in the network editor, in headless Chromium

A hundred tensors on a grid and two hundred bonds; the disc in the middle is dragged in circles for three seconds. A frame is
the time between two animation frames of the page, which the browser holds at 60 a second. *First picture* is the time from
`render` to the first frame after it. The page holds the widget alone, as JupyterLab's cell would.
"""

import json
import math
import shutil
import statistics
from pathlib import Path

from benchmarks._harness import BenchmarkError, table
from workbench.network import Network
from workbench.widgets import NetworkEditor

BUNDLE = Path(__file__).parent.parent / "workbench" / "widgets" / "static" / "editor.js"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
SECONDS = 3
HOST = """async ([bundle, traits]) => {
  const listeners = {};
  const model = {
    get: (name) => traits[name],
    set: (name, value) => { traits[name] = value; (listeners["change:" + name] ?? []).forEach((call) => call()); },
    save_changes: () => {},
    on: (event, call) => { (listeners[event] ??= []).push(call); },
    off: () => {},
  };
  const module = await import(URL.createObjectURL(new Blob([bundle], { type: "text/javascript" })));
  const el = document.getElementById("cell");
  const start = performance.now();
  module.default.render({ model, el });
  return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - start))));
}"""
WATCH = """() => {
  window.frames_ = []; let last = performance.now();
  const tick = (now) => { window.frames_.push(now - last); last = now; window.going_ && requestAnimationFrame(tick); };
  window.going_ = true; requestAnimationFrame(tick);
}"""


def run(repeats: int) -> str:
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium")
    if chromium is None:
        raise BenchmarkError("no Chromium on the path; this benchmark needs one")
    net = grid(10)
    editor = NetworkEditor(net)
    traits = {name: getattr(editor, name) for name in ("spec", "revision", "numbers", "code", "view")}
    traits |= {"issues": [], "preview": {}, "shape": []}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        rows = [_one(browser, json.loads(json.dumps(traits))) for _ in range(repeats)]
        browser.close()
    bonds = len(net.bonds)
    fps, median, slow, first = (statistics.median(row[k] for row in rows) for k in range(4))
    header = ["network", "frames a second", "median frame", "95 % of frames within", "first picture"]
    return table(
        header,
        [
            (
                f"{len(net.tensors)} tensors, {bonds} bonds",
                f"{fps:.1f}",
                f"{median:.1f} ms",
                f"{slow:.1f} ms",
                f"{first:.0f} ms",
            )
        ],
    )


def grid(side: int) -> Network:
    """A square grid with every ninth or so bond doubled, until there are two bonds a tensor."""
    net = Network()
    for k in range(side * side):
        net = net.add(f"T{k}", ())
    pairs = [(k, k + 1) for k in range(side * side) if (k + 1) % side] + [
        (k, k + side) for k in range(side * (side - 1))
    ]
    for k, (a, b) in enumerate([*pairs, *pairs[::9]][: 2 * side * side]):
        net = net.connect(f"T{a}", f"T{b}", size=2 + k % 7, index=f"b{k}")
    return net


def _one(browser: object, traits: dict[str, object]) -> tuple[float, float, float, float]:
    page = browser.new_page(viewport={"width": 1200, "height": 800})
    page.set_content('<div id="cell" style="width: 1120px"></div>')
    first = page.evaluate(HOST, [BUNDLE.read_text(encoding="utf-8"), traits])
    page.wait_for_timeout(500)
    box = page.locator('[data-item="tensor:T44"] .wb-body').bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    before = page.locator('[data-item="tensor:T44"]').get_attribute("transform")
    page.mouse.move(x, y)
    page.mouse.down()
    page.evaluate(WATCH)
    for step in range(SECONDS * 120):
        turn = step / 20
        page.mouse.move(x + 60 * math.sin(turn), y + 40 * math.sin(2 * turn))
    frames = page.evaluate("() => { window.going_ = false; return window.frames_.slice(2) }")
    if page.locator('[data-item="tensor:T44"]').get_attribute("transform") == before:
        raise BenchmarkError("the disc did not move, so nothing was measured")
    page.mouse.up()
    page.close()
    frames.sort()
    return 1000 * len(frames) / sum(frames), frames[len(frames) // 2], frames[int(0.95 * len(frames))], first
