"""What this domain keeps of people, and which of its columns hold nobody."""

from udi.kit.personal_data import (
    UNTIL_STOPPED,
    AtDeletion,
    PersonalRows,
    PersonalSubject,
    neutral,
)
from udi.portal.notifications.models import (
    Change,
    Digest,
    Following,
    Subscription,
    Webhook,
    WebhookDelivery,
)

PERSONAL = (
    PersonalRows(
        Following,
        "person_id",
        PersonalSubject.FOLLOWING,
        "What I follow",
        why="To tell you what changes.",
        until=UNTIL_STOPPED,
        at_deletion=AtDeletion.ERASED,
        labels={"kind": "Kind", "target": "Target", "created_at": "Created"},
    ),
    PersonalRows(
        Subscription,
        "person_id",
        PersonalSubject.FOLLOWING,
        "Frequency of my mails",
        why="To write to you as often as you chose.",
        until=UNTIL_STOPPED,
        at_deletion=AtDeletion.ERASED,
        labels={
            "rhythm": "Frequency",
            "inbox_rhythm": "How often I am mailed about them",
            "language": "Language",
        },
    ),
    PersonalRows(
        Digest,
        "person_id",
        PersonalSubject.FOLLOWING,
        "Summaries sent by mail",
        why="So that no change is told twice.",
        until="Some weeks.",
        at_deletion=AtDeletion.ERASED,
        labels={"since": "From", "until": "Until", "done_at": "Done"},
    ),
    PersonalRows(
        Webhook,
        "person_id",
        PersonalSubject.PROGRAMS,
        "Addresses of my programs",
        why="To tell your program what changes.",
        until=UNTIL_STOPPED,
        at_deletion=AtDeletion.ERASED,
        labels={"url": "Address", "state": "State", "created_at": "Created"},
        withheld=frozenset({"secret", "former_secret"}),
    ),
    PersonalRows(
        WebhookDelivery,
        "person_id",
        PersonalSubject.PROGRAMS,
        "Messages to my programs",
        why="To send a message again that did not arrive.",
        until="Some weeks.",
        at_deletion=AtDeletion.ERASED,
        labels={"title": "Title", "state": "State", "created_at": "Created"},
        withheld=frozenset({"body"}),
    ),
)
NEUTRAL = (
    neutral(
        Change,
        "event subject_id title path api_path topics",
        "a published dataset that changed",
    ),
    neutral(Webhook, "reason", "one of our own words"),
    neutral(WebhookDelivery, "change_id answer", "the change, and a status of HTTP"),
)
