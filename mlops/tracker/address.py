"""Which tracking server a record goes to, and how its address is shown without its secrets."""

from __future__ import annotations

import hashlib
import os
import re
import socket
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from mlops.core.secret import USERINFO, Secret, masked

_SECRET_VARIABLES = re.compile(r"PASSWORD|TOKEN|SECRET|ACCESS_KEY|CREDENTIAL", re.IGNORECASE)
_SHORTEST_SECRET = 4  # anything shorter would blot out ordinary words
_PORTS = {"http": 80, "https": 443, "postgresql": 5432, "mysql": 3306, "mssql": 1433}
_DATABASE = "mlflow.db"
_CONNECT_S = 3.0
NAME = "MLOPS_TRACKING_NAME"  # tells a recorder what to call an address that is a secret


def _own(outputs: Path) -> str:
    """The address of the database in `outputs`; SQLAlchemy unquotes what it is given."""
    return f"sqlite:///{quote(str(outputs / _DATABASE), safe='/ :#')}"


@dataclass(frozen=True)
class Address:
    """A tracking address seen from an outputs folder.

    Parameters
    ----------
    outputs : pathlib.Path
        Absolute.
    uri : str
        What MLflow is given; may hold a password, so it is never shown.
    name : str
        Shown in place of it where the whole address is a secret.

    Examples
    --------
    >>> Address.of(Path("outputs"), "http://ann:pw@host:5000").shown
    'http://***@host:5000'
    """

    outputs: Path
    uri: str = field(repr=False)
    name: str = ""

    @classmethod
    def of(cls, outputs: Path, uri: str | Secret | None = None) -> Address:
        """`uri`, else the environment's MLFLOW_TRACKING_URI, else the database in `outputs`."""
        outputs = outputs.resolve()
        given = uri.reveal() if isinstance(uri, Secret) else uri
        chosen = given or os.environ.get("MLFLOW_TRACKING_URI") or _own(outputs)
        name = str(uri) if isinstance(uri, Secret) else os.environ.get(NAME, "")
        return cls(outputs, chosen, name)

    @property
    def database(self) -> Path | None:
        """The SQLite file in the outputs folder if that is where records go, else None."""
        return self.outputs / _DATABASE if self.uri == _own(self.outputs) else None

    @property
    def artifacts(self) -> Path | None:
        """Where files go; None where a server decides that itself."""
        is_database = self.uri.partition(":")[0].partition("+")[0] in (
            *("sqlite", "postgresql", "mysql", "mssql"),
        )
        return self.outputs / "mlartifacts" if is_database else None

    @property
    def shown(self) -> str:
        """The address as it may be written anywhere."""
        return self.name or masked(self.uri)

    @property
    def target(self) -> str:
        """What a waiting record remembers of its destination; survives a moved folder."""
        return "local" if self.database else self.shown

    @property
    def slug(self) -> str:
        """A short name for files that belong to this destination."""
        return "local" if self.database else hashlib.sha256(self.target.encode()).hexdigest()[:8]

    def scrubbed(self, text: str) -> str:
        """`text` (a log line, an error) without anything that is secret here."""
        text = masked(text.replace(self.uri, self.shown))
        for secret in self._secrets():
            text = text.replace(secret, "***")
        return text

    def _secrets(self) -> list[str]:
        named = [value for name, value in os.environ.items() if _SECRET_VARIABLES.search(name)]
        userinfo = USERINFO.search(self.uri)
        password = userinfo.group()[:-1].partition(":")[2] if userinfo else ""
        found = {*named, password, unquote(password)}
        return sorted((each for each in found if len(each) >= _SHORTEST_SECRET), key=len)[::-1]

    def unreachable(self) -> str:
        """Say why no connection can be made, within 3 s; empty if one can, or if none is needed.

        A proxy may know hosts that we cannot resolve, so behind one nothing is claimed.
        """
        try:
            parts = urlsplit(self.uri)
            scheme = parts.scheme.partition("+")[0]
            port = parts.port or _PORTS.get(scheme)
        except ValueError as error:
            return f"it is no address: {error}"
        if scheme not in _PORTS:
            return ""
        if not parts.hostname:
            return "it names no host"
        if behind_proxy(scheme, parts.hostname):
            return ""
        try:
            socket.create_connection((parts.hostname, port or 0), _CONNECT_S).close()
        except OSError as error:
            return (error.strerror or str(error) or type(error).__name__).lower()
        return ""


def behind_proxy(scheme: str, host: str) -> bool:
    """Whether requests to `host` go by way of another machine."""
    from urllib.request import getproxies, proxy_bypass  # a tenth of the start of `history`

    return scheme in getproxies() and not proxy_bypass(host)
