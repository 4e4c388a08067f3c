"""Hands the catalogue's files to Hydra, and a recipe's values only to the option it chose.

``recipe/NAME`` is the recipe without its room sections; ``of/ROOM/NAME.OPTION`` is the section
of ROOM, and exists only if OPTION is the recipe's own choice. With one line a room in the
primary defaults list, ``recipe=x model=other`` starts `other` from its own defaults.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hydra.core.object_type import ObjectType
from hydra.plugins.config_source import ConfigLoadError, ConfigResult, ConfigSource
from omegaconf import OmegaConf

from mlops.config.catalogue import Catalogue, catalogue
from mlops.core.errors import MlopsError


class HouseSource(ConfigSource):
    """A Hydra config source over one :class:`~mlops.config.catalogue.Catalogue`."""

    def __init__(self, provider: str, path: str) -> None:
        super().__init__(provider, path)

    @staticmethod
    def scheme() -> str:
        """The scheme on Hydra's search path."""
        return "mlops"

    @property
    def found(self) -> Catalogue:
        """The catalogue; not an attribute, because Hydra deep-copies its sources."""
        return catalogue(Path(self.path))

    def load_config(self, config_path: str) -> ConfigResult:
        """Give one config as Hydra wants it."""
        try:
            node, package = self._node(config_path.removesuffix(".yaml"))
        except FileNotFoundError:
            raise ConfigLoadError(f"Config not found: {config_path}") from None
        return ConfigResult(
            provider=self.provider,
            path=f"{self.scheme()}://{self.path}",
            config=OmegaConf.create(node),
            header={"package": package},
        )

    def _node(self, name: str) -> tuple[dict[str, Any], str | None]:
        group, _, option = name.partition("/")
        if name == "config":
            return self.found.primary.data, None
        if group == "recipe":
            recipe = self.found.recipe(option)
            chosen = [{f"override /{room}": each} for room, each in recipe.choices.items()]
            return {"defaults": [*chosen, "_self_"], **recipe.rest}, "_global_"
        if group == "of":
            return self._section(option), None
        group, _, option = name.rpartition("/")
        return self.found.option(group, option).node, group.replace("/", ".")

    def _section(self, name: str) -> dict[str, Any]:
        room, _, rest = name.partition("/")
        recipe_name, _, option = rest.rpartition(".")
        recipe = self.found.recipe(recipe_name)
        own = recipe.choices.get(room, self.found.defaults.get(room))
        if option != own or room not in recipe.sections:
            raise FileNotFoundError(name)
        section = recipe.sections[room] or {}
        return {key: value for key, value in section.items() if key != "defaults"}

    def is_config(self, config_path: str) -> bool:
        """True if there is such a config."""
        name = config_path.removesuffix(".yaml")
        group, _, option = name.partition("/")
        if group == "recipe":
            return self.found.file("recipes", option) is not None
        if group == "of":
            try:
                self._section(option)
            except (FileNotFoundError, MlopsError):
                return False
            return True
        return self.found.file("conf", name) is not None

    def is_group(self, config_path: str) -> bool:
        """True if there is such a folder of configs."""
        if config_path == "recipe":
            return True
        if config_path.split("/")[0] not in (*self.found.groups, "hydra", ""):
            return False
        return any((folder / config_path).is_dir() for folder in self.found.folders("conf"))

    def available(self) -> bool:
        """Always: the packaged folder is part of it."""
        return True

    def list(self, config_path: str, results_filter: ObjectType | None) -> list[str]:
        """Names under `config_path`, for completion and ``glob(*)``."""
        names: set[str] = set()
        if results_filter != ObjectType.GROUP and config_path:
            names.update(self.found.options(config_path))
        if results_filter != ObjectType.CONFIG:
            for folder in self.found.folders("conf"):
                names.update(each.name for each in (folder / config_path).glob("[a-z]*/"))
            names.update({"recipe"} if not config_path else set())
        return sorted(names)
