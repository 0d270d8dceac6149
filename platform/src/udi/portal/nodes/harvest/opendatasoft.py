"""Opendatasoft: the catalogue of Explore v2.1, a page or the whole, and the CSV of catalogues before it."""

import csv
import io
import re
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit, urlunsplit

from udi.portal.nodes.harvest import kinds
from udi.portal.nodes.harvest.draft import Draft
from udi.portal.nodes.harvest.fields import (
    Item,
    inside,
    items,
    put_keywords,
    put_languages,
    put_texts,
    read_items,
    rest,
    texts,
    word,
    words,
)
from udi.portal.nodes.harvest.finish import make_page
from udi.portal.nodes.harvest.opening import decode, read_json, storable
from udi.portal.nodes.harvest.parts import Raw, add_contact, add_distribution
from udi.portal.nodes.harvest.record import Agent, Means, Page, Service

DATASETS = "/api/explore/v2.1/catalog/datasets/"
EXPORTS = (
    ("csv", "text/csv"),
    ("json", "application/json"),
    ("xlsx", ""),
    ("parquet", "application/vnd.apache.parquet"),
)
GEO = (("geojson", "application/geo+json"), ("shp", "application/vnd.shp"))
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
COLUMNS = {"datasetid": "dataset_id"}
GROUPS = (
    "default",
    "dcat",
    "dcat_ap",
    "inspire",
    "explore",
    "custom",
    "semantic",
    "processing",
    "visualization",
    "internal",
)
SIDES = ("westbound_longitude", "southbound_latitude", "eastbound_longitude", "northbound_latitude")
READ = {
    "default.title", "default.description", "default.keyword", "default.theme", "default.license",
    "default.license_url", "default.language", "default.modified", "default.publisher", "default.references",
    "default.records_count", "default.attributions", "default.territory", "default.geographic_reference",
    "dcat.created", "dcat.issued", "dcat.creator", "dcat.contributor", "dcat.accrualperiodicity", "dcat.spatial",
    "dcat.temporal", "dcat.dataquality", "dcat.contact_name", "dcat.contact_email",
    "inspire.contact_individual_name", "inspire.contact_email",
}  # fmt: skip
LARGEST_FIELD = 1024**2
LATEST = 10_000


def read(page: bytes, *, base_url: str, language: str = "fr") -> Page:
    """A page of datasets, the whole export, or one dataset; as JSON or as CSV.

    Raises:
        RefusedDocumentError: it is neither.
    """
    if page.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] not in {b"{", b"["}:
        return read_csv(page, base_url=base_url, language=language)
    value, faults = read_json(page)
    results: list[Any] = value if isinstance(value, list) else [value]
    total, following = None, ""
    if isinstance(value, dict) and isinstance(value.get("results"), list):
        results = value["results"]
        total = value.get("total_count") if isinstance(value.get("total_count"), int) else None
        following = _next(base_url, len(results), total)
    outcomes = list(read_items(results, _dataset, base_url=base_url, language=language))
    return make_page(outcomes, format="opendatasoft", next=following, total=total, faults=tuple(faults))


def read_csv(page: bytes, *, base_url: str, language: str = "fr") -> Page:
    """The catalogue as CSV, whose columns are those of the first version or of the second."""
    decoded, faults = decode(page)
    text = storable(decoded)
    first = text.partition("\n")[0]
    csv.field_size_limit(LARGEST_FIELD)
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=";" if first.count(";") > first.count(",") else ",")
    outcomes = list(read_items(map(_of_columns, rows), _dataset, base_url=base_url, language=language))
    return make_page(outcomes, format="opendatasoft", faults=tuple(faults))


def _of_columns(row: dict[str | Any, Any]) -> Item:
    """The shape of v2.1 for a line of CSV: `dcat.created` and `created` are fields of a group."""
    metas: dict[str, Item] = {}
    dataset: Item = {"metas": metas}
    for column, value in row.items():
        if not isinstance(column, str) or not isinstance(value, str) or not value.strip():
            continue
        group, found, name = column.partition(".")
        if column in {"datasetid", "dataset_id", "dataset_uid"}:
            dataset[COLUMNS.get(column, column)] = value
        elif found and group in GROUPS:
            metas.setdefault(group, {})[name] = value
        else:
            metas.setdefault("default", {})[column] = value
    dataset["has_records"] = metas.get("default", {}).get("records_count", "0") not in {"", "0"}
    return dataset


def _next(base_url: str, received: int, total: int | None) -> str:
    """The same request, further; what is past ten thousand is only in the export."""
    parts = urlsplit(base_url)
    asked = dict(parse_qsl(parts.query))
    offset = int(asked["offset"]) if asked.get("offset", "").isdigit() else 0
    reached = offset + received
    if not received or total is None or reached >= total or reached >= LATEST:
        return ""
    return urlunsplit(parts._replace(query=urlencode({**asked, "offset": reached})))


