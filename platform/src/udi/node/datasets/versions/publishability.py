"""Where a version stands before it is published: people who could be known by it, dangers of its file, its schema."""

from collections.abc import Callable

from udi.kit.errors import ConflictError, InvalidError, Refusal
from udi.node.datasets.descriptions.description import check_answers
from udi.node.datasets.models import (
    Dataset,
    DatasetPart,
    DatasetState,
    PartRole,
    PreparationState,
    Version,
)
from udi.node.datasets.versions import breaking_changes, expectations
from udi.node.datasets.versions.breaking_changes import list_breaking_changes
from udi.node.datasets.versions.findings import (
    dangers_of,
    has_virus,
    is_being_read,
    is_harmful,
    is_unread,
    personal_findings_of,
    unsearched_parts_of,
)
from udi.node.files.models import FileAccess
from udi.tabular.personal.report import PersonalDataSeverity as Personal
from udi.tabular.safety.findings import SafetySeverity as Safety

PUBLIC_STATES = (DatasetState.PUBLISHING, DatasetState.PUBLISHED)
STOPS = {
    "virus": "A virus was found in its file.",
    "danger": "Its file contains something that could harm people who open it.",
    "people": "It contains personal data.",
    "unsearched": "Parts of it were not searched for personal data.",
    "unread": "Its file could not be checked: it may contain personal data or hidden content.",
    **breaking_changes.STOPS,
    expectations.STOP: "It does not meet what its script expects.",
    "description": "The portal would refuse its description.",
}
"""What keeps a version from being published by itself, and the words for it."""
UNSEARCHABLE = frozenset({"unsearched"})
"""What is said of a file that was looked into, and that has pages in which nobody can search for people.

A look that failed, or a search for viruses that did not answer (`unread`), is not this.
"""


def may_publish(dataset: Dataset) -> bool:
    """Whether its versions may be published with nobody looking.

    A person published its description, which is still complete; neither withdrawn nor refused since. Or a client of RUDI,
    which speaks for the whole space, described it.
    """
    opened = (
        dataset.opened_at is not None and dataset.state in PUBLIC_STATES
    ) or dataset.document is not None
    return (
        opened
        and dataset.withdrawn_at is None
        and not check_answers(dataset.description, has_file=dataset.has_file)
    )


def access_of(dataset: Dataset, version: Version) -> FileAccess:
    """Who may read its file once it is published: everybody, or whoever has an agreement, when it was looked at and
    nothing in it could harm.

    What is read again, because its producer corrected how, was looked at before.
    """
    preparation = version.preparation
    if is_harmful(version):
        return FileAccess.HELD
    unseen = (
        preparation is not None
        and preparation.state == PreparationState.WAITING
        and not preparation.findings
    )
    if unseen:
        return FileAccess.WAITING
    part = dataset.find_part(version.part_id)
    if dataset.restricted and not (part and part.is_public):
        return FileAccess.RESTRICTED
    return FileAccess.OPEN


def stops_of(dataset: Dataset, version: Version) -> list[str]:
    """Which of `STOPS` leave it to a person: what its file holds, what it breaks of the published version, and what its
    script does not find in it.
    """
    breaks = list_breaking_changes(dataset, version)
    if version.preparation and version.preparation.reason:
        stop_flags = {}
    else:
        stop_flags = _stops_needing_reason(version)
    harms = any(
        finding.strength is Safety.QUARANTINE for finding in dangers_of(version)
    )
    stop_flags |= {
        "virus": has_virus(version),
        "danger": harms or stop_flags.get("danger", False),
    }
    stop_flags |= {continuity_break.stop: True for continuity_break in breaks}
    differences = expectations.list_differences(dataset, version)
    stop_flags[expectations.STOP] = bool(differences)
    return [name for name in STOPS if stop_flags.get(name)]


def part_stops_of(dataset: Dataset, part: DatasetPart, version: Version) -> list[str]:
    """The same for the file of a part.

    Nobody is asked why a documentation may be published whose pages cannot be searched for people: it is no data.
    """
    stops = stops_of(dataset, version)
    if part.role == PartRole.DOCUMENTATION:
        return [stop for stop in stops if stop not in UNSEARCHABLE]
    return stops


