"""The single entry point: words in, one result out, no stack trace for a user's mistake."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

from mlops.core.errors import INTERRUPTED, MlopsError, Problem
from mlops.core.output import output_kept
from mlops.core.record import Result
from mlops.core.stop import heeded

ASKING = frozenset({"--help", "-h", "--version"})

AGAIN = "run the same command again: finished steps are reused"


def main(arguments: list[str] | None = None) -> int:
    """Run one command line.

    Parameters
    ----------
    arguments : list of str or None
        Without the program's name; None takes the process's own.

    Returns
    -------
    int
        Exit code: 0, 2 the user's input, 3 refused, 4 the environment, 5 a bug, 6 a sweep partly
        failed, 130 interrupted.
    """
    # Threads that wait for one another give their core away: on a busy machine boosted trees fit
    # ten times faster so. OpenMP reads this when it is loaded, which is later.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    gc.disable()  # what is imported stays: looking for garbage in it costs a sixth of the start
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in arguments
    arguments = [each for each in arguments if each != "--debug"]
    with heeded():
        return _exit_code(arguments, debug)


def _exit_code(arguments: list[str], debug: bool) -> int:
    try:
        if ASKING.intersection(arguments):
            code = _told(arguments)
        else:
            with output_kept():
                code = _command(arguments).exit_code
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt as error:
        return interrupted(arguments, *getattr(error, "__notes__", ()))
    except MlopsError as error:
        if debug:
            raise
        return _failed(arguments, error)
    except (Exception, SystemExit) as error:  # code of others may want to leave the process
        if debug:
            raise
        return _failed(arguments, _unexpected(error))


def interrupted(arguments: list[str], next_step: str = AGAIN, *_: str) -> int:
    """Say that the command was stopped, and how to go on: whoever was stopped may know better."""
    with _undisturbed():
        return _failed(arguments, _interrupted(next_step))


@contextmanager
def _undisturbed() -> Iterator[None]:
    """The last words are not interrupted; whoever called us may be stopped again afterwards."""
    before = {each: signal.signal(each, signal.SIG_IGN) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)


def _told(arguments: list[str]) -> int:
    """Tell of the command itself: its help, or its version."""
    if "--version" in arguments:
        from importlib.metadata import version

        print(f"mlops {version('mlops')}")
        return 0
    from mlops.flow.help import show_help

    return show_help(arguments)


def run(*words: str) -> Result:
    """Run a command from Python: the same words as on the command line, the same result.

    Parameters
    ----------
    *words : str
        ``run("recipe=credit_scoring", "model=ridge")``; a verb first, as typed.

    Returns
    -------
    Result

    Raises
    ------
    MlopsError
        Where the command line would print errors. A refused gate raises nothing: it is in the
        result.

    Examples
    --------
    >>> result = run("check")
    >>> result.outcome
    'done'
    """
    from mlops.config.catalogue import forget

    forget()  # a notebook's process outlives many edits
    return _command([*words, *([] if any(w.startswith("ui=") for w in words) else ["ui=silent"])])


def _command(arguments: list[str]) -> Result:
    from mlops.config.catalogue import catalogue
    from mlops.config.commandline import understand
    from mlops.flow.dispatch import dispatch

    return dispatch(understand(arguments, catalogue()))


def _failed(arguments: list[str], error: MlopsError) -> int:
    """Show what is wrong the way the user asked for: as text, or as one JSON document."""
    problems = tuple(asdict(problem) for problem in error.problems)
    if "ui=json" in arguments:
        print(Result(outcome="failed", exit_code=error.exit_code, problems=problems).to_json())
    else:
        from mlops.ui.problems import show_problems

        show_problems(error)
    return error.exit_code


def _interrupted(next_step: str) -> MlopsError:
    return MlopsError(
        Problem(
            code="interrupted",
            says="Stopped before the end; what was finished is kept.",
            where="this command",
            found="Ctrl-C or a signal to end",
            accepted="-",
            next_step=next_step,
            exit_code=INTERRUPTED,
        )
    )


def _unexpected(error: BaseException) -> MlopsError:
    from pathlib import Path

    from mlops.flow.fault import fault

    again = "run it again with --debug"
    return MlopsError(fault(error, Path.cwd(), where="this command", again=again))
