"""Acts done again on top of others: those that still can be, with the numbers that are free."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mlops.core.version import LedgerEntry
from mlops.registry import chain
from mlops.registry.replay import Replay


def history(*acts, before=()):
    """A whole ledger; an act is a mapping of fields."""
    entries = list(before)
    for act in acts:
        last = entries[-1].hash if entries else chain.first("houses")
        told = {"at": "then", "who": "ann", "seq": len(entries) + 1, "previous": last, **act}
        entries.append(chain.sealed(LedgerEntry(**told)))
    return entries


def made(number, content=None, alias="challenger"):
    content = content or f"content {number}"
    return {"act": "register", "version": number, "alias": alias, "content": content}


def moved(number, was=0, alias="champion", act="promote"):
    return {"act": act, "version": number, "was": was, "alias": alias, "intent": f"{act}{number}"}


@pytest.fixture
def common():
    return history(made(1, alias="champion"), made(2))


def replayed(theirs, ours):
    again = Replay("houses", theirs, ours)
    lines = [chain.line_of(entry).rstrip(b"\n") for entry in again.entries]
    assert chain.broken(lines, "houses") == ""
    assert again.entries[: len(theirs)] == theirs
    return again


def test_nothing_new_changes_nothing(common):
    again = replayed(common, common)
    assert (again.entries, again.new, again.became, again.numbers) == (common, [], {}, {})


def test_versions_get_the_next_free_numbers_and_acts_follow_them(common):
    ours = history(made(3, "x"), made(4, "y"), moved(4, 1), before=common)
    again = replayed(history(made(3, "z"), before=common), ours)
    assert again.numbers == {3: 4, 4: 5}
    assert [(each.act, each.version, each.was) for each in again.new] == [
        ("register", 4, 3),
        ("register", 5, 4),
        ("promote", 5, 1),
    ]
    assert {(each.at, each.who) for each in again.new} == {("then", "ann")}


def test_the_same_content_stays_one_version_and_what_named_ours_names_theirs(common):
    ours = history(made(3, "same"), moved(3, 1), before=common)
    again = replayed(history(made(3, "other"), made(4, "same"), before=common), ours)
    assert again.numbers == {3: 4}
    assert [(each.act, each.version) for each in again.new] == [("promote", 4)]


def test_a_name_that_they_moved_is_theirs_and_what_built_on_ours_goes_with_it(common):
    ours = history(
        moved(2, 1),
        moved(1, 2, act="rollback"),
        moved(2, 0, alias="shadow"),
        {**moved(1, 2, act="undone"), "intent": "promote2"},
        before=common,
    )
    again = replayed(history({**moved(2, 1), "who": "bob"}, before=common), ours)
    first, second, third = again.new
    assert (first.act, first.who, first.alias) == ("undone", "ann", "")
    assert first.why == "promote to version 2 came too late: champion, bob gave it to version 2"
    assert (second.act, second.why[:29]) == ("undone", "rollback to version 1 came to")
    assert third.alias == "shadow"
    assert [each.act for each in again.lost] == ["promote", "rollback", "undone"]


def test_a_first_version_that_was_not_the_first_is_a_later_one():
    again = replayed(history(made(1, "x", "champion")), history(made(1, "y", "champion")))
    assert [(each.version, each.alias, each.was) for each in again.new] == [(2, "challenger", 0)]


def test_a_version_without_a_name_stays_without_one(common):
    again = replayed(history(made(3, "z"), before=common), history(made(3, "x", ""), before=common))
    assert [(each.version, each.alias) for each in again.new] == [(4, "")]


def test_a_name_taken_away_stays_taken_away(common):
    ours = history(moved(2, 1), {**moved(0, 2), "act": "undone"}, before=common)
    again = replayed(history(made(3, "z"), before=common), ours)
    assert [(each.act, each.version) for each in again.new] == [("promote", 2), ("undone", 0)]


def test_acts_come_out_the_same_however_often_they_are_done_again(common):
    ours = history(made(3, "x"), moved(3, 1), before=common)
    once = replayed(history(made(3, "z"), before=common), ours)
    assert replayed(once.entries, once.entries).new == []
    twice = replayed(history(made(3, "z"), made(4, "q"), before=common), once.entries)
    straight = replayed(history(made(3, "z"), made(4, "q"), before=common), ours)
    assert twice.entries == straight.entries
    assert replace(twice.entries[-1], hash="") == replace(straight.entries[-1], hash="")
