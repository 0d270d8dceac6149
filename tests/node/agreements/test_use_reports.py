"""The portal is told in which hour a machine last read with each credential, and nothing else of the log."""

from datetime import timedelta

import httpx
import pytest

from tests.node.agreements.granting import Granting
from udi.kit.clock import now
from udi.kit.tenancy import Territory
from udi.node.agreements.portal_sync import AgreementSync
from udi.node.agreements.use_reports import report_uses
from udi.node.datasets.exchange.portal import PortalUnavailableError
from udi.protocol.agreement import AgreementValidity

USES = "/kalim/v1/agreements/uses"


async def test_each_credential_is_told_by_the_hour_once(
    portal: Granting,
    machine: httpx.AsyncClient,
    meters: str,
    asker: AgreementSync,
    at_node: Territory,
) -> None:
    used, refused, unused = (portal.grant(meters) for _ in range(3))
    for grant in (used, refused.change(state=AgreementValidity.SUSPENDED), unused):
        await portal.push(machine, grant)
    read = [
        await machine.get(f"/datasets/{meters}/file", headers=grant.headers)
        for grant in (used, refused)
    ]
    portal.answers.append((503, {}))
    with pytest.raises(PortalUnavailableError):
        await report_uses(asker.database, asker.portal, at_node)
    report_counts = [
        await report_uses(asker.database, asker.portal, at_node) for _ in range(2)
    ]

    assert [response.status_code for response in read] == [200, 403]
    assert report_counts[0] == 1
    failed, sent, *_ = [
        body
        for method, path, body, _ in portal.pushed
        if (method, path) == ("POST", USES)
    ]
    assert failed == sent
    assert set(sent) == {"uses"}
    hour = now().replace(minute=0, second=0, microsecond=0)
    possible = {hour.isoformat(), (hour - timedelta(hours=1)).isoformat()}
    assert [use["credential"] for use in sent["uses"]] == [
        str(used.standing.credentials[0].id)
    ]
    assert {use["hour"] for use in sent["uses"]} <= possible
    assert all(set(use) == {"credential", "hour"} for use in sent["uses"])


async def test_what_was_told_some_time_ago_is_not_told_again(
    portal: Granting, machine: httpx.AsyncClient, meters: str, asker: AgreementSync, at_node: Territory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("udi.node.agreements.use_reports.OVERLAP", timedelta(0))
    grant = portal.grant(meters)
    await portal.push(machine, grant)
    await machine.get(f"/datasets/{meters}/file", headers=grant.headers)

    assert [
        await report_uses(asker.database, asker.portal, at_node) for _ in range(2)
    ] == [1, 0]
    await machine.get(f"/datasets/{meters}/file", headers=grant.headers)
    assert await report_uses(asker.database, asker.portal, at_node) == 1
