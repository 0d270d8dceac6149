"""A project that speaks with somebody else's connector about a restricted dataset."""

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import text

from tests.portal.access.conftest import Workspace, workspace
from tests.portal.dataspace.connector import Elsewhere, elsewhere
from tests.service_overrides import ServiceOverrides
from tests.visitors import enter, make_person
from udi.kit.http import OutgoingClient
from udi.kit.identity import Actor
from udi.kit.jobs import Job
from udi.kit.oidc import Login
from udi.portal.access.agreements.revisions import FOLLOW
from udi.portal.access.models import AccessAgreement, AccessRequest
from udi.portal.dataspace import outbox
from udi.portal.dataspace.connectors import ConnectorInput, add_connector
from udi.portal.dataspace.messages import CONTEXT, OUTGOING, PATH
from udi.portal.dataspace.models import Connector, DataspaceProcess
from udi.portal.dataspace.negotiations.offers import URN
from udi.portal.dataspace.outbox import send_messages
from udi.portal.dataspace.processes import GO_ON, SEND
from udi.portal.dataspace.tasks import advance_process, sync_with_decisions
from udi.portal.projects.actions.describe import ProjectInput as Project_
from udi.portal.projects.actions.describe import create_project
from udi.portal.projects.models import Project
from udi.protocol.policy import Requester
from udi.protocol.terms import Purpose

__all__ = ["workspace"]
HANDLERS = {SEND: send_messages, GO_ON: advance_process, FOLLOW: sync_with_decisions}
QUEUED = text("""
DELETE FROM queue.pgqueuer WHERE id = (
  SELECT min(id) FROM queue.pgqueuer WHERE entrypoint = ANY(:names)
    AND convert_from(payload, 'UTF8')::jsonb ->> 'tenant' = :tenant)
RETURNING entrypoint, convert_from(payload, 'UTF8')""")


