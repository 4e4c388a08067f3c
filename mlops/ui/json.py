"""One JSON document for programs."""

from __future__ import annotations

from mlops.core.output import output
from mlops.core.record import Result
from mlops.ui.silent import Silent


class Json(Silent):
    """Nothing but the result, as one strict JSON document on standard output."""

    def show(self, result: Result) -> None:
        """Print the document."""
        output().write(result.to_json() + "\n")
        output().flush()
