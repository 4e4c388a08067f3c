"""What a request looks like on the wire, and its answer: one module a protocol.

A protocol is a module with ``read(prepared, headers, body) -> Read``, ``write(prepared, read,
answers, stamp) -> Reply`` and ``refuse(refusal, ...) -> Reply``. To add one: such a module,
a line in :data:`mlops.serving.answer.PROTOCOLS` and one in :mod:`mlops.serving.routes`.
"""
