"""What a configuration may instantiate: exact names, for each group its own.

The names are those that the *shipped* option files write after ``_target_``, so a new option
needs no edit here and a file of the user's adds nothing by being there; for a package of their
own, a project writes a pattern into its settings file. A recipe or an override can do neither.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import Any

from mlops.config.catalogue import Catalogue
from mlops.config.settings import FILE, settings
from mlops.core import yamlfile
from mlops.core.errors import REFUSED, Problem, closest, listed
from mlops.core.paths import packaged

SAMPLERS = ("TPE", "Random", "CmaEs", "NSGAII", "NSGAIII", "MOTPE", "GP", "QMC", "Grid")
# Hydra's own node: what its launchers, sweepers and logging need, and nothing that writes.
HYDRA = frozenset(
    {
        "hydra._internal.core_plugins.basic_launcher.BasicLauncher",
        "hydra._internal.core_plugins.basic_sweeper.BasicSweeper",
        "hydra_plugins.hydra_joblib_launcher.joblib_launcher.JoblibLauncher",
        "hydra_plugins.hydra_submitit_launcher.submitit_launcher.LocalLauncher",
        "hydra_plugins.hydra_submitit_launcher.submitit_launcher.SlurmLauncher",
        "hydra_plugins.hydra_ray_launcher.ray_launcher.RayLauncher",
        "hydra_plugins.mlops_optuna.OptunaSweeper",
        *(f"optuna.samplers.{name}Sampler" for name in SAMPLERS),
        "logging.StreamHandler",
        "colorlog.ColoredFormatter",
    }
)
_TARGET = re.compile(r"\b_target_: *([\w.]+)")


def targets(node: Any, key: str, logging: bool = False) -> Iterator[tuple[str, Any]]:
    """Every target below `node` with its key; in `logging` trees also ``()`` and ``class``."""
    names = ("_target_", "()", "class") if logging else ("_target_", "()")
    if isinstance(node, dict):
        for name, value in node.items():
            place = f"{key}.{name}"
            if name == "_target_" or (name in names and not isinstance(value, dict)):
                yield place, value
            else:
                yield from targets(value, place, logging)
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from targets(value, f"{key}.{index}", logging)


@functools.cache
def shipped(catalogue: Catalogue, group: str) -> frozenset[str]:
    """Exact names that the shipped options of `group` instantiate, nested ones too."""
    files = (packaged("conf") / group).glob("*.yaml")
    # These files are our own: looking for the key in their text is enough, and ten times faster.
    texts = [path.read_text(encoding="utf-8") for path in files]
    return frozenset(name for text in texts for name in _TARGET.findall(text))


def by_name(catalogue: Catalogue, group: str, target: str) -> bool:
    """True if a shipped option of `group`, or the project's settings, names exactly `target`."""
    return target in shipped(catalogue, group) or (
        target in settings(catalogue.project).allowed_targets
    )


def by_pattern(catalogue: Catalogue, target: str) -> bool:
    """True if the project's settings allow `target` (the identity is checked again at build)."""
    for allowed in settings(catalogue.project).allowed_targets:
        if target == allowed or (allowed.endswith(".*") and target.startswith(allowed[:-1])):
            return True
    return False


def instead(catalogue: Catalogue, group: str, target: str, key: str) -> frozenset[str]:
    """What shipped options write at `key`, if they write `target` at other keys only; else empty.

    One that is an option's own part may stand inside another one too.
    """
    places = _places(catalogue, group)
    here, alone = places.get(key, frozenset()), places.get(f"{group}._target_", frozenset())
    known = any(target in each for each in places.values())
    return here if known and target not in here and target not in alone else frozenset()


@functools.cache
def _places(catalogue: Catalogue, group: str) -> dict[str, frozenset[str]]:
    """Key to the targets that shipped options of `group` write there."""
    found: dict[str, frozenset[str]] = {}
    for path in (packaged("conf") / group).glob("*.yaml"):
        for key, target in targets(yamlfile.read(path).data, group):
            found[key] = found.get(key, frozenset()) | {target}
    return found


def refusal(catalogue: Catalogue, group: str, target: Any, where: str) -> Problem | None:
    """The problem with instantiating `target` in `group`, or None if it is allowed."""
    names = HYDRA if group == "hydra" else shipped(catalogue, group)
    if isinstance(target, str) and (target in names or by_pattern(catalogue, target)):
        return None
    return Problem(
        code="target-refused",
        says=f"{group} may not instantiate {str(target)[:120] or 'nothing'}.",
        where=where,
        found=str(target)[:120] or "nothing",
        accepted=listed(sorted(names), 6) or "nothing",
        closest=closest(target, names),
        next_step=f"choose an option of {group}; a class of your own is allowed by "
        f"allowed_targets in {FILE}",
        exit_code=REFUSED,
    )
