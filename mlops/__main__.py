"""`python -m mlops` is `mlops`."""

import sys

from mlops.cli import main

sys.exit(main())
