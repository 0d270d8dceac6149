"""Webhooks: signed as the specification says, tried again for three days, kept away from private addresses."""

import base64
import hashlib
import hmac
import re
import socket
import uuid
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from html import unescape
from typing import Any

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import select, text, update

from tests.depth import by_depth
from tests.mails import text_of
from tests.portal.catalogue.corpus import Catalogue, described
from tests.portal.notifications.conftest import Program, Reader, Relay
from tests.service_overrides import override_service
from tests.visitors import browse
from udi.kit.clock import now
from udi.kit.http import OutgoingClient
from udi.kit.jobs import Job
from udi.portal.catalogue.search.feed import SearchFeed
from udi.portal.notifications.models import Change, Webhook, WebhookDelivery
from udi.portal.notifications.tasks import task_handlers
from udi.portal.notifications.topics import topics_of
from udi.portal.notifications.webhooks import WEBHOOK_CLIENT, actions, delivery
from udi.portal.notifications.webhooks.actions import DELIVER
from udi.portal.notifications.webhooks.delivery import NOTIFY_STOPPED, RETRY_DELAYS
from udi.portal.notifications.webhooks.dispatch import dispatch_changes
from udi.ui.site import Site

HOOKS = "/following/webhooks"
MINUTE = timedelta(minutes=1)


