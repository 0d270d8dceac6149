"""People who lend data about them, in front of a real node, and the producer who confirms their numbers."""

import csv
import io
import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import select, update

from tests.node.agreements.granting import Grant, Granting, Loan
from tests.node.producer import Producer
from tests.node.subject_requests.askers import make_subject
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.oidc import Login
from udi.kit.tenancy import Territory
from udi.node.agreements.models import AgreementCursor
from udi.node.subject_requests.identity import SUBJECT_AREA, SUBJECT_SESSIONS
from udi.protocol.consent import ConsentState
from udi.protocol.credentials import CONSENT_LINK
from udi.ui.login import cookie_name
from udi.ui.site import Site

ENGLISH = {"Accept-Language": "en", "Accept": "text/html"}


class Lenders:
    """People who lend their meters to a project, in front of a real node."""

    def __init__(
        self,
        portal: Granting,
        machine: httpx.AsyncClient,
        producer: Producer,
        dataset: str,
        database: Database,
        tenant: Territory,
        site: Site,
    ) -> None:
        self.portal = portal
        self.machine = machine
        self.producer = producer
        self.dataset = dataset
        self.database = database
        self.tenant = tenant
        self.site = site
        self.cookies: dict[UUID, str] = {}

    @property
    def page(self) -> str:
        return f"/datasets/{self.dataset}/consents"

    async def name_column(
        self, name: str = "compteur", *, is_secret: bool = True
    ) -> None:
        form = {"column": name, "secret": "1" if is_secret else ""}
        named = await self.producer.client.post(self.page, data=form)
        assert named.status_code == 303, named.text

    async def push(self, loan: Loan) -> httpx.Response:
        """Tell the node how a consent stands."""
        return await self.portal.push(self.machine, loan.grant, consent=loan.document)

    async def log_in(self, loan: Loan, login: Login | None = None) -> None:
        """Who lends logs in at the node, by the client that knows pairwise subjects; everybody is somebody else."""
        sessions = self.site.services[SUBJECT_SESSIONS]
        token = await sessions.log_in(self.tenant, login or make_subject(self.tenant))
        name = cookie_name(self.tenant.links["node"], SUBJECT_AREA.cookie)
        self.cookies[loan.id] = f"{name}={token}"

    async def open_form(self, loan: Loan, ticket: str = "") -> httpx.Response:
        """Somebody goes from their receipt to the node, where they are logged in."""
        if loan.id not in self.cookies:
            await self.log_in(loan)
        opened = await self.show_ticket(loan, ticket)
        if opened.status_code != 303:
            return opened
        return await self.machine.get(
            opened.headers["location"],
            headers={**ENGLISH, "Cookie": self.cookies[loan.id]},
        )

    async def show_ticket(self, loan: Loan, ticket: str = "") -> httpx.Response:
        """The ticket of the portal, as a browser brings it."""
        token = ticket or self.portal.token(
            self.portal.audience, loan.id, CONSENT_LINK, lifetime=120
        )
        headers = {
            "Origin": self.portal.origin,
            "Sec-Fetch-Site": "cross-site",
            **ENGLISH,
        }
        return await self.machine.post(
            f"/consents/{loan.id}/link", data={"ticket": token}, headers=headers
        )

    async def bring(self, loan: Loan, code: str) -> httpx.Response:
        """They write their number there."""
        form = await self.open_form(loan)
        assert form.status_code == 200, form.text
        return await self.send(form, code)

    async def send(
        self, form: httpx.Response, code: str, cookie: str | None = None
    ) -> httpx.Response:
        """Send a form that is open, once more or for the first time; as who opened it, or as somebody else."""
        address = re.search(r'action="(/consents/[^"]+)"', form.text)
        attempt = re.search(r'name="attempt" value="(\d+)"', form.text)
        assert address
        assert attempt
        return await self.machine.post(
            address[1].replace("&amp;", "&"),
            data={"code": code, "attempt": attempt[1]},
            headers={
                **ENGLISH,
                "Cookie": form.request.headers["cookie"] if cookie is None else cookie,
            },
        )

    async def see(self, loan: Loan) -> dict[str, str]:
        """The form under a number on the producer's page, as it stands there now."""
        page = await self.producer.client.get(self.page)
        form = re.search(
            rf'/consents/{loan.id}/reject".*?name="version" value="([^"]+)"',
            page.text,
            re.DOTALL,
        )
        assert form, page.text
        return {"version": form[1]}

    async def decide(
        self, loan: Loan, what: str, form: dict[str, str] | None = None
    ) -> httpx.Response:
        """The producer confirms a number or rejects it, as its page shows it or showed it before (`form`)."""
        sent = await self.see(loan) if form is None else form
        return await self.producer.client.post(
            f"{self.page}/{loan.id}/{what}", data=sent
        )

    async def lend(self, grant: Grant, code: str, **changes: Any) -> Loan:
        """Somebody says yes, and the node knows their number."""
        loan = self.portal.lend(grant, **changes)
        assert (await self.push(loan)).status_code == 200
        assert (await self.bring(loan, code)).status_code == 303
        return loan

    async def stop(self, loan: Loan) -> None:
        """They stop, and the node is told."""
        loan.change(state=ConsentState.WITHDRAWN)
        assert (await self.push(loan)).status_code == 200

    async def read(self, grant: Grant) -> list[str]:
        """The meters that the project is given; its refusal as `code`."""
        answer = await self.machine.get(
            f"/api/resources/{self.dataset}/data/csv/", headers=grant.headers
        )
        if answer.status_code != 200:
            return [str(answer.json()["code"])]
        lines = csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff")))
        return sorted(line["compteur"] for line in lines)

    async def rows(self, model: Any) -> list[Any]:
        async with self.database.session(self.tenant.id, role="worker") as session:
            return list((await session.scalars(select(model))).all())

    async def set_freshness(self, **later: float) -> None:
        async with self.database.session(self.tenant.id, role="worker") as session:
            values = {"consents_fresh_until": now() + timedelta(**later)}
            await session.execute(update(AgreementCursor).values(**values))
