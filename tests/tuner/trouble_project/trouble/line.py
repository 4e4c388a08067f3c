"""A line through the origin with a given slope; what else it does, its word says."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin


class Line(RegressorMixin, BaseEstimator):
    def __init__(self, *, word: str = "fine", slope: float = 1.0, pause_s: float = 0.0) -> None:
        self.word = word
        self.slope = slope
        self.pause_s = pause_s

    def fit(self, X: object, y: object) -> Line:
        time.sleep(self.pause_s)
        with Path("fits.txt").open("a") as file:
            file.write(f"{self.slope!r}\n")
        {
            "fine": lambda: None,
            "gap": lambda: None,
            "raise": lambda: [][1],
            "hang": hang,
            "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
            "segfault": lambda: ctypes.string_at(0),
            "exit": lambda: os._exit(7),
            "quit": lambda: sys.exit(7),
            "eat": eat,
        }[self.word]()
        self.n_features_in_ = np.asarray(X).shape[1]
        return self

    def predict(self, X: object) -> np.ndarray:
        value = np.nan if self.word == "gap" else 0.0
        return self.slope * np.asarray(X)[:, 0] + value


def hang() -> None:
    child = subprocess.Popen(["sleep", "600"], start_new_session=True)
    Path("child").write_text(str(child.pid))
    child.wait()


def eat() -> None:
    kept = [bytes(1) * 1_000_000_000]
    kept.append(bytes([1]) * 1_000_000_000)
    time.sleep(60)
