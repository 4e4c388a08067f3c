"""Lets Hydra put the pieces together, and tells every problem at once instead of the first."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from hydra import version as hydra_version
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.config_search_path_impl import ConfigSearchPathImpl
from hydra._internal.sources_registry import SourcesRegistry
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import ConfigCompositionException, HydraException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from mlops.config.catalogue import Catalogue
from mlops.config.environment import install_resolvers
from mlops.config.source import HouseSource
from mlops.core.errors import MlopsError, Problem, fail

_BARE = re.compile(r"^[A-Za-z_][\w./@-]*$")


@dataclass(frozen=True)
class Composed:
    """What Hydra made of the choices, unresolved and unchecked.

    Parameters
    ----------
    tree : omegaconf.DictConfig
        The whole configuration; with a ``hydra`` node only if something asks for it.
    choices : dict of str to str
        Group to the option chosen.
    words : tuple of str
        The overrides as given.
    catalogue : Catalogue
    problems : tuple of Problem
        What was wrong with words and choices; the tree then holds defaults in their place.
    """

    tree: DictConfig
    choices: dict[str, str]
    words: tuple[str, ...]
    catalogue: Catalogue = field(repr=False)
    problems: tuple[Problem, ...] = ()

    @cached_property
    def recipe(self) -> str:
        """Name of the chosen recipe."""
        return self.choices["recipe"]

    @cached_property
    def values(self) -> dict[str, Any]:
        """The tree as plain data, interpolations still as text."""
        plain = OmegaConf.to_container(self.tree, resolve=False)
        assert isinstance(plain, dict)
        return {str(key): value for key, value in plain.items() if key != "hydra"}


def parse_overrides(words: list[str], problems: list[Problem]) -> list[Override]:
    """Parse every override; one problem is added for each that Hydra cannot read."""
    parser = OverridesParser.create()
    parsed: list[Override] = []
    for word in words:
        try:
            parsed.append(parser.parse_override(word))
        except (HydraException, RecursionError, ValueError) as error:
            problems.append(unreadable(word, error))
    return parsed


def unreadable(word: str, error: Exception) -> Problem:
    """The problem with a word that is not in Hydra's grammar."""
    reason = (str(error).split("\n")[0] or type(error).__name__)[:200]
    key, mark, value = word.partition("=")
    quoted = f"'{key}=\"{value}\"'" if mark and _BARE.match(key) else "key=value"
    return Problem(
        code="unreadable-override",
        says="A word on the command line is not in Hydra's grammar.",
        where=f"command line, `{word[:80]}`",
        found=reason,
        accepted="key=value, +key=value, ~key; values with special characters in quotes",
        next_step=f"write {quoted[:120]}",
    )


def loader(catalogue: Catalogue, search_path: str | None = None) -> ConfigLoaderImpl:
    """A Hydra config loader over `catalogue` (and the folder `search_path` before it)."""
    hydra_version.setbase("1.3")
    install_resolvers(catalogue.project)
    _register_sources()
    path = ConfigSearchPathImpl()
    path.append("hydra", "pkg://hydra.conf")
    if search_path:
        path.append("command-line", f"file://{Path(search_path).resolve()}")
    path.append("main", f"{HouseSource.scheme()}://{catalogue.project}")
    path.append("schema", "structured://")
    return ConfigLoaderImpl(path)


def _register_sources() -> None:
    """Register what one compose needs; Hydra's scan of all plugins waits until one is asked for."""
    from hydra._internal.core_plugins.file_config_source import FileConfigSource
    from hydra._internal.core_plugins.importlib_resources_config_source import (
        ImportlibResourcesConfigSource,
    )
    from hydra._internal.core_plugins.structured_config_source import StructuredConfigSource

    for source in (
        HouseSource,
        FileConfigSource,
        ImportlibResourcesConfigSource,
        StructuredConfigSource,
    ):
        SourcesRegistry.instance().register(source)


