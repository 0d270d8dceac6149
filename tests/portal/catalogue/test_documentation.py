"""The API's document says what the API does: each operation, parameter and field, in both languages."""

import json
import re
import uuid
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from litestar import Litestar

from tests.portal.catalogue.beyond import make_all
from tests.portal.catalogue.corpus import Catalogue
from tests.rules.test_routes import addresses
from tests.ui.tab import Tab
from tests.visitors import browse, make_person
from udi.kit.clock import now
from udi.kit.identity import Actor
from udi.kit.tenancy import Territory
from udi.portal.catalogue.services.models import CatalogueService
from udi.portal.nodes.harvest import kinds, source_kinds
from udi.portal.nodes.sources.actions import register_source
from udi.portal.nodes.sources.models import RecordOutcome, SourceRecord, SourceRun
from udi.portal.nodes.sources.run_log import RecordLogEntry, log_faults, log_records
from udi.portal.organisations.queries import get_producer
from udi.ui.openapi.document import ADDRESS
from udi.ui.rate_limits import API_RATES, ApiRateLimiters

BASE = "/api/v1"
Document = dict[str, Any]
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
SCOPES = ("profile", "following", "sources", "projects", "calls", "access", "reading")
RESTRICTED = 7
NOBODY = "6d4a3b1c-2f58-4c0e-9a44-0e5f6a7b8c9d"
"""A line of the corpus, of Armor's; and what nothing is called."""
POOR = (
    "projects/mine",
    "me",
    "following",
    "following/rhythm",
    "data-requests/mine",
    "fault-reports",
    "access-requests",
    "agreements/mine",
    "suggestions",
    "calls/mine",
)
"""What a token without rights does not read."""
OF_OTHERS = (
    f"{BASE}/access-requests/{{access_request_id}}/documents/{{document_id}}",
    f"{BASE}/agreements/{{agreement_id}}/reading-key",
    f"{BASE}/agreements/{{agreement_id}}/signed",
    f"{BASE}/calls/{{call_id}}/progress",
    f"{BASE}/calls/{{call_id}}/submissions/{{submission_id}}",
    f"{BASE}/calls/{{call_id}}/text",
)
"""What the token of the tests does not read: it is for the sides of an agreement, the organiser of a call or its jury."""
NO_ROWS = {"document_id": NOBODY, "submission_id": NOBODY}
"""What the territory of the tests has none of."""
LED = ("connectors", "credentials", "key")
"""What whoever leads a project reads below it."""
MATCHES = f"{BASE}/sources/matches"
"""What the territory's team reads."""
DRAFT = f"{BASE}/access-requests/draft"
QUERIES = {DRAFT: "?dataset={restricted_id}"}
"""What an operation cannot do without."""
NODES = f"{BASE}/resources"
"""What nodes push to, whose contract is RUDI's."""

CLOSED: list[Document] = []
"""The document that was looked at last, and its schemas."""


@pytest.fixture
async def document(filled: Catalogue, portal_app: Litestar) -> Document:
    async with browse(portal_app, filled.territory) as program:
        answer = await program.get(ADDRESS, headers={"Accept-Language": "en"})
    assert answer.headers["access-control-allow-origin"] == "*"
    specification: Document = answer.json()
    return specification


@pytest.fixture
async def source(filled: Catalogue) -> dict[str, str]:
    """A source of Armor's that was read once: what the names in its paths are."""
    async with filled.database.session(filled.territory.id) as session:
        producer = await get_producer(session, "armor")
        team = Actor(
            uuid.uuid4(),
            "Compte de test",
            "team@people.example",
            filled.territory.slug,
            moderator=True,
        )
        stored_source = await register_source(
            session,
            team,
            producer,
            address="data.example.org",
            rhythm="by_hand",
            language="fr",
        )
        run = SourceRun(
            source_id=stored_source.id,
            started_at=now(),
            ended_at=now(),
            outcome="complete",
            total=1,
            refused=1,
        )
        record = SourceRecord(
            source_id=stored_source.id, id=uuid.uuid4(), identifier="c3", digest="", first_read_at=now(), changed_at=now(),
            original_type="application/json", original=b"{}",
        )  # fmt: skip
        service = CatalogueService(
            id=uuid.uuid4(), source_id=stored_source.id, organisation_id=producer.id, identifier="wms", title="Cartes",
            titles={"fr": "Cartes"}, endpoint="https://data.example.org/wms", format="WMS", description={}, digest="",
            first_read_at=now(), changed_at=now(),
        )  # fmt: skip
        session.add_all([run, record, service])
        await session.flush()
        fault = kinds.TITLE_MISSING.at("title")
        await log_records(
            session,
            run,
            [RecordLogEntry(RecordOutcome.REFUSED, "c3", "", record.id, [fault])],
        )
        await log_faults(session, run, [source_kinds.INTERNAL_ERROR.at("")])
    return {
        "source_id": str(stored_source.id),
        "reading_id": str(run.id),
        "record_id": str(record.id),
        "service_id": str(service.id),
    }


