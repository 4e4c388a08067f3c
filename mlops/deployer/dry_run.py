"""Nothing goes online."""

from __future__ import annotations

from pathlib import Path


class DryRun:
    """Deployer that only says what would go online.

    Examples
    --------
    >>> DryRun().deploy("boston_housing", Path("outputs/runs/x"))
    'boston_housing stays offline'
    """

    def deploy(self, name: str, folder: Path) -> str:
        """Say that the model `name`, whose files lie in `folder`, stays where it is."""
        return f"{name} stays offline"
