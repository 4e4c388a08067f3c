"""The monitor: what a model was trained on and what it meets now enter, a measure of drift leaves.

To add an option write a class with ``watch(name, folder) -> str``, which says in a sentence what
is watched from now on, and a file in ``conf/monitor`` that names it. It measures; it decides
nothing.
"""
