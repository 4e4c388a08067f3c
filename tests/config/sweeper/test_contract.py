"""The sweeper ``optuna``, held against the tests that Hydra has for every sweeper."""

from __future__ import annotations

import pytest
from hydra import version
from hydra.core.plugins import Plugins
from hydra.plugins.sweeper import Sweeper
from hydra.test_utils.launcher_common_tests import (
    BatchedSweeperTestSuite,
    IntegrationTestSuite,
    LauncherTestSuite,
)

# Every combination in order, as those tests want it; some of their jobs return words.
EVERY = [
    "hydra/sweeper=optuna",
    "hydra/sweeper/sampler=grid",
    "hydra.sweeper.max_failure_rate=1",
]


@pytest.fixture(autouse=True)
def _as_at_first(hydra_restore_singletons):
    """Those tests were written for jobs that work in their own folder; others left it otherwise."""
    version.setbase("1.1")


def test_hydra_finds_the_sweeper():
    names = [each.__name__ for each in Plugins.instance().discover(Sweeper)]
    assert "OptunaSweeper" in names


@pytest.mark.parametrize(("launcher_name", "overrides"), [("basic", EVERY)])
class TestAsASweeper(LauncherTestSuite):
    """One batch for each test: no test has more than four jobs."""

    @pytest.fixture(autouse=True)
    def one_batch(self, overrides):
        overrides[:] = [*EVERY, "hydra.sweeper.n_jobs=4"]


@pytest.mark.parametrize(
    ("launcher_name", "overrides"), [("basic", [*EVERY, "hydra.sweeper.n_jobs=2"])]
)
class TestInBatches(BatchedSweeperTestSuite):
    pass


@pytest.mark.parametrize(
    ("task_launcher_cfg", "extra_flags"),
    [
        (
            {
                "defaults": [
                    {"override hydra/sweeper": "optuna"},
                    {"override hydra/sweeper/sampler": "grid"},
                    {"override hydra/launcher": "basic"},
                ]
            },
            ["-m", "hydra.sweeper.max_failure_rate=1"],
        )
    ],
)
class TestInAnApplication(IntegrationTestSuite):
    pass
