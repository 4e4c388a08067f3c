"""An act of several steps, written down before the first: finished or undone, never half.

The file ``intent.json`` lies beside the ledger from before the first step until after the last.
Every step may be done twice, so whoever finds the file does them all again.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from mlops.core.errors import REFUSED, fail
from mlops.core.lines import parsed
from mlops.core.paths import write_whole
from mlops.registry.charge import Charge

FILE = "intent.json"


@dataclass(frozen=True, kw_only=True)
class Intent:
    """What somebody set out to do.

    Parameters
    ----------
    key : str
        Its own; the ledger's line carries it.
    act : str
        ``register``, ``promote`` or ``rollback``; ``undone`` for the way back of one of these.
    version : int
    alias : str
        What `version` is to be called.
    was : int
        Which version is called so before; 0 for none.
    why : str
    by : Charge or None
        Who is to put `version` online; None for nobody.
    """

    key: str
    act: str
    version: int
    alias: str
    was: int
    why: str
    by: Charge | None = None

    @classmethod
    def read(cls, folder: Path) -> Intent | None:
        """The intent in a model's folder; None if there is none.

        Raises
        ------
        MlopsError
            The file is not one that was written here (exit code 3).
        """
        try:
            raw = parsed((folder / FILE).read_bytes())
            by = Charge.of(raw["by"]) if raw.get("by") else None
            return cls(**{**raw, "by": by})
        except FileNotFoundError:
            return None
        except (ValueError, TypeError, AttributeError) as error:
            raise fail(
                "intent-unreadable",
                f"What was set out to be done with {folder.name} cannot be understood.",
                where=str(folder / FILE),
                found="another content than mlops writes",
                accepted="an act that was cut off",
                next_step=f"look at {folder / FILE} and remove it: what is not in the history "
                "was not done",
                exit_code=REFUSED,
            ) from error

    def write(self, folder: Path) -> None:
        """Put it into a model's folder; only under the ledger's lock."""
        write_whole(folder / FILE, json.dumps(asdict(self)))

    def remove(self, folder: Path) -> None:
        """Say that it is over, if it is still this one that lies there."""
        found = Intent.read(folder)
        if found is not None and found.key == self.key:
            (folder / FILE).unlink()