def compose(
    words: list[str],
    catalogue: Catalogue,
    *,
    with_hydra: bool = False,
    search_path: str | None = None,
) -> Composed:
    """Compose one configuration.

    Parameters
    ----------
    words : list of str
        Overrides in Hydra's grammar, no sweeps.
    catalogue : Catalogue
    with_hydra : bool
        Compose Hydra's own node too (a launcher, a sweeper, logging).
    search_path : str or None
        One more folder of configs, as given with ``--config-dir``.

    Raises
    ------
    MlopsError
        What is left cannot be put together at all.
    """
    problems: list[Problem] = []
    parsed = _possible(parse_overrides(words, problems), catalogue, problems)
    house = loader(catalogue, search_path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            overrides = [_forced(each, catalogue) for each in parsed]
            tree, choices = _load(house, overrides, with_hydra)
    except (HydraException, OmegaConfBaseException, ValueError, AssertionError) as error:
        raise MlopsError(*problems, *_not_composed(error).problems) from error
    kept = {key: str(value) for key, value in choices.items() if not key.startswith("of/")}
    return Composed(tree, kept, tuple(words), catalogue, tuple(problems))


def _possible(
    parsed: list[Override], catalogue: Catalogue, problems: list[Problem]
) -> list[Override]:
    """The overrides that can be composed; what is wrong with the others is added."""
    kept = []
    for each in parsed:
        wrong = _sweep(each) or _unknown_option(each, catalogue)
        problems.extend(wrong)
        kept += [] if wrong else [each]
    try:
        catalogue.recipe(_chosen_recipe(kept, catalogue))
    except MlopsError as error:
        problems.extend(error.problems)
        kept = [each for each in kept if each.key_or_group != "recipe"]
    if not any(each.key_or_group == "recipe" for each in kept) and any(
        each.key_or_group == "data" for each in kept
    ):
        # Gates and names of the default recipe are about its data, not about other data.
        kept += parse_overrides(["recipe=blank"], problems)
    return kept


def _load(
    house: ConfigLoaderImpl, overrides: list[str], with_hydra: bool
) -> tuple[DictConfig, dict[str, Any]]:
    if not with_hydra:
        return _without_hydra(house, overrides)
    from hydra.core.plugins import Plugins

    Plugins.instance()  # launchers and sweepers store their configs when they are found
    tree = house.load_configuration("config", overrides, RunMode.RUN)
    return tree, dict(tree.hydra.runtime.choices)


def _without_hydra(
    house: ConfigLoaderImpl, overrides: list[str]
) -> tuple[DictConfig, dict[str, Any]]:
    """Compose without Hydra's own node, which most verbs never look at and which costs more."""
    from hydra._internal.defaults_list import create_defaults_list

    parsed, repository = house._parse_overrides_and_create_caching_repo("config", overrides)
    found = create_defaults_list(
        repo=repository,
        config_name="config",
        overrides_list=parsed,
        prepend_hydra=False,
        skip_missing=False,
    )
    tree = house._compose_config_from_defaults_list(found.defaults, repository)
    OmegaConf.set_struct(tree, True)
    house._apply_overrides_to_config(found.config_overrides, tree)
    return tree, dict(found.overrides.known_choices)


def _sweep(override: Override) -> tuple[Problem, ...]:
    if not override.is_sweep_override():
        return ()
    line = str(override.input_line)
    return (
        Problem(
            code="sweep-without-m",
            says="Several values for one key are a sweep.",
            where=f"command line, `{line}`",
            found=line.partition("=")[2],
            accepted="one value, or -m",
            next_step=f"write mlops -m {line}, or {override.key_or_group}='[…]' for a list",
        ),
    )


def _unknown_option(override: Override, catalogue: Catalogue) -> tuple[Problem, ...]:
    group = override.key_or_group
    if group not in (*catalogue.groups, "recipe") or override.is_delete():
        return ()
    value = override.value()
    if isinstance(value, str) and value in catalogue.options(group):
        return ()
    where = f"command line, `{override.input_line}`"
    return catalogue.missing(group, value, where).problems


def _chosen_recipe(parsed: list[Override], catalogue: Catalogue) -> str:
    chosen = [each.value() for each in parsed if each.key_or_group == "recipe"]
    return str(chosen[-1]) if chosen else catalogue.defaults["recipe"]


def _forced(override: Override, catalogue: Catalogue) -> str:
    """Let every plain value in: which keys exist is our check's to say, all at once."""
    line = str(override.input_line)
    group = override.key_or_group.split("/")[0]
    is_choice = override.key_or_group in [*catalogue.groups, "recipe"] or (
        "/" in override.key_or_group and group in (*catalogue.groups, "hydra")
    )
    if is_choice or override.is_delete():
        return line
    return "++" + line.lstrip("+")


def _not_composed(error: Exception) -> MlopsError:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, MlopsError):
            return cause
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, ConfigCompositionException) and error.__cause__ is not None:
        error = error.__cause__  # type: ignore[assignment]
    lines = [line.strip() for line in str(error).split("\n") if line.strip()]
    return fail(
        "not-composed",
        "The choices cannot be put together.",
        where="configuration",
        found=(" ".join(lines) or type(error).__name__)[:300],
        accepted="choices and values that fit one another",
        next_step="leave out overrides one by one, or see `mlops --cfg job`",
    )
