"""A page of sections for verbs that compare, trace or sum up; looks like every other page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from mlops.core.report import Plot
from mlops.ui.frame import template
from mlops.ui.plot import figure
from mlops.ui.text import clean


@dataclass(frozen=True, kw_only=True)
class Tile:
    """One number to see from afar.

    Parameters
    ----------
    label : str
    value : str
        With its unit.
    says : str
        What stands small below it.
    tone : str
        ``good``, ``bad`` or empty.
    """

    label: str
    value: str
    says: str = ""
    tone: str = ""


@dataclass(frozen=True, kw_only=True)
class Section:
    """One card of the page, its parts from top to bottom; what is empty is left out.

    Parameters
    ----------
    title : str
    tiles : tuple of Tile
    says : tuple of str
        Sentences.
    plots : tuple of Plot
    drawn : tuple of str
        Inline SVG that was made by us, with every text in it escaped.
    rows : tuple of dict
        A table of plain values with the same keys.
    terms : dict of str to str
        What words mean, as a list.
    text : str
        As it is, in a fixed width.
    is_folded : bool
        Shown on a click only.
    """

    title: str
    tiles: tuple[Tile, ...] = ()
    says: tuple[str, ...] = ()
    plots: tuple[Plot, ...] = ()
    drawn: tuple[str, ...] = ()
    rows: tuple[dict[str, Any], ...] = ()
    terms: dict[str, str] = field(default_factory=dict)
    text: str = ""
    is_folded: bool = False


def sheet(
    title: str,
    sections: Iterable[Section],
    *,
    summary: dict[str, Any] | None = None,
    warnings: Iterable[str] = (),
) -> str:
    """Make the page.

    Parameters
    ----------
    title : str
    sections : iterable of Section
    summary : dict or None
        Label to text, under the title.
    warnings : iterable of str

    Returns
    -------
    str
        An HTML document without scripts, that loads nothing.
    """
    return template("sheet").render(
        title=clean(title),
        sections=[(each, [figure(plot) for plot in each.plots]) for each in sections],
        summary=summary or {},
        warnings=list(warnings),
    )
