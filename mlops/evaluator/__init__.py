"""The room that judges; it never fits.

In: the task, the train and test parts, what the model and a trivial baseline predict for the test
part, and the scores of the folds. Out: a :class:`~mlops.core.report.Report` with metrics and their
intervals, gates, slices, the worst predictions, plots and warnings.
A metric is a function of *weighted* rows, so the score, every bootstrap resample and every slice
are the same function over different weights. To add a metric: one function and one
:class:`~mlops.evaluator.measure.Measure`. To add a task: a subclass of
:class:`~mlops.evaluator.evaluator.Evaluator`, its YAML, and one line in ``auto.yaml``.
Nothing here imports NumPy before something is scored: a check asks for names only.
"""
