"""What a source's page says, as JSON: its readings, and every fault of the last, in the reader's language."""

from typing import Any
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath

from udi.portal.nodes.api import as_json
from udi.portal.nodes.sources import queries
from udi.portal.nodes.sources.models import CatalogueSource, SourceFault, SourceRun
from udi.portal.nodes.sources.run_log import MOST_LOGGED_FAULTS, read_fault
from udi.protocol.faults import Gettext
from udi.ui.dependencies import AnyRequest, Member, Routes, Session
from udi.ui.site import site_of

COUNTS = (
    "total",
    "created",
    "updated",
    "unchanged",
    "refused",
    "withdrawn",
    "missing",
    "left_out",
    "filtered",
    "incremental",
)


@get("/sources/{source_id:uuid}/report.json")
async def download_report(
    request: AnyRequest, session: Session, member: Member, source_id: FromPath[UUID]
) -> Response[bytes]:
    """The source, its last readings, and what to mend, record by record."""
    source, producer = await queries.get_source(session, member, source_id)
    runs = await queries.list_runs(session, source)
    reported_run = queries.find_reported_run(runs)
    if reported_run:
        rows = await queries.list_faults(
            session, reported_run, limit=MOST_LOGGED_FAULTS
        )
    else:
        rows = []
    say = site_of(request).pages.translator(request)
    return as_json(
        {
            **_source(source),
            "producer": {
                "id": str(producer.id),
                "slug": producer.slug,
                "name": producer.name,
            },
            "readings": [_run(run) for run in runs],
            "faults": {
                "reading": reported_run and str(reported_run.id),
                "total": reported_run.faults if reported_run else 0,
                "items": [_fault(row, say) for row in rows],
            },
        }
    )


def _source(source: CatalogueSource) -> dict[str, Any]:
    plain = ("address", "format", "language", "rhythm", "state", "failures")
    fields = {name: getattr(source, name) for name in plain}
    next_at = source.next_at.isoformat() if source.next_at else None
    return {
        "id": str(source.id),
        **fields,
        "catalogue": source.entry,
        "datasets": source.dataset_count,
        "next_at": next_at,
    }


def _run(run: SourceRun) -> dict[str, Any]:
    return {
        "id": str(run.id),
        "started_at": run.started_at.isoformat(),
        "ended_at": run.ended_at.isoformat() if run.ended_at else None,
        "outcome": run.outcome or None,
        **{name: getattr(run, name) for name in COUNTS},
        "documents": run.pages,
        "bytes": run.size,
    }


def _fault(row: SourceFault, say: Gettext) -> dict[str, Any]:
    message, remedy = read_fault(row).translate(say)
    return {
        "identifier": row.identifier,
        "title": row.title,
        "level": row.level,
        "code": row.code,
        "field": row.field,
        "value": row.filled.get("value"),
        "message": message,
        "remedy": remedy,
    }


routes: Routes = [download_report]