def _dataset(item: Item, draft: Draft) -> None:
    inner = item.get("dataset")
    item = inner if isinstance(inner, dict) else item
    metas = inside(item, "metas")
    said = {
        f"{group}.{name}": value
        for group, each in metas.items()
        if isinstance(each, dict)
        for name, value in each.items()
    }
    name = word(item, "dataset_id")
    draft.identifier = word(item, "dataset_uid") or name
    draft.add(draft.aliases, name)
    put_languages(draft, words(said.get("default.language")), "default.language")
    put_texts(draft, said, ("default.title", draft.title), ("default.description", draft.description))
    put_texts(draft, said, ("default.attributions", draft.provenance), ("dcat.dataquality", draft.provenance))
    put_keywords(draft, said, "default.keyword")
    _themes(said, draft)
    draft.licence = draft.licensed("default.license", word(said, "default.license_url"), word(said, "default.license"))
    _people(said, draft)
    _when_and_where(said, draft)
    for each in words(said.get("default.references")):
        if each.startswith("http"):
            draft.add(draft.documentation, draft.url("default.references", each))
    if name:
        draft.landing_page = urljoin(draft.base_url, f"/explore/dataset/{quote(name)}/")
        _exports(item, draft, name)
    rest(draft, said, {*READ, *(field for field in said if field.startswith("inspire.extend_bounding_box"))})


def _themes(said: Item, draft: Draft) -> None:
    """A theme may hold commas: it is looked for whole, and split only when it came as one text that is unknown."""
    for each in words(said.get("default.theme")):
        draft.theme("default.theme", each)
    for field, value in said.items():
        if field.startswith("dcat_ap.hvd"):
            for each in words(value):
                draft.add(draft.hvd_categories, each)


def _people(said: Item, draft: Draft) -> None:
    if publisher := word(said, "default.publisher", "dcat.creator"):
        draft.publisher = Agent(name={draft.language: draft.clean("default.publisher", publisher)})
    add_contact(
        draft, "dcat.contact_name", name=word(said, "dcat.contact_name"), email=word(said, "dcat.contact_email")
    )
    name, email = word(said, "inspire.contact_individual_name"), word(said, "inspire.contact_email")
    add_contact(draft, "inspire.contact_email", name=name, email=email)


def _when_and_where(said: Item, draft: Draft) -> None:
    draft.issued = draft.date("dcat.issued", word(said, "dcat.issued") or word(said, "dcat.created"))
    draft.modified = draft.date("default.modified", word(said, "default.modified"))
    draft.source_modified = draft.date("default.metadata_processed", word(said, "default.metadata_processed"))
    draft.often("dcat.accrualperiodicity", word(said, "dcat.accrualperiodicity"))
    if period := word(said, "dcat.temporal"):
        draft.span("dcat.temporal", period)
    for field in ("default.territory", "dcat.spatial"):
        for each in words(said.get(field)):
            draft.named_place("", draft.clean(field, each))
    for code in words(said.get("default.geographic_reference")):
        draft.named_place("", code)
    sides = [word(said, f"inspire.extend_bounding_box_{side}") for side in SIDES]
    if all(re.fullmatch(r"-?\d{1,3}(\.\d+)?", side) for side in sides):
        west, south, east, north = (float(side) for side in sides)
        draft.box("inspire.extend_bounding_box", (west, south, east, north))


def _exports(item: Item, draft: Draft, name: str) -> None:
    """The records as files and as an interface, where there are some; then what the producer attached."""
    site = urljoin(draft.base_url, f"{DATASETS}{quote(name)}")
    if item.get("has_records") is not False:
        features = words(item.get("features"))
        for form, media_type in (*EXPORTS, *(GEO if "geo" in features else ())):
            raw = Raw(
                titles=[(form.upper(), "")],
                download=f"{site}/exports/{form}",
                formats=[form],
                media_types=[media_type or XLSX],
            )
            add_distribution(draft, f"exports.{form}", raw)
        service = Service(endpoint=f"{site}/records")
        add_distribution(
            draft,
            "records",
            Raw(titles=[("API", "")], access=service.endpoint, formats=["API"], service=service, means=Means.SERVICE),
        )
    for place, each in enumerate((*items(item.get("attachments")), *items(item.get("alternative_exports")))):
        url = word(each, "url") or f"{site}/attachments/{quote(word(each, 'id'))}"
        raw = Raw(
            identifier=word(each, "id"),
            titles=texts(each, "title"),
            descriptions=texts(each, "description"),
            access=url if url.startswith("http") else urljoin(site, url),
            media_types=[word(each, "mimetype")],
        )
        add_distribution(draft, f"attachments[{place}]", raw)
    if not draft.distributions:
        draft.say(kinds.DISTRIBUTION_NONE, "has_records")
