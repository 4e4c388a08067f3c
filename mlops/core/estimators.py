"""Which names are scikit-learn's own estimators, one name at a time.

skops asks for all of them at once, whenever it is imported: for that every module of scikit-learn
is imported, and whatever test tools are installed. That is a third of what it takes to load a
model, and a process that reads through :mod:`mlops.core.artefact` alone can ask name by name.
"""

from __future__ import annotations

import importlib
import inspect
import sys
from itertools import takewhile
from typing import Any

LEFT_OUT = frozenset({"tests", "externals", "setup", "conftest", "experimental"})


def is_estimator(name: str) -> bool:
    """Whether ``sklearn.utils.all_estimators`` has a class of that full name.

    >>> is_estimator("sklearn.linear_model._ridge.Ridge"), is_estimator("sklearn.base.clone")
    (True, False)
    """
    *modules, word = name.split(".")
    if modules[:1] != ["sklearn"] or word.startswith("_") or LEFT_OUT.intersection(modules):
        return False
    from sklearn.base import BaseEstimator

    public = ".".join(takewhile(lambda each: not each.startswith("_"), modules))
    try:
        found = getattr(importlib.import_module(public), word, None)
    except ImportError:
        return False
    if not (inspect.isclass(found) and issubclass(found, BaseEstimator)):
        return False
    if found is BaseEstimator or inspect.isabstract(found):
        return False
    return f"{found.__module__}.{found.__qualname__}" == name


def import_skops() -> None:
    """Import skops without the estimators that it trusts: :func:`is_estimator` knows them.

    Only for a process of our own: whoever else reads with skops there would have to name them.
    """
    if "skops.io" in sys.modules:
        return
    # skops looks for the home of each function of SciPy in all modules, the first imported first.
    importlib.import_module("scipy.special")
    utils: Any = importlib.import_module("sklearn.utils")
    walk = utils.all_estimators
    utils.all_estimators = list  # it gives none
    try:
        importlib.import_module("skops.io")
    finally:
        utils.all_estimators = walk
