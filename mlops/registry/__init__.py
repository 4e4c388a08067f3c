"""The registry: a run that its gates accept enters, a numbered version with its names leaves.

To add an option write a class with ``registers(name, report_passed) -> str`` (the model that the
run becomes a version of; empty for none) and ``versions(outputs, name)`` (all versions of that
model, see :class:`mlops.registry.versions.Versions`), and a file in ``conf/registry`` that names
it. One that keeps them elsewhere than in the outputs folder gives ``Versions`` a ledger of its
own, ``kept(outputs)`` for doctors, and ``check()`` to say before a run that it could not work.
"""
