"""What the installation knows of its operators: each reads their own rows, on its own host."""

from typing import Any

import pytest

from tests.portal.installation.conftest import Console
from tests.visitors import browse, make_operator
from udi.ui.own_data_pages import CSV_PATH, DELETION, JSON_PATH, PATH

OPERATOR_REQUESTS = "What I asked as operator"
OF_A_LOGIN = {"Account": 1, "Open sessions": 1}
OF_AN_OPERATOR = OF_A_LOGIN | {"Roles in organisations": 1}


def count_kinds(document: dict[str, Any]) -> dict[str, int]:
    return {kind["what"]: kind["count"] for kind in document["kinds"]}


async def test_an_operator_reads_and_downloads_their_own_rows(console: Console) -> None:
    await console.operator.post(
        f"/installation/territories/{console.territory.slug}/gather"
    )

    page = await console.operator.get(PATH, headers={"Accept-Language": "en"})
    document = (await console.operator.get(JSON_PATH)).json()
    table = await console.operator.get(CSV_PATH)

    assert page.status_code == 200
    assert f"{OPERATOR_REQUESTS} (1)" in page.text
    assert count_kinds(document) == OF_AN_OPERATOR | {OPERATOR_REQUESTS: 1}
    assert table.status_code == 200
    assert "gather" in table.content.decode()


async def test_nobody_reads_rows_of_another_operator(console: Console) -> None:
    await console.operator.post(
        f"/installation/territories/{console.territory.slug}/gather"
    )

    async with browse(console.app, None, make_operator()) as other:
        of_another = (await other.get(JSON_PATH)).json()
    elsewhere = (await console.clients["operator on a territory"].get(JSON_PATH)).json()
    of_stranger = (await console.clients["stranger"].get(JSON_PATH)).json()

    assert count_kinds(of_another) == OF_AN_OPERATOR
    assert OPERATOR_REQUESTS not in count_kinds(elsewhere)
    assert OPERATOR_REQUESTS not in count_kinds(of_stranger)
    assert OF_A_LOGIN.items() <= count_kinds(of_stranger).items()


@pytest.mark.parametrize("path", [PATH, JSON_PATH, CSV_PATH])
async def test_a_passer_by_logs_in_first(console: Console, path: str) -> None:
    answer = await console.clients["passer-by"].get(path)

    assert answer.status_code == 303
    assert answer.headers["location"] == f"/login?back={path}"


async def test_an_account_is_not_deleted_there(console: Console) -> None:
    page = await console.operator.get(PATH)
    list_page = await console.operator.get("/installation")
    answers = [
        await console.operator.get(path)
        for path in ("/my-space", DELETION, f"{DELETION}/confirm")
    ]

    assert DELETION not in page.text
    assert f'href="{PATH}"' in list_page.text
    assert {answer.status_code for answer in answers} <= {401, 404}
