"""Attempts made without pause while machines fall: which succeeded, and the longest time that none did."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import pairwise

import httpx

Attempt = Callable[[], Awaitable[None]]


class AttemptError(Exception):
    """An answer that is not the right one."""


@dataclass
class Pulse:
    """One kind of attempt, by several clients at once."""

    clients: list[Attempt]
    patience: float
    pause: float
    successes: list[tuple[float, float, int]] = field(default_factory=list)
    """When each began and ended, and the rank of its client."""
    failures: list[tuple[float, float, str]] = field(default_factory=list)

    async def beat(self, rank: int, stop: asyncio.Event) -> None:
        """Try again and again until told to stop; an attempt that outlasts its patience is a failure."""
        while not stop.is_set():
            began = time.monotonic()
            try:
                async with asyncio.timeout(self.patience):
                    await self.clients[rank]()
            except (TimeoutError, httpx.HTTPError, AttemptError) as error:
                self.failures.append(
                    (began, time.monotonic(), f"{type(error).__name__} {error}"[:120])
                )
            else:
                self.successes.append((began, time.monotonic(), rank))
            await asyncio.sleep(self.pause)

    def gap(self, since: float, until: float) -> float:
        """Longest time without a success, in a window that begins when something happened, in seconds."""
        return _longest_gap([end for _, end, _ in self.successes], since, until)

    def worst_gap(self, since: float, until: float) -> float:
        """The same, of the client that waited longest."""
        return max(
            _longest_gap(
                [end for _, end, client in self.successes if client == rank],
                since,
                until,
            )
            for rank in range(len(self.clients))
        )

    def failed(self, since: float, until: float) -> Counter[str]:
        """Attempts begun in a window that failed, by reason."""
        return Counter(
            reason for began, _, reason in self.failures if since <= began < until
        )


def _longest_gap(ends: list[float], since: float, until: float) -> float:
    moments = sorted(end for end in ends if since < end < until)
    return max(later - earlier for earlier, later in pairwise([since, *moments, until]))


Pulses = dict[str, Pulse]


class Pulsing:
    """`async with Pulsing(pulses)`: they beat for as long as the block lasts."""

    def __init__(self, pulses: Pulses) -> None:
        self._pulses = pulses
        self._stop = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Pulses:
        for pulse in self._pulses.values():
            self._tasks += [
                asyncio.create_task(pulse.beat(rank, self._stop))
                for rank in range(len(pulse.clients))
            ]
        return self._pulses

    async def __aexit__(self, *_: object) -> None:
        self._stop.set()
        await asyncio.gather(*self._tasks)


@dataclass(frozen=True)
class Loss:
    """What the loss of a machine or of a part cost; times in seconds."""

    trial: str
    gaps: dict[str, float]
    worst_gaps: dict[str, float]
    failed: dict[str, int]
    rejoined: float
    acknowledged: int
    lost: int


def measure(
    trial: str,
    pulses: Pulses,
    since: float,
    until: float,
    *,
    rejoined: float,
    acknowledged: int,
    lost: int,
) -> Loss:
    """What the attempts of a window say."""
    return Loss(
        trial,
        {kind: pulse.gap(since, until) for kind, pulse in pulses.items()},
        {kind: pulse.worst_gap(since, until) for kind, pulse in pulses.items()},
        {kind: pulse.failed(since, until).total() for kind, pulse in pulses.items()},
        rejoined,
        acknowledged,
        lost,
    )


def table(losses: list[Loss]) -> str:
    """A line for each trial: of each kind the longest silence, that of the worst client, and how many attempts failed."""
    kinds = list(losses[0].gaps) if losses else []
    lines = [
        [
            "trial",
            *(f"{kind}: gap s, worst client s (failed)" for kind in kinds),
            "back s",
            "acknowledged",
            "lost",
        ]
    ]
    for loss in losses:
        gaps = [
            f"{loss.gaps[kind]:.1f}, {loss.worst_gaps[kind]:.1f} ({loss.failed[kind]})"
            for kind in kinds
        ]
        lines.append(
            [
                loss.trial,
                *gaps,
                f"{loss.rejoined:.0f}",
                str(loss.acknowledged),
                str(loss.lost),
            ]
        )
    widths = [
        max(len(line[column]) for line in lines) for column in range(len(lines[0]))
    ]
    return "\n".join(
        " | ".join(word.ljust(width) for word, width in zip(line, widths, strict=True))
        for line in lines
    )
