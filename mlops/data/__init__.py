"""Data: the only reader of the outside world.

Nothing enters but configuration; out comes a :class:`mlops.core.dataset.Dataset`: a frame whose
columns have roles, the task that the target states, a fingerprint of the content. ``header()``
and ``source_key()`` are cheap, for checks before anything runs; ``read()`` reads. A source with a
method ``belongs_to`` is told first where outputs lie and who knows versions.

To add a file of your own, a YAML in ``conf/data`` over :class:`mlops.data.csv.Csv` or
:class:`mlops.data.parquet.Parquet` is enough. For another kind of source: a class that extends
:class:`mlops.data.tabular.Tabular`, its YAML, a test in ``tests/data``.
"""
