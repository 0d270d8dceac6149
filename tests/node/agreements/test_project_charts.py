"""The picture of a chart is of open data alone: a project sees its charts on the page of its rows."""

import httpx

from tests.node.agreements.granting import HIDDEN, IN_PART, Granting


async def test_the_picture_of_a_chart_is_refused_for_restricted_data(
    meters: str, portal: Granting, machine: httpx.AsyncClient
) -> None:
    grant = portal.grant(meters, IN_PART)
    assert (await portal.push(machine, grant)).status_code == 200
    address = f"/datasets/{meters}/chart.svg"

    answers = [
        await machine.get(f"{address}{words}", headers=headers)
        for words in ("", "?by=commune", "?by=note")
        for headers in ({}, grant.headers)
    ]

    assert [answer.status_code for answer in answers] == [401] * len(answers)
    assert all(HIDDEN not in answer.text for answer in answers)
