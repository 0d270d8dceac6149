"""Who did what on a dataset, for a person to read; names are for members of the organisation."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath

from udi.kit.csv_writer import write_csv
from udi.kit.identity import Actor
from udi.node.datasets.models import DatasetEvent, DatasetPart
from udi.node.datasets.pages.messages import (
    EVENT_NAMES,
    ROLE_NAMES,
    PageRequest,
    locale_of,
    translator,
)
from udi.node.datasets.queries import get_dataset, list_events
from udi.node.datasets.versions.publishability import STOPS
from udi.node.identity.queries import list_names
from udi.node.spaces.queries import DatasetPermission
from udi.protocol.licences import LICENCES
from udi.ui.dependencies import Member, Routes, Session
from udi.ui.downloads import csv_response
from udi.ui.locale import localise


@dataclass(frozen=True)
class HistoryEntry:
    """One thing that happened, in words."""

    what: str
    who: str
    when: datetime
    detail: str


def describe_events(
    request: PageRequest,
    actor: Actor,
    events: Iterable[DatasetEvent],
    names: Mapping[UUID, str],
    parts: Iterable[DatasetPart],
) -> list[HistoryEntry]:
    """The history in the reader's language; somebody who left the organisation has no name any more.

    `parts`: what stands beside the main file now, to name the one that an event is about.
    """
    say = translator(request)
    titles = {str(part.id): part.title for part in parts}

    def who(event: DatasetEvent) -> str:
        if event.detail.get("key"):
            return say("by a script")
        if event.person_id is None:
            return say("automatically")
        if event.person_id == actor.person_id:
            return say("by you")
        name = names.get(event.person_id)
        if name:
            return say("by %(name)s") % {"name": name}
        return say("by somebody who has left")

    return [
        HistoryEntry(
            say(EVENT_NAMES.get(event.action, event.action)),
            who(event),
            event.happened_at,
            _name_file(
                event,
                say,
                titles,
                _describe_detail(event, say, names, locale_of(request)),
            ),
        )
        for event in events
    ]


def _name_file(
    event: DatasetEvent,
    say: Callable[[str], str],
    titles: Mapping[str, str],
    detail: str,
) -> str:
    """What is said of an event, with the file or link that it is about, where that is not the main file."""
    part = event.detail.get("part")
    if not part:
        return detail
    title = titles.get(part)
    # The names of these events say that they are about another file.
    if title is None and event.action.startswith("part."):
        return detail
    title = title or say("A file removed since")
    if not detail:
        return title
    return say("%(file)s: %(detail)s") % {"file": title, "detail": detail}


def _describe_detail(
    event: DatasetEvent,
    say: Callable[[str], str],
    names: Mapping[UUID, str],
    locale: str,
) -> str:
    """What more there is to say of it."""
    if stops := event.detail.get("stops"):
        return " ".join(say(STOPS[stop]) for stop in stops)
    if number := event.detail.get("number") or event.detail.get("version"):
        why = event.detail.get("reason")
        return say(
            "Version %(number)s: %(reason)s" if why else "Version %(number)s"
        ) % {
            "number": number,
            "reason": why,
        }
    if objects := event.detail.get("objects"):
        return say("Objects deleted: %(objects)s") % {"objects": objects}
    if details := [
        detail
        for detail in (
            event.detail.get("portal"),
            event.detail.get("reason") or _versions_kept(event, say),
        )
        if detail
    ]:
        return " ".join(map(str, details))
    if column := event.detail.get("column"):
        return str(column)
    if person := event.detail.get("person"):
        name = names.get(UUID(person)) or say("somebody who has left")
        return f"{name}: {say(ROLE_NAMES[event.detail['role']])}"
    return _former_licence(event, say, locale)


def _former_licence(event: DatasetEvent, say: Callable[[str], str], locale: str) -> str:
    """Under what the copies are that were made before the data were restricted."""
    licence = LICENCES.get(event.detail.get("licence", ""))
    if licence is None:
        return ""
    return say("Copies made before stay under: %(licence)s") % {
        "licence": localise(licence.name, locale)
    }


def _versions_kept(event: DatasetEvent, say: Callable[[str], str]) -> str:
    """How many versions stay from then on."""
    if event.action != "versions.retention_changed":
        return ""
    return str(event.detail.get("retained_versions") or say("All of them"))


@get("/datasets/{dataset_id:uuid}/history.csv")
async def export_history(
    request: PageRequest, session: Session, member: Member, dataset_id: FromPath[UUID]
) -> Response[bytes]:
    """All that happened to a dataset, as a table."""
    dataset = await get_dataset(session, member, dataset_id, to=DatasetPermission.READ)
    names = await list_names(session, dataset.space.slug)
    say = translator(request)
    lines = describe_events(
        request,
        member,
        await list_events(session, dataset, limit=None),
        names,
        dataset.parts,
    )
    header = [say(word) for word in ("When (UTC)", "Event", "Who", "Detail")]
    rows = [
        (line.when.isoformat(timespec="seconds"), line.what, line.who, line.detail)
        for line in lines
    ]
    return csv_response(
        write_csv(header, rows, locale_of(request)), f"history-{dataset.id}.csv"
    )


routes: Routes = [export_history]
