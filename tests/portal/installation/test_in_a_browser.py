"""The pages of operators in a real browser: nothing out of the screen, nothing that axe-core refuses, in both languages."""

import uuid
from datetime import timedelta
from typing import Any

import pytest

from tests.depth import by_depth
from tests.portal.installation.conftest import Console
from tests.portal.installation.filled import SPACE, fill
from tests.portal.installation.test_acts import write_outcome
from tests.ui.tab import Tab
from udi.kit.clock import now
from udi.kit.tenancy import INSTALLATION_ID
from udi.portal.installation.models import OperatorRequest

PATHS = {
    "list": "/installation",
    "found": "/installation?q=nowhere-at-all",
    "territory": "/installation/territories/{slug}",
    "start": "/installation/territories/new",
    "login": "/installation/territories/{slug}/login",
    "provider": "/installation/territories/{slug}/login/provider/new",
    "directory": "/installation/territories/{slug}/login/directory/new",
    "limits": f"/installation/territories/{{slug}}/spaces/{SPACE}",
}


@by_depth("name", PATHS, by_default=[2])
async def test_the_pages_hold_in_a_browser(
    console: Console, tab: Tab, name: str
) -> None:
    await fill(console)
    await console.operator.post(
        f"/installation/territories/{console.territory.slug}/gather"
    )
    await console.work()
    origin = console.site.installation.origin

    faults = await tab.find_faults(
        console.operator,
        f"{origin}{PATHS[name].format(slug=console.territory.slug)}",
        f"installation-{name}",
        "fr",
        "en",
    )

    assert faults == []


@pytest.mark.thorough
async def test_a_territory_without_figures_holds_in_a_browser(
    console: Console, tab: Tab
) -> None:
    origin = console.site.installation.origin
    address = f"{origin}/installation/territories/{console.territory.slug}"

    faults = await tab.find_faults(
        console.operator, address, "installation-new", "fr", "en"
    )

    assert faults == []


@pytest.mark.thorough
async def test_an_archive_holds_in_a_browser_on_its_way_and_after(
    console: Console, tab: Tab
) -> None:
    address = f"/installation/territories/{console.territory.slug}"
    origin = console.site.installation.origin
    await console.operator.post(f"{address}/archive")
    await write_outcome(console, outcome="files: 1204, 9310 MB")
    on_its_way = await tab.find_faults(
        console.operator, f"{origin}{address}", "installation-archive", "fr", "en"
    )
    await console.beat(now() - timedelta(days=1))
    stopped = await tab.find_faults(
        console.operator, f"{origin}{address}", "installation-stopped", "fr", "en"
    )
    archive = f"/var/lib/udi-archive/{console.territory.slug}-2026-11-30-0a1b2c3d.tar"
    details = {
        "archive": archive,
        "bytes": 9_310_000_000,
        "files": 1204,
        "fingerprint": "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
    }
    await write_outcome(console, state="done", details=details, finished_at=now())
    after = await tab.find_faults(
        console.operator, f"{origin}{address}", "installation-archived", "fr", "en"
    )

    assert (on_its_way, stopped, after) == ([], [], [])


@pytest.mark.thorough
async def test_a_start_holds_in_a_browser_before_and_after(
    console: Console, tab: Tab
) -> None:
    origin = console.site.installation.origin
    answers = {"name": "Pays de la Rade", "slug": "rade-seen", "hue": "145"}
    answers |= {"first_member": "marie@rade.bzh", "contact": "donnees@rade.bzh"}
    response = await console.operator.post(
        "/installation/territories/new", data=answers | {"languages": "fr,en"}
    )
    address = f"{origin}{response.headers['location']}"
    request = uuid.UUID(address.rpartition("/")[2])
    states: dict[str, dict[str, Any]] = {
        "waiting": {"outcome": "identity"},
        "refused": {
            "state": "failed",
            "details": {"refusals": [{"field": "slug", "reason": "x", "values": {}}]},
        },
        "offline": {"state": "done", "details": {"online": {"portal": False}}},
        "online": {
            "state": "done",
            "details": {"online": {"portal": True, "node": True}},
        },
    }

    faults = []
    for name, values in states.items():
        async with console.databases.portal.session(
            INSTALLATION_ID, role="worker"
        ) as session:
            row = await session.get_one(OperatorRequest, (INSTALLATION_ID, request))
            row.outcome = values.get("outcome", "")
            row.state = values.get("state", "requested")
            row.details = {**row.details, **values.get("details", {})}
        faults += await tab.find_faults(
            console.operator, address, f"installation-start-{name}", "fr", "en"
        )

    assert faults == []
