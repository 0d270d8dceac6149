"""The chapter of sources in the API's document."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from msgspec import to_builtins

from udi.kit.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from udi.kit.paging import MAX_PAGE_SIZE
from udi.portal.catalogue.documentation.operations import Chapter, Operation
from udi.portal.catalogue.documentation.parameters import Parameter
from udi.portal.nodes.sources.api import ACTS, KEEP, SCOPE, WITHDRAW
from udi.portal.nodes.sources.feeds import FeedAddresses
from udi.portal.nodes.sources.models import RecordOutcome
from udi.portal.nodes.sources.schemas import (
    PATH,
    NewSource,
    RecordFault,
    SourceBatch,
    SourceChange,
    SourceItem,
    SourceProducer,
    SourceReading,
    SourceReadingBatch,
    SourceRecordResult,
    SourceRecordResultBatch,
    one_of,
)

ONE = f"{PATH}/{{source_id}}"
READING = f"{ONE}/readings/{{reading_id}}"
SOURCE, RUN, RECORD, PRODUCER = (
    UUID(int=0x6D4A3B1C2F584C0E9A440E5F6A7B8D00 + place) for place in range(4)
)
STARTED = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
ENDED = datetime(2026, 3, 2, 4, 1, tzinfo=UTC)
IDENTIFIED = {"type": "string", "format": "uuid"}
PLACES: dict[str, Parameter] = {
    "source_id": ("Identifier of the source.", IDENTIFIED, str(SOURCE)),
    "reading_id": ("Identifier of the reading.", IDENTIFIED, str(RUN)),
    "record_id": (
        "Identifier of the dataset that the record is here.",
        IDENTIFIED,
        str(RECORD),
    ),
    "act": (
        "Read it now, pause it, resume it, or accept that what left it is let go.",
        {"type": "string", **one_of(ACTS)},
        "read",
    ),
}


def _batch(cursor: dict[str, Any], example: Any) -> dict[str, Parameter]:
    size = {
        "type": "integer",
        "minimum": 1,
        "maximum": MAX_PAGE_SIZE,
        "default": MAX_PAGE_SIZE,
    }
    return {
        "cursor": (
            "Where to go on, as the link “next” of an answer says.",
            cursor,
            example,
        ),
        "size": ("How many at most.", size, 20),
    }


BY_ID = _batch(IDENTIFIED, str(SOURCE))
BY_PLACE = _batch({"type": "integer", "minimum": 0}, 0) | {
    "action": (
        "Only what was done so.",
        {"type": "string", **one_of(RecordOutcome)},
        "refused",
    )
}
CLOSING_CHOICE = {
    "datasets": (
        "What becomes of its datasets.",
        {"type": "string", **one_of((KEEP, WITHDRAW))},
        KEEP,
    )
}
ACCESS_ERRORS = (ForbiddenError, NotFoundError)
OPERATIONS = (
    Operation(
        "listSources",
        PATH,
        "List the sources",
        "The catalogues of others that are read here, of those I look after.",
        SourceBatch,
        (ForbiddenError, InvalidError),
        takes=BY_ID,
        scope=SCOPE,
        dated=True,
        leads_to=(("readSource", "source_id", "/items/0/id"),),
    ),
    Operation(
        "registerSource",
        PATH,
        "Register a source",
        "Have a catalogue read for a producer, at once and then at a rhythm.",
        SourceItem,
        (*ACCESS_ERRORS, ConflictError, InvalidError),
        "post",
        NewSource,
        (201,),
        SCOPE,
    ),
    Operation(
        "readSource",
        ONE,
        "Read a source",
        "A source, how it stands, and its last reading.",
        SourceItem,
        ACCESS_ERRORS,
        scope=SCOPE,
        dated=True,
        leads_to=(("listReadings", "source_id", "/id"),),
    ),
    Operation(
        "changeSource",
        ONE,
        "Change the rhythm of a source",
        "Have it read more or less often.",
        SourceItem,
        (*ACCESS_ERRORS, ConflictError, InvalidError),
        "patch",
        SourceChange,
        scope=SCOPE,
    ),
    Operation(
        "closeSource",
        ONE,
        "Close a source",
        "Read it no more. Its datasets stay, or are withdrawn by and by.",
        SourceItem,
        (*ACCESS_ERRORS, ConflictError, InvalidError),
        "delete",
        scope=SCOPE,
        takes=CLOSING_CHOICE,
    ),
    Operation(
        "actOnSource",
        f"{ONE}/{{act}}",
        "Act on a source",
        "What the buttons of its page do.",
        SourceItem,
        (*ACCESS_ERRORS, ConflictError),
        "post",
        scope=SCOPE,
    ),
    Operation(
        "makeFeed",
        f"{ONE}/feed",
        "Make my feeds of readings",
        "New secret addresses of Atom feeds; those that I had answer no more.",
        FeedAddresses,
        ACCESS_ERRORS,
        "post",
        scope=SCOPE,
    ),
    Operation(
        "listReadings",
        f"{ONE}/readings",
        "List the readings of a source",
        "The last thirty, the newest first.",
        SourceReadingBatch,
        (*ACCESS_ERRORS, InvalidError),
        takes=BY_ID,
        scope=SCOPE,
        dated=True,
    ),
    Operation(
        "readReading",
        READING,
        "Read a reading",
        "Its counts, and what was wrong with the source itself.",
        SourceReading,
        ACCESS_ERRORS,
        scope=SCOPE,
        dated=True,
    ),
    Operation(
        "listRecords",
        f"{READING}/records",
        "Read the report of a reading",
        "What was done with each record, and the edits that mend them: the first ten thousand, and a thousand edits.",
        SourceRecordResultBatch,
        (*ACCESS_ERRORS, InvalidError),
        takes=BY_PLACE,
        scope=SCOPE,
        dated=True,
    ),
    Operation(
        "readOriginal",
        f"{ONE}/records/{{record_id}}",
        "Read an original record",
        "A record as the source wrote it, in its own format.",
        None,
        ACCESS_ERRORS,
        scope=SCOPE,
        media_type="application/octet-stream",
    ),
)


def make_examples(origin: str) -> dict[str, Any]:
    """By operation, as the portal at `origin` would answer."""
    at = f"{origin}{PATH}/{SOURCE}"
    reading = _reading(at)
    source = _source(origin, reading)
    record = _record(at)
    feed = f"{origin}/sources/feeds/5r3t…"
    answers = {
        **dict.fromkeys(
            (
                "registerSource",
                "readSource",
                "changeSource",
                "closeSource",
                "actOnSource",
            ),
            source,
        ),
        "listSources": SourceBatch(
            size=20, items=[source], links=_links(f"{origin}{PATH}")
        ),
        "makeFeed": FeedAddresses(
            source=f"{feed}/{SOURCE}/readings.atom",
            producer=f"{feed}/producers/mairie/readings.atom",
        ),
        "listReadings": SourceReadingBatch(
            size=20, items=[reading], links=_links(f"{at}/readings")
        ),
        "readReading": reading,
        "listRecords": SourceRecordResultBatch(
            size=20, items=[record], links=_links(f"{at}/readings/{RUN}/records")
        ),
    }
    return {name: to_builtins(answer) for name, answer in answers.items()}


def _reading(at: str) -> SourceReading:
    return SourceReading(
        id=RUN,
        started=STARTED,
        ended=ENDED,
        outcome="complete",
        total=38,
        created=1,
        updated=2,
        unchanged=34,
        refused=1,
        withdrawn=0,
        missing=0,
        documents=1,
        bytes=182_000,
        faults=[],
        records=f"{at}/readings/{RUN}/records",
    )


def _source(origin: str, reading: SourceReading) -> SourceItem:
    return SourceItem(
        id=SOURCE,
        address="https://donnees.portelune.example/",
        rhythm="daily",
        language="fr",
        state="active",
        producer=SourceProducer(id=PRODUCER, slug="mairie", name="Ville de Portelune"),
        format="ckan",
        next=STARTED,
        catalogue="https://donnees.portelune.example/api/3/action/package_search",
        failures=0,
        datasets=37,
        registered=STARTED,
        last=reading,
        url=f"{origin}{PATH}/{SOURCE}",
        page=f"{origin}/sources/{SOURCE}",
    )


def _record(at: str) -> SourceRecordResult:
    fault = RecordFault(
        level="refused",
        code="title_missing",
        field="title",
        value=None,
        reason="This dataset has no title.",
        remedy="Give it one.",
    )
    return SourceRecordResult(
        action="refused",
        identifier="c3",
        title="",
        dataset=RECORD,
        original=f"{at}/records/{RECORD}",
        faults=[fault],
    )


def _links(address: str) -> dict[str, str]:
    return {"self": f"{address}?size=20", "first": f"{address}?size=20"}


REQUEST_EXAMPLES = {
    NewSource: NewSource(
        address="donnees.portelune.example",
        producer="mairie",
        rhythm="daily",
        language="fr",
    ),
    SourceChange: SourceChange(rhythm="weekly"),
}
CHAPTER = Chapter(OPERATIONS, PLACES, REQUEST_EXAMPLES, make_examples)
