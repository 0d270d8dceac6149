"""What each format says comes to the right field; examples follow the standards, the real files are beside."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from udi.portal.nodes.harvest import format_detection
from udi.portal.nodes.harvest.conversion import ConversionContext, convert
from udi.portal.nodes.harvest.draft import Draft
from udi.portal.nodes.harvest.faults import FaultLevel
from udi.portal.nodes.harvest.record import (
    DistributionKind,
    HarvestedChecksum,
    HarvestedDistribution,
    HarvestedPage,
    HarvestedPeriod,
    HarvestedRecord,
    RecordKind,
    VocabularyTerm,
)
from udi.portal.nodes.harvest.udata import is_companion, list_companions
from udi.protocol.access import AccessRights
from udi.protocol.record import write_record
from udi.protocol.structures import Organisation
from udi.protocol.validation import validate

BASE = "https://source.example/catalogue"
SOURCE = UUID("0f9d7a4e-8f0e-4b53-9d0b-8b4a9e5b3c11")
CONTEXT = ConversionContext(
    source=SOURCE,
    producer=Organisation(id=SOURCE, name="City"),
    found_at=datetime(2026, 11, 25, 12, tzinfo=UTC),
)


def read(body: object, base_url: str = BASE) -> HarvestedPage:
    if isinstance(body, bytes):
        raw = body
    elif isinstance(body, str):
        raw = body.encode()
    else:
        raw = json.dumps(body).encode()
    return format_detection.read(raw, base_url=base_url)


def one(body: object, base_url: str = BASE) -> HarvestedRecord:
    page = read(body, base_url)
    assert [fault.translate() for fault in page.faults] == []
    (record,) = page.records
    return record


def codes(record: HarvestedRecord) -> list[str]:
    return [fault.code for fault in record.faults]


TURTLE = """
@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
@prefix hydra: <http://www.w3.org/ns/hydra/core#> . @prefix vcard: <http://www.w3.org/2006/vcard/ns#> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> . @prefix spdx: <http://spdx.org/rdf/terms#> .
<https://source.example/catalogue> a dcat:Catalog ; dct:language <http://publications.europa.eu/resource/authority/language/FRA> ;
  dcat:dataset <https://source.example/d/1>, <https://source.example/d/2> .
<https://source.example/catalogue?page=1> a hydra:PartialCollectionView ; hydra:next "?page=2" .
<https://source.example/catalogue> hydra:totalItems 2 .
<https://source.example/d/1> a dcat:Dataset ; dct:identifier "trees" ; dct:title "Arbres" , "Trees"@en ;
  dct:description "Un arbre par ligne." ; dcat:keyword "arbre", "rue" ;
  dcat:theme <http://publications.europa.eu/resource/authority/data-theme/ENVI> ;
  dct:accrualPeriodicity <http://publications.europa.eu/resource/authority/frequency/ANNUAL> ;
  dct:issued "2024-05-01" ; dct:modified "2025-06-02T10:00:00Z" ;
  dct:publisher [ foaf:name "Ville d'Exemple" ] ;
  dcat:contactPoint [ vcard:fn "Espaces verts" ; vcard:hasEmail <mailto:Verts@Example.org> ] ;
  dct:temporal [ dcat:startDate "2020" ; dcat:endDate "2024-12-31" ] ;
  dct:spatial [ dcat:bbox "POLYGON((-1.8 48,-1.6 48,-1.6 48.2,-1.8 48.2,-1.8 48))" ] ;
  dcat:distribution <https://source.example/d/1#csv> .
<https://source.example/d/1#csv> a dcat:Distribution ; dcat:downloadURL <https://source.example/trees.csv> ;
  dct:format <http://publications.europa.eu/resource/authority/file-type/CSV> ; dcat:byteSize 12 ;
  dct:license <https://creativecommons.org/licenses/by/4.0/> ;
  spdx:checksum [ spdx:algorithm spdx:checksumAlgorithm_md5 ; spdx:checksumValue "0123456789ABCDEF0123456789abcdef" ] .
