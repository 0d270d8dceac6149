"""Faults of a reading, kept as rows: so many at most, then only counted."""

from collections.abc import Iterable

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from udi.portal.nodes.harvest.faults import Fault, Level
from udi.portal.nodes.sources.models import SourceFault, SourceRun
from udi.protocol.faults import shorten

MOST_TOLD = 1000
LONGEST = 200
About = tuple[str, str, Fault]
"""Identifier and title of the record (empty for the source itself), and the fault."""


async def tell(session: AsyncSession, run: SourceRun, faults: Iterable[About]) -> None:
    """Keep them; what was sent is cut short in them already."""
    rows = []
    for identifier, title, fault in faults:
        run.told += 1
        if run.told <= MOST_TOLD:
            rows.append(
                {
                    "run_id": run.id, "position": run.told, "identifier": shorten(identifier, LONGEST),
                    "title": shorten(title, LONGEST), "level": fault.level.value, "code": fault.code,
                    "field": fault.field, "message": fault.message, "remedy": fault.remedy, "filled": fault.values,
                }
            )  # fmt: skip
    if rows:
        await session.execute(insert(SourceFault), rows)


def read_fault(row: SourceFault) -> Fault:
    """The fault that a row keeps."""
    return Fault(row.code, Level(row.level), row.field, row.message, row.remedy, row.filled)
