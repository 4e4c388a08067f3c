"""Features: from cleaned columns to the numbers a model sees.

In goes a frame of numbers, categories, dates and text; out comes a frame of float64 columns with
names, one row for each row. What cannot be used is named in ``unused_``.

To add one: a scikit-learn transformer that gives frames, a YAML in ``conf/features``, a test in
``tests/features``; for another scaler or encoding a YAML over
:class:`mlops.features.by_kind.ByKind` is enough.
"""
