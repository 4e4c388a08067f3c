"""The registry: a run's verdict enters, the name under which its model becomes a version leaves.

The version itself is made by the recorder, with the run. To add an option write a class with
``registers(name, report_passed) -> str`` and ``aliases`` (what the first version is called, and the
newest of the later ones; empty for no names), and a file in ``conf/registry`` that names it.
"""