"""


def test_dcat_says_every_field() -> None:
    page = read(TURTLE, f"{BASE}?page=1")

    record = page.records[0]
    assert (page.next, page.total) == (f"{BASE}?page=2", 2)
    assert [(fault.code, fault.values["count"]) for fault in page.faults] == [
        ("reference_dangling", 1)
    ]
    assert (record.identifier, record.aliases) == (
        "trees",
        ("https://source.example/d/1",),
    )
    assert record.title == {"fr": "Arbres", "en": "Trees"}
    assert (record.themes, record.frequency) == (("ENVI",), "ANNUAL")
    assert (record.issued, record.modified) == ("2024-05-01", "2025-06-02T10:00:00Z")
    assert record.temporal == (HarvestedPeriod("2020", "2024-12-31"),)
    assert record.spatial.box == (-1.8, 48, -1.6, 48.2)
    assert record.publisher is not None
    assert record.publisher.name == {"fr": "Ville d'Exemple"}
    assert (record.contacts[0].name, record.contacts[0].email) == (
        "Espaces verts",
        "verts@example.org",
    )
    (csv,) = record.distributions
    assert (csv.format, csv.media_type, csv.byte_size) == ("CSV", "text/csv", 12)
    assert csv.checksum == HarvestedChecksum("MD5", "0123456789abcdef0123456789abcdef")
    assert csv.licence is not None
    assert (
        csv.licence.uri
        == "http://publications.europa.eu/resource/authority/licence/CC_BY_4_0"
    )
    assert codes(record) == []


def test_n_triples_and_trig_say_the_same() -> None:
    turtle = read(TURTLE).records[0]
    lines = turtle.source_record.body
    trig = b"<https://source.example/graph> {\n" + lines + b"}\n"

    for body in (lines, trig):
        again = read(body).records[0]
        assert (again.title, again.distributions, again.spatial) == (
            turtle.title,
            turtle.distributions,
            turtle.spatial,
        )


def test_usual_mistakes_of_rdf_are_mended_and_reported() -> None:
    record = one(
        """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dct="http://purl.org/dc/terms/"
        xmlns:dcat="http://www.w3.org/ns/dcat#" xmlns:vcard="http://www.w3.org/2006/vcard/ns#">
        <dcat:Dataset rdf:about="https://source.example/a b"><dct:title xml:lang="fre">Arbres</dct:title>
        <dct:abstract>Un texte</dct:abstract><dct:license rdf:resource=""/>
        <dcat:contactPoint><vcard:Kind><vcard:hasEmail rdf:resource="verts@example.org"/></vcard:Kind></dcat:contactPoint>
        <dcat:distribution><dcat:Distribution><dct:format rdf:resource="CSV"/>
        <dcat:accessURL rdf:resource="https://source.example/a.csv"/></dcat:Distribution></dcat:distribution>
        </dcat:Dataset></rdf:RDF>"""
    )

    assert record.identifier == "https://source.example/a%20b"
    assert record.title == {"fr": "Arbres"}
    assert record.description == {"fr": "Un texte"}
    assert record.contacts[0].email == "verts@example.org"
    assert record.distributions[0].format == "CSV"
    expected = {
        "identifier_absent",
        "language_tag",
        "property_misnamed",
        "licence_empty",
        "licence_missing",
        "relative_reference",
    }
    assert expected <= set(codes(record))


def test_ckan_finds_the_next_page_by_what_it_received() -> None:
    packages = [
        {"id": f"{n}", "name": f"d{n}", "title": "Jeu", "notes": "x", "resources": []}
        for n in range(2)
    ]
    answer = {"help": "", "success": True, "result": {"count": 5, "results": packages}}

    assert read(answer, f"{BASE}?rows=1000&start=2").next == f"{BASE}?rows=1000&start=4"
    assert read(answer, f"{BASE}?rows=1000&start=3").next == ""


def test_ckan_asks_for_a_hundred_where_its_address_names_no_number() -> None:
    package = {"id": "a", "name": "a", "title": "Jeu", "notes": "x", "resources": []}
    answer = {
        "help": "",
        "success": True,
        "result": {"count": 5, "results": [package]},
    }
    search = "https://source.example/api/3/action/package_search"

    assert read(answer, search).next == f"{search}?start=1&rows=100"
    assert read(answer, f"{search}?rows=2").next == f"{search}?rows=2&start=1"
    assert read(answer, f"{search}?start=1").next == f"{search}?start=2"
    assert read(answer).next == f"{BASE}?start=1"


def test_ckan_that_says_no_success_is_no_catalogue() -> None:
    page = read({"help": "", "success": False, "error": {"message": "Too many rows"}})

    assert not page.readable
    [fault] = page.faults
    assert (fault.code, "Too many rows" in str(fault.translate())) == (
        "document_exception",
        True,
    )


@pytest.mark.parametrize(
    ("wordings", "uri"),
    [
        (("https://terms.example/licence", "license"), "https://terms.example/licence"),
        (("notspecified", "https://terms.example/a"), "https://terms.example/a"),
        (("notspecified",), None),
    ],
)
def test_a_licence_whose_name_says_nothing_keeps_its_address(
    wordings: tuple[str, ...], uri: str | None
) -> None:
    licence = Draft(BASE, "en").parse_licence("license", *wordings)

    assert (licence.uri if licence else None) == uri


def test_a_number_of_epsg_is_read_as_one(shared_data: Path) -> None:
    folder = shared_data / "data/catalogues"
    record = one((folder / "uk-gemini_04_Dataset_Valid.xml").read_bytes())

    assert record.spatial.systems == ("EPSG:27700",)


def test_ckan_resources_and_extras(shared_data: Path) -> None:
    folder = shared_data / "data/catalogues"
    plain = one((folder / "ckanext-dcat_ckan_full_dataset_dcat_ap.json").read_bytes())
    extras = one(
        (folder / "ckanext-dcat_ckan_full_dataset_dcat_ap_legacy.json").read_bytes()
    )

    for record in (plain, extras):
        assert record.frequency == "MONTHLY"
        assert record.contacts[0].email == "contact1@example.org"
        assert record.spatial.resolution == 1.5
        assert record.temporal_resolution == "PT15M"
        assert (
            "http://data.europa.eu/eli/reg_impl/2023/138/oj"
            in record.applicable_legislation
        )
        assert record.distributions[0].checksum == HarvestedChecksum(
            "SHA-1", "4304cf2e751e6053c90b1804c89c0ebb758f395a"
        )
        assert record.languages == ("en", "ca", "es")
    assert [creator.name for creator in plain.creators] == [{"fr": "Test Creator"}]
    assert plain.temporal == (
        HarvestedPeriod("1905-03-01", "2013-01-05"),
        HarvestedPeriod("2024-04-10", "2024-05-29"),
    )


def test_dkan_writes_dates_and_sizes_in_words(shared_data: Path) -> None:
    record = one(
        (shared_data / "data/catalogues/udata_dkan-french-w-license.json").read_bytes()
    )

    assert record.access == ""
    assert record.issued == "2019-12-10T09:23:00"
    assert record.distributions[0].byte_size == 42
    assert record.distributions[0].modified == "2019-12-19T03:00:00"
    assert record.licence is not None
    assert record.licence.code == "etalab-1.0"


def test_arcgis_hub_hides_its_licence_in_html(shared_data: Path) -> None:
    page = read((shared_data / "data/catalogues/udata_evian.json").read_bytes())

    assert {
        (record.licence.code, record.licence.match)
        for record in page.records
        if record.licence
    } == {
        ("etalab-2.0", "words"),
        ("etalab", "unversioned"),
    }
    assert sum("placeholder" in codes(record) for record in page.records) == 3
    assert page.records[0].spatial.box == (6.5735, 46.3912, 6.6069, 46.4028)


def test_opendatasoft_offers_its_exports() -> None:
    dataset = {
        "dataset_id": "arbres",
        "dataset_uid": "da_1",
        "has_records": True,
        "features": ["geo"],
        "attachments": [{"id": "doc", "title": "Notice", "mimetype": "application/pdf", "url": "https://source.example/doc.pdf"}],
        "metas": {
            "default": {
                "title": "Arbres", "description": "<p>Un arbre par ligne</p>", "theme": ["Transports, Déplacements"],
                "license": "Licence Ouverte v2.0", "publisher": "Ville", "modified": "2025-01-02T03:04:05+00:00",
                "keyword": ["arbre"], "language": "fr", "records_count": 3,
            },
            "dcat": {"accrualperiodicity": "Annuelle", "temporal": "2009-2012", "contact_email": "a@example.org"},
            "inspire": {},
        },
    }  # fmt: skip
    page = read({"total_count": 3, "results": [dataset]}, f"{BASE}?limit=1&offset=1")

    record = page.records[0]
    assert page.next == f"{BASE}?limit=1&offset=2"
    assert (record.identifier, record.aliases) == ("da_1", ("arbres",))
    assert (record.themes, record.frequency, record.temporal) == (
        ("TRAN",),
        "ANNUAL",
        (HarvestedPeriod("2009", "2012"),),
    )
    formats = [
        distribution.format
        for distribution in record.distributions
        if distribution.kind is DistributionKind.FILE
    ]
    assert formats == ["CSV", "JSON", "XLSX", "PARQUET", "GEOJSON", "SHP", "PDF"]
    assert (
        record.distributions[0].download_url
        == "https://source.example/api/explore/v2.1/catalog/datasets/arbres/exports/csv"
    )


@pytest.mark.thorough
def test_the_csv_and_the_turtle_of_one_catalogue_agree(shared_data: Path) -> None:
    folder = shared_data / "data/catalogues"
    table = read((folder / "opendatasoft-paris_catalog.csv").read_bytes()).records
    turtle = read((folder / "opendatasoft-paris_catalog.ttl").read_bytes()).records
    titles = {next(iter(record.title.values())) for record in turtle}

    assert sum(next(iter(record.title.values())) in titles for record in table) >= 180


def udata(**changes: Any) -> dict[str, Any]:
    resource = {
        "id": "r", "title": "a.csv", "url": "https://source.example/a.csv", "latest": "https://source.example/r", "format": "csv",
        "mime": "text/csv", "filesize": 3, "type": "main", "filetype": "file", "checksum": {"type": "sha1", "value": "a" * 40},
    }  # fmt: skip
    return {
        "id": "5f", "slug": "arbres", "title": "Arbres", "description": "Un arbre", "tags": ["arbre"], "license": "lov2",
        "frequency": "punctual", "organization": {"name": "Ville", "business_number_id": "1"}, "resources": [resource],
        "temporal_coverage": {"start": "2020-01-01", "end": "2020-12-31"}, "created_at": "2020-01-01T00:00:00+00:00",
        "last_modified": "2021-01-01T00:00:00+00:00", "badges": [{"kind": "hvd"}], "access_type": "open",
        "page": "https://source.example/datasets/arbres/",
    } | changes  # fmt: skip


@pytest.mark.parametrize(
    ("address", "companions"),
    [
        ("https://u.example/api/1/datasets/?organization=o&tag=a&page=3&page_size=20&sort=title", "organization=o&tag=a&page_size=100"),
        ("https://u.example/api/2/datasets/search/?q=eau", "q=eau&page_size=100"),
        ("https://u.example/api/1/datasets/", "page_size=100"),
        ("https://u.example/api/1/datasets/?license=lov2", ""),
        ("https://u.example/api/1/datasets/velos/", ""),
        ("https://u.example/api/1/reuses/", ""),
        ("https://[u.example/api/1/datasets/", ""),
    ],
)  # fmt: skip
def test_udata_is_asked_the_same_of_what_it_lists_beside_its_datasets(
    address: str, companions: str
) -> None:
    expected = [
        f"https://u.example/api/1/{name}/?{companions}"
        for name in ("dataservices", "reuses")
    ]

    listed = list_companions(address)

    assert list(listed) == (expected if companions else [])
    assert all(is_companion(companion) for companion in listed)
    assert not is_companion(address.replace("reuses/", "datasets/"))


def test_udata_one_and_two() -> None:
    for answer in (
        {"data": [udata()], "next_page": f"{BASE}?page=2", "total": 2},
        udata(),
    ):
        page = read(answer)
        record = page.records[0]
        assert (page.format, page.next) == (
            "udata",
            f"{BASE}?page=2" if "data" in answer else "",
        )
        assert record.licence is not None
        assert (record.licence.code, record.frequency, record.access) == (
            "etalab-2.0",
            "AS_NEEDED",
            "PUBLIC",
        )
        assert record.distributions[0].checksum == HarvestedChecksum("SHA-1", "a" * 40)
        assert record.applicable_legislation


def test_csw_never_trusts_its_totals(shared_data: Path) -> None:
    folder = shared_data / "data/catalogues"
    following = {
        name: read((folder / name).read_bytes(), f"{BASE}?service=CSW").next.partition("startPosition=")[2]
        for name in (
            "csw-client_records-results-basic.xml", "csw-client_harvest-records-onepage.xml",
            "csw-client_records-hits-basic.xml", "udata_geonetwork-dcat-page-1.xml", "udata_geonetwork-dcat-page-5.xml",
        )
    }  # fmt: skip

    assert list(following.values()) == ["11", "", "", "3", ""]


def test_iso_19139_of_france(shared_data: Path) -> None:
    page = read(
        (
            shared_data / "data/catalogues/udata_geonetwork-iso19139-page-1.xml"
        ).read_bytes()
    )

    first = page.records[0]
    assert "Cartigny" in first.title["fr"]
    assert first.contacts[0].email == "ddtm-sap-bsig@somme.gouv.fr"
    assert first.spatial.systems == ("http://www.opengis.net/def/crs/EPSG/0/2154",)
    assert (first.issued, first.source_modified) == (
        "2017-10-07",
        "2019-03-25T22:55:41.312+01:00",
    )
    assert any("bbox_swapped" in codes(record) for record in page.records)


ISO_3 = """<mdb:MD_Metadata xmlns:mdb="http://standards.iso.org/iso/19115/-3/mdb/2.0" xmlns:cit="http://standards.iso.org/iso/19115/-3/cit/2.0"
 xmlns:mri="http://standards.iso.org/iso/19115/-3/mri/1.0" xmlns:mcc="http://standards.iso.org/iso/19115/-3/mcc/1.0"
 xmlns:lan="http://standards.iso.org/iso/19115/-3/lan/1.0" xmlns:gex="http://standards.iso.org/iso/19115/-3/gex/1.0"
 xmlns:mrd="http://standards.iso.org/iso/19115/-3/mrd/1.0" xmlns:mco="http://standards.iso.org/iso/19115/-3/mco/1.0"
 xmlns:gco="http://standards.iso.org/iso/19115/-3/gco/1.0" xmlns:mrl="http://standards.iso.org/iso/19115/-3/mrl/2.0">
