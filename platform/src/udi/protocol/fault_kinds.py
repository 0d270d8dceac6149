"""Every fault this project reports, with its RUDI code. `kinds.MISSING.at("theme")` is a fault.

The first part is found by `validate`; the second needs a database and is reported by the portal.
"""

from udi.protocol.faults import FaultCode, FaultTemplate

NOT_JSON = FaultTemplate(
    FaultCode.BAD_DOCUMENT,
    "This is not a JSON document (%(cause)s).",
    "Send one JSON object in UTF-8; a JSON checker shows where it breaks.",
)
NOT_A_RECORD = FaultTemplate(
    FaultCode.BAD_DOCUMENT,
    "A dataset description is one JSON object; this is a %(received)s.",
    "Send one object a dataset, as in the documentation of RUDI's metadata 1.4.1.",
)
TOO_DEEP = FaultTemplate(
    FaultCode.BAD_DOCUMENT,
    "This document has more than %(limit)s levels inside one another.",
    "Describe the dataset with fewer nested objects and lists.",
)
TOO_MANY_VALUES = FaultTemplate(
    FaultCode.BAD_DOCUMENT,
    "This document holds more than %(limit)s values.",
    "Simplify the outline of the area, or put the details in a file of the dataset.",
)
UNSUPPORTED_VERSION = FaultTemplate(
    FaultCode.UNSUPPORTED_VERSION,
    "Version %(value)s of the metadata format is not read here.",
    "Send one of these versions: %(allowed)s.",
)
NOT_SELF_DATA = FaultTemplate(
    FaultCode.NOT_SELF_DATA,
    "This dataset is said to hold personal data, and its extension does not say how people get theirs.",
    "Fill ext_metadata.ext_selfdata.ext_selfdata_content, or leave ext_metadata out.",
)
NOT_TEXT = FaultTemplate(
    FaultCode.WRONG_TYPE,
    "Text is expected here, and a %(received)s was sent.",
    "Write the value between quotes.",
)
NOT_WHOLE = FaultTemplate(
    FaultCode.WRONG_TYPE,
    "A whole number is expected here, and a %(received)s was sent.",
    "Write digits only, without quotes or decimal point.",
)
NOT_NUMBER = FaultTemplate(
    FaultCode.WRONG_TYPE,
    "A number is expected here, and a %(received)s was sent.",
    "Write the number without quotes, with a point for decimals.",
)
NOT_FLAG = FaultTemplate(
    FaultCode.WRONG_TYPE,
    "Yes or no is expected here, and a %(received)s was sent.",
    "Write true or false, without quotes.",
)
NOT_LIST = FaultTemplate(
    FaultCode.WRONG_TYPE,
    "A list is expected here, and a %(received)s was sent.",
    "Put the value between square brackets, even if there is only one.",
)
NOT_OBJECT = FaultTemplate(
    FaultCode.WRONG_TYPE,
    "A group of fields is expected here, and a %(received)s was sent.",
    "Write the fields between braces, each with its name.",
)
NOT_STORABLE = FaultTemplate(
    FaultCode.WRONG_TYPE,
    "A %(received)s cannot be written in JSON.",
    "Use text, a number, true, false, a list or an object.",
)
NOT_FINITE = FaultTemplate(
    FaultCode.WRONG_TYPE,
    "This number has no finite value.",
    "Write a number, or leave the field out.",
)
MISSING = FaultTemplate(
    FaultCode.MISSING, "This field is required and is missing.", "Add it, with a value."
)
TOO_FEW = FaultTemplate(
    FaultCode.MISSING,
    "At least one entry is required here.",
    "Add one entry to the list.",
)
NO_WORDS = FaultTemplate(
    FaultCode.MISSING,
    "Once its formatting is removed, this text says nothing.",
    "Write at least one sentence for the reader.",
)
TOO_LONG = FaultTemplate(
    FaultCode.TOO_LONG,
    "This text has %(length)s characters, and at most %(limit)s are accepted.",
    "Shorten it to %(limit)s characters.",
)
TOO_MANY = FaultTemplate(
    FaultCode.TOO_LONG,
    "This list has %(length)s entries, and at most %(limit)s are accepted.",
    "Keep at most %(limit)s entries.",
)
ILLEGAL_CHARACTERS = FaultTemplate(
    FaultCode.ILLEGAL_CHARACTERS,
    "This holds a character that cannot be stored or shown (%(value)s).",
    "Remove the invisible control characters, then send it again as UTF-8.",
)
NOT_IN_VOCABULARY = FaultTemplate(
    FaultCode.NOT_IN_VOCABULARY,
    "“%(value)s” is not one of the words accepted here.",
    "Choose one of: %(allowed)s.",
)
BAD_MEDIA_TYPE = FaultTemplate(
    FaultCode.NOT_IN_VOCABULARY,
    "“%(value)s” is not a type of file (media type).",
    "Write a media type such as text/csv or application/json.",
)
OUT_OF_RANGE = FaultTemplate(
    FaultCode.MISMATCH,
    "%(value)s is out of range: between %(minimum)s and %(maximum)s is expected.",
    "Correct the number.",
)
BOX_UPSIDE_DOWN = FaultTemplate(
    FaultCode.MISMATCH,
    "The south of the area (%(south)s) is above its north (%(north)s).",
    "Exchange south_latitude and north_latitude.",
)
PERIOD_BACKWARDS = FaultTemplate(
    FaultCode.MISMATCH,
    "The period ends before it starts.",
    "Exchange start_date and end_date, or leave end_date out.",
)
REPEATED_MEDIA = FaultTemplate(
    FaultCode.ALREADY_USED,
    "Two files or services of this dataset have the same identifier, “%(value)s”.",
    "Give each its own media_id.",
)
SELF_DATA_SERVICES = FaultTemplate(
    FaultCode.SELF_DATA_SERVICES,
    "Personal data are said to be served by API, and the two services that this needs are not both there once.",
    "Give exactly one service temporal-bar-chart and one service generic-data, or choose OUT.",
)
SENSITIVE_AND_OPEN = FaultTemplate(
    FaultCode.CONDITION,
    "A dataset that holds personal data cannot be open to all.",
    "Set restricted_access to true, or gdpr_sensitive to false if it holds no personal data.",
)
BAD_UUID = FaultTemplate(
    FaultCode.BAD_FORMAT,
    "“%(value)s” is not an identifier of the form UUID.",
    "Write 32 hexadecimal digits in five groups, such as 6f1f7c3e-2b1d-4c3a-9a55-0d1e2f3a4b5c.",
)
BAD_DOI = FaultTemplate(
    FaultCode.BAD_FORMAT,
    "“%(value)s” is not a DOI.",
    "Write it as registered, such as 10.5072/FK2/JV9LCO, or leave it out.",
)
BAD_URL = FaultTemplate(
    FaultCode.BAD_FORMAT,
    "“%(value)s” is not a web address.",
    "Write the whole address, beginning with https:// or http://.",
)
URL_WITH_PASSWORD = FaultTemplate(
    FaultCode.BAD_FORMAT,
    "This web address holds a user name or a password, and everyone would read it.",
    "Remove what stands before the @, and change that password.",
)
CREDENTIALS_IN_ADDRESS = FaultTemplate(
    FaultCode.BAD_FORMAT,
    "An address here holds a name and a password (%(value)s), which everybody would read.",
    "Take them out of the address, and change the password.",
)
BAD_EMAIL = FaultTemplate(
    FaultCode.BAD_FORMAT,
    "“%(value)s” is not a mail address.",
    "Write it as in name@example.org.",
)
BAD_MOMENT = FaultTemplate(
    FaultCode.BAD_FORMAT,
    "“%(value)s” is not a date with a time.",
    "Write it as in 2026-11-25T09:30:00Z.",
)
BAD_LANGUAGE = FaultTemplate(
    FaultCode.BAD_FORMAT,
    "“%(value)s” is not the tag of a language.",
    "Write a tag such as fr, pt-BR or zh-Hant.",
)
BAD_VERSION = FaultTemplate(
    FaultCode.BAD_FORMAT,
    "“%(value)s” is not a version.",
    "Write three numbers, such as 1.4.1.",
)
UNKNOWN_CONTRACT = FaultTemplate(
    FaultCode.BAD_FORMAT,
    "No service is known under the contract “%(value)s”.",
    "Choose one of: %(allowed)s.",
)
PROVIDER_FORBIDDEN = FaultTemplate(
    FaultCode.BAD_FORMAT,
    "Since version 1.4.1 the portal itself says which node sent the description.",
    "Leave metadata_provider out.",
)
BLANK = FaultTemplate(
    FaultCode.EMPTY,
    "This field is empty.",
    "Write a value, or leave the field out if it is optional.",
)
CONNECTOR_PARAMETERS = FaultTemplate(
    FaultCode.CONNECTOR_PARAMETERS,
    "A service of type %(contract)s cannot be called without these parameters: %(missing)s.",
    "Add them to connector_parameters.",
)

