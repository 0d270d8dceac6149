"""A small file that is prepared again in a run of the tests: as the first time, and as by a child that was asked."""

from pathlib import Path
from typing import Any

import pytest

from tests import children
from tests.node.producer import TABLE
from udi.kit import child
from udi.kit.sandbox import ProcessLimits
from udi.node.datasets.versions.preparation import (
    FileAnalysis,
    preload_imports,
    prepare,
)
from udi.tabular.profiles.profile import profile_copy

pytestmark = pytest.mark.programs
OTHER = TABLE.replace(b"1987", b"1988")


async def look(
    folder: Path,
    content: bytes = TABLE,
    corrections: dict[str, Any] | None = None,
    seconds: float = 60,
) -> tuple[FileAnalysis, dict[str, bytes]]:
    """What the preparation of a file answers, and the files that it leaves."""
    target = folder / "typed" / "table.parquet"
    target.parent.mkdir(parents=True)
    source = folder / "source"
    source.write_bytes(content)
    analysis = await child.run(
        prepare,
        source,
        "associations.csv",
        corrections or {},
        target,
        None,
        memory_mb=2048,
        seconds=seconds,
        file_bytes=10_000_000,
    )
    files = {
        path.name: path.read_bytes()
        for path in target.parent.rglob("*")
        if path.is_file()
    }
    return analysis, files


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The requests that reach a child, while none was prepared before."""
    noted: list[bytes] = []
    exchange = children._exchange

    async def note(process: child.ChildProcess, request: bytes) -> bytes:
        noted.append(request)
        return await exchange(process, request)

    monkeypatch.setattr(children, "_exchange", note)
    monkeypatch.setattr(children, "_preparations", {})
    monkeypatch.setattr(children, "_profiles", {})
    return noted


async def test_a_small_file_is_prepared_once_and_answered_alike(
    requests: list[bytes], tmp_path: Path
) -> None:
    first = await look(tmp_path / "first")
    again = await look(tmp_path / "again")

    assert len(requests) == 1
    assert again == first
    assert first[0].table
    assert "table.parquet" in first[1]


@pytest.mark.thorough
async def test_another_content_or_correction_is_prepared_anew(
    requests: list[bytes], tmp_path: Path
) -> None:
    await look(tmp_path / "first")
    other, _ = await look(tmp_path / "other", OTHER)
    corrected, _ = await look(tmp_path / "corrected", corrections={"delimiter": ","})

    assert len(requests) == 3
    assert other.profile != corrected.profile


async def test_another_limit_is_met_by_a_child(
    requests: list[bytes], tmp_path: Path
) -> None:
    await look(tmp_path / "first")

    with pytest.raises(child.ChildTimeoutError):
        await look(tmp_path / "again", seconds=0.0001)

    assert len(requests) == 2


@pytest.mark.thorough
async def test_a_large_file_is_prepared_each_time(
    requests: list[bytes], tmp_path: Path
) -> None:
    large = TABLE + b"A;B;01/01/2001\n" * (children.SMALL // 15)
    await look(tmp_path / "first", large)
    await look(tmp_path / "again", large)

    assert len(requests) == 2


async def test_a_child_that_is_asked_nothing_new_is_not_forked(
    requests: list[bytes], tmp_path: Path
) -> None:
    """Its profile and its preparation are those of a child that was."""
    copy = tmp_path / "copy"
    copy.write_bytes(TABLE)
    profiles = []
    pids = []
    for _ in range(2):
        limits = ProcessLimits(2048, places=(str(tmp_path),))
        async with child.ChildProcess(limits) as reader:
            await reader.call(preload_imports, seconds=60)
            profile = await reader.call(
                profile_copy, copy, "associations.csv", len(TABLE), seconds=60
            )
            profiles.append(profile)
            pids.append(reader.pid)

    assert profiles[0] == profiles[1]
    assert profiles[0].media_type == "text/csv"
    assert pids[0] > 0
    assert pids[1] == 0
    assert len(requests) == 1
