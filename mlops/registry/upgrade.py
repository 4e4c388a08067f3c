"""Brings a model's folder that an older release wrote to the format of this one, a step at a time.

To add a format: raise ``FORMAT``, say in ``format`` what it has, and append the function that
makes it of the one before. A step may be cut off anywhere and is then done again from its
beginning, so it must bear that; what the folder was before lies in a backup by then.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from mlops.core.paths import write_whole
from mlops.registry import chain
from mlops.registry.format import StoreFormat, release

Step = Callable[[Path], None]


def upgrade(folder: Path, *, steps: tuple[Step, ...] | None = None) -> None:
    """Take the steps that the folder still needs; only under the ledger's lock.

    ``format.json`` is the journal: it names the backup before the first step is taken, and each
    step when it is over.

    Parameters
    ----------
    folder : pathlib.Path
        Of a model.
    steps : tuple of callable
        The first makes format 2 of format 1, and so on.

    Raises
    ------
    OSError
        The backup or the folder cannot be written.
    """
    steps = STEPS if steps is None else steps
    found, newest = StoreFormat.of(folder), len(steps) + 1
    if found.number >= newest:
        return
    if not found.backup:
        found = replace(found, backup=str(_backed_up(folder, found.number)), release=release())
        found.write(folder)
    for number, step in enumerate(steps, start=1):
        if number == found.number:
            step(folder)
            backup = found.backup if number + 1 < newest else ""
            found = replace(found, number=number + 1, backup=backup)
            found.write(folder)


def _backed_up(folder: Path, number: int) -> Path:
    from mlops.registry.backups import Backups

    backups = Backups.beside(folder)
    path = backups.new(f"{folder.name}-format-{number}")
    backups.write(path, {folder.name: folder})
    return path


def _has_a_head(folder: Path) -> None:
    """Format 2: the last line is remembered, so that lines taken from the end are missed."""
    from mlops.registry.ledger import FILE, HEAD

    if (folder / HEAD).exists() or not (folder / FILE).exists():
        return
    lines = (folder / FILE).read_bytes().split(b"\n")[:-1]
    if lines and not chain.broken(lines, folder.name):
        last = chain.entry_of(lines[-1])
        write_whole(folder / HEAD, json.dumps({"seq": last.seq, "hash": last.hash}))


STEPS: tuple[Step, ...] = (_has_a_head,)
