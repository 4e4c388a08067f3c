"""Nothing is registered."""

from __future__ import annotations


class DryRun:
    """Registry that takes nothing.

    Examples
    --------
    >>> DryRun().registers("boston_housing", report_passed=True)
    ''
    """

    aliases = ()

    def registers(self, name: str, report_passed: bool) -> str:
        """Return an empty name, whatever the report says."""
        return ""
