"""What ends on a machine of the play comes back by itself: nobody has to come, and nothing that was acknowledged is lost."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import httpx
import pytest

from tests.ansible.conftest import Deployment, Timings
from tests.ansible.machine import Machine

pytestmark = pytest.mark.thorough
PATIENCE = 90.0
KILLED_IN_A_ROW = 6
KILL_POSTGRESQL = """
main=$(echo /var/lib/postgresql/*/main)
killed=$(head -1 $main/postmaster.pid)
kill -KILL $killed
timeout 60 sh -c 'until [ "$(head -1 $1)" != $2 ] && pg_isready --quiet --host /run/postgresql; do sleep 0.1; done' sh $main/postmaster.pid $killed
"""
"""Kills it, and waits for another that takes connections."""


async def wait_for_answer(ask: Callable[[], Awaitable[httpx.Response]]) -> None:
    """Ask until it is answered with 200."""
    started = time.monotonic()
    status = 0
    while status != 200:
        assert time.monotonic() < started + PATIENCE, status
        await asyncio.sleep(0.1)
        try:
            status = (await ask()).status_code
        except httpx.TransportError:
            status = 0


def count_events(machine: Machine) -> int:
    """Events of the portal's audit, which only grows."""
    counted = machine.run(
        "psql -h /run/postgresql -U postgres -tAc 'SELECT count(*) FROM app.audit_event' udi_portal"
    )
    return int(counted)


async def test_postgresql_that_is_killed_is_back_by_itself(
    deployment: Deployment, machine: Machine, timings: Timings
) -> None:
    before = count_events(machine)
    started = time.monotonic()
    machine.run(KILL_POSTGRESQL)
    async with deployment.visitor(deployment.names.portal) as visitor:
        await wait_for_answer(lambda: visitor.get("/health"))

    timings["PostgreSQL killed and back"] = time.monotonic() - started
    assert count_events(machine) >= before
    machine.run(
        "timeout 60 sh -c \"until systemctl is-active --quiet 'postgresql@*'; do sleep 0.2; done\""
    )


async def test_it_is_back_too_when_it_is_killed_again_and_again(
    deployment: Deployment, machine: Machine
) -> None:
    for _ in range(KILLED_IN_A_ROW):
        machine.run(KILL_POSTGRESQL)
        async with deployment.visitor(deployment.names.portal) as visitor:
            await wait_for_answer(lambda: visitor.get("/health"))

    async with deployment.visitor(deployment.names.portal) as visitor:
        assert (await visitor.get("/data")).status_code == 200


async def test_a_proxy_that_is_killed_is_back_by_itself(
    deployment: Deployment, machine: Machine
) -> None:
    machine.run("kill -KILL $(cat /run/nginx.pid)")

    async with deployment.visitor(deployment.names.portal) as visitor:
        await wait_for_answer(lambda: visitor.get("/"))
        assert (await visitor.get("/")).status_code == 200
