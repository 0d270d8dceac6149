"""`udi announcement`: incidents and maintenance on the public page of the state of the service; needs no database."""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated

import msgspec
import typer

from udi.cli import output
from udi.cli.local.errors import LocalError, explain_refusal
from udi.kit.clock import now
from udi.portal.territory.status.announcements import (
    FILE,
    Announcement,
    AnnouncementKind,
    AnnouncementUpdate,
    change_announcements,
    load_announcements,
)
from udi.portal.territory.status.record import FOLDER, ServicePart
from udi.portal.territory.status.territories import list_measured
from udi.settings import Settings, get_settings
from udi.ui.languages import list_languages

app = typer.Typer(
    help="Incidents and maintenance on the public page of the state of the service.",
    no_args_is_help=True,
)
LONGEST = 2000
"""Letters of one text."""
COLUMNS = {
    "id": "Id",
    "kind": "Kind",
    "state": "State",
    "territory": "Territory",
    "begins_at": "Begins",
    "ends_at": "Ends",
    "text": "Text",
}
Identifier = Annotated[str, typer.Argument(help="Its id, as `list` prints it.")]
AsJson = Annotated[bool, typer.Option("--json", help="For a program.")]
Texts = Annotated[
    list[str],
    typer.Option(
        "--text",
        help="What is announced, as fr=…; again for each language of the territories.",
    ),
]
LaterTexts = Annotated[
    list[str] | None,
    typer.Option("--text", help="What is new, as fr=…; again for each language."),
]
Moment = Annotated[
    str,
    typer.Option(help="With its offset: 2026-12-05T22:00+01:00. Now, if left out."),
]
End = Annotated[
    str,
    typer.Option(help="When it is to end, with its offset; unknown, if left out."),
]
TerritorySlug = Annotated[
    str,
    typer.Option(help="Slug of the only territory concerned; all, if left out."),
]
Parts = Annotated[
    list[ServicePart] | None,
    typer.Option("--part", help="What is concerned; again for each."),
]


@app.command()
def add(
    kind: Annotated[AnnouncementKind, typer.Argument(help="What is announced.")],
    text: Texts,
    begins: Moment = "",
    ends: End = "",
    territory: TerritorySlug = "",
    part: Parts = None,
    as_json: AsJson = False,
) -> None:
    """Announce an incident or a maintenance; prints its id."""
    settings = get_settings()
    moment = now()
    announcement = Announcement(
        id=secrets.token_hex(4),
        kind=kind,
        begins_at=_read_moment(begins, moment),
        texts=_read_texts(text),
        announced_at=moment,
        territory=_check_territory(settings, territory),
        parts=list(part or ()),
        ends_at=_read_moment(ends, moment) if ends else None,
    )
    _check_order(announcement)
    with (
        _explain_file(settings),
        change_announcements(settings, moment) as announcements,
    ):
        announcements.append(announcement)
    _show([announcement], moment, as_json=as_json)


@app.command()
def update(identifier: Identifier, text: Texts, as_json: AsJson = False) -> None:
    """Write what is new of it, below what was written before."""
    _change(identifier, text, as_json=as_json)


@app.command()
def end(
    identifier: Identifier,
    text: LaterTexts = None,
    at: Moment = "",
    as_json: AsJson = False,
) -> None:
    """Say that it is over, with a last word or without."""
    moment = now()
    _change(identifier, text or (), _read_moment(at, moment), as_json=as_json)


@app.command()
def remove(identifier: Identifier) -> None:
    """Take away what was announced by mistake."""
    settings = get_settings()
    with (
        _explain_file(settings),
        change_announcements(settings, now()) as announcements,
    ):
        announcements.remove(_find(announcements, identifier))
    print(f"{identifier} is removed.")


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List what is announced on this machine, and what is over since less than ninety days."""
    settings = get_settings()
    with _explain_file(settings):
        announcements = load_announcements(settings)
    _show(announcements, now(), as_json=as_json)


def _change(
    identifier: str,
    text: Sequence[str],
    ends_at: datetime | None = None,
    *,
    as_json: bool,
) -> None:
    """Add an update, an end, or both."""
    texts = _read_texts(text) if text else {}
    moment = now()
    settings = get_settings()
    with (
        _explain_file(settings),
        change_announcements(settings, moment) as announcements,
    ):
        announcement = _find(announcements, identifier)
        if announcement.ends_at is not None and announcement.ends_at <= moment:
            raise LocalError(f"{identifier} is over", "announce another one")
        if texts:
            announcement.updates.append(AnnouncementUpdate(moment, texts))
        if ends_at is not None:
            announcement.ends_at = ends_at
            _check_order(announcement)
    _show([announcement], moment, as_json=as_json)


@contextmanager
def _explain_file(settings: Settings) -> Iterator[None]:
    """Say in one sentence why the file cannot be read or written."""
    try:
        yield
    except OSError as error:
        raise explain_refusal(error) from error
    except msgspec.MsgspecError as error:
        raise LocalError(
            f"{settings.state / FOLDER / FILE} does not hold announcements",
            "move it away, then announce again",
        ) from error


def _find(announcements: Sequence[Announcement], identifier: str) -> Announcement:
    for announcement in announcements:
        if announcement.id == identifier:
            return announcement
    raise LocalError(
        f"Nothing is announced as {identifier}",
        "`udi announcement list` prints what is",
    )


def _read_texts(values: Sequence[str]) -> dict[str, str]:
    """Texts by language, of `fr=…`."""
    texts: dict[str, str] = {}
    known = list_languages()
    for value in values:
        language, _, words = value.partition("=")
        if language not in known or not words.strip():
            raise LocalError(
                f"«{value[:40]}» is no text of a language",
                f"write it as fr=…; languages: {', '.join(known)}",
            )
        if language in texts:
            raise LocalError(f"The text in {language} is given twice", "give it once")
        if len(words) > LONGEST:
            raise LocalError(
                f"The text in {language} has over {LONGEST} letters", "shorten it"
            )
        texts[language] = words.strip()
    return texts


def _read_moment(value: str, moment: datetime) -> datetime:
    if not value:
        return moment
    try:
        read = datetime.fromisoformat(value)
    except ValueError:
        read = None
    if read is None or read.tzinfo is None:
        raise LocalError(
            f"{value} is no time with its offset",
            "write it so: 2026-12-05T22:00+01:00",
        )
    return read


def _check_order(announcement: Announcement) -> None:
    ends_at = announcement.ends_at
    if ends_at is not None and ends_at < announcement.begins_at:
        raise LocalError("It ends before it begins", "correct one of both times")


def _check_territory(settings: Settings, slug: str) -> str:
    """The slug, where this machine measures that territory."""
    measured = list_measured(settings)
    if slug and slug not in measured:
        raise LocalError(
            f"This machine measures no territory {slug}",
            f"it measures: {', '.join(measured) or 'none'}",
        )
    return slug


def _show(
    announcements: Sequence[Announcement], moment: datetime, *, as_json: bool
) -> None:
    rows = [
        {
            "id": announcement.id,
            "kind": announcement.kind.value,
            "state": announcement.state_at(moment).value,
            "territory": announcement.territory,
            "begins_at": announcement.begins_at.isoformat(timespec="minutes"),
            "ends_at": _format_end(announcement),
            "text": next(iter(announcement.texts.values()), ""),
        }
        for announcement in announcements
    ]
    output.show(rows, COLUMNS, as_json=as_json, empty="Nothing is announced.")


def _format_end(announcement: Announcement) -> str:
    ends_at = announcement.ends_at
    return ends_at.isoformat(timespec="minutes") if ends_at else ""
