"""Asking to publish, and what the territory's team answers."""

import itertools
import re
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from litestar import Litestar

from tests.depth import by_depth
from tests.mails import text_of
from tests.portal.organisations.conftest import FORM, Relay, Workspace
from tests.portal.transitions import list_trials, read_transitions
from tests.visitors import browse
from udi.kit.errors import ConflictError
from udi.kit.oidc import Login
from udi.kit.tenancy import Territory
from udi.portal.organisations.joining.tasks import write_application_emails
from udi.portal.organisations.joining.transitions import APPLICATION, ApplicationEvent
from udi.portal.organisations.models import Application, ApplicationState

PAGE = Path(__file__).parents[3] / "docs/reference/joining.md"
WHY = "Cette association n’est pas du territoire.\nÉcrivez à votre commune."
EVENTS = {
    "correct": "corrected",
    "withdraw": "withdrawn",
    "approve": "approved",
    "refuse": "refused",
    "request_information": "questioned",
}
TRANSITIONS = read_transitions("""
    submitted       correct  submitted
    submitted       withdraw withdrawn
    submitted       approve  approved
    submitted       refuse   refused
    submitted       request_information information_requested
    information_requested correct  submitted
    information_requested withdraw withdrawn
    information_requested approve  approved
    information_requested refuse   refused
    information_requested request_information information_requested
    refused     correct  submitted
""")
"""The table of `docs/reference/joining.md`, written a second time."""
WAY = {
    ApplicationState.WITHDRAWN: ApplicationEvent.WITHDRAW,
    ApplicationState.INFORMATION_REQUESTED: ApplicationEvent.REQUEST_INFORMATION,
    ApplicationState.REFUSED: ApplicationEvent.REFUSE,
    ApplicationState.APPROVED: ApplicationEvent.APPROVE,
}


async def bring_to(workspace: Workspace, state: ApplicationState) -> str:
    """A request in this state."""
    address = await workspace.ask()
    if state in WAY:
        await do(workspace, address, WAY[state])
    assert (await workspace.one(address)).state == state
    return address


async def do(
    workspace: Workspace, address: str, event: ApplicationEvent
) -> httpx.Response:
    if event == ApplicationEvent.CORRECT:
        return await workspace.person.post(
            f"{address}/correct", data={**FORM, "name": "Ville de Kerlévan"}
        )
    if event == ApplicationEvent.WITHDRAW:
        return await workspace.person.post(f"{address}/withdraw")
    return await workspace.decide(address, event, WHY)


@pytest.mark.parametrize(
    ("state", "events"),
    list_trials(itertools.product(ApplicationState, ApplicationEvent), TRANSITIONS),
)
async def test_every_pair_of_state_and_event_follows_the_table(
    workspace: Workspace, state: ApplicationState, events: list[ApplicationEvent]
) -> None:
    address = await bring_to(workspace, state)
    before = await workspace.events()

    for event in events:
        answer = await do(workspace, address, event)

        target = TRANSITIONS.get((state, event))
        assert answer.status_code == (303 if target else 409), answer.text
        assert (await workspace.one(address)).state == (target or state), event
        added = (await workspace.events())[len(before) :]
        assert added == ([f"application.{EVENTS[event]}"] if target else [])
        assert len(await workspace.organisations()) == ("approved" in {state, target})


def test_the_documented_table_is_the_tested_one() -> None:
    rows = re.findall(
        r"^\| `(\w+)` \| `(\w+)` \| [^|]+ \| `(\w+)` \| [^|]+ \| `application",
        PAGE.read_text(),
        re.MULTILINE,
    )

    assert {(state, event): target for state, event, target in rows} == TRANSITIONS
    with pytest.raises(ConflictError):
        APPLICATION.next_state(ApplicationState.APPROVED, ApplicationEvent.WITHDRAW)


