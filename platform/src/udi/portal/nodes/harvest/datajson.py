"""`data.json` (Project Open Data 1.1 and ArcGIS Hub), and the JSON of DCAT that ckanext-dcat writes with the same keys."""

from typing import Any

from udi.portal.nodes.harvest import kinds
from udi.portal.nodes.harvest.draft import Draft
from udi.portal.nodes.harvest.fields import (
    Item,
    items,
    put_keywords,
    put_languages,
    put_links,
    put_terms,
    put_texts,
    read_items,
    rest,
    texts,
    word,
    words,
)
from udi.portal.nodes.harvest.finish import make_page
from udi.portal.nodes.harvest.opening import read_json
from udi.portal.nodes.harvest.parts import Raw, add_contact, add_distribution
from udi.portal.nodes.harvest.places import read_box, read_geojson
from udi.portal.nodes.harvest.record import Agent, Page
from udi.portal.nodes.harvest.vocabulary import find_language
from udi.protocol.texts import Texts

KNOWN = {
    "title", "description", "identifier", "keyword", "theme", "publisher", "contactPoint", "distribution",
    "license", "accessLevel", "rights", "issued", "modified", "accrualPeriodicity", "temporal", "spatial",
    "language", "landingPage", "references", "dataQuality", "conformsTo", "describedBy", "version", "creator",
    "isPartOf",
}  # fmt: skip
MISNAMED = {"langauge": "language", "desctiption": "description", "Title": "title"}


def read(page: bytes, *, base_url: str, language: str = "fr") -> Page:
    """A catalogue, a list of datasets, or one.

    Raises:
        RefusedDocumentError: it is not JSON.
    """
    value, faults = read_json(page)
    datasets: list[Any] = value if isinstance(value, list) else [value]
    usual = language
    if isinstance(value, dict) and isinstance(value.get("dataset"), list):
        datasets = value["dataset"]
        usual = next((code for each in words(value.get("language")) if (code := find_language(each))), language)
    outcomes = list(read_items(datasets, _dataset, base_url=base_url, language=usual))
    return make_page(outcomes, format="data.json", faults=tuple(faults))


def _dataset(item: Item, draft: Draft) -> None:
    item = _renamed(item, draft)
    put_languages(draft, words(item.get("language")))
    draft.identifier = word(item, "identifier", "@id")
    if not draft.identifier and word(item, "landingPage"):
        draft.identifier = word(item, "landingPage")
        draft.say(kinds.IDENTIFIER_ABSENT, "identifier")
    texts_of = (("title", draft.title), ("description", draft.description), ("dataQuality", draft.provenance))
    put_texts(draft, item, *texts_of)
    put_keywords(draft, item, "keyword")
    for each in words(item.get("theme")):
        draft.theme("theme", each)
    _rights(item, draft)
    _people(item, draft)
    _coverage(item, draft)
    draft.landing_page = draft.url("landingPage", word(item, "landingPage"))
    put_links(draft, item, "references", draft.documentation)
    put_terms(draft, item, "conformsTo", draft.conforms_to)
    put_terms(draft, item, "isPartOf", draft.series)
    draft.version = draft.clean("version", word(item, "version"))
    for place, found in enumerate(items(item.get("distribution"))):
        add_distribution(draft, f"distribution[{place}]", _raw(found))
    rest(draft, item, KNOWN)


def _renamed(item: Item, draft: Draft) -> Item:
    renamed = dict(item)
    for each in items(item.get("distribution")):
        for wrong in MISNAMED.keys() & each.keys():
            draft.say(kinds.MISNAMED, f"distribution.{wrong}", value=wrong, read=MISNAMED[wrong])
    for wrong, right in MISNAMED.items():
        if wrong in item:
            draft.say(kinds.MISNAMED, wrong, value=wrong, read=right)
            renamed.setdefault(right, renamed.pop(wrong))
    return renamed


def _rights(item: Item, draft: Draft) -> None:
    draft.licence = draft.licensed("license", *words(item.get("license")))
    draft.rightful("accessLevel", word(item, "accessLevel"))
    for each in words(item.get("rights")):
        draft.rightful("rights", each)
    draft.issued = draft.date("issued", word(item, "issued"))
    modified = word(item, "modified")
    if modified.startswith("R/"):
        # Project Open Data lets a rhythm stand where the last change does.
        draft.often("modified", modified)
    else:
        draft.modified = draft.date("modified", modified)
    draft.often("accrualPeriodicity", word(item, "accrualPeriodicity"))


def _people(item: Item, draft: Draft) -> None:
    for said in (*items(item.get("publisher")), *items(item.get("creator"))):
        name: Texts = {}
        for words_, tag in texts(said, "name"):
            draft.text(name, "publisher", words_, tag)
        if name and not draft.publisher:
            email = word(said, "email", "mbox").lower()
            draft.publisher = Agent(
                name=name, identifier=word(said, "identifier", "@id"), email=email, url=word(said, "url")
            )
            draft.keep("publisher.subOrganizationOf", said.get("subOrganizationOf"))
    if isinstance(item.get("publisher"), str) and not draft.publisher:
        draft.publisher = Agent(name={draft.language: draft.clean("publisher", item["publisher"])})
    for each in items(item.get("contactPoint")):
        email, url = word(each, "hasEmail", "email"), word(each, "hasURL", "url")
        add_contact(draft, "contactPoint", name=word(each, "fn", "name"), email=email, url=url)


def _coverage(item: Item, draft: Draft) -> None:
    for each in words(item.get("temporal")):
        draft.span("temporal", each)
    spatial = item.get("spatial")
    if isinstance(spatial, dict):
        draft.box("spatial", *read_geojson(spatial))
        return
    for each in words(spatial):
        if box := read_box(each):
            draft.box("spatial", box)
        elif named := draft.clean("spatial", each):
            draft.named_place(named if named.startswith("http") else "", "" if named.startswith("http") else named)


def _raw(item: Item) -> Raw:
    item = {MISNAMED.get(name, name): value for name, value in item.items()}
    return Raw(
        identifier=word(item, "identifier", "@id"),
        titles=texts(item, "title"),
        descriptions=texts(item, "description"),
        access=word(item, "accessURL"),
        download=word(item, "downloadURL"),
        formats=[word(item, "format")],
        media_types=[word(item, "mediaType")],
        size=word(item, "byteSize", "size") or None,
        licences=[each for each in words(item.get("license")) if each],
        rights=[(each, "") for each in words(item.get("rights"))],
        issued=word(item, "issued"),
        modified=word(item, "modified"),
        languages=words(item.get("language")),
        conforms_to=[each for each in (word(item, "conformsTo"), word(item, "describedBy")) if each],
        extra={name: item[name] for name in ("describedByType", "temporalResolution") if name in item},
    )
