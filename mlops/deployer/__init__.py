"""The deployer: an accepted model enters, an answering service leaves.

To add an option write a class with ``deploy(name, folder) -> str``, which says in a sentence what
is online now, and a file in ``conf/deployer`` that names it. It is asked only for models whose
gates pass. What it raises as an ``MlopsError`` takes the act back that led to it.

One that has our own server do the work also has ``serves(spec, *, seq)``: it is told first what
the server is to do (:class:`mlops.core.serving.Spec`), and which line of the ledger is the act.
"""
