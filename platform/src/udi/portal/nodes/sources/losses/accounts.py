"""The account of each field of a source in one reading: counts, and a few examples of what is changed or lost."""

import re
from collections.abc import Iterable
from typing import Any, Self

from msgspec import Struct, convert, field, to_builtins

from udi.portal.nodes.harvest.faults import FaultLevel, HarvestFault
from udi.portal.nodes.sources.losses.comparison import Outcome, ValueOutcome
from udi.portal.nodes.sources.losses.targets import may_show
from udi.protocol.faults import shorten

MOST_FIELDS = 150
MOST_EXAMPLES = 2
"""Of what is changed, and of what is lost, for each field."""
LONGEST = 140
LONGEST_TITLE = 80
EMAIL = re.compile(r"[^\s<>@]+@[^\s<>@]+")
PHONE = re.compile(r"\+?\d[\d .()/-]{8,}\d")
NO_PHONE = re.compile(
    r"(https?://[^\s<>\"]+"
    r"|(?<![\d.-])(?:1\d|20)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
    r"(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?(?![\d-]))"
)
"""Addresses and dates, whose figures are no telephone number."""


class Example(Struct, kw_only=True, omit_defaults=True):
    """One value, cut short: what stands here instead, why, and the edit that mends it, as msgids with their values."""

    outcome: str
    title: str = ""
    dataset: str = ""
    value: str = ""
    ours: str = ""
    code: str = ""
    message: str = ""
    remedy: str = ""
    values: dict[str, str | int] = field(default_factory=dict)

    def fault(self) -> HarvestFault:
        """Why it is not here as it is there."""
        return HarvestFault(
            self.code,
            FaultLevel.IGNORED,
            "",
            self.message,
            self.remedy,
            self.values,
        )


class FieldAccount(Struct, kw_only=True, omit_defaults=True):
    """What became of the values of one field. `records`: how many records say it."""

    records: int = 0
    preserved: int = 0
    changed: int = 0
    lost: int = 0
    examples: list[Example] = field(default_factory=list)

    @property
    def total(self) -> int:
        """All its values."""
        return self.preserved + self.changed + self.lost

    def add(self, value: ValueOutcome, title: str, dataset: str) -> None:
        """Count one value."""
        name = value.outcome.value
        setattr(self, name, getattr(self, name) + 1)
        if value.outcome is Outcome.PRESERVED or not value.fault:
            return
        same_outcome = [example for example in self.examples if example.outcome == name]
        codes = {example.code for example in same_outcome}
        if len(same_outcome) < MOST_EXAMPLES and (
            value.fault.code not in codes or not same_outcome
        ):
            self.examples.append(_make_example(value, title, dataset))

    def merge(self, other: Self) -> None:
        """Add what another slice of records says of the same field."""
        self.records += other.records
        self.preserved += other.preserved
        self.changed += other.changed
        self.lost += other.lost
        for outcome in (Outcome.CHANGED.value, Outcome.LOST.value):
            same_outcome = [
                entry for entry in self.examples if entry.outcome == outcome
            ]
            codes = {entry.code for entry in same_outcome}
            new = [
                entry
                for entry in other.examples
                if entry.outcome == outcome and entry.code not in codes
            ]
            self.examples += new[: MOST_EXAMPLES - len(same_outcome)]


Accounts = dict[str, FieldAccount]


def _make_example(value: ValueOutcome, title: str, dataset: str) -> Example:
    """Neither the value nor the words that repeat it, unless its field is known to name no person."""
    fault = value.fault
    if fault is None:
        return Example(outcome=value.outcome.value)
    is_hidden = not may_show(value.statement.field)
    return Example(
        outcome=value.outcome.value,
        title=shorten(title, LONGEST_TITLE),
        dataset=dataset,
        value="" if is_hidden else conceal(value.statement.value),
        ours="" if is_hidden else conceal(value.ours),
        code=fault.code,
        message=fault.message,
        remedy=fault.remedy,
        values={
            name: "…" if is_hidden else _conceal_entry(entry)
            for name, entry in fault.values.items()
        },
    )


def _conceal_entry(entry: str | int) -> str | int:
    return conceal(entry) if isinstance(entry, str) else entry


def conceal(text: str) -> str:
    """A text cut short, without mail addresses and telephone numbers."""
    beginning = EMAIL.sub("…", " ".join(text[: 2 * LONGEST].split()))
    parts = NO_PHONE.split(beginning)
    parts[::2] = [PHONE.sub("…", part) for part in parts[::2]]
    return shorten("".join(parts), LONGEST)


def add_record(
    accounts: Accounts, values: Iterable[ValueOutcome], title: str, dataset: str
) -> None:
    """Count what became of one record."""
    met: set[str] = set()
    for value in values:
        name = value.statement.field
        account = accounts.setdefault(name, FieldAccount())
        account.add(value, title, dataset)
        met.add(name)
    for name in met:
        accounts[name].records += 1


def read_accounts(stored: dict[str, Any]) -> Accounts:
    """The accounts that a report holds."""
    return convert(stored, Accounts)


def merge_accounts(stored: dict[str, Any], new: Accounts) -> dict[str, Any]:
    """What a report holds, and a slice more; of fields past the limit only those that it has already go on."""
    accounts = read_accounts(stored)
    for name, account in new.items():
        if name in accounts:
            accounts[name].merge(account)
        elif len(accounts) < MOST_FIELDS:
            accounts[name] = account
    merged: dict[str, Any] = to_builtins(accounts)
    return merged
