"""Languages of what others write: ISO in several, texts without a tag, names of files; and one format a link."""

import json
from datetime import UTC, datetime
from uuid import UUID

import pytest

from udi.portal.nodes.harvest import format_detection
from udi.portal.nodes.harvest.conversion import ConversionContext, convert
from udi.portal.nodes.harvest.language_detection import detect_language
from udi.portal.nodes.harvest.record import HarvestedRecord
from udi.protocol.rdf import write_dataset
from udi.protocol.structures import Organisation
from udi.protocol.triples import term

ORIGIN = "https://source.example/"
SOURCE = UUID("6a5b0e0c-7a52-4f3e-9df1-3f0d4d1f2a10")
CONTEXT = ConversionContext(
    source=SOURCE,
    producer=Organisation(id=SOURCE, name="Ville d'Exemple"),
    found_at=datetime(2026, 11, 25, tzinfo=UTC),
)
TEXTS = {
    "fr": "Les arbres des rues de la ville, avec leur essence, la date à laquelle ils ont été plantés et leur hauteur.",
    "en": "The trees of the streets of the town, with their species, the day on which they were planted and their height.",
    "es": "Los árboles de las calles de la ciudad, con su especie, la fecha en que se plantaron y la altura de cada uno.",
    "de": "Die Bäume der Straßen der Stadt mit ihrer Art, dem Tag, an dem sie gepflanzt wurden, und der Höhe für das Jahr.",
    "it": "Gli alberi delle strade della città, con la specie, il giorno in cui sono stati piantati e l'altezza di ogni pianta.",
    "pt": "As árvores das ruas da cidade, com a espécie, o dia em que foram plantadas e a altura de cada uma, não são todas.",
    "nl": "De bomen van de straten in de stad, met de soort, de dag waarop het is geplant en de hoogte van een boom.",
}  # fmt: skip


@pytest.mark.parametrize(("language", "text"), TEXTS.items())
def test_a_text_tells_its_language(language: str, text: str) -> None:
    assert detect_language(text) == language


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Arbres",
        "Open data Paris 2024",
        f"{TEXTS['fr']} {TEXTS['en']}",
        "Els arbres dels carrers de la ciutat, amb l'espècie, el dia que es van plantar i l'alçada de cada un.",
        "Stromy v ulicích města, jejich druh, den, kdy byly zasazeny, a jejich výška pro každý rok od roku 2000.",
    ],
)
def test_a_text_that_is_short_mixed_or_in_another_language_tells_nothing(
    text: str,
) -> None:
    assert detect_language(text) == ""


def read_json(**fields: object) -> HarvestedRecord:
    dataset = {"identifier": "1", "title": "Trees", "distribution": []} | fields
    page = format_detection.read(
        json.dumps([dataset]).encode(), base_url=ORIGIN, language="fr"
    )
    return page.records[0]


def test_a_text_without_a_tag_is_put_under_its_language() -> None:
    file = {"downloadURL": "https://d.example/trees.csv", "title": "List of trees"}
    record = read_json(description=TEXTS["en"], keyword=["trees"], distribution=[file])

    assert record.title == {"en": "Trees"}
    assert record.description == {"en": TEXTS["en"]}
    assert record.keywords == {"en": ("trees",)}
    assert record.distributions[0].title == {"en": "List of trees"}
    assert convert(record, CONTEXT).record.languages == ("en",)


def test_the_words_of_a_text_do_not_override_what_its_record_says() -> None:
    stated = read_json(description=TEXTS["en"], language=["it"])
    unsure = read_json(description="Trees of 2024")
    tagged = f"""@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
<https://d.example/1> a dcat:Dataset ; dct:identifier "1" ; dct:title "Trees"@nl ; dct:description "{TEXTS["en"]}"@nl ."""
    page = format_detection.read(tagged.encode(), base_url=ORIGIN, language="fr")

    assert set(stated.description) == {"it"}
    assert set(unsure.description) == {"fr"}
    assert set(page.records[0].description) == {"nl"}


def iso(distribution: str, *, constraints: str = "") -> HarvestedRecord:
    body = f"""<gmd:MD_Metadata xmlns:gmd="http://www.isotc211.org/2005/gmd" xmlns:gco="http://www.isotc211.org/2005/gco"
 xmlns:che="http://www.geocat.ch/2008/che">
<gmd:fileIdentifier><gco:CharacterString>abc</gco:CharacterString></gmd:fileIdentifier>
<gmd:language><gmd:LanguageCode codeList="x" codeListValue="ger"/></gmd:language>
<gmd:locale><gmd:PT_Locale id="FR"><gmd:languageCode><gmd:LanguageCode codeList="x" codeListValue="fre"/></gmd:languageCode></gmd:PT_Locale></gmd:locale>
<gmd:identificationInfo><gmd:MD_DataIdentification>
<gmd:citation><gmd:CI_Citation>{text("title", "Bäume", "Arbres")}</gmd:CI_Citation></gmd:citation>
{text("abstract", "Bäume der Stadt.", "Arbres de la ville.")}{constraints}
</gmd:MD_DataIdentification></gmd:identificationInfo>
<gmd:distributionInfo><gmd:MD_Distribution>{distribution}</gmd:MD_Distribution></gmd:distributionInfo></gmd:MD_Metadata>"""
    [record] = format_detection.read(body.encode(), base_url=ORIGIN).records
    return record