async def token_of(
    app: Litestar, territory: Territory, *, scopes: Sequence[str] = SCOPES
) -> str:
    """A token that somebody of the territory made on their page."""
    async with browse(
        app, territory, make_person(territory, memberships={"armor": ["managers"]})
    ) as someone:
        page = await someone.post(
            "/my-space/tokens",
            data={"name": "Essai", "days": "30", "scope": list(scopes)},
        )
    match = re.search(r"udi_me_[\w-]+", page.text)
    assert match is not None
    return match[0]


def close_schemas(document: Document) -> Document:
    """The schemas of the document, none of which lets a field in that it does not name: made once for a document."""
    if not CLOSED or CLOSED[0] is not document:
        closed = json.loads(json.dumps(document["components"]["schemas"]))
        for component in closed.values():
            if "properties" in component:
                component["additionalProperties"] = False
        CLOSED[:] = [document, closed]
    return CLOSED[1]


def faults(document: Document, schema: Document, value: Any) -> list[str]:
    """What a schema of the document refuses in a value; a field that it does not name is refused too."""
    validator = Draft202012Validator(
        schema | {"components": {"schemas": close_schemas(document)}},
        format_checker=Draft202012Validator.FORMAT_CHECKER,
    )
    return [
        f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)
    ]


def operations(document: Document, *methods: str) -> Iterator[tuple[str, Document]]:
    """What is asked by GET, or by these methods."""
    for path, path_item in document["paths"].items():
        for method in methods or ("get",):
            if method in path_item:
                yield path, path_item[method]


def described(schema: Any) -> Iterator[str]:
    """Every sentence of a document."""
    if isinstance(schema, list):
        for part in schema:
            yield from described(part)
    elif isinstance(schema, dict):
        for key, part in schema.items():
            if key in {"description", "summary"} and isinstance(part, str):
                yield part
            elif key not in {"example", "properties"}:
                yield from described(part)
            elif key == "properties":
                for field in part.values():
                    yield from described(field)


def test_every_address_of_the_api_is_described(
    document: Document, portal_app: Litestar
) -> None:
    served = {
        address for address in addresses(portal_app, "portal") if f" {BASE}/" in address
    }
    served = {
        address
        for address in served
        if address.split()[1] in METHODS and NODES not in address
    }

    assert served == {
        f"portal {method.upper()} {path}"
        for path, methods in document["paths"].items()
        for method in methods
    }


@pytest.mark.usefixtures("alone")
async def test_each_answer_has_the_fields_that_are_described(
    document: Document, filled: Catalogue, portal_app: Litestar, source: dict[str, str]
) -> None:
    record = await filled.add(1)
    others = await make_all(
        portal_app, filled, record.id, (await filled.add(RESTRICTED)).id
    )
    path_parameters = {
        "dataset_id": str(record.id),
        "slug": "armor",
        **source,
        **others,
    }
    async with browse(portal_app, filled.territory) as program:
        bearer = {
            "Authorization": f"Bearer {await token_of(portal_app, filled.territory)}"
        }
        mine = {"title": "Ombrer", "summary": "Dix rues.", "purpose": "civic"}
        path_parameters["project_id"] = (
            await program.post(f"{BASE}/projects", json=mine, headers=bearer)
        ).json()["id"]
        readable = [
            (path, operation)
            for path, operation in operations(document)
            if path not in (*OF_OTHERS, MATCHES)
        ]
        assert len(readable) > 20
        for path, operation in readable:
            address = f"{path}{QUERIES.get(path, '')}".format(**path_parameters)
            answer = await program.get(address, headers=bearer)
            [(media_type, body)] = operation["responses"]["200"]["content"].items()

            assert answer.status_code == 200
            assert answer.headers["content-type"].partition(";")[0] == media_type
            if media_type != "application/json":
                continue
            schema = body["schema"]
            assert faults(document, schema, answer.json()) == [], path


