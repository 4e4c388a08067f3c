"""Why a server does not start, or does not do what it is told."""

from __future__ import annotations

from mlops.core.errors import ENVIRONMENT, REFUSED, MlopsError, Problem, fail


def not_started(what: str, cause: str, times: int) -> MlopsError:
    """A process that is needed dies as often as it is started."""
    return fail(
        "server-not-started",
        "The server's processes do not stay alive.",
        where=what,
        found=f"it {cause}, {times} times in a row",
        accepted="processes that start and stay",
        next_step='what they wrote is above; is everything there? pip install "mlops[serve]"',
        exit_code=ENVIRONMENT,
    )


def no_such_order(verb: str, found: str, accepted: str, next_step: str) -> MlopsError:
    """An admin asks for something that cannot be done."""
    return fail(
        "no-such-order",
        "This cannot be ordered.",
        where=f"admin, {verb}"[:80],
        found=found[:200],
        accepted=accepted,
        next_step=next_step,
    )


def unfit(number: int, found: str) -> Problem:
    """A version cannot be served."""
    return Problem(
        code="version-broken",
        says=f"Version {number} cannot be made ready to be served.",
        where=f"version {number}",
        found=found,
        accepted="a version that loads and answers its golden rows",
        next_step="mlops doctor looks at every version's files",
        exit_code=REFUSED,
    )
