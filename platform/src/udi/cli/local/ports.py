"""The seven ports on loopback."""

import socket
from http.client import HTTPConnection, HTTPException

import psutil

from udi.cli.local.errors import LocalError
from udi.settings import Settings

USES = (
    "the portal",
    "the node",
    "Keycloak",
    "the mailbox",
    "PostgreSQL",
    "the health of Keycloak",
    "incoming mail",
)
OK = 200


def check_free(settings: Settings) -> None:
    """See that every port can be taken.

    Raises:
        LocalError: one is busy; names it, its use and, where the system tells, who has it.
    """
    for offset, use in enumerate(USES):
        port = settings.port(offset)
        if not is_free(port):
            cause = f"Port {port}, needed for {use}, is taken{_holder(port)}"
            other = 8000 if settings.base_port >= 9000 else 9000  # noqa: PLR2004 - the port to propose, unless it is this one
            raise LocalError(
                cause,
                f"stop that program, or choose other ports with UDI_BASE_PORT={other}",
            )


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A port of 127.0.0.1 that nobody has now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def accepts(port: int) -> bool:
    """Whether something accepts connections on this port of 127.0.0.1."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def answers(port: int, path: str, timeout: float = 2) -> bool:
    """Whether a server of 127.0.0.1 answers 200 at this path."""
    connection = HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("GET", path, headers={"Host": f"localhost:{port}"})
        return connection.getresponse().status == OK
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _holder(port: int) -> str:
    try:
        connections = psutil.net_connections(kind="tcp")
        pid = next(
            c.pid
            for c in connections
            if c.laddr and c.laddr.port == port and c.status == psutil.CONN_LISTEN
        )
        if pid:
            return f" by «{psutil.Process(pid).name()}» (process {pid})"
        return ""
    except (StopIteration, psutil.Error):
        return ""
