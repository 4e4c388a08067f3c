"""The model server: a version of the registry enters, answers leave. It knows no Hydra.

A supervisor binds the ports and starts, for each version that is served, one model process, which
loads the artefact, lets it answer its golden rows and lowers it to plain data; slim workers, one a
core, get that program and answer small requests with it at once, and hand whatever is large or
could not be lowered to the model process. The ledger says which version a name means; when it
says another, the next model process is made ready first, and the workers change over between two
requests. To add a protocol: a module in ``protocols`` and a line in its table of routes.
"""
