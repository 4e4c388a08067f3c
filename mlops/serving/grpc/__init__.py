"""gRPC as TensorFlow Serving speaks it: the same versions, rows and refusals as over HTTP.

Messages enter and leave in TensorFlow Serving's shape, told by descriptors of our own, so that
neither TensorFlow nor its stubs are needed to serve.
"""
