"""udata, the software of data.gouv.fr: `/api/1/datasets/`, `/api/2/datasets/search/`, one dataset, and its fixtures.

Its dataservices and reuses are lists of their own, `/api/1/dataservices/` and `/api/1/reuses/`: the last page of datasets
leads to those of the same question, and a page of dataservices to the lists of the datasets that each serves, which
current sites name by a link alone.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from udi.portal.nodes.harvest import kinds
from udi.portal.nodes.harvest.distributions import (
    RawDistribution,
    add_contact,
    add_distribution,
)
from udi.portal.nodes.harvest.draft import Draft
from udi.portal.nodes.harvest.geometry import read_geojson
from udi.portal.nodes.harvest.json_fields import (
    Item,
    keep_unknown_fields,
    list_objects,
    localised_texts,
    nested_object,
    put_keywords,
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
    RecordKind,
)
from udi.portal.nodes.harvest.untrusted_documents import read_json
from udi.portal.nodes.harvest.vocabulary import find_access

DATASET_NAMES = ("id", "uri", "page")
"""What calls a dataset in a list of those that a reuse uses: `NAMES_OF_ONE` at most."""
KNOWN_FIELDS = {
    "id",
    "slug",
    "title",
    "description",
    "tags",
    "organization",
    "contact_points",
    "resources",
    "license",
    "created_at",
    "last_modified",
    "frequency",
    "access_type",
    "temporal_coverage",
    "spatial",
    "page",
    "schema",
    "badges",
    "harvest",
    "private",
    "uri",
    "metrics",
    "acronym",
    "internal",
    "quality",
    "created_at_internal",
    "last_modified_internal",
    "last_update",
    "owner",
    "deleted",
    "archived",
    "extras",
}
HVD = "http://data.europa.eu/eli/reg_impl/2023/138/oj"
PAGES = {"documentation"}
TOPIC = "topic"
ORGANISATION = "organization"
OTHER_KINDS = {
    "base_api_url": RecordKind.SERVICE,
    "elements": TOPIC,
    "reuses": TOPIC,
    "datasets": RecordKind.REUSE,
    "business_number_id": ORGANISATION,
    "members": ORGANISATION,
}
"""By a field that datasets have not: dataservices and reuses, which have pages of their own, topics and organisations."""
DATASETS = re.compile(r"/api/[12]/datasets/(?:search/)?")
COMPANIONS = ("/api/1/dataservices/", "/api/1/reuses/")
"""Lists of a site beside its datasets; an older one lacks the first."""
SHARED_QUESTIONS = {"organization", "owner", "tag", "q"}
"""What a site asks of each of its lists alike."""
PAGING = {"page", "page_size", "sort"}
SERVICE = "dataservice"
"""The parameter of a list of datasets that names the dataservice that serves them."""
OPEN_SERVICES = {"open", "open_with_account"}


def read(page: bytes, *, base_url: str, language: str = "fr") -> HarvestedPage:
    """A page of datasets, one dataset, or the fixtures that udata exports.

    Raises:
        RefusedDocumentError: it is not JSON.
    """
    value, faults = read_json(page)
    value = value if isinstance(value, dict) else {"data": value}
    listed: Any = value.get("data")
    if not isinstance(listed, list):
        if isinstance(value.get("datasets"), list):
            listed = [_of_fixture(fixture) for fixture in value["datasets"]]
        else:
            listed = [value]
    following = value.get("next_page")
    total = value.get("total")
    outcomes = list(read_items(listed, _record, base_url=base_url, language=language))
    next_page = following if isinstance(following, str) else ""
    companions = () if next_page else list_companions(base_url)
    return make_page(
        outcomes,
        format="udata",
        next=next_page,
        links=(*_list_served_lists(listed, base_url), *companions),
        total=total if isinstance(total, int) else None,
        faults=tuple(faults),
    )


def list_companions(address: str) -> tuple[str, ...]:
    """Where a site lists dataservices and reuses of the same question as datasets; none where it cannot be asked of them."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ()
    head = DATASETS.search(parts.path)
    if head is None or head.end() != len(parts.path):
        return ()
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    if {name for name, _ in pairs} - SHARED_QUESTIONS - PAGING:
        return ()
    shared = [(name, value) for name, value in pairs if name in SHARED_QUESTIONS]
    query = urlencode([*shared, ("page_size", "100")])
    start = parts.path[: head.start()]
    return tuple(
        urlunsplit((parts.scheme, parts.netloc, start + path, query, ""))
        for path in COMPANIONS
    )


