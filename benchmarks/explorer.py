"""A rank moved in the decomposition explorer, until its numbers are there

A photograph, 427 x 640 x 3 in single precision; the first rank of each format goes up by one, as a held key or a slow drag does.
*Numbers* is the time from the page's message to the error of the new state, as Python has it; *picture* to the approximation's
picture; what the numbers are is said beside them, the fit that replaces them is not waited for. *On the screen* is measured in
JupyterLab in headless Chromium: from the key's press to the first frame after the footer shows the error of the new state,
through the kernel and back. The landscape has been drawn before, as it is seconds after the explorer appears.
"""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from benchmarks._harness import BenchmarkError, Timing, table
from workbench.data import image
from workbench.widgets import DecompositionExplorer

FORMATS = ("tucker", "tensor_train", "hierarchical_tucker", "tensor_ring", "cp")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
PATIENCE = 120.0
WATCH = """(explorer) => new Promise((done) => {
  const error = explorer.querySelector('[data-figure="error"]');
  const start = performance.now();
  let gone = false;
  const look = () => {
    const shown = !error.hasAttribute("data-stale") && error.querySelector("b").textContent !== "–";
    gone ||= !shown;
    if (gone && shown) requestAnimationFrame(() => done(performance.now() - start));
    else requestAnimationFrame(look);
  };
  explorer.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true, cancelable: true }));
  look();
})"""


def run(repeats: int) -> str:
    explorer = DecompositionExplorer(image("china"))
    rows = {}
    for key in FORMATS:
        explorer.format = key
        first = explorer.ranks
        explorer.set_state({"wish": {"op": "watch", "serial": key}})
        _until(lambda key=key: explorer.fronts.get(key, {}).get("done"))
        moves = [_move(explorer) for _ in range(repeats + 1)][1:]
        sources = sorted({source for _, _, source in moves})
        rows[key] = (explorer, first, Timing(tuple(m[0] for m in moves)), Timing(tuple(m[1] for m in moves)), sources)
    explorer.close()
    seen = _in_jupyterlab(repeats)
    cells = [
        (key, " × ".join(map(str, first)), str(numbers), ", ".join(sources), str(picture), str(seen[key]))
        for key, (_, first, numbers, picture, sources) in rows.items()
    ]
    return table(["format", "ranks", "numbers (ms)", "which are", "picture (ms)", "on the screen (ms)"], cells)


def _move(explorer: DecompositionExplorer) -> tuple[float, float, str]:
    """One message of the page's; seconds to the numbers, to the picture, and what the numbers are."""
    ranks = [explorer.ranks[0] + 1, *explorer.ranks[1:]]
    spec = {"format": explorer.format, "ranks": ranks, "gesture": "benchmark"}
    revision = explorer.revision + 1
    start = time.perf_counter()
    explorer.set_state({"spec": spec, "revision": revision})
    _until(lambda: explorer.numbers["revision"] == revision and explorer.numbers["error"] is not None)
    numbers, source = time.perf_counter() - start, explorer.numbers["source"]
    _until(lambda: explorer.preview.get("revision") == revision)
    picture = time.perf_counter() - start
    _ = explorer.fit  # the next move is not slowed down by this one's fit
    return numbers, picture, source


def _until(condition: object) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():  # type: ignore[operator]
        if time.monotonic() > end:
            raise BenchmarkError(f"nothing happened for {PATIENCE:.0f} seconds")
        time.sleep(0.0002)


# ---- through JupyterLab ----------------------------------------------------------------------------------------------


def _in_jupyterlab(repeats: int) -> dict[str, Timing]:
    import nbformat
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium")
    if chromium is None:
        raise BenchmarkError("no Chromium on the path; this benchmark needs one")
    source = 'import workbench as wb\nex = wb.explore(wb.data.image("china"))\nex'
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
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
        explorer = page.locator(".wb-explorer").first
        explorer.wait_for(timeout=1e3 * PATIENCE)
        found = {}
        for key in FORMATS:
            explorer.locator(f'.wb-choices [data-value="{key}"]').click()
            _wait(explorer, f"'{key}'")
            explorer.locator("section[aria-label=landscape] .wb-note", has_text=r"search").or_(
                explorer.locator("section[aria-label=landscape] .wb-note", has_text="closed form")
            ).first.wait_for(timeout=1e3 * PATIENCE)
            explorer.locator("section[aria-label=landscape] .wb-note", has_text="searching").wait_for(
                state="detached", timeout=1e3 * PATIENCE
            )
            times = []
            for _ in range(repeats + 1):
                times.append(explorer.evaluate(WATCH) / 1e3)
                _wait(explorer, f"'{key}'")
            found[key] = Timing(tuple(times[1:]))
        browser.close()
    return found


def _wait(explorer: object, line: str) -> None:
    """Until the fit of the state with this in its line is done."""
    explorer.locator(".wb-line", has_text=line).wait_for(timeout=1e3 * PATIENCE)  # type: ignore[attr-defined]
    fitted = '.wb-footer:has([data-state="fitted"]):has([data-figure="error"]:not([data-stale]))'
    explorer.locator(fitted).wait_for(timeout=1e3 * PATIENCE)  # type: ignore[attr-defined]


@contextlib.contextmanager
def _lab(folder: Path, notebook: object) -> Iterator[str]:
    """A JupyterLab of an empty home that serves one notebook."""
    import nbformat

    (folder / "home").mkdir()
    (folder / "work").mkdir()
    nbformat.write(notebook, folder / "work" / "explorer.ipynb")
    settings = folder / "home" / ".jupyter/lab/user-settings/@jupyterlab/apputils-extension"
    settings.mkdir(parents=True)
    off = {"fetchNews": "false", "checkForUpdates": False}
    (settings / "notification.jupyterlab-settings").write_text(json.dumps(off))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(  # noqa: S603 -- our own command line
        [
            *(sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root", f"--port={port}"),
            *("--ServerApp.port_retries=0", "--IdentityProvider.token=", "--ServerApp.password="),
            *("--ServerApp.disable_check_xsrf=True", f"--ServerApp.root_dir={folder / 'work'}"),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "HOME": str(folder / "home"), "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    address = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        try:
            urllib.request.urlopen(address + "/api", timeout=2).close()  # noqa: S310 -- our own server
        except OSError:
            return False
        return True

    try:
        _until(answers)
        yield address
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
