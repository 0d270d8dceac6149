"""What the form of a source shows: what is asked depends on what is at the address."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from udi.kit.errors import InvalidError
from udi.node.datasets.actions.source import SourceInput
from udi.node.datasets.renewal.models import DatasetSource
from udi.node.files.remote.addresses import UnderstoodAddress, understand_address
from udi.node.files.remote.source_kinds import (
    SourceField,
    find_source_kind,
    list_source_kinds,
    recognise_kind,
)


@dataclass(frozen=True)
class SourceForm:
    """The form of a source: `label` is the kind that was understood, `fields` what it needs; no secret among `values`."""

    address: str = ""
    frequency: str = "daily"
    kind: str = ""
    label: str = ""
    fields: tuple[SourceField, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)
    kinds: Sequence[tuple[str, str]] = ()
    """The kinds that a person may choose: names and labels."""
    is_new: bool = True
    """Whether nothing is kept that empty fields would leave."""


def describe_source_form(
    say: Callable[[str], str],
    source: DatasetSource | None,
    given: SourceInput | None = None,
) -> SourceForm:
    """The form as it is filled: with what was just given, else with the source as it is."""
    kinds = [(name, say(kind.label)) for name, kind in list_source_kinds().items()]
    if given is None and source is None:
        return SourceForm(kinds=kinds)
    if given is None:
        given = _repeat(source)
    understood = _understand(given)
    name = understood.name if understood else given.kind or _guess(given.address)
    kind = find_source_kind(name)
    fields = kind.fields if kind else ()
    in_address = understood.credential if understood else {}
    return SourceForm(
        address=given.address,
        frequency=given.frequency,
        kind=given.kind,
        label=say(kind.label) if kind and (understood or fields) else "",
        fields=fields,
        values={
            entry.name: given.values.get(entry.name) or in_address.get(entry.name, "")
            for entry in fields
            if not entry.secret
        },
        kinds=kinds,
        is_new=source is None,
    )


def _repeat(source: DatasetSource | None) -> SourceInput:
    """A source as its form would give it again: its kind is named where the address alone does not say it."""
    if source is None:
        return SourceInput("", "daily")
    plain = SourceInput(source.address, source.frequency)
    understood = _understand(plain)
    if understood is not None and understood.name == source.kind:
        return plain
    return SourceInput(source.address, source.frequency, source.kind)


def _understand(given: SourceInput) -> UnderstoodAddress | None:
    """What was understood of an address; None where it lacks something."""
    try:
        return understand_address(given.address, given.kind, given.values)
    except InvalidError:
        return None


def _guess(address: str) -> str:
    """The kind that an address that lacks something may be of."""
    try:
        return recognise_kind(address.strip())
    except ValueError:
        return ""
