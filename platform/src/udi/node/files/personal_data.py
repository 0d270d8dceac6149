"""What this domain keeps of people, and which of its columns hold nobody."""

from udi.kit.personal_data import (
    WHILE_TERRITORY,
    AtDeletion,
    PersonalRows,
    PersonalSubject,
    neutral,
)
from udi.node.files.models import (
    ErasedDataset,
    RemovedVersion,
    SpaceArchive,
    SpaceKey,
    StoredFile,
    Upload,
)

PERSONAL = (
    PersonalRows(
        Upload,
        "person_id",
        PersonalSubject.FILES,
        "Files that I sent",
        why="So that the producer knows who sent a file.",
        until=WHILE_TERRITORY,
        at_deletion=AtDeletion.UNNAMED,
        labels={"name": "File", "state": "State", "created_at": "Sent"},
    ),
    PersonalRows(
        SpaceArchive,
        "person_id",
        PersonalSubject.FILES,
        "Archives of spaces that I asked for",
        why="So that the producer knows who took an archive.",
        until=WHILE_TERRITORY,
        at_deletion=AtDeletion.UNNAMED,
        labels={"name": "File", "requested_at": "Requested"},
    ),
    PersonalRows(
        ErasedDataset,
        "person_id",
        PersonalSubject.FILES,
        "Datasets that I erased",
        why="So that the producer knows who erased a dataset.",
        until=WHILE_TERRITORY,
        at_deletion=AtDeletion.UNNAMED,
        labels={"requested_at": "Requested", "erased_at": "Done"},
    ),
)
OF_FILE = "a file of a producer, and how far it came"
NEUTRAL = (
    neutral(StoredFile, "dataset_id part_id name charset access", OF_FILE),
    neutral(
        Upload,
        "dataset_id part_id file_id key_id error remedy announced expectation idempotency_key address media_id"
        " lock_holder",
        OF_FILE,
    ),
    neutral(SpaceKey, "wrapped_by wrapped", "a key that seals files"),
    neutral(SpaceArchive, "error", "why an archive was not made"),
    neutral(ErasedDataset, "files", "identifiers of the files that went"),
    neutral(RemovedVersion, "dataset_id part_id reason", OF_FILE),
)
