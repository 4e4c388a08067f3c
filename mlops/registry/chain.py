"""The hash chain: each line of a ledger holds the hash of the line before it.

``hash = SHA-256(the line as JSON with sorted keys, without its hash)``, where what the first
release knew of is hashed even if it is empty, and a later field only if it is not: a field that is
added changes no hash of before. The first line's ``previous`` comes from the model's name. So no
line can be changed, moved, taken out or brought over from another model without every later hash
being another one (S. Haber, W. S. Stornetta, How to time-stamp a digital document, 1991).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, replace

from mlops.core.lines import parsed
from mlops.core.version import LedgerEntry

ALWAYS = {
    *("seq", "at", "who", "act", "version", "alias", "was", "why", "gates"),
    *("run", "content", "artefact", "intent", "previous"),
}


def first(model: str) -> str:
    """What the first line of a model's ledger has as the hash before it."""
    return hashlib.sha256(f"ledger of {model}".encode()).hexdigest()


def hashed(entry: LedgerEntry) -> str:
    """The hash that belongs to `entry`.

    >>> entry = LedgerEntry(seq=1, at="", who="ann", act="register")
    >>> hashed(entry) == hashed(sealed(entry)), len(hashed(entry))
    (True, 64)
    """
    told = asdict(entry)
    plain = {key: told[key] for key in told if key in ALWAYS or (told[key] and key != "hash")}
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
    raw = parsed(line)
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


def continued(kept: list[bytes], others: list[bytes]) -> list[bytes]:
    """The lines `kept`, a whole chain, and of `others` those that go on from it.

    A line that stands in the wrong place is found by the hash that it follows; one that was
    changed follows nothing, and neither does what came after it.
    """
    after = {entry.previous: line for line, entry in _sound(others)}
    lines = list(kept)
    while lines and (line := after.get(entry_of(lines[-1]).hash)) is not None:
        lines.append(line)
    return lines


def hashes(lines: list[bytes]) -> set[str]:
    """The hashes of those lines that are as they were written."""
    return {entry.hash for _, entry in _sound(lines)}


def _sound(lines: list[bytes]) -> Iterator[tuple[bytes, LedgerEntry]]:
    for line in lines:
        with suppress(ValueError, TypeError):
            entry = entry_of(line)
            if entry.hash == hashed(entry):
                yield line, entry