def test_each_example_of_a_request_is_sound(document: Document) -> None:
    bodies = {
        operation["operationId"]: operation["requestBody"]["content"][
            "application/json"
        ]
        for _, operation in operations(
            document, *(method.lower() for method in METHODS)
        )
        if "requestBody" in operation
    }

    assert len(bodies) > 15
    faulty_operations = {
        name
        for name, body in bodies.items()
        if faults(document, body["schema"], body["example"])
    }
    assert faulty_operations == set()


def test_each_example_is_a_sound_answer(document: Document) -> None:
    count = 0
    for path, operation in operations(
        document, *(method.lower() for method in METHODS)
    ):
        for status, response in operation["responses"].items():
            for body in response.get("content", {}).values():
                if not body:
                    continue
                assert faults(document, body["schema"], body["example"]) == [], (
                    path,
                    status,
                )

            count += "content" in response
    answers = 6 + 2 + 1 + 2
    refusals = 6 + 1 + 5 + 2 + 1 + 2
    of_sources = 13 + 2 + 4 + 2 + 4 + 2 + 4 + 4 + 3 + 2 + 3 + 2 + 3 + 2
    of_sources += 7 + 4 + 7 + 6 + 6
    of_projects = 7 + 1 + 2 + 1 + 4 + 4 + 3 + 2 + 1 + 2
    of_agreements = 2 + 2 + 1 + 1 + 1 + 4 + 6
    of_calls = 2 + 2
    of_data_requests = 6 + 1 + 3 + 1 + 4 + 4 + 3 + 2 + 1
    of_fault_reports = 4 + 5 + 6 + 7
    of_services = 4 + 4
    of_access = 2 + 1 + 2 + 5 + 1 + 4 + 2 + 4 + 5 + 5
    of_teams = 4 + 2 + 3 + 3 + 3 + 4 + 4 + 2
    of_registers = 4 + 8 + 4
    of_drafts = 2 + 4 + 4
    of_keys = 5 + 8 + 5 + 7 + 6 + 4 + 7
    of_keys += 5 + 6 + 4 + 5 + 7 + 6 + 4 + 5
    of_suggestions = 6 + 8 + 5 + 6 + 6
    of_organisers = 6 + 7 + 8 + 6 + 6 + 5 + 5 + 6 + 6
    of_organisers += 4 + 5 + 5
    others = (
        of_keys
        + of_suggestions
        + of_organisers
        + of_registers
        + of_teams
        + of_sources
        + of_projects
        + of_agreements
        + of_calls
        + of_data_requests
        + of_fault_reports
        + of_services
        + of_access
        + of_drafts
    )
    assert count == answers + refusals + others + (13 + 11 + 9 + 7 + 4 + 2 + 8 + 7) * 2
    page = document["components"]["schemas"]["DatasetPage"]
    assert faults(document, page, {"total": -1}) != [], "the checker sees what is wrong"


