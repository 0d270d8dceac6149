"""Runs on a machine of the cluster: four writers and two readers through the inner proxy, then what was acknowledged.

`cluster_client.py SECONDS FIRST` prints one line of JSON; its writers are numbered from FIRST, and the table is there. A
row counts once its commit was acknowledged.
"""

import json
import sys
import threading
import time
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import psycopg

SECRET = Path("/etc/udi/secrets/patroni_superuser_password")
WRITERS = 4
READERS = 2
PAUSE = 0.01
PRIMARY = 5000
REPLICA = 5001
TABLE = (
    "CREATE TABLE acknowledged (writer int, number int, PRIMARY KEY (writer, number))"
)
INSERT = "INSERT INTO acknowledged VALUES (%s, %s)"
COUNT = "SELECT count(*) FROM acknowledged WHERE writer = %s AND number = %s"


def connect(port: int) -> psycopg.Connection:
    """A connection through the inner proxy, which a dead machine cannot hold for long."""
    return psycopg.connect(
        host="127.0.0.1", port=port, user="postgres", password=SECRET.read_text().strip(), dbname="postgres",
        sslmode="require", connect_timeout=2, tcp_user_timeout=3000, autocommit=True,
    )  # fmt: skip


@dataclass
class Client:
    """Does one thing again and again; remembers what was done, and when."""

    port: int
    statement: str
    writer: int = 0
    done: list[int] = field(default_factory=list)
    moments: list[float] = field(default_factory=list)

    def run(self, until: float) -> None:
        """Go on until a moment, whatever happens."""
        number = 0
        while time.monotonic() < until:
            try:
                with connect(self.port) as connection:
                    while time.monotonic() < until:
                        number += 1
                        connection.execute(self.statement, (self.writer, number))
                        self.done.append(number)
                        self.moments.append(time.monotonic())
                        time.sleep(PAUSE)
            except psycopg.Error:
                time.sleep(0.1)


def longest_gap(moments: list[float], since: float, until: float) -> float:
    """The longest time between two moments, or between one and an end, in seconds."""
    ends = [since, *sorted(moments), until]
    return round(max(later - earlier for earlier, later in pairwise(ends)), 1)


def measure(clients: list[Client], since: float, until: float) -> dict[str, float]:
    """The longest silence of all clients of a kind together, and that of the one that waited longest."""
    together = [moment for client in clients for moment in client.moments]
    return {
        "silence": longest_gap(together, since, until),
        "worst": max(longest_gap(client.moments, since, until) for client in clients),
        "done": len(together),
    }


def main(seconds: float, first: int) -> None:
    """Write and read for a while."""
    since = time.monotonic()
    until = since + seconds
    writers = [Client(PRIMARY, INSERT, first + rank) for rank in range(WRITERS)]
    readers = [Client(REPLICA, COUNT, first + rank) for rank in range(READERS)]
    threads = [
        threading.Thread(target=client.run, args=(until,), daemon=True)
        for client in [*writers, *readers]
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(until + 30 - time.monotonic())
    result = {
        "write": measure(writers, since, time.monotonic()),
        "read": measure(readers, since, time.monotonic()),
        "acknowledged": {client.writer: client.done for client in writers},
    }
    sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    if sys.argv[1] == "prepare":
        with connect(PRIMARY) as prepared:
            prepared.execute("DROP TABLE IF EXISTS acknowledged")
            prepared.execute(TABLE)
    else:
        main(float(sys.argv[1]), int(sys.argv[2]))