<mdb:metadataIdentifier><mcc:MD_Identifier><mcc:code><gco:CharacterString>abc</gco:CharacterString></mcc:code></mcc:MD_Identifier></mdb:metadataIdentifier>
<mdb:defaultLocale><lan:PT_Locale id="EN"><lan:language><lan:LanguageCode codeListValue="eng"/></lan:language></lan:PT_Locale></mdb:defaultLocale>
<mdb:otherLocale><lan:PT_Locale id="FR"><lan:language><lan:LanguageCode codeListValue="fra"/></lan:language></lan:PT_Locale></mdb:otherLocale>
<mdb:metadataScope><mdb:MD_MetadataScope><mdb:resourceScope><mcc:MD_ScopeCode codeListValue="series"/></mdb:resourceScope></mdb:MD_MetadataScope></mdb:metadataScope>
<mdb:dateInfo><cit:CI_Date><cit:date><gco:DateTime>2024-01-02T00:00:00Z</gco:DateTime></cit:date>
 <cit:dateType><cit:CI_DateTypeCode codeListValue="revision"/></cit:dateType></cit:CI_Date></mdb:dateInfo>
<mdb:identificationInfo><mri:MD_DataIdentification>
<mri:citation><cit:CI_Citation><cit:title><gco:CharacterString>Trees</gco:CharacterString><lan:PT_FreeText><lan:textGroup>
 <lan:LocalisedCharacterString locale="#FR">Arbres</lan:LocalisedCharacterString></lan:textGroup></lan:PT_FreeText></cit:title>
 <cit:date><cit:CI_Date><cit:date><gco:Date>2020-05-06</gco:Date></cit:date><cit:dateType><cit:CI_DateTypeCode codeListValue="publication"/></cit:dateType></cit:CI_Date></cit:date>
