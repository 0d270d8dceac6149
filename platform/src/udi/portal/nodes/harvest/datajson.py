"""`data.json` (Project Open Data 1.1 and ArcGIS Hub), and the JSON of DCAT that ckanext-dcat writes with the same keys."""

from typing import Any

from udi.portal.nodes.harvest import kinds
from udi.portal.nodes.harvest.distributions import (
    RawDistribution,
    add_contact,
    add_distribution,
)
from udi.portal.nodes.harvest.draft import Draft
from udi.portal.nodes.harvest.geometry import read_box, read_geojson
from udi.portal.nodes.harvest.json_fields import (
    Item,
    keep_unknown_fields,
    list_objects,
    localised_texts,
    put_keywords,
    put_languages,
    put_links,
    put_terms,
    put_texts,
    read_items,
    text_value,
    text_values,
)
from udi.portal.nodes.harvest.outcomes import make_page
from udi.portal.nodes.harvest.record import Agent, HarvestedPage, is_person_type
from udi.portal.nodes.harvest.untrusted_documents import read_json
from udi.portal.nodes.harvest.vocabulary import find_language
from udi.protocol.texts import Texts

KNOWN_FIELDS = {
    "title",
    "description",
    "identifier",
    "keyword",
    "theme",
    "publisher",
    "contactPoint",
    "distribution",
    "license",
    "accessLevel",
    "rights",
    "issued",
    "modified",
    "accrualPeriodicity",
    "temporal",
    "spatial",
    "language",
    "landingPage",
    "references",
    "dataQuality",
    "conformsTo",
    "describedBy",
    "version",
    "creator",
    "isPartOf",
}
MISNAMED = {"langauge": "language", "desctiption": "description", "Title": "title"}


def read(page: bytes, *, base_url: str, language: str = "fr") -> HarvestedPage:
    """A catalogue, a list of datasets, or one.

    Raises:
        RefusedDocumentError: it is not JSON.
    """
    value, faults = read_json(page)
    datasets: list[Any] = value if isinstance(value, list) else [value]
    usual = language
    if isinstance(value, dict) and isinstance(value.get("dataset"), list):
        datasets = value["dataset"]
        usual = next(
            (
                code
                for language_name in text_values(value.get("language"))
                if (code := find_language(language_name))
            ),
            language,
        )
    outcomes = list(read_items(datasets, _dataset, base_url=base_url, language=usual))
    return make_page(outcomes, format="data.json", faults=tuple(faults))


def _dataset(item: Item, draft: Draft) -> None:
    item = _correct_field_names(item, draft)
    put_languages(draft, text_values(item.get("language")))
    draft.identifier = text_value(item, "identifier", "@id")
    if not draft.identifier and text_value(item, "landingPage"):
        draft.identifier = text_value(item, "landingPage")
        draft.add_fault(kinds.IDENTIFIER_ABSENT, "identifier")
    texts_of = (
        ("title", draft.title),
        ("description", draft.description),
        ("dataQuality", draft.provenance),
    )
    put_texts(draft, item, *texts_of)
    put_keywords(draft, item, "keyword")
    for theme in text_values(item.get("theme")):
        draft.add_theme("theme", theme)
    _rights(item, draft)
    _people(item, draft)
    _coverage(item, draft)
    draft.landing_page = draft.parse_url("landingPage", text_value(item, "landingPage"))
    put_links(draft, item, "references", draft.documentation)
    put_terms(draft, item, "conformsTo", draft.conforms_to)
    put_terms(draft, item, "isPartOf", draft.series)
    draft.version = draft.clean_text("version", text_value(item, "version"))
    for place, distribution in enumerate(list_objects(item.get("distribution"))):
        add_distribution(draft, f"distribution[{place}]", _raw(distribution))
    keep_unknown_fields(draft, item, KNOWN_FIELDS)


