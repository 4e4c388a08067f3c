"""Makes the parts: the identity of every target is checked immediately before the call."""

from __future__ import annotations

import functools
import importlib
from pathlib import Path
from types import FunctionType
from typing import Any

from mlops.config import kinds, trust
from mlops.config.catalogue import Catalogue
from mlops.config.environment import secret_name
from mlops.config.own_code import wrong_kind
from mlops.config.walk import RESERVED
from mlops.core.errors import BUG, ENVIRONMENT, REFUSED, USER, MlopsError, fail
from mlops.core.secret import Secret


def build(group: str, node: dict[str, Any], catalogue: Catalogue, where: str = "") -> Any:
    """Instantiate the part that `node` describes.

    Parameters
    ----------
    group : str
        The room it is for; it decides what may be built.
    node : dict
        Checked and resolved, with ``_target_``.
    catalogue : Catalogue
    where : str
        Shown in errors.

    Raises
    ------
    MlopsError
        A target is refused or is of another kind (3), cannot be imported (4), or its constructor
        refuses its arguments (2).
    """
    where = where or f"{group}._target_"
    for _, target in trust.targets(node, group):
        _identity(group, target, catalogue, where)
    top = _resolve(str(node["_target_"]), where)
    if not kinds.stands_in(group, top):
        raise MlopsError(wrong_kind(str(node["_target_"]), group, where))
    return _Making(group, catalogue, where).value(node)


class _Making:
    """Turns a checked node into objects, the innermost first.

    Values arrive resolved, and no text in them is looked at a second time: what says ``${…}``
    now is plain text, so a value cannot grow a target between the check and the call.
    """

    def __init__(self, group: str, catalogue: Catalogue, where: str) -> None:
        self.group, self.catalogue, self.where = group, catalogue, where

    def value(self, node: Any) -> Any:
        if isinstance(node, dict):
            made = {key: self.value(each) for key, each in node.items()}
            return self.part(made) if "_target_" in node else made
        if isinstance(node, list):
            return [self.value(each) for each in node]
        if isinstance(node, str):
            name = secret_name(node, self.catalogue.project)
            return node if name is None else Secret(name)
        return node

    def part(self, made: dict[str, Any]) -> Any:
        target = str(made["_target_"])
        call = _identity(self.group, target, self.catalogue, self.where)
        given = {key: each for key, each in made.items() if key not in RESERVED}
        positional = made.get("_args_", [])
        if made.get("_partial_", False):
            return functools.partial(call, *positional, **given)
        try:
            return call(*positional, **given)
        except MlopsError:
            raise
        except Exception as error:
            raise _refused_arguments(self.group, target, error, self.where) from error


def _identity(group: str, target: str, catalogue: Catalogue, where: str) -> Any:
    """What `target` names, unless it is allowed by name but turns out to be something else."""
    problem = trust.refusal(catalogue, group, target, where)
    if problem:
        raise MlopsError(problem)
    found = _resolve(target, where)
    home = getattr(found, "__module__", None) or ""
    package = target.partition(".")[0]
    exact = trust.by_name(catalogue, group, target)
    same = home.partition(".")[0] == package if exact else trust.by_pattern(catalogue, home + ".x")
    if not isinstance(found, (type, FunctionType)) or not same:
        raise fail(
            "target-refused",
            f"{target} is no class or function of its own package.",
            where=where,
            found=f"{type(found).__name__} from {home or 'nowhere'}",
            accepted=f"a class or function defined in {package}",
            next_step="name the class where it is defined",
            exit_code=REFUSED,
        )
    return found


def _resolve(target: str, where: str) -> Any:
    module, _, name = target.rpartition(".")
    try:
        return getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, SyntaxError) as error:
        missing = getattr(error, "name", None)
        raise fail(
            "import-failed",
            f"{target} cannot be imported.",
            where=where,
            found=f"{type(error).__name__}: {error}"[:200],
            accepted="a module that imports, with that name in it",
            next_step=f"pip install {missing}"
            if missing and "." not in missing
            else f"run python -c 'import {module}' to see why",
            exit_code=ENVIRONMENT if isinstance(error, ModuleNotFoundError) else USER,
        ) from error
    except Exception as error:
        raise fail(
            "import-failed",
            f"The module of {target} raises while it is imported.",
            where=where,
            found=f"{type(error).__name__}: {error}"[:200],
            accepted="a module that imports",
            next_step=f"run python -c 'import {module}' to see why",
        ) from error


def _refused_arguments(group: str, target: str, error: Exception, where: str) -> MlopsError:
    cause: BaseException = error
    while cause.__cause__ is not None:
        cause = cause.__cause__
        if isinstance(cause, MlopsError):
            return cause
    theirs = isinstance(cause, TypeError | ValueError | KeyError | OSError)
    return fail(
        "not-built",
        f"{target} cannot be made with these values.",
        where=where,
        found=f"{type(cause).__name__}: {cause}".split("\n")[0][:200],
        accepted="values that its constructor takes",
        next_step=f"correct the values of {group}; `mlops --cfg job --package {group}` shows them",
        exit_code=USER if theirs or not target.startswith("mlops.") else BUG,
    )


def project_on_path(project: Path) -> None:
    """Make the project's own package importable; last, so that it shadows nothing installed."""
    import sys

    if str(project) not in sys.path:
        sys.path.append(str(project))
