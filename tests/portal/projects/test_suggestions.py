"""Who has, who needs, who could help: only for those who said so, never beyond what each may know, and off for ever."""

import asyncio
import itertools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from aiosmtpd.smtp import SMTP
from sqlalchemy import update

from tests.depth import by_depth, examples
from tests.mails import text_of
from tests.portal.catalogue.corpus import Catalogue
from tests.portal.projects.conftest import FORM
from tests.portal.projects.fair import HOME, Fair, fair
from tests.portal.transitions import read_transitions
from tests.visitors import browse, make_person
from udi.portal.projects.data_requests.models import DataRequest
from udi.portal.projects.models import Project
from udi.portal.projects.suggestions.models import (
    DeclaredInterest,
    SuggestionChoice,
    SuggestionMark,
    SuggestionMessage,
)
from udi.portal.projects.suggestions.transitions import (
    SUGGESTIONS,
    SuggestionEvent,
    SuggestionState,
)

__all__ = ["fair"]
PAGE = Path(__file__).parents[3] / "docs/reference/matchmaking.md"
NOISE = {"looks_for": "le bruit des rues la nuit", "mailed": "1"}
HELPER = {"offers": "testers", "discoverable": "1", "name": "Les Marcheuses"}
STORED_TABLES = (DeclaredInterest, SuggestionMark, SuggestionMessage)
TRANSITIONS = read_transitions("""
    undecided turn_on  on
    undecided turn_off off
    on        change   on
    on        mark     on
    on        write    on
    on        tell     on
    on        turn_off off
    off       turn_off off
    off       turn_on  on
""")
"""The table of `docs/reference/matchmaking.md`, written a second time."""
OUTDATED_FORM = (SuggestionEvent.TURN_ON, SuggestionEvent.CHANGE)
"""What a form brings about that was loaded before: another state is a conflict with it."""
STOP = re.compile(r"<(http[^>]+)>")


async def find_helper(fair: Fair) -> UUID:
    """Somebody who offers to try projects, and lets themselves be found; the identifier of what they declared."""
    await fair.turn_on(fair.workshop.other, **HELPER)
    return (await fair.interest(await fair.person("other"))).id


async def do(
    fair: Fair,
    event: SuggestionEvent,
    who: httpx.AsyncClient,
    person: UUID,
    seen: str,
    helper: UUID,
) -> int:
    """Whatever leads to an event, and the status; `seen` is of before it was ever on, or of while it was."""
    state = await fair.state(person)
    if event is SuggestionEvent.TURN_ON:
        fresh = {} if state is not SuggestionState.ON else {"seen": ""}
        return (await fair.declare(who, **NOISE, **fresh)).status_code
    if event is SuggestionEvent.CHANGE:
        if state is SuggestionState.ON:
            fresh = {}
        else:
            fresh = {"seen": seen or "2026-11-27T09:00:00+00:00"}
        return (await fair.declare(who, **NOISE, **fresh)).status_code
    if event is SuggestionEvent.TELL:
        before = len(fair.relay.raw)
        for interest in await fair.workshop.rows(DeclaredInterest):
            if interest.person_id == person:
                await fair.tell(interest.id)
        if len(fair.relay.raw) > before:
            return 303
        return 409
    return (
        await who.post(
            f"{HOME}/{event_path(event)}", data=event_form(fair, event, helper)
        )
    ).status_code


def event_path(event: SuggestionEvent) -> str:
    return {
        SuggestionEvent.MARK: "marks",
        SuggestionEvent.WRITE: "messages",
        SuggestionEvent.TURN_OFF: "off",
    }[event]


def event_form(fair: Fair, event: SuggestionEvent, helper: UUID) -> dict[str, str]:
    if event is SuggestionEvent.MARK:
        return {
            "thing": "dataset",
            "id": fair.datasets["Carte du bruit des rues"],
            "mark": "useful",
        }
    if event is SuggestionEvent.WRITE:
        return {"to": str(helper), "words": "Bonjour, nous faisons une carte."}
    return {}


