"""The report page needs nothing else, says everything, and runs nothing."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mlops.core.dataset import Column, Dataset, Task
from mlops.core.report import Gate
from mlops.ui.page import render
from mlops.ui.plot import ticks
from mlops.ui.profile import profile

LOADING = {"script", "img", "iframe", "object", "embed", "audio", "video", "source", "form", "a"}


class Read(HTMLParser):
    """The tags, attributes and text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def test_a_bare_report_has_verdict_metrics_and_pictures(make_report: Any) -> None:
    page = Read(render(make_report(), title="boston_housing"))
    assert "Passed its gate" in page.text
    assert "3.900 … 5.800" in page.text
    assert page.tags.count("figure") == 5
    assert "the test part has 25 rows" in page.text
    assert "Data" not in page.text.split()


def test_a_gate_that_is_not_met_where_nothing_is_judged_has_no_tick(make_report: Any) -> None:
    gates = (Gate("rmse ≤ 6", True, "4.87"), Gate("r2 ≥ 1", True, "not met: 0.7", waived=True))
    text = Read(render(make_report(gates=gates), title="t")).text
    assert "Not judged: 1 of 2 gates not met" in text
    assert "✓rmse ≤ 6" in text
    assert "–r2 ≥ 1" in text


def test_the_page_loads_nothing_and_runs_nothing(make_report: Any) -> None:
    text = render(make_report(), title="t")
    page = Read(text)
    assert "http:" not in text
    assert "https:" not in text
    assert not LOADING & set(page.tags)
    assert "default-src 'none'" in text


def test_hostile_names_stay_text(hostile_report: Any, hostile_facts: Any) -> None:
    page = Read(render(hostile_report, title="<script>", facts=hostile_facts))
    assert not LOADING & set(page.tags)
    assert not [name for name, _ in page.attributes if name.startswith("on") or "href" in name[1:]]
    assert "Refused by 1 of 1 gates" in page.text


def test_every_section_has_its_heading(hostile_report: Any, hostile_facts: Any) -> None:
    page = render(hostile_report, title="t", facts=hostile_facts)
    found = re.findall(r'<section id="(\w+)"', page)
    first = ["gates", "metrics", "plots", "slices", "worst"]
    assert found == [*first, "data", "trials", "steps", "config", "environment"]


def test_no_gate_and_nothing_undefined_is_a_page_too(make_report: Any) -> None:
    from mlops.core.report import Metric

    empty = make_report(gates=(), plots=(), metrics=(Metric("rmse", float("nan")),))
    assert "No gate was asked" in render(empty, title="t")


@pytest.mark.parametrize(
    "ends", [(0, 1), (-3.2, 17), (5, 5), (0, 0), (1e-9, 2e-9), (-1e12, 3e12), (99.5, 100.5)]
)
def test_ticks_are_few_and_hold_the_ends(ends: tuple[float, float]) -> None:
    found = ticks(*ends)
    assert 3 <= len(found) <= 12
    assert found[0] <= ends[0]
    assert ends[1] <= found[-1]
    assert len(set(found)) == len(found)


def test_the_profile_tells_each_column_and_hides_what_is_sensitive() -> None:
    frame = pd.DataFrame(
        {
            "size": [1.0, 2.0, None],
            "sex": ["f", "m", "m"],
            "day": pd.to_datetime(["2026-01-01", "2026-01-02", None]),
            "flag": [True, False, True],
            "empty": [None, None, None],
        }
    )
    roles = [("size", "numeric"), ("sex", "categorical"), ("day", "date"), ("flag", "numeric")]
    columns = [Column(name, role, name == "sex") for name, role in [*roles, ("empty", "text")]]
    data = Dataset(frame, tuple(columns), Task("regression", "size"), "f", "s")
    size, sex, day, flag, empty = profile(data)
    assert (size["missing"], size["distinct"], size["min"], size["mean"]) == (1, 2, 1.0, 1.5)
    assert sex["role"] == "categorical, sensitive"
    assert sex["most frequent"] == "hidden"
    assert day["min"].startswith("2026-01-01")
    assert flag["most frequent"] == "True (67%)"
    assert empty["missing"] == 3
    json.dumps([size, sex, day, flag, empty])


@pytest.mark.chromium
def test_a_browser_shows_it_without_a_request_or_an_error(
    tmp_path: Path, hostile_report: Any, hostile_facts: Any
) -> None:
    page = tmp_path / "report.html"
    page.write_text(render(hostile_report, title="Bad <b>", facts=hostile_facts))
    names = ("chromium", "chromium-browser", "google-chrome")
    browser = next(path for path in map(shutil.which, names) if path)
    log = tmp_path / "net.json"
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    flags += ["--no-first-run", "--enable-logging=stderr", f"--log-net-log={log}"]
    flags += ["--disable-component-update", f"--user-data-dir={tmp_path / 'profile'}"]
    ran = subprocess.run(
        [browser, *flags, "--dump-dom", page.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert "CONSOLE" not in ran.stderr
    assert "evil.invalid" not in log.read_text().replace(str(page), "")
    dom = Read(ran.stdout)
    assert dom.tags.count("figure") == 6
    assert dom.tags.count("h2") == 8
    assert not LOADING & set(dom.tags)
    sizes = np.array([len(line) for line in ran.stdout.splitlines()])
    assert sizes.sum() > 5000
