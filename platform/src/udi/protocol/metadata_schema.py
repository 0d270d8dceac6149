"""The object `dcat` of a record and of its media, as shapes: names of ours, for what DCAT-AP says and RUDI does not."""

from collections.abc import Iterator

from udi.protocol import fault_kinds
from udi.protocol.faults import Fault
from udi.protocol.scan import join_path, json_type
from udi.protocol.triples import is_language_tag
from udi.protocol.validators import (
    LONGEST_URL,
    Validator,
    boolean,
    group,
    integer,
    list_of,
    moment,
    number,
    text,
    url,
)

LINE = 300
WORD = 200
PARAGRAPH = 10_000
ENTRIES = 100
MOST_WORDS = 200
MOST_LANGUAGES = 200
EARTH = 50_000_000
"""Metres: more than the way around the Earth."""

line = text(LINE, blank=True)
address = text(LONGEST_URL, blank=True)


def link(value: object, path: str) -> Iterator[Fault]:
    """An address that pages lead to; an empty one is the same as none."""
    if value != "":
        yield from url(value, path)


def each_language(item: Validator) -> Validator:
    """An object whose fields are the tags of languages, of any vocabulary."""

    def check(value: object, path: str) -> Iterator[Fault]:
        if not isinstance(value, dict):
            yield fault_kinds.NOT_OBJECT.at(path, received=json_type(value))
            return
        if len(value) > MOST_LANGUAGES:
            yield fault_kinds.TOO_MANY.at(path, length=len(value), limit=MOST_LANGUAGES)
            return
        for language, content in value.items():
            where = join_path(path, str(language))
            if is_language_tag(str(language)):
                yield from item(content, where)
            else:
                yield fault_kinds.BAD_LANGUAGE.at(where, value=language)

    return check


texts = each_language(text(PARAGRAPH, blank=True))
lines = each_language(text(LINE, blank=True))
resources = list_of(group({}, {"uri": address, "label": line}), MOST_WORDS)
addresses = list_of(address, MOST_WORDS)
pages = list_of(url, MOST_WORDS)
agent = group(
    {},
    {
        "name": lines,
        "uri": address,
        "identifier": line,
        "kind": address,
        "email": line,
        "url": link,
        "is_person": boolean,
    },
)
periods = list_of(group({}, {"start": moment, "end": moment}), MOST_WORDS)
METADATA = group(
    {},
    {
        "themes": list_of(text(LINE), ENTRIES),
        "subjects": resources,
        "hvd_categories": addresses,
        "applicable_legislation": addresses,
        "keywords": each_language(list_of(text(WORD), MOST_WORDS)),
        "publisher": agent,
        "creators": list_of(agent, ENTRIES),
        "rights_holders": list_of(agent, ENTRIES),
        "contact_points": list_of(
            group(
                {},
                {
                    "name": line,
                    "organisation": line,
                    "phone": line,
                    "url": link,
                    "role": line,
                },
            ),
            ENTRIES,
        ),
        "periods": periods,
        "temporal_resolution": line,
        "places": resources,
        "spatial_resolution": number(0, EARTH),
        "landing_page": url,
        "documentation": pages,
        "provenance": list_of(texts, ENTRIES),
        "sources": resources,
        "conforms_to": resources,
        "version": line,
        "version_notes": texts,
        "access": line,
        "identifiers": list_of(line, ENTRIES),
    },
)
MEDIA_METADATA = group(
    {},
    {
        "captions": texts,
        "rights": texts,
        "rights_statements": addresses,
        "access_url": url,
        "is_download": boolean,
        "endpoint": url,
        "format": line,
        "media_type": line,
        "size": integer(),
        "checksum": group({"algorithm": text(LINE), "value": text(LINE)}),
        "status": address,
        "availability": address,
        "languages": list_of(line, ENTRIES),
        "conforms_to": addresses,
        "standards": list_of(line, ENTRIES),
        "documentation": pages,
        "periods": periods,
    },
)
