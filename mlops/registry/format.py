"""The number that says how a model's folder is laid out, and which release wrote it.

It covers what could be misread for good: the ledger's lines and its head, an intent, the folders
and manifests of versions. A change of any of these is a new number, and a step in ``upgrade``.
Elsewhere nothing is numbered, because what is not understood does no harm there: an unknown entry
of the spool is put aside with the reason; the step cache and kept data have other keys when they
are laid out otherwise, and are made anew.

====== ============================================================================
Format What it has
====== ============================================================================
1      no ``format.json``
2      ``format.json``; ``head.json`` is there as soon as the ledger has two lines; an intent
       says who deploys
====== ============================================================================
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from mlops.core.errors import REFUSED, MlopsError, fail
from mlops.core.lines import parsed
from mlops.core.paths import write_whole

FORMAT, FILE = 2, "format.json"
_RELEASE = re.compile(r"[\w.+!-]{0,40}")


@dataclass(frozen=True, kw_only=True)
class StoreFormat:
    """What the file ``format.json`` in a model's folder says.

    Parameters
    ----------
    number : int
        From 1.
    release : str
        Of mlops, that wrote it; empty where none did.
    backup : str
        What the folder was before an upgrade that has begun and not ended; else empty.
    """

    number: int = FORMAT
    release: str = ""
    backup: str = ""

    @classmethod
    def of(cls, folder: Path) -> StoreFormat:
        """The format of a model's folder; the first one where it has no such file.

        Raises
        ------
        MlopsError
            The file cannot be understood (exit code 3).
        """
        try:
            return cls.told((folder / FILE).read_bytes(), folder)
        except FileNotFoundError:
            return cls(number=1)

    @classmethod
    def told(cls, text: bytes, folder: Path) -> StoreFormat:
        """The format that the file's `text` tells of a model's folder.

        Raises
        ------
        MlopsError
            It cannot be understood (exit code 3).
        """
        try:
            found = cls(**parsed(text))
        except (ValueError, TypeError) as error:
            raise _unreadable(folder) from error
        if type(found.number) is not int or found.number < 1:
            raise _unreadable(folder)
        if not _RELEASE.fullmatch(str(found.release)):
            raise _unreadable(folder)
        return found

    def write(self, folder: Path) -> None:
        """Put it into a model's folder; only under the ledger's lock."""
        write_whole(folder / FILE, json.dumps(asdict(self)))

    def refuse_newer(self, where: Path, most: int = FORMAT) -> None:
        """Make sure that it is not beyond what this release knows.

        Parameters
        ----------
        where : pathlib.Path
            What has this format.
        most : int
            The newest format that is known.

        Raises
        ------
        MlopsError
            It is (exit code 3).
        """
        if self.number <= most:
            return
        by = f"mlops {self.release}" if self.release else "a newer mlops"
        raise fail(
            "newer-format",
            f"{where.name} has format {self.number}, which this release does not know.",
            where=str(where),
            found=f"format {self.number}, written by {by}",
            accepted=f"formats 1 to {most}; this is mlops {release()}; nothing was changed",
            next_step=f"pip install 'mlops>={self.release}'"
            if self.release
            else "pip install --upgrade mlops",
            exit_code=REFUSED,
        )


def release() -> str:
    """The release of mlops that is running."""
    from importlib.metadata import PackageNotFoundError, version  # brings a reader of e-mail

    try:
        return version("mlops")
    except PackageNotFoundError:
        return "0"


def _unreadable(folder: Path) -> MlopsError:
    return fail(
        "format-unreadable",
        f"What says which format {folder.name} has cannot be understood.",
        where=str(folder / FILE),
        found="another content than mlops writes",
        accepted="a number, and the release that wrote it",
        next_step="mlops restore puts the file back from a backup",
        exit_code=REFUSED,
    )
