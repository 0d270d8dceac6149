"""For the readers' scripts: names under .localhost lead to this machine, and no other name leads anywhere."""

import socket
from typing import Any

_ask = socket.getaddrinfo


def _only_here(host: Any, *rest: Any, **more: Any) -> Any:
    name = host.decode() if isinstance(host, bytes) else str(host)
    if name.endswith("localhost") or name == "127.0.0.1":
        return _ask("127.0.0.1", *rest, **more)
    raise socket.gaierror(f"{host} is not on this machine")


socket.getaddrinfo = _only_here
