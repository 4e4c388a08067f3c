"""What the README says is done, in order, in one scratch folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

README = Path(__file__).resolve().parents[2] / "README.md"
LANGUAGES = {"console", "python", "yaml", ""}
NOT_RUN = re.compile(r"<!-- not run: (?P<reason>\S.*\S) -->")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, its first line, and why it is not run."""

    language: str
    text: str
    line: int
    not_run: str = ""


def blocks(text: str) -> list[Block]:
    found = []
    fence = re.compile(r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
    for match in fence.finditer(text):
        before = text[: match.start()].rstrip().rsplit("\n", 1)[-1]
        exempt = NOT_RUN.fullmatch(before)
        line = text.count("\n", 0, match.start()) + 1
        reason = exempt["reason"] if exempt else ""
        found.append(Block(match["language"], match["text"], line, reason))
    return found


BLOCKS = blocks(README.read_text(encoding="utf-8"))
RUN = [block for block in BLOCKS if block.language in ("console", "python") and not block.not_run]


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all blocks, with `mlops` and `python` of this source tree on the path."""
    folder = tmp_path_factory.mktemp("readme")
    programs = folder / "bin"
    programs.mkdir()
    for name, command in {"mlops": "-m mlops", "python": "", "pytest": "-m pytest"}.items():
        (programs / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {command} "$@"\n')
        (programs / name).chmod(0o755)
    (folder / "work").mkdir()
    return folder


def test_every_block_is_of_a_known_language():
    assert {block.language for block in BLOCKS} <= LANGUAGES


def test_every_exemption_has_a_reason_and_a_block():
    exemptions = README.read_text(encoding="utf-8").count("<!-- not run")
    assert exemptions == len([block for block in BLOCKS if block.not_run])


def test_the_yaml_can_be_read():
    assert all(yaml.safe_load(block.text) for block in BLOCKS if block.language == "yaml")


@pytest.mark.parametrize("block", RUN, ids=[f"line-{block.line}" for block in RUN])
def test_the_block_does_what_it_says(block, scratch, command_line):
    if block.language == "console":
        lines = [line[2:] for line in block.text.splitlines() if line.startswith("$ ")]
        program = ["bash", "-euo", "pipefail", "-c", "\n".join(lines)]
    else:
        program = [sys.executable, "-c", block.text]
    path = os.pathsep.join([str(scratch / "bin"), os.environ["PATH"]])
    ran = subprocess.run(
        program,
        cwd=scratch / "work",
        env=command_line(scratch).environment(PATH=path),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert ran.returncode == 0, f"README.md:{block.line}\n{ran.stdout}\n{ran.stderr}"
    assert "Traceback" not in ran.stdout + ran.stderr


def test_the_options_that_it_names_exist(root):
    rows = re.findall(
        r"^\| `(\w+)` \| .*→.* \| (`.*`) \|$", README.read_text("utf-8"), re.MULTILINE
    )
    assert rows
    named = [(room, option) for room, options in rows for option in re.findall(r"`(\w+)`", options)]
    missing = [
        each for each in named if not (root / "conf" / each[0] / f"{each[1]}.yaml").is_file()
    ]
    assert not missing


def test_the_verbs_that_it_names_exist(root):
    verbs = set(re.findall(r"^\| `mlops (\w+)", README.read_text("utf-8"), re.MULTILINE))
    assert verbs <= {path.stem for path in (root / "conf" / "flow").glob("*.yaml")}