</cit:CI_Citation></mri:citation><mri:abstract><gco:CharacterString>One tree a line.</gco:CharacterString></mri:abstract>
<mri:pointOfContact><cit:CI_Responsibility><cit:role><cit:CI_RoleCode codeListValue="owner"/></cit:role><cit:party><cit:CI_Organisation>
 <cit:name><gco:CharacterString>City</gco:CharacterString></cit:name><cit:contactInfo><cit:CI_Contact><cit:address><cit:CI_Address>
 <cit:electronicMailAddress><gco:CharacterString>a@example.org</gco:CharacterString></cit:electronicMailAddress></cit:CI_Address></cit:address></cit:CI_Contact></cit:contactInfo>
</cit:CI_Organisation></cit:party></cit:CI_Responsibility></mri:pointOfContact>
<mri:topicCategory><mri:MD_TopicCategoryCode>transportation</mri:MD_TopicCategoryCode></mri:topicCategory>
<mri:extent><gex:EX_Extent><gex:geographicElement><gex:EX_GeographicBoundingBox><gex:westBoundLongitude><gco:Decimal>-2</gco:Decimal></gex:westBoundLongitude>
 <gex:eastBoundLongitude><gco:Decimal>-1</gco:Decimal></gex:eastBoundLongitude><gex:southBoundLatitude><gco:Decimal>48</gco:Decimal></gex:southBoundLatitude>
 <gex:northBoundLatitude><gco:Decimal>49</gco:Decimal></gex:northBoundLatitude></gex:EX_GeographicBoundingBox></gex:geographicElement></gex:EX_Extent></mri:extent>
