"""Reading only what changed, where a catalogue can say it: CKAN, by `metadata_modified`.

After what changed, the identifiers of all that is there are asked for (`fl=id`), so that what left is seen as in a whole
reading. A whole reading comes now and then, for what changes without a date; and at once where the answer holds older
records, which shows that the site does not look at the question.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from udi.portal.nodes.harvest.ckan import IDENTIFIERS_ONLY
from udi.portal.nodes.harvest.record import HarvestedPage
from udi.portal.nodes.sources import crawl
from udi.portal.nodes.sources.crawl import CrawlState
from udi.portal.nodes.sources.models import CatalogueSource, SourceRhythm, SourceState

OFTEN = (SourceRhythm.HOURLY, SourceRhythm.DAILY)
WHOLE_EVERY = timedelta(days=7)
OVERLAP = timedelta(hours=24)
"""Clocks and indexes of sites are late: so much is asked for again."""
SWEPT_AT_ONCE = 1000


def find_changes_address(source: CatalogueSource, moment: datetime) -> str:
    """Where to ask for what changed since the last good reading; empty where a whole reading is due."""
    if (
        source.format != "ckan"
        or not urlsplit(source.entry).path.endswith("/package_search")
        or source.state != SourceState.ACTIVE
        or source.rhythm not in OFTEN
        or source.accepts_loss
        or source.accepts_renames
        or source.filters_changed
        or source.changes_read_at is None
        or source.whole_read_at is None
        or moment - source.whole_read_at >= WHOLE_EVERY
        or "fq" in dict(parse_qsl(urlsplit(source.entry).query))
    ):
        return ""
    since = source.changes_read_at - OVERLAP
    return _with_parameters(
        source.entry, fq=f"metadata_modified:[{since:%Y-%m-%dT%H:%M:%SZ} TO *]"
    )


def find_identifiers_address(source: CatalogueSource) -> str:
    """Where to ask for the identifiers of all that is there."""
    return _with_parameters(
        source.entry, fl=IDENTIFIERS_ONLY, rows=str(SWEPT_AT_ONCE), start="0"
    )


def _with_parameters(address: str, **parameters: str) -> str:
    parts = urlsplit(address)
    query = {**dict(parse_qsl(parts.query)), **parameters}
    return urlunsplit(parts._replace(query=urlencode(query)))


def start_reading(source: CatalogueSource, changes: str = "") -> CrawlState:
    """The beginning of a reading: of what changed where an address of it is given, else of all."""
    place = crawl.start_crawl(changes or source.entry or source.address)
    if changes:
        return replace(place, start=source.entry, changes_only=True)
    return place


def ignores_question(source: CatalogueSource, page: HarvestedPage) -> bool:
    """Whether a page that was to hold only what changed holds what did not, or is none of this catalogue."""
    if source.changes_read_at is None or page.format != source.format:
        return True
    first_day = (source.changes_read_at - OVERLAP).date().isoformat()
    return any(
        record.source_modified[:10] < first_day
        for record in page.records
        if record.source_modified
    )
