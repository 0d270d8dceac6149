"""What an upgrade did, step by step: written to the error stream as it goes, kept for the end."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class UpgradeStep:
    """One step: what became of it, in how many seconds."""

    step: str
    outcome: str = "done"
    seconds: float = 0.0


@dataclass
class UpgradeJournal:
    """Steps in the order in which they ended."""

    steps: list[UpgradeStep] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)

    @contextmanager
    def step(self, name: str) -> Iterator[UpgradeStep]:
        """Measure and tell a step; the block may say another outcome."""
        step = UpgradeStep(name)
        started = time.monotonic()
        try:
            yield step
        except BaseException:
            step.outcome = "failed"
            raise
        finally:
            step.seconds = round(time.monotonic() - started, 1)
            self.steps.append(step)
            print(
                f"{name}: {step.outcome} ({step.seconds:.1f} s)",
                file=sys.stderr,
                flush=True,
            )

    def report(
        self, outcome: str, release: str | None, left: str | None
    ) -> dict[str, Any]:
        """The whole, for a program."""
        return {
            "outcome": outcome,
            "release": release,
            "from": left,
            "seconds": round(time.monotonic() - self.started, 1),
            "steps": [asdict(step) for step in self.steps],
        }
