"""What the report page of a real run tells of columns that are sensitive: that it hides them."""

from __future__ import annotations

import re
from html import unescape

import pytest

QUICK = ("mode=smoke", "tracker=offline", "registry=dry_run")


@pytest.fixture
def page(place):
    """The text of the page of a run."""

    def text(*words):
        folder = place.run_folder(place(*QUICK, *words))
        return unescape(re.sub(r"<[^>]*>", " ", (folder / "report.html").read_text()))

    return text


def test_a_bound_that_cleaning_learned_from_a_sensitive_column_is_said_to_be_hidden(page):
    found = page("data.sensitive=[crim]")
    assert "crim: outlier clipped above (hidden: sensitive): " in found
    assert re.search(r"lstat: outlier clipped above [\d.]+: \d", found)


def test_slices_of_a_sensitive_column_are_said_to_hide_their_values(page):
    slices = "evaluator.regression.slices=[chas,rm]"
    assert "hidden: sensitive –" not in page(slices)
    found = page(slices, "data.sensitive=[chas,lstat]")
    assert "hidden: sensitive – the groups of chas are named by a number" in found
