"""The parameters of a request to read strictly: each that is unknown or wrong is named, with what to write."""

from collections.abc import Iterable
from datetime import UTC, datetime

from udi.kit.errors import InvalidError, Refusal
from udi.protocol.validators import read_moment

LONGEST = 200
MOST_DIGITS = 9


class QueryParameters:
    """Reads parameters, gathers what is wrong with them; `check` says it all at once."""

    def __init__(
        self,
        pairs: Iterable[tuple[str, str]],
        allowed_names: Iterable[str],
        *,
        status: int = 422,
    ) -> None:
        self._given: dict[str, str] = {}
        self._unreadable: set[str] = set()
        """Those with nothing but signs that are not shown: as texts they are empty, as anything else wrong."""
        self._refusals: list[Refusal] = []
        self._status = status
        names = tuple(allowed_names)
        for name, value in pairs:
            if name not in names:
                self.add_refusal(
                    Refusal(
                        name[:LONGEST],
                        "This parameter does not exist.",
                        "Use %(names)s.",
                        "unknown-parameter",
                        {"names": ", ".join(names)},
                    )
                )
            elif name in self._given:
                self.add_refusal(
                    Refusal(
                        name,
                        "There are too many values.",
                        "Write each parameter once.",
                        "too-many",
                    )
                )
            else:
                self._given[name] = "".join(
                    sign for sign in value if sign.isprintable()
                ).strip()
                if value.strip() and not self._given[name]:
                    self._unreadable.add(name)

    def add_refusal(self, refusal: Refusal) -> None:
        """Note that a parameter is wrong."""
        self._refusals.append(refusal)

    def read_text(self, name: str, *, longest: int = LONGEST) -> str:
        """A text, empty when it was not given."""
        value = self._given.get(name, "")
        if len(value) > longest:
            most = {"most": longest}
            self.add_refusal(
                Refusal(
                    name,
                    "This value is too long.",
                    "Send at most %(most)s characters.",
                    "too-long",
                    most,
                )
            )
        return value[:longest]

    def read_integer(
        self, name: str, usual: int, *, least: int = 1, most: int = 10**8
    ) -> int:
        """A whole number."""
        value = self._given.get(name, "")
        if not value and name not in self._unreadable:
            return usual
        if not (
            value.isascii()
            and value.isdigit()
            and len(value) <= MOST_DIGITS
            and least <= int(value) <= most
        ):
            remedy = "Send a whole number from %(least)s to %(most)s."
            ends = {"least": least, "most": most}
            self.add_refusal(
                Refusal(
                    name, "This is not a number in range.", remedy, "out-of-range", ends
                )
            )
            return usual
        return int(value)

    def read_datetime(self, name: str) -> datetime | None:
        """A day or a moment of ISO 8601, in UTC when it does not say where."""
        value = self._given.get(name, "")
        moment = parse_moment(value) if value else None
        if (value or name in self._unreadable) and moment is None:
            remedy = "Write 2026-05-31 or 2026-05-31T08:00:00Z."
            self.add_refusal(Refusal(name, "This is not a date.", remedy, "not-a-date"))
        return moment

    def read_choices(self, name: str, allowed: Iterable[str]) -> list[str]:
        """Words of a closed list, separated by commas."""
        words = [
            word.strip()
            for word in self._given.get(name, "").split(",")
            if word.strip()
        ]
        if set(words) - set(allowed) or name in self._unreadable:
            values = {"values": ", ".join(allowed)}
            remedy = "Choose among %(values)s."
            self.add_refusal(
                Refusal(
                    name,
                    "This value is not in the list.",
                    remedy,
                    "unknown-value",
                    values,
                )
            )
        return [word for word in words if word in set(allowed)]

    def check(self) -> None:
        """Refuse the request if anything was wrong.

        Raises:
            InvalidError: with every parameter that is.
        """
        if self._refusals:
            error = InvalidError(
                "This search is not possible.", refusals=self._refusals
            )
            error.status = self._status
            raise error


def parse_moment(text: str) -> datetime | None:
    """The moment that a day or a date-time names, None when it names none."""
    full = f"{text}T00:00:00Z" if len(text) == len("2026-05-31") else text
    if full and full[-1:] not in "zZ" and "+" not in full and full[-6:-5] != "-":
        full += "Z"
    moment = read_moment(full)
    if moment:
        return moment.astimezone(UTC)
    return None
