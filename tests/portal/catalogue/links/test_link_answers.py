"""What visitors and programs are told of an address: true whatever is kept, and made again only when something turned."""

import re
from collections.abc import Iterator
from datetime import datetime

import pytest
from litestar import Litestar
from sqlalchemy import event, text

from tests.depth import by_depth
from tests.portal.catalogue.links.conftest import Machine, Watcher, says
from tests.visitors import browse
from udi.portal.catalogue.search.feed import SearchFeed
from udi.protocol.record import Record
from udi.ui.site import Site


@pytest.fixture
def statements(portal_site: Site) -> Iterator[list[str]]:
    """What passers-by made the portal ask its database."""
    queries: list[str] = []
    engine = portal_site.database.engine("public").sync_engine

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "platform.territory" not in statement and "set_config" not in statement:
            queries.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield queries
    event.remove(engine, "before_cursor_execute", note)


async def open_page(
    app: Litestar, watcher: Watcher, record: Record, language: str
) -> str:
    async with browse(app, watcher.catalogue.territory) as visitor:
        headers = {"Accept-Language": language}
        page = await visitor.get(
            f"/data/{record.id}", headers=headers, follow_redirects=True
        )
    assert page.status_code == 200
    files = page.text[page.text.index('id="files"') : page.text.index('id="about"')]
    return " ".join(re.sub(r"<[^>]+>", " ", files).split())


async def read(app: Litestar, watcher: Watcher, record: Record) -> dict[str, object]:
    async with browse(app, watcher.catalogue.territory) as program:
        answer = await program.get(f"/api/v1/datasets/{record.id}")
    availability: dict[str, object] = answer.json()["distributions"][0]["availability"]
    return availability


WORDS = {
    "reachable": ("Accessible", "Reachable"),
    "moved": ("Accessible à une autre adresse", "Reachable at another address"),
    "refused": ("Demande un droit", "Asks for a right"),
    "gone": ("Introuvable désormais", "Not found any more"),
    "unreachable": ("Indisponible", "Unavailable"),
}
ANSWERS = {
    "reachable": says(200),
    "moved": says(301, location="/other.csv"),
    "refused": says(401),
    "gone": says(404),
    "unreachable": says(500),
}


@by_depth("state", WORDS, by_default=[0, 1])
async def test_each_state_in_both_languages(
    watcher: Watcher, machine: Machine, portal_app: Litestar, state: str
) -> None:
    machine.answers |= {"/file.csv": says(200), "/other.csv": says(200)}
    record = await watcher.publish(machine.url())
    await watcher.look()
    machine.answers["/file.csv"] = ANSWERS[state]
    await watcher.look(2)

    french, english = [
        await open_page(portal_app, watcher, record, language)
        for language in ("fr", "en")
    ]
    availability = await read(portal_app, watcher, record)

    assert WORDS[state][0] in french
    assert WORDS[state][1] in english
    assert availability["state"] == state
    is_missing = state in {"gone", "unreachable"}
    assert ("Accessible pour la dernière fois aujourd’hui" in french) is is_missing
    assert ("Last reachable today" in english) is is_missing
    assert (availability["last_reachable"] is not None) is (
        is_missing or state == "refused"
    )
    assert availability["moved_to"] == (
        machine.url("/other.csv") if state == "moved" else ""
    )
    assert (machine.url("/other.csv") in english) is (state == "moved")
    assert datetime.fromisoformat(str(availability["since"])).tzinfo is not None


async def test_nothing_is_said_before_a_look(
    watcher: Watcher, machine: Machine, portal_app: Litestar
) -> None:
    record = await watcher.publish(machine.url())

    page = await open_page(portal_app, watcher, record, "en")

    assert await read(portal_app, watcher, record) is None
    assert not any(english in page for _, english in WORDS.values())


async def test_what_was_never_reached_says_so(
    watcher: Watcher, machine: Machine, portal_app: Litestar
) -> None:
    record = await watcher.publish(machine.url("/nothing"))
    await watcher.look(2)

    assert "Never reached since" in await open_page(portal_app, watcher, record, "en")
    assert "Jamais atteint depuis le" in await open_page(
        portal_app, watcher, record, "fr"
    )


async def test_restricted_data_that_ask_for_a_right_are_as_they_should_be(
    watcher: Watcher, machine: Machine, portal_app: Litestar
) -> None:
    machine.answers["/file.csv"] = says(403)
    record = await watcher.publish(machine.url(), number=7)
    await watcher.look(2)

    page = await open_page(portal_app, watcher, record, "en")

    assert "Accessible to authorised people" in page
    assert machine.url() not in page


