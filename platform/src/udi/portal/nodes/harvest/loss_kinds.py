"""Why a value of a source is not here as it is there, where no fault of its reading says so."""

from udi.portal.nodes.harvest.faults import FaultKind, FaultLevel

MENDED = FaultLevel.MENDED
IGNORED = FaultLevel.IGNORED

KEPT_ASIDE = FaultKind(
    "kept_aside",
    IGNORED,
    "This value is kept with the record, and no page shows it.",
    "Write it in a field that describes data, or ask the team for a place for it.",
)
NOT_READ = FaultKind(
    "not_read",
    IGNORED,
    "This portal has no place for this field.",
    "Write it in a field that describes data, or ask the team for a place for it.",
)
OTHER_VALUE = FaultKind(
    "other_value",
    MENDED,
    "The record says two things, and this portal shows one of them.",
    "Keep the one that is right.",
)
TRUNCATED = FaultKind(
    "text_cut",
    MENDED,
    "The text is longer than this portal shows, and was cut.",
    "Write it shorter, or put the rest in the description.",
)
MEANING = FaultKind(
    "meaning_read",
    MENDED,
    "These words were read as a term of a list.",
    "Write the address of the term itself.",
)
UNKNOWN_TERM = FaultKind(
    "term_unknown",
    IGNORED,
    "This is no term of the lists that this portal knows.",
    "Write a known term, or have the team map this wording.",
)
