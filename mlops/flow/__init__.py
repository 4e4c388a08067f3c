"""The verbs: the only place that puts two rooms in order.

A verb is one class with `__call__(job) -> Result` and one option file in ``conf/flow``; what it
declares there may be typed as bare ``key=value``. ``_scope_: itself`` in the option file says
that it looks at no recipe, so that it works where the recipe does not.
"""
