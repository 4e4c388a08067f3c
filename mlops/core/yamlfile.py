"""The one reader of YAML: small, strict, and it remembers the line of every key."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from omegaconf import grammar_parser
from omegaconf.errors import GrammarParseError
from omegaconf.grammar_parser import SIMPLE_INTERPOLATION_PATTERN

from mlops.core.errors import MlopsError, fail
from mlops.core.paths import near

MOST_BYTES = 1_000_000
MOST_DEPTH = 40
MOST_POINTER = 1_000
NULL = "tag:yaml.org,2002:null"
_FLOAT = re.compile(
    r"""^(?:[-+]?(?:[0-9][0-9_]*)\.[0-9_]*(?:[eE][-+]?[0-9]+)?
    |[-+]?(?:[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)
    |\.[0-9_]+(?:[eE][-+][0-9]+)?
    |[-+]?\.(?:inf|Inf|INF)
    |\.(?:nan|NaN|NAN))$""",
    re.X,
)


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Plain scalars as Hydra reads them: ``1e-3`` is a number, a date stays text."""


_Loader.yaml_implicit_resolvers = {
    first: [pair for pair in pairs if not pair[0].endswith((":timestamp", ":float", ":merge"))]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:float", _FLOAT, list("-+0123456789."))


@dataclass(frozen=True)
class Document:
    """One YAML file as read.

    Parameters
    ----------
    path : pathlib.Path
    data : dict
    lines : dict of str to int
        Dotted key to its line, from 1.
    text : str
    elsewhere : dict of str to str
        Keys that another file has the last word on, and where.
    """

    path: Path
    data: dict[str, Any]
    lines: dict[str, int]
    text: str
    elsewhere: dict[str, str] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """The first comment line, without its mark."""
        first = self.text.lstrip("\ufeff").split("\n", 1)[0]
        return first.lstrip("# ").strip() if first.startswith("#") else ""

    def at(self, key: str = "") -> str:
        """``file:line`` of `key`, of its nearest parent, or of the file."""
        if key in self.elsewhere:
            return self.elsewhere[key]
        while key and key not in self.lines:
            key = key.rpartition(".")[0]
        return f"{near(self.path)}:{self.lines.get(key, 1)}"


def read(path: Path) -> Document:
    """Read a YAML file that holds one mapping (an empty file is an empty mapping).

    Raises
    ------
    MlopsError
        Not readable, not UTF-8, too large, too deep, no valid YAML, a key twice, an alias or a tag.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise _unreadable(
                path,
                1,
                f"{path.stat().st_size:,} bytes",
                f"at most {MOST_BYTES:,}",
                step=f"shorten {near(path)}: data belongs in a data file",
            )
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise _unreadable(path, 1, error.strerror or str(error), "a readable file") from None
    except UnicodeDecodeError as error:
        raise _unreadable(path, 1, f"byte {error.start} is not UTF-8", "UTF-8 text") from None
    return parse(text, path)


def parse(text: str, path: Path, *, as_written: bool = False) -> Document:
    """Read YAML `text` as if it stood in `path`; see :func:`read`.

    Parameters
    ----------
    text : str
    path : pathlib.Path
    as_written : bool
        True leaves every value but null the text that it is, pointers too: who reads a column's
        words knows better than YAML that NO is no boolean.
    """
    try:
        loader = _Loader(text)
        data, lines = _Builder(loader, path, as_written).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        here = text.splitlines()[mark.line : mark.line + 1] if mark is not None else []
        line = here[0] if here else ""
        if "nesting depth" in str(error.problem):  # newer readers have a bound of their own
            raise _too_deep(path, mark.line + 1 if mark else 1) from None
        tabs = "\t" in line[: len(line) - len(line.lstrip())]
        found = "a tab" if tabs or "'\\t'" in str(error.problem) else str(error.problem)
        raise _unreadable(
            path, mark.line + 1 if mark else 1, found, "YAML, indented by spaces"
        ) from None
    except yaml.YAMLError as error:
        raise _unreadable(path, 1, str(error).split("\n")[0], "plain YAML text") from None
    return Document(path, data, lines, text)


def _unreadable(
    path: Path, line: int, found: str, accepted: str, key: str = "", step: str = ""
) -> MlopsError:
    return fail(
        "bad-yaml",
        f"{path.name} cannot be read" + (f" at `{key}`." if key else "."),
        where=f"{near(path)}:{line}",
        found=found,
        accepted=accepted,
        next_step=step or f"correct line {line} of {near(path)}",
    )


def _too_deep(path: Path, line: int) -> MlopsError:
    return _unreadable(path, line, "deeper nesting", f"at most {MOST_DEPTH} levels")


class _Builder:
    """Builds data from parse events, so that depth is bounded before anything recurses in C."""

    def __init__(self, loader: Any, path: Path, as_written: bool) -> None:
        self.loader, self.path, self.as_written = loader, path, as_written
        self.lines: dict[str, int] = {}

    def document(self) -> tuple[dict[str, Any], dict[str, int]]:
        take = self.loader.get_event
        take()
        if self.loader.check_event(yaml.StreamEndEvent):
            return {}, {}
        take()
        start = self.loader.peek_event()
        data = self.value("", 0)
        take()
        if not self.loader.check_event(yaml.StreamEndEvent):
            raise self.refuse(self.loader.peek_event(), "a second document", "one document a file")
        if data is None:
            return {}, {}
        if not isinstance(data, dict):
            raise self.refuse(start, f"a {type(data).__name__}", "a mapping (`key: value` lines)")
        return data, self.lines

    def value(self, key: str, depth: int) -> Any:
        event = self.loader.get_event()
        if isinstance(event, yaml.AliasEvent):
            raise self.refuse(event, f"alias *{event.anchor}", "${key} to point at one place")
        if getattr(event, "tag", None) not in (None, "!"):
            raise self.refuse(event, f"tag {event.tag}", "plain values without tags")
        if depth > MOST_DEPTH:
            raise _too_deep(self.path, event.start_mark.line + 1)
        if isinstance(event, yaml.ScalarEvent):
            return self.scalar(event)
        if isinstance(event, yaml.SequenceStartEvent):
            return self.sequence(key, depth)
        return self.mapping(key, depth)

    def scalar(self, event: Any) -> Any:
        tag = self.loader.resolve(yaml.ScalarNode, event.value, event.implicit)
        if self.as_written:
            return None if tag == NULL else event.value
        if "${" in event.value:
            self.pointer(event)
        try:
            return self.loader.construct_object(yaml.ScalarNode(tag, event.value, event.start_mark))
        except ValueError as error:  # e.g. an integer of more digits than Python reads
            raise self.refuse(event, str(error), "a shorter number") from None

    def pointer(self, event: Any) -> None:
        """Refuse a `${…}` that cannot be read, or that is too long to be read in time."""
        if len(event.value) > MOST_POINTER:
            accepted = f"at most {MOST_POINTER:,} characters where there is a ${{…}}"
            raise self.refuse(event, f"{len(event.value):,} characters", accepted)
        try:
            if not SIMPLE_INTERPOLATION_PATTERN.match(event.value):
                grammar_parser.parse(event.value)
        except (GrammarParseError, RecursionError) as error:
            found = f"{event.value[:80]}: {str(error)[:80]}".split("\n")[0]
            raise self.refuse(event, found, "${key} or ${oc.env:NAME}") from None

    def sequence(self, key: str, depth: int) -> list[Any]:
        items: list[Any] = []
        while not self.loader.check_event(yaml.SequenceEndEvent):
            place = f"{key}.{len(items)}"
            self.lines[place] = self.loader.peek_event().start_mark.line + 1
            items.append(self.value(place, depth + 1))
        self.loader.get_event()
        return items

    def mapping(self, key: str, depth: int) -> dict[Any, Any]:
        items: dict[Any, Any] = {}
        while not self.loader.check_event(yaml.MappingEndEvent):
            event = self.loader.peek_event()
            name = self.value(key, depth + 1)
            if isinstance(name, (dict, list)) or name is None:
                kind = "nothing" if name is None else "a collection"
                raise self.refuse(event, f"{kind} as a key", "text as a key")
            if name in items:
                raise self.refuse(event, f"`{name}` twice", "each key once")
            place = f"{key}.{name}" if key else str(name)
            self.lines[place] = event.start_mark.line + 1
            items[name] = self.value(place, depth + 1)
        self.loader.get_event()
        return items

    def refuse(self, event: Any, found: str, accepted: str) -> MlopsError:
        return _unreadable(self.path, event.start_mark.line + 1, found, accepted)
