"""The pictures of charts and maps are of open data alone: a project sees its charts on the page of its rows."""

import httpx

from tests.node.agreements.granting import HIDDEN, IN_PART, Granting


async def test_pictures_are_refused_for_restricted_data(
    meters: str, portal: Granting, machine: httpx.AsyncClient
) -> None:
    grant = portal.grant(meters, IN_PART)
    assert (await portal.push(machine, grant)).status_code == 200
    address = f"/datasets/{meters}"

    answers = [
        await machine.get(f"{address}/{picture}{words}", headers=headers)
        for picture in ("chart.svg", "chart.png", "map.svg", "map.png")
        for words in ("", "?by=commune", "?by=note")
        for headers in ({}, grant.headers)
    ]

    assert [answer.status_code for answer in answers] == [401] * len(answers)
    assert all(HIDDEN not in answer.text for answer in answers)
