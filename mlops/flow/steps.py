"""Steps of the road, each kept under the key of its content: reused, or made and said why."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import perf_counter
from typing import Any, TypeVar

from mlops.core.paths import write_whole
from mlops.core.record import Step
from mlops.core.stop import check
from mlops.core.store import Store, key_of
from mlops.flow.keys import difference

T = TypeVar("T")
LOOK_AFTER = 0.05  # of what the store may hold


class Steps:
    """Runs steps, remembers what each depended on, and saves results when the verdict is out.

    Parameters
    ----------
    store : Store
    name : str
        Of the recipe: its last run is what a change is told against.
    screen : object
        The part of room ``ui``.
    reuses : bool
        False makes every step anew and keeps none: for who wants to know that they come out again.
    """

    def __init__(self, store: Store, name: str, screen: Any, *, reuses: bool = True) -> None:
        self.store, self.screen, self.reuses = store, screen, reuses
        self.done: list[Step] = []
        self.reused: list[str] = []
        self.so_far: dict[str, Any] = {}  # for the result of a run that is stopped
        self._memory = store.folder / "last" / f"{name}.json"
        self._last: dict[str, Any] = {}
        with suppress(OSError, ValueError, AttributeError):
            told = json.loads(self._memory.read_text()).items()
            self._last = {name: parts for name, parts in told if isinstance(parts, dict)}
        self._now: dict[str, Any] = {}
        self._unsaved: list[tuple[str, str, Callable[[Path], None]]] = []
        self._written = 0

    def kept(
        self,
        name: str,
        parts: Callable[[], dict[str, Any]],
        *,
        make: Callable[[], T],
        load: Callable[[Path], T],
        save: Callable[[T, Path], None],
        says: Callable[[T], str],
        shown: bool = True,
    ) -> tuple[T, str]:
        """Give the result of a step and its key: from the store if it is there, else made.

        Parameters
        ----------
        name : str
        parts : callable
            What the result depends on; asked again after `make`, which may settle some of it.
        make, load, save, says : callable
            Make the result; read it from, write it to an entry's folder; tell it in a few words.
        shown : bool
            False for steps inside a step, which would only be noise.
        """
        check()
        began = perf_counter()
        if shown:
            self.screen.step(name, "")
        key = key_of([name, parts()])
        was_there = self.reuses and self.store.has(name, key)
        entry = self.store.get(name, key) if self.reuses else None
        if entry is not None:
            try:
                result = load(entry)
                self._now[name] = parts()
                self.reused.append(name)
                if shown:
                    self.note(name, "reused", says(result), perf_counter() - began)
                return result, key
            except (OSError, ValueError, KeyError, TypeError):  # e.g. written by another pandas
                self.store.remove(name, key)
        result, settled = make(), parts()
        why = "its kept result was damaged" if was_there else self.reason(name, settled)
        key = key_of([name, settled])
        self._now[name] = settled
        self._unsaved.append((name, key, lambda folder: save(result, folder)))
        if shown:
            said = f"{says(result)} ({why})" if why else says(result)
            self.note(name, "done", said, perf_counter() - began)
        return result, key

    def reason(self, name: str, parts: dict[str, Any]) -> str:
        """Why the step has to run: what changed since this recipe's last run, if there was one."""
        last = self._last.get(name)
        if last is None or not self.reuses:
            return ""
        return difference(last, json.loads(json.dumps(parts, default=str))) or "not in the cache"

    def note(self, name: str, status: str, says: str, seconds: float) -> None:
        """Record that a step ended, and show it; the place where a kept Ctrl-C is raised."""
        check()
        self.tell(name, status, says, seconds)

    def tell(self, name: str, status: str, says: str, seconds: float) -> None:
        """The same for who is being stopped already."""
        step = Step(name=name, status=status, says=says, seconds=round(seconds, 4))
        self.done.append(step)
        self.screen.done(step)

    def keep(self) -> None:
        """Write what was made, for other processes to find; a full disk costs only the reuse.

        Who does so many times holds the store within its bound, looking now and then.
        """
        with suppress(OSError):
            self._write()
            if self._written > self.store.most_bytes * LOOK_AFTER:
                self._written = 0
                self.store.trim()

    def forget(self) -> None:
        """Hold on to nothing of what was done: for who does the same many times."""
        self._unsaved.clear()
        self.reused.clear()
        self._now.clear()

    def _write(self) -> None:
        while self._unsaved:
            name, key, write = self._unsaved[0]
            with self.store.put(name, key) as folder:
                write(folder)
                self._written += sum(path.stat().st_size for path in folder.iterdir())
            del self._unsaved[0]

    def save(self) -> list[str]:
        """Write what was made; a warning if that fails: a full disk costs only the reuse."""
        warnings: list[str] = []
        if not self.reuses:
            return warnings
        try:
            self._write()
            write_whole(self._memory, json.dumps({**self._last, **self._now}, default=str))
            self.store.trim()
        except OSError as error:
            warnings.append(f"the step cache could not be written: {error.strerror or error}")
        return warnings
