"""Opendatasoft: the catalogue of Explore v2.1, a page or the whole, and the CSV of catalogues before it."""

import csv
import io
import re
from typing import Any
from urllib.parse import quote, urljoin

from udi.portal.nodes.harvest import kinds
from udi.portal.nodes.harvest.addresses import next_page
from udi.portal.nodes.harvest.distributions import (
    RawDistribution,
    add_contact,
    add_distribution,
)
from udi.portal.nodes.harvest.draft import Draft
from udi.portal.nodes.harvest.json_fields import (
    Item,
    keep_unknown_fields,
    list_objects,
    localised_texts,
    nested_object,
    put_keywords,
    put_languages,
    put_texts,
    read_items,
    text_value,
    text_values,
)
from udi.portal.nodes.harvest.outcomes import make_page
from udi.portal.nodes.harvest.record import (
    Agent,
    DataService,
    DistributionKind,
    HarvestedPage,
)
from udi.portal.nodes.harvest.untrusted_documents import (
    decode,
    read_json,
    sanitise_value,
)

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
SIDES = (
    "westbound_longitude",
    "southbound_latitude",
    "eastbound_longitude",
    "northbound_latitude",
)
KNOWN_FIELDS = {
    "default.title",
    "default.description",
    "default.keyword",
    "default.theme",
    "default.license",
    "default.license_url",
    "default.language",
    "default.modified",
    "default.publisher",
    "default.references",
    "default.records_count",
    "default.attributions",
    "default.territory",
    "default.geographic_reference",
    "dcat.created",
    "dcat.issued",
    "dcat.creator",
    "dcat.contributor",
    "dcat.accrualperiodicity",
    "dcat.spatial",
    "dcat.temporal",
    "dcat.dataquality",
    "dcat.contact_name",
    "dcat.contact_email",
    "inspire.contact_individual_name",
    "inspire.contact_email",
}
LARGEST_FIELD = 1024**2
LATEST = 10_000


def read(page: bytes, *, base_url: str, language: str = "fr") -> HarvestedPage:
    """A page of datasets, the whole export, or one dataset; as JSON or as CSV.

    Raises:
        RefusedDocumentError: it is neither.
    """
    if page.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] not in {b"{", b"["}:
        return read_csv(page, base_url=base_url, language=language)
    value, faults = read_json(page)
    results: list[Any] = value if isinstance(value, list) else [value]
    total = None
    following = ""
    if isinstance(value, dict) and isinstance(value.get("results"), list):
        results = value["results"]
        if isinstance(value.get("total_count"), int):
            total = value.get("total_count")
        else:
            total = None
        following = next_page(base_url, "offset", len(results), total, last=LATEST)
    outcomes = list(read_items(results, _dataset, base_url=base_url, language=language))
    return make_page(
        outcomes,
        format="opendatasoft",
        next=following,
        total=total,
        faults=tuple(faults),
    )


def read_csv(page: bytes, *, base_url: str, language: str = "fr") -> HarvestedPage:
    """The catalogue as CSV, whose columns are those of the first version or of the second."""
    decoded, faults = decode(page)
    text = sanitise_value(decoded)
    first = text.partition("\n")[0]
    # The limit is the process's: whoever reads larger cells keeps theirs.
    csv.field_size_limit(max(csv.field_size_limit(), LARGEST_FIELD))
    rows = csv.DictReader(
        io.StringIO(text, newline=""),
        delimiter=";" if first.count(";") > first.count(",") else ",",
    )
    outcomes = list(
        read_items(
            map(_row_to_item, rows), _dataset, base_url=base_url, language=language
        )
    )
    return make_page(outcomes, format="opendatasoft", faults=tuple(faults))


def _row_to_item(row: dict[str | Any, Any]) -> Item:
    """The shape of v2.1 for a line of CSV: `dcat.created` and `created` are fields of a group."""
    metas: dict[str, Item] = {}
    dataset: Item = {"metas": metas}
    for column, value in row.items():
        if (
            not isinstance(column, str)
            or not isinstance(value, str)
            or not value.strip()
        ):
            continue
        group, separator, name = column.partition(".")
        if column in {"datasetid", "dataset_id", "dataset_uid"}:
            dataset[COLUMNS.get(column, column)] = value
        elif separator and group in GROUPS:
            metas.setdefault(group, {})[name] = value
        else:
            metas.setdefault("default", {})[column] = value
    dataset["has_records"] = metas.get("default", {}).get("records_count", "0") not in {
        "",
        "0",
    }
    return dataset


