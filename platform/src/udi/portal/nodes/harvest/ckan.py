"""CKAN: `package_search`, `package_show` and its relatives, the old REST interface, DKAN; scheming and extras alike."""

import re
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit, urlunsplit

from udi.portal.nodes.harvest import kinds
from udi.portal.nodes.harvest.addresses import next_page
from udi.portal.nodes.harvest.ckan_fields import (
    AGENT_PARTS,
    read_coverage,
    read_people,
    read_resources,
    read_rights,
)
from udi.portal.nodes.harvest.draft import Draft
from udi.portal.nodes.harvest.json_fields import (
    Item,
    keep_unknown_fields,
    list_objects,
    localised_texts,
    parse_nested_json,
    read_items,
    text_value,
    text_values,
)
from udi.portal.nodes.harvest.outcomes import make_page
from udi.portal.nodes.harvest.record import HarvestedPage, RecordKind
from udi.portal.nodes.harvest.untrusted_documents import document_error, read_json

MOST_STUBS = 5000
ROWS_AT_ONCE = 100
"""What the second page and those after it are asked to hold, where the address says no number: CKAN gives ten."""
IDENTIFIERS_ONLY = "id"
"""What a question for identifiers alone says as its fields (`fl`)."""
OTHER_KINDS = {"organization", "group", "showcase", "harvest", "user", "vocabulary"}
"""Types of CKAN's objects that are no dataset where they have no resources."""
KNOWN_FIELDS = {
    "id",
    "name",
    "title",
    "title_translated",
    "notes",
    "notes_translated",
    "tags",
    "tags_translated",
    "tag_string",
    "extras",
    "resources",
    "groups",
    "organization",
    "publisher",
    "maintainer",
    "maintainer_email",
    "author",
    "author_email",
    "contact",
    "license_id",
    "license_title",
    "license_url",
    "private",
    "state",
    "type",
    "url",
    "issued",
    "modified",
    "metadata_created",
    "metadata_modified",
    "dcat_issued",
    "dcat_modified",
    "frequency",
    "update_frequency",
    "update_freq",
    "language",
    "languages",
    "metadata-language",
    "spatial",
    "spatial_coverage",
    "spatial_text",
    "spatial_uri",
    "temporal_coverage",
    "temporal_start",
    "temporal_end",
    "temporal_coverage-from",
    "temporal_coverage-to",
    "version",
    "version_notes",
    "provenance",
    "conforms_to",
    "applicable_legislation",
    "hvd_category",
    "theme",
    "theme-primary",
    "theme-secondary",
    "documentation",
    "access_rights",
    "identifier",
    "guid",
    "num_tags",
    "num_resources",
    "success",
    "help",
    "in_series",
    "isopen",
    "owner_org",
    "revision_id",
    "revision_timestamp",
    "relationships_as_object",
    "relationships_as_subject",
    "creator_user_id",
    "result",
    "bbox-west-long",
    "bbox-east-long",
    "bbox-north-lat",
    "bbox-south-lat",
    "spatial_bbox",
    "spatial_resolution_in_meters",
    "temporal_resolution",
    *(
        f"{role}{part}"
        for role in ("creator", "rights_holder")
        for part in ("", *(f"_{name}" for name in AGENT_PARTS))
    ),
    "alternate_identifier",
    "contact_name",
    "contact_email",
    "contact_uri",
    "contact-name",
    "contact-email",
    "contact-phone",
    "publisher_name",
    "publisher_email",
    "publisher_url",
    "publisher_uri",
    "publisher_type",
    "frequency-of-update",
    "access_constraints",
}


def read(page: bytes, *, base_url: str, language: str = "fr") -> HarvestedPage:
    """An answer of CKAN, or packages alone.

    Raises:
        RefusedDocumentError: it is not JSON, or says that it is no answer.
    """
    value, faults = read_json(page)
    if isinstance(value, dict):
        if value.get("success") is False:
            error = value.get("error")
            wording = text_value(error, "message") if isinstance(error, dict) else ""
            raise document_error(kinds.EXCEPTION, value=wording or "CKAN")
        result = value.get("result", value)
    else:
        result = value
    stubs = _stubs(result)
    if stubs is not None:
        return HarvestedPage(
            format="ckan",
            links=tuple(_show(base_url, stub) for stub in stubs),
            faults=tuple(faults),
        )
    if dict(parse_qsl(urlsplit(base_url).query)).get("fl") == IDENTIFIERS_ONLY:
        return _identifiers(result, base_url)
    packages: list[Any]
    total = None
    if isinstance(result, dict) and isinstance(result.get("results"), list):
        packages = result["results"]
        count = result.get("count")
        total = count if isinstance(count, int) else None
    else:
        packages = result if isinstance(result, list) else [result]
    outcomes = list(
        read_items(packages, _package, base_url=base_url, language=language)
    )
    following = _enlarge(base_url, next_page(base_url, "start", len(packages), total))
    return make_page(
        outcomes, format="ckan", next=following, total=total, faults=tuple(faults)
    )


