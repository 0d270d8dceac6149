"""What the queries of a project with its key take of the time of readers."""

import httpx

from tests.node.agreements.granting import IN_PART, Granting
from tests.node.test_query_time import Noting, Used
from tests.service_overrides import ServiceOverrides
from udi.node.tables.requests import QUERY_TIMES, QueryTimes


async def test_a_project_with_its_key_has_the_time_of_those_who_are_known(
    machine: httpx.AsyncClient,
    meters: str,
    portal: Granting,
    services: ServiceOverrides,
) -> None:
    noting = Noting()
    grant = portal.grant(meters, IN_PART)
    await portal.push(machine, grant)
    rows = f"/api/resources/{meters}/data/"
    headers = {**grant.headers, "Accept-Language": "en"}

    services[QUERY_TIMES] = QueryTimes(Used(), noting)
    answer = await machine.get(rows, headers=headers)
    services[QUERY_TIMES] = QueryTimes(noting, Used())
    refused = await machine.get(rows, headers=headers)

    assert answer.status_code == 200
    assert len(noting.readers) == 1, "the part that is cut out once is nobody's"
    assert (refused.status_code, refused.json()["code"]) == (429, "query-time")
    assert "log in" not in refused.json()["remedy"]
