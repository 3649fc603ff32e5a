"""The harness, on candidates whose answer is known; no benchmark's speed is asserted here."""

import re

import pytest

from benchmarks import _harness
from benchmarks.__main__ import main
from benchmarks._harness import BenchmarkError, Timing, measure, ratio, record, table


def test_candidates_take_turns_after_a_warm_up():
    order = []
    timings = measure({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, repeats=3)
    assert "".join(order) == "ab" + "ababab"
    assert {name: len(timing.seconds) for name, timing in timings.items()} == {"a": 3, "b": 3}
    assert all(second >= 0 for timing in timings.values() for second in timing.seconds)


def test_timings_are_told_as_medians_and_quartiles_in_milliseconds():
    timing = Timing((0.5, 0.001, 0.002, 0.003, 0.004))
    assert timing.median == 0.003
    assert timing.quartiles == (0.002, 0.004)
    assert str(timing) == "3 (2–4)"
    assert ratio(timing, Timing((0.0005,))) == "6×"
    assert str(Timing((0.25,))) == "250 (250–250)"


def test_measuring_nothing_is_refused():
    with pytest.raises(BenchmarkError, match="repeats is 0"):
        measure({}, 0)
    with pytest.raises(BenchmarkError, match="a row has 1 cells"):
        table(["a", "b"], [["1"]])


def test_a_benchmark_is_a_module_with_a_docstring_and_run(tmp_path, monkeypatch):
    module = type(
        "trivial", (), {"__doc__": "One and one\n\nNothing is compared.", "run": staticmethod(lambda n: f"| {n} |")}
    )
    monkeypatch.setattr(_harness, "names", lambda: ["trivial"])
    monkeypatch.setattr(_harness.importlib, "import_module", {"benchmarks.trivial": module}.__getitem__)
    text = record("trivial", 3, tmp_path).read_text()
    assert text.startswith("# One and one\n\nNothing is compared.\n\nMedians of 3 runs each")
    assert "| 3 |" in text
    assert re.search(r"\d+ cores, \d+ threads; .*torch \d", text)
    assert text.endswith("`python -m benchmarks trivial --repeats 3`\n")


def test_every_benchmark_has_a_title_and_can_be_run():
    assert {"decompose", "imports"} <= set(_harness.names())
    for name in _harness.names():
        module = __import__(f"benchmarks.{name}", fromlist=["run"])
        assert module.__doc__
        assert callable(module.run)


def test_an_unknown_name_is_refused_with_the_nearest(capsys):
    assert main(["decompos"]) == 2
    assert "there is no benchmark 'decompos'; did you mean 'decompose'?" in capsys.readouterr().err


def test_tables_tell_nothing_about_who_measured():
    for path in _harness.RESULTS.glob("*.md"):
        text = path.read_text()
        assert "/home" not in text
        assert "/work" not in text
        assert _harness.platform.node() not in text or not _harness.platform.node()
