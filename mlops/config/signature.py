"""Reads what a target takes from its source text, so that checking imports nothing."""

from __future__ import annotations

import ast
import functools
import importlib.util
import re
import sys
from dataclasses import dataclass, field, replace
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path

_NAME = re.compile(r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)+$")
_FROM = re.compile(
    r"^[ \t]*from[ \t]+(\.*[\w.]*)[ \t]+import[ \t]+(\([^)]*\)|(?:[^\n\\]|\\\n)*)", re.M
)

_DEFINES = re.compile(r"(?:class|def|async[ \t]+def)[ \t]+")
_LETTER = re.compile(r"\w")
_NEXT = re.compile(r"^[^\s#)\]}]", re.M)


@dataclass(frozen=True)
class Parameter:
    """One parameter: its annotation as text, whether it is required, and takes a positional."""

    name: str
    annotation: str = ""
    required: bool = False
    by_place: bool = True


@dataclass(frozen=True)
class Signature:
    """What a target takes.

    Parameters
    ----------
    target : str
    module : str
        The module in which it is really defined.
    file : pathlib.Path or None
        Its source; None for compiled code, of which nothing else is known.
    parameters : dict of str to Parameter
    open : bool
        True if it takes ``**kwargs``, or if its source cannot be read.
    """

    target: str
    module: str
    file: Path | None
    parameters: dict[str, Parameter] = field(default_factory=dict)
    open: bool = False


class NotFound(Exception):
    """The target is not there: `words` is what `file`, where it was looked for, has instead."""

    def __init__(self, says: str, words: tuple[str, ...] = (), file: Path | None = None) -> None:
        super().__init__(says)
        self.words, self.file = words, file


@functools.cache
def read(target: str) -> Signature:
    """Find the class or function that the dotted name `target` means.

    Raises
    ------
    NotFound
        No such package, module or name in it, or its source has a syntax error.
    """
    if not _NAME.match(target):
        raise NotFound("not a dotted name")
    spec, rest = _module(target)
    if len(rest) != 1:
        raise NotFound(f"{'.'.join(rest)} is nothing in {spec.name}" if rest else "it is a module")
    return _in_module(target, spec, rest[0], 0)


def _module(target: str) -> tuple[ModuleSpec, list[str]]:
    """The deepest module on the way to `target`, and the names that remain."""
    parts = target.split(".")
    spec = _top(parts[0])
    if spec is None:
        raise NotFound(f"no package {parts[0]} is installed")
    for index, part in enumerate(parts[1:], start=1):
        if not spec.submodule_search_locations:
            return spec, parts[index:]
        path = list(spec.submodule_search_locations)
        deeper = PathFinder.find_spec(f"{spec.name}.{part}", path)
        if deeper is None:
            return spec, parts[index:]
        spec = deeper
    return spec, []


def _top(name: str) -> ModuleSpec | None:
    loaded = sys.modules.get(name)
    spec = getattr(loaded, "__spec__", None)
    try:
        return spec or importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return None


def _in_module(target: str, spec: ModuleSpec, name: str, hops: int) -> Signature:
    file = Path(spec.origin) if spec.origin and spec.origin.endswith(".py") else None
    if file is None:
        return Signature(target, spec.name, None, open=True)
    text = _text(file)
    block = _block(text, name)
    if block is not None:
        return _of_block(target, spec, file, name, block, hops)
    for origin, real in _imports(text, name):
        base = spec.name if spec.submodule_search_locations else spec.name.rpartition(".")[0]
        source = importlib.util.resolve_name(origin, base) if origin.startswith(".") else origin
        if hops < 12 and (found := _follow(target, source, real, hops)) is not None:
            return found
    raise NotFound(f"{name} is not defined in {spec.name}", _defined(text), file)


def _follow(target: str, module: str, name: str, hops: int) -> Signature | None:
    try:
        spec, rest = _module(module)
    except NotFound:
        return None
    return None if rest else _in_module(target, spec, name, hops + 1)


@functools.cache
def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise NotFound(f"{file.name} cannot be read: {error}") from None


def _block(text: str, name: str) -> str | None:
    """The source of the top-level class or function `name`, without what follows it.

    Looked for as plain text: a pattern for each name would take longer to make than to use.
    """
    place = text.find(name)
    while place >= 0:
        start, past = text.rfind("\n", 0, place) + 1, place + len(name)
        if _DEFINES.fullmatch(text, start, place) and not _LETTER.match(text, past):
            end = _NEXT.search(text, text.find("\n", past) + 1)
            return text[_decorated(text, start) : end.start() if end else len(text)]
        place = text.find(name, place + 1)
    return None