def _enlarge(first: str, following: str) -> str:
    """The second page, larger, where the first was asked without a size. One that comes later stays as it is asked."""
    parts = urlsplit(first)
    parameters = dict(parse_qsl(parts.query))
    is_search = parts.path.endswith("/package_search")
    if not following or not is_search or parameters.keys() & {"rows", "start"}:
        return following
    return f"{following}&rows={ROWS_AT_ONCE}"


def find_smaller_page(entry: str, address: str) -> str:
    """The same records as the site itself numbers them, of a page that `_enlarge` made larger; empty for any other page."""
    parts = urlsplit(address)
    parameters = dict(parse_qsl(parts.query))
    size = parameters.pop("rows", "")
    is_ours = size == str(ROWS_AT_ONCE) and "start" in parameters
    if not is_ours or "rows" in dict(parse_qsl(urlsplit(entry).query)):
        return ""
    return urlunsplit(parts._replace(query=urlencode(parameters)))


def _identifiers(result: Any, base_url: str) -> HarvestedPage:
    """Which packages are there, of an answer to a question for their identifiers alone."""
    results = result.get("results") if isinstance(result, dict) else None
    if not isinstance(results, list):
        raise document_error(kinds.UNKNOWN_FORMAT, value="CKAN")
    present = tuple(
        identifier
        for package in list_objects(results)
        if (identifier := text_value(package, "id"))
    )
    if len(present) < len(results):
        raise document_error(kinds.UNKNOWN_FORMAT, value="CKAN")
    count = result.get("count")
    total = count if isinstance(count, int) else None
    return HarvestedPage(
        format="ckan",
        present=present,
        next=next_page(base_url, "start", len(results), total),
        total=total,
    )


def _stubs(result: Any) -> list[str] | None:
    """Names of packages to ask for one by one, where the answer holds no description."""
    if isinstance(result, list):
        if result and isinstance(result[0], str):
            return [name for name in result[:MOST_STUBS] if isinstance(name, str)]
        return None
    if not isinstance(result, dict) or "resources" in result:
        return None
    listed = result.get("packages")
    if isinstance(listed, list):
        return [*dict.fromkeys(package_names(listed))][:MOST_STUBS]
    return None


def package_names(listed: list[Any]) -> list[str]:
    """The names of packages that a list gives, whether as texts or as stubs."""
    return [
        package if isinstance(package, str) else text_value(package, "id", "name")
        for package in listed
    ]


def _show(base_url: str, name: str) -> str:
    return urljoin(base_url, f"/api/3/action/package_show?id={quote(name)}")


def _other_kind(item: Item) -> str:
    """What an object is that is no package, by CKAN's own words; empty for a package."""
    if "resources" in item:
        return ""
    if item.get("is_organization") is True:
        return "organization"
    kind = text_value(item, "type").lower()
    if kind in OTHER_KINDS:
        return kind
    return "group" if "package_count" in item else ""


