"""The verbs: what a person asks for; the only place that puts two rooms in order.

Enters: a checked configuration, built. Leaves: a :class:`mlops.core.record.Result`. To add a
verb: a class whose call gives a Result, ``conf/flow/<verb>.yaml``, a test.
"""