def is_companion(address: str, entry: str = "") -> bool:
    """Whether an address is that of a list beside the datasets of a source that begins at `entry`, which a site may lack."""
    is_listed = any(f"{path}?" in address for path in COMPANIONS)
    return is_listed or bool(find_listed_service(address, entry))


def find_listed_service(address: str, entry: str) -> str:
    """The dataservice whose datasets an address lists; empty: none, or it is what the source itself begins with."""
    service = _read_service(address)
    if service == _read_service(entry):
        return ""
    return service


def is_first_page(address: str) -> bool:
    """Whether a list begins at an address."""
    return dict(parse_qsl(urlsplit(address).query)).get("page", "1") == "1"


def _read_service(address: str) -> str:
    """The dataservice of which a list of datasets is asked."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    head = DATASETS.search(parts.path)
    if head is None or head.end() != len(parts.path):
        return ""
    return dict(parse_qsl(parts.query)).get(SERVICE, "")


def _list_served_lists(items: Iterable[Any], base_url: str) -> Iterator[str]:
    """Where the same site lists the datasets of the dataservices of a page that do not name them."""
    for item in items:
        if not isinstance(item, dict) or _other_kind(item) != RecordKind.SERVICE:
            continue
        if address := _find_served_list(item, base_url):
            yield address


def _find_served_list(item: Item, base_url: str) -> str:
    """Where the same site lists the datasets of a dataservice; empty: nowhere, or the list has none."""
    link = nested_object(item, "datasets")
    try:
        address = urljoin(base_url, text_value(link, "href"))
    except ValueError:
        return ""
    service = _read_service(address)
    if not service or link.get("total") == 0:
        return ""
    parts = urlsplit(address)
    if parts[:2] != urlsplit(base_url)[:2]:
        return ""
    query = urlencode({SERVICE: service, "page_size": 100})
    return parts._replace(query=query, fragment="").geturl()


def _of_fixture(value: Any) -> Any:
    """A fixture keeps the dataset, its resources and its organisation beside one another."""
    if not isinstance(value, dict) or not isinstance(value.get("dataset"), dict):
        return value
    return {
        **value["dataset"],
        "resources": value.get("resources"),
        "organization": value.get("organization"),
    }


def _other_kind(item: Item) -> str:
    """What an object of udata is that is no dataset, by what only it has; empty for a dataset."""
    if "resources" in item:
        return ""
    return next((kind for name, kind in OTHER_KINDS.items() if name in item), "")


def _record(item: Item, draft: Draft) -> None:
    kind = _other_kind(item)
    draft.identifier = text_value(item, "id")
    if not kind:
        _dataset(item, draft)
    elif kind == RecordKind.SERVICE:
        draft.kind = RecordKind.SERVICE
        _dataservice(item, draft)
    elif kind == RecordKind.REUSE:
        draft.kind = RecordKind.REUSE
        _reuse(item, draft)
    else:
        draft.add_text(draft.title, "title", text_value(item, "title", "name"), "")
        draft.add_fault(kinds.TYPE_IGNORED, "", value=kind)


def _dataservice(item: Item, draft: Draft) -> None:
    _shared_fields(item, draft)
    draft.licence = draft.parse_licence("license", *text_values(item.get("license")))
    access = text_value(item, "access_type")
    if access in OPEN_SERVICES:
        draft.access = "PUBLIC"
    elif access or item.get("is_restricted") is True:
        draft.access = "RESTRICTED"
    for name in ("business_documentation_url", "authorization_request_url"):
        draft.add_once(
            draft.documentation, draft.parse_url(name, text_value(item, name))
        )
    draft.issued = draft.parse_date("created_at", text_value(item, "created_at"))
    draft.modified = draft.parse_date(
        "metadata_modified_at", text_value(item, "metadata_modified_at")
    )
    endpoint = draft.parse_url("base_api_url", text_value(item, "base_api_url"))
    description = draft.parse_url(
        "endpoint_description_url",
        text_value(item, "endpoint_description_url", "machine_documentation_url"),
    )
    if endpoint or description:
        add_distribution(
            draft,
            "base_api_url",
            RawDistribution(
                access=endpoint,
                formats=[text_value(item, "format")],
                service=DataService(endpoint=endpoint, description=description),
            ),
        )


def _reuse(item: Item, draft: Draft) -> None:
    _shared_fields(item, draft)
    draft.issued = draft.parse_date("created_at", text_value(item, "created_at"))
    draft.modified = draft.parse_date(
        "last_modified", text_value(item, "last_modified")
    )
    add_distribution(
        draft,
        "url",
        RawDistribution(access=text_value(item, "url"), means=DistributionKind.PAGE),
    )


def _shared_fields(item: Item, draft: Draft) -> None:
    """What dataservices and reuses say alike: their texts, whose they are, and the datasets that the answer names."""
    put_texts(draft, item, ("title", draft.title), ("description", draft.description))
    put_keywords(draft, item, "tags")
    draft.landing_page = draft.parse_url(
        "page", text_value(item, "self_web_url", "page")
    )
    _people(item, draft)
    draft.is_serving_elsewhere = bool(_find_served_list(item, draft.base_url))
    for dataset in list_objects(item.get("datasets")):
        for name in DATASET_NAMES:
            draft.add_once(draft.serves, text_value(dataset, name))


def _dataset(item: Item, draft: Draft) -> None:
    harvest = nested_object(item, "harvest")
    for alias in (
        text_value(item, "slug"),
        text_value(harvest, "dct_identifier", "remote_id"),
        text_value(item, "uri", "page"),
    ):
        draft.add_once(draft.aliases, alias)
    put_texts(draft, item, ("title", draft.title), ("description", draft.description))
    put_keywords(draft, item, "tags")
    draft.licence = draft.parse_licence("license", *text_values(item.get("license")))
    if access_type := text_value(item, "access_type"):
        draft.access = find_access(access_type)[0]
    elif item.get("private") is True:
        draft.access = "NON_PUBLIC"
    draft.issued = draft.parse_date(
        "created_at", text_value(item, "created_at", "created_at_internal")
    )
    draft.modified = draft.parse_date(
        "last_modified",
        text_value(item, "last_modified", "last_update", "last_modified_internal"),
    )
    draft.set_frequency("frequency", text_value(item, "frequency"))
    draft.landing_page = draft.parse_url("page", text_value(item, "page"))
    if any(
        text_value(badge, "kind") == "hvd" for badge in list_objects(item.get("badges"))
    ):
        draft.add_once(draft.legislation, HVD)
    schema = item.get("schema")
    draft.add_once(draft.conforms_to, text_value(schema, "url", "name"))
    _people(item, draft)
    _coverage(item, draft)
    for place, resource in enumerate(list_objects(item.get("resources"))):
        add_distribution(draft, f"resources[{place}]", _raw(resource))
    keep_unknown_fields(draft, item, KNOWN_FIELDS)
    draft.keep_extra("extras", item.get("extras"))


def _people(item: Item, draft: Draft) -> None:
    for name in ("organization", "owner"):
        agent = item.get(name)
        label = text_value(agent, "name") or " ".join(
            filter(
                None, (text_value(agent, "first_name"), text_value(agent, "last_name"))
            )
        )
        if label and not draft.publisher:
            identifier = text_value(agent, "business_number_id", "id")
            draft.publisher = Agent(
                name={draft.language: label},
                identifier=identifier,
                url=text_value(agent, "page"),
                is_person=name == "owner",
            )
    for contact in list_objects(item.get("contact_points")):
        add_contact(
            draft,
            "contact_points",
            name=text_value(contact, "name"),
            email=text_value(contact, "email"),
            url=text_value(contact, "contact_form"),
            role=text_value(contact, "role"),
        )


def _coverage(item: Item, draft: Draft) -> None:
    for period in list_objects(item.get("temporal_coverage")):
        draft.add_period(
            "temporal_coverage", text_value(period, "start"), text_value(period, "end")
        )
    spatial = item.get("spatial")
    if isinstance(spatial, dict):
        draft.set_box("spatial.geom", *read_geojson(spatial.get("geom")))
        for zone in text_values(spatial.get("zones")):
            draft.add_place("", zone)
        draft.keep_extra("spatial.granularity", spatial.get("granularity"))


def _raw(item: Item) -> RawDistribution:
    checksum = item.get("checksum")
    documentation = text_value(item, "type") in PAGES
    return RawDistribution(
        identifier=text_value(item, "id"),
        titles=localised_texts(item, "title"),
        descriptions=localised_texts(item, "description"),
        access=text_value(item, "latest", "url"),
        download=text_value(item, "url")
        if text_value(item, "type") == "main" and text_value(item, "filetype") == "file"
        else "",
        formats=[text_value(item, "format")],
        media_types=[text_value(item, "mime")],
        size=item.get("filesize"),
        checksum=(text_value(checksum, "type"), text_value(checksum, "value")),
        issued=text_value(item, "created_at"),
        modified=text_value(item, "last_modified"),
        conforms_to=[
            standard
            for standard in (text_value(item.get("schema"), "url", "name"),)
            if standard
        ],
        means=DistributionKind.PAGE if documentation else None,
        extra={"type": text_value(item, "type"), "latest": text_value(item, "latest")},
    )