UNKNOWN_FIELD = FaultTemplate(
    FaultCode.UNKNOWN_FIELD,
    "This field is not known here, and what it asks for could not be kept.",
    "Remove it, or use one of: %(allowed)s.",
)
REPEATED = FaultTemplate(
    FaultCode.ALREADY_USED, "“%(value)s” is there twice.", "Keep one of the two."
)
ONE_VALUE = FaultTemplate(
    FaultCode.MISMATCH,
    "The comparison “%(operator)s” is with one value, and %(length)s were given.",
    "Keep one value, or use isAnyOf or isNoneOf.",
)
TOO_MUCH_TEXT = FaultTemplate(
    FaultCode.TOO_LONG,
    "These names and values have %(length)s characters together, and at most %(limit)s are accepted.",
    "Name fewer columns or values.",
)
BAD_FIELD_NAME = FaultTemplate(
    FaultCode.BAD_FORMAT,
    "“%(value)s” is not the name of a field.",
    "Use small letters without accents, digits and underscores, beginning with a letter.",
)
NO_CHOICES = FaultTemplate(
    FaultCode.MISSING,
    "A choice is asked, and there are not two answers to choose from.",
    "Add at least two answers.",
)
CHOICES_UNASKED = FaultTemplate(
    FaultCode.CONDITION,
    "Answers are proposed to a question that is not a choice.",
    "Remove them, or ask for a choice.",
)
OTHER_PURPOSE = FaultTemplate(
    FaultCode.MISMATCH,
    "The purpose “%(value)s” is not one of those of the terms.",
    "Choose one of: %(allowed)s.",
)
ENDS_FIRST = FaultTemplate(
    FaultCode.MISMATCH,
    "The end is not after the beginning.",
    "Correct starts_at or ends_at.",
)
OTHER_SUBJECT = FaultTemplate(
    FaultCode.MISMATCH,
    "This document says that it is about something else (sub).",
    "Ask for the document again.",
)
NOT_KEPT = FaultTemplate(
    FaultCode.NOT_IN_VOCABULARY,
    "“%(value)s” is not something that could be kept here.",
    "Say it with the words of ODRL that the documentation of agreements lists.",
)
BAD_DIGEST = FaultTemplate(
    FaultCode.BAD_FORMAT,
    "“%(value)s” is not a SHA-256 digest.",
    "Write 64 hexadecimal digits, in small letters.",
)

