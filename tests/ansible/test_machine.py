"""From a bare Debian to a published file over TLS, by the play alone."""

import asyncio
import hashlib
import os
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ansible.machine import Machine, booted, build_wheel, lay_territory, require_tool
from tests.identity.browser import form_action
from tests.node.producer import ANSWERS, TABLE, Producer

SLUG = "baie"
HOSTS = {"portal": "donnees.baie.test", "node": "depot.baie.test", "identity": "id.baie.test"}
INSTALLATION = "udi.baie.test"
PUBLISHER = "publication@kerlevan.example"
LARGEST_EXPOSURE = 3.0


@pytest.fixture(scope="module")
def timings(request: pytest.FixtureRequest) -> Iterator[dict[str, float]]:
    """Seconds that each stage took, shown at the end."""
    found: dict[str, float] = {}
    yield found
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        said = ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in found.items())
        sys.__stderr__.write(f"\none machine: {said}\n")


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory, timings: dict[str, float]) -> Iterator[Machine]:
    """A machine that was bare, and on which the play ran once."""
    require_tool()
    folder = tmp_path_factory.mktemp("operator")
    lay_territory(folder / "tenants", SLUG, HOSTS)
    wheel = build_wheel(folder)
    variables = {
        "installation_host": INSTALLATION,
        "installation_identity_host": HOSTS["identity"],
        "installation_territories": f'["{SLUG}"]',
        "installation_territories_folder": str(folder / "tenants"),
        "installation_ready_wheel": str(wheel),
        "installation_ready_wheel_sha256": hashlib.sha256(wheel.read_bytes()).hexdigest(),
        "release_demo": "true",
    }
    number = os.getpid() % 100
    started = time.monotonic()
    with booted(f"udi{number}", f"10.99.0.{100 + number}", folder, variables) as found:
        timings["boot"] = time.monotonic() - started
        run = found.play()
        timings["bare machine to territory"] = run.seconds
        assert run.counts["failed"] == 0
        assert run.counts["changed"] > 20
        yield found


