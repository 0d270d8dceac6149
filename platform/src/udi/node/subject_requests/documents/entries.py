"""What an entry of a request says, as the document that is sealed."""

import msgspec
from msgspec import Struct

from udi.node.subject_requests.grounds import (
    AnswerOutcome,
    ExtensionReason,
    IdentityMethod,
    RefusalGround,
)


class EntryContent(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The words of an entry; what an event does not have stays empty."""

    text: str = ""
    outcome: AnswerOutcome | None = None
    ground: RefusalGround | None = None
    reason: ExtensionReason | None = None
    method: IdentityMethod | None = None
    done: tuple[str, ...] = ()
    """What was done where, a line each: for a correction, an erasure, a restriction or an objection."""
    reference: str = ""
    """The number of a complaint or a court case."""


EMPTY = EntryContent()


def write_content(content: EntryContent) -> str:
    """The document of an entry; empty where it says nothing."""
    if content == EMPTY:
        return ""
    return msgspec.json.encode(content).decode()


def read_content(document: str) -> EntryContent:
    """What the document of an entry says."""
    if not document:
        return EMPTY
    return msgspec.json.decode(document, type=EntryContent)
