"""What stands around a request: the page of the dataset, the PDF of an agreement, another territory, another producer."""

from collections.abc import Callable
from io import BytesIO

import pytest
from litestar import Litestar
from pypdf import PdfReader

from tests.portal.access.conftest import Workspace
from tests.visitors import browse
from udi.kit.oidc import Login
from udi.kit.tenancy import Territory


async def test_the_page_of_the_dataset_says_what_who_reads_it_may_do(
    workspace: Workspace,
) -> None:
    await workspace.set_policy()
    begun = await workspace.passer.get(workspace.home)
    address = await workspace.ask()
    under_way = await workspace.person.get(workspace.home)
    await workspace.decide(address, "grant")
    opened = await workspace.person.get(workspace.home)
    team_page = await workspace.team.get(workspace.home)
    again = await workspace.passer.get(workspace.home)

    assert "Vous pouvez commencer sans compte" in begun.text
    assert "Suivre ma demande" in under_way.text
    assert "Accès ouvert" in opened.text
    assert "Pas possible en votre nom" in team_page.text
    assert "theme=energyNetworks" in team_page.text
    assert "Rafraîchir la ville" not in again.text


async def test_the_text_is_a_pdf_in_the_language_of_the_reader(
    workspace: Workspace,
) -> None:
    await workspace.set_policy()
    address = await workspace.agree()

    french = await workspace.person.get(f"{address}/agreement.pdf")
    english = await workspace.producer.get(
        f"{address}/agreement.pdf", headers={"Accept-Language": "en"}
    )

    assert french.headers["content-type"] == "application/pdf"
    readers = [PdfReader(BytesIO(answer.content)) for answer in (french, english)]
    assert [reader.trailer["/Root"]["/Lang"] for reader in readers] == ["fr", "en"]
    assert "Réseau Goéland" in readers[0].pages[0].extract_text()
    assert (await workspace.team.get(f"{address}/agreement.pdf")).status_code == 404


@pytest.mark.thorough
async def test_the_pdf_says_in_its_language_that_it_cannot_print_a_name(
    workspace: Workspace,
) -> None:
    await workspace.set_policy()
    address = await workspace.agree(title="花見 à Łódź")

    french = await workspace.person.get(f"{address}/agreement.pdf")
    english = await workspace.producer.get(
        f"{address}/agreement.pdf", headers={"Accept-Language": "en"}
    )

    texts = [
        " ".join(PdfReader(BytesIO(answer.content)).pages[-1].extract_text().split())
        for answer in (french, english)
    ]
    assert texts[0].endswith(
        "Certains caractères ne peuvent pas être imprimés dans ce PDF. La version signée (JWS) les contient."
    )
    assert texts[1].endswith(
        "Some characters cannot be printed in this PDF. The signed version (JWS) has them."
    )


async def test_another_territory_and_another_producer_find_nothing(
    workspace: Workspace,
    portal_app: Litestar,
    other: Territory,
    make_person: Callable[..., Login],
) -> None:
    await workspace.set_policy()
    request = await workspace.ask()
    agreement = await workspace.agree()
    agreement_row = await workspace.agreement_row(agreement)
    reads = [
        request, f"{request}/correct", f"{request}/deadline.ics", f"{agreement}/agreement.jws",
        f"{agreement}/agreement.pdf", f"{agreement}/files", f"/projects/{agreement_row.project_id}/access",
    ]  # fmt: skip
    writes = [f"{request}/grant", f"{request}/withdraw", f"{request}/message", f"{agreement}/revoke",
              f"{agreement}/give_up", f"{agreement}/renew"]  # fmt: skip
    rights = {
        "armor": ["managers", "publishers"],
        "kerlevan": ["managers"],
        "goeland": ["managers"],
    }
    async with (
        browse(
            portal_app, other, make_person(other, moderator=True, memberships=rights)
        ) as abroad,
        browse(
            portal_app,
            workspace.territory,
            make_person(workspace.territory, memberships={"kerlevan": ["managers"]}),
        ) as rival,
    ):
        for client in (abroad, rival, workspace.team):
            for address in reads:
                assert (await client.get(address)).status_code == 404, address
            for address in writes:
                answer = await client.post(
                    address, data={"words": "Oui.", "revision": "1"}
                )
                assert answer.status_code == 404, address
        assert (await abroad.get(agreement)).status_code == 404
        assert "Consommation" not in (await abroad.get("/agreements")).text
        assert (await abroad.get(f"{workspace.home}/access-policy")).status_code == 404
    assert (await workspace.one(request)).state == "submitted"
    assert (await workspace.agreement_row(agreement)).state == "active"


@pytest.mark.parametrize("query", ["page=0", "size=101", "page=x", "sort=title"])
async def test_the_api_says_what_it_does_not_understand(
    workspace: Workspace, query: str
) -> None:
    answer = await workspace.passer.get(
        f"/api/v1/agreements?{query}", headers={"Accept": "application/json"}
    )

    assert answer.status_code == 422
    assert answer.json()["errors"]
