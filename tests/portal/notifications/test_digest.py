"""Digests: one mail a day or a week at most, each once, in plain words, with the reason and one click to stop."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from itertools import pairwise
from urllib.parse import urlsplit
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from litestar import Litestar
from sqlalchemy import select, text, update

from tests.depth import by_depth, examples
from tests.mails import text_of
from tests.portal.catalogue.corpus import Catalogue, described
from tests.portal.notifications.conftest import Reader, Relay
from tests.visitors import browse
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.mail_relay import EmailError
from udi.portal.catalogue.search.feed import SearchFeed
from udi.portal.identity.models import Person
from udi.portal.notifications.digests import SETTLED, last_send_time, send_digest
from udi.portal.notifications.models import (
    Change,
    Digest,
    DigestRhythm,
    Following,
    Subscription,
)
from udi.portal.tenants.models import Tenant
from udi.settings import Settings

PARIS = ZoneInfo("Europe/Paris")
TOMORROW = timedelta(days=1) + SETTLED
"""When the next digest has left, whatever the hour."""
WEEK = timedelta(days=8)


async def long_ago(reader: Reader) -> None:
    """As if all that changed so far had changed months before."""
    async with reader.database.session(reader.territory.id, role="worker") as session:
        await session.execute(update(Change).values(at=Change.at - timedelta(days=90)))


async def run_digest(reader: Reader, moment: datetime) -> int:
    queued = await reader.look(moment)
    await reader.work()
    return queued


def words(mails: Sequence[EmailMessage]) -> list[str]:
    return [str(text_of(mail)).replace("\r\n", "\n") for mail in mails]


async def test_a_mail_says_what_is_new_changed_and_withdrawn_and_why(
    armor: Catalogue, feed: SearchFeed, ana: Reader, relay: Relay
) -> None:
    air = described(0)
    await armor.add(0, **air)
    gone = await armor.add(3)
    await long_ago(ana)
    for kind, target in (
        ("dataset", air["global_id"]),
        ("theme", "education"),
        ("search", "q=comptages"),
    ):
        await ana.follow(kind, target)
    await ana.since_long()
    await armor.add(
        0, **air | {"resource_title": "Qualité de l'air, minute par minute"}
    )
    await armor.withdraw(gone)
    new = await armor.add(1)
    await armor.add(8)
    await feed.run_once()

    await run_digest(ana, now() + TOMORROW)

    [mail] = relay.mails
    [content] = words(relay.mails)
    assert mail["To"] == ana.login.email
    assert mail["Content-Language"] == "fr"
    assert mail["Subject"].startswith("Ce qui a changé\N{NO-BREAK SPACE}: ")
    assert "3 en tout" in mail["Subject"]
    order = [
        content.index(part)
        for part in (
            "NOUVEAU",
            "Comptages vélo",
            "MODIFIÉ",
            "minute par minute",
            "RETIRÉ",
            "Menus",
        )
    ]
    assert order == sorted(order)
    assert f"{ana.territory.origin}/data/{new.id}" in content
    assert "recherche «\N{NO-BREAK SPACE}comptages\N{NO-BREAK SPACE}»" in content
    assert "Budget" not in content
    reasons = content[content.index("parce que vous suivez") :]
    assert (
        "- thème «\N{NO-BREAK SPACE}Éducation\N{NO-BREAK SPACE}», depuis le " in reasons
    )
    assert f"{ana.territory.origin}/following\n" in content
    assert f"{ana.territory.origin}/following/unsubscribe/" in reasons


@pytest.mark.thorough
async def test_the_same_change_met_twice_is_told_once(
    armor: Catalogue, ana: Reader, relay: Relay
) -> None:
    await ana.follow("theme", "environment")
    await ana.follow("producer", armor.organisations["armor"])
    await ana.since_long()
    await armor.add(0)

    await run_digest(ana, now() + TOMORROW)

    [content] = words(relay.mails)
    assert content.count("- Qualité de l'air") == 1
    through = next(
        line for line in content.splitlines() if line.strip().startswith("Par")
    )
    assert "thème" in through
    assert "producteur" in through


@pytest.mark.thorough
async def test_what_was_published_then_changed_is_new_under_its_last_title(
    armor: Catalogue, ana: Reader, relay: Relay
) -> None:
    air = described(0)
    await ana.follow("theme", "environment")
    await ana.since_long()
    await armor.add(0, **air)
    await armor.add(0, **air | {"resource_title": "Air"})
    await armor.withdraw(await armor.add(4))

    await run_digest(ana, now() + TOMORROW)

    [content] = words(relay.mails)
    new, _, withdrawn = content.partition("RETIRÉ")
    assert "NOUVEAU\n\n- Air\n" in new
    assert "MODIFIÉ" not in content
    assert "Arbres" in withdrawn


@pytest.mark.thorough
async def test_what_was_pushed_again_without_a_change_is_not_reported(
    armor: Catalogue, ana: Reader, relay: Relay
) -> None:
    air = described(0)
    await armor.add(0, **air)
    await ana.follow("dataset", air["global_id"])
    await ana.since_long()
    before = len(await ana.changes())
    await armor.add(0, **air)

    assert len(await ana.changes()) == before


async def test_each_leaves_once_whatever_is_killed_between(
    armor: Catalogue, ana: Reader, relay: Relay
) -> None:
    await ana.follow("theme", "environment")
    await ana.since_long()
    await armor.add(0)
    moment = now() + TOMORROW

    assert [
        await ana.look(moment),
        await ana.look(moment),
        await ana.look(moment + timedelta(minutes=1)),
    ] == [1, 0, 0]
    await ana.work()
    await ana.work()
    assert len(relay.mails) == 1
    async with ana.database.session(ana.territory.id, role="worker") as session:
        await session.execute(
            update(Digest).values(done_at=None)
        )  # as if killed after the mail, before the note
    await ana.work()

    first, again = relay.mails
    assert first["Message-ID"] == again["Message-ID"]
    assert await run_digest(ana, moment + TOMORROW) == 0


@pytest.mark.thorough
async def test_a_relay_that_is_away_gets_it_later(
    armor: Catalogue, ana: Reader, relay: Relay
) -> None:
    await ana.follow("theme", "environment")
    await ana.since_long()
    await armor.add(0)
    await ana.look(now() + TOMORROW)
    relay.away = True
    with pytest.raises(EmailError):
        await ana.work()
    relay.away = False

    await ana.work()

    assert len(relay.mails) == 1


@pytest.mark.thorough
async def test_nothing_new_is_no_mail(
    armor: Catalogue, ana: Reader, relay: Relay
) -> None:
    await ana.follow("theme", "economy")
    await ana.since_long()

    assert await run_digest(ana, now() + TOMORROW) == 0
    await armor.add(0)
    await run_digest(ana, now() + 2 * TOMORROW)

    assert relay.mails == []


async def test_what_changed_before_someone_followed_is_not_reported(
    armor: Catalogue, ana: Reader, relay: Relay
) -> None:
    await armor.add(0)
    await ana.follow("theme", "environment")

    await run_digest(ana, now() + TOMORROW)

    assert relay.mails == []


async def test_weekly_is_on_mondays_and_never_is_never(
    armor: Catalogue, ana: Reader, relay: Relay
) -> None:
    await ana.follow("theme", "environment")
    await ana.since_long()
    await armor.add(0)
    refused = await ana.client.post("/following/rhythm", data={"rhythm": "hourly"})
    await ana.client.post("/following/rhythm", data={"rhythm": "never"})
    silent = await run_digest(ana, now() + WEEK)
    await ana.client.post("/following/rhythm", data={"rhythm": "weekly"})
    await armor.add(4)

    assert (refused.status_code, silent) == (422, 0)
    assert await run_digest(ana, now() + WEEK) == 1
    [content] = words(relay.mails)
    assert "Arbres" in content
    assert "Qualité" not in content, "what changed while nothing was to be told"
    assert "lundi" in content


@pytest.mark.parametrize(
    ("moment", "daily", "weekly"),
    [
        ((2026, 11, 26, 6, 9), (25, 7), (23, 7)),
        ((2026, 11, 26, 7, 9), (25, 7), (23, 7)),
        ((2026, 11, 26, 7, 11), (26, 7), (23, 7)),
        ((2026, 11, 23, 6, 59), (22, 7), (16, 7)),
        ((2026, 11, 23, 12, 0), (23, 7), (23, 7)),
    ],
)
def test_digests_leave_in_the_morning(
    moment: tuple[int, ...], daily: tuple[int, int], weekly: tuple[int, int]
) -> None:
    send_times = [
        last_send_time(rhythm, datetime(*moment, tzinfo=PARIS), PARIS)
        for rhythm in (DigestRhythm.DAILY, DigestRhythm.WEEKLY)
    ]  # type: ignore[misc, arg-type]  # five numbers

    assert [(send_time.day, send_time.hour) for send_time in send_times] == [
        daily,
        weekly,
    ]


def test_the_morning_is_the_territorys_whatever_the_season() -> None:
    summer, winter = (
        last_send_time(
            DigestRhythm.DAILY, datetime(2026, month, 10, 12, tzinfo=UTC), PARIS
        )
        for month in (7, 12)
    )

    assert (summer.astimezone(UTC).hour, winter.astimezone(UTC).hour) == (5, 6)


@pytest.mark.parametrize(
    ("zone", "hour", "monday"),
    [("Indian/Reunion", 3, (23, 3)), ("Pacific/Noumea", 20, (22, 20))],
)
def test_the_morning_of_an_island_is_its_own(
    zone: str, hour: int, monday: tuple[int, int]
) -> None:
    evening = datetime(
        2026, 11, 26, 20, 15, tzinfo=UTC
    )  # the 27th on both islands; eight hours before Paris reads its own

    daily, weekly = (
        last_send_time(rhythm, evening, ZoneInfo(zone))
        for rhythm in (DigestRhythm.DAILY, DigestRhythm.WEEKLY)
    )

    assert (daily.astimezone(UTC).day, daily.astimezone(UTC).hour) == (26, hour)
    assert (weekly.astimezone(UTC).day, weekly.astimezone(UTC).hour) == monday


async def hourly(reader: Reader, first: datetime, hours: int) -> None:
    """Someone who was told until `first`, and something that changes at each hour from then on."""
    columns = {
        "event": "updated",
        "kind": "dataset",
        "title": "Air",
        "path": "/",
        "api_path": "/",
        "topics": ["a:b"],
    }
    async with reader.database.session(reader.territory.id, role="worker") as session:
        mine = Subscription.person_id == await reader.id()
        await session.execute(
            update(Subscription).where(mine).values(notified_until=first)
        )
        for number in range(1, hours + 1):
            session.add(
                Change(
                    at=first + timedelta(hours=number), subject_id=uuid4(), **columns
                )
            )


async def digests_of(reader: Reader) -> list[Digest]:
    async with reader.database.session(reader.territory.id, role="worker") as session:
        query = (
            select(Digest)
            .where(Digest.person_id == await reader.id())
            .order_by(Digest.until)
        )
        return list((await session.scalars(query)).all())


LOOKS_PER_HOUR = examples(1, 3)


@by_depth(
    ("days", "longest"),
    [((2027, 3, 28), 23), ((2026, 10, 25), 25)],
    by_default=[0],
)
async def test_no_digest_is_lost_or_comes_twice_when_the_hour_changes(
    ana: Reader, days: tuple[int, int, int], longest: int
) -> None:
    await ana.follow("theme", "environment")
    first = datetime(*days, tzinfo=UTC) - timedelta(days=2)
    await hourly(ana, first, 24 * 5)

    for number in range(LOOKS_PER_HOUR * 24 * 5):
        await ana.look(first + timedelta(hours=1) / LOOKS_PER_HOUR * number, PARIS)

    digests = await digests_of(ana)
    hours = [
        (after.until - before.until).total_seconds() / 3600
        for before, after in pairwise(digests)
    ]
    assert [digest.until.astimezone(PARIS).hour for digest in digests] == [7] * 5
    assert all(before.until == after.since for before, after in pairwise(digests))
    assert (sorted(hours), sum(hours)) == (sorted([24, 24, 24, longest]), 72 + longest)


@by_depth(
    ("first_zone", "second_zone"),
    [("Europe/Paris", "Pacific/Noumea"), ("Pacific/Noumea", "Indian/Reunion")],
    by_default=[0],
)
async def test_a_territory_that_changes_its_zone_loses_no_change_and_tells_none_twice(
    ana: Reader, first_zone: str, second_zone: str
) -> None:
    await ana.follow("theme", "environment")
    first = datetime(2026, 11, 10, tzinfo=UTC)
    await hourly(ana, first, 24 * 5)

    for number in range(24 * 5):
        zone = ZoneInfo(first_zone if number < 60 else second_zone)
        await ana.look(first + timedelta(hours=number), zone)

    digests = await digests_of(ana)
    assert digests[0].since == first
    assert all(before.until == after.since for before, after in pairwise(digests))
    assert all(
        after.until - before.until < timedelta(hours=40)
        for before, after in pairwise(digests)
    )
    assert [
        digests[0].until.astimezone(ZoneInfo(first_zone)).hour,
        digests[-1].until.astimezone(ZoneInfo(second_zone)).hour,
    ] == [7, 7]


@pytest.mark.thorough
async def test_pages_say_the_day_that_it_was_in_the_territory(
    ana: Reader, settings: Settings
) -> None:
    await ana.follow("theme", "environment")
    async with ana.database.session(ana.territory.id, role="worker") as session:
        evening = datetime(2026, 1, 31, 20, tzinfo=UTC)
        await session.execute(update(Following).values(created_at=evening))
    dates_by_zone = {}
    for zone in ("Pacific/Noumea", "Europe/Paris"):
        owner = Database(settings, "portal")
        async with owner.platform_session(role="owner") as session:
            await session.execute(
                update(Tenant)
                .where(Tenant.id == ana.territory.id)
                .values(time_zone=zone)
            )
        await owner.close()
        ana.site.registry.invalidate()
        page = (
            await ana.client.get("/following", headers={"Accept-Language": "en"})
        ).text
        dates_by_zone[zone] = re.findall(
            r"since <time datetime=\"(\S+?)\">(.+?)</time>", page
        )

    assert dates_by_zone == {
        "Pacific/Noumea": [("2026-01-31T20:00:00+00:00", "1 February 2026")],
        "Europe/Paris": [("2026-01-31T20:00:00+00:00", "31 January 2026")],
    }


@pytest.mark.thorough
async def test_a_mail_says_since_which_day_there(
    armor: Catalogue, ana: Reader, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ana.follow("theme", "environment")
    await ana.since_long()
    async with ana.database.session(ana.territory.id, role="worker") as session:
        evening = datetime(2026, 1, 31, 20, tzinfo=UTC)
        await session.execute(update(Following).values(created_at=evening))
    await armor.add(0)
    monkeypatch.setattr(
        ana, "territory", replace(ana.territory, time_zone="Pacific/Noumea")
    )

    await ana.look(now() + TOMORROW)
    [digest] = await digests_of(ana)
    await send_digest(ana.site, ana.territory, digest.id)

    [content] = words(relay.mails)
    assert "depuis le 1er février 2026" in content


async def test_a_person_without_an_address_gets_none_and_is_reported(
    armor: Catalogue, ana: Reader, relay: Relay
) -> None:
    await ana.follow("theme", "environment")
    await ana.since_long()
    await armor.add(0)
    async with ana.database.session(ana.territory.id, role="worker") as session:
        await session.execute(update(Person).values(email=""))

    page = await ana.client.get("/following")
    await run_digest(ana, now() + TOMORROW)

    assert "Aucun courriel ne vous parvient" in page.text
    assert relay.mails == []


@pytest.mark.thorough
async def test_the_page_says_what_the_next_mail_would(
    armor: Catalogue, ana: Reader
) -> None:
    await ana.follow("theme", "environment")
    nothing = await ana.client.get("/following")
    await armor.add(0)

    full = await ana.client.get("/following")
    english = await ana.client.get("/following", headers={"Accept-Language": "en"})

    assert "Rien de nouveau pour l’instant" in nothing.text
    assert "Qualité de l&#39;air" in full.text
    assert "The mail would leave on" in english.text


@pytest.mark.thorough
async def test_mails_are_in_the_language_last_read(
    armor: Catalogue, ana: Reader, relay: Relay
) -> None:
    await ana.client.post(
        "/following",
        data={"kind": "theme", "target": "environment"},
        headers={"Accept-Language": "en"},
    )
    await ana.since_long()
    await armor.add(0)

    await run_digest(ana, now() + TOMORROW)

    assert relay.mails[0]["Content-Language"] == "en"
    assert "You receive this mail because you follow:" in words(relay.mails)[0]


async def test_territories_are_told_apart(
    armor: Catalogue, elsewhere: Catalogue, ana: Reader, zoe: Reader, relay: Relay
) -> None:
    for reader in (ana, zoe):
        await reader.follow("theme", "environment")
        await reader.since_long()
    await armor.add(0)
    await elsewhere.add(4)

    for reader in (ana, zoe):
        await run_digest(reader, now() + TOMORROW)

    assert {
        mail["To"]: ("Qualité" in content, "Arbres" in content)
        for mail, content in zip(relay.mails, words(relay.mails), strict=True)
    } == {
        ana.login.email: (True, False),
        zoe.login.email: (False, True),
    }


async def digest(armor: Catalogue, reader: Reader) -> None:
    await reader.follow("theme", "environment")
    await reader.since_long()
    await armor.add(0)
    await run_digest(reader, now() + TOMORROW)


def stop_address(relay: Relay) -> str:
    """As the program of a mailbox reads it: whole, in the header as it was sent (RFC 8058)."""
    header = next(
        line
        for line in relay.raw[0].split(b"\r\n")
        if line.startswith(b"List-Unsubscribe:")
    )
    return header.partition(b"<")[2].partition(b">")[0].decode()


async def test_one_click_stops_the_mails_at_once(
    armor: Catalogue, portal_app: Litestar, ana: Reader, relay: Relay
) -> None:
    await digest(armor, ana)
    address = stop_address(relay)
    mail = relay.mails[0]
    path = urlsplit(address).path

    assert address.startswith(f"{ana.territory.origin}/following/unsubscribe/")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["List-Id"] == f"<following.{ana.territory.hosts[0]}>"
    async with browse(portal_app, ana.territory) as mailbox:
        page = await mailbox.get(path)
        async with ana.database.session(ana.territory.id, role="worker") as session:
            assert (
                await session.scalar(text("SELECT rhythm FROM app.subscription"))
                == "daily"
            ), "looking stops nothing"
        from_mailbox = {
            "Origin": "https://mail.example",
            "Sec-Fetch-Site": "cross-site",
            "Cookie": "other=1",
        }
        form = {"List-Unsubscribe": "One-Click"}
        first = await mailbox.post(path, data=form, headers=from_mailbox)
        again = await mailbox.post(path, data=form, headers=from_mailbox)
        elsewhere = await mailbox.post(
            "/following/rhythm", data={"rhythm": "never"}, headers=from_mailbox
        )

    assert (
        page.status_code,
        first.status_code,
        again.status_code,
        elsewhere.status_code,
    ) == (200, 200, 200, 403)
    assert "Ne plus recevoir ces courriels" in page.text
    assert "C’est fait" in again.text
    await armor.add(4)
    assert await run_digest(ana, now() + WEEK) == 0
    await ana.client.post("/following/rhythm", data={"rhythm": "daily"})
    assert "Arbres" not in (await ana.client.get("/following")).text
    assert len(await ana.followings()) == 1


async def test_who_unsubscribed_meanwhile_gets_no_mail(
    armor: Catalogue, ana: Reader, relay: Relay
) -> None:
    await digest(armor, ana)
    await armor.add(4)
    await ana.look(now() + 2 * TOMORROW)
    await ana.client.post(urlsplit(stop_address(relay)).path)

    await ana.work()

    assert len(relay.mails) == 1


async def test_a_token_is_of_one_territory_and_cannot_be_made(
    armor: Catalogue, portal_app: Litestar, ana: Reader, zoe: Reader, relay: Relay
) -> None:
    await digest(armor, ana)
    path = urlsplit(stop_address(relay)).path
    changed = path[:-4] + ("AAAA" if path[-4:] != "AAAA" else "BBBB")

    for client, address in (
        (zoe.client, path),
        (ana.client, changed),
        (ana.client, "/following/unsubscribe/nonsense"),
    ):
        assert (await client.get(address)).status_code == 404
        assert (await client.post(address)).status_code == 404
    assert str(await ana.id()) not in path
    async with ana.database.session(ana.territory.id, role="worker") as session:
        assert (
            await session.scalar(text("SELECT rhythm FROM app.subscription")) == "daily"
        )
