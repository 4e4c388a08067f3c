"""What is made once for each version is let go with it."""

from __future__ import annotations

from mlops.serving import prepared
from mlops.serving.app import App
from tests.serving.http.state import State, houses


def test_a_version_that_was_dropped_is_kept_no_more(tmp_path, monkeypatch):
    monkeypatch.setattr(prepared, "_PREPARED", type(prepared._PREPARED)())
    app = App(State(tmp_path))
    main, other = houses(1), houses(2)
    for each in (main, other):
        app.served(each)
    app.dropped(2)
    assert [made.served for made in prepared._PREPARED.values()] == [main]
