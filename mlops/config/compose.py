"""Lets Hydra put the pieces together, and tells every problem at once instead of the first."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from hydra import version as hydra_version
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.config_search_path_impl import ConfigSearchPathImpl
from hydra._internal.sources_registry import SourcesRegistry
from hydra.core.override_parser.types import Override
from hydra.errors import ConfigCompositionException, HydraException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from mlops.config.catalogue import Catalogue
from mlops.config.source import HouseSource
from mlops.config.words import parse_overrides, place, wrong
from mlops.core.errors import MlopsError, Problem, closest, fail, listed


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


def loader(catalogue: Catalogue) -> ConfigLoaderImpl:
    """A Hydra config loader over `catalogue`."""
    hydra_version.setbase("1.3")
    _register_sources()
    path = ConfigSearchPathImpl()
    path.append("hydra", "pkg://hydra.conf")
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


def compose(words: list[str], catalogue: Catalogue, *, with_hydra: bool = False) -> Composed:
    """Compose one configuration.

    Parameters
    ----------
    words : list of str
        Overrides in Hydra's grammar, no sweeps.
    catalogue : Catalogue
    with_hydra : bool
        Compose Hydra's own node too; so it is anyway where a word asks for a launcher or sweeper.

    Raises
    ------
    MlopsError
        What is left cannot be put together at all.
    """
    problems: list[Problem] = []
    parsed = _possible(parse_overrides(words, problems), catalogue, problems)
    house = loader(catalogue)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            overrides = [_forced(each, catalogue) for each in parsed]
            asked = any(each.key_or_group.startswith("hydra") for each in parsed)
            load = _with_hydra if with_hydra or asked else _without_hydra
            tree, choices = load(house, overrides, problems)
    except (HydraException, OmegaConfBaseException, ValueError, AssertionError, OSError) as error:
        raise MlopsError(*problems, *_not_composed(error, catalogue).problems) from error
    kept = {key: str(value) for key, value in choices.items() if not key.startswith("of/")}
    return Composed(tree, kept, tuple(words), catalogue, tuple(problems))


def _possible(
    parsed: list[Override], catalogue: Catalogue, problems: list[Problem]
) -> list[Override]:
    """The overrides that can be composed; what is wrong with the others is added."""
    kept = []
    for each in parsed:
        said = wrong(each, catalogue)
        problems.extend(said)
        kept += [] if said else [each]
    try:
        problems.extend(catalogue.recipe(_chosen_recipe(kept, catalogue)).problems)
    except MlopsError as error:
        problems.extend(error.problems)
        kept = [each for each in kept if each.key_or_group != "recipe"]
    for each in [each for each in kept if each.key_or_group in catalogue.groups]:
        try:
            catalogue.option(each.key_or_group, str(each.value()))
        except MlopsError as error:
            problems.extend(error.problems)
            kept.remove(each)
    data = [str(each.value()) for each in kept if each.key_or_group == "data"]
    of_recipe = data and catalogue.option("data", data[-1]).about.get("_scope_") == "recipe"
    if data and not of_recipe and not any(each.key_or_group == "recipe" for each in kept):
        # Gates and names of the default recipe are about its data, not about other data.
        kept += parse_overrides(["recipe=blank"], problems)
    return kept


def _with_hydra(
    house: ConfigLoaderImpl, overrides: list[str], problems: list[Problem]
) -> tuple[DictConfig, dict[str, Any]]:
    from hydra.core.plugins import Plugins

    Plugins.instance()  # launchers and sweepers store their configs when they are found
    quiet = ["hydra/hydra_logging=none", "hydra/job_logging=none"]
    kept = [each for each in overrides if not each.startswith("~")]
    tree = house.load_configuration("config", [*kept, *quiet], RunMode.RUN)
    taken = parse_overrides([each for each in overrides if each.startswith("~")], problems)
    _apply(taken, house, tree, problems)
    return tree, dict(tree.hydra.runtime.choices)


def _without_hydra(
    house: ConfigLoaderImpl, overrides: list[str], problems: list[Problem]
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
    _apply(found.config_overrides, house, tree, problems)
    return tree, dict(found.overrides.known_choices)


def _apply(
    overrides: list[Override], house: ConfigLoaderImpl, tree: DictConfig, problems: list[Problem]
) -> None:
    """Set and take out keys one by one, so that each that cannot be is told."""
    for override in overrides:
        try:
            house._apply_overrides_to_config([override], tree)
        except (HydraException, OmegaConfBaseException, ValueError, AssertionError) as error:
            problems.append(_not_applied(override, tree, error))


def _not_applied(override: Override, tree: DictConfig, error: Exception) -> Problem:
    """A key that cannot be set or taken out, because of what stands there."""
    key = override.key_or_group
    parent, _, name = key.rpartition(".")
    node = OmegaConf.select(tree, parent, throw_on_missing=False) if parent else tree
    known = [str(each) for each in node if each != "defaults"] if OmegaConf.is_dict(node) else []
    nearest = closest(name, known)
    dotted = f"{parent}.{nearest}" if parent else nearest
    line = str(override.input_line).lstrip("+")
    mark = "~" if override.is_delete() else ""
    absent = bool(mark) and name not in known
    said = str(error.__cause__ or error).strip().split("\n")[0][:200]
    return Problem(
        code="unknown-key" if absent else "not-applied",
        says=f"There is no {key} to take out." if absent else f"{key} cannot be changed like that.",
        where=place(mark + line.lstrip("~") if mark else line),
        found=key if absent else said,
        accepted=listed(known, 20) or "a key of a section",
        closest=nearest if absent else "",
        next_step=f"write {mark}{dotted}" if absent and nearest else f"leave out {mark}{key}",
    )


def _chosen_recipe(parsed: list[Override], catalogue: Catalogue) -> str:
    chosen = [each.value() for each in parsed if each.key_or_group == "recipe"]
    return str(chosen[-1]) if chosen else catalogue.defaults["recipe"]


def _forced(override: Override, catalogue: Catalogue) -> str:
    """Let every plain value in: which keys exist is our check's to say, all at once."""
    line = str(override.input_line)
    if override.key_or_group in (*catalogue.groups, "recipe") or "/" in override.key_or_group:
        return line.lstrip("+")
    return line if override.is_delete() else "++" + line.lstrip("+")


