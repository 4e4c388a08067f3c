"""The head of a program that kills itself: at step `last` of what it does after ``settrace``.

Every line of the registry's and core's code that is run is a step; at the last one the process
ends, as SIGKILL from elsewhere would end it at that moment.
"""

import os
import signal

steps, last = 0, 0


def watch(frame, event, argument):
    global steps
    name = frame.f_code.co_filename
    if "/mlops/registry/" not in name and "/mlops/core/" not in name:
        return None
    if event == "line":
        steps += 1
        if steps == last:
            os.kill(os.getpid(), signal.SIGKILL)
    return watch
