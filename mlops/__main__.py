"""The program: `mlops`, or `python -m mlops`."""

from __future__ import annotations

import gc
import sys


def main() -> int:
    """Run the command line; Ctrl-C while it is still being read in is told like any other."""
    try:
        from mlops.cli import main as command

        code = command()
        gc.freeze()  # else the end of the process looks through all that it is about to drop
        return code
    except KeyboardInterrupt:
        from mlops.cli import interrupted

        return interrupted(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