MISSING_PARAMETER = FaultTemplate(
    FaultCode.MISSING_PARAMETER,
    "The request says nothing about “%(name)s”.",
    "Add this parameter to the request.",
)
UNKNOWN_DATASET = FaultTemplate(
    FaultCode.UNKNOWN_DATASET,
    "No dataset is known here under the identifier %(value)s.",
    "Publish it first (POST), or correct its global_id.",
)
DATASET_EXISTS = FaultTemplate(
    FaultCode.ALREADY_USED,
    "A dataset is already published under the identifier %(value)s.",
    "Send an update (PUT) instead, or choose another global_id.",
)
IDENTIFIER_USED = FaultTemplate(
    FaultCode.ALREADY_USED,
    "“%(value)s” is already the identifier of another dataset.",
    "Choose another, or leave it out.",
)
IDENTIFIER_OF_OTHER = FaultTemplate(
    FaultCode.ALREADY_USED,
    "“%(value)s” is already the identifier of “%(title)s”.",
    "If it is the same dataset, have it published from one place only; else choose another identifier, or leave it out.",
)
WITHDRAWN_BY_TEAM = FaultTemplate(
    FaultCode.NOT_ALLOWED,
    "The territory's team withdrew this dataset: %(reason)s",
    "Write to the team: they can let it be published again.",
)
NOT_ALLOWED = FaultTemplate(
    FaultCode.NOT_ALLOWED,
    "This account may not publish here.",
    "Ask the territory's team which rights it should have.",
)
NODE_WITHOUT_PROVIDER = FaultTemplate(
    FaultCode.NODE_WITHOUT_PROVIDER,
    "This node publishes for nobody yet.",
    "Ask the territory's team to say which organisations it publishes for.",
)
OTHER_PROVIDER = FaultTemplate(
    FaultCode.OTHER_PROVIDER,
    "This dataset was published by another node.",
    "Change it on the node that published it, or ask the territory's team to move it.",
)
PRODUCER_NOT_LINKED = FaultTemplate(
    FaultCode.PRODUCER_NOT_LINKED,
    "This node may not publish for the producer %(value)s.",
    "Ask the territory's team to link the node with this organisation.",
)
UNKNOWN_PRODUCER = FaultTemplate(
    FaultCode.UNKNOWN_PRODUCER,
    "No organisation of this territory has the identifier %(value)s.",
    "Use the identifier that the portal shows for the organisation, or ask the team to add it.",
)
UNKNOWN_THEME = FaultTemplate(
    FaultCode.MISMATCH,
    "“%(value)s” is not a theme of this territory.",
    "Choose one of: %(allowed)s.",
)
NOT_CREATOR = FaultTemplate(
    FaultCode.NOT_CREATOR,
    "The node that asks is not the one that published this dataset.",
    "Ask from the node that published it.",
)
INTERNAL = FaultTemplate(
    FaultCode.INTERNAL,
    "Something went wrong on the portal's side.",
    "Send it again later; if it goes on, write to the team.",
)