@pytest.fixture(scope="module")
def authority(machine: Machine, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The certificate of the machine's own authority."""
    path = tmp_path_factory.mktemp("authority") / "authority.pem"
    path.write_text(machine.run("cat /etc/udi/tls/authority.pem"))
    return path


def test_a_second_run_changes_nothing(machine: Machine, timings: dict[str, float]) -> None:
    run = machine.play()
    timings["second run"] = run.seconds

    assert run.counts == {"changed": 0, "failed": 0}


async def test_every_name_answers_over_tls_and_administration_does_not(machine: Machine, authority: Path) -> None:
    answers = {
        f"{HOSTS['portal']}/": 200,
        f"{HOSTS['portal']}/data": 200,
        f"{HOSTS['portal']}/metrics": 404,
        f"{HOSTS['node']}/": 200,
        f"{INSTALLATION}/": 200,
        f"{HOSTS['identity']}/realms/udi/.well-known/openid-configuration": 200,
        f"{HOSTS['identity']}/realms/master": 404,
        f"{HOSTS['identity']}/admin/": 404,
    }
    async with machine.visitor(HOSTS["portal"], authority) as visitor:
        found = {address: (await visitor.get(f"https://{address}")).status_code for address in answers}
        issuer = (await visitor.get(f"https://{HOSTS['identity']}/realms/udi/.well-known/openid-configuration")).json()

    assert found == answers
    assert issuer["issuer"] == f"https://{HOSTS['identity']}/realms/udi"


def test_our_units_are_hardened_and_run_as_their_own_accounts(machine: Machine) -> None:
    lines = machine.run(
        "systemd-analyze --no-pager security 'udi-*' 2>/dev/null || systemd-analyze --no-pager security"
    )
    exposure = {unit: float(score) for unit, score in re.findall(r"^(udi-\S+)\s+([\d.]+)", lines, re.MULTILINE)}
    users = dict(
        line.split("=", 1)
        for line in machine.run(
            "for u in udi-portal-worker udi-node-worker udi-keycloak; do echo $u=$(systemctl show -P User $u); done"
        ).split()
    )

    assert len(exposure) == 7
    assert {unit: score for unit, score in exposure.items() if score >= LARGEST_EXPOSURE} == {}
    assert users == {
        "udi-portal-worker": "udi-portal",
        "udi-node-worker": "udi-node",
        "udi-keycloak": "udi-keycloak",
    }


def test_no_secret_is_readable_by_others_or_told_elsewhere(machine: Machine) -> None:
    folders = "/etc/udi/secrets /etc/udi/tls"
    shown = machine.run(f"find {folders} /var/lib/udi-* -maxdepth 1 -perm /077 ! -name 'udi-*'")
    everywhere = "/etc/systemd /etc/udi/udi.env /etc/nginx /etc/postgresql /opt/udi/current/requirements.txt"
    leaks = machine.run(
        f'for s in /etc/udi/secrets/*; do grep -rlF -e "$(head -1 $s)" {everywhere} && echo $s; done; true'
    )
    told = machine.run('for s in /etc/udi/secrets/*; do journalctl --quiet | grep -cF -e "$(head -1 $s)"; done; true')

    assert shown.split() == []
    assert leaks.split() == []
    assert set(told.split()) == {"0"}
    assert machine.run(f"stat -c %a:%U {folders}").split() == ["700:root", "700:root"]
    assert "Permission denied" in machine.run("su deploy -c 'ls /etc/udi/secrets' 2>&1; true")


async def test_a_producer_publishes_and_anyone_finds_and_downloads(
    machine: Machine, authority: Path, timings: dict[str, float]
) -> None:
    started = time.monotonic()
    password = machine.run(f"cat /etc/udi/secrets/account_{SLUG}_{PUBLISHER}").strip()
    async with machine.visitor(HOSTS["node"], authority) as person:
        page = await person.get("/login", params={"back": "/"}, follow_redirects=True)
        page = await person.post(form_action(page), data={"username": PUBLISHER}, follow_redirects=True)
        form = {"username": PUBLISHER, "password": password}
        page = await person.post(form_action(page), data=form, follow_redirects=True)
        assert page.url.host == HOSTS["node"], page.text
        await Producer(person).publish()
    timings["log in and publish"] = time.monotonic() - started

    async with machine.visitor(HOSTS["portal"], authority) as visitor:
        deadline = time.monotonic() + 20
        while not (found := (await visitor.get("/api/v1/datasets", params={"q": "associations"})).json()["items"]):
            assert time.monotonic() < deadline, machine.run("journalctl -u 'udi-*-worker' --no-pager -n 20")
            await asyncio.sleep(0.2)
        timings["log in to found"] = time.monotonic() - started
        shown = await visitor.get("/data", params={"q": "associations"})
        page = await visitor.get(re.findall(r'href="(/data/[^"?#]+)"', shown.text)[0])
        link = re.findall(rf'href="(https://{HOSTS["node"]}/[^"]+)"', page.text)[0]
        downloaded = await visitor.get(link, follow_redirects=True)

    assert [item["title"] for item in found] == [ANSWERS["title"]]
    assert ANSWERS["title"] in page.text
    assert hashlib.sha256(downloaded.content).hexdigest() == hashlib.sha256(TABLE).hexdigest()


async def test_no_request_is_refused_while_the_web_units_restart(
    machine: Machine, authority: Path, timings: dict[str, float]
) -> None:
    started = time.monotonic()
    command = "udi-rolling-restart /ready udi-portal-web-8000:8000 udi-portal-web-8010:8010"
    restart = asyncio.create_task(asyncio.to_thread(machine.run, command))
    answers: list[int] = []

    async def ask() -> None:
        async with machine.visitor(HOSTS["portal"], authority) as visitor:
            while not restart.done():
                answers.append((await visitor.get("/")).status_code)

    await asyncio.gather(*(ask() for _ in range(4)), restart)
    timings["rolling restart"] = time.monotonic() - started

    assert len(answers) > 100
    assert set(answers) == {200}