async def test_every_pair_of_state_and_event_follows_the_table(fair: Fair) -> None:
    helper = await find_helper(fair)
    for state, event in itertools.product(SuggestionState, SuggestionEvent):
        (who, login), form_revision = await fair.workshop.come(), ""
        assert (await who.post("/projects/new", data=FORM)).status_code == 303
        person = await fair.person_of(login)
        if state is not SuggestionState.UNDECIDED:
            await fair.turn_on(who, **NOISE)
            form_revision = await fair.seen(who)
        if state is SuggestionState.OFF:
            await who.post(f"{HOME}/off")
        assert await fair.state(person) is state

        status = await do(fair, event, who, person, form_revision, helper)

        target = TRANSITIONS.get((state, event))
        refusal = 412 if event in OUTDATED_FORM else 409
        assert status == (303 if target else refusal), (state, event)
        assert await fair.state(person) == (target or state), (state, event)


def test_nothing_else_leads_anywhere() -> None:
    assert {(state, event): target for state, event, target, _ in SUGGESTIONS} == (
        TRANSITIONS
    )


def test_the_documented_table_is_the_tested_one() -> None:
    row = r"^\| `(\w+)` \| `(\w+)` \| [^|]+ \| `(\w+)` \| [^|]+ \| (?:none|`suggestion)"
    rows = re.findall(row, PAGE.read_text(), re.MULTILINE)

    assert {(state, event): target for state, event, target in rows} == TRANSITIONS


@pytest.mark.thorough
async def test_each_suggestion_says_why_in_words_of_both(fair: Fair) -> None:
    workshop = fair.workshop
    helper = await find_helper(fair)
    address = await workshop.begin(
        title="Le bruit des rues", summary="Où dormir au calme.", support="testers"
    )
    data_request = await workshop.other.post(
        "/data-requests/new",
        data={
            "title": "Budget du bruit",
            "words": "Comparer.",
            "theme": "economy",
            "seen": "1",
        },
    )

    await fair.turn_on(workshop.leader, has="le budget de chaque rue", themes="economy")

    page = await fair.page(workshop.leader)
    for expected in (
        "Carte du bruit des rues", "Mots en commun", "<bdi>bruit</bdi>", "Proche de votre projet", address,
        "confidentiel", "Les Marcheuses", "Propose ce que cherche votre projet", "des personnes qui l’essaient",
        data_request.headers["location"], "Proche de ce que vous avez", "Thème en commun", f"messages/new?to={helper}",
    ):  # fmt: skip
        assert expected.casefold() in page.casefold(), expected


async def test_an_organisation_is_told_who_needs_what_it_publishes(fair: Fair) -> None:
    workshop = fair.workshop
    form = {
        "title": "Bruit des rues la nuit",
        "words": "Choisir où planter.",
        "theme": "environment",
        "seen": "1",
    }
    request_address = (
        await workshop.other.post("/data-requests/new", data=form)
    ).headers["location"]
    producer, _ = await workshop.come(memberships={"armor": ["publishers"]})

    await fair.turn_on(producer, "armor")

    page = await fair.page(producer, "armor")
    assert request_address in page
    assert "Proche d’un jeu de données que vous publiez" in page
    assert request_address not in await fair.page(workshop.leader), (
        "the organisation asked, not this person"
    )


@pytest.mark.thorough
async def test_what_is_not_wanted_never_comes_again_and_what_is_useful_comes_first(
    fair: Fair,
) -> None:
    leader = fair.workshop.leader
    await fair.turn_on(leader, looks_for="bruit rues")
    titles = [title for title in fair.datasets if "Bruit" in title or "bruit" in title]
    page = await fair.page(leader)
    assert all(fair.datasets[title] in page for title in titles)
    last = max(titles, key=lambda title: page.index(fair.datasets[title]))
    first = min(titles, key=lambda title: page.index(fair.datasets[title]))

    for title, mark in ((last, "useful"), (first, "never")):
        form = {"thing": "dataset", "id": fair.datasets[title], "mark": mark}
        assert (await leader.post(f"{HOME}/marks", data=form)).status_code == 303

    page = await fair.page(leader)
    assert fair.datasets[first] not in page
    assert (
        min(titles, key=lambda title: page.find(fair.datasets[title]) % 10**9) == last
    )


@by_depth(
    ("form", "field"),
    [
        ({"discoverable": "1", "offers": "skills"}, "name"), ({"discoverable": "1", "name": "Ana"}, "discoverable"),
        ({"themes": "nothing"}, "themes"), ({"offers": "data"}, "offers"), ({"looks_for": "x" * 301}, "looks_for"),
    ],
    by_default=[0],
)  # fmt: skip
async def test_a_form_that_says_too_little_or_too_much_keeps_nothing(
    fair: Fair, form: dict[str, str], field: str
) -> None:
    answer = await fair.declare(fair.workshop.leader, **form)

    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert await fair.workshop.rows(SuggestionChoice) == []