<mri:resourceConstraints><mco:MD_LegalConstraints><mco:useConstraints><mco:MD_RestrictionCode codeListValue="otherRestrictions"/></mco:useConstraints>
 <mco:otherConstraints><gco:CharacterString>Licence Ouverte 2.0</gco:CharacterString></mco:otherConstraints></mco:MD_LegalConstraints></mri:resourceConstraints>
</mri:MD_DataIdentification></mdb:identificationInfo>
<mdb:distributionInfo><mrd:MD_Distribution><mrd:transferOptions><mrd:MD_DigitalTransferOptions><mrd:onLine><cit:CI_OnlineResource>
 <cit:linkage><gco:CharacterString>https://source.example/wms?service=WMS</gco:CharacterString></cit:linkage>
 <cit:protocol><gco:CharacterString>OGC:WMS</gco:CharacterString></cit:protocol></cit:CI_OnlineResource></mrd:onLine></mrd:MD_DigitalTransferOptions></mrd:transferOptions></mrd:MD_Distribution></mdb:distributionInfo>
<mdb:resourceLineage><mrl:LI_Lineage><mrl:statement><gco:CharacterString>Surveyed.</gco:CharacterString></mrl:statement></mrl:LI_Lineage></mdb:resourceLineage>
</mdb:MD_Metadata>"""


def test_iso_19115_3() -> None:
    record = one(ISO_3)

    assert (record.identifier, record.kind) == ("abc", RecordKind.SERIES)
    assert record.title == {"en": "Trees", "fr": "Arbres"}
    assert (record.themes, record.issued, record.source_modified) == (
        ("TRAN",),
        "2020-05-06",
        "2024-01-02T00:00:00Z",
    )
    assert record.spatial.box == (-2, 48, -1, 49)
    assert record.publisher is not None
    assert record.publisher.name == {"en": "City"}
    assert record.licence is not None
    assert record.licence.code == "etalab-2.0"
    assert (record.distributions[0].kind, record.distributions[0].format) == (
        DistributionKind.SERVICE,
        "WMS_SRVC",
    )
    assert record.provenance == {"en": "Surveyed."}


def test_ogc_records_with_an_open_interval(shared_data: Path) -> None:
    record = one(
        (shared_data / "data/catalogues/ogcapi-records_record.json").read_bytes()
    )

    assert record.identifier.startswith(
        "urn:x-wmo:md:int.wmo.wis::https://geo.woudc.org"
    )
    assert record.temporal == (HarvestedPeriod("1924-08-17T00:00:00Z", ""),)
    assert record.languages == ("en", "fr")
    assert record.publisher is not None


def test_ogc_records_follow_their_links() -> None:
    feature = {
        "type": "Feature",
        "id": "1",
        "geometry": None,
        "properties": {"title": "Trees", "type": "dataset"},
    }
    following = {"rel": "next", "href": "?offset=10"}

    page = read(
        {
            "type": "FeatureCollection",
            "features": [feature],
            "numberMatched": 20,
            "links": [following],
        }
    )

    assert (page.next, page.total, page.records[0].identifier) == (
        f"{BASE}?offset=10",
        20,
        "1",
    )


STAC: dict[str, Any] = {
    "type": "Collection", "stac_version": "1.0.0", "id": "s2", "title": "Scenes", "description": "Images", "license": "proprietary",
    "extent": {"spatial": {"bbox": [[-2, 48, 0, -1, 49, 100]]}, "temporal": {"interval": [["2015-06-27T10:25:31Z", None]]}},
    "providers": [{"name": "ESA", "roles": ["producer"], "url": "https://esa.example"}], "keywords": ["image"],
    "links": [{"rel": "license", "href": "https://creativecommons.org/licenses/by/4.0/"}, {"rel": "items", "href": "s2/items"}],
    "assets": {"index": {"href": "index.parquet", "type": "application/vnd.apache.parquet", "roles": ["data"]}},
}  # fmt: skip


def test_stac() -> None:
    record = one({"collections": [STAC], "links": []})

    assert record.spatial.box == (-2, 48, -1, 49)
    assert record.temporal == (HarvestedPeriod("2015-06-27T10:25:31Z", ""),)
    assert record.licence is not None
    assert record.licence.uri.endswith("CC_BY_4_0")
    assert [distribution.url for distribution in record.distributions] == [
        "https://source.example/index.parquet",
        "https://source.example/s2/items",
    ]
    assert read(
        {
            "type": "Catalog",
            "stac_version": "1.0.0",
            "id": "r",
            "links": [{"rel": "child", "href": "s2.json"}],
        }
    ).links == ("https://source.example/s2.json",)
    assert (
        read({"type": "Feature", "stac_version": "1.0.0", "id": "x"}).faults[0].code
        == "document_unsupported"
    )


LINKED = {
    "@context": "https://schema.org/", "@type": "Dataset", "name": "Trees", "description": "One tree a line", "identifier": "t1",
    "keywords": "tree, street", "license": "https://creativecommons.org/licenses/by/4.0/", "temporalCoverage": "2020/2024",
    "publisher": {"@type": "Organization", "name": "City", "email": "a@example.org"}, "dateModified": "2025-01-01",
    "spatialCoverage": {"@type": "Place", "geo": {"@type": "GeoShape", "box": "48 -2 49 -1"}},
    "distribution": [{"@type": "DataDownload", "contentUrl": "trees.csv", "encodingFormat": "text/csv", "contentSize": "1 kB"}],
}  # fmt: skip
MICRODATA = """<!doctype html><title>Trees</title><div itemscope itemtype="https://schema.org/Dataset">
<h1 itemprop="name">Trees</h1><p itemprop="description">One <b>tree</b> a line</p><meta itemprop="identifier" content="t1">
<a itemprop="license" href="https://creativecommons.org/licenses/by/4.0/">CC BY</a>
<div itemprop="distribution" itemscope itemtype="https://schema.org/DataDownload"><a itemprop="contentUrl" href="trees.csv">CSV</a>
<span itemprop="encodingFormat">text/csv</span></div></div>"""


def test_schema_org_in_a_page() -> None:
    script = f'<!doctype html><title>x</title><script type="application/ld+json">{json.dumps(LINKED)}</script><p>Trees'
    for body in (script, json.dumps(LINKED), MICRODATA):
        record = one(body, "https://source.example/pages/trees")
        assert (record.identifier, record.title, record.description) == (
            "t1",
            {"fr": "Trees"},
            {"fr": "One tree a line"},
        )
        assert record.licence is not None
        assert record.licence.uri.endswith("CC_BY_4_0")
        assert (
            record.distributions[0].download_url,
            record.distributions[0].format,
        ) == (
            "https://source.example/pages/trees.csv",
            "CSV",
        )
    record = one(script)
    assert (record.spatial.box, record.temporal) == (
        (-2, 48, -1, 49),
        (HarvestedPeriod("2020", "2024"),),
    )
    assert (record.keywords, record.distributions[0].byte_size) == (
        {"fr": ("tree", "street")},
        1000,
    )


def test_a_page_without_dataset_is_no_catalogue() -> None:
    assert (
        read("<!doctype html><title>Hello</title><p>Hello").faults[0].code
        == "document_unknown"
    )


def test_a_catalogue_of_schema_org_leads_to_its_datasets() -> None:
    catalogue = {
        "@context": "https://schema.org",
        "@type": "DataCatalog",
        "dataset": [{"@type": "Dataset", "url": "/d/1"}],
    }

    assert read(catalogue).links == ("https://source.example/d/1",)


def test_data_package_stays_below_its_folder() -> None:
    package = {
        "name": "trees", "title": "Trees", "description": "x", "licenses": [{"name": "ODC-By-1.0"}], "version": "1.0",
        "contributors": [{"title": "City", "role": "publisher", "email": "a@example.org"}],
        "resources": [
            {"name": "trees", "path": ["data/trees.csv", "../../etc/passwd", "/etc/passwd"], "format": "csv", "bytes": 3, "hash": f"sha256:{'a' * 64}"}
        ],
    }  # fmt: skip
    record = one(package, "https://source.example/p/datapackage.json")

    assert [distribution.url for distribution in record.distributions] == [
        "https://source.example/p/data/trees.csv"
    ]
    assert record.distributions[0].checksum == HarvestedChecksum("SHA-256", "a" * 64)
    assert codes(record).count("url_not_web") == 2
    assert record.licence is not None
    assert record.licence.uri.endswith("ODC_BY")


def test_rudi_is_read_and_refused_by_its_own_rules(shared_data: Path) -> None:
    folder = shared_data / "reference/rudi-samples"
    good = json.loads((folder / "07-portal-open.json").read_text())
    bad = json.loads((folder / "09-portal-no-updated-date-INVALID.json").read_text())

    page = read({"total": 4, "items": [good, bad]}, f"{BASE}?limit=2")

    assert page.next == f"{BASE}?limit=2&offset=2"
    assert page.dataset_count == 2
    assert [record.identifier for record in (*page.records, *page.refused)] == [
        good["global_id"],
        bad["global_id"],
    ]
    assert page.refused[0].faults[0].code == "ERR-106"
    assert all(
        fault.level is FaultLevel.REFUSED
        for fault in page.refused[0].faults
        if fault.code.startswith("ERR")
    )


def test_rudi_records_of_older_nodes_are_brought_to_the_version_of_today(
    shared_data: Path,
) -> None:
    folder = shared_data / "reference/rudi-samples"
    old = json.loads((folder / "20-datarennes-extract.json").read_text())

    page = read({"total": len(old), "items": old}, BASE)

    assert len(page.records) == 54
    assert len(page.refused) == 6
    assert all(
        "distribution_none" in {fault.code for fault in record.faults}
        for record in page.refused
    )
    received = {record["global_id"]: record for record in old}
    assert all(
        json.loads(record.source_record.body) == received[record.identifier]
        for record in page.records
    )
    converted = [convert(record, CONTEXT).record for record in page.records]
    assert {record.access for record in converted} == {AccessRights.PUBLIC}


def test_each_translation_of_an_old_rudi_record_is_told(shared_data: Path) -> None:
    folder = shared_data / "reference/rudi-samples"
    old = json.loads((folder / "20-datarennes-extract.json").read_text())

    page = read({"total": len(old), "items": old}, BASE)

    translations = {
        (fault.code, fault.field, fault.values.get("value"), fault.values["read"])
        for fault in page.records[0].faults
        if fault.code.startswith("rudi_")
    }
    assert {
        ("rudi_translated", "theme", "Economie", "economy"),
        ("rudi_translated", "available_formats.file_size", '"343687"', "343687"),
        (
            "rudi_added",
            "access_condition.confidentiality.restricted_access",
            None,
            "false",
        ),
    } <= translations


def test_a_restricted_rudi_record_of_an_older_node_stays_restricted(
    shared_data: Path,
) -> None:
    folder = shared_data / "reference/rudi-samples"
    old = json.loads((folder / "20-datarennes-extract.json").read_text())
    file = next(record for record in old if any(record["available_formats"]))

    [record] = read([file | {"restricted_access": True}], BASE).records

    assert record.access == "RESTRICTED"
    assert convert(record, CONTEXT).record.access is AccessRights.RESTRICTED


def test_a_rudi_record_of_a_trial_is_left_aside_and_reported(
    shared_data: Path,
) -> None:
    folder = shared_data / "reference/rudi-samples"
    good = json.loads((folder / "07-portal-open.json").read_text())

    page = read([good | {"collection_tag": "essais"}], BASE)

    assert page.records == ()
    assert page.dataset_count == 0
    [left_aside] = page.refused
    assert (left_aside.identifier, left_aside.title) == (
        good["global_id"],
        good["resource_title"],
    )
    assert [(fault.code, fault.level) for fault in left_aside.faults] == [
        ("record_of_trial", FaultLevel.IGNORED)
    ]


def test_rudi_records_that_cannot_be_walked_are_refused_alone(
    shared_data: Path,
) -> None:
    folder = shared_data / "reference/rudi-samples"
    old = json.loads((folder / "20-datarennes-extract.json").read_text())
    good = next(record for record in old if any(record["available_formats"]))
    deep: dict[str, Any] = {}
    for _ in range(60):
        deep = {"global_id": deep}

    page = read({"total": 3, "items": [good, "no record", deep]}, BASE)

    assert [record.identifier for record in page.records] == [good["global_id"]]
    assert len(page.refused) == 2


def test_a_folder_of_files_leads_below_only() -> None:
    listing = """<html><head><title>Index of /meta</title></head><body><h1>Index of /meta</h1><a href="?C=M;O=A">Date</a>
    <a href="/">Parent</a><a href="a.xml">a</a><a href="b%20c.ttl">b</a><a href="sub/">sub</a><a href="photo.jpg">p</a>
    <a href="https://elsewhere.example/x.xml">x</a><a href="../up.xml">up</a><a href="a.xml#1">a</a></body></html>"""

    page = read(listing, "https://source.example/meta/")

    assert page.format == "waf"
    assert page.links == (
        "https://source.example/meta/a.xml",
        "https://source.example/meta/b%20c.ttl",
        "https://source.example/meta/sub/",
    )


def test_the_same_identifier_twice() -> None:
    first = {"identifier": "1", "title": "Trees", "distribution": []}
    same = read([first, first])
    other = read([first, {**first, "title": "Benches"}])

    assert (same.dataset_count, len(same.records)) == (1, 1)
    assert (other.dataset_count, len(other.records)) == (2, 1)
    assert (
        other.refused[0].faults[0].translate()[0]
        == "The identifier 1 is already that of “Trees”."
    )


def test_a_theme_that_means_nothing_here_is_kept_as_a_keyword() -> None:
    record = one(
        [{"identifier": "1", "title": "x", "theme": ["Nonsense"], "distribution": []}]
    )

    assert record.themes == ()
    assert record.themes_other == (VocabularyTerm(label="Nonsense"),)
    assert record.keywords == {"fr": ("Nonsense",)}
    assert "theme_unknown" in codes(record)


def test_distributions_keep_what_no_table_knows() -> None:
    record = one(
        [
            {
                "identifier": "1",
                "title": "x",
                "distribution": [
                    {
                        "downloadURL": "https://source.example/a.sas7bdat",
                        "format": "SAS",
                    }
                ],
            }
        ]
    )

    assert record.distributions == (
        HarvestedDistribution(
            download_url="https://source.example/a.sas7bdat", format_label="SAS"
        ),
    )
    assert "format_unknown" in codes(record)


def test_a_series_is_kept_at_an_address_that_a_record_may_have() -> None:
    record = one("""
