"""Time that others take is left out, by what the kernel says of this process."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from samovar.core.own_time import OwnTime, Spent, by_itself

SPIN = "while True: pass"


def test_half_of_the_processor_is_half_of_the_time() -> None:
    assert by_itself(10.0, Spent(5.0, 5.0), cores=2) == 5.0
    assert by_itself(10.0, Spent(20.0, 0.0), cores=2) == 10.0, "two threads, both always running"
    assert by_itself(10.0, Spent(2.0, 18.0), cores=2) == 1.0, "two threads beside others"


def test_threads_that_wait_for_each_other_are_not_hindered() -> None:
    assert by_itself(10.0, Spent(20.0, 60.0), cores=2) == 10.0, "eight threads on two processors"


def test_without_the_kernel_s_word_all_time_counts() -> None:
    assert by_itself(3.0, Spent(0.0, 0.0), cores=2) == 3.0


@pytest.mark.skipif(not Path("/proc/self/schedstat").exists(), reason="the kernel does not count")
def test_a_process_beside_another_counts_what_it_ran() -> None:
    """Both on one processor: what is counted is what the kernel says that this thread ran, of twice that time or so."""
    rival = subprocess.Popen([sys.executable, "-c", SPIN])
    allowed = os.sched_getaffinity(0)
    core = {min(allowed)}
    counted: list[tuple[float, float, float]] = []

    def work() -> None:
        os.sched_setaffinity(0, core)  # of this thread
        began, ran = time.perf_counter(), time.thread_time()
        watch = OwnTime()
        while time.thread_time() - ran < 0.3:
            sum(range(1000))
        counted.append((watch.seconds(), time.thread_time() - ran, time.perf_counter() - began))

    try:
        os.sched_setaffinity(rival.pid, core)
        worker = threading.Thread(target=work)
        worker.start()
        worker.join()
    finally:
        rival.kill()
        rival.wait()
    (own, ran, passed), *_ = counted
    assert own == pytest.approx(ran, rel=0.2)
    assert own < 0.8 * passed
