"""Where the study of a sweep is kept; what a database says against it is told as everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from hydra.errors import InstantiationException
from omegaconf import DictConfig

from mlops.config.sweeper.refusal import SWEEPER, BadSweep, bad_setting
from mlops.core.errors import MlopsError
from mlops.core.secret import masked
from mlops.tuner.address import Key, explained, is_of_database

if TYPE_CHECKING:
    from optuna import Study

KEY = Key(f"{SWEEPER}.storage", "memory")


@contextmanager
def told(given: Any) -> Iterator[None]:
    """What a database says while the block runs, as Hydra prints what is wrong with a sweep.

    Parameters
    ----------
    given : str, mapping or None
        The setting; nothing is kept where it is None, and so nothing said.

    Raises
    ------
    BadSweep
        It is no address (2); it cannot be reached, is locked, or of another version (4).
    """
    if given is None:
        yield
        return
    address = given if isinstance(given, str) else str(given.get("url", given.get("_target_")))
    try:
        with explained(address, KEY):
            yield
    except BadSweep:
        raise
    except MlopsError as error:
        raise BadSweep(*error.problems) from error


def opened(given: Any, name: str | None, directions: list[str]) -> Study:
    """The study of that name, a new one where there is none."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna.create_study(
        study_name=name,
        storage=_described(given) if isinstance(given, DictConfig) else given,
        directions=directions,
        load_if_exists=True,
    )


def _described(given: DictConfig) -> Any:
    """The storage that the settings describe."""
    from hydra.utils import instantiate
    from optuna.storages import BaseStorage

    why = ""
    try:
        made = instantiate(given)
    except InstantiationException as error:
        cause = error.__cause__
        if cause is not None and is_of_database(cause):
            raise cause from cause.__cause__
        made, why = None, str(error).partition(", set env")[0]
    if not isinstance(made, BaseStorage):
        accepted = "an address, or {_target_: optuna.storages.RDBStorage, url: …}"
        raise bad_setting("storage", masked(str(given)), accepted, why=why)
    return made
