"""Background work of which the newest request counts."""

import threading
import time

import pytest

from workbench.widgets._newest import Newest


@pytest.fixture
def gate():
    """Work that waits for a permit, and records what it saw."""

    class Gate:
        def __init__(self) -> None:
            self.open = threading.Event()
            self.started: list[int] = []
            self.stale: list[int] = []
            self.reported: list[tuple[int, int]] = []
            self.newest = Newest(self.work, lambda job, result: self.reported.append((job, result)))

        def work(self, job, wanted):
            self.started.append(job)
            while not self.open.wait(0.005):
                if not wanted():
                    self.stale.append(job)
                    return -1
            return job * job

    made = Gate()
    yield made
    made.open.set()
    made.newest.close()


def eventually(condition) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_the_newest_job_wins_and_the_stale_one_is_told(gate):
    gate.newest.ask(2)
    eventually(lambda: gate.started == [2])
    gate.newest.ask(3)
    gate.newest.ask(4)
    eventually(lambda: gate.started[-1] == 4)
    gate.open.set()
    assert gate.newest.wait() == 16
    assert gate.stale[0] == 2
    assert gate.reported == [(4, 16)]


def test_asking_for_what_is_done_does_nothing(gate):
    gate.open.set()
    gate.newest.ask(3)
    assert gate.newest.wait() == 9
    gate.newest.ask(3)
    assert gate.newest.wait() == 9
    assert gate.started == [3]
    assert gate.newest.ready(3) == 9
    assert gate.newest.ready(4) is None


def test_nothing_asked_for_is_nothing_to_wait_for(gate):
    assert gate.newest.wait() is None
    gate.newest.ask(2)
    gate.newest.ask(None)
    assert gate.newest.wait() is None


def test_close_stops_the_work_and_those_who_wait(gate):
    gate.newest.ask(2)
    eventually(lambda: gate.started == [2])
    found = []
    waiter = threading.Thread(target=lambda: found.append(gate.newest.wait()))
    waiter.start()
    gate.newest.close()
    waiter.join(10)
    assert found == [None]
    assert gate.reported == []


def test_the_report_comes_before_those_who_wait_go_on():
    seen = []
    slow = Newest(lambda job, wanted: job, lambda job, result: (time.sleep(0.05), seen.append(result)))
    slow.ask(7)
    assert slow.wait() == 7
    assert seen == [7]
    slow.close()


def test_an_idle_thread_ends_and_the_next_request_starts_another(monkeypatch):
    monkeypatch.setattr("workbench.widgets._newest.PATIENCE", 0.02)
    work = Newest(lambda job, wanted: -job, lambda job, result: None)
    work.ask(1)
    assert work.wait() == -1
    eventually(lambda: work._thread is None)
    work.ask(2)
    assert work.wait() == -2
    work.close()