async def test_off_forgets_all_but_that_it_is_off_and_no_page_names_it_again(
    fair: Fair,
) -> None:
    workshop = fair.workshop
    leader = fair.workshop.leader
    helper = await find_helper(fair)
    person = await fair.person("leader")
    await workshop.begin(support="testers")
    await fair.turn_on(leader, **NOISE, discoverable="1", name="Ana", has="sonomètres")
    await leader.post(
        f"{HOME}/marks", data=event_form(fair, SuggestionEvent.MARK, helper)
    )
    await leader.post(
        f"{HOME}/messages", data=event_form(fair, SuggestionEvent.WRITE, helper)
    )
    await workshop.other.post(
        f"{HOME}/marks",
        data={
            "thing": "interest",
            "id": str((await fair.interest(person)).id),
            "mark": "useful",
        },
    )
    assert HOME in (await leader.get("/my-space")).text

    stale = await fair.seen(leader)
    off = await leader.post(f"{HOME}/off")

    assert (off.status_code, off.headers["location"]) == (303, HOME)
    assert [
        interest.person_id for interest in await workshop.rows(DeclaredInterest)
    ] == [await fair.person("other")]
    assert [
        await workshop.rows(model) for model in (SuggestionMark, SuggestionMessage)
    ] == [[], []]
    assert await fair.state(person) is SuggestionState.OFF
    assert HOME not in (await leader.get("/my-space")).text
    assert (await fair.declare(leader, **NOISE, seen=stale)).status_code == 412
    assert (await workshop.team.post(f"{HOME}/off")).status_code == 303, (
        "the team turns off its own alone"
    )
    assert await fair.state(person) is SuggestionState.OFF
    assert "arrêtées" in (await fair.page(leader)).casefold()
    assert (await workshop.events()).count("suggestion.turned_off") == 2


async def test_one_click_of_the_mailbox_turns_off_for_ever_and_an_old_mail_still_does(
    fair: Fair,
) -> None:
    workshop = fair.workshop
    person = await fair.person("leader")
    await workshop.begin(title="Secret du bruit", summary="Bruit des rues.")
    await fair.turn_on(workshop.leader, **NOISE)
    assert await fair.queue() == 1
    assert await fair.queue() == 0
    await fair.tell((await fair.interest(person)).id)
    [mail] = fair.relay.mails
    await fair.tell((await fair.interest(person)).id)
    assert len(fair.relay.mails) == 1, "nothing is told twice"
    text = text_of(mail)
    assert "Carte du bruit des rues" in text
    assert "Secret" not in text
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = STOP.search(str(mail["List-Unsubscribe"])).group(1)  # type: ignore[union-attr]  # a mail without it fails here
    assert address in text

    assert (await workshop.anyone.get(address)).status_code == 200
    assert await fair.state(person) is SuggestionState.ON, (
        "a program that looks for danger turns nothing off"
    )
    mailbox = {"Sec-Fetch-Site": "cross-site"}
    for _ in range(2):
        done = await workshop.anyone.post(
            address, data={"List-Unsubscribe": "One-Click"}, headers=mailbox
        )
        assert done.status_code == 200
        assert await fair.state(person) is SuggestionState.OFF
    await fair.turn_on(workshop.leader, **NOISE)
    await workshop.anyone.post(address, headers=mailbox)
    assert await fair.state(person) is SuggestionState.OFF


async def test_a_worker_that_is_under_way_brings_nothing_back(
    fair: Fair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The person turns suggestions off while the relay takes the mail, between the job's reading and its last note."""
    workshop = fair.workshop
    person = await fair.person("leader")
    await fair.turn_on(workshop.leader, **NOISE)
    interest = (await fair.interest(person)).id

    class Slow:
        async def handle_DATA(  # noqa: N802 - aiosmtpd's name
            self, _server: SMTP, _session: Any, _envelope: Any
        ) -> str:
            assert (await workshop.leader.post(f"{HOME}/off")).status_code == 303
            return "250 Kept"

    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(Slow()), "127.0.0.1", 0
    )
    changed = {"smtp_port": server.sockets[0].getsockname()[1]}
    monkeypatch.setattr(
        workshop.site, "settings", workshop.site.settings.model_copy(update=changed)
    )
    await fair.tell(interest)
    server.close()
    await server.wait_closed()

    assert await fair.state(person) is SuggestionState.OFF
    assert [await workshop.rows(model) for model in STORED_TABLES] == [[], [], []]
    assert await fair.queue() == 0
    await fair.tell(interest)
    assert fair.relay.mails == []