async def test_who_asks_is_explained_asks_again_and_is_approved(
    workspace: Workspace, relay: Relay
) -> None:
    address = await workspace.ask()
    await workspace.tell(address)
    await workspace.decide(address, "refuse", WHY)
    await workspace.tell(address)
    page = await workspace.person.get(address)
    again = await workspace.person.post(
        f"{address}/correct", data={**FORM, "email": "mairie@kerlevan.example"}
    )
    await workspace.tell(address)
    await workspace.decide(address, "approve")
    await workspace.tell(address)

    assert again.status_code == 303
    assert "Cette association n’est pas du territoire." in page.text
    assert f"mailto:{workspace.territory.contact}" in page.text
    person = (await workspace.one(address)).person_id
    headers = [(mail["To"], mail["Subject"]) for mail in relay.mails]
    assert [subject for _, subject in headers] == [
        "Mairie de Kerlévan demande à publier ses données",
        "Votre demande pour Mairie de Kerlévan est envoyée",
        "Votre demande pour Mairie de Kerlévan est refusée",
        "Mairie de Kerlévan demande à publier ses données",
        "Votre demande pour Mairie de Kerlévan est envoyée",
        "Bienvenue\N{NO-BREAK SPACE}: Mairie de Kerlévan peut publier ses données",
    ]
    assert [to == workspace.territory.contact for to, _ in headers] == [
        True,
        False,
        False,
        True,
        False,
        False,
    ]
    assert "Écrivez à votre commune." in text_of(relay.mails[2])
    assert f"{workspace.territory.origin}{address}" in text_of(relay.mails[5])
    [organisation] = await workspace.organisations()
    assert (organisation.slug, organisation.registry_number) == (
        "mairie-de-kerlevan",
        "732829320",
    )
    assert organisation.kind == "public_body"
    assert (organisation.email, organisation.producer) == (
        "mairie@kerlevan.example",
        True,
    )
    [change] = await workspace.changes()
    assert (change.person_id, change.groups, change.leaves) == (
        person,
        ["managers"],
        False,
    )
    assert (
        await workspace.person.get("/producers/mairie-de-kerlevan")
    ).status_code == 200


@pytest.mark.thorough
async def test_a_mail_is_in_the_language_that_the_person_read(
    workspace: Workspace, relay: Relay
) -> None:
    answer = await workspace.person.post(
        "/join/new", data=FORM, headers={"Accept-Language": "en"}
    )
    address = answer.headers["location"]
    await workspace.decide(address, "request_information", "Which service?")
    await workspace.tell(address)

    assert (
        relay.mails[0]["Subject"]
        == "A question about your request for Mairie de Kerlévan"
    )
    assert "Which service?" in text_of(relay.mails[0])


async def test_a_mail_about_what_is_not_so_any_more_does_not_leave(
    workspace: Workspace, relay: Relay
) -> None:
    address = await workspace.ask()
    before = await workspace.one(address)
    await workspace.person.post(f"{address}/withdraw")

    mails = await write_application_emails(
        workspace.site, workspace.territory, before.id, before.state, before.revision
    )

    assert mails == []


@by_depth(
    ("changed", "field", "message"),
    [
        ({"name": "  "}, "name", "nom officiel"),
        ({"name": "x" * 151}, "name", "nom officiel"),
        ({"kind": "person"}, "kind", "sorte"),
        ({"registry_number": ""}, "registry_number", "manque"),
        ({"registry_number": "732829321"}, "registry_number", "clé"),
        ({"registry_number": "7328293200007"}, "registry_number", "SIREN"),
        ({"registry_number": "73282932000075"}, "registry_number", "clé"),
        ({"registry_number": "٧٣٢٨٢٩٣٢٠"}, "registry_number", "SIREN"),
        ({"country": "other", "registry_number": "1" * 41}, "registry_number", "40"),
        ({"email": "personne"}, "email", "adresse"),
        ({"email": "a@b.example\nBcc: c@d.example"}, "email", "adresse"),
        ({"url": "ftp://files.example.org"}, "url", "adresse"),
        ({"url": "https://user@host.example"}, "url", "adresse"),
        ({"url": "https://[::1"}, "url", "adresse"),
        ({"choice": "cloud"}, "choice", "trois"),
        ({"charter": ""}, "charter", "charte"),
    ],
    by_default=[0],
)
async def test_each_wrong_answer_is_named_and_what_was_typed_stays(
    workspace: Workspace, changed: dict[str, str], field: str, message: str
) -> None:
    answer = await workspace.person.post("/join/new", data={**FORM, **changed})

    assert answer.status_code == 422
    [words] = re.findall(rf'<p class="error" id="{field}-e">([^<]+)', answer.text)
    assert message in words
    assert f'href="#{field}"' in answer.text
    name = {**FORM, **changed}["name"]
    assert f'value="{name}"' in answer.text
    assert await workspace.rows(Application) == []


