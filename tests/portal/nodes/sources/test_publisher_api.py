"""The publishers of a source by program: whatever its page does, with the rights of the person whose token it is."""

import re
from typing import Any

from litestar import Litestar

from tests.depth import by_depth
from tests.portal.nodes.elsewhere import Catalogue
from tests.portal.nodes.sources.conftest import Open
from tests.portal.nodes.sources.test_publishers import (
    KNOWN,
    TURTLE,
    add_organisation,
    agent,
    write_catalogue,
)
from tests.visitors import browse, make_person
from udi.kit.db import Database
from udi.kit.tenancy import Territory

Headers = dict[str, str]


async def make_token(app: Litestar, territory: Territory, **rights: Any) -> Headers:
    async with browse(app, territory, make_person(territory, **rights)) as someone:
        form = {"name": "sources", "days": "30", "scope": ["sources"]}
        page = await someone.post("/my-space/tokens", data=form)
    token = re.findall(r"udi_me_[-_A-Za-z0-9]+", page.text)[0]
    return {"Authorization": f"Bearer {token}", "Accept-Language": "en"}


async def test_a_program_lists_the_publishers_of_a_source_and_says_who_they_are(
    catalogue: Catalogue,
    open_source: Open,
    portal_database: Database,
    portal_app: Litestar,
    demo: Territory,
) -> None:
    await add_organisation(portal_database, demo, KNOWN, "eaux")
    publishers = [agent("Office de la mer"), agent("Office de la mer"), agent(KNOWN)]
    catalogue.put("/c.ttl", write_catalogue(publishers), **TURTLE)
    reading = await open_source(f"{catalogue.origin}/c.ttl")
    await reading.read()
    team = await make_token(portal_app, demo, moderator=True)
    address = f"/api/v1/sources/{reading.source_id}/publishers"

    async with browse(portal_app, demo) as client:
        listed = (await client.get(address, headers=team)).json()
        chosen = await client.put(
            address,
            headers=team,
            json={
                "key": "office de la mer",
                "decision": "organisation",
                "organisation": "eaux",
            },
        )
        [dataset] = [
            item
            for item in (await client.get("/api/v1/datasets?size=100")).json()["items"]
            if item["title"] == "Jeu 0"
        ]
        detail = (await client.get(dataset["url"])).json()
        package = await client.get(f"/api/3/action/package_show?id={dataset['id']}")
        turtle = await client.get(f"/data/{dataset['id']}.ttl")

    items = {item["names"]["fr"]: item for item in listed["items"]}
    assert (listed["total"], list(items)) == (2, [KNOWN, "Office de la mer"])
    assert items[KNOWN]["proposed"]["slug"] == "eaux"
    assert items["Office de la mer"]["datasets"] == 2
    assert items["Office de la mer"]["organisation"]["unclaimed"] is True
    assert chosen.status_code == 200
    organisations = {item["organisation"]["slug"] for item in chosen.json()["items"]}
    assert "eaux" in organisations
    assert detail["producer"]["slug"] == "eaux"
    assert detail["harvester"]["id"] == str(reading.producer)
    extras = {e["key"]: e["value"] for e in package.json()["result"]["extras"]}
    assert extras["harvester_name"] == detail["harvester"]["name"]
    assert f"dct:contributor <urn:uuid:{reading.producer}>" in turtle.text


@by_depth(
    ("payload", "status"),
    [
        ({"key": "nobody", "decision": "new"}, 404),
        ({"key": "office de la mer", "decision": "give"}, 422),
        ({"decision": "new"}, 422),
        ({"key": "office de la mer", "decision": "organisation"}, 404),
    ],
    by_default=[0, 1],
)
async def test_a_program_is_told_what_is_wrong_with_its_choice(
    catalogue: Catalogue,
    open_source: Open,
    portal_app: Litestar,
    demo: Territory,
    payload: dict[str, str],
    status: int,
) -> None:
    catalogue.put("/c.ttl", write_catalogue([agent("Office de la mer")]), **TURTLE)
    reading = await open_source(f"{catalogue.origin}/c.ttl")
    await reading.read()
    team = await make_token(portal_app, demo, moderator=True)
    stranger = await make_token(portal_app, demo, memberships={"other": ["managers"]})
    address = f"/api/v1/sources/{reading.source_id}/publishers"
    good = {"key": "office de la mer", "decision": "keep"}

    async with browse(portal_app, demo) as client:
        unreadable = await client.put(address, headers=team, json=payload)
        refused = await client.put(address, headers=stranger, json=good)
        unseen = await client.get(address, headers=stranger)

    assert unreadable.status_code == status, unreadable.text
    assert (refused.status_code, unseen.status_code) == (404, 404)
