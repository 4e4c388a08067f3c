"""Contract: what the data has promised to look like, and the rows that break the promise.

In goes the Dataset as it was read, all of it; out comes an Enforced: the rows that keep the
contract, and the others with the reason. :class:`mlops.contract.columns.Columns` is the same
promise at the door of the fitted pipeline: it accepts raw records and gives typed columns.

To add one: a class with ``enforce(dataset, *, name, learned, accepted)``, a YAML in
``conf/contract``, a test in ``tests/contract``.
"""
