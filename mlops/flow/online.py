"""What a server is to do, told from a job: between the configuration and whoever serves."""

from __future__ import annotations

import shlex
from typing import Any

from mlops.config.job import Job
from mlops.config.origin import words_for
from mlops.core.secret import MARK
from mlops.core.serving import Spec, is_running
from mlops.registry.names import held
from mlops.registry.versions import Versions

ROOM = "serving"
FILES = ("certificate", "key")


def spec_of(
    job: Job, versions: Versions, *, version: int | str = "champion", **settings: Any
) -> Spec:
    """The description of a server for one of the `versions`.

    A token that is written out is refused before anything is started.

    Parameters
    ----------
    job : Job
    versions : Versions
        Of the model.
    version : int or str
        A number, or a name that is followed.
    **settings : object
        In place of those of the chosen option of ``serving``.
    """
    job.part("serving")
    chosen = {key: value for key, value in job.values["serving"].items() if not key.startswith("_")}
    for key in FILES:
        if chosen[key] is not None:
            chosen[key] = str((job.project / str(chosen[key])).absolute())
    return Spec(
        model=versions.model,
        ledger=str(versions.folder.absolute()),
        outputs=str(job.outputs),
        project=str(job.project),
        version=version,
        allowed=job.allowed,
        settings={**chosen, **settings},
        asked=tuple(sorted({*_asked(job, chosen), *settings})),
    )


def _asked(job: Job, chosen: dict[str, Any]) -> set[str]:
    """The settings that were typed, or are otherwise than a server has them by itself.

    Who types an option, be it the default, types what it has otherwise than another option.
    """
    catalogue = job.composed.catalogue
    typed = {word.partition("=")[0] for word in words_for(job.composed, ROOM)}
    others = [job.declared(ROOM, catalogue.defaults[ROOM])]
    if ROOM in typed:  # as they are written: what they point at need not be there
        others += [catalogue.option(ROOM, each).declared for each in catalogue.options(ROOM)]
    return {
        key
        for key, value in chosen.items()
        if f"{ROOM}.{key}" in typed or any(value != each.get(key) for each in others)
    }


def words_of(spec: Spec) -> tuple[str, ...]:
    """What to type for a server of these settings; a secret is its name."""
    return tuple(
        shlex.quote(f"{ROOM}.{key}={_typed(spec.settings[key])}")
        for key in spec.asked
        if key in spec.settings
    )


def _typed(value: Any) -> str:
    text = "null" if value is None else str(value)
    return f"${{secret:{text.removeprefix(MARK)}}}" if text.startswith(MARK) else text


def online(spec: Spec) -> Spec:
    """What the server that runs was started for; `spec`, if none does."""
    return (Spec.read(spec.folder) or spec) if is_running(spec.folder) else spec


def expected(job: Job, versions: Versions) -> tuple[str, ...]:
    """What canary and shadow wait for, a line each.

    Raises
    ------
    MlopsError
        One is a number that no version has (exit code 2).
    """
    from mlops.serving.watch import Asked, check_numbers, waits

    chosen = job.values[ROOM]
    asked = Asked(canary=chosen["canary"], shadow=chosen["shadow"])
    if asked == Asked() or not versions.ledger.path.exists():
        return ()
    entries = versions.ledger.entries()
    names = {name: each.version for name, each in held(entries).items()}
    check_numbers(asked, names, len(versions.all(entries)), versions.model)
    return waits(asked, names)
