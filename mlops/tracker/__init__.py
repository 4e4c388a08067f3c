"""The tracker: a run's :class:`~mlops.core.record.Record` enters, an MLflow run comes to be.

What enters is written to a durable spool (``outputs/spool``) and lies safe on return. What leaves
is delivered by one recorder process for each tracking server, exactly once, now or whenever the
server is there again. A run therefore never fails, and never loses a record, because of MLflow.

To add an option write a class with ``open(outputs)``, ``begin(record, folder)`` (a context that
gives a callable to tell it what is known so far), ``submit(record)`` and
``close(wait_s) -> Delivery``, and a file in ``conf/tracker`` that names it. Where ``join(outputs)``
and ``expect(key)`` are there too, the worker processes of a sweep join, and the one who opened
expects their records; else each opens and closes for itself.
"""
