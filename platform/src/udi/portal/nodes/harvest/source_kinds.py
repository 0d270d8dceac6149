"""What may be wrong with a source itself, before anything of it is read."""

from udi.portal.nodes.harvest.faults import Kind, Level

REFUSED = Level.REFUSED

SOURCE_STATUS = Kind(
    "source_status", REFUSED, "The address answers with the status %(value)s.", "Open it in a browser, and correct it."
)
SOURCE_SILENT = Kind(
    "source_silent", REFUSED, "The address does not answer: %(value)s", "Check it, and try again later."
)
SOURCE_REFUSED = Kind(
    "source_refused",
    REFUSED,
    "This address is not on the public internet, or has an unusual port.",
    "Give one that everybody can reach.",
)
SOURCE_SLOW = Kind(
    "source_slow",
    REFUSED,
    "The site took over %(seconds)s seconds to answer.",
    "Try again later, or a smaller catalogue.",
)
SOURCE_EMPTY = Kind("source_empty", REFUSED, "There is no dataset here.", "Give the address of the catalogue itself.")
TOO_LARGE_TO_TRY = Kind(
    "document_too_large",
    REFUSED,
    "This document has over %(limit)s MB: too much for a trial.",
    "Give the address of one page of the catalogue.",
)
RULE_BROKEN = Kind("rule_broken", REFUSED, "%(value)s", "Correct the field at its source.")
