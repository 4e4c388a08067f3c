"""What a step's result depends on: its values, the source of its classes, its inputs."""

from __future__ import annotations

import functools
import hashlib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from mlops.config import signature
from mlops.config.job import Job
from mlops.config.trust import targets

HASHES = ("content", "contract file")  # two hashes tell nobody anything


def flat(node: Any, key: str = "") -> dict[str, Any]:
    """Nested values as one level of dotted keys.

    >>> flat({"a": {"b": 1}, "c": [2]})
    {'a.b': 1, 'c.0': 2}
    """
    if isinstance(node, dict) and node:
        pairs = node.items()
    elif isinstance(node, list) and node:
        pairs = {str(index): value for index, value in enumerate(node)}.items()
    else:
        return {key: node}
    found: dict[str, Any] = {}
    for name, value in pairs:
        found.update(flat(value, f"{key}.{name}" if key else str(name)))
    return found


def depends_on(job: Job, *groups: str, **inputs: Any) -> dict[str, Any]:
    """Everything that the result of `groups` depends on, as flat plain data.

    Parameters
    ----------
    job : Job
    *groups : str
    **inputs : object
        Keys of the steps before, hashes of files, the seed.
    """
    parts: dict[str, Any] = {}
    for group in groups:
        parts.update(flat(job.values[group], group))
        for _, target in targets(job.values[group], group):
            parts[f"source of {target}"] = _source(str(target))
    parts.update({name: value for name, value in inputs.items() if value is not None})
    return parts


@functools.cache
def _source(target: str) -> str:
    """Version of the package, and for code that lies around as files, a hash of what it may use.

    That is the whole package; beside a module without one what lies in its folder, and of ours
    the room and ``core``, as rooms import nothing else.
    """
    found = signature.read(target)
    package = found.module.partition(".")[0]
    number = _version(package)
    if found.file is None or (number and "site-packages" in found.file.parts):
        return number
    inside = found.module.count(".") + (found.file.name == "__init__.py")
    if package == "mlops":
        core = Path(__file__).resolve().parents[1] / "core"
        files = [*sorted(found.file.parent.glob("*.py")), *sorted(core.glob("*.py"))]
    elif inside:
        files = sorted(found.file.parents[inside - 1].rglob("*.py"))
    else:
        files = sorted(found.file.parent.glob("*.py"))
    code = hashlib.sha256()
    for path in files:
        code.update(path.read_bytes())
    return f"{number} {code.hexdigest()[:12]}".strip()


@functools.cache
def _version(package: str) -> str:
    names = {"sklearn": "scikit-learn"}
    try:
        return version(names.get(package, package))
    except PackageNotFoundError:
        return ""


def difference(before: dict[str, Any], after: dict[str, Any], most: int = 3) -> str:
    """What changed between two sets of parts, in words.

    >>> difference({"features.numeric": "a.StandardScaler"}, {"features.numeric": "a.MinMaxScaler"})
    'features.numeric changed StandardScaler → MinMaxScaler'
    >>> difference({"contract file": "ae3198ef"}, {"contract file": "f14afc53"})
    'contract file changed'
    """
    classes = [
        key.removesuffix("_target_")
        for key in after
        if key.endswith("._target_") and before.get(key, after[key]) != after[key]
    ]
    changes = []
    for key in [*after, *(key for key in before if key not in after)]:
        is_in_both = key in before and key in after
        if is_in_both and before[key] == after[key]:
            continue
        if not is_in_both and key.startswith(("source of ", *classes)):
            continue  # what came or went with a class: the class's name tells
        changes.append(_change(key, before, after))
    more = f", and {len(changes) - most} more" if len(changes) > most else ""
    return ", ".join(changes[:most]) + more


def _change(key: str, before: dict[str, Any], after: dict[str, Any]) -> str:
    if key.startswith("source of "):
        return f"{key.rpartition('.')[2]}'s code changed"
    if key.startswith("after "):
        return f"{key.removeprefix('after ')} changed"
    if key in HASHES and key in before and key in after:
        return f"{key} changed"
    if key not in before or key not in after:
        return f"{key} {'is gone' if key in before else 'is new'}"
    return f"{key.removesuffix('._target_')} changed {_short(before[key])} → {_short(after[key])}"


def _short(value: Any) -> str:
    text = "null" if value is None else str(value)
    dotted = text.replace(".", "").replace("_", "").isalnum() and not text[:1].isdigit()
    return (text.rpartition(".")[2] if dotted else text)[:40]
