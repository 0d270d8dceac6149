"""Ctrl-C, `udi down` and a closed terminal: one stop, at a moment when nothing is half registered."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, Self

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopRequest(BaseException):
    """Someone asked us to stop."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


class InterruptHandler:
    """Turns the first of the three signals into `Stopped`; the next ones are ignored while everything stops."""

    def __init__(self) -> None:
        self._held = False
        self._waiting: int | None = None
        self._stopping = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        # `nohup` ignores SIGHUP before it starts us: so do we.
        signals = [
            number
            for number in SIGNALS
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN
        ]
        self._before = {
            number: signal.signal(number, self._receive) for number in signals
        }
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _at: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _receive(self, number: int, _frame: FrameType | None) -> None:
        if self._stopping:
            return
        if self._held:
            self._waiting = number
            return
        self._stopping = True
        raise StopRequest(number)

    def ignore(self) -> None:
        """Ignore the signals from now on: we are stopping."""
        self._stopping = True

    @contextmanager
    def defer_signals(self) -> Iterator[None]:
        """Keep a signal for the end of the block."""
        self._held = True
        try:
            yield
        finally:
            self._held = False
        if self._waiting is not None and not self._stopping:
            self._stopping = True
            raise StopRequest(self._waiting)
