"""Splitter: which rows are learned from, and which are kept untouched to judge.

In goes a Dataset, out comes a Split: row positions of the two sides, and folds inside the
training part. Equal rows, and rows of one group, never stand on both sides of any cut.

To add one: a class with ``split(dataset, *, seed)``, a YAML in ``conf/splitter``, a test in
``tests/splitter``. :mod:`mlops.splitter.rows` tells which rows belong together,
:mod:`mlops.splitter.assign` deals them out.
"""