def is_signed(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    """What the specification of Standard Webhooks says, written from its text."""
    signed = b".".join(
        [headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body]
    )
    mac = hmac.new(
        base64.b64decode(secret[len("whsec_") :]), signed, hashlib.sha256
    ).digest()
    return f"v1,{base64.b64encode(mac).decode()}" in headers["webhook-signature"].split(
        " "
    )


def secret_of(page: httpx.Response) -> str:
    match = re.search(r"whsec_[A-Za-z0-9+/=]{30,}", page.text.replace("&#43;", "+"))
    assert match
    return match.group()


class KilledError(Exception):
    """The worker ended here."""


class Hook:
    """A webhook of someone, with its secret."""

    def __init__(self, owner: Reader, webhook: uuid.UUID, secret: str) -> None:
        self.owner = owner
        self.id = webhook
        self.secret = secret
        self.page = f"{HOOKS}/{webhook}"

    async def row(self) -> Webhook:
        async with self.owner.database.session(
            self.owner.territory.id, role="worker"
        ) as session:
            webhook = await session.get(Webhook, (self.owner.territory.id, self.id))
        assert webhook
        return webhook

    async def deliveries(self) -> list[WebhookDelivery]:
        async with self.owner.database.session(
            self.owner.territory.id, role="worker"
        ) as session:
            query = (
                select(WebhookDelivery)
                .where(WebhookDelivery.webhook_id == self.id)
                .order_by(WebhookDelivery.created_at)
            )
            return list((await session.scalars(query)).all())

    async def work(self) -> None:
        """Do the waiting attempt of each message, as the worker would once it is its turn."""
        for message in await self.deliveries():
            await attempt(self.owner, message.id, message.attempts)


async def attempt(owner: Reader, message: uuid.UUID, number: int) -> None:
    payload = {"delivery": str(message), "attempt": number}
    await task_handlers(owner.site)[DELIVER](
        Job(DELIVER, owner.territory.id, payload, 0, last=False)
    )


async def make(owner: Reader, program: Program, scope: str = "everything") -> Hook:
    page = await owner.client.post(HOOKS, data={"url": program.url, "scope": scope})
    assert page.status_code == 200, page.text
    async with owner.database.session(owner.territory.id, role="worker") as session:
        newest = (
            select(Webhook.id)
            .where(Webhook.person_id == await owner.id())
            .order_by(Webhook.created_at.desc())
        )
        webhook_id = (await session.scalars(newest)).first()
    assert webhook_id
    return Hook(owner, webhook_id, secret_of(page))


async def spread(owner: Reader, moment: timedelta = MINUTE) -> int:
    async with owner.database.session(owner.territory.id, role="worker") as session:
        return await dispatch_changes(
            session, owner.territory, topics_of(owner.site.services), now() + moment
        )


async def queued(owner: Reader, name: str) -> list[timedelta]:
    """How long after they were queued the jobs of this name begin."""
    query = text(
        "SELECT execute_after - created FROM queue.pgqueuer WHERE entrypoint = :name"
        " AND convert_from(payload, 'UTF8')::jsonb ->> 'tenant' = :tenant ORDER BY id"
    )
    async with owner.database.platform_session(role="worker") as session:
        return list(
            await session.scalars(
                query, {"name": name, "tenant": str(owner.territory.id)}
            )
        )


async def test_each_change_is_told_signed_and_once(
    armor: Catalogue, ana: Reader, program: Program
) -> None:
    hook = await make(ana, program)
    air = described(0)
    await armor.add(0, **air)
    await armor.add(
        0, **air | {"resource_title": "Qualité de l'air, minute par minute"}
    )
    record = await armor.add(0, **air | {"resource_title": "Air"})
    await armor.withdraw(record)

    assert [await spread(ana), await spread(ana)] == [4, 0]
    await hook.work()
    await hook.work()

    kinds = Counter(body["type"] for body in program.bodies)
    assert kinds == {
        "dataset.published": 1,
        "dataset.updated": 2,
        "dataset.withdrawn": 1,
    }
    assert all(
        is_signed(hook.secret, headers, body) for headers, body in program.deliveries
    )
    assert not any(
        is_signed("whsec_" + "A" * 44, headers, body)
        for headers, body in program.deliveries
    )
    last = next(body for body in program.bodies if body["type"] == "dataset.withdrawn")
    assert last["data"] == {
        "id": air["global_id"],
        "title": "Air",
        "url": f"{ana.territory.origin}/data/{air['global_id']}",
        "api_url": f"{ana.territory.origin}/api/v1/datasets/{air['global_id']}",
    }
    assert set(last) == {"type", "timestamp", "data"}
    assert len({headers["webhook-id"] for headers, _ in program.deliveries}) == 4
    assert {message.state for message in await hook.deliveries()} == {"delivered"}


@pytest.mark.thorough
async def test_what_is_too_fresh_waits_and_an_old_change_is_not_reported(
    armor: Catalogue, ana: Reader, program: Program
) -> None:
    await armor.add(3)
    await make(ana, program)
    await armor.add(0)

    assert await spread(ana, timedelta()) == 0
    assert await spread(ana) == 1


@pytest.mark.thorough
async def test_only_what_is_followed_when_so_chosen(
    armor: Catalogue, feed: SearchFeed, ana: Reader, program: Program
) -> None:
    hook = await make(ana, program, "followed")
    await ana.follow("producer", armor.organisations["kerlevan"])
    await ana.follow("search", "q=comptages")
    for number in (0, 1, 3):
        await armor.add(number)
    await feed.run_once()

    await spread(ana)
    await hook.work()

    assert {body["data"]["title"] for body in program.bodies} == {
        "Comptages vélo",
        "Menus des cantines",
    }


async def test_a_message_that_is_not_taken_comes_again_and_then_the_webhook_stops(
    armor: Catalogue, ana: Reader, program: Program, relay: Relay
) -> None:
    hook = await make(ana, program)
    await armor.add(0)
    await spread(ana)
    program.statuses.extend([500, 404, 302, 503, 500, 500, 500, 500, 500, 500])

    for number in range(len(RETRY_DELAYS) + 1):
        [message] = await hook.deliveries()
        assert (message.state, message.attempts, (await hook.row()).state) == (
            "waiting",
            number,
            "active",
        )
        await attempt(ana, message.id, number)
        await attempt(
            ana, message.id, number
        )  # as if the worker were killed after its note

    [message] = await hook.deliveries()
    assert (message.state, message.attempts, message.answer) == ("failed", 10, "500")
    assert len(program.deliveries) == 10
    assert len({headers["webhook-id"] for headers, _ in program.deliveries}) == 1
    assert ((await hook.row()).state, (await hook.row()).reason) == (
        "stopped",
        "failing",
    )
    delays = [round(delay.total_seconds()) for delay in await queued(ana, DELIVER)]
    assert delays == [0, 5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400]
    await armor.add(1)
    assert await spread(ana) == 0
    page = await ana.client.get(hook.page)
    assert "Ce webhook n’est plus appelé" in page.text
    await say_stopped(ana, hook)
    assert relay.mails[0]["To"] == ana.login.email
    assert hook.page in text_of(relay.mails[0])
    await ana.client.post(f"{hook.page}/resume")
    await say_stopped(ana, hook)
    assert len(relay.mails) == 1
    await armor.add(3)
    assert await spread(ana) == 1


async def say_stopped(owner: Reader, hook: Hook) -> None:
    payload = {"webhook": str(hook.id), "at": "2026-11-26T10:00:00+00:00"}
    assert len(await queued(owner, NOTIFY_STOPPED)) == 1
    await task_handlers(owner.site)[NOTIFY_STOPPED](
        Job(NOTIFY_STOPPED, owner.territory.id, payload, 0, last=False)
    )


async def test_gone_stops_it_at_once(
    armor: Catalogue, ana: Reader, program: Program
) -> None:
    hook = await make(ana, program)
    await armor.add(0)
    await armor.add(1)
    await spread(ana)
    program.statuses.append(410)
    first, _ = await hook.deliveries()

    await attempt(ana, first.id, 0)
    await hook.work()

    assert ((await hook.row()).state, (await hook.row()).reason) == ("stopped", "gone")
    assert len(program.deliveries) == 1
    assert {message.state for message in await hook.deliveries()} == {"failed"}
    assert "n’existe plus (410)" in (await ana.client.get(hook.page)).text


async def test_a_redirect_is_not_followed(
    armor: Catalogue, ana: Reader, program: Program
) -> None:
    hook = await make(ana, program)
    await ana.client.post(f"{hook.page}/test")
    program.statuses.append(307)
    program.location = program.url.replace("/told", "/elsewhere")

    await hook.work()

    [message] = await hook.deliveries()
    assert (message.type, message.state, message.answer) == ("test", "failed", "307")
    assert len(program.deliveries) == 1


async def test_for_a_day_both_secrets_sign(
    armor: Catalogue, ana: Reader, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook = await make(ana, program)
    replaced = secret_of(await ana.client.post(f"{hook.page}/secret"))
    await ana.client.post(f"{hook.page}/test")
    await hook.work()
    await ana.client.post(f"{hook.page}/test")
    later = now() + timedelta(hours=25)
    monkeypatch.setattr(delivery, "now", lambda: later)
    await hook.work()

    both, latest_message = program.deliveries
    assert replaced != hook.secret
    assert is_signed(hook.secret, *both)
    assert is_signed(replaced, *both)
    assert is_signed(replaced, *latest_message)
    assert not is_signed(hook.secret, *latest_message)


async def test_the_secret_is_shown_once(ana: Reader, program: Program) -> None:
    hook = await make(ana, program)

    for page in (HOOKS, hook.page):
        assert hook.secret not in (await ana.client.get(page)).text.replace(
            "&#43;", "+"
        )


@pytest.mark.thorough
async def test_the_owner_pauses_resumes_tests_and_deletes(
    armor: Catalogue, ana: Reader, program: Program
) -> None:
    hook = await make(ana, program)
    await ana.client.post(f"{hook.page}/test")
    await ana.client.post(f"{hook.page}/pause")
    await hook.work()
    refused = await ana.client.post(f"{hook.page}/test")
    assert program.deliveries == []
    await ana.client.post(f"{hook.page}/resume")
    await ana.client.post(f"{hook.page}/test")
    await hook.work()

    page = await ana.client.get(hook.page)
    assert (refused.status_code, [body["type"] for body in program.bodies]) == (
        409,
        ["test"],
    )
    assert "pas envoyé" in page.text
    assert "Arrivé" in page.text
    deleted = await ana.client.post(f"{hook.page}/delete")
    assert (
        deleted.headers["location"],
        (await ana.client.get(hook.page)).status_code,
    ) == (HOOKS, 404)
    assert await hook.deliveries() == []


@by_depth(
    "url",
    [
        "", "nonsense", "https://", "ftp://example.org/", "http://example.org/hook", "https://me:secret@example.org/",
        "https://127.0.0.1/", "https://169.254.169.254/latest/meta-data", "https://[::1]/", "https://10.1.2.3/",
        "https://localhost/", "https://portal.localhost/", "https://2130706433/", "https://0x7f000001/",
        "https://[::ffff:127.0.0.1]/", "https://example.org:22/", "https://example.org/#part", "https://exa mple.org/",
        "https://no-such-name.invalid/", "https://" + "a" * 600 + ".example/",
        "https://intranet.example/",
    ],
    by_default=[0],
)  # fmt: skip
async def test_an_address_that_may_not_be_told_is_refused_where_it_was_typed(
    ana: Reader, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    private_name(monkeypatch, "192.168.1.7")
    page = await ana.client.post(HOOKS, data={"url": url, "scope": "followed"})

    assert page.status_code == 422
    assert 'aria-invalid="true"' in page.text
    assert 'href="#url"' in page.text
    assert "whsec_" not in page.text


def private_name(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """The name intranet.example leads to this address: the outside network is faked."""
    original_lookup = socket.getaddrinfo

    def look_up(host: Any, port: Any, *rest: Any, **more: Any) -> Any:
        if host in ("intranet.example", b"intranet.example"):
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]
        if host in ("example.org", b"example.org"):
            return [
                (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.215.14", port))
            ]
        return original_lookup(host, port, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)


async def test_a_name_that_turns_private_after_it_was_checked_is_not_called(
    armor: Catalogue, ana: Reader, monkeypatch: pytest.MonkeyPatch, portal_site: Site
) -> None:
    override_service(
        monkeypatch, portal_site.services, WEBHOOK_CLIENT, OutgoingClient()
    )
    private_name(monkeypatch, "93.184.215.14")
    hook = await make(ana, Program("https://intranet.example/told"))
    await armor.add(0)
    await spread(ana)
    private_name(monkeypatch, "127.0.0.1")

    await hook.work()

    [message] = await hook.deliveries()
    assert (message.state, message.answer, message.attempts) == (
        "waiting",
        "address",
        1,
    )
    assert "ne peut pas être jointe d’ici" in (await ana.client.get(hook.page)).text


def test_what_the_operator_opens_to_nodes_is_not_open_to_webhooks(
    portal_site: Site,
) -> None:
    assert portal_site.outgoing.is_private("http://localhost:8000/")
    assert not portal_site.services[WEBHOOK_CLIENT].is_private("http://localhost:8000/")


async def test_nobody_sees_or_touches_anothers(
    armor: Catalogue,
    portal_app: Litestar,
    ana: Reader,
    bea: Reader,
    zoe: Reader,
    program: Program,
) -> None:
    hook = await make(ana, program)
    for stranger in (bea, zoe):
        assert program.url not in (await stranger.client.get(HOOKS)).text
        assert (await stranger.client.get(hook.page)).status_code == 404
        for act in ("test", "secret", "pause", "resume", "delete"):
            assert (
                await stranger.client.post(f"{hook.page}/{act}")
            ).status_code == 404, act
    async with browse(portal_app, ana.territory) as outside:
        assert (await outside.get(HOOKS)).status_code == 303
        assert (await outside.post(f"{hook.page}/delete")).status_code == 401
    async with ana.database.session(ana.territory.id) as nobody:
        assert (await nobody.scalars(select(Webhook.secret))).all() == []
    async with ana.database.session(ana.territory.id, person=await bea.id()) as another:
        assert (await another.scalars(select(Webhook.secret))).all() == []
        assert (
            await another.execute(update(Webhook).values(url="https://evil.example"))
        ).rowcount == 0  # type: ignore[attr-defined]  # of an update
    async with ana.database.session(ana.territory.id, person=await ana.id()) as session:
        assert (await session.scalars(select(Webhook.secret))).all() == [hook.secret]


async def test_another_territory_tells_nothing_here(
    armor: Catalogue, elsewhere: Catalogue, ana: Reader, zoe: Reader, program: Program
) -> None:
    hook = await make(ana, program)
    await elsewhere.add(0)

    assert [await spread(ana), await spread(zoe)] == [0, 0]
    assert await hook.deliveries() == []


async def test_not_more_than_may_be(
    ana: Reader, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "MOST_WEBHOOKS", 1)
    await make(ana, program)

    refused = await ana.client.post(HOOKS, data={"url": program.url})

    assert refused.status_code == 409


async def test_a_change_is_given_even_if_the_worker_dies_in_the_middle(
    armor: Catalogue, ana: Reader, program: Program
) -> None:
    hook = await make(ana, program)
    await armor.add(0)

    async def give_and_die() -> None:
        async with ana.database.session(ana.territory.id, role="worker") as session:
            await dispatch_changes(
                session, ana.territory, topics_of(ana.site.services), now() + MINUTE
            )
            raise KilledError

    with pytest.raises(KilledError):
        await give_and_die()

    assert await hook.deliveries() == []
    async with ana.database.session(ana.territory.id, role="worker") as session:
        assert (await session.scalars(select(Change.spread))).all() == [False]
    assert await spread(ana) == 1


async def test_what_was_sent_is_forgotten_after_a_month(
    armor: Catalogue, ana: Reader, program: Program
) -> None:
    hook = await make(ana, program)
    for _ in range(2):
        await ana.client.post(f"{hook.page}/test")
    old, _ = await hook.deliveries()
    async with ana.database.session(ana.territory.id, role="worker") as session:
        aged = update(WebhookDelivery).where(WebhookDelivery.id == old.id)
        await session.execute(aged.values(created_at=now() - timedelta(days=31)))
        await actions.forget_deliveries(session)

    assert old.id not in {message.id for message in await hook.deliveries()}
    assert len(await hook.deliveries()) == 1


@pytest.mark.thorough
async def test_the_lines_to_copy_tell_ours_from_others(
    ana: Reader, program: Program
) -> None:
    hook = await make(ana, program)
    await ana.client.post(f"{hook.page}/test")
    await hook.work()
    textarea = (await ana.client.get(hook.page)).text.partition(
        '<textarea id="verify-code"'
    )[2]
    lines: dict[str, Any] = {}
    exec(unescape(textarea.partition(">")[2].partition("</textarea>")[0]), lines)  # noqa: S102 - what the page tells to run

    [(headers, body)] = program.deliveries
    assert lines["is_ours"](hook.secret, headers, body)
    assert not lines["is_ours"](hook.secret, headers, body + b" ")
    assert not lines["is_ours"]("whsec_" + "A" * 44, headers, body)
    assert not lines["is_ours"](hook.secret, headers | {"webhook-timestamp": "1"}, body)
