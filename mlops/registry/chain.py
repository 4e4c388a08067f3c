"""The hash chain: each line of a ledger holds the hash of the line before it.

``hash = SHA-256(the line as JSON with sorted keys, without its hash)``, and the first line's
``previous`` comes from the model's name. So no line can be changed, moved, taken out or brought
over from another model without every later hash being another one (S. Haber, W. S. Stornetta,
How to time-stamp a digital document, 1991).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, replace

from mlops.core.version import LedgerEntry


def first(model: str) -> str:
    """What the first line of a model's ledger has as the hash before it."""
    return hashlib.sha256(f"ledger of {model}".encode()).hexdigest()


def hashed(entry: LedgerEntry) -> str:
    """The hash that belongs to `entry`.

    >>> entry = LedgerEntry(seq=1, at="", who="ann", act="register")
    >>> hashed(entry) == hashed(sealed(entry)), len(hashed(entry))
    (True, 64)
    """
    plain = asdict(entry)
    del plain["hash"]
    text = json.dumps(plain, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def sealed(entry: LedgerEntry) -> LedgerEntry:
    """`entry` with its hash."""
    return replace(entry, hash=hashed(entry))


def line_of(entry: LedgerEntry) -> bytes:
    """The line that is written: what is not empty, in the order of the noun."""
    kept = {key: value for key, value in asdict(entry).items() if value or key == "seq"}
    return json.dumps(kept, ensure_ascii=False).encode() + b"\n"


def entry_of(line: bytes) -> LedgerEntry:
    """The entry on a line.

    Raises
    ------
    ValueError, TypeError
        The line holds none.
    """
    raw = json.loads(line)
    if not isinstance(raw, dict):
        raise TypeError("no mapping")
    return LedgerEntry.of(raw)


def broken(lines: list[bytes], model: str) -> str:
    """Where the chain of `lines` breaks, in words; empty if it is whole."""
    previous = first(model)
    for number, line in enumerate(lines, start=1):
        try:
            entry = entry_of(line)
        except (ValueError, TypeError):
            return f"line {number} cannot be read"
        if entry.seq != number:
            return f"line {number} calls itself line {entry.seq}: a line was taken out or moved"
        if entry.previous != previous:
            return f"line {number} does not follow the line before it"
        if entry.hash != hashed(entry):
            return f"line {number} was changed"
        previous = entry.hash
    return ""
