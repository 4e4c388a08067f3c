"""One JSON document for programs."""

from __future__ import annotations

import sys

from mlops.core.record import Result
from mlops.ui.silent import Silent


class Json(Silent):
    """Nothing but the result, as one strict JSON document on standard output."""

    def show(self, result: Result) -> None:
        """Print the document."""
        sys.stdout.write(result.to_json() + "\n")
        sys.stdout.flush()
