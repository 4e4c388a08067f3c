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
  mlops VERB --help, mlops --help model=ridge        its keys
"""
TAIL = """\
Flags: -m sweep, --cfg job show the configuration, --info how it was composed, --debug stack
traces, --hydra-help Hydra's own flags, --version.
Exit codes: 0 well, 2 your input, 3 a gate or policy refused, 4 the environment, 5 a bug,
6 a sweep partly failed, 130 interrupted."""


def show_help(arguments: list[str]) -> int:
    """Print the page; `arguments` may name verbs, rooms or options to show only those."""
    folders = [Path.cwd() / "conf", packaged("conf")]
    rooms = _rooms()
    words = [each for each in arguments if not each.startswith("-")]
    only = [word for word in words if word in rooms]
    files = [found for word in words if (found := _file(word, folders))]
    if files:
        print("\n".join(map(_values, files)))
        return 0
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


def _file(word: str, folders: list[Path]) -> Path | None:
    """The file of a verb, or of what is written ``room=option``; None if it is neither."""
    room, mark, option = word.partition("=")
    name = f"{room}/{option}" if mark else f"flow/{word}"
    if not name.replace("/", "").replace("_", "").isalnum():
        return None
    files = [folder / f"{name}.yaml" for folder in folders]
    return next((file for file in files if file.is_file()), None)


def _values(file: Path) -> str:
    """An option's sentence and its keys, as its file has them; not what it says to the house."""
    first, *lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    room = file.parent.name
    word = f"mlops {file.stem}" if room == "flow" else f"{room}={file.stem}"
    shown, ours = [], False
    for line in lines:
        ours = line.startswith("_") or (ours and line[:1] in (" ", "}"))
        shown += [] if ours else [f"  {line}"]
    return "\n".join([f"{word}: {first.lstrip('# ')}", *shown, ""])


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
