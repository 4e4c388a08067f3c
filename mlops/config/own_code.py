"""What can be said of a module of the user's own before it is imported, from its source."""

from __future__ import annotations

import ast
import functools
import sys
import warnings
from importlib.util import find_spec
from pathlib import Path

from mlops.config import kinds
from mlops.core.errors import ENVIRONMENT, REFUSED, Problem
from mlops.core.paths import near


def wrong_with(file: Path, target: str, group: str, where: str, top: bool) -> Problem | None:
    """The first reason why the class `target`, in `file`, could not stand in `group`.

    Parameters
    ----------
    file : pathlib.Path
    target, group : str
    where : str
        The place that names the target.
    top : bool
        True for the part itself, False for one that it holds.
    """
    if problem := broken(file, target):
        return problem
    try:
        tree = _tree(file)
    except OSError:
        return None  # the search for the target has told it
    for name, line in _imported(tree).items():
        if name not in sys.builtin_module_names and not _there(name):
            return _not_installed(f"{near(file)}:{line}", target, name)
    methods = _methods(tree, target.rpartition(".")[2]) if top else None
    if methods is not None and group in kinds.KINDS and not kinds.named(group, methods):
        return wrong_kind(target, group, where)
    return None


def broken(file: Path, target: str) -> Problem | None:
    """The problem with a `file` that is no Python; None if it is, or cannot be opened."""
    try:
        _tree(file)
    except (SyntaxError, ValueError) as error:
        return _unparsable(file, target, error)
    except OSError:
        pass
    return None


def wrong_kind(target: str, group: str, where: str) -> Problem:
    """A class that has not the methods of its room."""
    return Problem(
        code="wrong-kind",
        says=f"{target} cannot stand in {group}.",
        where=where,
        found=target,
        accepted=kinds.told(group),
        next_step=f"choose an option of {group}, or give the class these methods",
        exit_code=REFUSED,
    )


@functools.cache
def _tree(file: Path) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(file.read_bytes(), filename=str(file))
        # Compiling runs nothing, and finds mistakes that parsing lets pass.
        compile(tree, str(file), "exec", dont_inherit=True)
    return tree


def _imported(tree: ast.Module) -> dict[str, int]:
    """Packages that the module imports at its top, outside any `try` or `if`, and the lines."""
    found: dict[str, int] = {}
    for node in tree.body:
        if isinstance(node, ast.Import):
            found |= {each.name.partition(".")[0]: node.lineno for each in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            found[node.module.partition(".")[0]] = node.lineno
    return found


def _there(name: str) -> bool:
    try:
        return name in sys.modules or find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def _methods(tree: ast.Module, name: str) -> set[str] | None:
    """Methods of the class `name`; None where a base lies elsewhere or a decorator changes it."""
    node = next((each for each in reversed(tree.body) if getattr(each, "name", None) == name), None)
    if not isinstance(node, ast.ClassDef):
        return None
    if node.keywords or node.decorator_list:
        return None
    found = {
        target.id
        for each in node.body
        if isinstance(each, ast.Assign)
        for target in each.targets
        if isinstance(target, ast.Name)
    } | {
        each.name for each in node.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    for base in node.bases:
        if isinstance(base, ast.Name) and base.id == "object":
            continue
        inherited = (
            _methods(tree, base.id) if isinstance(base, ast.Name) and base.id != name else None
        )
        if inherited is None:
            return None
        found |= inherited
    return found


def _unparsable(file: Path, target: str, error: Exception) -> Problem:
    line = getattr(error, "lineno", None) or 1
    return Problem(
        code="syntax-error",
        says=f"The module of {target} cannot be read as Python.",
        where=f"{near(file)}:{line}",
        found=str(getattr(error, "msg", error)),
        accepted="Python without syntax errors",
        next_step=f"correct line {line} of {near(file)}",
    )


def _not_installed(where: str, target: str, name: str) -> Problem:
    return Problem(
        code="import-missing",
        says=f"The module of {target} imports a package that is not installed.",
        where=where,
        found=f"no {name}",
        accepted="installed packages",
        next_step=f"pip install {name}",
        exit_code=ENVIRONMENT,
    )
