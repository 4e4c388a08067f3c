"""The program: `mlops`, or `python -m mlops`."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line; Ctrl-C while it is still being read in is told like any other."""
    try:
        from mlops.cli import main as command

        return command()
    except KeyboardInterrupt:
        from mlops.cli import interrupted

        return interrupted(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