async def test_two_clicks_at_once_leave_it_off(fair: Fair) -> None:
    leader = fair.workshop.leader
    person = await fair.person("leader")
    for _ in range(examples(2, 5)):
        await fair.turn_on(leader, **NOISE)
        form_revision = await fair.seen(leader)
        changes = [fair.declare(leader, **NOISE, seen=form_revision) for _ in range(2)]
        await asyncio.gather(
            leader.post(f"{HOME}/off"), *changes, leader.post(f"{HOME}/off")
        )
        assert await fair.state(person) is SuggestionState.OFF
        assert [await fair.workshop.rows(model) for model in STORED_TABLES] == [
            [],
            [],
            [],
        ]


async def test_only_those_who_administer_an_organisation_turn_on_what_it_turned_off(
    fair: Fair,
) -> None:
    workshop = fair.workshop
    manager, _ = await workshop.come(memberships={"armor": ["managers"]})
    member, _ = await workshop.come(memberships={"armor": []})
    await fair.turn_on(workshop.leader, "armor", discoverable="1", has="comptages")

    assert (await workshop.other.get(HOME, params={"for": "armor"})).status_code == 404
    assert (await member.get(HOME, params={"for": "armor"})).status_code == 403
    for who in (workshop.other, workshop.team):
        assert (await who.post(f"{HOME}/off", data={"for": "armor"})).status_code == 404
    assert (await member.post(f"{HOME}/off", data={"for": "armor"})).status_code == 403
    assert (
        await workshop.leader.post(f"{HOME}/off", data={"for": "armor"})
    ).status_code == 303
    assert await workshop.rows(DeclaredInterest) == []
    assert "Armorine" not in await fair.page(workshop.leader), "it is not named again"
    assert (await fair.declare(workshop.leader, "armor")).status_code == 403
    assert (await fair.declare(workshop.team, "armor", seen="")).status_code == 404
    assert (await fair.declare(manager, "armor")).status_code == 303


async def test_a_message_leaves_by_the_portal_and_says_no_address_but_the_writers(
    fair: Fair,
) -> None:
    workshop = fair.workshop
    leader = fair.workshop.leader
    helper = await find_helper(fair)
    await workshop.begin(support="testers")
    await fair.turn_on(leader)
    sent = {"to": str(helper), "words": "Bonjour,\nvenez marcher."}
    form = await leader.get(f"{HOME}/messages/new", params={"to": str(helper)})
    assert workshop.logins["other"].email not in form.text + await fair.page(leader)

    assert (
        await leader.post(f"{HOME}/messages", data=sent | {"words": " "})
    ).status_code == 422
    assert (await leader.post(f"{HOME}/messages", data=sent)).status_code == 303
    await fair.deliver()
    await fair.deliver()

    [mail] = fair.relay.mails
    assert (mail["To"], mail["Reply-To"]) == (
        workshop.logins["other"].email,
        workshop.logins["leader"].email,
    )
    assert "venez marcher" in text_of(mail)
    assert STOP.search(str(mail["List-Unsubscribe"]))
    [message] = await workshop.rows(SuggestionMessage)
    assert (message.words, message.sent_at is None) == ("", False)
    assert (await leader.post(f"{HOME}/messages", data=sent)).status_code == 409
    assert (
        await workshop.other.post(f"{HOME}/messages", data=sent)
    ).status_code == 404, "nobody writes to oneself"
    assert (
        await leader.post(f"{HOME}/messages", data=sent | {"to": str(uuid4())})
    ).status_code == 404


async def test_no_message_reaches_who_turned_off_meanwhile_and_five_a_day_are_enough(
    fair: Fair,
) -> None:
    workshop = fair.workshop
    leader = fair.workshop.leader
    await workshop.begin(support="testers")
    await fair.turn_on(leader)
    helpers = [(await workshop.come())[0] for _ in range(6)]
    answers = []
    for number, helper in enumerate(helpers):
        await fair.turn_on(helper, **HELPER | {"name": f"Aide {number}"})
        rows: list[DeclaredInterest] = await workshop.rows(DeclaredInterest)
        [to] = [row.id for row in rows if row.name == f"Aide {number}"]
        answers.append(
            (
                await leader.post(
                    f"{HOME}/messages", data={"to": str(to), "words": "Bonjour"}
                )
            ).status_code
        )
    assert answers == [303] * 5 + [429]

    await helpers[0].post(f"{HOME}/off")
    await fair.declare(helpers[1], offers="testers")
    await fair.deliver()

    assert len(fair.relay.mails) == 3


