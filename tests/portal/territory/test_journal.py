"""The journal: events in words, filtered, of this territory alone."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update

from tests.depth import by_depth
from tests.portal.territory.conftest import Dashboard
from tests.visitors import browse
from udi.kit.clock import now
from udi.kit.oidc import Login
from udi.kit.tenancy import Territory
from udi.portal.audit.models import AuditEvent
from udi.portal.identity.models import Person
from udi.portal.organisations.models import Organisation
from udi.portal.site import LOCALES
from udi.portal.territory.journal.sentences import EVENT_SENTENCES, KIND_NAMES
from udi.ui.domains import list_domains, list_locales
from udi.ui.locale import load_translations
from udi.ui.pages import UI_FOLDER as UI

PATH = "/territory/journal"
EVENTS_PAGE = Path(__file__).parents[3] / "docs/reference/events.md"
PRIVATE = "suggestion."
ENGLISH = {"Accept-Language": "en"}


def documented_events() -> set[str]:
    """The events of the portal, as the reference lists them."""
    section = EVENTS_PAGE.read_text().partition("\n## Portal\n")[2]
    portal = section.partition("\n## ")[0]
    return set(re.findall(r"^\| `([a-z_]+\.[a-z_]+)`", portal, re.MULTILINE))


async def add_events(
    dashboard: Dashboard,
    *names: str,
    actor: UUID | None = None,
    subject: UUID | None = None,
    at: datetime | None = None,
    territory: Territory | None = None,
) -> None:
    """Note events in the territory of the scene, or in another."""
    place = territory or dashboard.territory
    async with dashboard.site.database.session(place.id) as session:
        for name in names:
            event = AuditEvent(name=name, actor_id=actor, subject_id=subject, facts={})
            if at is not None:
                event.at = at
            session.add(event)


async def add_person(dashboard: Dashboard, name: str, email: str) -> UUID:
    """Somebody of the territory, by a row alone."""
    async with dashboard.site.database.session(
        dashboard.territory.id, role="worker"
    ) as session:
        template = (await session.scalars(select(Person))).first()
        assert template is not None
        values = {
            column.key: getattr(template, column.key)
            for column in Person.__mapper__.column_attrs
        }
        id_ = uuid4()
        values |= {"id": id_, "subject": str(id_), "name": name, "email": email}
        session.add(Person(**values))
        return id_


async def sentences(dashboard: Dashboard, query: str = "") -> list[str]:
    """What the page lists, in its order."""
    page = await dashboard.team.get(f"{PATH}{query}", headers=ENGLISH)
    assert page.status_code == 200, page.text
    return [
        unescape(words)
        for words in re.findall(r'</td><th scope="row">(.*?)</th>', page.text)
    ]


def test_every_event_of_the_portal_has_its_sentence() -> None:
    public = {name for name in documented_events() if not name.startswith(PRIVATE)}

    assert len(public) > 100
    assert set(EVENT_SENTENCES) == public


def test_every_kind_of_event_has_a_name() -> None:
    public = {name for name in documented_events() if not name.startswith(PRIVATE)}

    assert set(KIND_NAMES) == {name.partition(".")[0] for name in public}


def test_every_sentence_has_its_french() -> None:
    locales = [UI / "locale", *LOCALES, *list_locales(list_domains("portal"))]
    french = load_translations(locales)["fr"]
    messages = [*EVENT_SENTENCES.values(), *KIND_NAMES.values()]

    assert [text for text in messages if french.gettext(text) == text] == []


async def test_the_newest_event_comes_first(dashboard: Dashboard) -> None:
    await add_events(dashboard, "call.opened", at=datetime(2026, 3, 1, 12, tzinfo=UTC))
    await add_events(
        dashboard, "dataset.published", at=datetime(2026, 3, 2, 12, tzinfo=UTC)
    )

    assert await sentences(dashboard) == [
        "A dataset was published",
        "A call for projects was opened",
    ]


async def test_an_event_without_a_sentence_shows_its_name(
    dashboard: Dashboard,
) -> None:
    await add_events(dashboard, "parking.opened")

    assert await sentences(dashboard) == ["parking.opened"]


async def test_a_kind_keeps_no_other_whose_name_begins_alike(
    dashboard: Dashboard,
) -> None:
    await add_events(
        dashboard, "project.created", "project_key.given", "projectXkey.given"
    )

    assert await sentences(dashboard, "?kind=project") == ["A project was created"]
    assert await sentences(dashboard, "?kind=project_key") == [
        "A project gave its encryption key"
    ]


async def test_a_kind_of_another_package_is_among_the_choices(
    dashboard: Dashboard,
) -> None:
    await add_events(dashboard, "parking.opened", "call.opened")

    page = await dashboard.team.get(f"{PATH}?kind=parking", headers=ENGLISH)

    assert '<option value="parking" selected>parking</option>' in page.text
    assert await sentences(dashboard, "?kind=parking") == ["parking.opened"]


async def test_days_are_those_of_the_territory_and_count_whole(
    dashboard: Dashboard,
) -> None:
    # Paris is two hours ahead of UTC in June: 22:30 UTC is the next day there.
    for moment, name in (
        (datetime(2026, 6, 9, 21, 30, tzinfo=UTC), "call.opened"),
        (datetime(2026, 6, 9, 22, 30, tzinfo=UTC), "call.extended"),
        (datetime(2026, 6, 10, 21, 30, tzinfo=UTC), "call.judged"),
        (datetime(2026, 6, 10, 22, 30, tzinfo=UTC), "call.published"),
    ):
        await add_events(dashboard, name, at=moment)

    assert dashboard.territory.time_zone == "Europe/Paris"
    assert await sentences(dashboard, "?from=2026-06-10&to=2026-06-10") == [
        "The scoring of a call for projects ended",
        "A call for projects was extended",
    ]


async def test_a_day_that_is_none_is_refused_beside_its_field(
    dashboard: Dashboard,
) -> None:
    page = await dashboard.team.get(f"{PATH}?from=yesterday", headers=ENGLISH)
    table = await dashboard.team.get(f"{PATH}.csv?from=yesterday")

    assert (page.status_code, table.status_code) == (422, 422)
    assert "This is no day." in page.text


async def test_a_person_is_found_by_a_part_of_the_name_or_address(
    dashboard: Dashboard,
) -> None:
    first = await add_person(dashboard, "Compte Un", "un@people.example")
    second = await add_person(dashboard, "", "deux_100%@people.example")
    await add_events(dashboard, "call.opened", actor=first)
    await add_events(dashboard, "call.judged", actor=second)
    await add_events(dashboard, "call.published")

    assert await sentences(dashboard, "?person=compte+un") == [
        "A call for projects was opened"
    ]
    assert await sentences(dashboard, "?person=x_100%25") == [
        "The scoring of a call for projects ended"
    ]


async def test_somebody_who_left_has_no_name_and_is_not_found_by_it(
    dashboard: Dashboard,
) -> None:
    leaver = await add_person(dashboard, "Compte Parti", "parti@people.example")
    await add_events(dashboard, "call.opened", actor=leaver)
    await add_events(dashboard, "call.judged", actor=uuid4())
    async with dashboard.site.database.session(
        dashboard.territory.id, role="worker"
    ) as session:
        await session.execute(
            update(Person).where(Person.id == leaver).values(left_at=now())
        )

    page = await dashboard.team.get(PATH, headers=ENGLISH)

    assert page.text.count("A former member") == 2
    assert "Compte Parti" not in page.text
    assert "parti@" not in page.text
    assert await sentences(dashboard, "?person=parti") == []


async def test_what_people_declare_for_suggestions_is_not_in_the_journal(
    dashboard: Dashboard,
) -> None:
    await add_events(dashboard, "suggestion.turned_on", "call.opened")

    assert await sentences(dashboard) == ["A call for projects was opened"]
    assert await sentences(dashboard, "?kind=suggestion") == []
    assert "suggestion" not in (await dashboard.team.get(f"{PATH}.csv")).text


@pytest.mark.thorough
async def test_the_journal_has_pages(dashboard: Dashboard) -> None:
    await add_events(dashboard, *["call.opened"] * 53)

    assert len(await sentences(dashboard)) == 50
    assert len(await sentences(dashboard, "?page=2")) == 3
    assert len(await sentences(dashboard, "?page=9")) == 3


async def test_another_territory_reads_no_event_of_this_one(
    dashboard: Dashboard, other: Territory, make_person: Callable[..., Login]
) -> None:
    await add_events(dashboard, "call.opened")
    await add_events(dashboard, "call.judged", territory=other)
    login = make_person(other, moderator=True)
    async with browse(dashboard.app, other, login) as neighbour:
        page = await neighbour.get(PATH, headers=ENGLISH)
        table = await neighbour.get(f"{PATH}.csv")

    assert "The scoring of a call for projects ended" in page.text
    assert "A call for projects was opened" not in page.text
    assert "call.judged" in table.text
    assert "call.opened" not in table.text
    assert await sentences(dashboard) == ["A call for projects was opened"]


async def test_the_file_has_the_same_filter_and_runs_no_formula(
    dashboard: Dashboard,
) -> None:
    organisation = Organisation(
        id=uuid4(), slug="mairie", name="=1+1", summary={}, email="", url="",
        address="", producer=True,
    )  # fmt: skip
    actor = await add_person(dashboard, "+33 Compte", "plus@people.example")
    async with dashboard.site.database.session(
        dashboard.territory.id, role="worker"
    ) as session:
        session.add(organisation)
    at = datetime(2026, 3, 2, 12, tzinfo=UTC)
    await add_events(
        dashboard, "member.joined", actor=actor, subject=organisation.id, at=at
    )
    await add_events(dashboard, "call.opened")

    table = await dashboard.team.get(f"{PATH}.csv?kind=member", headers=ENGLISH)

    assert table.headers["content-type"] == "text/csv; charset=utf-8"
    assert table.text.lstrip("\ufeff").splitlines() == [
        "When (UTC),Event,What happened,Who,About",
        "2026-03-02T12:00:00+00:00,member.joined,A person joined an organisation,"
        "'+33 Compte,'=1+1",
    ]


@by_depth(
    ("language", "words"),
    [("en", "A dataset was published"), ("fr", "Un jeu de données a été publié")],
    by_default=[0],
)
async def test_the_journal_speaks_both_languages(
    dashboard: Dashboard, language: str, words: str
) -> None:
    await add_events(dashboard, "dataset.published")

    page = await dashboard.team.get(PATH, headers={"Accept-Language": language})

    assert words in unescape(page.text)
