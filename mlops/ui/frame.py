"""What every page shares: one frame, one style, one way to write numbers and texts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops.ui.text import clean, clipped, like, number

if TYPE_CHECKING:
    from jinja2 import Environment, Template

MOST_ROWS = 200
MOST_CHARACTERS = 200


def template(name: str) -> Template:
    """The template ``NAME.html.j2`` beside this file; whatever is filled in is escaped."""
    return _environment().get_template(f"{name}.html.j2")


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader

    folder = Path(__file__).parent
    environment = Environment(
        loader=FileSystemLoader(folder), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals["most"] = MOST_ROWS
    environment.filters |= {
        "cell": _cell,
        "like": like,
        "sentence": lambda text: clipped(clean(text), 3 * MOST_CHARACTERS),
        "number_columns": _number_columns,
    }
    return environment


def _cell(value: Any) -> str:
    """One cell: numbers to four digits, texts cut."""
    return clipped(number(value), MOST_CHARACTERS)


def _number_columns(rows: Sequence[dict[str, Any]]) -> set[str]:
    """The keys under which nothing but numbers and gaps stand."""

    def fits(value: Any) -> bool:
        return value is None or (isinstance(value, (int, float)) and not isinstance(value, bool))

    return {key for key in rows[0] if all(fits(row.get(key)) for row in rows)}