def _decorated(text: str, start: int) -> int:
    """Where the first of the decorators begins that stand above the line at `start`."""
    above = text.rfind("\n", 0, max(start - 1, 0)) + 1
    return _decorated(text, above) if above < start and text[above] == "@" else start


def _parsed(block: str, file: Path, name: str) -> ast.stmt:
    """The definition `name`; from the whole file where its block alone cannot be read."""
    try:
        return ast.parse(_outline(block) or block).body[0]
    except SyntaxError:  # text in column 0 inside a string, or a real mistake
        pass
    try:
        tree = ast.parse(_text(file))
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", 1)
        says = f"syntax error in line {line}: {getattr(error, 'msg', error)}"
        raise NotFound(says, file=file) from None
    return next(node for node in reversed(tree.body) if getattr(node, "name", None) == name)


_HEAD = re.compile(r"class[ \t]+\w+[ \t]*(\([^)]*\))?:", re.S)
_INIT = re.compile(r"^    def __init__\(", re.M)


def _outline(block: str) -> str:
    """The head of a class and of its constructor alone: a tenth of the text to parse.

    Empty where they cannot be told apart from the rest so simply; then the block is parsed.
    """
    head, init = _HEAD.match(block), _INIT.search(block)
    if head is None or init is None:
        return ""
    depth, place = 1, init.end()
    while depth and place < len(block):
        mark = block[place]
        depth += (mark in "([{") - (mark in ")]}")
        if mark in "#'\"":  # a comment or a string may hold any bracket
            place = block.find("\n" if mark == "#" else mark, place + 1)
            if place < 0:
                return ""
        place += 1
    return f"{head[0]}\n{block[init.start() : place]}: ...\n"


def _of_block(
    target: str, spec: ModuleSpec, file: Path, name: str, block: str, hops: int
) -> Signature:
    node = _parsed(block, file, name)
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return _of_arguments(target, spec.name, file, node.args, skip=0)
    assert isinstance(node, ast.ClassDef)
    for item in node.body:
        if isinstance(item, ast.FunctionDef) and item.name == "__init__":
            return _of_arguments(target, spec.name, file, item.args, skip=1)
    if any("dataclass" in ast.unparse(each) for each in node.decorator_list):
        return _of_dataclass(target, spec.name, file, node)
    for base in node.bases:
        inherited = ast.unparse(base)
        if inherited in ("object", "ABC", "Protocol") or hops > 12:
            continue
        try:
            found = _in_module(target, spec, inherited, hops + 1)
        except NotFound:
            continue
        if found.parameters or found.open:
            return Signature(target, spec.name, file, found.parameters, found.open)
    return Signature(target, spec.name, file)


def _of_arguments(
    target: str, module: str, file: Path, arguments: ast.arguments, skip: int
) -> Signature:
    plain = [*arguments.posonlyargs, *arguments.args]
    first_default = len(plain) - len(arguments.defaults)
    found = [_parameter(each, required=index < first_default) for index, each in enumerate(plain)][
        skip:
    ]
    for each, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        found.append(replace(_parameter(each, required=default is None), by_place=False))
    parameters = {each.name: each for each in found}
    return Signature(target, module, file, parameters, arguments.kwarg is not None)


def _parameter(argument: ast.arg, *, required: bool) -> Parameter:
    annotation = ast.unparse(argument.annotation) if argument.annotation else ""
    return Parameter(argument.arg, annotation, required)


def _of_dataclass(target: str, module: str, file: Path, node: ast.ClassDef) -> Signature:
    fields = [
        Parameter(item.target.id, ast.unparse(item.annotation), item.value is None)
        for item in node.body
        if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)
    ]
    return Signature(target, module, file, {each.name: each for each in fields})


def _imports(text: str, name: str) -> list[tuple[str, str]]:
    """Where `name` is imported from in `text`: pairs of module and the name it has there."""
    found = []
    for origin, names in _FROM.findall(text):
        if name not in names:
            continue
        for each in re.sub(r"#[^\n]*|[()\\]", " ", names).split(","):
            words = each.split()
            if words and words[-1] == name:
                found.append((origin, words[0]))
    return found


def _defined(text: str) -> tuple[str, ...]:
    names = re.findall(r"^(?:class|def)[ \t]+([A-Za-z]\w*)", text, re.M)
    for _, imported in _FROM.findall(text):
        names += re.findall(r"\w+", re.sub(r"#[^\n]*", " ", imported))
    return tuple(names)
