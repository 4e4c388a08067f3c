"""What the server of workers imports first: what holds for it and for every worker.

Looking for garbage in modules that stay costs time; a worker sees to it that its own garbage is
looked for (:func:`mlops.compute.worker.serve`). Ctrl-C reaches every process of the terminal, and
is for the driver alone, which ends its workers; the server starts with it blocked.
"""

from __future__ import annotations

import gc
import signal

gc.disable()
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
