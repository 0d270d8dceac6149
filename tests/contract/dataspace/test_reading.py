"""From the first message to the rows: a machine negotiates, is given a secret, reads at the node until people say no."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.contract.dataspace.stage import TRANSFERRED, WHY, Stage, begin_project
from tests.journeys.installation import Installation
from tests.node.producer import TABLE
from tests.portal.dataspace.connector import Elsewhere, Taken, elsewhere
from tests.visitors import enter
from udi.portal.access.agreements import actions
from udi.portal.access.models import AccessAgreement, AccessRequest
from udi.portal.access.requests import decisions
from udi.portal.dataspace.messages import CONTEXT, PATH
from udi.portal.dataspace.models import DataspaceProcess
from udi.portal.dataspace.negotiations.offers import URN

PATIENCE = 120
WITHDRAWN = 401
"""No such secret any more: a suspension withdraws it too, and what resumes has another."""
pytestmark = pytest.mark.thorough
ROW = TABLE.decode("cp1252").splitlines()[1].split(";")[0]


@dataclass
class Machine:
    """A connector of somebody else's, before the real programs."""

    portal: httpx.AsyncClient
    node: httpx.AsyncClient
    other: Elsewhere

    async def say(self, path: str, type_: str, **properties: Any) -> dict[str, Any]:
        answer = await self.portal.post(
            f"{PATH}{path}", json={"@context": [CONTEXT], "@type": type_, **properties}
        )
        assert answer.is_success, answer.text
        return dict(answer.json())

    async def hear(self, type_: str) -> Taken:
        """The last message of this kind, waited for; it is taken off what was heard."""

        async def has_arrived() -> bool:
            return type_ in self.other.types

        await until(has_arrived)
        [*_, message] = [
            candidate for candidate in self.other.taken if candidate.type == type_
        ]
        self.other.taken.clear()
        return message

    async def read(self, start: Taken) -> httpx.Response:
        """What the node answers to the secret of a start."""
        address = start.body["dataAddress"]
        properties = {
            endpoint_property["name"]: endpoint_property["value"]
            for endpoint_property in address["endpointProperties"]
        }
        headers = {"Authorization": f"Bearer {properties['authorization']}"}
        return await self.node.get(
            httpx.URL(address["endpoint"]).raw_path.decode(), headers=headers
        )

    async def is_withdrawn(self, start: Taken) -> None:
        """The node comes to know the secret of a start no more."""

        async def has_no_such_secret() -> bool:
            return (await self.read(start)).status_code == WITHDRAWN

        await until(has_no_such_secret)


async def until(seen: Callable[[], Awaitable[bool]]) -> None:
    """Wait until it is so."""
    async with asyncio.timeout(PATIENCE):
        while not await seen():  # noqa: ASYNC110 - what is awaited is in other processes
            await asyncio.sleep(0.1)


async def test_a_machine_reads_from_the_agreement_to_its_revocation(
    stage: Stage, installation: Installation
) -> None:
    leader = await enter(stage.site, stage.territory)
    with elsewhere() as other:
        _, _, secret = await begin_project(
            stage.site, stage.territory, leader, other.origin
        )
        async with (
            client(installation, 0, secret) as portal,
            client(installation, 1) as node,
        ):
            machine = Machine(portal, node, other)
            agreement = await negotiate(machine, stage)
            transfer_request = {
                "consumerPid": "urn:t",
                "agreementId": f"{URN}{agreement}",
                "format": "HttpData-PULL",
            }
            transfer = await machine.say(
                "/transfers/request",
                "TransferRequestMessage",
                **transfer_request,
                callbackAddress=other.origin,
            )
            pids = {name: transfer[name] for name in ("providerPid", "consumerPid")}
            first = await machine.hear("TransferStartMessage")
            opened = await machine.read(first)
            await change(stage, agreement, actions.suspend_agreement, WHY)
            await machine.hear("TransferSuspensionMessage")
            await machine.is_withdrawn(first)
            await change(stage, agreement, actions.resume_agreement)
            second = await machine.hear("TransferStartMessage")
            again = await machine.read(second)
            former = await machine.read(first)
            await machine.say(
                f"/transfers/{pids['providerPid']}/completion",
                "TransferCompletionMessage",
                **pids,
            )
            await machine.is_withdrawn(second)

    assert (opened.status_code, again.status_code, former.status_code) == (
        200,
        200,
        401,
    )
    assert ROW in opened.text


def client(
    installation: Installation, part: int, secret: str = ""
) -> httpx.AsyncClient:
    """A machine before the portal (0) or the node (1)."""
    host = ("demo.localhost", "node.demo.localhost")[part]
    headers = {"Host": host} | ({"Authorization": f"Bearer {secret}"} if secret else {})
    return httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{installation.settings.port(part)}",
        headers=headers,
        timeout=30,
    )


async def negotiate(machine: Machine, stage: Stage) -> UUID:
    """Ask, be granted, confirm; the agreement in force."""
    target = f"{URN}{stage.datasets[TRANSFERRED]}"
    offer = {
        "@id": f"{target}:offer:1",
        "@type": "Offer",
        "target": target,
        "permission": [{"action": "use"}],
    }
    negotiation = await machine.say(
        "/negotiations/request",
        "ContractRequestMessage",
        consumerPid="urn:n",
        offer=offer,
        callbackAddress=machine.other.origin,
    )
    pids = {name: negotiation[name] for name in ("providerPid", "consumerPid")}
    async with stage.site.database.session(stage.territory.id) as session:
        process = await session.get_one(
            DataspaceProcess, (stage.territory.id, UUID(pids["providerPid"]))
        )
        request = await session.get_one(
            AccessRequest, (stage.territory.id, process.request_id)
        )
        agreement = await decisions.grant_request(
            session,
            stage.producer,
            request,
            WHY,
            revision=1,
            agreement_signer=stage.agreement_signer,
        )
    await machine.hear("ContractAgreementMessage")
    path = f"/negotiations/{pids['providerPid']}/agreement/verification"
    await machine.say(path, "ContractAgreementVerificationMessage", **pids)
    final = await machine.hear("ContractNegotiationEventMessage")
    assert final.body["eventType"] == "FINALIZED"
    return agreement.id


async def change(stage: Stage, agreement: UUID, what: Any, *arguments: str) -> None:
    """The producer changes the agreement."""
    async with stage.site.database.session(stage.territory.id) as session:
        agreement_row = await session.get_one(
            AccessAgreement, (stage.territory.id, agreement), with_for_update=True
        )
        await what(session, stage.producer, agreement_row, *arguments)