def _correct_field_names(item: Item, draft: Draft) -> Item:
    renamed = dict(item)
    for distribution in list_objects(item.get("distribution")):
        for wrong_name in MISNAMED.keys() & distribution.keys():
            draft.add_fault(
                kinds.MISNAMED,
                f"distribution.{wrong_name}",
                value=wrong_name,
                read=MISNAMED[wrong_name],
            )
    for wrong_name, right in MISNAMED.items():
        if wrong_name in item:
            draft.add_fault(kinds.MISNAMED, wrong_name, value=wrong_name, read=right)
            renamed.setdefault(right, renamed.pop(wrong_name))
    return renamed


def _rights(item: Item, draft: Draft) -> None:
    draft.licence = draft.parse_licence("license", *text_values(item.get("license")))
    draft.add_access_rights("accessLevel", text_value(item, "accessLevel"))
    for statement in text_values(item.get("rights")):
        draft.add_access_rights("rights", statement)
    draft.issued = draft.parse_date("issued", text_value(item, "issued"))
    modified = text_value(item, "modified")
    if modified.startswith("R/"):
        # Project Open Data lets a rhythm stand where the last change does.
        draft.set_frequency("modified", modified)
    else:
        draft.modified = draft.parse_date("modified", modified)
    draft.set_frequency("accrualPeriodicity", text_value(item, "accrualPeriodicity"))


def _people(item: Item, draft: Draft) -> None:
    for agent in (
        *list_objects(item.get("publisher")),
        *list_objects(item.get("creator")),
    ):
        name: Texts = {}
        for words_, tag in localised_texts(agent, "name"):
            draft.add_text(name, "publisher", words_, tag)
        if name and not draft.publisher:
            email = text_value(agent, "email", "mbox").lower()
            draft.publisher = Agent(
                name=name,
                identifier=text_value(agent, "identifier", "@id"),
                email=email,
                url=text_value(agent, "url"),
                is_person=any(map(is_person_type, text_values(agent.get("@type")))),
            )
            draft.keep_extra(
                "publisher.subOrganizationOf", agent.get("subOrganizationOf")
            )
    if isinstance(item.get("publisher"), str) and not draft.publisher:
        draft.publisher = Agent(
            name={draft.language: draft.clean_text("publisher", item["publisher"])}
        )
    for contact in list_objects(item.get("contactPoint")):
        email = text_value(contact, "hasEmail", "email")
        url = text_value(contact, "hasURL", "url")
        add_contact(
            draft,
            "contactPoint",
            name=text_value(contact, "fn", "name"),
            email=email,
            url=url,
        )


def _coverage(item: Item, draft: Draft) -> None:
    for coverage in text_values(item.get("temporal")):
        draft.add_period_text("temporal", coverage)
    spatial = item.get("spatial")
    if isinstance(spatial, dict):
        draft.set_box("spatial", *read_geojson(spatial))
        return
    for coverage in text_values(spatial):
        if box := read_box(coverage):
            draft.set_box("spatial", box)
        elif named := draft.clean_text("spatial", coverage):
            draft.add_place(
                named if named.startswith("http") else "",
                "" if named.startswith("http") else named,
            )


def _raw(item: Item) -> RawDistribution:
    item = {MISNAMED.get(name, name): value for name, value in item.items()}
    return RawDistribution(
        identifier=text_value(item, "identifier", "@id"),
        titles=localised_texts(item, "title"),
        descriptions=localised_texts(item, "description"),
        access=text_value(item, "accessURL"),
        download=text_value(item, "downloadURL"),
        formats=[text_value(item, "format")],
        media_types=[text_value(item, "mediaType")],
        size=text_value(item, "byteSize", "size") or None,
        licences=[licence for licence in text_values(item.get("license")) if licence],
        rights=[(statement, "") for statement in text_values(item.get("rights"))],
        issued=text_value(item, "issued"),
        modified=text_value(item, "modified"),
        languages=text_values(item.get("language")),
        conforms_to=[
            standard
            for standard in (
                text_value(item, "conformsTo"),
                text_value(item, "describedBy"),
            )
            if standard
        ],
        extra={
            name: item[name]
            for name in ("describedByType", "temporalResolution")
            if name in item
        },
    )
