"""A model process that was begun before its version was known: taken, or ended."""

from __future__ import annotations

import os
import signal

from mlops.serving import ahead
from tests.serving.process.server import is_alive, until


def test_one_that_nobody_took_is_ended():
    with ahead.begun():
        pid = ahead._begun[0].process.pid
        assert is_alive(pid)
    assert not is_alive(pid)
    assert ahead.taken() is None


def test_one_that_was_taken_is_its_taker_s():
    with ahead.begun():
        child = ahead.taken()
        assert ahead.taken() is None
    assert child.process.poll() is None
    assert child.end().startswith(("ended with exit code 0", "was killed by SIGKILL"))


def test_one_that_died_meanwhile_is_not_taken():
    with ahead.begun():
        process = ahead._begun[0].process
        os.kill(process.pid, signal.SIGKILL)
        until(lambda: process.poll() is not None, "its end")
        assert ahead.taken() is None
