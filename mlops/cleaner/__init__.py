"""Cleaner: what is wrong with single values and rows, mended before features are made.

In goes the training part's feature frame (and its target), out comes a frame with the same
columns. While fitting, rows may be dropped (``fit_resample``); while predicting never: one row
in, one row out, filled or clipped with what was learned. After fitting, ``touched_`` says what
was changed and how often, ``rows_dropped_`` how many rows went.

To add one: a class that extends :class:`mlops.cleaner.step.Step`, a YAML in ``conf/cleaner``,
a test in ``tests/cleaner``.
"""
