"""`mlops history`: the ledger of a model, as people read it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from mlops.config.job import Job
from mlops.core.errors import counted
from mlops.core.record import Result
from mlops.core.version import REGISTER, LedgerEntry
from mlops.flow.deploying import Deploying
from mlops.flow.registered import caught_up, known_versions, look_at_tracker, tell_tracker
from mlops.flow.run_index import END
from mlops.flow.witnesses import told as told_to_recorder
from mlops.flow.witnesses import witnesses
from mlops.registry.names import held
from mlops.registry.refusals import not_whole
from mlops.registry.versions import Versions
from mlops.registry.witness import Witness, denied
from mlops.tracker.spool import Spool


class History:
    """Print the acts on a model's versions, the newest last.

    Parameters
    ----------
    verify : bool
        Also make sure that no line was changed or removed, that the last lines which the recorder
        and the last backup know are among them, and that every version's files are as they were
        registered.
    last : int
        So many newest lines; 0 shows all.
    """

    def __init__(self, *, verify: bool = False, last: int = 20) -> None:
        self.verify = verify
        self.last = last

    def __call__(self, job: Job) -> Result:
        """Give one row an act.

        Raises
        ------
        MlopsError
            There are no versions (2), or something is not as it was written (3).
        """
        versions = known_versions(job)
        heard = self._witnesses(job, versions)
        told = caught_up(job, versions) or tuple(filter(None, [versions.ledger.stale]))
        told += Deploying(job, versions).behind()
        entries = versions.ledger.verify() if self.verify else versions.ledger.entries()
        denial = denied(versions, entries, heard)
        if denial and self.verify:
            raise denial
        last = Spool(job.outputs).last_told(versions.model)
        if not denial and (last is None or not entries or last.hash != entries[-1].hash):
            tell_tracker(job, versions)  # e.g. after a crash: the recorder follows
        else:
            look_at_tracker(job, versions)
        names = ", ".join(f"{name}: version {each.version}" for name, each in held(entries).items())
        rest = len(entries) - self.last if self.last else 0
        lines = [*told, *([f"{rest} older lines: last=0 shows them"] if rest > 0 else [])]
        lines += [denial.problems[0].says] if denial else []
        lines += [_verified(versions, entries, heard)] if self.verify else []
        return Result(
            outcome="done",
            name=versions.model,
            details={
                "says": f"{versions.model}  {names or 'no version has a name'}",
                "rows": [_row(entry) for entry in entries[-self.last :]],
                "lines": lines,
                "acts": [asdict(entry) for entry in entries[-self.last :]],
            },
        )

    def _witnesses(self, job: Job, versions: Versions) -> list[Witness]:
        """Who remembers lines; without `verify` only what costs next to nothing to ask."""
        if self.verify:
            return witnesses(job.outputs, versions)
        last = told_to_recorder(job.outputs, versions)
        return [last] if last else []


def _row(entry: LedgerEntry) -> dict[str, Any]:
    overridden = f"[overridden: {'; '.join(entry.gates)}]" if entry.gates else ""
    return {
        "line": entry.seq,
        "when": entry.at[:19].replace("T", " "),
        "who": entry.who,
        "act": entry.act,
        "what": _what(entry),
        "why": " ".join(each for each in (entry.why, overridden) if each),
        "run": entry.run[-END:],
    }


def _what(entry: LedgerEntry) -> str:
    """What an act did, in a few words.

    >>> _what(LedgerEntry(seq=2, at="", who="", act="promote", version=7, alias="champion", was=3))
    'champion 3 → 7'
    """
    if entry.act == REGISTER:
        return f"version {entry.version}" + (f", {entry.alias}" if entry.alias else "")
    if not entry.alias:
        return ""
    before = f"{entry.was} → " if entry.was else ""
    return f"{entry.alias} {before}{entry.version or 'nobody'}"


def _verified(versions: Versions, entries: list[LedgerEntry], heard: list[Witness]) -> str:
    found = versions.all(entries)
    for version in found:
        if wrong := versions.wrong(version):
            raise not_whole(versions, version, wrong)
    lines, whole = counted(len(entries), "line"), counted(len(found), "version")
    known = f", known to {' and '.join(each.who for each in heard)}" if heard else ""
    return f"verified: {lines} unchanged{known}; {whole} whole"
