"""CKAN: `package_search`, `package_show` and its relatives, the old REST interface, DKAN; scheming and extras alike."""

import re
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit, urlunsplit

from udi.portal.nodes.harvest.ckan_parts import read_coverage, read_people, read_resources, read_rights
from udi.portal.nodes.harvest.draft import Draft
from udi.portal.nodes.harvest.fields import Item, items, read_items, rest, texts, unfolded, word, words
from udi.portal.nodes.harvest.finish import make_page
from udi.portal.nodes.harvest.opening import read_json
from udi.portal.nodes.harvest.record import Kind, Page

MOST_STUBS = 5000
KNOWN = {
    "id", "name", "title", "title_translated", "notes", "notes_translated", "tags", "tags_translated", "tag_string",
    "extras", "resources", "groups", "organization", "publisher", "maintainer", "maintainer_email", "author",
    "author_email", "contact", "license_id", "license_title", "license_url", "private", "state", "type", "url",
    "issued", "modified", "metadata_created", "metadata_modified", "dcat_issued", "dcat_modified", "frequency",
    "update_frequency", "update_freq", "language", "languages", "metadata-language", "spatial", "spatial_coverage",
    "spatial_text", "spatial_uri", "temporal_coverage", "temporal_start", "temporal_end", "temporal_coverage-from",
    "temporal_coverage-to", "version", "version_notes", "provenance", "conforms_to", "applicable_legislation",
    "hvd_category", "theme", "theme-primary", "theme-secondary", "documentation", "access_rights", "identifier",
    "guid", "num_tags", "num_resources", "success", "help", "in_series", "isopen", "owner_org", "revision_id",
    "revision_timestamp", "relationships_as_object", "relationships_as_subject", "creator_user_id", "result",
    "bbox-west-long", "bbox-east-long", "bbox-north-lat", "bbox-south-lat", "spatial_bbox",
    "spatial_resolution_in_meters", "creator", "alternate_identifier", "contact_name", "contact_email",
    "contact_uri", "contact-name", "contact-email", "contact-phone", "publisher_name", "publisher_email",
    "publisher_url", "publisher_uri", "publisher_type", "frequency-of-update", "access_constraints",
}  # fmt: skip


def read(page: bytes, *, base_url: str, language: str = "fr") -> Page:
    """An answer of CKAN, or packages alone.

    Raises:
        RefusedDocumentError: it is not JSON.
    """
    value, faults = read_json(page)
    result = value.get("result", value) if isinstance(value, dict) else value
    stubs = _stubs(result)
    if stubs is not None:
        return Page(format="ckan", links=tuple(_show(base_url, each) for each in stubs), faults=tuple(faults))
    packages: list[Any]
    total = None
    if isinstance(result, dict) and isinstance(result.get("results"), list):
        packages, count = result["results"], result.get("count")
        total = count if isinstance(count, int) else None
    else:
        packages = result if isinstance(result, list) else [result]
    outcomes = list(read_items(packages, _package, base_url=base_url, language=language))
    following = _next(base_url, len(packages), total)
    return make_page(outcomes, format="ckan", next=following, total=total, faults=tuple(faults))


def _stubs(result: Any) -> list[str] | None:
    """Names of packages to ask for one by one, where the answer holds no description."""
    if isinstance(result, list):
        return (
            [each for each in result[:MOST_STUBS] if isinstance(each, str)]
            if result and isinstance(result[0], str)
            else None
        )
    if not isinstance(result, dict) or "resources" in result:
        return None
    listed = result.get("packages")
    return [*dict.fromkeys(words_of(listed))][:MOST_STUBS] if isinstance(listed, list) else None


def words_of(listed: list[Any]) -> list[str]:
    """The names of packages that a list gives, whether as texts or as stubs."""
    return [each if isinstance(each, str) else word(each, "id", "name") for each in listed]


def _show(base_url: str, name: str) -> str:
    return urljoin(base_url, f"/api/3/action/package_show?id={quote(name)}")


def _next(base_url: str, received: int, total: int | None) -> str:
    """The same request, further: a server may give fewer than were asked for."""
    parts = urlsplit(base_url)
    asked = dict(parse_qsl(parts.query))
    start = int(asked["start"]) if asked.get("start", "").isdigit() else 0
    if not received or total is None or start + received >= total:
        return ""
    return urlunsplit(parts._replace(query=urlencode({**asked, "start": start + received})))


