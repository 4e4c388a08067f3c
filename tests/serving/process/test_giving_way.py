"""What waits for gaps, and what does not."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest

from mlops.serving.giving_way import in_gaps
from tests.serving.process.server import until

linux = pytest.mark.skipif(not hasattr(os, "SCHED_IDLE"), reason="single threads: Linux only")


@linux
def test_only_the_thread_that_does_the_work_waits_for_gaps():
    assert in_gaps(lambda: os.sched_getscheduler(0)) == os.SCHED_IDLE
    assert os.sched_getscheduler(0) == os.SCHED_OTHER


def test_what_the_work_raises_is_raised():
    def broken():
        raise EOFError("over")

    with pytest.raises(EOFError, match="over"):
        in_gaps(broken)


@linux
def test_a_version_that_was_loaded_in_gaps_answers_like_any_other(serve):
    server = serve()
    server.promote(2)
    server.serves(2)
    until(lambda: len(server.children("mlops.serving.model_process")) == 1, "the old one is gone")
    (pid,) = server.children("mlops.serving.model_process")
    # Callers wait in its threads, and whoever lets them in: none of them waits for gaps.
    until(lambda: set(scheduled(pid).values()) == {os.SCHED_OTHER}, lambda: f"{scheduled(pid)}")
    assert len(scheduled(pid)) > 1
    assert os.getsid(pid) == os.getsid(server.process.pid)


def scheduled(pid):
    """How each thread of a process is, by name and number."""
    found = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it ended just now
            how = os.sched_getscheduler(int(task.name))
            found[(task / "comm").read_text().strip(), task.name] = how
    return found
