"""Terms of DCAT-AP-CZ, the form of Czech local catalogues (LKOD), as those of DCAT: their context is never fetched."""

import unicodedata
from typing import Any
from urllib.parse import unquote

CONTEXT_NAME = "rozhraní-katalogů-otevřených-dat"
"""What the address of that context says, in whichever version."""
DCAT = "http://www.w3.org/ns/dcat#"
DCT = "http://purl.org/dc/terms/"
FOAF = "http://xmlns.com/foaf/0.1/"
VCARD = "http://www.w3.org/2006/vcard/ns#"
DCATAP = "http://data.europa.eu/r5r/"
XSD = "http://www.w3.org/2001/XMLSchema#"
CLASSES = {
    "Katalog": f"{DCAT}Catalog",
    "Datová sada": f"{DCAT}Dataset",
    "Datová série": f"{DCAT}DatasetSeries",
    "Distribuce": f"{DCAT}Distribution",
    "Datová služba": f"{DCAT}DataService",
    "Časový interval": f"{DCT}PeriodOfTime",
    "Organizace": f"{VCARD}Organization",
    "Jednotlivec": f"{VCARD}Individual",
}
WORDS = {
    "název": f"{DCT}title",
    "popis": f"{DCT}description",
    "klíčové_slovo": f"{DCAT}keyword",
    "jméno": f"{VCARD}fn",
}
"""Texts by language."""
LINKS = {
    "poskytovatel": f"{DCT}publisher",
    "datová_sada": f"{DCAT}dataset",
    "distribuce": f"{DCAT}distribution",
    "přístupové_url": f"{DCAT}accessURL",
    "přístupové_URL": f"{DCAT}accessURL",
    "soubor_ke_stažení": f"{DCAT}downloadURL",
    "formát": f"{DCT}format",
    "typ_média": f"{DCAT}mediaType",
    "typ_média_balíčku": f"{DCAT}packageFormat",
    "typ_média_komprese": f"{DCAT}compressFormat",
    "schéma": f"{DCT}conformsTo",
    "specifikace": f"{DCT}conformsTo",
    "téma": f"{DCAT}theme",
    "koncept_euroVoc": f"{DCAT}theme",
    "periodicita_aktualizace": f"{DCT}accrualPeriodicity",
    "prvek_rúian": f"{DCT}spatial",
    "geografické_území": f"{DCT}spatial",
    "prostorové_pokrytí": f"{DCT}spatial",
    "časové_pokrytí": f"{DCT}temporal",
    "kontaktní_bod": f"{DCAT}contactPoint",
    "e-mail": f"{VCARD}hasEmail",
    "dokumentace": f"{FOAF}page",
    "domovská_stránka": f"{FOAF}homepage",
    "je_součástí": f"{DCAT}inSeries",
    "přístupová_služba": f"{DCAT}accessService",
    "přístupový_bod": f"{DCAT}endpointURL",
    "popis_přístupového_bodu": f"{DCAT}endpointDescription",
    "kategorie_hvd": f"{DCATAP}hvdCategory",
    "právní_předpis": f"{DCATAP}applicableLegislation",
    "licence": f"{DCT}license",
}
DAYS = {"začátek": f"{DCAT}startDate", "konec": f"{DCAT}endDate"}
CONDITIONS = "podmínky_užití"
WORKS = ("autorské_dílo", "databáze_jako_autorské_dílo")
"""What the conditions of use say of the file, and of the database, as a work of an author."""
CONTEXT: dict[str, Any] = {
    "iri": "@id",
    "typ": "@type",
    **CLASSES,
    **{name: {"@id": iri, "@container": "@language"} for name, iri in WORDS.items()},
    **{name: {"@id": iri, "@type": "@id"} for name, iri in LINKS.items()},
    **{name: {"@id": iri, "@type": f"{XSD}date"} for name, iri in DAYS.items()},
}


def has_czech_terms(value: Any) -> bool:
    """Whether a document names that context."""
    context = value.get("@context") if isinstance(value, dict) else None
    named = context if isinstance(context, list) else [context]
    return any(isinstance(entry, str) and _is_context(entry) for entry in named)


def _is_context(address: str) -> bool:
    return CONTEXT_NAME in unicodedata.normalize("NFC", unquote(address))


def with_czech_terms(value: Any) -> Any:
    """The document with our own table of its terms, and the licence where DCAT has it; any other as it is."""
    if not has_czech_terms(value):
        return value
    return {**_with_licences(value), "@context": CONTEXT}


def _with_licences(value: Any) -> Any:
    if isinstance(value, list):
        return [_with_licences(element) for element in value]
    if not isinstance(value, dict):
        return value
    members = {name: _with_licences(member) for name, member in value.items()}
    conditions = members.pop(CONDITIONS, None)
    if isinstance(conditions, dict):
        named = [
            work
            for name in WORKS
            if isinstance(work := conditions.get(name), str) and work
        ]
        # A licence before the statement that there is no work to license.
        named.sort(key=lambda work: "data.gov.cz" in work)
        if named:
            members["licence"] = named[0]
    return members
