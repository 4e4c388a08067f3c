"""The contract is learned from the first data seen, and enforced from then on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mlops.contract.quarantine import Reasons, part, usable
from mlops.contract.schema import Schema, learn
from mlops.contract.shape import fitted, roles_pinned, rows_against
from mlops.contract.store import in_force, learning, load, save
from mlops.core.dataset import Enforced
from mlops.core.errors import REFUSED, fail
from mlops.core.paths import near

if TYPE_CHECKING:
    from mlops.core.dataset import Dataset


class Inferred:
    """Learn a contract once, then hold all data of that name against it.

    Rows that break it are put aside with the reason; other columns stop the run.

    Parameters
    ----------
    max_quarantined : float in [0, 1]
        Above this share of rows put aside the run stops.
    margin : float, >= 0
        By how many times its learned range a number may lie outside it. Where no learned value
        is negative, none may be.
    max_categories : int, >= 1
        A column with at most so many different words, each seen ten times on average, is closed:
        other words break the contract.
    lock_timeout_s : float, > 0
        How long to wait for another run that learns the same contract.
    """

    def __init__(
        self,
        *,
        max_quarantined: float = 0.05,
        margin: float = 0.5,
        max_categories: int = 30,
        lock_timeout_s: float = 120,
    ) -> None:
        self.max_quarantined = max_quarantined
        self.margin = margin
        self.max_categories = max_categories
        self.lock_timeout_s = lock_timeout_s

    def enforce(self, dataset: Dataset, *, name: str, learned: Path, accepted: Path) -> Enforced:
        """Hold `dataset` against the contract called `name`, or learn it.

        Parameters
        ----------
        dataset : Dataset
            The whole read, before any sampling.
        name : str
            Stem of the contract's file.
        learned, accepted : Path
            Folder of what runs learn, and of what the project accepted, which wins.

        Raises
        ------
        MlopsError
            Other columns, or too many rows that break the contract (exit code 3); a contract
            that cannot be read (2) or written (4).
        """
        file = in_force(name, learned=learned, accepted=accepted)
        if file:
            return self._enforced(dataset, load(file), file)
        with learning(learned / f"{name}.yaml", self.lock_timeout_s) as waited:
            file = in_force(name, learned=learned, accepted=accepted)
            if file:
                return self._enforced(dataset, load(file), file, waited)
            return self._learned(dataset, learned / f"{name}.yaml")

    def _learned(self, dataset: Dataset, file: Path) -> Enforced:
        typed, reasons = usable(dataset)
        self._refuse_many(reasons, "the first data of this contract")
        kept, aside = part(typed, reasons, dataset)
        schema = learn(kept, margin=self.margin, max_categories=self.max_categories)
        save(file, schema.to_yaml())
        said = f"learned from {schema.rows:,} rows, enforced from now on ({near(file)})"
        return Enforced(kept, aside, _notes(said, reasons.note))

    def _enforced(self, dataset: Dataset, schema: Schema, file: Path, waited: str = "") -> Enforced:
        place = near(file)
        typed, reasons = usable(fitted(dataset, schema, place))
        rows_against(typed, schema, reasons)
        self._refuse_many(reasons, place)
        kept, aside = part(typed, reasons, dataset)
        pinned = roles_pinned(dataset, schema)
        said = f"{len(kept.frame):,} rows keep the contract {place}"
        return Enforced(kept, aside, _notes(said, reasons.note, *pinned), waited)

    def _refuse_many(self, reasons: Reasons, place: str) -> None:
        broken = int(reasons.broken.sum())
        if broken > self.max_quarantined * len(reasons.texts):
            first = ", ".join(str(row) for row in reasons.broken.nonzero()[0][:5] + 1)
            raise fail(
                "contract-broken",
                "Too many rows break the contract of the data.",
                where=place,
                found=f"{reasons.note}, first in rows {first}",
                accepted=f"at most contract.max_quarantined={self.max_quarantined:g} of the rows",
                next_step="mend the data (a word for a missing value belongs in data.missing), "
                "edit the contract, or raise contract.max_quarantined",
                exit_code=REFUSED,
            )


def _notes(*said: str) -> tuple[str, ...]:
    return tuple(each for each in said if each)
