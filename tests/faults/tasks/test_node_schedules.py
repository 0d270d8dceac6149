"""Scheduled tasks of a node, each with something that is due: workers killed in the middle of them."""

import json
import os
import uuid
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text, update

from tests.faults.outside import Outside
from tests.faults.tasks.conftest import CheckKills
from tests.node.conftest import (
    distant,
    manager,
    portal,
    producer,
    publisher,
    services,
    space,
)
from tests.node.counterpart import PortalDouble
from tests.node.distant import Distant
from tests.node.producer import SLUG, TABLE, Producer
from tests.node.subject_requests.agents import Agent
from tests.node.subject_requests.askers import Asker
from tests.node.subject_requests.conftest import agent, asker, signer
from tests.node.subject_requests.test_walk import put
from tests.node.test_figures import mark_published, move_to_yesterday, use
from udi.kit.clock import now, today
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.node.agreements.models import AgreementUse
from udi.node.datasets.models import Dataset, Version
from udi.node.datasets.renewal.models import DatasetSource
from udi.node.files.models import SpaceArchive
from udi.node.identity.models import WebSession
from udi.node.spaces.clients import ClientKind
from udi.node.spaces.models import Sealing, Space
from udi.node.subject_requests.models import (
    Lender,
    RecipientNotice,
    SubjectPerson,
    SubjectSession,
)
from udi.protocol.consent_withdrawals import PATH as WITHDRAWALS
from udi.protocol.inbox import PATH as INBOX
from udi.protocol.recipient_notices import PATH as NOTICES
from udi.protocol.subject_request_reports import PATH as REPORTS
from udi.settings import Settings

__all__ = [
    "agent",
    "asker",
    "distant",
    "manager",
    "portal",
    "producer",
    "publisher",
    "services",
    "signer",
    "space",
]
IN_CLEAR = text("UPDATE app.subject_request SET words = :words")
"""As a release wrote it that did not seal this column yet."""
OTHER = TABLE + b"Amicale;Kerl\xe9van;01/02/2003\n"
ACCOUNTS = "/kalim/v1/accounts"


def answer_all(portal: PortalDouble, outside: Outside) -> None:
    """Have the portal take whatever a node tells it, and what it is told be seen beside what others are."""
    answer = portal.answer

    def take(
        method: str, path: str, body: bytes, headers: dict[str, str]
    ) -> tuple[int, Any]:
        if not path.startswith("/kalim"):
            return answer(method, path, body, headers)
        outside.calls.append(f"{method} {path} {body.decode()}")
        reported = json.loads(body) if body else {}
        answers: dict[str, Any] = {
            INBOX: {"people": []},
            ACCOUNTS: {"accounts": [], "confirmed_at": None},
            REPORTS: {
                "requests": {
                    row["id"]: "accepted" for row in reported.get("requests", ())
                }
            },
            NOTICES: {
                "notices": {row["id"]: "waiting" for row in reported.get("notices", ())}
            },
            WITHDRAWALS: {
                "consents": dict.fromkeys(reported.get("consents", ()), "withdrawn")
            },
        }
        return 200, answers.get(path, str(uuid.uuid4()))

    portal.answer = take  # type: ignore[method-assign]  # its keys and tokens are as before


@pytest.mark.programs
@pytest.mark.thorough
async def test_schedules_of_files_do_what_is_due_once_whenever_a_worker_dies(
    check_kills: CheckKills,
    producer: Producer,
    manager: httpx.AsyncClient,
    portal: PortalDouble,
    distant: Distant,
    space: Space,
    node_database: Database,
    demo: Territory,
    outside: Outside,
    settings: Settings,
) -> None:
    distant.content = OTHER
    dataset = await producer.publish(frequency="monthly")
    await mark_published(node_database, demo, dataset)
    form = {"address": f"{distant.origin}/b.csv", "frequency": "daily"}
    renewed = await producer.client.post(f"/datasets/{dataset}/source", data=form)
    assert renewed.status_code == 303, renewed.text
    await use(node_database, demo, space, dataset, ClientKind.PEOPLE, count=2)
    await move_to_yesterday(node_database, demo)
    switched = await manager.post(
        f"/spaces/{SLUG}/figures/publication", data={"on": "1"}
    )
    assert switched.status_code == 303, switched.text
    await let_weeks_pass(node_database, demo)
    objects = Path(settings.object_store_url) / str(demo.id) / str(space.id)
    leave_an_orphan(objects / dataset)
    await leave_an_archive(node_database, demo, space, objects)
    answer_all(portal, outside)
    await check_kills(
        "node",
        {
            "compare_accounts",
            "delete_expired_archives",
            "delete_expired_sessions",
            "exchange_inbox",
            "queue_reminders",
            "queue_source_checks",
            "renew_figures",
            "sweep_objects",
            "tell_uses",
        },
    )