@by_depth(
    ("language", "read", "sentence"),
    [("fr", "Lire la charte", "Texte."), ("en", "Read the", "Text.")],
    by_default=[0],
)
async def test_the_charter_is_read_where_one_says_to_follow_it(
    workspace: Workspace, language: str, read: str, sentence: str
) -> None:
    headers = {"Accept-Language": language}
    page = (await workspace.person.get("/join/new", headers=headers)).text
    unread = (
        await workspace.person.post(
            "/join/new", data={**FORM, "charter": ""}, headers=headers
        )
    ).text

    [(state, summary, words)] = re.findall(
        r"<details( open)?><summary>([^<]+)</summary>\n(.+?)</details>", page, re.DOTALL
    )
    assert (state, summary.startswith(read)) == ("", True)
    assert f"<p>{sentence}</p>" in words
    assert page.index("</details>") < page.index('id="charter"')
    assert "<details open>" in unread


@by_depth(
    "number",
    [
        "732829320",
        "732 829 320 00074",
        "73282932000074",
        "w751234567",
        "356 000 000 00048",
        "35600000049837",
        "120 027 016",
    ],
    by_default=[0],
)
async def test_numbers_of_french_registers_are_taken_however_they_are_written(
    workspace: Workspace, number: str
) -> None:
    address = await workspace.ask(registry_number=number)

    assert (await workspace.one(address)).registry_number == re.sub(
        r"\W", "", number
    ).upper()


@pytest.mark.thorough
async def test_elsewhere_any_number_or_none(workspace: Workspace) -> None:
    await workspace.ask(country="other", registry_number="CHE-123.456.789")
    await workspace.ask(country="other", registry_number="", name="Autre chose")

    assert {
        application.registry_number for application in await workspace.rows(Application)
    } == {
        "CHE123456789",
        "",
    }


async def test_the_same_organisation_is_asked_for_once(
    workspace: Workspace,
    portal_app: Litestar,
    demo: Territory,
    make_person: Callable[..., Login],
) -> None:
    await workspace.ask()
    mine = await workspace.person.post("/join/new", data=FORM)
    async with browse(portal_app, demo, make_person(demo)) as somebody:
        theirs = await somebody.post(
            "/join/new", data={**FORM, "name": "Commune de Kerlévan"}
        )

    assert (mine.status_code, theirs.status_code) == (409, 422)
    assert "Quelqu’un a déjà demandé" in theirs.text


@pytest.mark.thorough
async def test_what_is_here_is_proposed_first(workspace: Workspace) -> None:
    address = await workspace.ask()
    await workspace.decide(address, "approve")
    same = await workspace.person.post("/join/new", data={**FORM, "apart": "1"})
    branch = await workspace.person.post(
        "/join/new", data={**FORM, "name": "Port", "registry_number": "73282932000074"}
    )
    near = {**FORM, "name": "MAIRIE KERLEVAN", "registry_number": "120027016"}
    similar = await workspace.person.post("/join/new", data=near)
    apart = await workspace.person.post("/join/new", data={**near, "apart": "1"})

    assert (
        same.status_code,
        branch.status_code,
        similar.status_code,
        apart.status_code,
    ) == (422, 422, 422, 303)
    assert "est déjà ici" in same.text
    for page in (branch, similar):
        assert "Est-ce l’une d’elles" in page.text
        assert 'href="/producers/mairie-de-kerlevan"' in page.text
    await workspace.decide(apart.headers["location"], "approve")
    assert {organisation.slug for organisation in await workspace.organisations()} == {
        "mairie-de-kerlevan",
        "mairie-kerlevan",
    }


