"""One thing that was looked at, how it stands, and what to do about it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from udi.cli.local.errors import explain
from udi.settings import MissingSecretError, Settings

Severity = Literal["ok", "warning", "fault"]
Check = Callable[[Settings], Awaitable[list["Finding"]]]
MINUTE = 60
HOUR = 3600
DAY = 24 * 3600


@dataclass(frozen=True)
class Finding:
    """`part` groups findings, `name` is stable within it; `remedy` is empty when all is right."""

    part: str
    name: str
    severity: Severity
    message: str
    remedy: str = ""


def ok(part: str, name: str, message: str) -> Finding:
    """All is right."""
    return Finding(part, name, "ok", message)


def warning(part: str, name: str, message: str, remedy: str) -> Finding:
    """It works, and will not for ever."""
    return Finding(part, name, "warning", message, remedy)


def fault(part: str, name: str, message: str, remedy: str) -> Finding:
    """It does not work."""
    return Finding(part, name, "fault", message, remedy)


def format_duration(seconds: float) -> str:
    """A length of time in the largest unit that fits."""
    for size, unit in ((DAY, "d"), (HOUR, "h"), (MINUTE, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


async def run_check(part: str, check: Check, settings: Settings) -> list[Finding]:
    """What a check finds; a check that stops half-way is itself a fault."""
    try:
        return await check(settings)
    except MissingSecretError:
        message = "Not looked at: a secret that it needs is absent."
        return [
            fault(
                part,
                "check",
                message,
                "Put right what is said of «secrets», then run `udi doctor` again.",
            )
        ]
    except Exception as error:  # noqa: BLE001 - whatever it is, the other checks go on
        message = explain(error, settings.state / "logs")
        return [
            fault(
                part,
                "check",
                message,
                "Put right what this says, then run `udi doctor` again.",
            )
        ]
