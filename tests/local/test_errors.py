import errno
from pathlib import Path

import pytest

from udi.cli.local.errors import LocalError, explain

LOG = Path("/state/logs/udi.log")


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (
            LocalError("The port is taken", "stop the other program"),
            "The port is taken: stop the other program.",
        ),
        (
            OSError(errno.ENOSPC, "No space left on device", "/state/run"),
            "The disk that holds the state folder or the cache is full: make room, then run the same command again.",
        ),
        (
            ConnectionError("server closed: could not write: No space left on device"),
            "The disk that holds the state folder or the cache is full: make room, then run the same command again.",
        ),
        (
            PermissionError(errno.EACCES, "Permission denied", "/state/secrets"),
            "/state/secrets cannot be used (Permission denied): correct its rights, or name other folders in UDI_STATE and UDI_CACHE.",
        ),
        (
            RuntimeError("The migration 0042 is missing."),
            "The migration 0042 is missing: the details are in /state/logs/udi.log.",
        ),
        (RuntimeError(), "RuntimeError: the details are in /state/logs/udi.log."),
    ],
)
def test_what_stops_us_is_one_sentence(error: Exception, sentence: str) -> None:
    assert explain(error, LOG) == sentence
