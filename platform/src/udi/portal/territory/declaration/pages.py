"""The page that declares the territory's catalogue to another portal: what to give it, then what it did with each record."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from litestar import Response, get
from litestar.params import FromQuery

from udi.kit.errors import InvalidError, Refusals
from udi.kit.tenancy import Territory
from udi.portal.organisations.team.queries import require_team_member
from udi.portal.territory.declaration.limits import DECLARATION_LIMITS
from udi.portal.territory.declaration.outcomes import (
    ChangedField,
    DeclarationOutcome,
    DeclaredRecord,
    OwnRecord,
    compare_records,
    count_outcomes,
)
from udi.portal.territory.declaration.portals import read_portal
from udi.portal.territory.declaration.queries import list_own_records
from udi.portal.territory.declaration.readings import (
    NoOrganisationError,
    PortalReading,
    PortalUnavailableError,
)
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Member, Routes
from udi.ui.errors import form_errors
from udi.ui.site import open_session, render, site_of

PATH = "/territory/declaration"
USUAL_PORTAL = "https://www.data.gouv.fr"
NAME = re.compile(r"\w[\w.-]{0,199}")
LONGEST = 300
MOST_SHOWN = 100
"""Records in the table, of each outcome."""
OUTCOME_NAMES = {
    DeclarationOutcome.REFUSED: "Refused",
    DeclarationOutcome.CHANGED: "Changed",
    DeclarationOutcome.MISSING: "Not there",
    DeclarationOutcome.TAKEN: "Taken as it is",
}
CHANGE_NAMES = {
    ChangedField.TITLE: "another title",
    ChangedField.LICENCE: "another licence",
    ChangedField.FILES: "fewer files",
    ChangedField.ARCHIVED: "archived there",
}


@dataclass(frozen=True)
class DeclarationForm:
    """Which portal, and which organisation of it."""

    portal: str
    organisation: str

    @property
    def address(self) -> str:
        """The page that reads this portal again."""
        query = urlencode({"portal": self.portal, "organisation": self.organisation})
        return f"{PATH}?{query}"


def read_form(portal: str, organisation: str) -> DeclarationForm:
    """The answers of the form: the address of a portal, or of one of its pages; the organisation's name there, or its page.

    Raises:
        InvalidError: one is missing, or makes no sense.
    """
    refusals = Refusals()
    try:
        parts = urlsplit(portal.strip())
        is_web = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        is_web = False
    if not is_web or len(portal) > LONGEST or "@" in portal:
        refusals.refuse(
            "portal",
            "This is no address of a portal.",
            "Write it as https://www.data.gouv.fr.",
        )
    name = organisation.strip().rstrip("/").rpartition("/")[2].partition("?")[0]
    if not NAME.fullmatch(name):
        refusals.refuse(
            "organisation",
            "This is no name of an organisation.",
            "Copy the address of its page on that portal.",
        )
    refusals.check()
    return DeclarationForm(f"{parts.scheme}://{parts.netloc}", name)


@get(PATH)
async def show_declaration(
    request: AnyRequest,
    member: Member,
    territory: CurrentTerritory,
    portal: FromQuery[str] = "",
    organisation: FromQuery[str] = "",
) -> Response[str]:
    """The form; with `portal` and `organisation`, the steps and what that portal did with each record.

    Raises:
        TooManyRequestsError: this person read many portals in the last hour.
    """
    async with open_session(request, territory, member) as session:
        await require_team_member(session, member)
        records = await list_own_records(session, territory.origin)
    values: dict[str, Any] = {
        "catalogue": f"{territory.origin}/catalog.rdf",
        "portal": portal or USUAL_PORTAL,
        "organisation": organisation,
        "path": PATH,
        "errors": {},
        "form": None,
        "failure": "",
    }
    status = 200
    if portal or organisation:
        try:
            form = read_form(portal, organisation)
        except InvalidError as error:
            status = error.status
            values["errors"] = form_errors(request, error)
        else:
            limits = site_of(request).services[DECLARATION_LIMITS]
            limits.rates.count_request(str(member.person_id))
            # No connection waits while the other portal is read.
            values |= await _describe_outcomes(request, territory, form, records)
    return render(request, "territory/declaration.html", status=status, **values)


async def _describe_outcomes(
    request: AnyRequest,
    territory: Territory,
    form: DeclarationForm,
    records: Sequence[OwnRecord],
) -> dict[str, Any]:
    """What the page says of a portal that was read, or of why it was not."""
    values: dict[str, Any] = {
        "form": form,
        "portal": form.portal,
        "organisation": form.organisation,
    }
    site = site_of(request)
    try:
        async with site.services[DECLARATION_LIMITS].turn:
            reading = await read_portal(
                site.outgoing, form.portal, form.organisation, territory.origin
            )
    except NoOrganisationError:
        return values | {"failure": "organisation"}
    except PortalUnavailableError:
        return values | {"failure": "portal"}
    outcomes = compare_records(records, reading, form.portal)
    return values | {
        "organisation_page": _own_page(reading, form.portal),
        "reading": reading,
        "counts": count_outcomes(outcomes),
        "outcomes": _shorten(outcomes),
        "outcome_names": OUTCOME_NAMES,
        "change_names": CHANGE_NAMES,
    }


def _own_page(reading: PortalReading, portal: str) -> str:
    """The page of the organisation, if it is the portal's own."""
    page = reading.organisation.page
    return page if page.startswith(f"{portal}/") else ""


def _shorten(outcomes: list[DeclaredRecord]) -> list[DeclaredRecord]:
    """The first of each outcome."""
    records: list[DeclaredRecord] = []
    for outcome in DeclarationOutcome:
        some = [record for record in outcomes if record.outcome is outcome]
        records += some[:MOST_SHOWN]
    return records


routes: Routes = [show_declaration]
