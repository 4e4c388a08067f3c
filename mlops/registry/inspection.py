"""What a doctor says about the versions: is the history as it was written, are the files whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from mlops.core.errors import MlopsError, counted, listed
from mlops.core.store import digest
from mlops.core.version import LedgerEntry, ModelVersion
from mlops.registry.backups import Backups, LastBackup, stored
from mlops.registry.charge import Charge
from mlops.registry.deployments import place
from mlops.registry.format import FORMAT, StoreFormat
from mlops.registry.intent import Intent
from mlops.registry.names import held
from mlops.registry.versions import Versions, models
from mlops.registry.witness import Witness, denied

MOST_DAYS = 7
Finding = tuple[str, str, str]  # ok, look or broken; what was found; what to do
Ask = Callable[[Versions], list[Witness]]


def nobody(versions: Versions) -> list[Witness]:
    """No witness."""
    return []


def inspect(outputs: Path, ask: Ask = nobody, lost: Iterable[Versions] = ()) -> Finding:
    """The worst that is found about any model below `outputs`; reads every file of every version.

    Parameters
    ----------
    outputs : pathlib.Path
    ask : callable, optional
        Gives those who remember lines of a model's history.
    lost : iterable of Versions
        Of which nothing is there, and should be.

    Returns
    -------
    tuple of (str, str, str)
        ``ok``, ``look`` (it works, and somebody should know) or ``broken``; what was found; how
        to repair it.
    """
    found = _worst([*stored(outputs), *lost], ask)
    known = [Versions(outputs, name) for name in models(outputs)]
    return found or ("ok", _all_whole(known), "")


def inspect_kept(known: list[Versions], says: str, notes: list[str]) -> Finding:
    """The same about versions that are kept elsewhere; `says` tells where, `notes` what waits."""
    found = _worst(known)
    if found is None and notes:
        return "look", "; ".join(notes), "none needed: the next act on versions does it"
    return found or ("ok", f"{_all_whole(known)}, {says}", "")


def _all_whole(known: list[Versions]) -> str:
    count = sum(len(versions.all()) for versions in known)
    return f"{counted(len(known), 'model')}, {counted(count, 'version')}, all whole"


def _worst(known: list[Versions], ask: Ask = nobody) -> Finding | None:
    found = [finding for versions in known for finding in _findings(versions, ask)]
    for state in ("broken", "look"):
        some = [each for each in found if each[0] == state]
        if some:
            return state, "; ".join(says for _, says, _ in some), some[0][2]
    return None


def inspect_backup(outputs: Path) -> Finding:
    """Is there a backup, how old is it, and can it still be read; reads every byte of it."""
    known = [Versions(outputs, name) for name in models(outputs)]
    names, last = [versions.model for versions in known], Backups(outputs).last()
    if last is None:
        if not known:
            return "ok", "nothing to keep yet", ""
        return "look", f"no backup of {counted(len(names), 'model')}", "mlops backup"
    path = Path(last.path)
    if not path.is_file():
        return "look", f"the last backup, {path}, is not there", "mlops backup"
    if digest(path) != last.sha256:
        return "broken", f"{path.name} was changed since it was written", "mlops backup"
    if missing := sorted(last.lines.keys() - names):
        says = f"{listed(missing)} is in the last backup, and not here"
        return "look", says, "mlops restore"
    lines = {versions.model: len(versions.ledger.lines()) for versions in known}
    return _age(last, sum(max(0, lines[name] - last.lines.get(name, 0)) for name in names))


def _age(last: LastBackup, since: int) -> Finding:
    days = (datetime.now(UTC) - datetime.fromisoformat(last.at)).days
    old = counted(days, "day") if days else "less than a day"
    says = f"{Path(last.path).name}, {old} old, whole"
    if not since:
        return "ok", f"{says}, nothing happened since", ""
    says += f", {counted(since, 'act')} since"
    return ("look", says, "mlops backup") if days >= MOST_DAYS else ("ok", says, "")


def _findings(versions: Versions, ask: Ask) -> Iterator[Finding]:
    model = versions.model
    try:
        older = StoreFormat.of(versions.folder).number < FORMAT
        if older and versions.ledger.path.exists():
            says = (
                f"{model}: an older release wrote it; the next command upgrades it, after a backup"
            )
            yield "look", says, f"mlops history name={model}"
            return
        witnesses = ask(versions)
        entries = versions.ledger.verify()
        known = versions.all(entries)
    except MlopsError as error:
        yield _refused(versions, error)
        return
    if denial := denied(versions, entries, witnesses):
        yield "broken", denial.problems[0].says, denial.problems[0].next_step
    if versions.ledger.torn():
        yield (
            "look",
            f"{model}: a crash cut off the last line",
            "none needed: the next act mends it",
        )
    try:
        if (intent := Intent.read(versions.folder)) is not None:
            says = f"{model}: a {intent.act} was cut off"
            yield "look", says, f"mlops history name={model} finishes or undoes it"
    except MlopsError as error:
        yield _refused(versions, error)
    yield from _elsewhere(versions, entries)
    for version in known:
        if wrong := versions.wrong(version):
            yield _damage(versions, known, version, wrong)


def _elsewhere(versions: Versions, entries: list[LedgerEntry]) -> Iterator[Finding]:
    """Another version is online than the champion: told to nobody, or lost in a restoration."""
    model, names = versions.model, held(entries)
    try:
        charge = Charge.read(place(versions))
    except MlopsError as error:
        again = f"mlops promote name={model} version={versions.first_alias} deployer=OPTION"
        yield "look", error.problems[0].says, again
        return
    champion = names.get(versions.first_alias)
    if charge is None or champion is None or charge.version in (0, champion.version):
        return
    says = (
        f"{model}: {charge.deployer} was last asked for version {charge.version}, "
        f"and {champion.version} is {champion.alias}"
    )
    yield "look", says, f"mlops promote name={model} version={champion.alias}"


def _refused(versions: Versions, error: MlopsError) -> Finding:
    """What no command goes on with; a backup mends it, but not what a newer release wrote."""
    problem = error.problems[0]
    mends = problem.code != "newer-format" and Backups.beside(versions.folder).usable()
    return "broken", problem.says, "mlops restore" if mends else problem.next_step


def _damage(
    versions: Versions, known: list[ModelVersion], version: ModelVersion, wrong: str
) -> Finding:
    """A version that cannot be used: only where it has no name and no copy, it is let go."""
    says = f"{versions.model} {version}: {wrong}"
    if again := versions.ledger.copy_of(versions.shelf.place(version.number)):
        return "broken", says, again
    if Backups.beside(versions.folder).usable():
        return "broken", says, "mlops restore"
    if not version.aliases:
        return "look", says, "no backup has it: do without it"
    usable = [each.number for each in known if not versions.wrong(each)]
    back = f"mlops rollback name={versions.model} alias={version.aliases[0]}"
    repair = f"{back} to={usable[-1]}" if usable else "run again: what is accepted is a new version"
    return "broken", says, repair
