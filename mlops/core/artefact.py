"""The one place where fitted pipelines are written and read: skops, and a list of our own.

A file is never asked what to trust. What it may hold is fixed here: the defaults of skops, the
general list below, the exact names that the shipped option files of the pipeline's rooms
instantiate, what a module of ours declares in its constant ``TRUSTED``, and the patterns of the
project, which its caller passes in.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib
import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mlops.core.errors import REFUSED, MlopsError, fail, listed
from mlops.core.estimators import is_estimator
from mlops.core.paths import PACKAGE, packaged, write_whole

ROOMS = ("cleaner", "features", "model")
# Parts of fitted scikit-learn estimators: arrays behind a class, no code of their own.
GENERAL = frozenset(
    {
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "sklearn.metrics._dist_metrics.EuclideanDistance64",
        "sklearn.neighbors._kd_tree.KDTree",
        "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
        "sklearn.tree._tree.Tree",
        "sklearn.utils._bunch.Bunch",
    }
)
MOST_BYTES = 4 * 2**30
FREE_BYTES, MOST_RATIO = 256 * 2**20, 100  # unpacked: so much always, or so many times the file
_TARGET = re.compile(r"_target_[\"']?\s*:\s*[\"']?([\w.]+)")
_MEMBER = re.compile(r"^[A-Za-z0-9_-]+\.[a-z]+$")


def save(pipeline: Any, path: Path, *, allowed: Iterable[str] = ()) -> tuple[str, ...]:
    """Write the fitted `pipeline` to `path`, whole or not at all.

    Parameters
    ----------
    pipeline : sklearn.pipeline.Pipeline or other fitted estimator
    path : pathlib.Path
    allowed : iterable of str
        The project's own patterns: exact names, or ``package.*``.

    Returns
    -------
    tuple of str
        The types beyond skops' defaults that it holds, sorted: what a plain loader must be told.

    Raises
    ------
    MlopsError
        It holds a type that is not on the list (exit code 3); nothing is written.
    """
    data = packed(pipeline)
    types = _checked(data, str(path), allowed)
    write_whole(path, data)
    return types


def packed(pipeline: Any) -> bytes:
    """The content of the file that :func:`save` writes."""
    from skops.io import dumps

    data: bytes = dumps(pipeline, compression=zipfile.ZIP_DEFLATED, compresslevel=1)
    return data


def load(path: Path, *, allowed: Iterable[str] = (), sha256: str = "") -> Any:
    """Read what :func:`save` wrote; no code runs before everything in it is known and allowed.

    Parameters
    ----------
    path : pathlib.Path
    allowed : iterable of str
        As for :func:`save`.
    sha256 : str
        The digest that was recorded when the file was written; empty to compare none.

    Raises
    ------
    MlopsError
        The file is not there (exit code 2), or is damaged, another file than recorded, larger
        than allowed, no skops file, or holds a type that is not on the list (exit code 3).
    """
    # skops looks for the home of each function of SciPy in all modules, the first imported first.
    importlib.import_module("scipy.special")
    from sklearn.base import BaseEstimator
    from skops.io import loads

    data = _read(path, sha256)
    with _refused_if_unreadable(path):
        fitted = loads(data, trusted=list(_inspected(data, path, allowed)))
    if not isinstance(fitted, BaseEstimator):
        raise _unreadable(path, f"a {type(fitted).__name__}, no estimator")
    return fitted


def inspect(path: Path, *, allowed: Iterable[str] = ()) -> tuple[str, ...]:
    """The types that a file holds, after making sure that :func:`load` knows them all.

    Nothing in the file is made.

    Parameters
    ----------
    path : pathlib.Path
    allowed : iterable of str
        As for :func:`save`.

    Raises
    ------
    MlopsError
        As :func:`load`.
    """
    data = _read(path, "")
    with _refused_if_unreadable(path):
        return _inspected(data, path, allowed)


def _inspected(data: bytes, path: Path, allowed: Iterable[str]) -> tuple[str, ...]:
    _refuse_strange_archive(data, path)
    return _checked(data, str(path), allowed)


@contextmanager
def _refused_if_unreadable(path: Path) -> Iterator[None]:
    """Whatever a damaged or crafted file makes the readers do, as an error in five parts."""
    try:
        yield
    except MlopsError:
        raise
    except Exception as error:
        raise _unreadable(path, f"{type(error).__name__} while reading it") from error


@functools.cache
def trusted() -> frozenset[str]:
    """Every exact name on our own list, found and not registered."""
    options = [file for room in ROOMS for file in (packaged("conf") / room).glob("*.yaml")]
    found = {name for file in options for name in _TARGET.findall(file.read_text("utf-8"))}
    for module in PACKAGE.rglob("*.py"):
        text = module.read_text("utf-8")
        if "\nTRUSTED = (" in text:
            found.update(_declared(text))
    return GENERAL | found


def _declared(text: str) -> tuple[str, ...]:
    """Read the constant ``TRUSTED`` from a module's source, without importing it."""
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "TRUSTED":
            return tuple(ast.literal_eval(node.value))
    return ()