@by_depth(
    ("headers", "french", "content"),
    [
        ({"content_length": "9"}, "Sa taille diffère de la description", "other_size"),
        (
            {"repr_digest": "sha-256=:" + "A" * 43 + "=:"},
            "annonce la même empreinte",
            "same",
        ),
        (
            {"repr_digest": "sha-256=:" + "B" * 43 + "=:"},
            "Son empreinte diffère de la description",
            "other_checksum",
        ),
    ],
    by_default=[1],
)
async def test_a_file_that_is_not_the_one_described(
    watcher: Watcher,
    machine: Machine,
    portal_app: Litestar,
    headers: dict[str, str],
    french: str,
    content: str,
) -> None:
    machine.answers["/file.csv"] = says(200, b"123456789", **headers)
    record = await watcher.publish(machine.url())
    await watcher.look()

    assert french in await open_page(portal_app, watcher, record, "fr")
    availability = await read(portal_app, watcher, record)
    assert availability["content"] == content

    await watcher.publish(machine.url(), global_id=str(record.id), size=9)
    assert ("Sa taille" in await open_page(portal_app, watcher, record, "fr")) is False


@pytest.mark.thorough
async def test_a_look_that_finds_nothing_new_changes_no_page(
    watcher: Watcher,
    machine: Machine,
    portal_app: Litestar,
    feed: SearchFeed,
    statements: list[str],
) -> None:
    machine.answers["/file.csv"] = says(200)
    record = await watcher.publish(machine.url())
    await watcher.look()
    await feed.run_once()
    tags = []
    modified = []
    async with browse(portal_app, watcher.catalogue.territory) as visitor:
        for answer in (None, says(200), says(500), says(500), says(500), says(200)):
            if answer is not None:
                machine.answers["/file.csv"] = answer
                await watcher.look()
                await feed.run_once()
            page = await visitor.get(f"/data/{record.id}", follow_redirects=True)
            document = await visitor.get(f"/api/v1/datasets/{record.id}")
            tags.append((page.headers["etag"], document.headers["etag"]))
            modified.append(document.headers["last-modified"])

    first, looked, one_failure, silent, still, back = tags
    assert first == looked == one_failure
    assert silent == still
    assert (
        len({first[0], silent[0], back[0]}) == len({first[1], silent[1], back[1]}) == 3
    )
    assert modified == sorted(modified)


async def test_a_program_that_holds_a_date_is_told_that_a_state_turned(
    watcher: Watcher, machine: Machine, portal_app: Litestar
) -> None:
    machine.answers["/file.csv"] = says(200)
    record = await watcher.publish(machine.url())
    address = f"/api/v1/datasets/{record.id}"
    async with browse(portal_app, watcher.catalogue.territory) as program:
        before = (await program.get(address)).headers["last-modified"]
        same = await program.get(address, headers={"If-Modified-Since": before})
        await watcher.look()
        async with watcher.catalogue.database.session(
            watcher.tenant, role="worker"
        ) as session:
            await session.execute(
                text(
                    "UPDATE app.link SET public_status_at = public_status_at + interval '2 seconds'"
                )
            )
        turned = await program.get(address, headers={"If-Modified-Since": before})

    assert (same.status_code, turned.status_code) == (304, 200)


async def test_what_is_kept_says_what_a_new_page_says_until_it_is_announced(
    watcher: Watcher, machine: Machine, portal_app: Litestar
) -> None:
    """Between a look and the moment at which it is said, a page made anew says what the kept ones do."""
    machine.answers["/file.csv"] = says(200)
    record = await watcher.publish(machine.url())
    await watcher.look()
    machine.answers["/file.csv"] = says(500)
    async with watcher.catalogue.database.session(
        watcher.tenant, role="worker"
    ) as session:
        await session.execute(
            text(
                "UPDATE app.link SET failures = 1, failing_since = now(), next_at = now()"
            )
        )
    async with watcher.catalogue.database.platform_session(role="worker") as session:
        await session.execute(
            text("DELETE FROM ops.link_turn WHERE name NOT LIKE '%/say'")
        )
    await watcher.rounds.check_territory(watcher.catalogue.territory)

    link = await watcher.link(machine.url())
    assert (link.state, link.public_status["state"], link.status_pending) == (
        "unreachable",
        "reachable",
        True,
    )
    assert "Reachable" in await open_page(portal_app, watcher, record, "en")


async def test_the_page_costs_as_many_statements_whatever_the_number_of_files(
    watcher: Watcher, machine: Machine, portal_app: Litestar, statements: list[str]
) -> None:
    machine.answers |= {f"/{number}.csv": says(200) for number in range(12)}
    single_file_record = await watcher.publish(machine.url("/0.csv"))
    many = await watcher.publish(
        *(machine.url(f"/{number}.csv") for number in range(12)), number=2
    )
    await watcher.look()
    costs = []
    for record in (single_file_record, many):
        statements.clear()
        await open_page(portal_app, watcher, record, "en")
        costs.append(len(statements))

    assert costs[0] == costs[1]
    assert sum("app.link" in statement for statement in statements) == sum(
        "app.distribution" in statement for statement in statements
    )
