"""What this domain keeps of people, and which of its columns hold nobody."""

from udi.kit.personal_data import (
    UNTIL_ENDED,
    WHILE_TERRITORY,
    AtDeletion,
    PersonalRows,
    PersonalSubject,
    neutral,
)
from udi.node.datasets.models import (
    Dataset,
    DatasetEvent,
    DatasetPart,
    Delivery,
    Preparation,
    Version,
)
from udi.node.datasets.renewal.models import DatasetSource

PERSONAL = (
    PersonalRows(
        DatasetEvent,
        "person_id",
        PersonalSubject.FILES,
        "What I did with datasets",
        why="So that the producer knows who changed a dataset.",
        until=WHILE_TERRITORY,
        at_deletion=AtDeletion.UNNAMED,
        labels={"happened_at": "Date", "action": "Event"},
    ),
    PersonalRows(
        DatasetSource,
        "person_id",
        PersonalSubject.FILES,
        "Addresses from which I renew datasets",
        why="So that the producer knows who gave the address.",
        until=WHILE_TERRITORY,
        at_deletion=AtDeletion.UNNAMED,
        labels={"address": "Address", "checked_at": "Checked"},
    ),
    PersonalRows(
        Preparation,
        "requested_by",
        PersonalSubject.FILES,
        "Files to publish once they are checked",
        why="So that the history says who asked for it.",
        until=UNTIL_ENDED,
        at_deletion=AtDeletion.UNNAMED,
        labels={"state": "State", "updated_at": "Changed"},
        key="person",
    ),
)
OF_DATA = "what a producer writes about its data, for which it answers"
OF_FILE = "what the node found out about a producer's file"
NEUTRAL = (
    neutral(
        Dataset,
        "title description record withdrawal_reason document media_id proposals accepted_file_id accepted_parts former_licence"
        " default_view column_roles column_units file_first_day file_last_day",
        OF_DATA,
    ),
    neutral(DatasetPart, "title address documentation", OF_DATA),
    neutral(Version, "profile note", OF_FILE),
    neutral(
        Preparation, "corrections findings derived failure reason expectation", OF_FILE
    ),
    neutral(
        Delivery,
        "record file_id listed_parts error report_id earlier_reports report",
        OF_DATA,
    ),
    neutral(
        DatasetEvent,
        "dataset_id detail",
        "the dataset and what changed of it, in identifiers and our own words",
    ),
    neutral(
        DatasetSource,
        "credential host_key offered_key",
        "what a machine wants of a program: sealed, or the key of the machine",
    ),
    neutral(DatasetSource, "error remedy", "why an address was not read"),
)
