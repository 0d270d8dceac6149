"""Hands lines to a receiver on a thread of its own: who writes one never waits, and what is too much is counted.

The queue is bounded, in entries and in bytes. While the receiver is away, or slow, it fills; what then comes is left out.
Once the receiver takes again, one line says how many were. A receiver that refuses is told of once, until it takes some
again: that line is refused too, and must not bring another. A fork has a queue, a thread and a connection of its own.
"""

import atexit
import multiprocessing
import os
import queue
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from multiprocessing import util

QUEUE_SIZE = 10_000
QUEUE_BYTES = 32 * 1024**2
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
"""Seconds between two tries while a receiver is away: the first, then twice as long each time."""
PATIENCE = 10.0
"""Seconds for each step of a receiver."""
LAST_SECONDS = 2.0
"""For what is still queued when the process ends."""
OnChange = Callable[[str, str, int], None]
"""Told of a receiver by its name, of what happened (`AWAY`, `BACK`, `REFUSED`, `FAILED`), and of how many lines were left out meanwhile."""
AWAY = "away"
BACK = "back"
REFUSED = "refused"
FAILED = "failed"


class ReceiverError(Exception):
    """The receiver did not take the lines; it is tried again."""


class EntriesRefusedError(Exception):
    """The receiver will never take some of the lines: they are left out, and counted."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class Delivery(ABC):
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
        most_bytes: int = QUEUE_BYTES,
    ) -> None:
        self._size = size
        self._most_bytes = most_bytes
        self._on_change = on_change
        self._on_drop = on_drop
        self._reset()
        atexit.register(self.close)
        os.register_at_fork(after_in_child=self._reset)
        util.register_after_fork(self, _close_at_exit_of_fork)
        if multiprocessing.parent_process() is not None:
            _close_at_exit_of_fork(self)

    def _reset(self) -> None:
        """Begin anew, with nothing queued: in a fork, what was queued is the parent's to send."""
        self._queue: queue.Queue[bytes] = queue.Queue(self._size)
        self._queued_bytes = 0
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closing = threading.Event()
        self._done = threading.Event()
        self._dropped_since = 0
        self._refuses = False
        self._sending = 0
        self.dropped = 0
        self.disconnect()

    def put(self, entry: bytes) -> None:
        """Queue one entry, or count it as left out where the queue is full; never waits for the receiver."""
        if not self._enqueue(entry):
            self._count_dropped(1)
            return
        if self._thread is None:
            self._start()

    def close(self) -> None:
        """Send what is queued within some seconds, then count the rest as left out."""
        if self._thread is None or self._closing.is_set():
            return
        self._closing.set()
        if not self._done.wait(LAST_SECONDS):
            self._drop_sending(self._sending)
        left = 0
        while self._take() is not None:
            left += 1
        if left:
            self._count_dropped(left)

    @abstractmethod
    def send(self, entries: Sequence[bytes]) -> None:
        """Send some entries.

        Raises:
            ReceiverError: the receiver does not take them now.
            EntriesRefusedError: it will never take some of them.
        """

    def disconnect(self) -> None:  # noqa: B027 - not every receiver has a connection
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
                try:
                    self._send_until_taken(entries)
                except Exception:  # noqa: BLE001 - whatever it is, the next lines are sent
                    self.disconnect()
                    self._leave_out(len(entries), FAILED)
        finally:
            self.disconnect()
            self._done.set()

    def _enqueue(self, entry: bytes) -> bool:
        with self._lock:
            if self._queued_bytes + len(entry) > self._most_bytes:
                return False
            try:
                self._queue.put_nowait(entry)
            except queue.Full:
                return False
            self._queued_bytes += len(entry)
            return True

    def _take(self, timeout: float = 0) -> bytes | None:
        """The next entry, or None where none came."""
        try:
            entry = self._queue.get(block=timeout > 0, timeout=timeout or None)
        except queue.Empty:
            return None
        with self._lock:
            self._queued_bytes -= len(entry)
        return entry

    def _next_batch(self) -> list[bytes]:
        """The next entries; empty once the process ends and nothing is queued."""
        entry = self._take(timeout=0.2)
        while entry is None:
            if self._closing.is_set():
                return []
            entry = self._take(timeout=0.2)
        entries = [entry]
        if self.linger and self._queue.qsize() < self.batch:
            self._closing.wait(self.linger)
        while len(entries) < self.batch:
            entry = self._take()
            if entry is None:
                break
            entries.append(entry)
        return entries

    def _send_until_taken(self, entries: list[bytes]) -> None:
        self._sending = len(entries)
        pause = FIRST_PAUSE
        away = False
        while True:
            try:
                self.send(entries)
            except EntriesRefusedError as error:
                self._leave_out(error.number, REFUSED)
                return
            except (ReceiverError, OSError):
                self.disconnect()
                if not away and not self._refuses:
                    self._tell(AWAY, 0)
                away = True
                if self._closing.wait(pause):
                    self._drop_sending(len(entries))
                    return
                pause = min(2 * pause, LONGEST_PAUSE)
            else:
                break
        self._sending = 0
        if away or self._refuses or self._dropped_since:
            self._refuses = False
            self._tell(BACK, self._take_dropped())

    def _leave_out(self, number: int, change: str) -> None:
        """Count what will never be taken; this is told once, until the receiver takes a batch whole."""
        self._drop_sending(number)
        if not self._refuses:
            self._refuses = True
            self._tell(change, self._take_dropped())

    def _drop_sending(self, number: int) -> None:
        """Count some of the entries that are being sent as left out, unless the end of the process did."""
        with self._lock:
            is_counted = self._sending == 0
            self._sending = 0
        if not is_counted:
            self._count_dropped(number)

    def _take_dropped(self) -> int:
        with self._lock:
            number = self._dropped_since
            self._dropped_since = 0
        return number

    def _count_dropped(self, number: int) -> None:
        with self._lock:
            self.dropped += number
            self._dropped_since += number
        if self._on_drop is not None:
            self._on_drop(self.name, number)

    def _tell(self, change: str, number: int) -> None:
        if self._on_change is not None:
            self._on_change(self.name, change, number)


def _close_at_exit_of_fork(delivery: Delivery) -> None:
    """Have a fork of `multiprocessing`, which ends without `atexit`, send what it queued."""
    util.Finalize(None, delivery.close, exitpriority=0)
