"""What people stop at a node is stopped at the portal too; a node stops nothing that it does not hold."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from tests.contract.node import Issuer, trusted_issuer
from tests.depth import by_depth
from tests.portal.consents.conftest import Lending
from udi.portal.consents.models import Consent, ConsentChange
from udi.protocol.consent_withdrawals import PATH

ENGLISH = {"Accept-Language": "en"}


@pytest.fixture
def issuer(portal_site: Any) -> Iterator[Issuer]:
    with trusted_issuer(portal_site) as issuer:
        yield issuer


async def tell(
    lending: Lending, issuer: Issuer, body: Any, node: str = "hosted"
) -> httpx.Response:
    """What a node tells, with its credential."""
    territory = lending.workspace.territory
    token = issuer.token(f"{territory.slug}-node-{node}", territory.origin)
    return await lending.workspace.passer.post(
        PATH,
        json=body,
        headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
    )


def list_of(*ids: UUID) -> dict[str, list[str]]:
    return {"consents": [str(id_) for id_ in ids]}


async def test_what_a_node_tells_is_stopped_once(
    lending: Lending, issuer: Issuer
) -> None:
    question = await lending.open()
    consent = await lending.give(question)
    await lending.give(question, lending.neighbour)
    unknown = uuid4()

    answers = [
        await tell(lending, issuer, list_of(consent.id, unknown)) for _ in range(2)
    ]

    outcome = {str(consent.id): "withdrawn", str(unknown): "unknown"}
    assert [answer.json() for answer in answers] == [{"consents": outcome}] * 2
    assert sorted(await lending.states()) == ["given", "withdrawn"]
    [version] = await lending.versions()
    assert (version.given, version.stopped) == (1, 1)
    page = await lending.inhabitant.get("/my-data/consents", headers=ENGLISH)
    assert f"{consent.id}/withdraw" not in page.text


@pytest.mark.thorough
async def test_the_project_learns_of_it(lending: Lending, issuer: Issuer) -> None:
    consent = await lending.give(await lending.open())

    await tell(lending, issuer, list_of(consent.id))

    changes = await lending.rows(ConsentChange)
    assert sorted(change.state for change in changes) == ["given", "withdrawn"]


@pytest.mark.thorough
async def test_what_ended_otherwise_stays_as_it_ended(
    lending: Lending, issuer: Issuer
) -> None:
    consent = await lending.give(await lending.open())
    await lending.let_time_pass(Consent, expires_at=consent.answered_at)

    answer = await tell(lending, issuer, list_of(consent.id))

    assert answer.json() == {"consents": {str(consent.id): "ended"}}
    assert await lending.states() == ["expired"]


async def test_a_node_stops_nothing_that_another_holds(
    lending: Lending, issuer: Issuer
) -> None:
    consent = await lending.give(await lending.open())
    await lending.change(Consent, node_id=uuid4())

    answer = await tell(lending, issuer, list_of(consent.id))

    assert answer.json() == {"consents": {str(consent.id): "unknown"}}
    assert await lending.states() == ["given"]


async def test_only_a_node_tells(lending: Lending, issuer: Issuer) -> None:
    consent = await lending.give(await lending.open())
    nobody = await lending.workspace.passer.post(PATH, json=list_of(consent.id))
    person = await lending.inhabitant.post(PATH, json=list_of(consent.id))
    stranger = await tell(lending, issuer, list_of(consent.id), node="nobody")

    assert nobody.status_code == person.status_code == 401
    assert stranger.status_code in {401, 403}
    assert await lending.states() == ["given"]


@by_depth(
    "body",
    [{}, {"consents": "x"}, {"consents": ["x"]}, {"consents": ["x"] * 501}, []],
    by_default=[0],
)
async def test_what_is_no_list_of_consents_is_refused_whole(
    lending: Lending, issuer: Issuer, body: Any
) -> None:
    refused = await tell(lending, issuer, body)

    assert refused.status_code == 422
    assert "consents" in refused.text