def _package(item: Item, draft: Draft) -> None:
    if other := _other_kind(item):
        draft.identifier = text_value(item, "id", "name")
        for wording, tag in localised_texts(item, "title"):
            draft.add_text(draft.title, "title", wording, tag)
        draft.add_fault(kinds.TYPE_IGNORED, "type", value=other)
        return
    item = {
        **_extras(item),
        **{name: value for name, value in item.items() if value not in (None, "", [])},
    }
    languages = text_values(item.get("language")) or text_values(item.get("languages"))
    spoken = [tag for language in languages for tag in re.split(r"\s*,\s*", language)]
    for text in (
        *spoken,
        *text_values(item.get("metadata-language"))[: 0 if spoken else None],
    ):
        draft.add_language("language", text)
    if len(draft.languages) == 1:
        draft.language = draft.languages[0]
    draft.identifier = text_value(item, "id", "identifier", "name")
    for text in (
        text_value(item, "identifier"),
        text_value(item, "guid"),
        text_value(item, "name"),
        *text_values(item.get("alternate_identifier")),
    ):
        draft.add_once(draft.aliases, text)
    kind = text_value(item, "type").lower()
    if kind == "dataset_series":
        draft.kind = RecordKind.SERIES
    else:
        draft.kind = RecordKind.DATASET
    for wording, tag in localised_texts(item, "title"):
        draft.add_text(draft.title, "title", wording, tag)
    for wording, tag in localised_texts(item, "notes") or localised_texts(
        item, "description"
    ):
        draft.add_text(draft.description, "notes", wording, tag)
    _keywords(item, draft)
    draft.landing_page = _page(item, draft)
    _dates(item, draft)
    _standards(item, draft)
    read_rights(item, draft)
    read_people(item, draft)
    read_coverage(item, draft)
    duration = next(iter(text_values(item.get("temporal_resolution"))), "")
    draft.temporal_resolution = duration.strip()
    read_resources(item, draft)
    keep_unknown_fields(draft, item, KNOWN_FIELDS)


def _extras(item: Item) -> Item:
    """Extras by their key, whether a list of pairs or an object; a value that is JSON is opened where it is used."""
    extras = item.get("extras")
    if isinstance(extras, dict):
        return dict(extras)
    return {
        text_value(extra, "key"): extra.get("value")
        for extra in list_objects(extras)
        if text_value(extra, "key")
    }


def _keywords(item: Item, draft: Draft) -> None:
    translated = parse_nested_json(item.get("tags_translated"))
    if isinstance(translated, dict):
        for tag, keywords in translated.items():
            for term in text_values(keywords):
                draft.add_keyword("tags", term, tag)
    else:
        for term in text_values(item.get("tags")):
            draft.add_keyword("tags", term)
    if not draft.keywords and text_value(item, "tag_string"):
        draft.add_keyword("tag_string", text_value(item, "tag_string"))
    for name in ("theme", "theme-primary", "theme-secondary"):
        for term in text_values(item.get(name)):
            draft.add_theme(name, term)
    groups = item.get("groups")
    for group in groups if isinstance(groups, list) else []:
        draft.add_theme("groups", _group_label(group), expected=False)
    for term in text_values(item.get("hvd_category")):
        draft.add_once(draft.hvd_categories, term)


def _group_label(group: Any) -> str:
    if isinstance(group, str):
        return group
    return text_value(group, "title", "display_name", "name")


def _page(item: Item, draft: Draft) -> str:
    """The page of the dataset at the source."""
    name = text_value(item, "name")
    if text_value(item, "url"):
        url = draft.parse_url("url", text_value(item, "url"))
    else:
        url = ""
    if url or not name:
        return url
    return urljoin(draft.base_url, f"/dataset/{quote(name)}")


def _dates(item: Item, draft: Draft) -> None:
    draft.issued = draft.parse_date(
        "issued", text_value(item, "issued", "dcat_issued", "metadata_created")
    )
    draft.modified = draft.parse_date(
        "modified", text_value(item, "modified", "dcat_modified", "metadata_modified")
    )
    draft.source_modified = draft.parse_date(
        "metadata_modified", text_value(item, "metadata_modified")
    )
    draft.set_frequency(
        "frequency",
        text_value(
            item, "frequency", "update_frequency", "update_freq", "frequency-of-update"
        ),
    )


def _standards(item: Item, draft: Draft) -> None:
    for name, into in (
        ("conforms_to", draft.conforms_to),
        ("applicable_legislation", draft.legislation),
        ("in_series", draft.series),
    ):
        for reference in text_values(item.get(name)):
            draft.add_once(into, reference)
    for reference in text_values(item.get("documentation")):
        draft.add_once(draft.documentation, draft.parse_url("documentation", reference))
    for wording, tag in localised_texts(item, "provenance"):
        draft.add_text(draft.provenance, "provenance", wording, tag)
    for wording, tag in localised_texts(item, "version_notes"):
        draft.add_text(draft.version_notes, "version_notes", wording, tag)
    draft.version = draft.clean_text("version", text_value(item, "version"))
