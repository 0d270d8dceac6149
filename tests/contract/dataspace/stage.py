"""What the kit finds: restricted datasets with terms, a project with its connector, agreements; made as people and nodes make them."""

import asyncio
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import func, select

from tests.contract.dataspace.cases import (
    CONSUMER_NEGOTIATIONS,
    CONSUMER_TRANSFERS,
    PROVIDER_NEGOTIATIONS,
    PROVIDER_TRANSFERS,
)
from tests.contract.node import RESOURCES, make_record
from tests.journeys.installation import ROOT, Installation
from tests.node.producer import SLUG as PRODUCER
from tests.node.producer import Producer
from tests.visitors import BROWSER, enter, make_person
from udi.kit.identity import PUBLISHERS, Actor
from udi.kit.sessions import SESSIONS
from udi.kit.tenancy import Territory
from udi.node import site as node_parts
from udi.portal.access.agreements.creation import AgreementSigner, signer_of
from udi.portal.access.policies.actions import set_policy
from udi.portal.access.policies.queries import get_dataset_for_producer, get_policy
from udi.portal.access.requests.decisions import grant_request
from udi.portal.access.requests.requester_actions import (
    AccessRequestInput,
    submit_request,
)
from udi.portal.catalogue.models import Dataset
from udi.portal.dataspace.connectors import ConnectorInput as Machine
from udi.portal.dataspace.connectors import add_connector
from udi.portal.dataspace.messages import PULL
from udi.portal.dataspace.models import Connector
from udi.portal.dataspace.negotiations.offers import URN
from udi.portal.projects.actions.describe import ProjectInput, create_project
from udi.portal.projects.models import Project
from udi.portal.tenants.files import read_folder
from udi.protocol.policy import Policy, Requester
from udi.protocol.terms import Purpose, Terms
from udi.settings import HOSTED
from udi.ui.login import cookie_name
from udi.ui.site import Site

TRANSFERRED = "transferred"
"""The dataset of every agreement, whose file is at the hosted node; of the others there is a description alone."""
PATIENCE = 120
LOCAL_IDS = {"cn_01_02": "ACN0102"}
"""The kit has this name of a dataset written in it: the dataset of that case has it from its producer."""
ABSENT = f"{URN}00000000-0000-4000-8000-000000000000"
WHY = "Repérer les îlots où la consommation grimpe pendant les canicules."
TERMS = Terms(purposes=(Purpose.RESEARCH,), months=12)


@dataclass(frozen=True)
class Stage:
    """A territory of a running installation in which a project speaks with the kit."""

    site: Site
    territory: Territory
    producer: Actor
    leader: Actor
    project: Project
    connector: Connector
    secret: str
    datasets: dict[str, UUID]
    """By case of the kit."""
    agreements: dict[str, UUID]

    @property
    def agreement_signer(self) -> AgreementSigner:
        return signer_of(self.site, self.territory)

    def properties(self) -> dict[str, str]:
        """What the kit is told of each case, by the kit's names; a consumer's datasets are ours to name."""
        properties = {
            "CAT_01_01_DATASETID": self._urn("cat_01_01"),
            "CAT_01_02_DATASETID": self._urn("cat_01_02"),
            "CAT_01_03_DATASETID": ABSENT,
        }
        for case in PROVIDER_NEGOTIATIONS:
            properties[f"{case.upper()}_DATASETID"] = self._urn(case)
            properties[f"{case.upper()}_OFFERID"] = f"{self._urn(case)}:offer:1"
        for case in CONSUMER_NEGOTIATIONS:
            properties[f"{case.upper()}_DATASETID"] = name_of(case)
        agreements = {
            case: f"{URN}{agreement}" for case, agreement in self.agreements.items()
        }
        for case, agreement in {
            **agreements,
            **{case: name_of(case) for case in CONSUMER_TRANSFERS},
        }.items():
            properties |= {
                f"{case.upper()}_AGREEMENTID": agreement,
                f"{case.upper()}_FORMAT": PULL,
            }
        return properties

    def _urn(self, case: str) -> str:
        return f"{URN}{self.datasets[case]}"


def name_of(case: str) -> str:
    """How the kit names its own dataset or agreement of a case: `ACNC0101`, `ATPC0203`."""
    return f"A{case.replace('_', '').upper()}"


async def set_stage(site: Site, installation: Installation, callback: str) -> Stage:
    """Make everything, for a kit that answers at `callback`."""
    territory = await site.registry.by_slug("demo")
    assert territory is not None
    datasets = await push(installation) | {TRANSFERRED: await publish(installation)}
    await appear(site, territory, datasets)
    producer = await enter(site, territory, memberships={PRODUCER: [PUBLISHERS]})
    leader = await enter(site, territory)
    for dataset in datasets.values():
        await set_terms(site, territory, producer, dataset)
    project, connector, secret = await begin_project(site, territory, leader, callback)
    stage = Stage(
        site, territory, producer, leader, project, connector, secret, datasets, {}
    )
    for case in PROVIDER_TRANSFERS:
        stage.agreements[case] = await agree(stage, datasets[TRANSFERRED])
    return stage


