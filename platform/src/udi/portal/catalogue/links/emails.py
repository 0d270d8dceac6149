"""The mail to those who publish: what of theirs cannot be had, and what is back."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from udi.kit.emails import Email
from udi.kit.tenancy import Territory
from udi.portal.catalogue.links.probe import SILENT
from udi.portal.catalogue.links.queries import LinkedFile
from udi.portal.notifications.emails import Translate, translator
from udi.portal.organisations.models import Organisation
from udi.ui.formats import display_datetime
from udi.ui.locale import localise
from udi.ui.site import Site

MOST_TOLD = 50
"""Addresses that one mail lists of each kind; the page has the rest."""


def write_link_email(
    site: Site,
    territory: Territory,
    organisation: Organisation,
    lines: Mapping[str, Sequence[LinkedFile]],
    payload: Mapping[str, Any],
    *,
    to: str,
    language: str,
) -> Email:
    """The mail, in its reader's language: titles and addresses, nothing of the data."""
    say = translator(site, language)
    name = localise(territory.name, language)
    parts = _email_paragraphs(
        say, territory, organisation, lines, payload["counts"], language
    )
    return Email(
        to=to,
        subject=_subject(say, organisation.name, payload["counts"]["missing"]),
        text="\n\n".join([*parts, name]) + "\n",
        language=language,
        id=f"links-{organisation.id}-{payload['day']}-{payload['person'] or 'producer'}",
        sender=site.settings.mail_sender or territory.contact,
        sender_name=name,
        reply_to=territory.contact,
    )


def _email_paragraphs(
    say: Translate,
    territory: Territory,
    organisation: Organisation,
    lines: Mapping[str, Sequence[LinkedFile]],
    counts: Mapping[str, int],
    language: str,
) -> Iterator[str]:
    name = localise(territory.name, language)
    yield say("Good morning,")
    yield say(
        "%(territory)s checks each day that the files of %(producer)s are accessible.",
        territory=name,
        producer=organisation.name,
    )
    yield from _list_links(
        say,
        territory,
        say("No longer accessible"),
        lines["missing"],
        counts["missing"],
        language,
    )
    yield from _list_links(
        say, territory, say("Accessible again"), lines["back"], counts["back"], language
    )
    if counts["missing"]:
        yield say(
            "If a file has another address now, describe its dataset again. If it is to come back, there is nothing to do."
        )
    page = f"{territory.origin}/producers/{organisation.slug}/links"
    yield say("All the links to correct: %(address)s", address=page)


def _subject(say: Translate, producer: str, missing: int) -> str:
    if missing:
        return say(
            "Files of %(producer)s that are not accessible: %(count)s",
            producer=producer,
            count=missing,
        )
    return say("Files of %(producer)s are accessible again", producer=producer)


def _list_links(
    say: Translate,
    territory: Territory,
    title: str,
    lines: Sequence[LinkedFile],
    count: int,
    language: str,
) -> Iterator[str]:
    if not lines:
        return
    yield f"{title.upper()}\n\n" + "\n\n".join(
        _describe_link(say, territory, line, language) for line in lines
    )
    if count > len(lines):
        yield say("And %(count)s more.", count=count - len(lines))


def _describe_link(
    say: Translate, territory: Territory, line: LinkedFile, language: str
) -> str:
    """What it is, where, and what was seen there."""
    title = f"{line.title}, {line.name}" if line.name else line.title
    return "\n".join(
        [
            f"- {title}",
            f"  {line.link.url}",
            f"  {_describe_last_check(say, territory, line, language)}",
            f"  {territory.origin}/data/{line.dataset_id}",
        ]
    )


def _describe_last_check(
    say: Translate, territory: Territory, line: LinkedFile, language: str
) -> str:
    link = line.link
    if link.since:
        day = display_datetime(link.since, language, zone=territory.zone)
    else:
        day = ""
    if link.last_reachable and link.failures:
        day = display_datetime(link.last_reachable, language, zone=territory.zone)
    if not link.failures:
        return say("Accessible again since %(day)s.", day=day)
    if link.answer == SILENT:
        what = say("The address does not answer.")
    else:
        what = say("It answers %(status)s.", status=link.answer)
    if link.last_reachable:
        last = say("Last reached on %(day)s.", day=day)
    else:
        last = say("It was never reached.")
    return f"{what} {last}"
