"""One of each thing that other domains add to the API: what the names in its paths are, for the tests of its document."""

from datetime import timedelta
from uuid import UUID, uuid4

from litestar import Litestar
from sqlalchemy import select, update

from tests.portal.access.policies import POLICY
from tests.portal.catalogue.corpus import Catalogue
from tests.visitors import browse, make_person
from udi.kit.clock import now
from udi.portal.access.models import PublicAgreement
from udi.portal.catalogue.models import Dataset
from udi.portal.organisations.models import Organisation

OPEN_FORM = {
    "requesters": ["person"],
    "general_interest": "",
    "label_1_fr": "",
    "label_1_en": "",
    "label_2_fr": "",
}
TERMS = POLICY | OPEN_FORM | {"label_3_fr": "", "revision": "0"}
REQUEST_FORM = {
    "title": "Ombrer", "summary": "Dix rues.", "purpose": "research", "words": "Repérer les rues.", "months": "6",
    "columns": ["îlot"],
}  # fmt: skip


async def report(app: Litestar, filled: Catalogue, dataset: object) -> str:
    """The identifier of a reuse of a dataset that somebody reported."""
    async with browse(app, filled.territory, make_person(filled.territory)) as someone:
        form = {
            "title": "Nos arbres",
            "url": "https://arbres.example/",
            "dataset": str(dataset),
        }
        answer = await someone.post("/projects/report", data=form)
    return str(answer.headers["location"]).rpartition("/")[2]


async def agree(filled: Catalogue, dataset: object) -> str:
    """The identifier of an agreement on a dataset, as everybody may know it."""
    moment = now()
    row = PublicAgreement(
        id=uuid4(), dataset_id=UUID(str(dataset)), dataset_title="Relevés", organisation_slug="armor",
        organisation_name="Armorine", project_id=None, project_title="", purpose="research", starts_at=moment,
        ends_at=moment, state="active", changed_at=moment,
    )  # fmt: skip
    async with filled.database.session(filled.territory.id, role="worker") as session:
        session.add(row)
    return str(row.id)


async def find_organisation(filled: Catalogue) -> str:
    """The identifier of the producer."""
    async with filled.database.session(filled.territory.id, role="worker") as session:
        query = select(Organisation.id).where(Organisation.slug == "armor")
        return str(await session.scalar(query))


async def call(app: Litestar, filled: Catalogue) -> str:
    """The identifier of an open call for projects of the territory's team."""
    days = {
        name: (now() + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M")
        for name, days in CLOSES.items()
    }
    form = {
        "title": "Rafraîchir",
        "summary": "Où planter.",
        "words": "Une carte.",
        "criteria": "Utilité, 40",
        **days,
    }
    async with browse(
        app, filled.territory, make_person(filled.territory, moderator=True)
    ) as team:
        home = str((await team.post("/calls/new", data=form)).headers["location"])
        assert (await team.post(f"{home}/open")).status_code == 303
    return home.split("/")[2]


CLOSES = {"closes_at": 10, "results_at": 30}


async def need(app: Litestar, filled: Catalogue) -> str:
    """The identifier of a request for data."""
    form = {
        "title": "Ombres portées",
        "words": "Savoir où planter.",
        "theme": "",
        "seen": "1",
    }
    async with browse(app, filled.territory, make_person(filled.territory)) as someone:
        return str(
            (await someone.post("/data-requests/new", data=form)).headers["location"]
        ).rpartition("/")[2]


async def find_fault(app: Litestar, filled: Catalogue, dataset: object) -> str:
    """The identifier of a report of a fault that Armor's people answer."""
    async with browse(
        app,
        filled.territory,
        make_person(filled.territory, memberships={"armor": ["managers"]}),
    ) as someone:
        form = {"kind": "outdated", "words": "De 2019."}
        answer = await someone.post(f"/data/{dataset}/fault-reports/new", data=form)
    return str(answer.headers["location"]).rpartition("/")[2]


async def restrict(
    app: Litestar, filled: Catalogue, dataset: object
) -> tuple[str, str]:
    """The identifiers of a dataset of Armor's that opens under terms, and of a request for it."""
    async with filled.database.session(filled.territory.id, role="worker") as session:
        await session.execute(
            update(Dataset)
            .where(Dataset.id == UUID(str(dataset)))
            .values(access="restricted")
        )
    publisher = make_person(filled.territory, memberships={"armor": ["publishers"]})
    async with (
        browse(app, filled.territory, publisher) as producer,
        browse(app, filled.territory, make_person(filled.territory)) as someone,
    ):
        policy = await producer.post(f"/data/{dataset}/access-policy/edit", data=TERMS)
        assert policy.status_code == 303, policy.text
        response = await someone.post(
            f"/data/{dataset}/access-requests/new", data=REQUEST_FORM
        )
        assert response.status_code == 303, response.text
    return str(dataset), str(response.headers["location"]).rpartition("/")[2]


async def make_all(
    app: Litestar, filled: Catalogue, dataset: object, restricted: object
) -> dict[str, str]:
    """By name in the paths of the document."""
    restricted_id, request = await restrict(app, filled, restricted)
    return {
        "project_id": await report(app, filled, dataset), "agreement_id": await agree(filled, dataset),
        "call_id": await call(app, filled), "data_request_id": await need(app, filled), "restricted_id": restricted_id,
        "access_request_id": request, "fault_report_id": await find_fault(app, filled, restricted_id), "organisation_id": await find_organisation(filled),
    }  # fmt: skip
