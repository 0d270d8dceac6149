"""Where a version stands before it is published: people who could be known by it, dangers of its file, its schema."""

from collections.abc import Callable, Sequence

from udi.kit.errors import ConflictError, InvalidError, Refusal
from udi.node.datasets import continuity
from udi.node.datasets.continuity import Break, list_breaks
from udi.node.datasets.description import check_answers
from udi.node.datasets.models import Dataset, PreparationState, State, Version
from udi.node.files.clam import ScanState, Unscanned
from udi.node.files.models import Access
from udi.node.tables.corrections import Corrections
from udi.node.tables.personal.report import Finding
from udi.node.tables.personal.report import Strength as Personal
from udi.node.tables.safety.findings import Danger, SafetyFinding
from udi.node.tables.safety.findings import Strength as Safety
from udi.node.tables.safety.properties import can_remove_names
from udi.node.tables.schemas.declared import Declared, Proposed

OPENED = (State.PUBLISHING, State.PUBLISHED)
STOPS = {
    "virus": "A virus was found in its file.",
    "danger": "Its file holds something that could harm whoever opens it.",
    "people": "It says things about people.",
    "unsearched": "Nobody looked for people in all of it.",
    "unread": "It could not be looked at: nobody knows what it says of people, nor what it hides.",
    **continuity.STOPS,
    "description": "The portal would refuse its description.",
}
"""What keeps a version from being published by itself, and the words for it."""


def may_publish(dataset: Dataset) -> bool:
    """Whether its versions may be published with nobody looking.

    A person published its description, which is still complete; neither withdrawn nor refused since. Or a client of RUDI,
    which speaks for the whole space, described it.
    """
    opened = (dataset.opened_at is not None and dataset.state in OPENED) or dataset.document is not None
    return opened and dataset.withdrawn_at is None and not check_answers(dataset.description)


def corrections_of(version: Version) -> Corrections:
    """What its producer said of how its file is read."""
    return Corrections.from_json(version.preparation.corrections if version.preparation else None)


def is_table(version: Version) -> bool:
    """Whether its file was read and is a table."""
    return version.preparation is not None and version.preparation.state == PreparationState.READY


def people_in(version: Version) -> list[Finding]:
    """What its table says of people, the stops first, then what the rest of its file does."""
    found = version.preparation
    return [Finding.from_json(one) for one in found.findings.get("personal", ())] if found else []


def unsearched_in(version: Version) -> list[str]:
    """The parts of its file in which nobody can look for people: pictures, PDF, what is encrypted or too large."""
    found = version.preparation
    return list(found.findings.get("unsearched", ())) if found else []


def dangers_of(version: Version) -> list[SafetyFinding]:
    """What its file hides or does, the most serious first."""
    found = version.preparation
    return [SafetyFinding.from_json(one) for one in found.findings.get("safety", ())] if found else []


def new_dangers_of(dataset: Dataset, version: Version) -> list[SafetyFinding]:
    """The same without the notes that the published version before had too: a note is told once."""
    before = continuity.published_before(dataset, version)
    known = {one.danger for one in dangers_of(before)} if before else set[Danger]()
    return [one for one in dangers_of(version) if one.strength is not Safety.NOTE or one.danger not in known]


def removable_names(version: Version) -> bool:
    """Whether the properties of its file give names that the node can remove."""
    named = any(one.danger is Danger.AUTHOR for one in dangers_of(version))
    return named and not is_harmful(version) and can_remove_names(version.file.name, version.file.size)


def has_virus(version: Version) -> bool:
    """Whether a virus was found in its file."""
    found = version.preparation
    return bool(found and found.findings.get("virus", {}).get("state") == ScanState.INFECTED)


def is_harmful(version: Version) -> bool:
    """Whether something in its file could harm whoever opens it: nobody receives it."""
    return has_virus(version) or any(one.strength is Safety.QUARANTINE for one in dangers_of(version))


def access_of(dataset: Dataset, version: Version) -> Access:
    """Who may read its file once it is published: everybody, or whoever has an agreement, when it was looked at and
    nothing in it could harm.

    What is read again, because its producer corrected how, was looked at before.
    """
    found = version.preparation
    if is_harmful(version):
        return Access.HELD
    unseen = found is not None and found.state == PreparationState.WAITING and not found.findings
    if unseen:
        return Access.WAITING
    return Access.RESTRICTED if dataset.restricted else Access.OPEN


def stops_of(dataset: Dataset, version: Version) -> list[str]:
    """Which of `STOPS` leave it to a person: what its file holds, and what it breaks of the published version."""
    return _name_stops(version, list_breaks(dataset, version))


