"""Named steps at which a fault trial ends a process as a power cut would.

`UDI_CRASH_AT` names the step, `step:3` its third passage in this process. Without it nothing happens: no setting sets
it, no unit of a deployment knows it. The steps are listed in docs/how-to/run-the-tests.md.
"""

import os
import signal
from collections import Counter

VARIABLE = "UDI_CRASH_AT"
_passed = Counter[str]()


def crash_at(step: str) -> None:
    """End this process here (SIGKILL), if a trial asked for it."""
    crash_point = os.environ.get(VARIABLE)
    if not crash_point:
        return
    _passed[step] += 1
    name, _, passage = crash_point.partition(":")
    if name == step and _passed[step] == int(passage or 1):
        os.kill(os.getpid(), signal.SIGKILL)
