"""Servers in a thread of the test that ask for them, whose thread ends with them however the test ends."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import HTTPServer

POLL = 0.05
"""Seconds after which a server that is told to end sees it."""


@contextmanager
def running(server: HTTPServer) -> Iterator[HTTPServer]:
    """Have a server answer until the block ends, also by a failure, and close it.

    One whose socket is closed while its thread goes on never waits again: it takes half of what the process may compute,
    until the end of the run.
    """
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": POLL}
    )
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