async def begin_project(
    site: Site, territory: Territory, leader: Actor, callback: str
) -> tuple[Project, Connector, str]:
    """Somebody begins a project and adds a connector to it; its secret."""
    async with site.database.session(territory.id, person=leader.person_id) as session:
        project_input = ProjectInput(
            title="Rafraîchir la ville",
            summary="Choisir dix rues à ombrager.",
            purpose=Purpose.RESEARCH,
        )
        project = await create_project(session, leader, project_input, language="fr")
        machine = Machine(
            name="Le connecteur du laboratoire", participant="TCK_PARTICIPANT", address=callback, purpose=Purpose.RESEARCH,
            words=WHY,
        )  # fmt: skip
        connector, secret = await add_connector(
            session, leader, project, machine, plain=True
        )
    return project, connector, secret


async def push(installation: Installation) -> dict[str, UUID]:
    """The hosted node publishes restricted datasets, with its credential; their identifiers, by case."""
    names = ["cat_01_01", "cat_01_02", *PROVIDER_NEGOTIATIONS]
    folder = read_folder(ROOT / "tenants/demo")
    [producer] = [part for part in folder.file.organisation if part.slug == PRODUCER]
    auth = (f"demo-node-{HOSTED}", installation.settings.secret("node_credential_demo"))
    base = f"http://127.0.0.1:{installation.settings.port(0)}"
    async with httpx.AsyncClient(
        base_url=base, headers={"Host": "demo.localhost"}, timeout=30
    ) as client:
        granted = await client.post(
            "/oauth2/token", data={"grant_type": "client_credentials"}, auth=auth
        )
        client.headers["Authorization"] = f"Bearer {granted.json()['access_token']}"
        records = [restricted(folder.organisation_id(producer), name) for name in names]
        for record in records:
            pushed = await client.post(RESOURCES, json=record)
            assert pushed.status_code == httpx.codes.OK, pushed.text
    return {
        name: UUID(record["global_id"])
        for name, record in zip(names, records, strict=True)
    }


async def publish(installation: Installation) -> UUID:
    """A producer publishes a table at the hosted node, restricted."""
    site = node_parts.build_site(installation.settings)
    origin = installation.node()
    territory = await site.registry.by_slug("demo")
    assert territory is not None
    person = make_person(territory, memberships={PRODUCER: [PUBLISHERS]})
    cookies = {
        cookie_name(origin): await site.services[SESSIONS].log_in(territory, person)
    }
    base = f"http://127.0.0.1:{installation.settings.port(1)}"
    headers = BROWSER | {"Host": "node.demo.localhost"}
    async with httpx.AsyncClient(
        base_url=base, headers=headers, cookies=cookies, timeout=60
    ) as client:
        dataset_id = await Producer(client).publish(access="restricted")
    await site.database.close()
    return UUID(dataset_id)


async def appear(site: Site, territory: Territory, datasets: dict[str, UUID]) -> None:
    """Wait until the portal knows them all."""
    async with asyncio.timeout(PATIENCE):
        dataset_count = 0
        while dataset_count < len(datasets):
            async with site.database.session(territory.id) as session:
                query = (
                    select(func.count())
                    .select_from(Dataset)
                    .where(Dataset.id.in_(datasets.values()))
                )
                dataset_count = await session.scalar(query) or 0
            await asyncio.sleep(0.1)


def restricted(organisation: UUID, case: str) -> dict[str, Any]:
    """The description of a restricted dataset."""
    record = make_record(organisation, resource_title=f"Consommation par îlot, {case}")
    record["access_condition"]["confidentiality"]["restricted_access"] = True
    return record | ({"local_id": LOCAL_IDS[case]} if case in LOCAL_IDS else {})


async def set_terms(
    site: Site, territory: Territory, producer: Actor, dataset: UUID
) -> None:
    """The producer says who may ask for a dataset, and under which terms."""
    policy = Policy(requesters=tuple(Requester), terms=TERMS)
    async with site.database.session(territory.id) as session:
        row = await set_policy(
            session,
            producer,
            await get_dataset_for_producer(session, producer, dataset),
            policy,
            revision=0,
        )
        assert row.revision == 1


async def agree(stage: Stage, dataset: UUID) -> UUID:
    """The project asks for a dataset on its pages, and the producer grants it; the agreement."""
    async with stage.site.database.session(
        stage.territory.id, person=stage.leader.person_id
    ) as session:
        dataset_row = await get_dataset_for_producer(session, stage.producer, dataset)
        request = await submit_request(
            session, stage.leader, dataset_row, stage.project, AccessRequestInput(purpose=Purpose.RESEARCH, words=WHY, months="12"),
            policy=await get_policy(session, dataset_row), territory=stage.territory, language="fr",
        )  # fmt: skip
        agreement = await grant_request(
            session,
            stage.producer,
            request,
            WHY,
            revision=1,
            agreement_signer=stage.agreement_signer,
        )
    return agreement.id
