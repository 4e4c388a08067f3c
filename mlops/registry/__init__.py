"""The registry: a run's verdict enters, the name under which its model becomes a version leaves.

The version itself is made by the recorder, with the run. To add an option write a class with
``registers(name, report_passed) -> str`` and a file in ``conf/registry`` that names it.
"""
