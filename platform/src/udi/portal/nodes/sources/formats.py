"""Formats of catalogues, as people call them."""

FORMATS = {
    "ckan": "CKAN",
    "csw": "CSW",
    "iso": "ISO 19139",
    "dublin-core": "Dublin Core",
    "data-package": "Data Package",
    "data.json": "data.json",
    "json-ld": "DCAT",
    "rdf": "DCAT",
    "rdf-xml": "DCAT",
    "rdf-turtle": "DCAT",
    "ogc-records": "OGC API Records",
    "opendatasoft": "Opendatasoft",
    "rudi": "RUDI",
    "schema.org": "schema.org",
    "stac": "STAC",
    "udata": "udata",
    "waf": "folder",
}
"""What each format is called; RDF in any syntax is DCAT."""


def format_name(name: str) -> str:
    """A format, or formats inside one another, as people call them."""
    parts = [FORMATS.get(part, part) for part in name.split(" › ") if part != "waf"]
    return ", ".join(dict.fromkeys(parts))