def text(name: str, german: str, french: str) -> str:
    return f"""<gmd:{name}><gco:CharacterString>{german}</gco:CharacterString><gmd:PT_FreeText><gmd:textGroup>
<gmd:LocalisedCharacterString locale="#FR">{french}</gmd:LocalisedCharacterString></gmd:textGroup></gmd:PT_FreeText></gmd:{name}>"""


def link(linkage: str, names: str = "") -> str:
    return f"""<gmd:transferOptions><gmd:MD_DigitalTransferOptions><gmd:onLine><gmd:CI_OnlineResource>
<gmd:linkage>{linkage}</gmd:linkage>{names}</gmd:CI_OnlineResource></gmd:onLine></gmd:MD_DigitalTransferOptions></gmd:transferOptions>"""


def url(address: str) -> str:
    return f"<gmd:URL>{address}</gmd:URL>"


def free_url(*addresses: str) -> str:
    groups = "".join(
        f"<che:URLGroup><che:LocalisedURL>{address}</che:LocalisedURL></che:URLGroup>"
        for address in addresses
    )
    return f"<che:PT_FreeURL>{groups}</che:PT_FreeURL>"


def formats(*names: str) -> str:
    return "".join(
        f"<gmd:distributionFormat><gmd:MD_Format><gmd:name><gco:CharacterString>{name}</gco:CharacterString></gmd:name></gmd:MD_Format></gmd:distributionFormat>"
        for name in names
    )


@pytest.mark.parametrize(
    ("title", "summary", "titles", "written"),
    [
        ('"Trees"@en', '"All of them"@en', {}, '"Trees"@en'),
        ('"Trees"@en', '"Tous"@fr', {"en": "Trees"}, '"Trees"@en'),
        ('"Trees"@en', '"All"@en, "Tous"@fr', {"en": "Trees"}, '"Trees"@en'),
        ('"Trees"@en, "Arbres"@fr', '"Tous"@fr', {"en": "Trees", "fr": "Arbres"}, '"Arbres"@fr'),
    ],
)  # fmt: skip
def test_the_language_of_a_title_is_that_of_the_source(
    title: str, summary: str, titles: dict[str, str], written: str
) -> None:
    document = f"""@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
<{ORIGIN}trees> a dcat:Dataset ; dct:title {title} ; dct:description {summary} ."""
    page = format_detection.read(document.encode(), base_url=ORIGIN, language="fr")

    record = convert(page.records[0], CONTEXT).record

    assert record.titles == titles
    title_nodes = [
        node
        for _, name, node in write_dataset("https://ours.example", record)
        if name == term("dct:title")
    ]
    assert written in title_nodes


def test_a_link_in_several_languages_has_one_address_and_its_names() -> None:
    record = iso(
        link(
            url("https://a.example/de") + free_url("https://a.example/fr"),
            text("name", "Liste", "La liste"),
        )
        + link(free_url("https://b.example/de", "https://b.example/fr"))
    )

    media = convert(record, CONTEXT).record.media
    assert [medium.url for medium in media] == [
        "https://a.example/de",
        "https://b.example/de",
    ]
    assert media[0].names == {"de": "Liste", "fr": "La liste"}
    assert media[0].name == "La liste"
    assert record.title == {"de": "Bäume", "fr": "Arbres"}


def test_constraints_of_use_have_their_languages() -> None:
    record = iso(
        "",
        constraints="<gmd:resourceConstraints><gmd:MD_Constraints>"
        + text("useLimitation", "Nur für Schulen.", "Pour les écoles.")
        + "</gmd:MD_Constraints></gmd:resourceConstraints>",
    )

    constraints = convert(record, CONTEXT).record.constraints
    assert constraints.usage == {"de": "Nur für Schulen.", "fr": "Pour les écoles."}


def test_the_formats_of_a_dataset_are_not_those_of_each_link() -> None:
    several = iso(
        formats("CSV", "GeoTIFF")
        + link(url("https://a.example/one"))
        + link(url("https://a.example/two.pdf"))
    )
    single = iso(
        formats("GeoTIFF")
        + link(url("https://a.example/one"))
        + link(url("https://a.example/two.pdf"))
        + link(url("https://a.example/three.zip"))
    )

    assert [item.format for item in several.distributions] == ["", "PDF"]
    assert [item.format for item in single.distributions] == [
        "GEOTIFF",
        "PDF",
        "GEOTIFF",
    ]


def test_the_formats_of_a_dublin_core_record_are_not_those_of_each_link() -> None:
    body = """<csw:Record xmlns:csw="http://www.opengis.net/cat/csw/2.0.2" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:dct="http://purl.org/dc/terms/"><dc:identifier>1</dc:identifier><dc:title>Trees</dc:title><dc:type>dataset</dc:type>
<dc:format>CSV</dc:format><dc:format>Shapefile</dc:format><dct:references>https://a.example/one</dct:references>
<dct:references>https://a.example/two</dct:references></csw:Record>"""

    [record] = format_detection.read(body.encode(), base_url=ORIGIN).records

    assert [item.format for item in record.distributions] == ["", ""]
