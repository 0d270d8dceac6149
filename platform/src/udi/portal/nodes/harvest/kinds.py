"""Every fault that a catalogue of others may have. `kinds.TITLE_MISSING.at("dct:title")` is a fault."""

from udi.portal.nodes.harvest.faults import FaultKind, FaultLevel

REFUSED = FaultLevel.REFUSED
WARNED = FaultLevel.WARNED
MENDED = FaultLevel.MENDED
IGNORED = FaultLevel.IGNORED

UNREADABLE = FaultKind(
    "document_unreadable",
    REFUSED,
    "This document cannot be read: line %(line)s, column %(column)s, %(cause)s. Around: %(value)s",
    "Correct the document there; the last good version stays published meanwhile.",
)
NOT_RDF = FaultKind(
    "document_unreadable",
    REFUSED,
    "This document is not RDF: %(cause)s.",
    "Check it with an RDF validator; the last good version stays published meanwhile.",
)
UNSAFE_TYPE = FaultKind(
    "document_unsafe",
    REFUSED,
    "This document is refused for safety: its type declaration names files, or entities inside one another.",
    "Remove the document type declaration (DOCTYPE).",
)
UNSAFE_DEPTH = FaultKind(
    "document_unsafe",
    REFUSED,
    "This document is refused for safety: it has more than %(limit)s levels inside one another.",
    "Send plain data, with a few levels.",
)
NOT_TEXT = FaultKind(
    "document_unreadable",
    REFUSED,
    "This document is text in no encoding that is read.",
    "Publish the document in UTF-8.",
)
TOO_LARGE = FaultKind(
    "document_too_large",
    REFUSED,
    "This document has %(size)s bytes, and %(limit)s at most are read.",
    "Offer the catalogue page by page.",
)
UNKNOWN_FORMAT = FaultKind(
    "document_unknown",
    REFUSED,
    "This document is not a catalogue that we know how to read (%(value)s).",
    "Give the address of a DCAT, CKAN, Opendatasoft, udata, CSW, OGC API Records, STAC, data.json or RUDI catalogue.",
)
UNSUPPORTED = FaultKind(
    "document_unsupported",
    REFUSED,
    "%(value)s is not read.",
    "Offer the same records as ISO 19139, DCAT-AP or Dublin Core.",
)
CAPABILITIES = FaultKind(
    "document_capabilities",
    REFUSED,
    "This is what a service can do (%(value)s), not its records.",
    "Give the address of the catalogue itself: for CSW, its GetRecords request.",
)
EXCEPTION = FaultKind(
    "document_exception",
    REFUSED,
    "The source answered with an error: %(value)s",
    "See whether the address and its parameters are right.",
)
ENCODING_WRONG = FaultKind(
    "encoding_wrong",
    WARNED,
    "The document is not in the encoding that it should be; it was read as %(value)s.",
    "Publish the document in UTF-8.",
)
ENCODING_LOST = FaultKind(
    "encoding_lost",
    WARNED,
    "Some characters are unreadable (�): %(value)s",
    "Publish the source in UTF-8.",
)
TITLE_MISSING = FaultKind(
    "title_missing", REFUSED, "This dataset has no title.", "Fill the title."
)
IDENTIFIER_MISSING = FaultKind(
    "identifier_missing",
    REFUSED,
    "Nothing lets us recognise this dataset next time.",
    "Give it an identifier that never changes.",
)
IDENTIFIER_ABSENT = FaultKind(
    "identifier_absent",
    MENDED,
    "There is no identifier: the address of the description is used.",
    "Add an identifier that never changes.",
)
IDENTIFIER_OF_FILE = FaultKind(
    "identifier_absent",
    MENDED,
    "There is no identifier: the address of its file and its title are used.",
    "Add an identifier that never changes.",
)
IDENTIFIER_OF_TITLE = FaultKind(
    "identifier_absent",
    WARNED,
    "There is no identifier and no file: its title and its publisher are used.",
    "Add an identifier that never changes.",
)
INDISTINCT = FaultKind(
    "identifier_duplicate",
    REFUSED,
    "Nothing tells this dataset from “%(title)s”: neither has an identifier, and title and file are the same.",
    "Give each dataset an identifier of its own.",
)
ALSO_HERE = FaultKind(
    "also_here",
    MENDED,
    "This dataset is here already, as “%(title)s”: its page says that it is also in your catalogue.",
    "There is nothing to mend.",
)
IDENTIFIER_DUPLICATE = FaultKind(
    "identifier_duplicate",
    REFUSED,
    "The identifier %(value)s is already that of “%(title)s”.",
    "Give each dataset an identifier of its own.",
)
BLANK_NODE = FaultKind(
    "blank_node",
    MENDED,
    "The description has no address of its own.",
    "Give the dataset's node an address.",
)
DESCRIPTION_MISSING = FaultKind(
    "description_missing",
    WARNED,
    "There is no description.",
    "Write two sentences about what the data hold, or offer full records.",
)
RUDI_TRANSLATED = FaultKind(
    "rudi_translated",
    MENDED,
    "“%(value)s” was read as “%(read)s”, as RUDI writes it today.",
    "Write it so, or bring the node to the version of today.",
)
RUDI_ADDED = FaultKind(
    "rudi_added",
    MENDED,
    "Old records leave this out; it was read as “%(read)s”.",
    "Write it so, or bring the node to the version of today.",
)
HTML_IN_TEXT = FaultKind(
    "html_in_text",
    MENDED,
    "The text holds HTML: only its words are kept.",
    "Write the text without tags.",
)
LICENCE_MISSING = FaultKind(
    "licence_missing",
    WARNED,
    "There is no licence: nobody knows what they may do with the data.",
    "Choose a licence, and give its address.",
)
LICENCE_EMPTY = FaultKind(
    "licence_empty",
    MENDED,
    "One of the licences is empty; the other is used.",
    "Remove the empty licence.",
)
LICENCE_UNKNOWN = FaultKind(
    "licence_unknown",
    WARNED,
    "The licence “%(value)s” is kept as it is: it is none that we know.",
    "Give the address of a known licence.",
)
LICENCE_VERSION = FaultKind(
    "licence_version",
    WARNED,
    "“%(value)s” does not say which version of the licence applies.",
    "Add the version.",
)
LICENCE_IS_ACCESS = FaultKind(
    "licence_is_access",
    WARNED,
    "“%(value)s” speaks of access, not of a licence.",
    "Move this sentence to the access rights, and choose a licence.",
)
RESOURCE_EMPTY = FaultKind(
    "resource_empty",
    MENDED,
    "An empty link points to the document itself.",
    "Fill the link, or remove it.",
)
DATE_UNREADABLE = FaultKind(
    "date_unreadable",
    WARNED,
    "The date “%(value)s” cannot be read.",
    "Write it as year-month-day: 2026-11-25.",
)
DATE_FORM = FaultKind(
    "date_form",
    MENDED,
    "The date “%(value)s” was read as %(read)s.",
    "Write it as year-month-day: 2026-11-25.",
)
DATE_ORDER = FaultKind(
    "date_order",
    WARNED,
    "The dataset was published after its last change.",
    "Check the two dates.",
)
PERIOD_BACKWARDS = FaultKind(
    "period_backwards",
    WARNED,
    "The period ends before it begins: %(value)s.",
    "Check the two dates.",
)
BOX_SWAPPED = FaultKind(
    "bbox_swapped",
    WARNED,
    "West and east look swapped: %(value)s.",
    "Give west, south, east and north in this order.",
)
BOX_FLAT = FaultKind(
    "bbox_flat",
    MENDED,
    "The area is one point: %(value)s.",
    "Give the rectangle that the data cover.",
)
BOX_WRONG = FaultKind(
    "bbox_wrong",
    WARNED,
    "The area “%(value)s” is not on Earth.",
    "Give west, south, east and north in degrees (WGS 84).",
)
PLACEHOLDER = FaultKind(
    "placeholder",
    WARNED,
    "“%(value)s” is a value of the template that nobody filled.",
    "Fill it, or remove it.",
)
URL_MISSING = FaultKind(
    "url_missing",
    WARNED,
    "This file or service has no address.",
    "Give the address where to get it.",
)
URL_NOT_WEB = FaultKind(
    "url_not_web",
    WARNED,
    "“%(value)s” is no address that the web can open.",
    "Give a link that begins with https://.",
)
IRI_INVALID = FaultKind(
    "iri_invalid",
    MENDED,
    "The address “%(value)s” holds a sign that an address may not hold; it was mended.",
    "Write spaces as %%20.",
)
RELATIVE_REFERENCE = FaultKind(
    "relative_reference",
    MENDED,
    "“%(value)s” is written where an address is expected; it was read as a word.",
    "Give a whole address, or mailto: before an e-mail address.",
)
DISTRIBUTION_NONE = FaultKind(
    "distribution_none",
    WARNED,
    "There is no file and no service.",
    "Add a file, a service, or the page of the data.",
)
FORMAT_MISSING = FaultKind(
    "format_missing",
    WARNED,
    "The format is not stated.",
    "Say in which format the file is.",
)
FORMAT_UNKNOWN = FaultKind(
    "format_unknown",
    MENDED,
    "The format “%(value)s” is kept as it is: it is none that we know.",
    "Use a usual name.",
)
MEDIA_TYPE_WRONG = FaultKind(
    "media_type_wrong",
    MENDED,
    "The media type “%(value)s” was read as %(read)s.",
    "Write the name registered at IANA.",
)
SIZE_UNREADABLE = FaultKind(
    "size_unreadable",
    MENDED,
    "The size “%(value)s” cannot be read.",
    "Give a whole number of bytes.",
)
MISNAMED = FaultKind(
    "property_misnamed",
    MENDED,
    "The field %(value)s does not exist; it was read as %(read)s.",
    "Rename the field.",
)
KEYWORDS_JOINED = FaultKind(
    "keywords_joined",
    MENDED,
    "The keywords were in one text; we separated them.",
    "Give one keyword at a time.",
)
LANGUAGE_TAG = FaultKind(
    "language_tag",
    MENDED,
    "The language “%(value)s” was read as “%(read)s”.",
    "Use the two-letter code.",
)
LANGUAGE_UNKNOWN = FaultKind(
    "language_unknown",
    WARNED,
    "The language “%(value)s” is not known.",
    "Use the two-letter code, fr for French.",
)
THEME_UNKNOWN = FaultKind(
    "theme_unknown",
    WARNED,
    "The theme “%(value)s” is none of the European ones; it is kept as a keyword.",
    "Choose one of the thirteen European themes.",
)
THEME_GUESSED = FaultKind(
    "theme_guessed",
    MENDED,
    "The theme “%(value)s” was read as %(read)s, by its words.",
    "Check it once, or use one of the thirteen European themes.",
)
FREQUENCY_UNKNOWN = FaultKind(
    "frequency_unknown",
    WARNED,
    "The frequency “%(value)s” is not known.",
    "Use the European list of frequencies.",
)
ACCESS_UNKNOWN = FaultKind(
    "access_unknown",
    WARNED,
    "The access rights “%(value)s” are not known; they are kept as words.",
    "Say PUBLIC, RESTRICTED or NON_PUBLIC, as the European list does.",
)
CONTACT_MISSING = FaultKind(
    "contact_missing", WARNED, "There is nobody to write to.", "Give an e-mail address."
)
EMAIL_INVALID = FaultKind(
    "email_invalid",
    WARNED,
    "“%(value)s” is not an e-mail address.",
    "Give an address such as data@example.org.",
)
DANGLING = FaultKind(
    "reference_dangling",
    MENDED,
    "%(count)s datasets are listed and not described here: %(value)s",
    "Describe them, or take them off the list.",
)
TYPE_IGNORED = FaultKind(
    "type_ignored",
    IGNORED,
    "This is no dataset: %(value)s.",
    "Nothing to do, unless it is one: then say so.",
)
SERVICE_LEFT_OUT = FaultKind(
    "service_left_out",
    IGNORED,
    "This service is not shown: the filters leave it out, or another source has one at its address.",
    "Nothing to do, unless the filters should take it.",
)
REUSE_LEFT_OUT = FaultKind(
    "reuse_left_out",
    IGNORED,
    "This reuse is not shown: the filters leave it out, it has no name or web address, or its source has more than are taken.",
    "Nothing to do, unless the filters should take it.",
)
RECORD_OF_TRIAL = FaultKind(
    "record_of_trial",
    IGNORED,
    "This record belongs to a trial (%(value)s), which its node sends to no portal.",
    "To publish it, remove collection_tag at the node.",
)
TOO_MANY_DISTRIBUTIONS = FaultKind(
    "distributions_too_many",
    WARNED,
    "There are %(count)s files and services; the first %(limit)s are kept.",
    "Group the files, or describe several datasets.",
)
RECORD_TOO_LARGE = FaultKind(
    "record_too_large",
    REFUSED,
    "This description has %(size)s bytes, and %(limit)s at most are read.",
    "Shorten the description, or put the details in a file of the dataset.",
)
ITEM_SHAPELESS = FaultKind(
    "record_shapeless",
    REFUSED,
    "A description is one object with fields; this is %(value)s.",
    "Send one object a dataset.",
)
RECORD_UNREADABLE = FaultKind(
    "record_unreadable",
    REFUSED,
    "This description does not have the shape that its format asks for (%(cause)s).",
    "Compare it with the specification of the format.",
)
TITLE_LONG = FaultKind(
    "title_long",
    WARNED,
    "The title has %(length)s signs; the first %(limit)s are shown.",
    "Shorten the title, and put the rest in the description.",
)
DATE_MISSING = FaultKind(
    "date_missing",
    MENDED,
    "This description has no date: the day we found it is used.",
    "Say when the data were last changed.",
)
PUBLISHER_MISSING = FaultKind(
    "publisher_missing",
    MENDED,
    "The producer is not named: the source's own is used.",
    "Name the producer.",
)
