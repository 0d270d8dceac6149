"""Runs on a machine of the cluster: four writers and a reader through the inner proxy, then what was kept.

`cluster_client.py SECONDS` prints one line of JSON. A row counts once its commit was acknowledged.
"""

import json
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

SECRET = Path("/etc/udi/secrets/patroni_superuser_password")
WRITERS = 4
PAUSE = 0.01
PRIMARY = 5000
REPLICA = 5001
TABLE = "CREATE TABLE IF NOT EXISTS acknowledged (writer int, number int, PRIMARY KEY (writer, number))"


def connect(port: int) -> psycopg.Connection:
    """A connection through the inner proxy, which a dead machine cannot hold for long."""
    return psycopg.connect(
        host="127.0.0.1", port=port, user="postgres", password=SECRET.read_text().strip(), dbname="postgres",
        sslmode="require", connect_timeout=2, tcp_user_timeout=3000, autocommit=True,
    )  # fmt: skip


@dataclass
class Client:
    """Does one thing again and again; remembers the longest time without success."""

    port: int
    statement: str
    writer: int = 0
    done: list[int] = field(default_factory=list)
    gap: float = 0.0

    def run(self, until: float) -> None:
        """Go on until a moment, whatever happens."""
        last = time.monotonic()
        number = 0
        while time.monotonic() < until:
            try:
                with connect(self.port) as connection:
                    while time.monotonic() < until:
                        number += 1
                        connection.execute(self.statement, (self.writer, number))
                        self.done.append(number)
                        self.gap = max(self.gap, time.monotonic() - last)
                        last = time.monotonic()
                        time.sleep(PAUSE)
            except psycopg.Error:
                time.sleep(0.1)
        self.gap = max(self.gap, time.monotonic() - last)


def main(seconds: float) -> None:
    """Write and read for a while, then count."""
    with connect(PRIMARY) as connection:
        connection.execute(TABLE)
        connection.execute("TRUNCATE acknowledged")
    time.sleep(1)
    until = time.monotonic() + seconds
    insert = "INSERT INTO acknowledged VALUES (%s, %s)"
    clients = [Client(PRIMARY, insert, writer) for writer in range(WRITERS)]
    reader = Client(
        REPLICA, "SELECT count(*) FROM acknowledged WHERE writer = %s AND number = %s"
    )
    threads = [
        threading.Thread(target=client.run, args=(until,))
        for client in [*clients, reader]
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with connect(PRIMARY) as connection:
        stored_rows = set(
            connection.execute("SELECT writer, number FROM acknowledged").fetchall()
        )
    acknowledged_rows = {
        (client.writer, number) for client in clients for number in client.done
    }
    result = {
        "acknowledged": len(acknowledged_rows), "lost": len(acknowledged_rows - stored_rows), "unacknowledged": len(stored_rows - acknowledged_rows),
        "write_gap": round(max(client.gap for client in clients), 1), "reads": len(reader.done), "read_gap": round(reader.gap, 1),
    }  # fmt: skip
    sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main(float(sys.argv[1]))
