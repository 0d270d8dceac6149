"""Rows in a real browser: checked while somebody types, pasted from a spreadsheet, shown at every width."""

from typing import Any

import pytest

from tests.node.producer import SLUG, Producer
from tests.node.test_correct_rows import newest_file, row_form, save, shown_digest
from tests.node.test_fill_model import ADDRESS, NAMES, ROW, fill_form
from tests.ui.tab import Tab
from udi.kit.tenancy import Territory

PASTE = """([id, text]) => {
  const data = new DataTransfer();
  data.setData("text/plain", text);
  document.getElementById(id).dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
}"""
SENT = """() => Object.fromEntries(new FormData(document.querySelector("form[data-rows]")))"""


async def filled(producer: Producer) -> str:
    """The id of a draft that follows a model, with one row."""
    answer = await producer.client.post(ADDRESS, data=fill_form(ROW))
    return answer.headers["location"].split("/")[2]


async def words(tab: Tab, field: str) -> str:
    """What is announced to be wrong with a field; empty when nothing is."""
    error = await tab.page.query_selector(f"#{field}-e")
    return await error.inner_text() if error else ""


@pytest.mark.thorough
async def test_cells_are_checked_while_somebody_types(
    producer: Producer, drawn_tab: Tab, demo: Territory
) -> None:
    dataset = await filled(producer)
    address = f"{demo.links['node']}/datasets/{dataset}/rows?view=grid"
    await drawn_tab.visit(producer.client, address, "fr")

    await drawn_tab.page.fill("#r0-c4", "trois")
    message = await words(drawn_tab, "r0-c4")
    described = await drawn_tab.page.get_attribute("#r0-c4", "aria-describedby")
    await drawn_tab.page.fill("#r0-c4", "0")
    small = await words(drawn_tab, "r0-c4")
    await drawn_tab.page.fill("#r0-c1", "2901")
    pattern = await words(drawn_tab, "r0-c1")
    counted = await drawn_tab.page.inner_text("[data-state]")
    await drawn_tab.page.fill("#r0-c4", "4")
    await drawn_tab.page.fill("#r0-c1", "29019")
    await drawn_tab.page.fill("#r0-c3", "")
    empty = await words(drawn_tab, "r0-c3")
    await drawn_tab.page.fill("#r0-c3", "Yann")

    assert "nombre entier" in message
    assert described == "r0-c4-e"
    assert "minimum" in small
    assert "attendu" in pattern
    assert counted.endswith("2")
    assert "remplie" in empty
    assert await drawn_tab.page.query_selector(".error") is None
    assert await words(drawn_tab, "r1-c0") == ""


async def test_cells_of_a_spreadsheet_are_pasted_into_several_rows(
    producer: Producer, drawn_tab: Tab, demo: Territory
) -> None:
    dataset = await filled(producer)
    address = f"{demo.links['node']}/datasets/{dataset}/rows?view=grid"
    await drawn_tab.visit(producer.client, address, "fr")
    lines = [f"Brest\t29019\tF\tAnne\t{place}\t2025" for place in range(1, 9)]
    text = "\n".join([*lines, '"Le ""Relecq"""\t29019\tM\tYann\tx\t2025', ""])

    await drawn_tab.page.evaluate(PASTE, ["r1-c0", text])
    announced = await drawn_tab.page.inner_text("[data-state]")
    message = await words(drawn_tab, "r9-c4")
    sent: dict[str, Any] = await drawn_tab.page.evaluate(SENT)
    answer = await producer.client.post(
        f"/datasets/{dataset}/rows", data={**sent, "keep": "1"}
    )

    assert "9" in announced
    assert "nombre entier" in message
    assert sent["rows"] == "10"
    assert answer.status_code == 303
    expected = [
        ",".join(NAMES),
        ",".join(ROW),
        *(line.replace("\t", ",") for line in lines),
    ]
    expected.append('"Le ""Relecq""",29019,M,Yann,x,2025')
    written = (await newest_file(producer, dataset)).decode()
    assert written == "\n".join([*expected, ""])


@pytest.mark.thorough
async def test_a_form_takes_no_more_cells_than_are_saved(
    producer: Producer, drawn_tab: Tab, demo: Territory
) -> None:
    address = f"{demo.links['node']}{ADDRESS}?model=prenoms"
    await drawn_tab.visit(producer.client, address, "fr")

    await drawn_tab.page.evaluate(PASTE, ["r0-c0", "Brest\n" * 501])
    announced = await drawn_tab.page.inner_text("[data-state]")
    sent: dict[str, Any] = await drawn_tab.page.evaluate(SENT)

    assert "500" in announced
    assert "n’ont pas été collées" in announced
    assert sent["rows"] == "500"


@pytest.mark.thorough
async def test_a_row_is_added_and_days_are_pasted_as_days(
    producer: Producer, drawn_tab: Tab, demo: Territory
) -> None:
    address = f"{demo.links['node']}{ADDRESS}?model=subventions"
    await drawn_tab.visit(producer.client, address, "fr")
    day = await drawn_tab.page.get_attribute('[id^="r0-"][type="date"]', "id")
    assert day

    await drawn_tab.page.evaluate(PASTE, [day, "31/12/2025\nbientôt\n2026-01-02\n"])
    column = day.partition("-")[2]
    values = [
        await drawn_tab.page.input_value(f"#r{place}-{column}") for place in range(3)
    ]
    await drawn_tab.page.get_by_role("button", name="Ajouter une ligne").click()
    focused = await drawn_tab.page.evaluate("document.activeElement.id")

    assert values == ["2025-12-31", "bientôt", "2026-01-02"]
    assert "année-mois-jour" in await words(drawn_tab, f"r1-{column}")
    assert focused == "r10-c0"


@pytest.mark.thorough
async def test_pages_of_rows_are_shown_at_every_width(
    producer: Producer, tab: Tab, demo: Territory
) -> None:
    dataset = await filled(producer)
    published = await producer.publish()
    digest = await shown_digest(producer, published)
    form = row_form(digest, ["Phare", "Brest", "12/03/1987"])
    await save(producer, published, form)
    node = demo.links["node"]
    pages = {
        "rows": f"/datasets/{published}/rows",
        "rows-changes": f"/datasets/{published}/rows?view=changes",
        "rows-grid": f"/datasets/{dataset}/rows?view=grid",
        "row": f"/datasets/{dataset}/rows/1",
        "fill": f"{ADDRESS}?model=base-adresse-locale",
        "fill-row": f"{ADDRESS}?model=subventions&view=row",
        "models": ADDRESS,
        "drop": f"/spaces/{SLUG}/datasets/new",
    }

    faults = [
        fault
        for name, path in pages.items()
        for fault in await tab.find_faults(
            producer.client, f"{node}{path}", name, "fr", "en"
        )
    ]

    assert faults == []