@pytest.mark.usefixtures("alone")
async def test_each_refusal_that_is_described_is_one(
    document: Document,
    filled: Catalogue,
    portal_app: Litestar,
    source: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gone = await filled.add(1)
    open_id = str((await filled.add(2)).id)
    others = await make_all(
        portal_app, filled, open_id, (await filled.add(RESTRICTED)).id
    )
    path_parameters = {
        "dataset_id": open_id,
        "slug": "armor",
        **source,
        **others,
        **NO_ROWS,
    }
    ours = [
        path for path, _ in operations(document) if path.startswith(f"{BASE}/sources")
    ]
    lists = [
        path for path in ours if path.endswith(("/sources", "/readings", "/records"))
    ]
    other = dict.fromkeys(source, NOBODY)
    theirs = f"{BASE}/access-requests/{{access_request_id}}"
    reports = f"{BASE}/fault-reports/{{fault_report_id}}"
    rules = f"{BASE}/access-policies/{{restricted_id}}"
    team = f"{BASE}/projects/{{project_id}}/team"
    changes = f"{BASE}/projects/{{project_id}}/consent-changes"
    led = [f"{BASE}/projects/{{project_id}}/{part}" for part in LED]
    suggestions = f"{BASE}/suggestions"
    await filled.withdraw(gone)
    urls = {
        **{(path, "403"): path.format(**path_parameters) for path in OF_OTHERS},
        **{
            (path, "404"): path.format(**dict.fromkeys(path_parameters, NOBODY))
            for path in OF_OTHERS
        },
        **{(path, "404"): path.format(project_id=NOBODY) for path in led},
        **{(path, "403"): path.format(**path_parameters) for path in led},
        (suggestions, "404"): f"{suggestions}?organisation=nobody",
        (suggestions, "422"): f"{suggestions}?colour=red",
        (f"{BASE}/services", "422"): f"{BASE}/services?size=0",
        (f"{BASE}/services/{{service_id}}", "404"): f"{BASE}/services/{NOBODY}",
        (f"{BASE}/datasets", "422"): f"{BASE}/datasets?sort=colour",
        (f"{BASE}/datasets/all", "422"): f"{BASE}/datasets/all?cursor=here",
        (f"{BASE}/datasets/{{dataset_id}}", "404"): f"{BASE}/datasets/{NOBODY}",
        (f"{BASE}/datasets/{{dataset_id}}", "410"): f"{BASE}/datasets/{gone.id}",
        (f"{BASE}/producers/{{slug}}", "404"): f"{BASE}/producers/nobody",
        (
            f"{BASE}/organisations/{{organisation_id}}/processing",
            "404",
        ): f"{BASE}/organisations/{NOBODY}/processing",
        (
            f"{BASE}/organisations/{{organisation_id}}/punctuality",
            "404",
        ): f"{BASE}/organisations/{NOBODY}/punctuality",
        (f"{BASE}/agreements", "422"): f"{BASE}/agreements?size=0",
        (f"{BASE}/agreements/{{agreement_id}}", "404"): f"{BASE}/agreements/{NOBODY}",
        (f"{BASE}/projects", "422"): f"{BASE}/projects?purpose=fame",
        (f"{BASE}/projects/{{project_id}}", "404"): f"{BASE}/projects/{NOBODY}",
        **{
            (f"{BASE}/{part}", "422"): f"{BASE}/{part}?size=0"
            for part in ("calls", "data-requests", "access-policies")
        },
        (f"{BASE}/calls/{{call_id}}", "404"): f"{BASE}/calls/{NOBODY}",
        (
            f"{BASE}/data-requests/{{data_request_id}}",
            "404",
        ): f"{BASE}/data-requests/{NOBODY}",
        (reports, "404"): reports.format(fault_report_id=NOBODY),
        (reports, "403"): reports.format(**path_parameters),
        (f"{BASE}/data-requests/draft", "422"): f"{BASE}/data-requests/draft?sort=1",
        (DRAFT, "404"): f"{DRAFT}?dataset={NOBODY}",
        (DRAFT, "409"): f"{DRAFT}?dataset={open_id}",
        (DRAFT, "422"): f"{DRAFT}?dataset=nobody",
        (team, "404"): team.format(project_id=NOBODY),
        (team, "403"): team.format(**path_parameters),
        (changes, "404"): changes.format(project_id=NOBODY),
        (changes, "403"): changes.format(**path_parameters),
        (changes, "422"): f"{changes.format(**path_parameters)}?size=0",
        (rules, "404"): rules.format(restricted_id=NOBODY),
        (rules, "409"): rules.format(restricted_id=open_id),
        (theirs, "404"): theirs.format(access_request_id=NOBODY),
        (theirs, "403"): theirs.format(**path_parameters),
        **{(f"{BASE}/{path}", "403"): f"{BASE}/{path}" for path in POOR},
        **{(path, "403"): path.format(**path_parameters) for path in ours},
        **{(path, "404"): path.format(**other) for path in ours[1:] if path != MATCHES},
        **{(path, "422"): f"{path.format(**path_parameters)}?size=0" for path in lists},
        **{
            (path, "422"): f"{path.format(**path_parameters)}?reading=last"
            for path in ours
            if "/losses" in path
        },
        **{
            (path, status): path.format(**path_parameters)
            for path, _ in operations(document)
            for status in ("401", "429")
        },
    }
    poor = await token_of(portal_app, filled.territory, scopes=[])
    rich = await token_of(portal_app, filled.territory)
    rates: ApiRateLimiters = portal_app.state.site.services[API_RATES]
    described = {
        (path, status): response["content"]["application/problem+json"]
        for path, operation in operations(document)
        for status, response in operation["responses"].items()
        if status >= "400"
    }

    assert set(described) == set(urls)
    async with browse(portal_app, filled.territory) as program:
        for which, url in urls.items():
            token = {"401": "udi_me_nobody", "403": poor}.get(which[1]) or (
                which[0]
                in (
                    *ours,
                    theirs,
                    reports,
                    team,
                    changes,
                    *led,
                    suggestions,
                    *OF_OTHERS,
                )
                and rich
            )
            with monkeypatch.context() as patch:
                if which[1] == "429":
                    patch.setattr(rates.passers_by, "limit", 0)
                    patch.setattr(rates.people, "limit", 0)
                answer = await program.get(
                    url, headers={"Authorization": f"Bearer {token}"} if token else {}
                )

            assert answer.status_code == int(which[1])
            assert answer.headers["access-control-allow-origin"] == "*"
            assert faults(document, described[which]["schema"], answer.json()) == []
            assert answer.json()["type"] == described[which]["example"]["type"]


@pytest.mark.parametrize(
    "path", [f"{BASE}/datasets", f"{BASE}/datasets/all", f"{BASE}/projects"]
)
async def test_each_parameter_that_is_described_is_taken_and_no_other(
    document: Document, filled: Catalogue, portal_app: Litestar, path: str
) -> None:
    parameters = document["paths"][path]["get"]["parameters"]
    async with browse(portal_app, filled.territory) as program:
        other = await program.get(
            f"{path}?colour=red", headers={"Accept-Language": "en"}
        )
        answers = {
            parameter["name"]: await program.get(
                path, params={parameter["name"]: parameter["example"]}
            )
            for parameter in parameters
        }

    remedy = other.json()["errors"][0]["remedy"]
    assert remedy == f"Use {', '.join(parameter['name'] for parameter in parameters)}."
    assert {
        name: answer.status_code for name, answer in answers.items()
    } == dict.fromkeys(answers, 200)
    assert all(
        faults(document, parameter["schema"], parameter["example"]) == []
        for parameter in parameters
    )


@pytest.mark.thorough
@pytest.mark.usefixtures("alone")
async def test_the_links_of_an_answer_lead_on(
    document: Document, filled: Catalogue, portal_app: Litestar, source: dict[str, str]
) -> None:
    token = {"Authorization": f"Bearer {await token_of(portal_app, filled.territory)}"}
    paths = {operation["operationId"]: path for path, operation in operations(document)}
    followed = 0
    async with browse(portal_app, filled.territory) as program:
        first = (await program.get(f"{BASE}/datasets")).json()["items"][0]
        others = await make_all(
            portal_app, filled, first["id"], (await filled.add(RESTRICTED)).id
        )
        path_parameters = {
            "dataset_id": first["id"],
            "slug": first["producer"]["slug"],
            **source,
            **others,
        }
        for path, operation in operations(document):
            if "links" not in operation["responses"]["200"]:
                continue
            answer = (
                await program.get(path.format(**path_parameters), headers=token)
            ).json()
            for link in operation["responses"]["200"].get("links", {}).values():
                (name, expression), *_ = link["parameters"].items()
                value: Any = answer
                for part in expression.removeprefix("$response.body#/").split("/"):
                    value = value[int(part)] if isinstance(value, list) else value[part]
                response = await program.get(
                    paths[link["operationId"]].format(**{name: value}), headers=token
                )

                assert response.status_code == 200
                followed += 1

    assert followed == 13


@pytest.mark.thorough
async def test_every_word_of_the_document_and_of_its_page_is_in_both_languages(
    document: Document, filled: Catalogue, portal_app: Litestar
) -> None:
    async with browse(portal_app, filled.territory) as program:
        french = (await program.get(ADDRESS, headers={"Accept-Language": "fr"})).json()
        parts = ("", *(f"?about={tag['name']}" for tag in french["tags"]))
        pages = {
            code: "".join(
                [
                    (
                        await program.get(
                            f"/api{part}", headers={"Accept-Language": code}
                        )
                    ).text
                    for part in parts
                ]
            )
            for code in ("fr", "en")
        }

    words = set(described(document))
    assert len(words) > 50
    assert words & set(described(french)) == set()
    for path, operation in operations(
        document, *(method.lower() for method in METHODS)
    ):
        assert all(path in page for page in pages.values())
        assert operation["description"] in pages["en"]
        assert all(
            f"<code>{parameter['name']}</code>" in pages["fr"]
            for parameter in operation["parameters"]
        )
    assert f'href="{ADDRESS}"' in pages["fr"]
    assert "<td></td>" not in pages["fr"]


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("/api?about=me", "api-me"),
        pytest.param("/api", "api", marks=pytest.mark.thorough),
        pytest.param("/problems", "problems", marks=pytest.mark.thorough),
        pytest.param("/problems/gone", "problem", marks=pytest.mark.thorough),
    ],
)
async def test_its_page_and_those_of_problems_hold_on_every_screen(
    filled: Catalogue, portal_app: Litestar, tab: Tab, address: str, name: str
) -> None:
    async with browse(portal_app, filled.territory) as visitor:
        assert (
            await tab.find_faults(
                visitor, f"{filled.territory.origin}{address}", name, "fr", "en"
            )
            == []
        )
