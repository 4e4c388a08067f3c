"""What a recipe may hold: choices of parts and their values, nothing that reaches outside them."""

from __future__ import annotations

from typing import Any

from mlops.config.catalogue import Catalogue, Recipe
from mlops.core.errors import REFUSED, Problem, closest, listed
from mlops.core.yamlfile import Document

# A recipe is written by a stranger: where runs are recorded, to which repository versions are
# pushed and what a verb does stay with the person at the keyboard. It may say which kind of
# registry there is, and who serves.
OURS_ALONE = ("hydra", "tracker", "flow", "ui", "compute", "serving", "outputs", "recipe", "of")
OURS_IN = {"registry": ("repository", "folder", "branch", "remote")}
PLAIN = ("seed", "name")


def as_recipe(name: str, document: Document, catalogue: Catalogue) -> Recipe:
    """Sort the parts of a recipe file; what it may not hold is left out, and told in `problems`.

    Exit code 3 where it reaches outside.
    """
    problems: list[Problem] = []
    choices = _choices(document, catalogue, problems)
    sections: dict[str, Any] = {}
    rest: dict[str, Any] = {}
    rooms = [group for group in catalogue.groups if group not in OURS_ALONE]
    problems += _headers(name, document)
    for key, value in document.data.items():
        if key in rooms:
            wrong = _wrong_section(name, document, str(key), value)
            problems += wrong
            if not wrong:
                sections[key] = value
        elif key in PLAIN:
            rest[key] = value
        elif str(key).split("/")[0] in OURS_ALONE:
            problems.append(_reaches(name, str(key), document.at(str(key))))
        elif key != "defaults":
            problems.append(_unknown(document, str(key), [*rooms, *PLAIN, "defaults"]))
    return Recipe(name, document, choices, sections, rest, tuple(problems))


def _headers(name: str, document: Document) -> list[Problem]:
    """Comments that Hydra would take for an order to put the recipe somewhere else."""
    problems = []
    for number, line in enumerate(document.text.split("\n"), start=1):
        text = line.strip().lstrip("#").strip() if line.strip().startswith("#") else ""
        if text.startswith("@package") and text.split() != ["@package", "_global_"]:
            file = document.at().rpartition(":")[0]
            problems.append(_reaches(name, text, f"{file}:{number}"))
    return problems


def _wrong_section(name: str, document: Document, key: str, value: Any) -> list[Problem]:
    if not isinstance(value, dict | type(None)):
        return [_no_section(document, key, value)]
    if "defaults" in (value or {}):
        # Hydra would take it for a list of choices, from any room.
        return [_reaches(name, f"{key}.defaults", document.at(f"{key}.defaults"))]
    ours = [f"{key}.{each}" for each in OURS_IN.get(key, ()) if each in (value or {})]
    return [_reaches(name, each, document.at(each)) for each in ours]


def _choices(document: Document, catalogue: Catalogue, problems: list[Problem]) -> dict[str, str]:
    entries = document.data.get("defaults") or []
    choices: dict[str, str] = {}
    if not isinstance(entries, list):
        problems.append(_unknown(document, "defaults", ["a list of `- override /room: option`"]))
        return choices
    for index, entry in enumerate(entries):
        where = document.at(f"defaults.{index}")
        key, value = next(iter(entry.items())) if isinstance(entry, dict) and entry else (entry, "")
        group = str(key).removeprefix("override ").lstrip("/").split("@")[0]
        if group.split("/")[0] in OURS_ALONE:
            problems.append(_reaches(document.path.stem, str(key), where))
        elif entry == "_self_":
            continue
        elif (
            not str(key).startswith("override /")
            or "@" in str(key)
            or group not in catalogue.groups
        ):
            accepted = ["override /" + each for each in catalogue.groups if each not in OURS_ALONE]
            near = f"override /{group}" if f"override /{group}" in accepted else ""
            problems.append(_unknown(document, str(key), accepted, where, near))
        elif str(value) not in catalogue.options(group):
            problems.extend(catalogue.missing(group, value, where).problems)
        else:
            choices[group] = str(value)
    return choices


def _no_section(document: Document, key: str, value: Any) -> Problem:
    return Problem(
        code="not-a-room",
        says=f"The section `{key}` of a recipe holds values of the chosen option.",
        where=document.at(key),
        found=str(value)[:80] or "''",
        accepted=f"`{key}:` and below it, indented, `key: value` lines",
        next_step=f"choose an option under defaults: `- override /{key}: OPTION`",
    )


def _reaches(name: str, found: str, where: str) -> Problem:
    return Problem(
        code="recipe-reaches-outside",
        says=f"Recipe {name} sets what only the person who runs it may set.",
        where=where,
        found=found,
        accepted="choices and values of the rooms on the road, `name` and `seed`",
        next_step=f"remove `{found}` from the recipe, or ask its author why it is there",
        exit_code=REFUSED,
    )


def _unknown(
    document: Document, key: str, accepted: list[str], where: str = "", near: str = ""
) -> Problem:
    nearest = near or closest(key, accepted)
    return Problem(
        code="unknown-section",
        says=f"`{key}` is no section of a recipe.",
        where=where or document.at(key),
        found=key or "''",
        accepted=listed(accepted, 20),
        closest=nearest,
        next_step=f"write `{nearest}`" if nearest else "remove it",
    )