def _dataset(item: Item, draft: Draft) -> None:
    inner = item.get("dataset")
    item = inner if isinstance(inner, dict) else item
    metas = nested_object(item, "metas")
    fields = {
        f"{group}.{name}": value
        for group, group_fields in metas.items()
        if isinstance(group_fields, dict)
        for name, value in group_fields.items()
    }
    name = text_value(item, "dataset_id")
    draft.identifier = text_value(item, "dataset_uid") or name
    draft.add_once(draft.aliases, name)
    put_languages(
        draft, text_values(fields.get("default.language")), "default.language"
    )
    put_texts(
        draft,
        fields,
        ("default.title", draft.title),
        ("default.description", draft.description),
    )
    put_texts(
        draft,
        fields,
        ("default.attributions", draft.provenance),
        ("dcat.dataquality", draft.provenance),
    )
    put_keywords(draft, fields, "default.keyword")
    _themes(fields, draft)
    draft.licence = draft.parse_licence(
        "default.license",
        text_value(fields, "default.license_url"),
        text_value(fields, "default.license"),
    )
    _people(fields, draft)
    _dates_and_coverage(fields, draft)
    for reference in text_values(fields.get("default.references")):
        if reference.startswith("http"):
            draft.add_once(
                draft.documentation, draft.parse_url("default.references", reference)
            )
    if name:
        draft.landing_page = urljoin(draft.base_url, f"/explore/dataset/{quote(name)}/")
        _exports(item, draft, name)
    keep_unknown_fields(
        draft,
        fields,
        {
            *KNOWN_FIELDS,
            *(
                field
                for field in fields
                if field.startswith("inspire.extend_bounding_box")
            ),
        },
    )


def _themes(fields: Item, draft: Draft) -> None:
    """A theme may hold commas: it is looked for whole, and split only when it came as one text that is unknown."""
    for theme in text_values(fields.get("default.theme")):
        draft.add_theme("default.theme", theme)
    for field, value in fields.items():
        if field.startswith("dcat_ap.hvd"):
            for theme in text_values(value):
                draft.add_once(draft.hvd_categories, theme)


def _people(fields: Item, draft: Draft) -> None:
    if publisher := text_value(fields, "default.publisher", "dcat.creator"):
        draft.publisher = Agent(
            name={draft.language: draft.clean_text("default.publisher", publisher)}
        )
    add_contact(
        draft,
        "dcat.contact_name",
        name=text_value(fields, "dcat.contact_name"),
        email=text_value(fields, "dcat.contact_email"),
    )
    name = text_value(fields, "inspire.contact_individual_name")
    email = text_value(fields, "inspire.contact_email")
    add_contact(draft, "inspire.contact_email", name=name, email=email)


def _dates_and_coverage(fields: Item, draft: Draft) -> None:
    draft.issued = draft.parse_date(
        "dcat.issued",
        text_value(fields, "dcat.issued") or text_value(fields, "dcat.created"),
    )
    draft.modified = draft.parse_date(
        "default.modified", text_value(fields, "default.modified")
    )
    draft.source_modified = draft.parse_date(
        "default.metadata_processed", text_value(fields, "default.metadata_processed")
    )
    draft.set_frequency(
        "dcat.accrualperiodicity", text_value(fields, "dcat.accrualperiodicity")
    )
    if period := text_value(fields, "dcat.temporal"):
        draft.add_period_text("dcat.temporal", period)
    for field in ("default.territory", "dcat.spatial"):
        for place_name in text_values(fields.get(field)):
            draft.add_place("", draft.clean_text(field, place_name))
    for code in text_values(fields.get("default.geographic_reference")):
        draft.add_place("", code)
    sides = [
        text_value(fields, f"inspire.extend_bounding_box_{side}") for side in SIDES
    ]
    if all(re.fullmatch(r"-?\d{1,3}(\.\d+)?", side) for side in sides):
        west, south, east, north = (float(side) for side in sides)
        draft.set_box("inspire.extend_bounding_box", (west, south, east, north))


def _exports(item: Item, draft: Draft, name: str) -> None:
    """The records as files and as an interface, where there are some; then what the producer attached."""
    site = urljoin(draft.base_url, f"{DATASETS}{quote(name)}")
    if item.get("has_records") is not False:
        features = text_values(item.get("features"))
        for form, media_type in (*EXPORTS, *(GEO if "geo" in features else ())):
            raw = RawDistribution(
                titles=[(form.upper(), "")],
                download=f"{site}/exports/{form}",
                formats=[form],
                media_types=[media_type or XLSX],
            )
            add_distribution(draft, f"exports.{form}", raw)
        service = DataService(endpoint=f"{site}/records")
        add_distribution(
            draft,
            "records",
            RawDistribution(
                titles=[("API", "")],
                access=service.endpoint,
                formats=["API"],
                service=service,
                means=DistributionKind.SERVICE,
            ),
        )
    for place, attachment in enumerate(
        (
            *list_objects(item.get("attachments")),
            *list_objects(item.get("alternative_exports")),
        )
    ):
        url = (
            text_value(attachment, "url")
            or f"{site}/attachments/{quote(text_value(attachment, 'id'))}"
        )
        raw = RawDistribution(
            identifier=text_value(attachment, "id"),
            titles=localised_texts(attachment, "title"),
            descriptions=localised_texts(attachment, "description"),
            access=url if url.startswith("http") else urljoin(site, url),
            media_types=[text_value(attachment, "mimetype")],
        )
        add_distribution(draft, f"attachments[{place}]", raw)
    if not draft.distributions:
        draft.add_fault(kinds.DISTRIBUTION_NONE, "has_records")