def _checked(data: bytes, where: str, allowed: Iterable[str]) -> tuple[str, ...]:
    from skops.io import get_untrusted_types

    types, patterns = tuple(get_untrusted_types(data=data)), tuple(allowed)
    ours = trusted()
    strange = [
        name
        for name in types
        if name not in ours and not is_estimator(name) and not _matches(name, patterns)
    ]
    if strange:
        raise fail(
            "untrusted-type",
            "The model holds a type that is not on the list of trusted types.",
            where=where,
            found=listed(strange),
            accepted="scikit-learn's estimators, the shipped options and the project's own package",
            next_step="if the type is yours, add its exact name or your package to allowed_targets "
            "in the project's settings; if the file is not yours, do not use it",
            exit_code=REFUSED,
        )
    return types


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    """Tell if a pattern of the project allows `name`.

    ``package.*`` allows the classes that are *defined* below that package, at that very name: what
    a module merely imported (``package.leaf.system``) is none of them, and a function is none.
    """
    if name in patterns:
        return True
    below = [each for each in patterns if each.endswith(".*") and name.startswith(each[:-1])]
    if not below:
        return False
    module, _, word = name.rpartition(".")
    found = getattr(importlib.import_module(module), word, None)
    return isinstance(found, type) and f"{found.__module__}.{found.__qualname__}" == name


def _read(path: Path, sha256: str) -> bytes:
    if not path.is_file():
        raise fail(
            "no-artefact",
            "The model file is not there.",
            where=str(path),
            found="no such file",
            accepted="a file that a run wrote",
            next_step="run again, or name another run or version",
        )
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise _unreadable(path, f"{size} bytes; at most {MOST_BYTES} are read")
    data = path.read_bytes()
    if sha256 and hashlib.sha256(data).hexdigest() != sha256:
        raise _unreadable(path, "another content than the one recorded when it was written")
    return data


def _refuse_strange_archive(data: bytes, path: Path) -> None:
    """Look at the zip's table of contents, then at each member's checksum; unpack nothing."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = archive.infolist()
        names = [member.filename for member in members]
        strange = [name for name in names if not _MEMBER.match(name)]
        if strange or len(set(names)) != len(names):
            raise _unreadable(path, f"member names that no model has: {strange[:3] or 'twice one'}")
        unpacked = sum(member.file_size for member in members)
        most = min(MOST_BYTES, max(FREE_BYTES, MOST_RATIO * len(data)))
        if unpacked > most:
            raise _unreadable(path, f"{unpacked} bytes unpacked; at most {most} are")
        damaged = archive.testzip()
        if damaged:
            raise _unreadable(path, f"damaged: the checksum of {damaged} does not fit")


def _unreadable(path: Path, found: str) -> MlopsError:
    return fail(
        "artefact-refused",
        "The model file is not one that can be trusted.",
        where=str(path),
        found=found,
        accepted="a whole, unchanged file that a run wrote with skops",
        next_step="use another version, or run again; nothing in the file was executed",
        exit_code=REFUSED,
    )
