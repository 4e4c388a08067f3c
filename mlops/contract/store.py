"""Where contracts lie: one YAML a name, written whole, learned by one process at a time."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from mlops.contract.schema import Schema
from mlops.core.errors import ENVIRONMENT, fail
from mlops.core.paths import near, write_whole
from mlops.core.turns import turn

MOST_BYTES = 10_000_000


def in_force(name: str, *, learned: Path, accepted: Path) -> Path | None:
    """The contract's file: the accepted one, else the learned one, else None."""
    files = (accepted / f"{name}.yaml", learned / f"{name}.yaml")
    return next((file for file in files if file.is_file()), None)


def load(file: Path) -> Schema:
    """Read a contract.

    Raises
    ------
    MlopsError
        It is no contract, or may not be read.
    """
    try:
        with file.open("rb") as opened:
            text = opened.read(MOST_BYTES).decode()
    except UnicodeError:
        text = "- no text"
    except OSError as error:
        raise _no_access(file, error) from None
    return Schema.from_yaml(text, near(file))


def save(file: Path, text: str) -> None:
    """Write a contract, whole or not at all.

    Raises
    ------
    MlopsError
        The folder cannot be written, or the disk is full.
    """
    try:
        write_whole(file, text)
    except OSError as error:
        raise _no_access(file, error) from None


@contextlib.contextmanager
def learning(file: Path, timeout_s: float) -> Iterator[str]:
    """Hold the lock under which `file` is learned; gives a note if another run held it first.

    Raises
    ------
    MlopsError
        The folder cannot be written, or the other run does not end.
    """
    others = "another run that learns this contract"
    with contextlib.ExitStack() as stack:
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            lock = file.with_name(f".{file.name}.lock")
            mine = turn(lock, timeout_s=timeout_s, says=f"waiting for {others}")
            has_waited = stack.enter_context(mine)
        except TimeoutError:
            raise fail(
                "contract-locked",
                "Another run has been learning this contract for too long.",
                where=near(file),
                found=f"a lock held for more than {timeout_s:g} s",
                accepted="one run that learns a contract at a time",
                next_step="wait for the other run or end it, then start again",
                exit_code=ENVIRONMENT,
            ) from None
        except OSError as error:
            raise _no_access(file, error) from None
        yield f"waited for {others}" if has_waited else ""


def _no_access(file: Path, error: OSError) -> Exception:
    return fail(
        "contract-no-access",
        "The contract cannot be read or written.",
        where=near(file),
        found=error.strerror or type(error).__name__,
        accepted="a folder that this user may write, on a disk with room",
        next_step="look at the rights of the folder and at the room on the disk",
        exit_code=ENVIRONMENT,
    )
