"""`python -m mlops.serving`: a server from the description that comes through standard input."""

from __future__ import annotations

import sys

from mlops.core.errors import MlopsError
from mlops.core.serving import Spec
from mlops.registry.ledger import now
from mlops.serving.supervisor import serve


def main() -> int:
    """Serve until told to end; every change is a line with its time."""
    spec = Spec.from_json(sys.stdin.buffer.read())

    def tell(line: str) -> None:
        sys.stdout.write(f"{now()} {line}\n")
        sys.stdout.flush()

    try:
        serve(spec, tell)
    except MlopsError as error:
        tell(str(error))
        return error.exit_code
    tell("ended")
    return 0


if __name__ == "__main__":
    sys.exit(main())
