"""What the validator accepts, PostgreSQL stores and gives back as it was."""

import json
from pathlib import Path

from sqlalchemy import text

from tests.protocol.examples import a_full_record, a_record
from udi.kit.db import Database
from udi.protocol.record import read_record, write_record
from udi.protocol.validation import validate

ECHO = text("SELECT CAST(:document AS jsonb), CAST(:title AS text)")


async def test_a_full_record_is_stored_as_jsonb_and_reads_back(
    portal_database: Database,
) -> None:
    record = read_record(a_full_record())

    async with portal_database.platform_session() as session:
        row = (
            await session.execute(
                ECHO, {"document": json.dumps(write_record(record)), "title": ""}
            )
        ).one()

    if isinstance(row[0], dict):
        stored = row[0]
    else:
        stored = json.loads(row[0])
    assert read_record(stored) == record


async def test_naughty_strings_are_refused_or_stored_as_they_are(
    portal_database: Database, shared_data: Path
) -> None:
    strings = json.loads((shared_data / "data/bad/blns_blns.json").read_text())
    records = [a_record(resource_title=words[:150], unknown=words) for words in strings]
    accepted = [record for record in records if not validate(record)]

    async with portal_database.platform_session() as session:
        for record in accepted:
            title = read_record(record).title
            row = (
                await session.execute(
                    ECHO, {"document": json.dumps(record), "title": title}
                )
            ).one()
            assert (
                row[0] if isinstance(row[0], dict) else json.loads(row[0])
            ) == record
            assert row[1] == title

    assert len(accepted) > 400
    refused = {fault.code.value for record in records for fault in validate(record)}
    assert refused == {"ERR-301", "ERR-308"}
