"""`hydra/sweeper=optuna`: a sweep whose next job depends on what the last ones found.

In: the words of a Hydra sweep and the sweeper's settings; out: Hydra's job returns, a study.
It knows nothing of mlops: any Hydra application can use it. ``settings.py`` holds the keys,
``space.py`` reads what is searched, ``study.py`` asks and tells, ``slots.py`` runs jobs;
``config/plugins`` is where Hydra finds it. To add a sampler: its settings in ``settings.py``.
"""
