"""What the server of workers imports first: looking for garbage in modules that stay costs time.

A worker sees to it that its own garbage is looked for (:func:`mlops.compute.worker.serve`).
"""

from __future__ import annotations

import gc

gc.disable()
