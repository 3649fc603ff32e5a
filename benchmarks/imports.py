"""What `import workbench` adds to `import torch`

In fresh interpreters, one after the other, in turn; the time is the process's own, from its start to its end. Times in
milliseconds.
"""

import subprocess
import sys
from functools import partial

from benchmarks._harness import measure, table

STATEMENTS = {
    "torch": "import torch",
    "torch, workbench": "import torch, workbench",
    "and the first use of `workbench.Network`": "import torch, workbench; workbench.Network",
    "or of `workbench.decompose`": "import torch, workbench; workbench.decompose",
    "or of `workbench.NetworkEditor`": "import torch, workbench; workbench.NetworkEditor",
}


def run(repeats: int) -> str:
    timings = measure({name: partial(_run, code) for name, code in STATEMENTS.items()}, repeats)
    base = timings["torch"].median
    rows = [(name, timing, f"{1e3 * (timing.median - base):+.0f}") for name, timing in timings.items()]
    return table(["imported", "time", "beyond torch"], rows)


def _run(code: str) -> None:
    subprocess.run([sys.executable, "-c", code], check=True)  # noqa: S603 - our own interpreter, our own text