def explain_stops(
    dataset: Dataset, version: Version, say: Callable[[str], str]
) -> list[str]:
    """The same in sentences, with the columns and the numbers of rows that are lost."""
    part = dataset.find_part(version.part_id)
    names = (
        part_stops_of(dataset, part, version) if part else stops_of(dataset, version)
    )
    breaks = list_breaking_changes(dataset, version)
    sentences: dict[str, str] = {}
    for change in breaks:
        before = sentences.get(change.stop, "")
        sentences[change.stop] = f"{before} {change.explain(say)}".strip()
    sentences[expectations.STOP] = expectations.explain_differences(
        dataset, version, say
    )
    return [sentences.get(name) or say(STOPS[name]) for name in names]


def explain_waiting(dataset: Dataset, version: Version) -> str:
    """Why a version that nothing stops is not published, in English."""
    if is_being_read(version) and version.is_publication_requested:
        return "Its file is still being read."
    if dataset.withdrawn_at is not None:
        return "The dataset is withdrawn."
    if dataset.opened_at is None and dataset.document is None:
        return "Nobody has published this dataset yet: a person does so the first time."
    if dataset.document is None and dataset.state not in PUBLIC_STATES:
        return "The portal did not accept the last publication of this dataset."
    if check_answers(dataset.description, has_file=dataset.has_file):
        return "The description of this dataset is not complete."
    return "Nobody asked that this version be published."


def _stops_needing_reason(version: Version) -> dict[str, bool]:
    """What is published only with a reason, by the names of `STOPS`."""
    return {
        "people": any(
            finding.strength is Personal.STOP
            for finding in personal_findings_of(version)
        ),
        "danger": any(
            finding.strength is Safety.STOP for finding in dangers_of(version)
        ),
        "unread": is_unread(version),
        "unsearched": bool(unsearched_parts_of(version)),
    }


def needs_reason(version: Version) -> bool:
    """Whether it is published only if its producer says why it may be."""
    return any(_stops_needing_reason(version).values())


def carry_reason(before: Version, version: Version) -> None:
    """Keep the reason given for the version before, where nothing else stops this one: nobody is asked each night."""
    then = before.preparation
    preparation = version.preparation
    if (
        then
        and preparation
        and then.reason
        and not preparation.reason
        and _stop_signatures(version) <= _stop_signatures(before)
    ):
        preparation.reason = then.reason


def _stop_signatures(version: Version) -> set[tuple[object, ...]]:
    stops = [
        finding
        for finding in personal_findings_of(version)
        if finding.strength is Personal.STOP
    ]
    people: set[tuple[object, ...]] = {
        ("people", finding.place, finding.what, *finding.columns) for finding in stops
    }
    people |= {("unsearched", place) for place in unsearched_parts_of(version)}
    dangers: set[tuple[object, ...]] = {
        ("danger", finding.danger)
        for finding in dangers_of(version)
        if finding.strength is Safety.STOP
    }
    failure = version.preparation.failure if version.preparation else ""
    return people | dangers | ({("unread", failure)} if is_unread(version) else set())


def clear_for_publication(
    version: Version, reason: str, *, requires_reason: bool | None = None
) -> None:
    """Let a version be published by a person, and keep the reason that they give.

    `requires_reason` is whether they must give one; None: where what its file holds asks for it.

    Raises:
        ConflictError: its file is still being looked at, or is kept from everybody.
        InvalidError: something stops it, and no reason is given.
    """
    preparation = version.preparation
    if preparation is None or version.published_at is not None:
        return
    if preparation.state == PreparationState.WAITING:
        raise ConflictError(
            "We are still reading your file.",
            remedy="Wait a little, then publish again.",
        )
    if is_harmful(version):
        raise ConflictError(
            "This file could harm people who open it: it cannot be published.",
            remedy="Drop another one.",
        )
    if requires_reason is None:
        requires_reason = needs_reason(version)
    if requires_reason and not (reason or preparation.reason):
        why = Refusal(
            "reason",
            "Give the reason why this may be published.",
            "Or drop a file without these data.",
        )
        raise InvalidError("This publication is blocked.", refusals=[why])
    preparation.reason = reason or preparation.reason
