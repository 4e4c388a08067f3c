"""What the ledger wants: which version each role is due to, looked at whenever the file changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mlops.core.errors import MlopsError, Problem, closest, listed
from mlops.core.version import REGISTER, LedgerEntry
from mlops.registry.names import held
from mlops.registry.versions import Versions
from mlops.serving.table import CANARY, MAIN, ROLES, SHADOW

LONGEST = 9  # digits of a version's number


@dataclass(frozen=True)
class Asked:
    """Who is to serve, by name or number.

    Parameters
    ----------
    main : str or int
    canary, shadow : str, int or None
        A name that nobody has yet is waited for.
    share : float in [0, 1]
        Of the requests that the canary answers.
    """

    main: str | int = "champion"
    canary: str | int | None = None
    share: float = 0.1
    shadow: str | int | None = None


@dataclass(frozen=True)
class Wanted:
    """The same in numbers, as one line of the ledger has it.

    Parameters
    ----------
    seq : int
        That line.
    numbers : dict of str to int
        Role to version; 0 for none.
    names : dict of str to int
        Every name of the model.
    """

    seq: int
    numbers: dict[str, int]
    names: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, entries: list[LedgerEntry], asked: Asked) -> Wanted:
        """What `asked` means after the acts `entries`; a version has one role, the first of them.

        >>> act = LedgerEntry(seq=1, at="", who="", act="register", version=1, alias="champion")
        >>> Wanted.of([act], Asked(canary="challenger", shadow=1)).numbers
        {'main': 1, 'canary': 0, 'shadow': 0}
        """
        names = {name: entry.version for name, entry in held(entries).items()}
        known = sum(entry.act == REGISTER for entry in entries)
        numbers: dict[str, int] = {}
        for role in ROLES:
            number = number_of(getattr(asked, role), names, known)
            numbers[role] = 0 if number in numbers.values() else number
        return cls(entries[-1].seq if entries else 0, numbers, names)


def number_of(called: str | int | None, names: Mapping[str, int], known: int) -> int:
    """The version that is `called` so, of `known` ones; 0 for none.

    >>> number_of("champion", {"champion": 2}, 3), number_of("3", {}, 3), number_of(4, {}, 3)
    (2, 3, 0)
    >>> number_of("²", {}, 3), number_of("9" * 5000, {}, 3)
    (0, 0)
    """
    if called is None:
        return 0
    if isinstance(called, str) and not (called.isdecimal() and len(called) <= LONGEST):
        return names.get(called, 0)
    return int(called) if 0 < int(called) <= known else 0


def waits(asked: Asked, names: Mapping[str, int]) -> tuple[str, ...]:
    """What is to be told of names that nobody has yet, a sentence each.

    >>> waits(Asked(canary="challanger", shadow=2), {"champion": 1, "challenger": 3})
    ('no version is called challanger yet: the canary waits for it (there is challenger)',)
    """
    found = []
    for role in (CANARY, SHADOW):
        called = getattr(asked, role)
        if called is None or _is_number(called) or called in names:
            continue
        nearest = closest(called, names)
        near = f" (there is {nearest})" if nearest else ""
        found.append(f"no version is called {called[:60]} yet: the {role} waits for it{near}")
    return tuple(found)


def check_numbers(asked: Asked, names: Mapping[str, int], known: int, model: str) -> None:
    """A name may come to be, a number that no version has is a mistake.

    Raises
    ------
    MlopsError
        Of `known` versions none has a number that is asked for.
    """
    problems = [
        _nobody(model, called, names, known, where=f"serving.{role}")
        for role in (CANARY, SHADOW)
        if (called := getattr(asked, role)) is not None
        and _is_number(called)
        and not number_of(called, names, known)
    ]
    if problems:
        raise MlopsError(*problems)


def _is_number(called: str | int) -> bool:
    return isinstance(called, int) or called.isdecimal()


class Watch:
    """Looks at a ledger as often as it likes, and reads it when there is something new.

    Parameters
    ----------
    versions : Versions
    """

    def __init__(self, versions: Versions) -> None:
        self.versions = versions
        self._seen: list[int] | None = None

    def changed(self) -> bool:
        """Whether the file is another one than when this was asked last."""
        try:
            found = self.versions.ledger.path.stat()
            seen = [found.st_mtime_ns, found.st_size, found.st_ino]
        except OSError:
            seen = []
        changed, self._seen = seen != self._seen, seen
        return changed

    def wanted(self, asked: Asked) -> Wanted:
        """What the ledger says now.

        Raises
        ------
        MlopsError
            It is broken (exit code 3), or nothing is called as the main version is to be (2).
        """
        entries = self.versions.ledger.entries()
        wanted = Wanted.of(entries, asked)
        if not wanted.numbers[MAIN]:
            known = len(self.versions.all())
            model, names = self.versions.model, wanted.names
            raise MlopsError(_nobody(model, asked.main, names, known, where="version"))
        return wanted


def _nobody(
    model: str, called: str | int, names: Mapping[str, int], known: int, *, where: str
) -> Problem:
    numbers = f"1 to {known}" if known > 1 else "1" if known else "none yet"
    last = str(known) if known and _is_number(called) else ""
    return Problem(
        code="no-version",
        says=f"No version of {model} is called {str(called)[:60]}.",
        where=where,
        found=str(called)[:80],
        accepted=listed([*names, numbers]),
        closest=closest(called, names) or last,
        next_step="mlops history shows versions and names",
    )
