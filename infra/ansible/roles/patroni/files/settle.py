# ruff: noqa: INP001
"""Have the machines of the database agree on settings, each restarted where it must: `settle.py FOLDER API JSON`.

What was agreed and is not named stays. Says CHANGED when something did.
"""

import json
import ssl
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

PATIENCE = 60


class Cluster:
    """Patroni's API, asked with the certificate of this machine."""

    def __init__(self, folder: Path, api: str) -> None:
        self._api = api
        self._context = ssl.create_default_context(cafile=str(folder / "machines.crt"))
        self._context.load_cert_chain(folder / "machine.crt", folder / "machine.key")

    def ask(
        self, path: str, method: str = "GET", body: Any = None, *, api: str = ""
    ) -> Any:
        """What an address of the API answers."""
        data = None if body is None else json.dumps(body).encode()
        asked = urllib.request.Request(  # noqa: S310 - https
            f"{api or self._api}{path}", data=data, method=method
        )
        with urllib.request.urlopen(  # noqa: S310 - https
            asked, context=self._context, timeout=PATIENCE
        ) as answer:
            text = answer.read().decode()
        return json.loads(text) if text.startswith(("{", "[")) else text

    def members(self) -> list[dict[str, Any]]:
        """The machines, the one that leads last."""
        found: list[dict[str, Any]] = self.ask("/cluster")["members"]
        return sorted(
            found, key=lambda member: member["role"] in {"leader", "master", "primary"}
        )


def lacks(agreed: Any, wanted: Any) -> bool:
    """Whether a setting is absent or another."""
    if isinstance(wanted, dict):
        return not isinstance(agreed, dict) or any(
            lacks(agreed.get(key), value) for key, value in wanted.items()
        )
    return bool(agreed != wanted)


def restart_where_due(cluster: Cluster) -> None:
    """Restart, one after the other, the machines that wait for it."""
    time.sleep(5)
    for member in cluster.members():
        if member.get("pending_restart"):
            api = member["api_url"].removesuffix("/patroni")
            cluster.ask("/restart", "POST", {"restart_pending": True}, api=api)


def main(folder: Path, api: str, wanted: Any) -> None:
    """Compare, change, restart."""
    cluster = Cluster(folder, api)
    changed = lacks(cluster.ask("/config"), wanted)
    if changed:
        cluster.ask("/config", "PATCH", wanted)
        restart_where_due(cluster)
    sys.stdout.write("CHANGED\n" if changed else "unchanged\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3]))
