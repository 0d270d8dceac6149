"""The test kit of the Dataspace Protocol 2025-1 passes against the real programs, with the commands of people behind them."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.contract.dataspace import kit, wishes
from tests.contract.dataspace.cases import CASES, OFF, SUITES
from tests.contract.dataspace.decider import Decider, begin, stop
from tests.contract.dataspace.kit import Report
from tests.contract.dataspace.stage import Stage
from udi.portal.dataspace.messages import PATH

NAME = "dataspacetck"
ENABLED = 65
pytestmark = pytest.mark.thorough


def properties(stage: Stage, address: str, wait: int) -> Mapping[str, str]:
    """What the kit is told; `address` takes its wishes, and it waits so many seconds for each message."""
    callback = urlsplit(stage.connector.address)
    connector = {
        "agent.id": stage.territory.origin, "http.url": f"{stage.territory.origin}{PATH}", "http.base.url": stage.territory.origin,
        "http.headers.authorization": f"Bearer {stage.secret}", "negotiation.initiate.url": f"{address}/negotiations",
        "transfer.initiate.url": f"{address}/transfers",
    }  # fmt: skip
    return {
        f"{NAME}.launcher": "org.eclipse.dataspacetck.dsp.system.DspSystemLauncher",
        f"{NAME}.host": str(callback.hostname),
        f"{NAME}.port": str(callback.port),
        f"{NAME}.callback.address": stage.connector.address,
        f"{NAME}.dsp.default.wait": str(wait),
        **{f"{NAME}.dsp.connector.{name}": value for name, value in connector.items()},
        **stage.properties(),
    }


async def run(
    stage: Stage,
    folder: Path,
    *,
    alone: frozenset[str] = frozenset(),
    select: Sequence[str] = kit.WHOLE,
    wait: int = kit.WAIT,
) -> tuple[Report, list[str]]:
    """The kit's report, and what went wrong on the side of people, who leave some cases `alone`."""
    decider = Decider(stage, alone=alone)

    async def wish(path: str, payload: dict[str, object]) -> None:
        await begin(stage, path, payload)

    deciding = asyncio.create_task(decider.run())
    try:
        async with wishes.listening(wish, decider.troubles) as address:
            report = await kit.run(
                folder, properties(stage, address, wait), stage.territory.hosts, select
            )
    finally:
        await stop(deciding)
    return report, decider.troubles


@pytest.fixture(scope="module")
async def kit_run(
    stage: Stage, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Report, list[str]]:
    """What one run of the kit reports, and what went wrong on the side of people."""
    return await run(stage, tmp_path_factory.mktemp("kit"))


@pytest.mark.parametrize("case", CASES)
def test_a_case_of_the_kit_passes(kit_run: tuple[Report, list[str]], case: str) -> None:
    assert kit_run[0].results.get(case) == "passed"


def test_nothing_else_is_left_out(
    kit_run: tuple[Report, list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    report, troubles = kit_run
    with capsys.disabled():
        print(f"\nthe kit took {report.seconds:.0f} s")  # noqa: T201 - a figure to publish
        for suite, prefixes in SUITES.items():
            results = [
                result
                for case, result in report.results.items()
                if case.startswith(prefixes)
            ]
            print(  # noqa: T201 - the same
                f"  {suite}: {results.count('passed')} of {len(results) - results.count('skipped')}"
            )

    assert len(CASES) == ENABLED
    assert sorted(report.results) == sorted((*CASES, *OFF))
    assert [case for case, result in report.results.items() if result == "skipped"] == [
        case for case in report.results if case in OFF
    ]
    assert troubles == []


async def test_the_kit_fails_where_nobody_decides(stage: Stage, tmp_path: Path) -> None:
    report, troubles = await run(
        stage, tmp_path, alone=frozenset({"cn_01_04"}), select=kit.ONE, wait=2
    )

    assert list(report.results) == ["cn_01_04"]
    assert report.results["cn_01_04"] not in {"passed", "skipped"}
    assert troubles == []