@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
<https://source.example/d/1> a dcat:Dataset ; dct:identifier "trees" ; dct:title "Arbres" ;
  dcat:inSeries <https://source.example/s/1>, <ftp://source.example/s/2>, <https://source.example/50%remise> .
""")

    ours = convert(record, CONTEXT).record

    assert {series.url for series in ours.series} == {
        "https://source.example/s/1",
        "https://source.example/50%25remise",
    }
    assert "ftp://source.example/s/2" in ours.extra["harvested"]["series"]
    document = write_record(ours)
    assert [
        fault for fault in validate(document) if "dataset_series" in fault.field
    ] == []


def test_a_link_with_stray_signs_is_mended_and_reported() -> None:
    record = one(
        {
            "dataset": [
                {
                    "identifier": "trees",
                    "title": "Arbres",
                    "landingPage": "https://source.example/50%remise#a#b",
                }
            ]
        }
    )

    assert record.landing_page == "https://source.example/50%25remise#a%23b"
    assert "iri_invalid" in codes(record)


def test_the_mail_address_of_a_person_is_not_passed_on() -> None:
    document = b"""@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
<https://source.example/1> a dcat:Dataset ; dct:title "Trees" ;
  dct:creator [ a foaf:Person ; foaf:name "Somebody" ; foaf:mbox <mailto:somebody@source.example> ] ;
  dct:rightsHolder [ a foaf:Agent ; foaf:name "Town" ; foaf:mbox <mailto:town@source.example> ] ."""
    metadata = convert(one(document), CONTEXT).record.metadata

    assert [agent.email for agent in metadata.creators] == [""]
    assert [agent.email for agent in metadata.rights_holders] == ["town@source.example"]


PERSONS = {
    "a class of RDF": """@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
