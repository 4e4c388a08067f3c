"""Nothing is watched."""

from __future__ import annotations

from pathlib import Path


class Silent:
    """Monitor that looks at nothing.

    Examples
    --------
    >>> Silent().watch("boston_housing", Path("outputs/runs/x"))
    'boston_housing is not watched'
    """

    def watch(self, name: str, folder: Path) -> str:
        """Say that the model `name`, whose files lie in `folder`, is not watched."""
        return f"{name} is not watched"
