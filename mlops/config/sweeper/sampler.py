"""The sampler that the settings name: Optuna's own, or a class of that kind."""

from __future__ import annotations

import hashlib
import inspect
import warnings
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from mlops.config.sweeper.refusal import bad_setting, missing
from mlops.config.sweeper.settings import OPTUNA
from mlops.core.errors import closest, listed

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler


def is_grid(given: Any) -> bool:
    """Whether every combination is to be tried."""
    return str(given["_target_"]).endswith(".GridSampler")


def check(given: Any) -> None:
    """Look whether there is such a sampler, and what it needs.

    Raises
    ------
    BadSweep
        There is none (2), or a package is not installed (4).
    """
    if not hasattr(given, "items") or "_target_" not in given:
        raise bad_setting("sampler", given, "a sampler: hydra/sweeper/sampler=tpe")
    made = _class(given)
    if made.__name__ == "GpSampler" and str(given["_target_"]).startswith(OPTUNA):
        warnings.warn("Optuna's GPSampler needs torch: mlops' own GpSampler is used", stacklevel=2)
    if made.__name__ == "CmaEsSampler" and find_spec("cmaes") is None:
        raise missing("sampler", given["_target_"], "cmaes")


def sampler_of(given: Any, done: int) -> BaseSampler:
    """The sampler that the settings name.

    Parameters
    ----------
    given : mapping
        ``{_target_, seed, …}``.
    done : int
        Trials that the study has: a seeded sampler goes on with other numbers.

    Raises
    ------
    BadSweep
        It takes no such arguments.
    """
    import optuna

    made, keys = _class(given), _keys(given)
    known = inspect.signature(made).parameters
    if gone := sorted(keys.keys() - known.keys()):
        warnings.warn(f"{made.__name__} has no {', '.join(gone)}", stacklevel=2)
    keys = {key: value for key, value in keys.items() if key in known}
    if done and keys.get("seed") is not None:
        told = hashlib.sha256(f"{keys['seed']} {done}".encode()).digest()
        keys["seed"] = int.from_bytes(told[:4])
    if is_grid(given):  # the order is ours
        made, keys = optuna.samplers.RandomSampler, {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            sampler: BaseSampler = made(**keys)
        except (TypeError, ValueError) as error:
            accepted = f"what {made.__name__} takes: {listed(known)}"
            raise bad_setting("sampler", error, accepted) from error
    return sampler


def _class(given: Any) -> Any:
    """What is named; in place of samplers that cannot be had, those that do the same."""
    import optuna
    from hydra.utils import get_class

    target = str(given["_target_"])
    module, _, name = target.rpartition(".")
    if module == OPTUNA and name == "MOTPESampler":
        return optuna.samplers.TPESampler
    if module == OPTUNA and name == "GPSampler" and find_spec("torch") is None:
        from mlops.tuner.gp_sampler import GpSampler

        return GpSampler
    try:
        made: Any = get_class(target)
    except Exception:  # whatever a module raises that is imported
        made = None
    if isinstance(made, type) and issubclass(made, optuna.samplers.BaseSampler):
        return made
    known = [each for each in optuna.samplers.__all__ if each.endswith("Sampler")]
    names = [each for each in known if not each.startswith("Base")]
    near = closest(name, names)
    raise bad_setting(
        "sampler._target_",
        target,
        f"a sampler that can be imported; in {OPTUNA}: {listed(names)}",
        [f"{OPTUNA}.{near}"] if near else (),
    )


def _keys(given: Any) -> dict[str, Any]:
    """What is set; a sampler within the sampler is made."""
    from hydra.utils import instantiate

    return {
        str(key): instantiate(value) if hasattr(value, "items") else value
        for key, value in given.items()
        if value is not None and not str(key).startswith("_")
    }
