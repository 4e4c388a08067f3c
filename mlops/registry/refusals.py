"""Why an act on versions is refused, told so that the reader knows what to do instead."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mlops.core.errors import ENVIRONMENT, REFUSED, MlopsError, fail, listed
from mlops.core.version import LedgerEntry, ModelVersion
from mlops.registry.charge import Charge

if TYPE_CHECKING:
    from mlops.registry.versions import Versions


WHICH_DEPLOYER = "which-deployer"


def alike_name(alias: str, known: str) -> MlopsError:
    """A name that differs from another one in capitals only."""
    return fail(
        "bad-alias-name",
        f"{alias} would be another name than {known}, and nobody could tell them apart.",
        where="alias",
        found=alias,
        accepted=f"{known}, or a name that differs in more than capitals",
        closest=known,
        next_step=f"write alias={known}",
    )


def no_version(model: str, number: int, count: int, *, where: str = "version") -> MlopsError:
    """There is no such version; `where` is the key of the command that asks for it."""
    return fail(
        "no-version",
        f"{model} has no version {number}.",
        where=where,
        found=str(number),
        accepted=f"1 to {count}" if count else "none yet: no run was accepted",
        closest=str(min(max(number, 1), count)) if count else "",
        next_step="mlops history shows them" if count else "mlops makes the first one",
    )


def faster(model: str, alias: str, now: LedgerEntry | None) -> MlopsError:
    """Somebody else has moved the alias since it was looked at."""
    found = "it was taken away"
    if now is not None:
        why = f": {now.why}" if now.why else ""
        found = f"version {now.version} since {now.at}, by {now.who} ({now.act}{why})"
    return fail(
        "alias-moved",
        f"Somebody else was faster: {alias} of {model} is another version now.",
        where=f"{model}, {alias}",
        found=found,
        accepted="the version that was there when this command looked",
        next_step="look at mlops history, and decide again",
        exit_code=REFUSED,
    )


def has_it(model: str, number: int, alias: str) -> MlopsError:
    """The version has that name."""
    return fail(
        "nothing-to-move",
        f"Version {number} of {model} is {alias} already.",
        where=f"{model}, {alias}",
        found=f"version {number}",
        accepted="another version",
        next_step="mlops history shows which version has which name",
        exit_code=REFUSED,
    )


def renumbered(model: str, number: int, now: int) -> MlopsError:
    """The version that had this number has another one since others pushed theirs."""
    return fail(
        "version-renumbered",
        f"What was version {number} of {model} is version {now} now.",
        where=f"{model}, version",
        found=f"version {number}, which somebody else registered first",
        accepted="a number as it is since then",
        closest=str(now),
        next_step="look at mlops history, and decide again",
        exit_code=REFUSED,
    )


def not_whole(versions: Versions, version: ModelVersion, wrong: str, *, now: int = 0) -> MlopsError:
    """A file of the version is missing or another one than was registered.

    `now` is the version that has the name already: there is no need to choose it.
    """
    usable, place = versions.usable(), versions.shelf.place(version.number)
    number = max((each.number for each in usable if each.number != now), default=0)
    again = versions.ledger.copy_of(place) or "mlops restore puts the folder back from a backup"
    return fail(
        "version-not-whole",
        f"Version {version.number} of {versions.model} cannot be used: {wrong}.",
        where=str(place),
        found=wrong,
        accepted=f"usable: {listed(str(each) for each in usable) or 'none'}",
        closest=f"version {number}" if number else "",
        next_step=f"choose version {number}, or {again}" if number else f"{again}; or run again",
        exit_code=REFUSED,
    )


def strange_file(folder: Path, found: str) -> MlopsError:
    """What a run left is not what it wrote."""
    return fail(
        "run-not-whole",
        "This run cannot become a version: its folder is not as it left it.",
        where=str(folder),
        found=found,
        accepted="the files that the run wrote, in its own folder, unchanged",
        next_step="run again; nothing in the folder was executed",
        exit_code=REFUSED,
    )


def nothing_before(versions: Versions, alias: str) -> MlopsError:
    """No version had the alias before the one that has it."""
    holder = versions.holder(alias)
    usable = [each for each in versions.usable() if holder is None or each.number != holder.version]
    back = f"mlops rollback name={versions.model} alias={alias}"
    return fail(
        "nothing-before",
        f"No version of {versions.model} was {alias} before.",
        where=f"{versions.model}, {alias}",
        found=f"version {holder.version}, the first" if holder else "no version has that name",
        accepted=f"usable: {listed(str(each) for each in usable) or 'none other'}",
        closest=f"version {usable[-1].number}" if usable else "",
        next_step=f"{back} to={usable[-1].number}" if usable else "run again",
        exit_code=REFUSED,
    )


def which_deployer(model: str, charge: Charge) -> MlopsError:
    """Who has the model online is not among the options, or has other values by now."""
    return _which(
        charge,
        f"{model} is put online by deployer={charge.deployer}, with other values than it has here.",
        where="deployer",
        found="nobody named on the command line",
    )


def which_settings(model: str, charge: Charge) -> MlopsError:
    """The server of a model does not run, and would come back with other settings."""
    return _which(
        charge,
        f"The server of {model} does not run, and had other settings than it has here.",
        where="serving",
        found="settings that would be others than before",
        further="; mlops serve stop takes it offline for good",
    )


def _which(charge: Charge, says: str, *, where: str, found: str, further: str = "") -> MlopsError:
    """What has the model online would be another than before: its words are to be typed."""
    words = " ".join(charge.words) or f"deployer={charge.deployer}"
    return fail(
        WHICH_DEPLOYER,
        says,
        where=where,
        found=found,
        accepted="the words it was last put online with, or others on purpose",
        closest=words,
        next_step=f"add {words}; or deployer=dry_run, which changes names only{further}",
        exit_code=REFUSED,
    )


def not_back(model: str, number: int, why: str) -> MlopsError:
    """An act was undone, and the deployer does not say that what was online before still is."""
    return fail(
        "not-back-online",
        f"Version {number} of {model} has its name again; nobody confirms that it is online.",
        where=f"{model}, version {number}",
        found=why,
        accepted="a deployer that can",
        next_step=f"mend what stops it, then mlops promote name={model} version={number}",
        exit_code=ENVIRONMENT,
    )


def nameless(model: str, number: int) -> MlopsError:
    """A version was made, and could not be put online."""
    return fail(
        "not-online",
        f"Version {number} of {model} is there, without a name: it could not be put online.",
        where=f"{model}, version {number}",
        found="the deployer's refusal above",
        accepted="a deployer that can",
        next_step=f"mend what stops it, then mlops promote name={model} version={number}",
        exit_code=ENVIRONMENT,
    )
