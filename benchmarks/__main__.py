"""`python -m benchmarks NAME [--repeats N]`."""

import argparse
import os
import sys

THREADS = "2"
for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(variable, THREADS)  # read when numpy and torch are loaded, so before anything else


def main(arguments: list[str]) -> int:
    from benchmarks import _harness

    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure, and write the table.")
    parser.add_argument("name", help=f"one of: {', '.join(_harness.names())}")
    parser.add_argument("--repeats", type=int, default=7, help="measurements of each candidate (7)")
    options = parser.parse_args(arguments)
    try:
        path = _harness.record(options.name, options.repeats)
    except _harness.BenchmarkError as error:
        print(error, file=sys.stderr)
        return 2
    print(path.read_text())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
