"""The room that shows: what a run is doing, what came of it, and its report page.

In: steps as they begin and end, and a :class:`~mlops.core.record.Result`. Out: text on the
terminal, or one JSON document; ``page.py`` makes the HTML report.
``screen.py`` lays a result out once, as lines of styled pieces; ``plain`` and ``rich`` only print
them. To add an option: a class with ``step``, ``done``, ``progress``, ``line``, ``verdict``,
``show``, its YAML, a test.
"""
