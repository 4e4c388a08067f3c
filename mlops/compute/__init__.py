"""The room where work runs.

In: a setup, which a worker calls once to get ready, and tasks; out: events, as they happen (see
:mod:`mlops.core.crew`). One door serves trials and whatever else is many tasks of one kind:
``with compute.crew(setup) as crew: crew.start(key, task)``, then ``for event in events(crew)``.
A worker that dies costs the task it had. An engine (Dask, Ray, Slurm …) places and keeps workers;
each of them calls the driver, and tasks go over that line. To add a place: a class with
``crew(setup)`` here, its YAML in ``conf/compute``, a test; an engine needs only
:class:`mlops.compute.engine.Engine` and a subclass of :class:`mlops.compute.elsewhere.Elsewhere`.
"""
