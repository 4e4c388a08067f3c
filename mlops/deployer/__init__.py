"""The deployer: an accepted model enters, an answering service leaves.

To add an option write a class with ``deploy(name, folder) -> str``, which says in a sentence what
is online now, and a file in ``conf/deployer`` that names it. It is asked for the champion only:
when the first version is registered, and at each promotion and rollback; while it is asked, nobody
else can move a name.

What it can rely on: `folder` is absolute, its name is the version's number, and its files were
found to be as they were registered. The ledger names the version champion already. An option that
writes among the outputs has ``belongs_to(outputs, told)``, which is called before.

What it has to do: return when the version answers requests, within a time of its own. If that
cannot be, raise, with what answered before still answering: the act is undone, and ``deploy`` is
asked once more for the version that is champion after all. Bear to be asked twice for the same
version, as after a crash or for a service that has ended: what answers already is left alone. Hold
no lock of the ledger, and start what stays behind by ``exec``, in a session of its own, with none
of the command's streams. What it needs to find the same place again stands in its option: later
acts reach the deployer that has the champion online, and are refused if its values are others by
then.

A server that wants to be part of the report notes the first request that a version answers with
:func:`mlops.registry.deployments.note`.

One that has our own server do the work also has ``serves(spec, *, seq)``: it is told first what
the server is to do (:class:`mlops.core.serving.Spec`), and which line of the ledger is the act.
"""
