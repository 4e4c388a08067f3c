"""Loads the model of a version or a run: the files it was registered with, and no others.

What was written by other versions of the libraries has to answer its golden rows as it did then,
before anybody may rely on it.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from mlops.core import artefact
from mlops.core.errors import REFUSED, MlopsError, fail
from mlops.core.lines import parsed
from mlops.core.store import digest
from mlops.registry.shelf import MODEL

GOLDEN_ROWS, GOLDEN_ANSWERS = "golden/rows.parquet", "golden/expected.json"
CLOSE = 1e-9  # relative: libraries may add numbers up in another order


def opened(
    folder: Path, about: dict[str, Any], *, allowed: Iterable[str] = (), is_proven: bool = False
) -> Any:
    """The fitted pipeline in `folder`.

    Parameters
    ----------
    folder : pathlib.Path
        Of a version or a run.
    about : dict
        What it says of itself: ``files`` with their hashes (a version) or ``hashes`` (a run), and
        ``requirements``.
    allowed : iterable of str
        The project's own patterns of types, see :func:`mlops.core.artefact.load`.
    is_proven : bool
        Whether it answers its golden rows with the same libraries too.

    Raises
    ------
    MlopsError
        The file is not whole or not to be trusted, or it answers its golden rows otherwise than
        when it was made (exit code 3).
    """
    files = about.get("files")
    hashes = files if isinstance(files, dict) else about.get("hashes", {})
    others = other_libraries(about)
    try:
        pipeline = artefact.load(folder / MODEL, allowed=allowed, sha256=hashes.get(MODEL, ""))
    except MlopsError as error:
        raise _because(error, others) from error
    is_asked = others or is_proven
    if is_asked and (wrong := _answers_otherwise(pipeline, folder, hashes)):
        raise _other_answers(folder, wrong, others)
    return pipeline


def other_libraries(about: dict[str, Any]) -> tuple[str, ...]:
    """The libraries that were another version when the model was made, e.g. ``numpy 1.26 → 2.1``.

    >>> other_libraries({"requirements": ["nothing-like-it==1.0"]})
    ('nothing-like-it 1.0 → none',)
    """
    found = []
    for requirement in about.get("requirements", ()):
        name, _, then = str(requirement).partition("==")
        try:
            now = version(name)
        except PackageNotFoundError:
            now = "none"
        if now != then:
            found.append(f"{name} {then} → {now}")
    return tuple(found)


def _answers_otherwise(pipeline: Any, folder: Path, hashes: dict[str, str]) -> str:
    """In what the answers to the golden rows differ; empty if in nothing."""
    import numpy as np
    import pandas as pd
    from threadpoolctl import threadpool_limits

    for name in (GOLDEN_ROWS, GOLDEN_ANSWERS):
        if name in hashes and digest(folder / name) != hashes[name]:
            return f"{name} was changed"
    rows = pd.read_parquet(folder / GOLDEN_ROWS)
    expected = parsed((folder / GOLDEN_ANSWERS).read_bytes())
    try:
        with threadpool_limits(1):  # a few rows: more threads only wait for one another
            values = np.asarray(pipeline.predict(rows))
            chances = None if expected["probabilities"] is None else pipeline.predict_proba(rows)
    except Exception as error:  # whatever a changed library makes of an older object
        return f"{type(error).__name__} while predicting"
    if not _same(values, expected["values"]):
        return "the golden rows' predictions differ"
    if chances is not None and not _same(np.asarray(chances), expected["probabilities"]):
        return "the golden rows' probabilities differ"
    return ""


def _same(answers: Any, expected: Any) -> bool:
    import numpy as np

    then = np.asarray(expected)
    if answers.shape != then.shape:
        return False
    if answers.dtype.kind == "f":
        return bool(np.allclose(answers, then, rtol=CLOSE, atol=CLOSE, equal_nan=True))
    return bool((answers.astype(str) == then.astype(str)).all())


def _other_answers(folder: Path, wrong: str, others: tuple[str, ...]) -> MlopsError:
    libraries = "With the libraries of today this" if others else "This"
    again = f"install what it was made with: pip install -r {folder}/requirements.txt"
    return fail(
        "other-answers",
        f"{libraries} model answers otherwise than when it was made.",
        where=str(folder / MODEL),
        found="; ".join((wrong, *others)),
        accepted=f"the same answers to {GOLDEN_ROWS}",
        next_step=again if others else "use another version, or run again",
        exit_code=REFUSED,
    )


def _because(error: MlopsError, others: tuple[str, ...]) -> MlopsError:
    """A refusal, with what may explain it."""
    if not others:
        return error
    first = error.problems[0]
    return fail(
        first.code,
        f"{first.says} Libraries changed since it was written: {', '.join(others)}.",
        where=first.where,
        found=first.found,
        accepted=first.accepted,
        closest=first.closest,
        next_step=first.next_step,
        exit_code=first.exit_code,
    )
