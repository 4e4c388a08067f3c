"""Ctrl-C is heard, whoever swallows the exception, and told from the first moment on."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from mlops.core.stop import check, heeded

DEAF = """
import os, signal, sys
from mlops.core.stop import check, heeded

class Deaf:
    def __del__(self):
        os.kill(os.getpid(), signal.{0})

with heeded():
    Deaf()
    print("swallowed")
    check()
"""
IGNORED = """
import os, signal
from mlops.core.stop import check, heeded

with heeded():
    os.kill(os.getpid(), signal.SIGINT)
    check()
"""
# The first of our modules that is read in is where somebody presses Ctrl-C.
EARLY = """
import os, runpy, signal, sys

class Hurry:
    def find_spec(self, name, *_):
        if name == "mlops.core.errors" and self in sys.meta_path:
            sys.meta_path.remove(self)
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Hurry())
sys.argv = ["mlops", "check"]
runpy.run_module("mlops", run_name="__main__")
"""


@pytest.fixture
def python(cli):
    def ended(script: str, **more: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", script]
        return subprocess.run(
            command, env=cli.environment(), capture_output=True, text=True, check=False, **more
        )

    return ended


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_wish_to_stop_that_was_swallowed_is_granted_at_the_next_check(python, name):
    ended = python(DEAF.format(name))
    assert ended.stdout == "swallowed\n"
    assert ended.stderr.count("Traceback") == 1  # not once more, as ignored
    assert "in check" in ended.stderr


def test_ctrl_c_stays_ignored_where_it_was_so_from_the_start(python):
    def ignore() -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    ended = python(IGNORED, preexec_fn=ignore)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_while_the_program_is_read_in_it_is_told_like_any_other(python):
    ended = python(EARLY)
    assert ended.returncode == 130
    assert ended.stderr.startswith("error[interrupted] ")
    assert "Traceback" not in ended.stderr


def test_afterwards_the_process_is_as_it_was():
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    hook = sys.unraisablehook
    with pytest.raises(KeyboardInterrupt), heeded():
        signal.raise_signal(signal.SIGTERM)
    check()
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == handlers
    assert sys.unraisablehook is hook