def _package(item: Item, draft: Draft) -> None:
    item = {**_extras(item), **{name: value for name, value in item.items() if value not in (None, "", [])}}
    told = words(item.get("language")) or words(item.get("languages"))
    spoken = [tag for each in told for tag in re.split(r"\s*,\s*", each)]
    for each in (*spoken, *words(item.get("metadata-language"))[: 0 if spoken else None]):
        draft.spoken("language", each)
    if len(draft.languages) == 1:
        draft.language = draft.languages[0]
    draft.identifier = word(item, "id", "identifier", "name")
    for each in (
        word(item, "identifier"),
        word(item, "guid"),
        word(item, "name"),
        *words(item.get("alternate_identifier")),
    ):
        draft.add(draft.aliases, each)
    kind = word(item, "type").lower()
    draft.kind = Kind.SERIES if kind == "dataset_series" else Kind.DATASET
    for said, tag in texts(item, "title"):
        draft.text(draft.title, "title", said, tag)
    for said, tag in texts(item, "notes") or texts(item, "description"):
        draft.text(draft.description, "notes", said, tag)
    _keywords(item, draft)
    draft.landing_page = _page(item, draft)
    _dates(item, draft)
    _standards(item, draft)
    read_rights(item, draft)
    read_people(item, draft)
    read_coverage(item, draft)
    read_resources(item, draft)
    rest(draft, item, KNOWN)


def _extras(item: Item) -> Item:
    """Extras by their key, whether a list of pairs or an object; a value that is JSON is opened where it is used."""
    extras = item.get("extras")
    if isinstance(extras, dict):
        return dict(extras)
    return {word(each, "key"): each.get("value") for each in items(extras) if word(each, "key")}


def _keywords(item: Item, draft: Draft) -> None:
    translated = unfolded(item.get("tags_translated"))
    if isinstance(translated, dict):
        for tag, said in translated.items():
            for each in words(said):
                draft.keyword("tags", each, tag)
    else:
        for each in words(item.get("tags")):
            draft.keyword("tags", each)
    if not draft.keywords and word(item, "tag_string"):
        draft.keyword("tag_string", word(item, "tag_string"))
    for name in ("theme", "theme-primary", "theme-secondary"):
        for each in words(item.get(name)):
            draft.theme(name, each)
    groups = item.get("groups")
    for group in groups if isinstance(groups, list) else []:
        label = group if isinstance(group, str) else word(group, "title", "display_name", "name")
        draft.theme("groups", label, expected=False)
    for each in words(item.get("hvd_category")):
        draft.add(draft.hvd_categories, each)


def _page(item: Item, draft: Draft) -> str:
    """The page of the dataset at the source."""
    name = word(item, "name")
    said = draft.url("url", word(item, "url")) if word(item, "url") else ""
    if said or not name:
        return said
    return urljoin(draft.base_url, f"/dataset/{quote(name)}")


def _dates(item: Item, draft: Draft) -> None:
    draft.issued = draft.date("issued", word(item, "issued", "dcat_issued", "metadata_created"))
    draft.modified = draft.date("modified", word(item, "modified", "dcat_modified", "metadata_modified"))
    draft.source_modified = draft.date("metadata_modified", word(item, "metadata_modified"))
    draft.often("frequency", word(item, "frequency", "update_frequency", "update_freq", "frequency-of-update"))


def _standards(item: Item, draft: Draft) -> None:
    for name, into in (
        ("conforms_to", draft.conforms_to),
        ("applicable_legislation", draft.legislation),
        ("in_series", draft.series),
    ):
        for each in words(item.get(name)):
            draft.add(into, each)
    for each in words(item.get("documentation")):
        draft.add(draft.documentation, draft.url("documentation", each))
    for said, tag in texts(item, "provenance"):
        draft.text(draft.provenance, "provenance", said, tag)
    for said, tag in texts(item, "version_notes"):
        draft.text(draft.version_notes, "version_notes", said, tag)
    draft.version = draft.clean("version", word(item, "version"))
