"""The monitor: what a model was trained on and what it meets now enter, a measure of drift leaves.

To add an option write a class with ``watch(name, folder) -> str``, which says in a sentence what
is watched from now on, and a file in ``conf/monitor`` that names it. It is told whenever another
version becomes champion, however that came about, and of the same one perhaps twice. It measures;
it decides nothing, and what it cannot do takes no act back.
"""
