"""Somebody who asks a town hall about themselves, through the portal's ticket, in front of the node."""

import secrets
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import httpx
from litestar import Litestar

from tests.node.producer import SLUG
from tests.visitors import browse, make_person
from udi.kit.clock import now
from udi.kit.keys import Signer
from udi.kit.oidc import Login
from udi.kit.tenancy import Territory
from udi.node.subject_requests.identity import SUBJECT_AREA, SUBJECT_SESSIONS
from udi.protocol.credentials import SUBJECT_TICKET
from udi.protocol.subject_requests import SubjectRight
from udi.protocol.subject_tickets import SubjectTicket, write_ticket_claims
from udi.ui.login import cookie_name
from udi.ui.site import Site

FORM = {
    "concerns": "Les factures de cantine de 2024",
    "known_by": "numéro de famille 4471",
    "words": "Merci beaucoup",
}


def make_subject(territory: Territory) -> Login:
    """Somebody whom the second client knows: a subject, and no name."""
    someone = make_person(territory)
    return replace(
        someone, name="", email="", email_verified=False, authenticated_at=now()
    )


@dataclass
class Asker:
    """Writes tickets as the portal does, and goes with them as a person does."""

    app: Litestar
    territory: Territory
    signer: Signer
    client: httpx.AsyncClient
    login: Login
    numbers: list[str] = field(default_factory=list)

    @property
    def site(self) -> Site:
        site: Site = self.app.state.site
        return site

    def ticket(self, request_id: UUID | None = None, **changes: Any) -> str:
        """A ticket of the portal."""
        values: dict[str, Any] = {
            "producer": SLUG,
            "right": SubjectRight.ACCESS,
            "number": f"{secrets.token_hex(2).upper()}-2M",
            "country": "FR",
            "time_zone": "Europe/Paris",
            "language": "fr",
            "officer": False,
        }
        claims = write_ticket_claims(SubjectTicket(**values)) | changes  # type: ignore[operator]  # both are dictionaries
        return self.signer.sign(
            SUBJECT_TICKET,
            subject=str(request_id or uuid.uuid4()),
            issuer=self.territory.links["portal"],
            audience=self.territory.links["node"],
            further_claims=claims,
        )

    async def bring(
        self, request_id: UUID | None = None, **changes: Any
    ) -> httpx.Response:
        """Come from the portal with a ticket."""
        form = {"ticket": self.ticket(request_id, **changes)}
        elsewhere = {"Sec-Fetch-Site": "cross-site"}
        return await self.client.post("/subjects/tickets", data=form, headers=elsewhere)

    async def ask(self, *, form: dict[str, str] | None = None, **changes: Any) -> str:
        """Ask, and return the identifier of the request."""
        request_id = uuid.uuid4()
        brought = await self.bring(request_id, **changes)
        assert brought.status_code == 303, brought.text
        sent = await self.write(request_id, form)
        assert sent.status_code == 303, sent.text
        return str(request_id)

    async def write(
        self, request_id: UUID, form: dict[str, str] | None = None, **options: Any
    ) -> httpx.Response:
        """Send the form of a ticket."""
        fields = (form or FORM) | {"ticket": str(request_id)}
        return await self.client.post("/subjects/new", data=fields, **options)

    async def see(self, request_id: str) -> httpx.Response:
        return await self.client.get(f"/subjects/requests/{request_id}")

    async def act(self, request_id: str, event: str, **form: str) -> httpx.Response:
        return await self.client.post(
            f"/subjects/requests/{request_id}/events/{event}", data=form
        )

    async def log_in(self, *, authenticated_at: datetime | None = None) -> None:
        """Be logged in, by a login of this moment or of another."""
        sessions = self.site.services[SUBJECT_SESSIONS]
        login = replace(self.login, authenticated_at=authenticated_at or now())
        token = await sessions.log_in(self.territory, login)
        name = cookie_name(self.territory.links["node"], SUBJECT_AREA.cookie)
        self.client.cookies.delete(name)
        self.client.cookies.set(name, token)


def read_return(answer: httpx.Response) -> tuple[str, str]:
    """The address at the portal that somebody is led back to, and the confirmation."""
    parts = urlsplit(answer.headers["location"])
    [confirmation] = parse_qs(parts.query)["confirmation"]
    return f"{parts.scheme}://{parts.netloc}{parts.path}", confirmation


@asynccontextmanager
async def open_asker(
    app: Litestar, territory: Territory, signer: Signer
) -> AsyncIterator[Asker]:
    """Somebody logged in by the second client."""
    async with browse(app, territory) as client:
        asker = Asker(app, territory, signer, client, make_subject(territory))
        await asker.log_in()
        yield asker


OLD = timedelta(minutes=6)
"""How long ago a login was that opens no answer."""
