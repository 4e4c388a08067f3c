"""Hydra's own flags (``--cfg``, ``--info``, ``--hydra-help``, completion), after our check."""

from __future__ import annotations

import logging
import sys
from contextlib import redirect_stdout
from io import StringIO

from mlops.config.catalogue import catalogue
from mlops.config.check import check
from mlops.config.commandline import Command
from mlops.config.compose import compose, loader
from mlops.config.environment import guarded
from mlops.core.errors import REFUSED, MlopsError
from mlops.core.output import output
from mlops.core.record import Result
from mlops.core.secret import masked


def hydra_flags(command: Command) -> Result:
    """Let Hydra show what was asked for; it configures logging, so targets are checked first.

    Raises
    ------
    MlopsError
        A target anywhere is refused.
    """
    from hydra._internal.hydra import Hydra
    from hydra._internal.utils import get_args_parser
    from hydra.core.global_hydra import GlobalHydra
    from hydra.core.plugins import Plugins

    flags = command.flags
    found = catalogue()
    if not flags.shell_completion:
        composed = compose(list(command.words), found, with_hydra=True)
        if composed.problems:
            raise MlopsError(*composed.problems)
        refused = [
            each for each in check(composed, found.groups).problems if each.exit_code == REFUSED
        ]
        if refused:
            raise MlopsError(*refused)
    Plugins.instance()
    house = loader(found)
    hydra = Hydra(task_name="mlops", config_loader=house)
    GlobalHydra.instance().initialize(hydra)
    quiet = ["hydra/hydra_logging=none", "hydra/job_logging=none", "hydra.output_subdir=null"]
    words = [*command.words, *quiet]
    root = logging.getLogger()
    handlers, level, program = list(root.handlers), root.level, sys.argv[0]
    sys.argv[0] = "mlops"  # the program that a shell completes, however it was started
    try:
        with guarded(found.project), redirect_stdout(output()):
            if flags.hydra_help:
                hydra.hydra_help("config", get_args_parser(), flags)
            elif flags.shell_completion:
                hydra.shell_completion("config", flags.overrides)
            elif flags.info is not None:
                hydra.show_info(flags.info, "config", words)
            else:
                shown = StringIO()
                with redirect_stdout(shown):
                    hydra.show_cfg("config", words, flags.cfg, flags.package, flags.resolve)
                sys.stdout.write(masked(shown.getvalue()))
    finally:
        GlobalHydra.instance().clear()
        sys.argv[0] = program
        root.handlers[:] = handlers
        root.setLevel(level)
    return Result(outcome="done")
