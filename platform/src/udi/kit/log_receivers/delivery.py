"""Hands lines to a receiver on a thread of its own: who writes one never waits, and what is too much is counted.

The queue is bounded. While the receiver is away, or slow, it fills; what then comes is left out. Once the receiver takes
again, one line says how many were. A fork has a queue, a thread and a connection of its own.
"""

import atexit
import os
import queue
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from multiprocessing import util
from typing import Any, Generic, TypeVar

Entry = TypeVar("Entry")
QUEUE_SIZE = 10_000
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
"""Seconds between two tries while a receiver is away: the first, then twice as long each time."""
PATIENCE = 10.0
"""Seconds for each step of a receiver."""
LAST_SECONDS = 2.0
"""For what is still queued when the process ends."""
OnChange = Callable[[str, str, int], None]
"""Told of a receiver by its name, of what happened (`AWAY`, `BACK`), and of how many lines were left out meanwhile."""
AWAY = "away"
BACK = "back"


class ReceiverError(Exception):
    """The receiver did not take the lines; it is tried again."""


class EntriesRefusedError(Exception):
    """The receiver will never take some of the lines: they are left out, and counted."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class Delivery(ABC, Generic[Entry]):
    """One receiver. Subclasses send; this queues, tries again, and counts."""

    name = "receiver"
    batch = 1
    """Entries that are sent at once, at most."""
    linger = 0.0
    """Seconds in which a batch is gathered."""

    def __init__(
        self,
        *,
        on_change: OnChange | None = None,
        on_drop: Callable[[str, int], None] | None = None,
        size: int = QUEUE_SIZE,
    ) -> None:
        self._size = size
        self._on_change = on_change
        self._on_drop = on_drop
        self._reset()
        atexit.register(self.close)
        os.register_at_fork(after_in_child=self._reset)
        util.register_after_fork(self, _close_at_exit_of_fork)

    def _reset(self) -> None:
        """Begin anew, with nothing queued: in a fork, what was queued is the parent's to send."""
        self._queue: queue.Queue[Entry] = queue.Queue(self._size)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closing = threading.Event()
        self._done = threading.Event()
        self._dropped_since = 0
        self.dropped = 0
        self.disconnect()

    def put(self, entry: Entry) -> None:
        """Queue one entry, or count it as left out where the queue is full; never waits for the receiver."""
        try:
            self._queue.put_nowait(entry)
        except queue.Full:
            self._count_dropped(1)
            return
        if self._thread is None:
            self._start()

    def close(self) -> None:
        """Send what is queued within some seconds, then count the rest as left out."""
        if self._thread is None or self._closing.is_set():
            return
        self._closing.set()
        self._done.wait(LAST_SECONDS)

    @abstractmethod
    def send(self, entries: Sequence[Entry]) -> None:
        """Send some entries.

        Raises:
            ReceiverError: the receiver does not take them now.
            EntriesRefusedError: it will never take some of them.
        """

    def disconnect(self) -> None:
        """Forget the connection, without a word to the receiver."""

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name=f"log to {self.name}", daemon=True
                )
                self._thread.start()

    def _run(self) -> None:
        try:
            while entries := self._next_batch():
                self._send_until_taken(entries)
        finally:
            self.disconnect()
            self._done.set()

    def _next_batch(self) -> list[Entry]:
        """The next entries; empty once the process ends and nothing is queued."""
        entries: list[Entry] = []
        while not entries:
            try:
                entries.append(self._queue.get(timeout=0.2))
            except queue.Empty:
                if self._closing.is_set():
                    return []
        if self.linger and self._queue.qsize() < self.batch:
            self._closing.wait(self.linger)
        while len(entries) < self.batch:
            try:
                entries.append(self._queue.get_nowait())
            except queue.Empty:
                break
        return entries

    def _send_until_taken(self, entries: list[Entry]) -> None:
        pause = FIRST_PAUSE
        away = False
        while True:
            try:
                self.send(entries)
            except EntriesRefusedError as error:
                self._count_dropped(error.number)
                break
            except (ReceiverError, OSError):
                self.disconnect()
                if not away:
                    self._tell(AWAY, 0)
                away = True
                if self._closing.wait(pause):
                    self._count_dropped(len(entries))
                    return
                pause = min(2 * pause, LONGEST_PAUSE)
            else:
                break
        if away or self._dropped_since:
            with self._lock:
                number, self._dropped_since = self._dropped_since, 0
            self._tell(BACK, number)

    def _count_dropped(self, number: int) -> None:
        with self._lock:
            self.dropped += number
            self._dropped_since += number
        if self._on_drop is not None:
            self._on_drop(self.name, number)

    def _tell(self, change: str, number: int) -> None:
        if self._on_change is not None:
            self._on_change(self.name, change, number)


def _close_at_exit_of_fork(delivery: Delivery[Any]) -> None:
    """Have a fork of `multiprocessing`, which ends without `atexit`, send what it queued."""
    util.Finalize(None, delivery.close, exitpriority=0)
