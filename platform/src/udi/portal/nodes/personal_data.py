"""What this domain keeps of people, and which of its columns hold nobody."""

from udi.kit.personal_data import (
    UNTIL_STOPPED,
    AtDeletion,
    PersonalPayload,
    PersonalRows,
    PersonalSubject,
    PersonLink,
    neutral,
)
from udi.portal.nodes.models import Node, NodeInvitation, Report
from udi.portal.nodes.sources.models import (
    CatalogueSource,
    DatasetMatch,
    SourceAction,
    SourceFault,
    SourceFeed,
    SourceOutline,
    SourcePublisher,
    SourceRecord,
    SourceRecordAlias,
    SourceReport,
    SourceReuse,
    SourceRun,
)

PERSONAL = (
    PersonalRows(
        SourceFeed,
        "person_id",
        PersonalSubject.FOLLOWING,
        "Feeds of the catalogues that I look after",
        why="So that your reader finds its own address.",
        until=UNTIL_STOPPED,
        at_deletion=AtDeletion.ERASED,
        labels={"id": "Number"},
    ),
)
OF_DATA = "what a producer publishes about its data, for which it answers"
OF_READING = "where a reading of a public catalogue is"
NEUTRAL = (
    neutral(Node, "name url client_id spaces", "a machine of producers"),
    neutral(
        NodeInvitation,
        "name url organisations code_hash sealed",
        "a machine of a producer",
    ),
    neutral(
        Report,
        "resource_id comment resource_title faults delivery last_error",
        "what is wrong in the description of a dataset",
    ),
    neutral(
        CatalogueSource, "address entry filters lease", "the address of a catalogue"
    ),
    neutral(
        SourceRecord,
        "identifier digest same_as renamed_to seen_run publisher original_type original",
        OF_DATA,
    ),
    neutral(SourceRecordAlias, "record_id", OF_DATA),
    neutral(DatasetMatch, "first_id second_id basis", OF_DATA),
    neutral(SourcePublisher, "key names uri number proposed_id how", OF_DATA),
    neutral(
        SourceReuse,
        "source_id identifier title language text publisher url page datasets seen_run",
        "what a catalogue says of the use of its data, without persons",
    ),
    neutral(SourceRun, "phase outcome crawl_state", OF_READING),
    neutral(SourceOutline, "run_id records", OF_READING),
    neutral(SourceReport, "fields measures", OF_READING),
    neutral(SourceFault, "identifier title field message remedy filled", OF_READING),
    neutral(SourceAction, "dataset_id identifier title action", OF_READING),
)
PAYLOADS = (
    PersonalPayload(
        "udi.portal.nodes.sources.emails",
        "person",
        PersonLink.ID,
        "a mail about a reading, sent within a minute",
    ),
)
