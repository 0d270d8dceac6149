"""The record as its source wrote it: to download, by who looks after the source, and by anybody from the dataset's page."""

from litestar import Response

from udi.portal.nodes.harvest.record import HarvestedRecord
from udi.portal.nodes.sources.models import SourceRecord

LARGEST_ORIGINAL = 32 * 1024
ENDINGS = {
    "json": "json",
    "xml": "xml",
    "turtle": "ttl",
    "n-triples": "nt",
    "csv": "csv",
    "html": "html",
}


def send_original(
    record: SourceRecord, *, cache: str = "private, no-store"
) -> Response[bytes]:
    """Its bytes, as a file to keep: a browser never shows what somebody else wrote as a page of ours."""
    headers = {
        "Content-Disposition": f'attachment; filename="{record.id}.{_ending(record.original_type)}"',
        "Cache-Control": cache,
    }
    return Response(
        record.original or b"", media_type="application/octet-stream", headers=headers
    )


def _ending(media_type: str) -> str:
    return next(
        (ending for name, ending in ENDINGS.items() if name in media_type), "txt"
    )


def original_columns(record: HarvestedRecord) -> dict[str, object]:
    """What a row keeps of a record as its source wrote it: where that is small."""
    body = record.source_record.body
    small = len(body) <= LARGEST_ORIGINAL
    kind = record.source_record.media_type if small else ""
    return {"original": body if small else None, "original_type": kind}
