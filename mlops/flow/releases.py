"""The changes of what a model's champion is, as the ledger and the notes beside it tell them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from mlops.core.version import PROMOTE, REGISTER, ROLLBACK, UNDONE, LedgerEntry
from mlops.registry.deployments import DEPLOYED, FIRST_SERVED, notes
from mlops.registry.versions import Versions


@dataclass(frozen=True, kw_only=True)
class Release:
    """A version became the champion, at registration or by a promotion.

    Parameters
    ----------
    model : str
    version : int
    at : datetime.datetime
        When the ledger says so; every moment is UTC.
    act : str
        ``register`` or ``promote``.
    changed_at : datetime.datetime or None
        When the data or the recipe was changed that led to it, see :func:`change`.
    online_at : datetime.datetime or None
        When the deployer had ended; None where nobody noted it.
    served_at : datetime.datetime or None
        When the version answered its first request as this champion; None where nobody noted it.
    by : str
        The deployer's option; empty where nobody noted it.
    is_failed : bool
        Rolled back or undone before the next release.
    is_undone : bool
        It never came online: the deployer could not do it.
    restored_at : datetime.datetime or None
        When the version before was back.
    """

    model: str
    version: int
    at: datetime
    act: str
    changed_at: datetime | None = None
    online_at: datetime | None = None
    served_at: datetime | None = None
    by: str = ""
    is_failed: bool = False
    is_undone: bool = False
    restored_at: datetime | None = None

    @property
    def deployment_s(self) -> float | None:
        """From the act to the deployer's end."""
        return None if self.online_at is None else (self.online_at - self.at).total_seconds()

    @property
    def lead_days(self) -> float | None:
        """From the change to the first request served, else online, else named champion."""
        if self.changed_at is None or self.is_undone:
            return None
        served = self.served_at or self.online_at or self.at
        return (served - self.changed_at).total_seconds() / 86400

    @property
    def restore_s(self) -> float | None:
        """From the act to the version before being back; None if it is not, or never had to be."""
        return None if self.restored_at is None else (self.restored_at - self.at).total_seconds()


def releases(versions: Versions, entries: list[LedgerEntry]) -> list[Release]:
    """Every release of a model, the oldest first.

    Parameters
    ----------
    versions : Versions
    entries : list of LedgerEntry
        The whole ledger of that model.
    """
    told = notes(versions)
    return [
        _dated(versions, release, opened, told)
        for opened, release in _followed(versions.model, entries, versions.first_alias)
    ]


def moment(text: str) -> datetime:
    """The moment that ``2026-11-22T07:46:17.123Z`` tells."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def began(run: str) -> datetime | None:
    """The moment that a run key begins with.

    >>> began("20261122-074617-b769a4d7").isoformat()
    '2026-11-22T07:46:17+00:00'
    """
    try:
        return datetime.strptime(run[:15], "%Y%m%d-%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def change(about: dict[str, Any], before: dict[str, Any]) -> datetime | None:
    """When the change was made that led to the version `about`.

    The first time that the file of the data or of the recipe was written after the run of the
    champion `before` began. Where neither was, the change is the command itself: the run's start.
    """
    start, last = began(str(about.get("run", ""))), began(str(before.get("run", "")))
    if start is None or last is None:
        return start
    written = [moment(str(text)) for text in about.get("changed", {}).values()]
    return min((at for at in written if last < at <= start), default=start)


def _followed(
    model: str, entries: list[LedgerEntry], alias: str
) -> Iterator[tuple[LedgerEntry, Release]]:
    """Each act that released a version, and what became of it until the next one."""
    opened, release, back = None, None, ""
    for entry in entries:
        if entry.alias != alias or not entry.sets:
            continue
        if entry.act in (REGISTER, PROMOTE):
            if opened is not None and release is not None:
                yield opened, release
            at = moment(entry.at)
            opened = entry
            release = Release(model=model, version=entry.version, at=at, act=entry.act)
        elif opened is not None and release is not None:
            release, back = _ended(opened, release, entry, back)
    if opened is not None and release is not None:
        yield opened, release


def _ended(
    opened: LedgerEntry, release: Release, entry: LedgerEntry, back: str
) -> tuple[Release, str]:
    """A release after an act that speaks against it; `back` is the intent that restored."""
    if entry.act == UNDONE and entry.intent == back:  # the way back did not work either
        return replace(release, restored_at=None), ""
    if entry.act == UNDONE and entry.intent != opened.intent:
        return release, back
    if entry.act not in (ROLLBACK, UNDONE) or release.restored_at is not None:
        return release, back
    is_undone = entry.act == UNDONE
    ended = replace(release, is_failed=True, is_undone=is_undone, restored_at=moment(entry.at))
    return ended, entry.intent


def _dated(
    versions: Versions, release: Release, opened: LedgerEntry, told: list[dict[str, Any]]
) -> Release:
    """A release with what its version and the notes know."""
    about, before = versions.shelf.manifest(opened.version), {}
    if opened.was:
        before = versions.shelf.manifest(opened.was)
    later = [each for each in told if each["version"] == opened.version and each["at"] >= opened.at]
    online = [each for each in later if each["event"] == DEPLOYED and _led_to(opened, each)]
    served = [each for each in later if each["event"] == FIRST_SERVED]
    return replace(
        release,
        changed_at=change(about, before),
        online_at=moment(online[0]["at"]) if online else None,
        served_at=moment(served[0]["at"]) if served else None,
        by=str(online[0].get("by", "")) if online else "",
    )


def _led_to(opened: LedgerEntry, note: dict[str, Any]) -> bool:
    if opened.intent:
        return note.get("intent") == opened.intent
    return note.get("run") == opened.run
