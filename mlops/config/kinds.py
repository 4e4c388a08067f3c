"""What each group takes: the methods that a part must have to stand in its place."""

from __future__ import annotations

# Alternatives are separate tuples: a model is a factory of ours, or any scikit-learn estimator.
KINDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "data": (("header", "source_key", "read"),),
    "contract": (("enforce",),),
    "splitter": (("split",),),
    "cleaner": (("fit", "transform", "get_params"),),
    "features": (("fit", "transform", "get_params"),),
    "model": (("estimator",), ("fit", "predict", "get_params")),
    "tuner": (("tune",),),
    "evaluator": (("for_task", "names"),),
    "tracker": (("open", "begin", "submit", "close"),),
    "registry": (("registers", "versions"),),
    "deployer": (("deploy",),),
    "monitor": (("watch",),),
    "compute": (("crew",),),
    "ui": (("step", "done", "show"),),
    "flow": (("__call__",),),
}


def stands_in(group: str, kind: type) -> bool:
    """True if a part of class `kind` may stand in `group`."""
    alternatives = KINDS.get(group)
    return alternatives is None or any(
        all(callable(getattr(kind, name, None)) for name in names) for names in alternatives
    )


def named(group: str, methods: set[str]) -> bool:
    """True if a class with these `methods` may stand in `group`.

    >>> named("model", {"fit", "predict", "get_params"}), named("model", {"fit"})
    (True, False)
    """
    return any(methods.issuperset(names) for names in KINDS[group])


def told(group: str) -> str:
    """The methods that `group` asks for, for an error line.

    >>> told("model")
    'a class with estimator, or fit, predict and get_params (from BaseEstimator)'
    """
    told = ", or ".join(_joined(names) for names in KINDS[group])
    return "a class with " + told.replace("get_params", "get_params (from BaseEstimator)")


def _joined(names: tuple[str, ...]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
