"""Re-execute notebooks and write them back normalised: `make notebooks`, or with ARGS="notebooks/00_tour.ipynb".

Outputs are kept, since they are compared; widget state, timings, kernel versions and random cell ids are not.
"""

import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).parent.parent
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def normalised(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The notebook without what differs from one execution to the next."""
    notebook.metadata = nbformat.from_dict({"kernelspec": KERNEL, "language_info": {"name": "python"}})
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number:02d}"
        cell.metadata = nbformat.from_dict({k: v for k, v in cell.metadata.items() if k == "tags"})
        for output in cell.get("outputs", []):
            output.pop("metadata", None) if output.output_type == "stream" else output.update(metadata={})
            # The view needs a live model; the picture beside it is what a reader without a kernel sees.
            output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)
    return notebook


def renew(path: Path) -> None:
    """Execute one notebook from its own folder and write it back."""
    notebook = nbformat.read(path, as_version=4)
    started = time.perf_counter()
    client = NotebookClient(
        notebook,
        timeout=120,
        kernel_name="python3",
        store_widget_state=False,
        resources={"metadata": {"path": path.parent}},
    )
    client.execute()
    nbformat.write(normalised(notebook), path)
    kilobytes = path.stat().st_size / 1000
    print(f"{path.relative_to(ROOT)}: {time.perf_counter() - started:.1f} s, {kilobytes:.0f} kB")


if __name__ == "__main__":
    for path in map(Path, sys.argv[1:] or sorted((ROOT / "notebooks").glob("*.ipynb"))):
        renew(path.resolve())
