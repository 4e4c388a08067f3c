"""What there is to choose: groups, options and recipes, found in the folders, never registered."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mlops.config.about import ABOUT, inner, lifted
from mlops.core import yamlfile
from mlops.core.errors import MlopsError, Problem, closest, fail, listed
from mlops.core.paths import near, packaged
from mlops.core.yamlfile import Document

_SAFE = re.compile(r"^[A-Za-z_][\w-]*(/[A-Za-z_][\w-]*)*$")


@dataclass(frozen=True)
class Option:
    """One option file: the node that Hydra sees, and what it says about itself.

    Parameters
    ----------
    group, name : str
    document : Document
    node : dict
        The file as Hydra sees it: without what it says about itself.
    declared : dict
        The keys it has, those of options that it holds too.
    about : dict
        ``_tasks_``, ``_ranges_``, ``_space_``, ``_extra_`` …; keys of :data:`ABOUT`.
    shipped : bool
        True if the file came with the package and not with the user's project.
    """

    group: str
    name: str
    document: Document
    node: dict[str, Any]
    declared: dict[str, Any]
    about: dict[str, Any]
    shipped: bool


@dataclass(frozen=True)
class Recipe:
    """One recipe: the choices it makes and the sections that belong to those choices."""

    name: str
    document: Document
    choices: dict[str, str]
    sections: dict[str, Any] = field(default_factory=dict)
    rest: dict[str, Any] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Catalogue:
    """Everything that can be chosen from one working folder.

    Parameters
    ----------
    project : pathlib.Path
        Its ``conf`` and ``recipes`` lie over the packaged ones.
    """

    project: Path

    def folders(self, kind: str) -> list[Path]:
        """Existing folders of `kind` (``conf``, ``recipes``), the project's first."""
        own, ours = self.project / kind, packaged(kind)
        return [each for each in (own, ours) if each.is_dir()][: 1 if own == ours else 2]

    def file(self, kind: str, name: str) -> Path | None:
        """The YAML file `name` (``model/ridge``) that counts, or None."""
        if not _SAFE.match(name) or len(name.encode()) > 200:  # no file can have that name
            return None
        for folder in self.folders(kind):
            path = folder / f"{name}.yaml"
            if path.is_file():
                return path
        return None

    @functools.cached_property
    def primary(self) -> Document:
        """``conf/config.yaml``: the table of contents, the project's own laid over ours."""
        ours = yamlfile.read(packaged("conf") / "config.yaml")
        own = self.project / "conf" / "config.yaml"
        if not own.is_file() or own.samefile(ours.path):
            return ours
        from mlops.config.contents import laid_over

        document = yamlfile.read(own)
        lines = {key: f"{near(own)}:{line}" for key, line in document.lines.items()}
        return replace(ours, data=laid_over(ours, document, self), elsewhere=lines)

    @functools.cached_property
    def defaults(self) -> dict[str, str]:
        """Group to its default option, in the order of the table of contents."""
        entries = [each for each in self.primary.data.get("defaults", []) if isinstance(each, dict)]
        pairs = [next(iter(entry.items())) for entry in entries]
        return {
            group.removeprefix("override /").removeprefix("override "): option
            for group, option in pairs
            if not group.startswith("optional ") and "/" not in group.removeprefix("override /")
        }

    @property
    def groups(self) -> list[str]:
        """Every group but ``recipe``, in the order data meets them."""
        return [group for group in self.defaults if group != "recipe"]

    def options(self, group: str) -> list[str]:
        """Names of the options of `group`, sorted; recipes for ``recipe``."""
        kind, sub = ("recipes", "") if group == "recipe" else ("conf", group)
        found = {
            path.stem
            for folder in self.folders(kind)
            for path in (folder / sub).glob("*.yaml")
            if not path.name.startswith(".")
        }
        return sorted(found)

    @functools.cache  # noqa: B019 - catalogues are few and live as long as the process
    def option(self, group: str, name: str) -> Option:
        """Read one option.

        Raises
        ------
        MlopsError
            There is no such option (with the closest), or its file cannot be read.
        """
        path = self.file("conf", f"{group}/{name}")
        if path is None:
            raise self.missing(group, name)
        document = yamlfile.read(path)
        about = lifted(document)
        node = {key: value for key, value in document.data.items() if key not in ABOUT}
        declared = {key: value for key, value in node.items() if key != "defaults"}
        for inner_name, key in inner(document):
            declared, about = self._with(group, (inner_name, key), declared, about, document)
        return Option(group, name, document, node, declared, about, self.shipped(path))

    def _with(
        self,
        group: str,
        entry: tuple[str, str],
        declared: dict[str, Any],
        about: dict[str, Any],
        document: Document,
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Keys and ranges of an option that is made of another: under a key, or as its start."""
        name, key = entry
        if self.file("conf", f"{group}/{name}") is None:
            raise self.missing(group, name, document.at("defaults"))
        if self._made_of(group, name, document.path.stem, ()):
            raise _circle(document, name)
        other = self.option(group, name)
        place = f"{key}." if key else ""
        own = {f"{place}{each}": on for each, on in other.about.get("_ranges_", {}).items()}
        told = {**about, "_ranges_": {**own, **about.get("_ranges_", {})}}
        if key:
            return {**declared, key: other.declared}, told
        return {**other.declared, **declared}, {**other.about, **told}

    def _made_of(self, group: str, name: str, part: str, seen: tuple[str, ...]) -> bool:
        """True if option `name` is made of `part`, directly or by way of others."""
        path = self.file("conf", f"{group}/{name}")
        if name == part or path is None or name in seen:
            return name == part or name in seen
        further = inner(yamlfile.read(path))
        return any(self._made_of(group, each, part, (*seen, name)) for each, _ in further)

    def written(self, group: str, name: str) -> dict[str, Any] | None:
        """The values that a run wrote down for an option that it may choose; None: no run did."""
        return None

    def shipped(self, path: Path) -> bool:
        """True if `path` came with the package."""
        return packaged("conf") in path.parents

    def missing(self, group: str, name: object, where: str = "") -> MlopsError:
        """The error that says that `group` has no option `name`."""
        options = self.options(group)
        nearest = closest(name, options)
        return fail(
            "unknown-option",
            f"There is no {group} called {str(name)[:80] or 'nothing'}.",
            where=where or f"{group}={name}",
            found=str(name)[:80] or "nothing",
            accepted=listed(options, 40),
            closest=nearest,
            next_step=f"write {group}={nearest}"
            if nearest
            else f"choose one of these: {group}=OPTION",
        )

    @functools.cache  # noqa: B019 - as above
    def recipe(self, name: str) -> Recipe:
        """Read one recipe; what it may hold is checked by :mod:`mlops.config.recipe`.

        Raises
        ------
        MlopsError
            There is no such recipe, or it cannot be read.
        """
        from mlops.config.recipe import as_recipe

        path = self.file("recipes", name)
        if path is None:
            raise self.missing("recipe", name)
        return as_recipe(name, yamlfile.read(path), self)

    def __hash__(self) -> int:
        return hash(self.project)


def _circle(document: Document, name: str) -> MlopsError:
    return fail(
        "option-circle",
        f"{document.path.name} is made of itself.",
        where=document.at("defaults"),
        found=name,
        accepted="options that are not made of this one",
        next_step=f"remove {name} from the defaults of {document.path.name}",
    )


def catalogue(project: Path | None = None) -> Catalogue:
    """The catalogue of `project` (default: the working folder), its files read once."""
    return _catalogue((project or Path.cwd()).resolve())


@functools.cache
def _catalogue(project: Path) -> Catalogue:
    return Catalogue(project)


def forget() -> None:
    """Have option files, recipes and settings read anew: they may have been edited since."""
    from mlops.config.settings import settings

    for read in (_catalogue, Catalogue.option, Catalogue.recipe, settings):
        read.cache_clear()
