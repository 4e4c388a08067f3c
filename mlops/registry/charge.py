"""Who has a model's champion online on this machine, so that the next act reaches the same place.

``outputs/registry/NAME/online.json`` names the deployer and what its values came to, not the values
themselves: where a model goes is said at the keyboard, in a recipe or an option, never by a file
that lies among the outputs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mlops.core.errors import REFUSED, fail
from mlops.core.lines import parsed
from mlops.core.paths import SAFE_NAME, write_whole

FILE = "online.json"
_KEY, _WORD, MOST_WORDS = re.compile(r"[0-9a-f]{0,64}"), re.compile(r"[ -~…]{1,120}"), 40
QUOTE = "'"


@dataclass(frozen=True, kw_only=True)
class Charge:
    """A deployer that puts a model online.

    Parameters
    ----------
    deployer : str
        The option.
    key : str
        Of its values.
    words : tuple of str
        What was typed to choose it, or the recipe that did.
    version : int
        What it has online; 0 where that is not known.
    settings : str
        Key of what its server was started with; empty for a deployer without one of ours.
    """

    deployer: str
    key: str
    words: tuple[str, ...] = ()
    version: int = 0
    settings: str = ""

    @classmethod
    def of(cls, raw: Any) -> Charge:
        """The charge that plain data describes.

        Raises
        ------
        ValueError, TypeError
            It describes none.
        """
        found = cls(**{**raw, "words": tuple(raw.get("words", ()))})
        texts = [found.deployer, found.key, found.settings, *found.words]
        if not all(isinstance(each, str) for each in texts) or type(found.version) is not int:
            raise TypeError("no charge")
        keys = all(map(_KEY.fullmatch, (found.key, found.settings)))
        sound = SAFE_NAME.match(found.deployer) and keys
        plain = len(found.words) <= MOST_WORDS and all(map(_WORD.fullmatch, found.words))
        if not sound or not plain:
            raise ValueError("no charge")
        return found

    @classmethod
    def read(cls, folder: Path) -> Charge | None:
        """The charge in a folder; None if nobody has it.

        Raises
        ------
        MlopsError
            The file is not one that was written here (exit code 3).
        """
        try:
            return cls.of(parsed((folder / FILE).read_bytes()))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, AttributeError) as error:
            raise fail(
                "online-unreadable",
                f"Who has {folder.name} online cannot be understood.",
                where=str(folder / FILE),
                found="another content than mlops writes",
                accepted="the deployer that the last act used",
                next_step="name the deployer: deployer=OPTION",
                exit_code=REFUSED,
            ) from error

    def write(self, folder: Path) -> None:
        """Put it into a folder."""
        write_whole(folder / FILE, json.dumps(asdict(self)))

    @staticmethod
    def end(folder: Path) -> None:
        """Nobody has it online from now on."""
        (folder / FILE).unlink(missing_ok=True)


def kept(words: Iterable[str]) -> tuple[str, ...]:
    """`words` as a charge keeps them: of one that is long or in another script, its name."""
    plain = (
        each if _WORD.fullmatch(each) else f"{each.lstrip(QUOTE).partition('=')[0]}=…"
        for each in words
    )
    return tuple(plain)[:MOST_WORDS]
