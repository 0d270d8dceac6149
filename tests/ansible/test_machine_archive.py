"""A whole archive that an operator requests on a page, made by the hardened unit on a machine that was bare."""

import asyncio
import hashlib
import re
import time

import pytest
from playwright.async_api import Page

from tests.ansible.conftest import Deployment, Timings
from tests.ansible.installation_pages import open_installation
from tests.ansible.load import PUBLISHER, log_in
from tests.ansible.machine import Machine
from tests.node.producer import TABLE, Producer
from tests.ui.axe import open_browser

pytestmark = pytest.mark.thorough
PATIENCE = 180
UNIT = "udi-archive-worker"
FOLDER = "/var/lib/udi-archive"
LIST_FILES = """
import hashlib, sys, tarfile
with tarfile.open(sys.argv[1]) as archive:
    for member in archive:
        print(hashlib.sha256(archive.extractfile(member).read()).hexdigest(), member.name)
"""


async def publish_file(deployment: Deployment) -> None:
    """Have a file of a producer on the node, whose objects the unit must read."""
    async with deployment.visitor(deployment.names.node) as client:
        password = deployment.password(PUBLISHER)
        await log_in(client, deployment.node(), PUBLISHER, password)
        await Producer(client).publish()


async def request_archive(page: Page, deployment: Deployment) -> str:
    """Request it on the page of the territory, and wait until the page says where it is."""
    slug = deployment.names.slug
    address = f"https://{deployment.names.installation}/installation/territories/{slug}"
    await page.goto(address)
    await page.get_by_text("Créer une archive complète").click()
    await page.get_by_role("button", name="Faire l’archive").click()
    until = time.monotonic() + PATIENCE
    place = page.locator("code", has_text=f"{FOLDER}/{slug}-")
    while not await place.count():
        log = deployment.machine.run(f"journalctl -u {UNIT} -n 20 --no-pager")
        table = await page.locator("main").inner_text()
        assert time.monotonic() < until, f"{table}\n{log}"
        await asyncio.sleep(1)
        await page.goto(address)
    return (await place.first.inner_text()).strip()


def list_checksums(machine: Machine, archive: str) -> dict[str, str]:
    """The SHA-256 of each entry of an archive, by its name."""
    script = f"cat >/var/tmp/list.py <<'END'\n{LIST_FILES}\nEND\npython3 /var/tmp/list.py {archive}"
    lines = machine.run(script).splitlines()
    return {name: digest for digest, name in (line.split(" ", 1) for line in lines)}


async def test_an_archive_requested_on_the_page_is_whole_and_signed(
    deployment: Deployment, timings: Timings
) -> None:
    machine = deployment.machine
    await publish_file(deployment)
    started = time.monotonic()
    async with open_browser(*deployment.browser_flags) as browser:
        page = await browser.new_page(locale="fr-FR")
        await open_installation(page, deployment)
        archive = await request_archive(page, deployment)
        page_text = await page.locator("main").inner_text()
    timings["archive requested to made"] = time.monotonic() - started

    checksums = list_checksums(machine, archive)
    output = machine.run(f"udi tenant import {archive} --check-only 2>&1; true")
    assert machine.run(f"stat -c %a:%U {archive} {FOLDER}").split() == [
        "600:udi-archive",
        "700:udi-archive",
    ]
    assert re.search("signée avec la clé", page_text)
    digest = hashlib.sha256(TABLE).hexdigest()
    assert checksums.get(f"files/{digest}") == digest
    assert list(checksums)[-2:] == ["manifest.json", "signature.json"]
    assert "lives here already" in output, output


def test_the_unit_restarted_no_more_often_than_it_was_told(machine: Machine) -> None:
    """A wall that stops it would show as restarts: systemd starts it again at once."""
    assert machine.run(f"systemctl show -P NRestarts {UNIT}").strip() == "0"
