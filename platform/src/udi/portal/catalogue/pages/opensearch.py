"""How a browser learns to search a territory's catalogue: an OpenSearch 1.1 description."""

from xml.etree.ElementTree import Element, SubElement, tostring

from udi.kit.tenancy import Territory
from udi.ui.locale import localise

NAMESPACE = "http://a9.com/-/spec/opensearch/1.1/"
MEDIA_TYPE = "application/opensearchdescription+xml"
SUGGESTIONS = "application/x-suggestions+json"
SHORT = 16
LONG = 48
"""Signs that the standard lets the two names have."""


def describe_search(territory: Territory, language: str) -> bytes:
    """The description, in one language; names are cut as the standard wants."""
    name = localise(territory.name, language)
    root = Element("OpenSearchDescription", xmlns=NAMESPACE)
    SubElement(root, "ShortName").text = name[:SHORT].strip()
    SubElement(root, "LongName").text = name[:LONG].strip()
    SubElement(root, "Description").text = localise(territory.tagline, language) or name
    for media_type, template, relation in (
        ("text/html", "/data?q={searchTerms}&page={startPage?}", "results"),
        (
            "application/atom+xml",
            "/data.atom?q={searchTerms}&page={startPage?}",
            "results",
        ),
        (SUGGESTIONS, "/data/suggest?q={searchTerms}", "suggestions"),
    ):
        SubElement(
            root,
            "Url",
            type=media_type,
            rel=relation,
            template=f"{territory.origin}{template}",
        )
    SubElement(
        root, "Image", type="image/svg+xml"
    ).text = f"{territory.origin}/icon.svg"
    SubElement(root, "Language").text = language
    SubElement(root, "InputEncoding").text = "UTF-8"
    SubElement(root, "OutputEncoding").text = "UTF-8"
    xml_bytes: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return xml_bytes
