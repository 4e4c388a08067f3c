"""`mlops --help`: verbs, rooms and options, a line each, read from the option files."""

from __future__ import annotations

import sys
from pathlib import Path

from mlops.core.paths import packaged

HEAD = """\
mlops: state in YAML what should be true of a model; one command makes it true.

  mlops                                              the default recipe, end to end
  mlops recipe=credit_scoring model=hist_gbm         other choices, by name
  mlops cleaner.outliers.factor=3                    other values, by key
  mlops -m model=linear,ridge,random_forest          a sweep: every combination
  mlops VERB [key=value ...]                         another verb
"""
TAIL = """\
Flags: -m sweep, --cfg job show the configuration, --info how it was composed, --debug stack
traces, --hydra-help Hydra's own flags, --version.
Exit codes: 0 well, 2 your input, 3 a gate or policy refused, 4 the environment, 5 a bug,
6 a sweep partly failed, 130 interrupted."""


def show_help(arguments: list[str]) -> int:
    """Print the page; `arguments` may name a verb or a room to show only that."""
    folders = [Path.cwd() / "conf", packaged("conf")]
    rooms = _rooms()
    words = [each for each in arguments if not each.startswith("-") and "=" not in each]
    only = [word for word in words if word in rooms]
    parts = [] if only else [HEAD]
    for room in only or ["flow", *(each for each in rooms if each != "flow"), "recipe"]:
        parts.append(_section(room, folders))
    parts += [] if only else [TAIL]
    print("\n".join(parts))
    return 0


def _rooms() -> list[str]:
    """Groups in the order of the table of contents."""
    primary = packaged("conf") / "config.yaml"
    found = []
    for line in primary.read_text(encoding="utf-8").splitlines():
        name, mark, _ = line.strip().removeprefix("- ").partition(":")
        if line.strip().startswith("- ") and mark and name.isidentifier() and name != "recipe":
            found.append(name)
    return found


def _section(room: str, folders: list[Path]) -> str:
    if room == "recipe":
        places = [each.with_name("recipes") for each in folders]
    else:
        places = [each / room for each in folders]
    options: dict[str, str] = {}
    for place in places:
        for path in sorted(place.glob("*.yaml")):
            options.setdefault(path.stem, _sentence(path))
    title = {"flow": "Verbs"}.get(room, room)
    width = max([len(name) for name in options] + [0])
    rows = [f"  {name:<{width}}  {sentence}" for name, sentence in sorted(options.items())]
    if sys.stdout.isatty():
        rows = [_fitted(row, width + 4) for row in rows]
    return "\n".join([title, *rows, ""])


def _fitted(row: str, indent: int) -> str:
    """The row in the terminal's columns: what does not fit goes on under its sentence."""
    import shutil
    import textwrap

    columns = max(shutil.get_terminal_size().columns, indent + 20)
    hanging = " " * indent
    return textwrap.fill(row, columns, subsequent_indent=hanging, break_on_hyphens=False)


def _sentence(path: Path) -> str:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.readline(200).lstrip("# ").strip()
    except OSError:
        return "(cannot be read)"