def _not_composed(error: Exception, catalogue: Catalogue) -> MlopsError:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, MlopsError):
            return cause
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, ConfigCompositionException) and error.__cause__ is not None:
        error = error.__cause__  # type: ignore[assignment]
    absent = re.search(r"Could not find '([\w/]+)/([^']+)'", str(error))
    if absent:
        return _no_plugin(absent[1], absent[2], str(error))
    section = re.search(r"In 'of/(\w+)/([\w-]+)\.", str(error))
    lines = [line.strip() for line in str(error).split("\n") if line.strip()]
    return fail(
        "not-composed",
        "The choices cannot be put together.",
        where=catalogue.recipe(section[2]).document.at(section[1]) if section else "configuration",
        found=(" ".join(lines) or type(error).__name__)[:300],
        accepted="choices and values that fit one another",
        next_step="leave out overrides one by one, or see `mlops --cfg job`",
    )


def _no_plugin(group: str, name: str, text: str) -> MlopsError:
    """An option of Hydra's own groups that no installed plugin brings."""
    known = re.findall(r"^\t([\w-]+)$", text, re.M)
    nearest = closest(name, known)
    plugin = f"hydra-{name[:40]}-{group.rpartition('/')[2]}"
    return fail(
        "unknown-option",
        f"There is no {group} called {name[:80]}.",
        where=f"command line, `{group}={name[:80]}`",
        found=name[:80],
        accepted=listed(known, 20) or "what an installed plugin brings",
        closest=nearest,
        next_step=f"write {group}={nearest}"
        if nearest
        else f"pip install {plugin}, if that exists",
    )