@dataclass
class Talk:
    """A project with a connector, who leads it, and what both sides say."""

    workspace: Workspace
    other: Elsewhere
    login: Login
    leader: Actor
    project: Project
    connector: Connector
    secret: str
    client: httpx.AsyncClient

    async def post(
        self, path: str, body: dict[str, Any], *, secret: str | None = None
    ) -> httpx.Response:
        """A message of the connector's, with its secret unless another is given (empty: none)."""
        token = self.secret if secret is None else secret
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return await self.client.post(
            f"{PATH}{path}", json={"@context": [CONTEXT], **body}, headers=headers
        )

    async def get(self, path: str) -> httpx.Response:
        return await self.client.get(
            f"{PATH}{path}", headers={"Authorization": f"Bearer {self.secret}"}
        )

    def request_message(self, **changed: Any) -> dict[str, Any]:
        """The message that asks for the dataset as its offer says."""
        target = f"{URN}{self.workspace.dataset}"
        offer = {
            "@id": f"{target}:offer:1",
            "@type": "Offer",
            "target": target,
            "permission": [{"action": "use"}],
        }
        message = {
            "@type": "ContractRequestMessage",
            "consumerPid": f"{URN}{uuid4()}",
            "callbackAddress": self.other.origin,
        }
        return message | {"offer": offer} | changed

    async def ask(self, **changed: Any) -> DataspaceProcess:
        """Ask, and be heard."""
        answer = await self.post(
            "/negotiations/request", self.request_message(**changed)
        )
        assert answer.status_code == 201, answer.text
        return await self.process(answer.json()["providerPid"])

    async def say(
        self, process: DataspaceProcess, path: str, type_: str, **more: Any
    ) -> httpx.Response:
        """A message of the other side about a process."""
        ours, theirs = (
            ("providerPid", "consumerPid")
            if process.side == "provider"
            else ("consumerPid", "providerPid")
        )
        pids = {ours: str(process.id), theirs: process.their_pid}
        return await self.post(
            f"/{process.kind}s/{process.id}/{path}", {"@type": type_, **pids, **more}
        )

    async def process(self, pid: object) -> DataspaceProcess:
        [process] = [
            row
            for row in await self.workspace.rows(DataspaceProcess)
            if str(row.id) == str(pid)
        ]
        assert isinstance(process, DataspaceProcess)
        return process

    async def state(self, process: DataspaceProcess) -> str:
        return (await self.process(process.id)).state

    async def decide(self, process: DataspaceProcess, event: str, **more: str) -> None:
        """The producer decides on the page of the request."""
        answer = await self.workspace.decide(
            f"/access-requests/{process.request_id}", event, **more
        )
        assert answer.status_code == 303, answer.text

    async def change(self, agreement: UUID | None, event: str) -> None:
        """The producer changes the agreement on its page."""
        data = {"words": "La mesure a changé.", "days": "30"}
        answer = await self.workspace.producer.post(
            f"/agreements/{agreement}/{event}", data=data
        )
        assert answer.status_code == 303, answer.text

    async def agree(self) -> DataspaceProcess:
        """Negotiate until the agreement is in force."""
        process = await self.ask()
        await self.decide(process, "grant")
        await self.work()
        answer = await self.say(
            process, "agreement/verification", "ContractAgreementVerificationMessage"
        )
        assert answer.status_code == 200, answer.text
        await self.work()
        final_process = await self.process(process.id)
        assert final_process.state == "FINALIZED"
        return final_process

    async def transfer(self, agreement: UUID | None) -> DataspaceProcess:
        """Ask for the data of an agreement; they are given."""
        message = {
            "@type": "TransferRequestMessage", "consumerPid": f"{URN}{uuid4()}", "agreementId": f"{URN}{agreement}",
            "format": "HttpData-PULL", "callbackAddress": self.other.origin,
        }  # fmt: skip
        answer = await self.post("/transfers/request", message)
        assert answer.status_code == 201, answer.text
        await self.work()
        return await self.process(answer.json()["providerPid"])

    async def work(self) -> None:
        """Do the jobs of data spaces that wait, in their order, until none does."""
        while (job := await self._take_job()) is not None:
            await HANDLERS[job.name](self.workspace.site, job)

    async def _take_job(self) -> Job | None:
        names = list(HANDLERS)
        tenant = self.workspace.territory.id
        async with self.workspace.site.database.platform_session(
            role="worker"
        ) as session:
            row = (
                await session.execute(QUEUED, {"names": names, "tenant": str(tenant)})
            ).first()
        if row is None:
            return None
        payload = json.loads(row[1])
        payload.pop("tenant")
        return Job(row[0], tenant, payload, 0, last=False)

    async def request(self, process: DataspaceProcess) -> AccessRequest:
        [request] = [
            row
            for row in await self.workspace.rows(AccessRequest)
            if row.id == process.request_id
        ]
        assert isinstance(request, AccessRequest)
        return request

    async def agreement(self, process: DataspaceProcess) -> AccessAgreement:
        id_ = (await self.process(process.id)).agreement_id
        [agreement] = [
            row for row in await self.workspace.rows(AccessAgreement) if row.id == id_
        ]
        assert isinstance(agreement, AccessAgreement)
        return agreement


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages leave at once: the other side of a test has noted its answer once it gave it."""
    monkeypatch.setattr(outbox, "PAUSE", 0)


@pytest.fixture
def other_side() -> Iterator[Elsewhere]:
    with elsewhere() as server:
        yield server


@pytest.fixture
async def open_addresses(workspace: Workspace) -> AsyncIterator[None]:
    """Connectors on this machine may be spoken with, as the operator's setting says."""
    before = workspace.site.services[OUTGOING]
    opened = OutgoingClient(["127.0.0.1:*"])
    ServiceOverrides(workspace.site.services)[OUTGOING] = opened
    yield
    ServiceOverrides(workspace.site.services)[OUTGOING] = before
    await opened.close()


@pytest.fixture
async def talk(
    workspace: Workspace,
    portal_app: Litestar,
    other_side: Elsewhere,
    open_addresses: None,
) -> AsyncIterator[Talk]:
    await workspace.set_policy()
    login = make_person(workspace.territory, memberships={"goeland": ["publishers"]})
    leader, project, connector, secret = await begin(
        workspace, other_side.origin, login
    )
    async with client_of(workspace, portal_app) as client:
        yield Talk(
            workspace, other_side, login, leader, project, connector, secret, client
        )


def client_of(workspace: Workspace, app: Litestar) -> httpx.AsyncClient:
    """A machine before the portal of the territory."""
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app),
        base_url=f"http://{workspace.territory.hosts[0]}",
    )


async def begin(
    workspace: Workspace, address: str, login: Login | None = None
) -> tuple[Actor, Project, Connector, str]:
    """Somebody leads a project and adds a connector to it; its secret."""
    leader = await enter(
        workspace.site,
        workspace.territory,
        memberships={"goeland": ["publishers"]},
        login=login,
    )
    async with workspace.site.database.session(
        workspace.territory.id, person=leader.person_id
    ) as session:
        project_input = Project_(
            title="Rafraîchir la ville",
            summary="Dix rues.",
            purpose=Purpose.RESEARCH,
            organisation="goeland",
            requester=Requester.RESEARCH,
        )
        project = await create_project(session, leader, project_input, language="fr")
        machine = ConnectorInput(
            name="Le laboratoire", participant="urn:laboratoire", address=address, token="montre-moi",
            purpose=Purpose.RESEARCH, words="Repérer les îlots chauds.", interest="Moins de morts.",
        )  # fmt: skip
        connector, secret = await add_connector(
            session, leader, project, machine, plain=True
        )
    return leader, project, connector, secret
