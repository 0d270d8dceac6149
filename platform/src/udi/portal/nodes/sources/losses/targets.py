"""Which field of ours a field of a source means, by the names that formats have for it."""

import re
from enum import StrEnum
from functools import lru_cache


class Target(StrEnum):
    """Fields of ours that a value is looked for in by its meaning, or of which there is only one."""

    TITLE = "title"
    DESCRIPTION = "description"
    ADDRESS = "address"
    """Of a page or a file."""
    KEYWORD = "keyword"
    THEME = "theme"
    PUBLISHER = "publisher"
    PERSON = "person"
    """Whoever is named besides the publisher: values are counted, and never shown."""
    LICENCE = "licence"
    ACCESS = "access"
    FREQUENCY = "frequency"
    ISSUED = "issued"
    MODIFIED = "modified"
    CREATED = "created"
    PERIOD = "period"
    PLACE = "place"
    LANGUAGE = "language"
    FORMAT = "format"
    SIZE = "size"
    CHECKSUM = "checksum"
    IDENTIFIER = "identifier"
    VERSION = "version"
    OTHER = ""
    """No known meaning: values are counted, and never shown, for they may name a person in any words."""


SINGLE = frozenset(
    {
        Target.LICENCE,
        Target.ACCESS,
        Target.FREQUENCY,
        Target.ISSUED,
        Target.MODIFIED,
        Target.CREATED,
        Target.SIZE,
        Target.IDENTIFIER,
    }
)
"""Those of which a record of ours has one value."""
DATES = frozenset(
    {Target.ISSUED, Target.MODIFIED, Target.CREATED, Target.PERIOD, Target.OTHER}
)
_PERSON = re.compile(
    r"contact|maintainer|author|creator|rightsholder|responsibleparty|mbox|e-?mail|phone|tel\b"
    r"|individualname|electronicmailaddress|deliverypoint|contributor|owner|vcard:|wasattributedto|attribution"
    r"|members|\buser|first_?name|last_?name|nickname|avatar|steward|provider|fax"
    r"|wasassociatedwith|qualifiedassociation|\bagents?\b|responsab|r[eé]f[eé]rent|\bauteur|\bautor(es|as?)?\b"
    r"|gestionnaire|\bgestor|courriel|correo|t[eé]l[eé]f"
)
_PATTERNS = (
    (Target.PERSON, _PERSON),
    (Target.LICENCE, re.compile(r"licen[cs]e|useconstraints|uselimitation")),
    (
        Target.ACCESS,
        re.compile(r"accessrights|access_rights|accesslevel|accessconstraints"),
    ),
    (Target.FREQUENCY, re.compile(r"frequency|accrualperiodicity|update_freq")),
    (
        Target.CHECKSUM,
        re.compile(r"checksum|(resources|distribution)\.hash"),
    ),
    (
        Target.FORMAT,
        re.compile(r"format|mediatype|media_type|mimetype|\bmime\b|protocol$"),
    ),
    (
        Target.SIZE,
        re.compile(r"bytesize|filesize|file_size|contentsize|resources\.size"),
    ),
    (Target.PERIOD, re.compile(r"tempor|beginposition|endposition")),
    (
        Target.PLACE,
        re.compile(r"spatial|bbox|bound|geograph|geometr|territory|extent|corner"),
    ),
    (Target.LANGUAGE, re.compile(r"language|\blang\b")),
    (Target.THEME, re.compile(r"theme|topiccategory|dct:subject|groups?\b|category")),
    (Target.KEYWORD, re.compile(r"keyword|tags?\b|^subject$")),
    (Target.PUBLISHER, re.compile(r"publisher|organi[sz]ation|producer")),
    (Target.ISSUED, re.compile(r"issued|date_?published|published|release_date")),
    (Target.MODIFIED, re.compile(r"modified|updated|last_update|revision")),
    (Target.CREATED, re.compile(r"created|date_?creat")),
    (Target.VERSION, re.compile(r"^[\w:]*version(info)?$")),
    (Target.DESCRIPTION, re.compile(r"description|abstract|^notes$")),
    (
        Target.ADDRESS,
        re.compile(
            r"(access|download|endpoint)_?url|(resources|distribution)\.url$|^url$|landingpage|/linkage(/url)?$"
        ),
    ),
    (
        Target.TITLE,
        re.compile(r"title|(^|resources\.|distribution[./]|online/)([\w-]+:)?name$"),
    ),
    (
        Target.IDENTIFIER,
        re.compile(r"^(\w+:)?(identifier|id|guid|global_id|fileidentifier)$"),
    ),
)
_FREE = re.compile(r"(^|[./])(extras|custom|additional\w*)[./]")
"""Where publishers name the fields themselves."""
_SOFTWARE = re.compile(
    r"""(^|[./])(
    @?type|@id|@context|revision_id|revision_timestamp|creator_user_id|state|approval_status|is_organization
    |num_resources|num_tags|isopen|is_open|tracking_summary\..*|package_id|position|cache_url|cache_last_updated
    |webstore_url|webstore_last_updated|datastore_active|datastore_contains_.*|on_same_server|url_type|resource_group_id
    |(?<=[./])id|has_records|metas\.explore\..*|extras\.(analysis|check|validation|harvest|geop)[\w-]*:.*
    |thesaurusname/.*|datetype|scope/level|descriptivekeywords/type|nilreason|(access|use)constraints/otherrestrictions
    |relationships_as_.*|owner_org|vocabulary_id|image_url|image_display_url|package_count|harvest_object_id
    |harvest_source_.*|harvest_timestamp|metadatastandardname|metadatastandardversion|characterset|hierarchylevel
    |hierarchylevelname|filename_hash|resource_type|mimetype_inner|ckan_url|archiver\..*|qa\..*|slug|uri|page|metrics\..*
    |quality\..*|permissions\..*|badges\..*|logo.*|acronym|class|deleted|archived|extras\.harvest[:_].*|private
    |(tags|groups|organization)\.(id|name|display_name|created|revision_timestamp|image_display_url|description)
    |skos:inscheme|skos:topconceptof|skos:hastopconcept
    )$""",
    re.VERBOSE,
)
"""What the software of a catalogue says of itself, or how a document is built: no reader of data asks for it."""


@lru_cache(maxsize=4096)
def find_target(field: str) -> Target:
    """The field of ours that a source's means; `OTHER` where none is known."""
    name = field.lower()
    return next(
        (target for target, pattern in _PATTERNS if pattern.search(name)), Target.OTHER
    )


@lru_cache(maxsize=4096)
def may_show(field: str) -> bool:
    """Whether its values may be shown: only what is known to name no person, whatever the language of the field's name."""
    is_known = find_target(field) not in {Target.PERSON, Target.OTHER}
    return is_known and not _FREE.search(field.lower())


@lru_cache(maxsize=4096)
def is_direct(field: str) -> bool:
    """Whether the last of its names means the field of ours, and not a detail of what it names.

    In RDF only what is said of the record itself does: a standard and a service have dates of their own.
    """
    if ":" in field and "/" in field:
        return False
    last = re.split(r"[./]", field)[-1]
    return find_target(last) is find_target(field)


@lru_cache(maxsize=4096)
def is_of_software(field: str) -> bool:
    """Whether it says nothing of the data."""
    return bool(_SOFTWARE.search(field.lower()))
