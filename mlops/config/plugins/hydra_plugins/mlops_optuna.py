"""Where Hydra finds the sweeper ``optuna``; what it does is told in ``mlops.config.sweeper``."""

from __future__ import annotations

from mlops.config.sweeper.settings import store
from mlops.config.sweeper.sweeper import StudySweeper


class OptunaSweeper(StudySweeper):
    """``hydra/sweeper=optuna``."""


store()
