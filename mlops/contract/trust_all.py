"""No promise is asked for: only rows that no model can learn from are put aside."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mlops.contract.quarantine import part, usable
from mlops.core.dataset import Enforced

if TYPE_CHECKING:
    from mlops.core.dataset import Dataset


class TrustAll:
    """Let every row through that has a target, numbers where numbers belong, none infinite."""

    def enforce(self, dataset: Dataset, *, name: str, learned: Path, accepted: Path) -> Enforced:
        """Learn nothing, compare with nothing; the arguments are those of every contract.

        Raises
        ------
        MlopsError
            No row, or one class only, is left.
        """
        typed, reasons = usable(dataset)
        kept, aside = part(typed, reasons, dataset)
        notes = ("nothing is asked of the data", reasons.note)
        return Enforced(kept, aside, tuple(note for note in notes if note))
