"""From nothing to a published file over TLS on a bare Debian, by the template and the play alone; then a second territory."""

import asyncio
import hashlib
import re
import time
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.ansible import operator_folder
from tests.ansible.conftest import Deployment, Timings
from tests.ansible.machine import Machine
from tests.journeys.steps import publish
from tests.node.producer import ANSWERS, TABLE
from tests.ui.axe import open_browser

pytestmark = pytest.mark.thorough
LARGEST_EXPOSURE = 3.0
PATIENCE = 60
WHAT_IS_OF_THE_FIRST = """
cd /etc/udi && sha256sum tenants/{first}/* secrets/*{first}*
psql -U postgres -Atc "SELECT xmin, ctid, * FROM platform.territory WHERE slug = '{first}'" udi_portal | sha256sum
psql -U postgres -Atc "SELECT id, client_id, secret FROM client WHERE client_id LIKE '{first}-%' ORDER BY 2" udi_keycloak | sha256sum
"""
"""Its files and secrets, the version of its row, and its clients at Keycloak with their secrets."""


async def test_every_name_answers_over_tls_and_administration_does_not(
    deployment: Deployment,
) -> None:
    names = deployment.names
    answers = {
        f"{names.portal}/": 200,
        f"{names.portal}/data": 200,
        f"{names.portal}/metrics": 404,
        f"{names.node}/": 200,
        f"{names.installation}/": 200,
        f"{names.identity}/realms/udi/.well-known/openid-configuration": 200,
        f"{names.identity}/realms/master": 404,
        f"{names.identity}/admin/": 404,
    }
    async with deployment.visitor(names.portal) as visitor:
        statuses = {
            address: (await visitor.get(f"https://{address}")).status_code
            for address in answers
        }
        issuer = (
            await visitor.get(
                f"https://{names.identity}/realms/udi/.well-known/openid-configuration"
            )
        ).json()

    assert statuses == answers
    assert issuer["issuer"] == f"https://{names.identity}/realms/udi"


def test_our_units_are_hardened_and_run_as_their_own_accounts(machine: Machine) -> None:
    lines = machine.run(
        "systemd-analyze --no-pager security 'udi-*' 2>/dev/null || systemd-analyze --no-pager security"
    )
    exposure = {
        unit: float(score)
        for unit, score in re.findall(r"^(udi-\S+)\s+([\d.]+)", lines, re.MULTILINE)
    }
    users = dict(
        line.split("=", 1)
        for line in machine.run(
            "for u in udi-portal-worker udi-node-worker udi-operator-worker udi-archive-worker udi-keycloak; do echo $u=$(systemctl show -P User $u); done"
        ).split()
    )

    assert len(exposure) == 9
    assert {
        unit: score for unit, score in exposure.items() if score >= LARGEST_EXPOSURE
    } == {}
    assert users == {
        "udi-portal-worker": "udi-portal",
        "udi-node-worker": "udi-node",
        "udi-operator-worker": "udi-operator",
        "udi-archive-worker": "udi-archive",
        "udi-keycloak": "udi-keycloak",
    }


@pytest.mark.parametrize("unit", ["udi-sync", "udi-keys"])
def test_what_runs_at_times_runs_to_its_end(machine: Machine, unit: str) -> None:
    """Such a unit runs as root without its capabilities: what it may not look into it must not ask for."""
    machine.run(f"systemctl start {unit}")

    result = machine.run(f"systemctl show -P Result {unit}")
    assert result.strip() == "success"


def test_the_unit_that_makes_archives_sees_no_key_of_the_machine(
    machine: Machine,
) -> None:
    keys = (
        "find /etc/udi /etc/letsencrypt /etc/ssl /etc/ssh -type f"
        " '(' -name '*.key' -o -name key.pem -o -name 'privkey*.pem' -o -name 'ssh_host_*_key'"
        " -o -path '/etc/udi/secrets/*' ')' 2>/dev/null; true"
    )
    process = machine.run("systemctl show -P MainPID udi-archive-worker").strip()
    seen = machine.run(f'nsenter --target {process} --mount -- sh -c "{keys}"')

    assert "/etc/udi/tls/key.pem" in machine.run(keys)
    assert seen.split() == []


def test_no_secret_is_readable_by_others_or_told_elsewhere(machine: Machine) -> None:
    folders = "/etc/udi/secrets /etc/udi/tls"
    readable_files = machine.run(
        f"find {folders} /var/lib/udi-* -maxdepth 1 -perm /077 ! -name 'udi-*'"
    )
    everywhere = "/etc/systemd /etc/udi/udi.env /etc/nginx /etc/postgresql /opt/udi/current/requirements.txt"
    leaks = machine.run(
        f'for s in /etc/udi/secrets/*; do grep -rlF -e "$(head -1 $s)" {everywhere} && echo $s; done; true'
    )
    journal_counts = machine.run(
        'for s in /etc/udi/secrets/*; do journalctl --quiet | grep -cF -e "$(head -1 $s)"; done; true'
    )

    assert readable_files.split() == []
    assert leaks.split() == []
    assert set(journal_counts.split()) == {"0"}
    assert machine.run(f"stat -c %a:%U {folders}").split() == ["700:root", "700:root"]
    assert "Permission denied" in machine.run(
        "su deploy -c 'ls /etc/udi/secrets' 2>&1; true"
    )


