"""Which version had a name before: the way that led there, step by step."""

from __future__ import annotations

import pytest

from mlops.core.version import LedgerEntry
from mlops.registry.names import before

WAYS = {
    "back to the last of two that are alike": ("p4 p7 p4 p9 r4", 7),
    "an act that was undone was never there": ("p4 p7 p4 p9 u4", 7),
    "a return that was undone neither": ("p1 p4 p7 r1 u7", 4),
    "the first of all, undone": ("p1 u0", 0),
    "named again after that": ("p1 u0 p2 p3", 2),
    "to one that never had the name": ("p1 p2 r3", 2),
    "taken away": ("p1 p2 p0 p3", 0),
}


@pytest.mark.parametrize("what", WAYS)
def test_the_version_before_is_the_one_the_way_came_by(what):
    told, expected = WAYS[what]
    acts = {"p": "promote", "r": "rollback", "u": "undone"}
    entries = [
        LedgerEntry(seq=1, at="", who="", act=acts[each[0]], version=int(each[1]), alias="champion")
        for each in told.split()
    ]
    assert before(entries, "champion") == expected
