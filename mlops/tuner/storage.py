"""Where studies are kept: a journal file that one driver writes, or a database that many share."""

from __future__ import annotations

import contextlib
import itertools
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mlops.core.errors import ENVIRONMENT, fail
from mlops.core.secret import Secret
from mlops.tuner.address import address, is_sqlite
from mlops.tuner.agreement import AGREED

HEARTBEAT_S, GRACE_S = 10, 40
CREATE_TRIES, CREATE_PAUSE_S = 5, 0.5


def database(storage: str | Secret, again: Any) -> Any:
    """Optuna's storage at an address, whose drivers notice one another's death.

    Parameters
    ----------
    storage : str or Secret
    again : callable
        Takes a study and a trial whose driver has died.

    Raises
    ------
    MlopsError
        It cannot be reached (4), is locked (4), or is of another version (4).
    """
    from optuna.storages import RDBStorage

    options = {"connect_args": {"timeout": 3}} if is_sqlite(storage) else {}
    for tries_left in reversed(range(CREATE_TRIES)):
        try:
            return RDBStorage(
                address(storage),
                engine_kwargs=options,
                heartbeat_interval=HEARTBEAT_S,
                grace_period=GRACE_S,
                heartbeat_stale_trial_callback=again,
            )
        except Exception as error:
            if not tries_left or not _may_be_in_the_making(error):
                raise
            time.sleep(CREATE_PAUSE_S)
    raise AssertionError("unreachable")


def _may_be_in_the_making(error: Exception) -> bool:
    """Whether another driver may be creating the tables at this moment."""
    names = ("IntegrityError", "ProgrammingError", "InternalError", "AssertionError")
    return type(error).__name__ in names or "no longer compatible" in str(error)


def journal(path: Path) -> Any:
    """Optuna's storage in a file, of which a torn end and forgotten locks are taken away.

    Only for who has locked the study.

    Raises
    ------
    MlopsError
        The file holds something else, or was written by a newer release.
    """
    from mlops.tuner.journal_file import Journal

    for left in path.parent.glob(f"{path.name}.lock*"):
        left.unlink(missing_ok=True)
    try:
        _mend(path)
        return Journal(path)
    except (ValueError, KeyError, TypeError, AssertionError, NotImplementedError) as error:
        raise fail(
            "study-unreadable",
            "The study's file cannot be read.",
            where=str(path),
            found=f"{type(error).__name__}: {error}"[:200],
            accepted="a journal of this release of Optuna, or an older one",
            next_step="start a new study: leave out tuner.resume and tuner.study",
            exit_code=ENVIRONMENT,
        ) from error


def described(path: Path) -> dict[str, Any]:
    """What the study in a file says of itself at its beginning; empty where it says nothing."""
    with contextlib.suppress(OSError, ValueError, AttributeError), path.open("rb") as file:
        for line in itertools.islice(file, 4):
            if found := json.loads(line).get("user_attr", {}).get(AGREED):
                return dict(found)
    return {}


def _mend(path: Path) -> None:
    """Cut off a last line that was being written when its writer was killed.

    Raises
    ------
    ValueError
        The file holds something else.
    """
    content = path.read_bytes() if path.exists() else b""
    whole = content[: content.rfind(b"\n") + 1]
    if whole != content:
        with path.open("r+b") as file:
            file.truncate(len(whole))
    if whole:
        json.loads(whole.partition(b"\n")[0])


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Be the one driver of the study in `path` while the block runs.

    Raises
    ------
    MlopsError
        Another one is.
    """
    from filelock import FileLock, Timeout

    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path.with_name(f".{path.name}.driver"))
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise fail(
            "study-in-use",
            "Another command is at work on this study.",
            where=str(path),
            found="its lock is held",
            accepted="one driver a study, or a database: tuner.storage=postgresql://…",
            next_step="wait for it to end, or begin another: leave out tuner.resume, or name "
            "another tuner.study",
            exit_code=ENVIRONMENT,
        ) from error
    try:
        yield
    finally:
        lock.release()