def _name_stops(version: Version, breaks: Sequence[Break]) -> list[str]:
    held = {} if version.preparation and version.preparation.reason else _to_be_cleared(version)
    harms = any(one.strength is Safety.QUARANTINE for one in dangers_of(version))
    held |= {"virus": has_virus(version), "danger": harms or held.get("danger", False)}
    held |= {one.stop: True for one in breaks}
    return [name for name in STOPS if held.get(name)]


def explain_stops(dataset: Dataset, version: Version, say: Callable[[str], str]) -> list[str]:
    """The same in sentences, with the columns and the numbers of rows that are lost."""
    breaks = list_breaks(dataset, version)
    sentences = {one.stop: one.explain(say) for one in breaks}
    return [sentences.get(name) or say(STOPS[name]) for name in _name_stops(version, breaks)]


def explain_waiting(dataset: Dataset, version: Version) -> str:
    """Why a version that nothing stops is not published, in English."""
    if is_being_read(version) and has_asked(version):
        return "Its file is still being read."
    if dataset.withdrawn_at is not None:
        return "The dataset is withdrawn."
    if dataset.opened_at is None and dataset.document is None:
        return "Nobody has published this dataset yet: a person does so the first time."
    if dataset.document is None and dataset.state not in OPENED:
        return "The portal did not accept the last publication of this dataset."
    if check_answers(dataset.description):
        return "The description of this dataset is not complete."
    return "Nobody asked that this version be published."


def is_being_read(version: Version) -> bool:
    """Whether the look at its file is not over."""
    return version.preparation is not None and version.preparation.state == PreparationState.WAITING


def has_asked(version: Version) -> bool:
    """Whether somebody asked that it be published with nobody looking."""
    return version.preparation is not None and version.preparation.asked_by is not None


def can_treat(version: Version) -> bool:
    """Whether what it says of people can be taken out of its table."""
    return is_table(version) and any(not one.place for one in people_in(version))


def looks_like(version: Version) -> list[Proposed]:
    """The schemas that a version's table seems to follow."""
    found = version.preparation
    return [Proposed.from_json(each) for each in found.findings.get("looks_like", ())] if found else []


def declared_of(version: Version) -> Declared | None:
    """The schema that a version's table is said to follow."""
    return corrections_of(version).schema


def is_unread(version: Version) -> bool:
    """Whether the look at its file failed, or the search for viruses did not answer."""
    found = version.preparation
    if found is None:
        return False
    unanswered = found.findings.get("virus", {}).get("reason") in {Unscanned.AWAY, Unscanned.TOO_SLOW}
    return found.state == PreparationState.FAILED or unanswered


def _to_be_cleared(version: Version) -> dict[str, bool]:
    """What is published only with a reason, by the names of `STOPS`."""
    return {
        "people": any(one.strength is Personal.STOP for one in people_in(version)),
        "danger": any(one.strength is Safety.STOP for one in dangers_of(version)),
        "unread": is_unread(version),
        "unsearched": bool(unsearched_in(version)),
    }


def needs_reason(version: Version) -> bool:
    """Whether it is published only if its producer says why it may be."""
    return any(_to_be_cleared(version).values())


def carry_reason(before: Version | None, version: Version) -> None:
    """Keep the reason given for the version before, where nothing else stops this one: nobody is asked each night."""
    then, found = before.preparation if before else None, version.preparation
    if before and then and found and then.reason and not found.reason and _stopped_by(version) <= _stopped_by(before):
        found.reason = then.reason


def _stopped_by(version: Version) -> set[tuple[object, ...]]:
    stops = [one for one in people_in(version) if one.strength is Personal.STOP]
    people: set[tuple[object, ...]] = {("people", one.place, one.what, *one.columns) for one in stops}
    people |= {("unsearched", place) for place in unsearched_in(version)}
    dangers: set[tuple[object, ...]] = {
        ("danger", one.danger) for one in dangers_of(version) if one.strength is Safety.STOP
    }
    failure = version.preparation.failure if version.preparation else ""
    return people | dangers | ({("unread", failure)} if is_unread(version) else set())


def clear_for_publication(version: Version, reason: str) -> None:
    """Let a version be published by a person, and keep the reason that they give.

    Raises:
        ConflictError: its file is still being looked at, or is kept from everybody.
        InvalidError: something stops it, and no reason is given.
    """
    found = version.preparation
    if found is None or version.published_at is not None:
        return
    if found.state == PreparationState.WAITING:
        raise ConflictError("We are still reading your file.", remedy="Wait a little, then publish again.")
    if is_harmful(version):
        raise ConflictError(
            "This file would harm whoever opens it: it cannot be published.", remedy="Drop another one."
        )
    if needs_reason(version) and not (reason or found.reason):
        why = Refusal("reason", "Say why this may be published.", "Or drop a file without it.")
        raise InvalidError("Something stops this publication.", refusals=[why])
    found.reason = reason or found.reason
