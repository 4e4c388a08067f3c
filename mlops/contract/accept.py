"""What was learned becomes the project's: a copy for Git, which wins from then on."""

from __future__ import annotations

from pathlib import Path

from mlops.contract.store import load, save
from mlops.core.errors import closest, fail, listed
from mlops.core.paths import near


def accept(name: str, *, learned: Path, accepted: Path) -> Path:
    """Copy the learned contract called `name` into the folder `accepted`.

    Returns
    -------
    Path
        The copy.

    Raises
    ------
    MlopsError
        Nothing was learned under that name, it cannot be read, or not be written.
    """
    file = learned / f"{name}.yaml"
    if not file.is_file():
        names = sorted(path.stem for path in learned.glob("*.yaml"))
        raise fail(
            "contract-not-learned",
            "There is no learned contract to accept.",
            where=near(file),
            found="no such file",
            accepted=listed(names) or "a contract, once a run has read the data",
            closest=closest(name, names),
            next_step="start a run with this data and contract=inferred, then accept again",
        )
    load(file)
    copy = accepted / file.name
    save(copy, file.read_text(encoding="utf-8"))
    return copy
