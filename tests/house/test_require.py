"""An absent component skips a test, or fails it where the component is required."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

A_TEST = """
import pytest

@pytest.mark.grafana
def test_needs_it():
    pass

def test_needs_nothing():
    pytest.skip("for another reason")
"""


@pytest.fixture
def house(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, root) -> pytest.Pytester:
    """A small test folder with the real conftest, on a machine without programs."""
    monkeypatch.setenv("PATH", str(pytester.path))
    pytester.makeconftest((root / "tests" / "conftest.py").read_text())
    pytester.makeini("[pytest]\nmarkers = grafana: needs it")
    pytester.makepyfile(A_TEST)
    return pytester


def test_an_absent_component_skips_with_the_reason(house):
    ran = house.runpytest("-rs")
    ran.assert_outcomes(skipped=2)
    ran.stdout.fnmatch_lines(["*needs grafana: not on the path: grafana-server*"])


@pytest.mark.parametrize("required", ["all", "grafana", "podman,grafana"])
def test_a_required_component_that_is_absent_fails_and_other_skips_stay(house, required):
    ran = house.runpytest(f"--require={required}")
    ran.assert_outcomes(errors=1, skipped=1)  # before the test itself: an error
    assert ran.ret == pytest.ExitCode.TESTS_FAILED
    ran.stdout.fnmatch_lines(["*but: *needs grafana*"])


def test_a_component_that_nobody_required_may_be_absent(house):
    house.runpytest("--require=podman").assert_outcomes(skipped=2)


def test_an_unknown_component_is_a_mistake(house):
    ran = house.runpytest("--require=kafka")
    assert ran.ret == pytest.ExitCode.USAGE_ERROR
    ran.stderr.fnmatch_lines(["*no such component: kafka*"])