<https://source.example/1> a dcat:Dataset ; dct:title "Trees" ;
  dct:publisher [ a foaf:Person ; foaf:name "Somebody" ; foaf:mbox <mailto:somebody@source.example> ] .""",
    "who made it stands for the publisher": """@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dct: <http://purl.org/dc/terms/> . @prefix foaf: <http://xmlns.com/foaf/0.1/> .
<https://source.example/1> a dcat:Dataset ; dct:title "Trees" ;
  dct:creator [ a foaf:Person ; foaf:name "Somebody" ; foaf:mbox <mailto:somebody@source.example> ] .""",
    "a type of ADMS": """@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
<https://source.example/1> a dcat:Dataset ; dct:title "Trees" ; dct:publisher [ a foaf:Agent ; foaf:name "Somebody" ;
  dct:type <http://purl.org/adms/publishertype/PrivateIndividual(s)> ; foaf:mbox <mailto:somebody@source.example> ] .""",
    "extras of CKAN": {
        "success": True,
        "result": {
            "results": [
                {
                    "id": "t1",
                    "name": "trees",
                    "title": "Trees",
                    "resources": [],
                    "extras": [
                        {"key": f"{role}_{part}", "value": value}
                        for role in ("publisher", "creator")
                        for part, value in {
                            "name": "Somebody",
                            "email": "somebody@source.example",
                            "type": "http://purl.org/adms/publishertype/PrivateIndividual(s)",
                        }.items()
                    ],
                }
            ],
            "count": 1,
        },
    },
    "schema.org": {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "name": "Trees",
        "creator": {
            "@type": "Person",
            "name": "Somebody",
            "email": "somebody@source.example",
            "telephone": "+33 2 99 00 00 00",
        },
    },
    "Project Open Data": {
        "dataset": [
            {
                "identifier": "t1",
                "title": "Trees",
                "publisher": {
                    "@type": "foaf:Person",
                    "name": "Somebody",
                    "email": "somebody@source.example",
                },
            }
        ]
    },
}


@pytest.mark.parametrize("name", PERSONS)
def test_a_person_is_no_contact(name: str) -> None:
    record = one(PERSONS[name])
    written = write_record(convert(record, CONTEXT).record)

    assert record.publisher
    assert record.publisher.is_person
    assert record.contacts == ()
    assert "@" not in json.dumps(written.get("dcat", {})) + json.dumps(
        written.get("contacts", [])
    )
