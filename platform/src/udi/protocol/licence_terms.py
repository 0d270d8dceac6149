"""The licence of a record in RUDI's JSON, which has codes for eight."""

from typing import Any

from udi.protocol.licences import LICENCES, RUDI_LICENCES, find_licence
from udi.protocol.rules import dig
from udi.protocol.structures import LicenceTerms
from udi.protocol.texts import read_texts, write_texts
from udi.protocol.validators import add_scheme

Document = dict[str, Any]


def read_licence(data: Document) -> LicenceTerms:
    """The terms of a record; a name and an address that `write_licence` gave are the licence that they were given for."""
    if data["licence_type"] == "STANDARD":
        return LicenceTerms(code=data["licence_label"])
    label = read_texts(data["custom_licence_label"])
    url = add_scheme(data.get("custom_licence_uri") or "")
    licence = find_licence(url)
    if licence and (licence.name, licence.url) == (label, url):
        return LicenceTerms(code=licence.code)
    return LicenceTerms(label=label, url=url)


def find_licence_code(document: Document) -> str:
    """The code of the licence that a document in RUDI's JSON names; empty where it is none that is known."""
    terms = dig(document, "access_condition", "licence") or {}
    label = terms.get("licence_label")
    licence = find_licence(str(terms.get("custom_licence_uri") or ""))
    if label:
        return str(label)
    return licence.code if licence else ""


def write_licence(licence: LicenceTerms) -> Document:
    """RUDI's eight by their code; every other by its name and address."""
    if licence.code and (licence.code in RUDI_LICENCES or licence.code not in LICENCES):
        return {"licence_type": "STANDARD", "licence_label": licence.code}
    return {
        "licence_type": "CUSTOM",
        "custom_licence_label": write_texts(licence.name),
        "custom_licence_uri": licence.link,
    }
