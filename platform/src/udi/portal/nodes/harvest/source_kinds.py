"""What may be wrong with a source itself, before anything of it is read."""

from udi.portal.nodes.harvest.faults import FaultKind, FaultLevel

REFUSED = FaultLevel.REFUSED

SOURCE_STATUS = FaultKind(
    "source_status",
    REFUSED,
    "The address answers with the status %(value)s.",
    "Open it in a browser, and correct it.",
)
SOURCE_SILENT = FaultKind(
    "source_silent",
    REFUSED,
    "The address does not answer: %(value)s",
    "Check it, and try again later.",
)
SOURCE_REFUSED = FaultKind(
    "source_refused",
    REFUSED,
    "This address is not on the public internet, or has an unusual port.",
    "Give one that everybody can reach.",
)
SOURCE_SLOW = FaultKind(
    "source_slow",
    REFUSED,
    "The site took over %(seconds)s seconds to answer.",
    "Try again later, or a smaller catalogue.",
)
SOURCE_EMPTY = FaultKind(
    "source_empty",
    REFUSED,
    "There is no dataset here.",
    "Give the address of the catalogue itself.",
)
TOO_LARGE_TO_TRY = FaultKind(
    "document_too_large",
    REFUSED,
    "This document has over %(limit)s MB: too much for a trial.",
    "Give the address of one page of the catalogue.",
)
RULE_BROKEN = FaultKind(
    "rule_broken", REFUSED, "%(value)s", "Correct the field at its source."
)
SOURCE_CLOSED = FaultKind(
    "source_closed",
    REFUSED,
    "The site asks programs not to read this address (%(value)s).",
    "Let its robots.txt allow the program “UDI”.",
)
NEXT_ELSEWHERE = FaultKind(
    "next_elsewhere",
    REFUSED,
    "The next page of the catalogue is on another site: %(value)s",
    "Give the address of a catalogue whose pages are all on one site.",
)
LINKS_ELSEWHERE = FaultKind(
    "links_elsewhere",
    REFUSED,
    "%(count)s datasets that the catalogue lists are described on another site, and were not read: %(value)s",
    "Describe them on the site of the catalogue, or register that site too.",
)
NO_PROGRESS = FaultKind(
    "no_progress",
    REFUSED,
    "A page holds nothing but what the pages before it held: %(value)s",
    "Let each page give the records that follow those of the page before.",
)
FEWER_THAN_ANNOUNCED = FaultKind(
    "fewer_than_announced",
    REFUSED,
    "The catalogue announces %(announced)s records and gives %(count)s: the reading is not complete, and nothing is withdrawn.",
    "Have the catalogue give all its records, or announce those that it gives.",
)
MANY_PAGES = FaultKind(
    "source_too_large",
    REFUSED,
    "The catalogue has more than %(limit)s pages: the others were not read.",
    "Offer larger pages, or register its parts as several sources.",
)
MANY_RECORDS = FaultKind(
    "source_too_large",
    REFUSED,
    "The catalogue has more than %(limit)s records: the others were not read.",
    "Register its parts as several sources.",
)
MANY_BYTES = FaultKind(
    "source_too_large",
    REFUSED,
    "The catalogue has more than %(limit)s MB: what follows was not read.",
    "Register its parts as several sources.",
)
MUCH_TIME = FaultKind(
    "source_too_slow",
    REFUSED,
    "Reading the catalogue took more than %(limit)s hours: what follows was not read.",
    "Make the site faster, or offer larger pages.",
)
LARGE_DOCUMENT = FaultKind(
    "document_too_large",
    REFUSED,
    "This document has over %(limit)s MB: %(value)s",
    "Offer the catalogue page by page.",
)
DOCUMENT_HEAVY = FaultKind(
    "document_too_heavy",
    REFUSED,
    "Reading this document takes more memory or time than one document may.",
    "Offer the catalogue page by page.",
)
INTERNAL_ERROR = FaultKind(
    "our_fault",
    REFUSED,
    "Something went wrong here, not at the source: the reading was stopped.",
    "Nothing is to be done at the source; it is read again later.",
)
