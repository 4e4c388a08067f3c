"""The room that looks for better parameters.

In: an :class:`~mlops.core.tuning.Objective`, which scores one set of parameters on the folds inside
the training part, and the search space, ``{"model.alpha": "tag(log, interval(0.001, 1000))"}``.
Out: :class:`~mlops.core.tuning.Tuned`, the best trial and all others.
To add a tuner: a class with ``tune(objective, space)`` and ``check(space)`` here, its YAML in
``conf/tuner``, a test. ``space.py`` reads the texts of a space; it is light enough for a check.
"""
