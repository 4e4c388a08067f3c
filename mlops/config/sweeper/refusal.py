"""What the sweeper has against its settings: five parts, in an application of Hydra's alone too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hydra.errors import CompactHydraException

from mlops.core.errors import ENVIRONMENT, INTERRUPTED, MlopsError, Problem, closest, listed
from mlops.core.secret import masked
from mlops.tuner.space import ACCEPTED, nearest

SWEEPER = "hydra.sweeper"


class Stopped(SystemExit, KeyboardInterrupt):
    """Ctrl-C, at which an application of Hydra's alone ends without a trace."""

    def __init__(self) -> None:
        super().__init__(INTERRUPTED)


class BadSweep(MlopsError, CompactHydraException):
    """Of these Hydra prints what they say; of others a trace."""


def bad_setting(
    key: str, found: Any, accepted: str, words: Sequence[str] = (), *, why: object = ""
) -> BadSweep:
    """The error for a value of ``hydra.sweeper``.

    Parameters
    ----------
    key : str
    found : object
    accepted : str
        Empty where `words` are all that may be there.
    words : sequence of str
    why : object
        What somebody else has said against it.
    """
    near = closest(found, words)
    said = masked(" ".join(f"{found} ({why})".split()))[:300] if str(why) else str(found)
    return BadSweep(
        Problem(
            code="bad-sweep",
            says=f"{SWEEPER}.{key} cannot be used.",
            where=f"{SWEEPER}.{key}",
            found=said,
            accepted=accepted or listed(words),
            closest=near,
            next_step=f"write {SWEEPER}.{key}={near}" if near else f"correct {SWEEPER}.{key}",
        )
    )


def missing(key: str, found: str, package: str) -> BadSweep:
    """The error for a value that needs a `package`, whose extra has its name."""
    return BadSweep(
        Problem(
            code="extra-missing",
            says=f"{found} needs a package that is not installed.",
            where=f"{SWEEPER}.{key}",
            found=f"no {package}",
            accepted=f"an installed {package}",
            next_step=f"pip install 'mlops[{package}]', or leave {SWEEPER}.{key} as it was",
            exit_code=ENVIRONMENT,
        )
    )


def bad_space(key: str, text: str, says: str) -> BadSweep:
    """The error for what a key is to be searched over.

    Parameters
    ----------
    key : str
    text : str
        As it is written.
    says : str
        What is wrong with it.
    """
    near = nearest(text)
    return BadSweep(
        Problem(
            code="bad-space",
            says=f"{key} cannot be searched: {says}",
            where=f"{key}={text}",
            found=text,
            accepted=ACCEPTED,
            closest=near,
            next_step=f"write '{key}={near}'" if near else f"correct what {key} is searched over",
        )
    )
