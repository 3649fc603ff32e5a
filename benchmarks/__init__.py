"""Side-by-side measurements: `python -m benchmarks NAME` writes `benchmarks/results/NAME.md`.

Every public module of this package is a benchmark: a docstring that says what is compared and on what terms, and a
function `run(repeats: int) -> str` that returns a table in Markdown. To add one, add a file.
"""
