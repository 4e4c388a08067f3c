"""Where a value came from: the command line, the recipe, the option file, the table of contents."""

from __future__ import annotations

from mlops.config.compose import Composed


def origin(composed: Composed, key: str) -> str:
    """The place that had the last word on `key`, as ``file:line`` or the word typed.

    Parameters
    ----------
    composed : Composed
    key : str
        Dotted, from the top: ``model.alpha``.
    """
    for word in reversed(composed.words):
        name = word.partition("=")[0].lstrip("+~").split("@")[0]
        if name in composed.choices and key != name:
            continue
        if name and (key == name or key.startswith(f"{name}.") or name.startswith(f"{key}.")):
            return f"command line, `{word}`"
    group, _, rest = key.partition(".")
    recipe = composed.catalogue.recipe(composed.recipe)
    own = recipe.choices.get(group, composed.catalogue.defaults.get(group))
    if key in recipe.document.lines and own == composed.choices.get(group, own):
        return recipe.document.at(key)
    if group in composed.choices and group != "recipe":
        return composed.catalogue.option(group, composed.choices[group]).document.at(rest)
    return composed.catalogue.primary.at(key)
