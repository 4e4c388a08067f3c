"""Model: what learns to predict the target from the features.

In goes the task that the data states and the seed; out comes an unfitted scikit-learn estimator
(``estimator(task, seed=...)``), the last step of the one fitted pipeline. A class target always
gets an estimator with ``predict_proba``.

To add one: a YAML in ``conf/model`` over :class:`mlops.model.by_task.ByTask` that names the
regressor and the classifier (one alone is enough: say so in ``_tasks_``), and a test in
``tests/model``. A class of our own needs its file beside this one.
"""