async def test_a_confidential_project_is_known_to_its_leader_alone(fair: Fair) -> None:
    workshop = fair.workshop
    form = {
        "title": "Sirènes nocturnes",
        "summary": "Le bruit des rues.",
        "support": ["testers", "data"],
    }
    secret = await workshop.begin(**form, organisation="armor", requester="public_body")
    await fair.turn_on(workshop.leader, mailed="1")
    await fair.turn_on(workshop.leader, "armor", mailed="1")
    others = [
        workshop.other,
        workshop.team,
        (await workshop.come(memberships={"armor": ["managers"]}))[0],
    ]
    for who in others:
        await fair.turn_on(
            who,
            has="bruit sirènes",
            looks_for="bruit sirènes",
            offers="testers",
            mailed="1",
        )

    assert secret in await fair.page(workshop.leader)
    pages = [await fair.page(who) for who in others] + [
        await fair.page(who, "armor") for who in (workshop.leader, others[-1])
    ]
    for interest in await workshop.rows(DeclaredInterest):
        await fair.tell(interest.id)

    texts = [*pages, *(text_of(mail) for mail in fair.relay.mails)]
    assert not [text for text in texts if secret in text or "Sirènes" in text]
    mine = [
        mail
        for mail in fair.relay.mails
        if mail["To"] == workshop.logins["leader"].email
    ]
    assert mine == [], "nor does it count for what a mail says"


async def test_another_territory_has_no_part_in_it(
    fair: Fair, elsewhere: Catalogue
) -> None:
    workshop = fair.workshop
    address = await workshop.publish(
        title="Bruit des rues", support=["testers", "data"]
    )
    helper = await find_helper(fair)
    await fair.turn_on(workshop.leader, **NOISE)
    await fair.tell((await fair.interest(await fair.person("leader"))).id)
    stop = STOP.search(str(fair.relay.mails[0]["List-Unsubscribe"])).group(1)  # type: ignore[union-attr]  # a mail without it fails here

    async with browse(
        workshop.app, elsewhere.territory, make_person(elsewhere.territory)
    ) as stranger:
        mine = {
            "looks_for": "bruit des rues",
            "has": "bruit des rues",
            "offers": "testers",
            "seeks": "testers",
        }
        await stranger.post(f"{HOME}/interests", data=mine | {"seen": ""})
        page = await stranger.get(HOME)
        assert page.status_code == 200
        for text in (address, "Les Marcheuses", "Carte du bruit"):
            assert text not in page.text
        path = httpx.URL(stop).path
        assert (await stranger.post(path)).status_code == 404
        sent = {"to": str(helper), "words": "Bonjour"}
        assert (await stranger.post(f"{HOME}/messages", data=sent)).status_code == 404
        marked = {"thing": "interest", "id": str(helper), "mark": "never"}
        assert (await stranger.post(f"{HOME}/marks", data=marked)).status_code == 404
    assert await fair.state(await fair.person("leader")) is SuggestionState.ON


HIDE: dict[str, Callable[[], Any]] = {
    "hidden project": lambda: update(Project).values(hidden_at=Project.created_at),
    "archived project": lambda: update(Project).values(state="archived"),
    "withdrawn request": lambda: update(DataRequest).values(state="withdrawn"),
    "hidden request": lambda: update(DataRequest).values(state="hidden"),
}


@pytest.mark.parametrize("what", HIDE)
async def test_what_is_not_shown_any_more_is_suggested_to_nobody(
    fair: Fair, what: str
) -> None:
    workshop = fair.workshop
    form = {"title": "Bruit la nuit", "words": "Dormir.", "seen": "1"}
    request = (await workshop.leader.post("/data-requests/new", data=form)).headers[
        "location"
    ]
    project = await workshop.publish(title="Bruit des rues", support=["data"])
    await fair.turn_on(workshop.other, has="bruit des rues")
    assert {request in (page := await fair.page(workshop.other)), project in page} == {
        True
    }

    async with workshop.site.database.session(
        workshop.territory.id, role="worker"
    ) as session:
        await session.execute(HIDE[what]())

    page = await fair.page(workshop.other)
    assert (request in page, project in page) == ("project" in what, "request" in what)
