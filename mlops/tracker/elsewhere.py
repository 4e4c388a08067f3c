"""Notes of what somebody else did to a model's aliases in MLflow: found here, recorded later.

The next command that looks at the model's versions finds it, where that can be done at a glance;
else the recorder does while it brings the aliases in line. Whoever looks next writes it into their
history and takes the note away.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from pathlib import Path
from typing import Any

from mlops.core.lines import parsed
from mlops.core.paths import write_whole


def leave(spool: Path, model: str, note: dict[str, Any], *, seen_at: list[int | str]) -> None:
    """Leave a note; the same one again is still one.

    Parameters
    ----------
    spool : pathlib.Path
    model : str
    note : dict
        ``alias``, ``version``, ``was``, ``why``: fields of a ledger's line. Whatever is said of
        it, the same change is one.
    seen_at : list
        What MLflow was in line with before: a line of the ledger, and what tells it from others.
    """
    change = {name: note[name] for name in ("alias", "version", "was")}
    text = json.dumps([model, change, seen_at], sort_keys=True)
    key = hashlib.sha256(text.encode()).hexdigest()[:16]
    path = spool / "elsewhere" / f"{model}.{key}.json"
    write_whole(path, json.dumps({"model": model, "note": {**note, "intent": key}}))


def notes(outputs: Path, model: str) -> list[tuple[Path, dict[str, Any]]]:
    """The notes about `model`, the oldest first, with the files they lie in."""
    found = []
    folder = outputs / "spool" / "elsewhere"
    for path in sorted(folder.glob("[!.]*.json"), key=lambda each: each.stat().st_mtime_ns):
        with contextlib.suppress(OSError, ValueError, KeyError):
            told = parsed(path.read_bytes())
            if told["model"] == model:
                found.append((path, told["note"]))
    return found


def forget(path: Path) -> None:
    """Take a note away that was recorded."""
    path.unlink(missing_ok=True)
