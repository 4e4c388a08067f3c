"""The room that looks for better parameters.

In: an :class:`~mlops.core.tuning.Objective`, which has parameters scored on the folds inside the
training part by the workers of ``compute``, and the search space,
``{"model.alpha": "tag(log, interval(0.001, 1000))"}``. Out: :class:`~mlops.core.tuning.Tuned`, the
best trial and all others.

A space is Hydra's sweep syntax: ``choice(a, b)``, ``range(1, 9, 2)``, ``interval(0, 1)``, with
``tag(log, …)`` and ``int(…)`` around it. Each option brings its own as ``_space_``; ``tuner.space``
adds to it, replaces entries and takes them out by null. A key that is searched only where another
has some value says so behind its sweep: ``interval(0.1, 9) if kernel == rbf``, or
``if kernel in [rbf, poly]``; the other key, full or relative to the same room, is searched too.

Where ``tuner.options`` has a room's options searched, the space that enters holds the choice among
them under the room's name, and the keys of each option with its name in them: ``{"model":
"choice(ridge, svm)", "model.ridge.alpha": "…"}``. A trial's parameters are configuration keys all
the same: ``{"model": "ridge", "model.alpha": 0.1}``. The best trials may be joined at the end.

To add a sampler or a pruner of Optuna's kind: a YAML in ``conf/tuner`` that starts from
``optuna``. To add a tuner: a class with ``tune(objective, space)`` and ``check(space)`` here, its
YAML, a test. What ``check`` needs imports nothing heavy.
"""
