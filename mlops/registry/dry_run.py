"""Nothing is registered."""

from __future__ import annotations

from pathlib import Path

from mlops.core.errors import fail
from mlops.registry.versions import Versions


class DryRun:
    """Registry that takes nothing.

    Examples
    --------
    >>> DryRun().registers("boston_housing", report_passed=True)
    ''
    """

    def registers(self, name: str, report_passed: bool) -> str:
        """Return an empty name, whatever the report says."""
        return ""

    def versions(self, outputs: Path, name: str) -> Versions:
        """There are none.

        Raises
        ------
        MlopsError
            Always.
        """
        raise fail(
            "nothing-registered",
            "This registry takes no versions, so there is nothing to show or to move.",
            where="registry=dry_run",
            found="dry_run",
            accepted="another registry",
            next_step="leave registry=dry_run out",
        )
