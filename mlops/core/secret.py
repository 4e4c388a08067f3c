"""A value that must never be written: it travels as a name and is read where it is used."""

from __future__ import annotations

import os
import re
from typing import Any

from mlops.core.errors import fail

MARK = "secret://"
# Rather too much than a password with a slash or a quote in it: what has a colon goes up to the @.
USERINFO = re.compile(r"(?<=://)(?:[^/\s'\"@:]*:\S*|[^/\s'\"]*)@")
_QUERY = re.compile(
    r"([?&][^=&\s]*(?:password|passwd|pwd|token|secret|key|sig)[^=&\s]*=)[^&\s'\"]+", re.IGNORECASE
)


def masked(text: str) -> str:
    """Return `text` with user names, passwords and tokens in addresses replaced by ``***``.

    >>> masked("could not reach https://ann:pw@host/path?token=abc&x=1")
    'could not reach https://***@host/path?token=***&x=1'
    >>> masked('postgresql://ann:p/w"@x@host/db')
    'postgresql://***@host/db'
    """
    return _QUERY.sub(r"\1***", USERINFO.sub("***@", text))


def masked_in(node: Any) -> Any:
    """Plain data with every text in it masked.

    >>> masked_in({"urls": ["https://ann:pw@host"], "rows": 3})
    {'urls': ['https://***@host'], 'rows': 3}
    """
    if isinstance(node, dict):
        return {key: masked_in(each) for key, each in node.items()}
    if isinstance(node, list):
        return [masked_in(each) for each in node]
    return masked(node) if isinstance(node, str) else node


class Secret:
    """The name of an environment variable that holds a secret.

    Parameters
    ----------
    name : str

    Examples
    --------
    >>> f"{Secret('DB_PASSWORD')}"
    'secret://DB_PASSWORD'
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def reveal(self) -> str:
        """The value itself; only at the call that needs it.

        Raises
        ------
        MlopsError
            The variable is not set.
        """
        value = os.environ.get(self.name)
        if value is None:
            raise fail(
                "secret-missing",
                f"The secret {self.name} is not set.",
                where=f"${{secret:{self.name}}}",
                found="no such environment variable",
                accepted="an environment variable of that name",
                next_step=f"export {self.name}=…",
            )
        return value

    def __repr__(self) -> str:
        return MARK + self.name

    __str__ = __repr__
