"""What a node knows of somebody by the pairwise subject: all kinds of rows that are declared, to that person alone."""

from collections.abc import Sequence

from tests.node.subject_requests.agents import Agent
from tests.node.subject_requests.askers import FORM, Asker
from udi.kit.personal_data import PersonalRows, PersonLink
from udi.node.subject_requests.pages.own_rows_pages import OWN_ROWS_PATH
from udi.ui.personal_rows import read_register
from udi.ui.site import Site


def list_pairwise(site: Site) -> Sequence[PersonalRows]:
    register = read_register(site.domains)
    return [rows for rows in register.rows if rows.link is PersonLink.PAIRWISE]


async def test_each_kind_of_rows_is_shown_to_its_person(
    asker: Asker, agent: Agent, neighbour: Asker, node_site: Site
) -> None:
    request_id = await asker.ask()
    await agent.act(request_id, "accept")
    files = {"file": ("lettre.pdf", b"%PDF-1.4 a")}
    at = f"/subjects/requests/{request_id}/messages"
    await asker.client.post(at, data={"text": "Voici."}, files=files)

    page = await asker.client.get(OWN_ROWS_PATH, headers={"Accept-Language": "en"})
    document = (await asker.client.get(f"{OWN_ROWS_PATH}.json")).json()
    table = await asker.client.get(f"{OWN_ROWS_PATH}.csv")
    theirs = await neighbour.client.get(OWN_ROWS_PATH)

    listed_kinds = {kind["what"] for kind in document["kinds"]}
    rare = {
        "Consents for which I brought a number",
        "Projects told that my data changed",
    }
    assert listed_kinds == {rows.what for rows in list_pairwise(node_site)} - rare
    assert all(what in page.text for what in listed_kinds)
    for words in (FORM["concerns"], "lettre.pdf"):
        assert words in page.text
        assert words in table.text
        assert words not in theirs.text
    assert "no-store" in page.headers["cache-control"]
    assert "Why" in page.text
    assert theirs.status_code == 200


async def test_nobody_sees_it_without_the_login_of_people(
    asker: Asker, agent: Agent
) -> None:
    await asker.ask()

    for ending in ("", ".json", ".csv"):
        by_staff = await agent.client.get(f"{OWN_ROWS_PATH}{ending}")
        assert by_staff.status_code == 303
        assert by_staff.headers["location"].startswith("/subjects/login?back=")


async def test_the_pages_lead_to_it(asker: Asker) -> None:
    for path in ("requests", "consents"):
        page = await asker.client.get(f"/subjects/{path}")
        assert f'href="{OWN_ROWS_PATH}"' in page.text
