"""What is written in a project and read by nothing: named, because it was meant to count."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mlops.config.compose import Composed
from mlops.core.errors import closest
from mlops.core.paths import near


def unused(composed: Composed) -> tuple[str, ...]:
    """One sentence for each section, folder or file that this configuration does not use."""
    return (*_sections(composed), *_folders(composed), *_endings(composed.catalogue.project))


def _sections(composed: Composed) -> Iterator[str]:
    recipe = composed.catalogue.recipe(composed.recipe)
    for room in recipe.sections:
        own = recipe.choices.get(room, composed.catalogue.defaults.get(room))
        chosen = composed.choices.get(room)
        if chosen != own:
            yield (
                f"{recipe.document.at(room)}: the values of `{room}` belong to {own} "
                f"and are left out with {room}={chosen}"
            )


def _folders(composed: Composed) -> Iterator[str]:
    catalogue = composed.catalogue
    rooms = [*catalogue.groups, "hydra"]
    for folder in sorted((catalogue.project / "conf").glob("*/")):
        if folder.name not in rooms and not folder.name.startswith((".", "_")):
            nearest = closest(folder.name, rooms)
            meant = f"; did you mean conf/{nearest}?" if nearest else ""
            yield f"{near(folder)}: no room has that name, nothing reads it{meant}"


def _endings(project: Path) -> Iterator[str]:
    for kind in ("conf", "recipes"):
        for path in sorted((project / kind).rglob("*.yml")):
            yield f"{near(path)}: not read, because only files that end in .yaml are"
