"""The nouns of going online: what a server is to serve, and how it stands."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Self

from mlops.core.errors import ENVIRONMENT, MlopsError, fail

FOLDER = "serving"
SPEC, STATUS, LOCK, LOG = "spec.json", "status.json", "server.lock", "server.log"
STARTING, READY, DRAINING, ENDED = "starting", "ready", "draining", "ended"


@dataclass(frozen=True, kw_only=True)
class Document:
    """Plain data that travels as one JSON document, and lies in a server's folder as `FILE`."""

    FILE: ClassVar[str] = ""

    def to_json(self) -> str:
        """One JSON document."""
        return json.dumps(asdict(self), indent=1)

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read what :meth:`to_json` wrote.

        Raises
        ------
        ValueError, TypeError
            The text is not such a document.
        """
        raw = dict(json.loads(text))
        return cls(**{key: tuple(x) if isinstance(x, list) else x for key, x in raw.items()})

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """What the server of this folder wrote last; None if there is none that can be read."""
        try:
            return cls.from_json((folder / cls.FILE).read_bytes())
        except (OSError, ValueError, TypeError, KeyError):
            return None


@dataclass(frozen=True, kw_only=True)
class Spec(Document):
    """What one server is to do; plain data, so that it can be handed to a process of its own.

    Parameters
    ----------
    model : str
        Name of the registered model.
    ledger : str
        Folder of its ledger, absolute; the versions lie in it.
    outputs : str
        The folder that runs write to, absolute; the server writes below ``serving/<model>``.
    project : str
        The working folder, absolute.
    version : str or int
        A number, or the name (``champion``) that the server follows.
    allowed : tuple of str
        The project's own patterns of types, see :func:`mlops.core.artefact.load`.
    settings : dict
        Of :class:`mlops.serving.settings.Settings`; secrets are marks.
    asked : tuple of str
        The settings that somebody asked for; the others are as they are by themselves.
    """

    FILE = SPEC

    model: str
    ledger: str
    outputs: str
    project: str
    version: str | int = "champion"
    allowed: tuple[str, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)
    asked: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        """Where the server of this model keeps what it writes."""
        return Path(self.outputs) / FOLDER / self.model


@dataclass(frozen=True, kw_only=True)
class Status(Document):
    """How a server stands; ``status.json`` holds it, written whole at every change.

    Parameters
    ----------
    pid : int
        Of the supervisor.
    state : str
        ``starting``, ``ready``, ``draining`` or ``ended``.
    url, grpc : str
        Where it answers; empty for nowhere.
    seq : int
        Line of the ledger that it has acted upon.
    serving : tuple of dict
        One a version that answers: ``version``, ``role`` (``main``, ``canary``, ``shadow``),
        ``share``, ``path`` (how it answers: ``lowered``, ``onnx`` or ``sklearn``).
    problem : str
        Why what was asked last is not served; empty where it is.
    problem_seq : int
        Line of the ledger that asked for it.
    waits : tuple of str
        A sentence for each role that is due to a name which no version has yet.
    refused : tuple of dict
        The problems of a server that did not start, whole: whoever started it tells them.
    """

    FILE = STATUS

    pid: int
    state: str
    url: str = ""
    grpc: str = ""
    seq: int = 0
    serving: tuple[dict[str, Any], ...] = ()
    problem: str = ""
    problem_seq: int = 0
    waits: tuple[str, ...] = ()
    refused: tuple[dict[str, Any], ...] = ()

    @property
    def main(self) -> int:
        """Number of the version that answers; 0 for none."""
        found = [each["version"] for each in self.serving if each["role"] == "main"]
        return int(found[0]) if found else 0


def is_running(folder: Path) -> bool:
    """Whether the server of this folder is alive.

    It holds a lock as long as it lives, however it ends: a number of a process says nothing.

    Parameters
    ----------
    folder : pathlib.Path
        :attr:`Spec.folder`.
    """
    from filelock import FileLock, Timeout

    if not (folder / LOCK).exists():
        return False
    lock = FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    lock.release()
    return False


def already_served(model: str, status: Status | None) -> MlopsError:
    """There is one server a model, and who starts another is told of it."""
    who = f"process {status.pid}, {status.state}" if status else "one that is just starting"
    where = f" at {status.url}" if status and status.url else ""
    return fail(
        "already-served",
        f"{model} is served already{where}.",
        where=f"name={model}",
        found=who,
        accepted="one server of a model; it follows what is promoted by itself",
        next_step="mlops serve status shows it, mlops serve stop ends it",
        exit_code=ENVIRONMENT,
    )
