"""The law of recipes: a header that tells a stranger everything, choices, few values."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "mlops" / "flow" / "template" / "recipes").glob("*"))
RECIPES = [*sorted((ROOT / "recipes").glob("*.yaml")), *TEMPLATES]
LONGEST = 40


@pytest.fixture(params=RECIPES, ids=[path.name.split(".")[0] for path in RECIPES])
def text(request: pytest.FixtureRequest) -> str:
    return request.param.read_text(encoding="utf-8")


def header(text: str) -> list[str]:
    lines = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        lines.append(line)
    return lines


@pytest.mark.parametrize("part", ["# Data: ", "# Command: mlops ", "# Expect: "])
def test_its_header_tells_the_data_the_command_and_what_to_expect(text, part):
    assert any(line.startswith(part) for line in header(text))


def test_its_first_line_is_a_sentence(text):
    assert header(text)[0].endswith(".")


def test_it_is_short(text):
    assert len(text.splitlines()) <= LONGEST


def test_it_says_nothing_to_hydra_and_shares_nothing_by_anchor(text):
    assert not [key for key in yaml.safe_load(text) if str(key).startswith("hydra")]
    tokens = yaml.scan(text)
    assert not [each for each in tokens if isinstance(each, (yaml.AnchorToken, yaml.AliasToken))]