@pytest.mark.thorough
async def test_two_of_one_name_have_addresses_of_their_own(
    workspace: Workspace,
) -> None:
    for number in ("732829320", "120027016"):
        answer = await workspace.person.post(
            "/join/new", data={**FORM, "registry_number": number, "apart": "1"}
        )
        await workspace.decide(answer.headers["location"], "approve")

    assert {organisation.slug for organisation in await workspace.organisations()} == {
        "mairie-de-kerlevan",
        "mairie-de-kerlevan-2",
    }


async def test_the_team_decides_on_what_it_read(workspace: Workspace) -> None:
    address = await workspace.ask()
    await workspace.person.post(
        f"{address}/correct", data={**FORM, "name": "Autre nom"}
    )

    late = await workspace.decide(address, "approve", revision=1)

    assert late.status_code == 412
    assert (await workspace.one(address)).state == ApplicationState.SUBMITTED
    assert await workspace.organisations() == []


async def test_a_refusal_without_words_is_refused(workspace: Workspace) -> None:
    address = await workspace.ask()

    silent = await workspace.decide(address, "refuse", " \n ")
    endless = await workspace.decide(address, "request_information", "x" * 2001)

    assert (silent.status_code, endless.status_code) == (422, 422)
    assert 'id="words-e"' in silent.text
    assert (await workspace.one(address)).state == ApplicationState.SUBMITTED


async def test_strangers_and_other_territories_reach_nothing(
    workspace: Workspace,
    portal_app: Litestar,
    demo: Territory,
    other: Territory,
    make_person: Callable[..., Login],
) -> None:
    address = await workspace.ask()
    async with browse(portal_app, demo, make_person(demo)) as stranger:
        pages = [await stranger.get(address), await stranger.get(f"{address}/correct")]
        pages += [
            await stranger.post(f"{address}/withdraw"),
            await stranger.post(f"{address}/correct", data=FORM),
        ]
        decided = await stranger.post(
            f"{address}/decide", data={"decision": "approve", "revision": "1"}
        )
        listed = await stranger.get("/join/requests")
    async with browse(
        portal_app, other, make_person(other, moderator=True)
    ) as their_team:
        pages += [await their_team.get(address)]
        pages += [
            await their_team.post(
                f"{address}/decide", data={"decision": "approve", "revision": "1"}
            )
        ]
        empty = await their_team.get("/join/requests")
    async with browse(portal_app, demo) as nobody:
        led = [
            await nobody.get(path) for path in (address, "/join/new", "/join/requests")
        ]
        public = await nobody.get("/join")

    assert {page.status_code for page in pages} == {404}
    assert (decided.status_code, listed.status_code) == (403, 403)
    assert "équipe du territoire" in listed.text
    assert "Kerlévan" not in empty.text
    assert {page.headers["location"].split("?")[0] for page in led} == {"/login"}
    assert (public.status_code, "Kerlévan" in public.text) == (200, False)
    assert (await workspace.one(address)).state == ApplicationState.SUBMITTED


async def test_the_team_may_not_change_what_a_person_asked(
    workspace: Workspace,
) -> None:
    address = await workspace.ask()

    assert (
        await workspace.team.post(f"{address}/correct", data=FORM)
    ).status_code == 404
    assert (await workspace.team.post(f"{address}/withdraw")).status_code == 404


async def test_a_person_has_a_few_requests_open_at_most(workspace: Workspace) -> None:
    for number in range(5):
        await workspace.ask(
            country="other",
            registry_number=f"N{number}",
            name=f"Organisation {number} {'abcde'[number] * 9}",
        )

    sixth = await workspace.person.post("/join/new", data=FORM)

    assert sixth.status_code == 429


@pytest.mark.thorough
async def test_pages_say_how_things_stand(workspace: Workspace) -> None:
    address = await workspace.ask(name="<b>Mairie</b> %(name)s")

    page, home, listed = [
        await workspace.person.get(address),
        await workspace.person.get("/join"),
        await workspace.team.get("/join/requests"),
    ]

    assert "L’équipe a votre demande" in page.text
    for response in (page, home, listed):
        assert "&lt;b&gt;Mairie&lt;/b&gt; %(name)s" in response.text
    assert "decide" not in page.text
    assert f"{address}/decide" in (await workspace.team.get(address)).text
