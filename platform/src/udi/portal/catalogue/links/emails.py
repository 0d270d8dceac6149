"""The mail to those who publish: what of theirs cannot be had, and what is back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from udi.kit.emails import Email
from udi.kit.tenancy import Territory
from udi.portal.catalogue.links.probe import SILENT
from udi.portal.catalogue.links.queries import LinkedFile
from udi.portal.organisations.models import Organisation
from udi.ui.emails import EmailRecipient
from udi.ui.site import Site

MOST_TOLD = 50
"""Addresses that one mail lists of each kind; the page has the rest."""


@dataclass(frozen=True)
class CheckedFile:
    """A file in a mail: its dataset's page, its address, and what was seen there."""

    title: str
    page: str
    url: str
    status: str
    """What the address answered; empty where it does not answer."""
    failures: int
    day: datetime | None
    """Since when it is accessible, or when it was reached last; None for never."""


def write_link_email(
    site: Site,
    territory: Territory,
    organisation: Organisation,
    lines: Mapping[str, Sequence[LinkedFile]],
    payload: Mapping[str, Any],
    recipient: EmailRecipient,
) -> Email:
    """The mail, in its reader's language: titles and addresses, nothing of the data."""
    return site.emails.render(
        territory,
        "catalogue/emails/links.jinja",
        recipient,
        key=f"links-{organisation.id}-{payload['day']}-{payload['person'] or 'producer'}",
        producer=organisation.name,
        counts=payload["counts"],
        missing=[_describe_file(territory, line) for line in lines["missing"]],
        back=[_describe_file(territory, line) for line in lines["back"]],
        address=f"{territory.origin}/producers/{organisation.slug}/links",
    )


def _describe_file(territory: Territory, line: LinkedFile) -> CheckedFile:
    link = line.link
    return CheckedFile(
        title=f"{line.title}, {line.name}" if line.name else line.title,
        page=f"{territory.origin}/data/{line.dataset_id}",
        url=link.url,
        status="" if link.answer == SILENT else str(link.answer),
        failures=link.failures,
        day=link.last_reachable if link.failures else link.since,
    )
