"""Incidents and maintenance: announced by a command without a database, listed on the page, as JSON and as a feed."""

import asyncio
import json
import os
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import msgspec
import pytest
from litestar import Litestar
from typer.testing import CliRunner

from tests.kit.relay import Relay
from tests.visitors import browse
from udi.cli import announcement as command
from udi.cli.local.errors import LocalError
from udi.kit.clock import now
from udi.kit.tenancy import Territory
from udi.portal import app as portal
from udi.portal.site import build_site
from udi.portal.territory.status.announcements import (
    RETENTION,
    Announcement,
    AnnouncementKind,
    AnnouncementState,
    change_announcements,
    load_announcements,
    read_announcements,
    select_announcements,
)
from udi.portal.territory.status.territories import keep_measure
from udi.settings import Settings

HOUR = timedelta(hours=1)
ATOM = {"a": "http://www.w3.org/2005/Atom"}
TEXTS = ["fr=La connexion ne répond pas.", "en=Login does not answer."]
Announce = Callable[..., str]


@pytest.fixture(autouse=True)
def no_file_left(settings: Settings) -> Iterator[None]:
    """What other tests know nothing of."""
    yield
    (settings.state / "status/announcements.json").unlink(missing_ok=True)


@pytest.fixture
def run(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Announce:
    """The command, with the settings of the tests; what it prints."""
    monkeypatch.setattr(command, "get_settings", lambda: settings)

    def invoke(*words: str) -> str:
        result = CliRunner().invoke(command.app, words, catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.output

    return invoke


def options(*texts: str) -> list[str]:
    return [word for text in texts for word in ("--text", text)]


def announce(run: Announce, *words: str, kind: str = "incident") -> str:
    """An announcement; its id."""
    printed = run("add", kind, *options(*TEXTS), *words, "--json")
    identifier: str = json.loads(printed)[0]["id"]
    return identifier


def make(identifier: str, begins_at: datetime, **changes: object) -> Announcement:
    announcement = Announcement(
        identifier,
        AnnouncementKind.INCIDENT,
        begins_at,
        {"fr": identifier},
        begins_at,
    )
    return msgspec.structs.replace(announcement, **changes)


async def test_an_incident_is_told_from_its_beginning_to_its_end(
    portal_app: Litestar, demo: Territory, run: Announce
) -> None:
    identifier = announce(run, "--part", "login")
    async with browse(portal_app, demo) as visitor:
        begun = (await visitor.get("/status")).text
        run("update", identifier, *options("fr=La cause est trouvée."))
        updated = (await visitor.get("/status")).text
        run("end", identifier, *options("fr=Tout fonctionne."))
        ended = (await visitor.get("/status")).text
        document = (await visitor.get("/status.json")).json()
        english = await visitor.get("/status", headers={"Accept-Language": "en"})

    assert "Incident\u00a0: En ce moment" in begun
    assert "La connexion ne répond pas." in begun
    assert "La cause est trouvée." not in begun
    assert "La cause est trouvée." in updated
    assert "Incident\u00a0: C’est terminé" in ended
    assert "Login does not answer." in english.text
    assert '<span lang="fr">Tout fonctionne.</span>' in english.text
    [listed] = document["announcements"]
    assert (listed["id"], listed["state"], listed["parts"]) == (
        identifier,
        "over",
        ["login"],
    )
    assert [update["texts"]["fr"] for update in listed["updates"]] == [
        "La cause est trouvée.", "Tout fonctionne.",
    ]  # fmt: skip


async def test_a_feed_tells_each_update(
    portal_app: Litestar, demo: Territory, run: Announce
) -> None:
    identifier = announce(run, kind="maintenance")
    run("update", identifier, *options("fr=Cela dure plus longtemps."))
    async with browse(portal_app, demo) as visitor:
        answer = await visitor.get("/status.atom")

    feed = ET.fromstring(answer.content)  # noqa: S314 - our local answer
    [entry] = feed.findall("a:entry", ATOM)
    assert answer.headers["content-type"].startswith("application/atom+xml")
    assert entry.findtext("a:id", "", ATOM) == f"urn:udi:announcement:{identifier}"
    assert entry.findtext("a:title", "", ATOM) == "Maintenance"
    assert "Cela dure plus longtemps." in entry.findtext("a:summary", "", ATOM)
    assert entry.findtext("a:updated", "", ATOM) >= entry.findtext(
        "a:published", "", ATOM
    )


async def test_one_territory_is_told_what_concerns_it_alone(
    portal_app: Litestar, settings: Settings, demo: Territory, run: Announce
) -> None:
    keep_measure(settings, demo.slug, {}, now(), 1)
    keep_measure(settings, "elsewhere", {}, now(), 1)
    local = announce(run, "--territory", demo.slug)
    other = announce(run, "--territory", "elsewhere")
    shared = announce(run)
    async with browse(portal_app, demo) as visitor:
        document = (await visitor.get("/status.json")).json()
    async with browse(portal_app, None) as visitor:
        installation = (await visitor.get("/status.json")).json()

    assert {listed["id"] for listed in document["announcements"]} == {local, shared}
    assert [listed["id"] for listed in installation["announcements"]] == [shared]
    assert len({local, other, shared}) == 3


@pytest.mark.thorough
async def test_it_is_announced_and_told_while_the_database_is_away(
    settings: Settings, demo: Territory, run: Announce
) -> None:
    async with Relay(settings.database_port or 0).listening() as relay:
        site = build_site(settings.model_copy(update={"database_port": relay.port}))
        async with browse(portal.create(site), demo) as visitor:
            before = await visitor.get("/status")
            relay.disconnect()
            announce(run)
            page = await visitor.get("/status")
            feed = await visitor.get("/status.atom")
        await asyncio.gather(site.outgoing.close(), site.database.close())

    assert before.status_code == page.status_code == feed.status_code == 200
    assert "La connexion ne répond pas." not in before.text
    assert "La connexion ne répond pas." in page.text
    assert "La connexion ne répond pas." in feed.text


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["add", "incident", "--text", "La connexion"], "no text of a language"),
        (["add", "incident", "--text", "xx=La connexion"], "no text of a language"),
        (["add", "incident", "--text", "fr= "], "no text of a language"),
        (["add", "incident", "--text", "fr=a", "--text", "fr=b"], "given twice"),
        (["add", "incident", "--text", f"fr={'a' * 2001}"], "over 2000 letters"),
        (["add", "incident", "--text", "fr=a", "--begins", "demain"], "no time"),
        (["add", "incident", "--text", "fr=a", "--begins", "2026-12-05T22:00"], "no time"),
        (["add", "incident", "--text", "fr=a", "--ends", "2020-01-01T00:00Z"], "before"),
        (["add", "incident", "--text", "fr=a", "--territory", "none"], "no territory"),
        (["update", "00000000", "--text", "fr=a"], "Nothing is announced"),
        (["remove", "00000000"], "Nothing is announced"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_and_nothing_is_announced(
    settings: Settings, run: Announce, words: list[str], reason: str
) -> None:
    with pytest.raises(LocalError, match=reason):
        run(*words)

    assert load_announcements(settings) == []


def test_what_is_over_is_not_changed(settings: Settings, run: Announce) -> None:
    identifier = announce(run)
    run("end", identifier)

    with pytest.raises(LocalError, match="is over"):
        run("update", identifier, "--text", "fr=Encore.")
    [stored] = load_announcements(settings)
    assert stored.updates == []


def test_a_mistake_is_removed(settings: Settings, run: Announce) -> None:
    identifier = announce(run)
    listed = json.loads(run("list", "--json"))
    run("remove", identifier)

    assert [row["id"] for row in listed] == [identifier]
    assert load_announcements(settings) == []
    assert "Nothing is announced." in run("list")


def test_what_runs_comes_first_and_what_is_long_over_is_forgotten(
    settings: Settings, tmp_path: Path
) -> None:
    moment = now()
    planned = make("planned", moment + HOUR)
    running = make("running", moment - HOUR)
    over = make("over", moment - 2 * HOUR, ends_at=moment - HOUR)
    old = make("old", moment - RETENTION - HOUR, ends_at=moment - RETENTION)
    apart = settings.model_copy(update={"state": tmp_path})
    with change_announcements(apart, moment) as announcements:
        announcements += [over, old, planned, running]
    stored = read_announcements(apart)

    listed = select_announcements([over, old, planned, running], "", moment)
    assert [announcement.id for announcement in listed] == [
        "running",
        "planned",
        "over",
    ]
    assert [announcement.state_at(moment) for announcement in listed] == list(
        AnnouncementState
    )
    assert stored == [over, planned, running]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root writes for others")
def test_what_root_announces_belongs_to_the_program(
    settings: Settings, tmp_path: Path
) -> None:
    os.chown(tmp_path, 1234, 1234)
    apart = settings.model_copy(update={"state": tmp_path})
    with change_announcements(apart, now()) as announcements:
        announcements.append(make("new", now()))

    written = [tmp_path / "status", tmp_path / "status/announcements.json"]
    assert [path.stat().st_uid for path in written] == [1234, 1234]


@pytest.mark.parametrize("words", [["list"], ["add", "incident", "--text", "fr=a"], ["end", "00000000"], ["remove", "00000000"]])  # fmt: skip
def test_the_command_says_what_to_do_with_a_file_that_it_cannot_read(
    settings: Settings, run: Announce, words: list[str]
) -> None:
    file = settings.state / "status/announcements.json"
    file.parent.mkdir(exist_ok=True)
    file.write_text("{")
    with pytest.raises(LocalError, match=r"does not hold announcements: move it away"):
        run(*words)
    assert file.read_text() == "{"

    file.unlink()
    file.mkdir()
    with pytest.raises(LocalError, match=r"announcements\.json cannot be used"):
        run(*words)
    file.rmdir()


def test_a_broken_file_is_told_as_none_and_not_written_over(
    settings: Settings, tmp_path: Path
) -> None:
    apart = settings.model_copy(update={"state": tmp_path})
    (tmp_path / "status").mkdir()
    (tmp_path / "status/announcements.json").write_text("{")

    assert read_announcements(apart) == []
    with (
        pytest.raises(msgspec.DecodeError),
        change_announcements(apart, now()) as announcements,
    ):
        announcements.append(make("new", now()))
    assert (tmp_path / "status/announcements.json").read_text() == "{"