def checksum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


async def test_a_producer_logs_in_publishes_and_anyone_finds_and_downloads(
    deployment: Deployment, timings: Timings, tmp_path: Path
) -> None:
    started = time.monotonic()
    file = tmp_path / "associations.csv"
    file.write_bytes(TABLE)
    async with open_browser(*deployment.browser_flags) as browser:
        page = await browser.new_page(locale="fr-FR")
        await publish(page, deployment, file, ANSWERS["title"])
        timings["log in and publish"] = time.monotonic() - started
        await page.goto(f"{deployment.portal()}/data?q=associations")
        while not await page.get_by_role("link", name=ANSWERS["title"]).count():
            assert time.monotonic() < started + PATIENCE, deployment.machine.run(
                "journalctl -u 'udi-*-worker' -n 20"
            )
            await asyncio.sleep(0.2)
            await page.reload()
        timings["log in to found"] = time.monotonic() - started
        await page.get_by_role("link", name=ANSWERS["title"]).click()
        await expect(page.get_by_role("heading", level=1)).to_have_text(
            ANSWERS["title"]
        )
        async with page.expect_download() as caught:
            await page.get_by_role("link", name=re.compile("Télécharger")).first.click()
        await (await caught.value).save_as(tmp_path / "downloaded")

    assert checksum(tmp_path / "downloaded") == checksum(file)


async def test_the_table_of_what_was_published_answers_and_is_exported(
    deployment: Deployment,
) -> None:
    """Locked children read, answer and write within the walls of the hardened unit."""
    async with deployment.visitor(deployment.names.node) as visitor:
        [published] = (await visitor.get("/api/v1/resources")).json()["items"]
        table = f"/api/resources/{published['global_id']}/data"
        response = await visitor.get(f"{table}/")
        exported = await visitor.get(f"{table}/xlsx/")

    assert (response.status_code, exported.status_code) == (200, 200), (
        response.text,
        exported.text[:500],
    )
    assert response.json()["meta"]["total"] == TABLE.count(b"\n") - 1
    assert exported.content.startswith(b"PK")


async def test_no_request_is_refused_while_the_web_units_restart(
    deployment: Deployment, timings: Timings
) -> None:
    started = time.monotonic()
    command = (
        "udi-rolling-restart /ready udi-portal-web-8000:8000 udi-portal-web-8010:8010"
    )
    restart = asyncio.create_task(asyncio.to_thread(deployment.machine.run, command))
    answers: list[int] = []

    async def ask() -> None:
        async with deployment.visitor(deployment.names.portal) as visitor:
            while not restart.done():
                answers.append((await visitor.get("/")).status_code)

    await asyncio.gather(*(ask() for _ in range(4)), restart)
    timings["rolling restart"] = time.monotonic() - started

    assert len(answers) > 100
    assert set(answers) == {200}


async def test_a_second_territory_joins_and_the_first_is_untouched(
    deployment: Deployment, timings: Timings, tmp_path: Path
) -> None:
    machine = deployment.machine
    first = deployment.names
    async with deployment.visitor(first.portal) as visitor:
        before = (await visitor.get("/api/v1/datasets")).json()
    state_before = machine.run(WHAT_IS_OF_THE_FIRST.format(first=first.slug))

    second = operator_folder.join(deployment.folder, tmp_path / "cote", "cote")
    run = machine.play()
    timings["one more territory"] = run.seconds

    async with deployment.visitor(second.portal) as visitor:
        theirs = (await visitor.get("/api/v1/datasets")).json()
        home = await visitor.get("/")
        node = await visitor.get(f"https://{second.node}/")
        after = (await visitor.get(f"https://{first.portal}/api/v1/datasets")).json()
    assert run.counts["failed"] == 0
    assert [home.status_code, node.status_code] == [200, 200]
    assert "Pays de cote" in home.text
    assert theirs["items"] == []
    assert len(before["items"]) >= 1
    assert after == before
    assert machine.run(WHAT_IS_OF_THE_FIRST.format(first=first.slug)) == state_before


def test_the_same_play_again_changes_nothing(
    machine: Machine, timings: Timings
) -> None:
    run = machine.play()
    timings["second run"] = run.seconds

    assert run.counts == {"changed": 0, "failed": 0}, run.changes