async def let_weeks_pass(database: Database, territory: Territory) -> None:
    """Have the next version be late, and sessions be over."""
    async with database.session(territory.id, role="worker") as session:
        published = now() - timedelta(days=35)
        await session.execute(update(Version).values(published_at=published))
        past = now() - timedelta(hours=1)
        await session.execute(update(WebSession).values(expires_at=past))
        await session.execute(update(DatasetSource).values(due_at=past))


def leave_an_orphan(folder: Path) -> None:
    """An object of days ago that no row names."""
    orphan = folder / str(uuid.uuid4())
    orphan.write_bytes(TABLE)
    days_ago = (now() - timedelta(days=3)).timestamp()
    os.utime(orphan, (days_ago, days_ago))


async def leave_an_archive(
    database: Database, territory: Territory, space: Space, objects: Path
) -> None:
    """An archive whose days are over."""
    past = now() - timedelta(hours=1)
    async with database.session(territory.id, role="worker") as session:
        archive = SpaceArchive(
            space_id=space.id,
            name="a.zip",
            state="ready",
            ready_at=past,
            expires_at=past,
        )
        session.add(archive)
        await session.flush()
        path = objects.parents[1] / archive.key
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"PK")


@pytest.fixture
async def requests(asker: Asker) -> tuple[str, str]:
    """Two that were written before the portal of the test took its place: it signs no tickets."""
    return await asker.ask(), await asker.ask()


@pytest.mark.programs
@pytest.mark.thorough
async def test_schedules_of_requests_do_what_is_due_once_whenever_a_worker_dies(
    check_kills: CheckKills,
    requests: tuple[str, str],
    agent: Agent,
    portal: PortalDouble,
    space: Space,
    node_database: Database,
    demo: Territory,
    outside: Outside,
) -> None:
    day = today(demo.zone)
    soon, late = requests
    await put(node_database, demo, soon, due_on=day + timedelta(days=1))
    await put(node_database, demo, late, due_on=day - timedelta(days=1))
    await change_requests(node_database, demo, space, uuid.UUID(soon), day)
    answer_all(portal, outside)
    await check_kills(
        "node",
        {
            "advance_subject_requests",
            "delete_expired_readings",
            "delete_old_uses",
            "queue_request_reminders",
            "report_consent_withdrawals",
            "report_recipient_notices",
            "report_subject_requests",
            "report_uses",
            "reseal_columns",
        },
    )


async def change_requests(
    database: Database,
    territory: Territory,
    space: Space,
    request_id: uuid.UUID,
    day: date,
) -> None:
    """Have something be there that the portal is to be told, and something whose time is over."""
    moment = now()
    async with database.session(territory.id, role="worker") as session:
        await session.execute(IN_CLEAR, {"words": "Merci beaucoup"})
        past = moment - timedelta(hours=1)
        await session.execute(update(SubjectSession).values(expires_at=past))
        subject = SubjectPerson(
            issuer="https://id.example",
            subject="x",
            name="",
            email="",
            locale="",
            last_login_at=moment,
        )
        session.add(subject)
        await session.flush()
        session.add(
            Lender(
                subject_id=subject.id,
                dataset_id=uuid.uuid4(),
                attempted_at=moment,
                stopped_at=moment,
            )
        )
        session.add(
            RecipientNotice(
                space_id=space.id,
                request_id=request_id,
                agreement_id=uuid.uuid4(),
                dataset_id=uuid.uuid4(),
                version=1,
                change="corrected",
                noticed_on=day,
                state="",
                report_after=past,
            )
        )
        session.add_all(make_use(moment - timedelta(days=age)) for age in (1, 500))


def make_use(moment: datetime) -> AgreementUse:
    """A project read at this moment."""
    return AgreementUse(
        agreement_id=uuid.uuid4(),
        dataset_id=uuid.uuid4(),
        credential_id=uuid.uuid4(),
        kind="file",
        happened_at=moment,
    )


@pytest.mark.programs
@pytest.mark.thorough
async def test_schedules_of_spaces_do_what_is_due_once_whenever_a_worker_dies(
    check_kills: CheckKills,
    producer: Producer,
    space: Space,
    node_database: Database,
    demo: Territory,
) -> None:
    dataset = await producer.publish()
    async with node_database.session(demo.id, role="worker") as session:
        await session.execute(update(Space).values(sealing=Sealing.NEW))
        row = await session.get_one(Dataset, (demo.id, uuid.UUID(dataset)))
        row.default_view = "q=Kerlévan&view=cards"
    await check_kills("node", {"forget_sealed_cells", "take_storage_snapshots"})
