"""The room where work runs.

In: a setup, which a worker calls once to get ready, and tasks; out: events, as they happen (see
:mod:`mlops.core.crew`). One door serves trials and whatever else is many tasks of one kind:
``with compute.crew(setup) as crew: crew.start(key, task)``, then ``for event in events(crew)``.
A worker that dies costs the task it had. To add a place: a class with ``crew(setup)`` here, its
YAML in ``conf/compute``, a test.
"""
