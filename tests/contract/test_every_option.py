"""What holds for every option of every group."""

from __future__ import annotations

import copy

from mlops.config.kinds import stands_in


def test_it_is_composed_checked_and_made(made, room_option):
    group, option = room_option
    assert stands_in(group, type(made(group, option)))


def test_made_twice_it_is_the_same(made, room_option):
    first, second = made(*room_option), made(*room_option)
    assert type(first) is type(second)
    assert state(first) == state(second)


def test_a_copy_of_it_is_the_same(made, room_option):
    part = made(*room_option)
    assert state(copy.deepcopy(part)) == state(part)


def state(part: object) -> dict[str, object]:
    """Its attributes but the private ones, nested parts by their own; else the type alone."""
    kept = {name: value for name, value in vars(part).items() if not name.startswith("_")}
    return {name: plain(value) for name, value in sorted(kept.items())}


def plain(value: object) -> object:
    if isinstance(value, (str, int, float, bool, bytes, type(None))):
        return value
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [plain(each) for each in value]
    if callable(value) and hasattr(value, "func"):
        return [str(value.func), plain(value.args), plain(value.keywords)]
    return [type(value).__name__, state(value)] if hasattr(value, "__dict__") else str(type(value))
