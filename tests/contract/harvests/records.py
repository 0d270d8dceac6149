"""Invented records of an invented water board: in ISO 19139, in OGC API Records, as packages of CKAN; each numbered."""

from typing import Any

MAIL = "eau@agence.example"


def title(number: int) -> str:
    """What record `number` is called."""
    return f"Relevé des eaux {number}"


def iso(number: int, *, called: str = "") -> str:
    """A dataset of ISO 19139, with a person to write to, a theme, an extent, a licence and a file."""
    text = "<gco:CharacterString>{}</gco:CharacterString>".format
    west = number % 40 / 10
    contact = (
        f"<gmd:CI_ResponsibleParty><gmd:organisationName>{text('Agence de l’eau')}</gmd:organisationName><gmd:contactInfo>"
        f"<gmd:CI_Contact><gmd:address><gmd:CI_Address><gmd:electronicMailAddress>{text(MAIL)}</gmd:electronicMailAddress>"
        '</gmd:CI_Address></gmd:address></gmd:CI_Contact></gmd:contactInfo><gmd:role><gmd:CI_RoleCode codeList="" '
        'codeListValue="pointOfContact"/></gmd:role></gmd:CI_ResponsibleParty>'
    )
    sides = {
        "westBoundLongitude": west,
        "eastBoundLongitude": west + 1,
        "southBoundLatitude": 47,
        "northBoundLatitude": 48,
    }
    box = "".join(
        f"<gmd:{name}><gco:Decimal>{value}</gco:Decimal></gmd:{name}>"
        for name, value in sides.items()
    )
    day = f"2025-{number % 12 + 1:02}-{number % 28 + 1:02}"
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<gmd:MD_Metadata xmlns:gmd="http://www.isotc211.org/2005/gmd" xmlns:gco="http://www.isotc211.org/2005/gco"
 xmlns:gmx="http://www.isotc211.org/2005/gmx" xmlns:xlink="http://www.w3.org/1999/xlink">
<gmd:fileIdentifier>{text(f"releve-{number}")}</gmd:fileIdentifier>
<gmd:language><gmd:LanguageCode codeList="" codeListValue="fre">fre</gmd:LanguageCode></gmd:language>
<gmd:hierarchyLevel><gmd:MD_ScopeCode codeList="" codeListValue="dataset">dataset</gmd:MD_ScopeCode></gmd:hierarchyLevel>
<gmd:contact>{contact}</gmd:contact>
<gmd:dateStamp><gco:Date>2026-01-01</gco:Date></gmd:dateStamp>
<gmd:identificationInfo><gmd:MD_DataIdentification><gmd:citation><gmd:CI_Citation><gmd:title>{text(called or title(number))}</gmd:title>
<gmd:date><gmd:CI_Date><gmd:date><gco:Date>{day}</gco:Date></gmd:date><gmd:dateType><gmd:CI_DateTypeCode codeList=""
 codeListValue="revision"/></gmd:dateType></gmd:CI_Date></gmd:date></gmd:CI_Citation></gmd:citation>
<gmd:abstract>{text("Hauteur de l’eau, par jour.")}</gmd:abstract><gmd:pointOfContact>{contact}</gmd:pointOfContact>
<gmd:descriptiveKeywords><gmd:MD_Keywords><gmd:keyword>{text("eau")}</gmd:keyword></gmd:MD_Keywords></gmd:descriptiveKeywords>
<gmd:resourceConstraints><gmd:MD_LegalConstraints><gmd:useConstraints><gmd:MD_RestrictionCode codeList=""
 codeListValue="license"/></gmd:useConstraints><gmd:otherConstraints><gmx:Anchor
 xlink:href="https://creativecommons.org/licenses/by/4.0/">CC BY 4.0</gmx:Anchor></gmd:otherConstraints></gmd:MD_LegalConstraints>
</gmd:resourceConstraints><gmd:extent><gmd:EX_Extent><gmd:geographicElement><gmd:EX_GeographicBoundingBox>{box}
</gmd:EX_GeographicBoundingBox></gmd:geographicElement></gmd:EX_Extent></gmd:extent></gmd:MD_DataIdentification></gmd:identificationInfo>
<gmd:distributionInfo><gmd:MD_Distribution><gmd:transferOptions><gmd:MD_DigitalTransferOptions><gmd:onLine><gmd:CI_OnlineResource>
<gmd:linkage><gmd:URL>https://agence.example/{number}.csv</gmd:URL></gmd:linkage><gmd:name>{text("CSV")}</gmd:name>
</gmd:CI_OnlineResource></gmd:onLine></gmd:MD_DigitalTransferOptions></gmd:transferOptions></gmd:MD_Distribution></gmd:distributionInfo>
</gmd:MD_Metadata>"""


def feature(number: int, *, called: str = "") -> dict[str, Any]:
    """A record of OGC API Records (OGC 20-004)."""
    agency = {
        "organization": "Agence de l'eau",
        "roles": ["publisher"],
        "emails": [{"value": MAIL}],
    }
    west = number % 40 / 10
    return {
        "id": f"releve-{number}",
        "type": "Feature",
        "conformsTo": ["http://www.opengis.net/spec/ogcapi-records-1/1.0/req/record-core"],
        "geometry": {"type": "Polygon", "coordinates": [[[west, 48], [west + 1, 48], [west + 1, 49], [west, 48]]]},
        "properties": {
            "externalId": f"releve-{number}", "type": "dataset", "title": called or title(number),
            "description": "Hauteur de l'eau, par jour.", "created": "2025-01-01T00:00:00Z",
            "updated": "2025-02-01T00:00:00Z", "keywords": ["eau"], "license": "CC0-1.0", "contacts": [agency],
        },
        "links": [{"rel": "item", "href": f"https://agence.example/{number}.csv", "type": "text/csv", "title": "CSV"}],
    }  # fmt: skip


def package(number: int) -> dict[str, Any]:
    """What CKAN's `package_create` takes."""
    west = number % 40 / 10
    ring = [[west, 48], [west + 1, 48], [west + 1, 49], [west, 48]]
    extras = {
        "spatial": f'{{"type": "Polygon", "coordinates": [{ring}]}}',
        "frequency": "annuel",
        "issued": "2025-01-01",
    }
    files = [
        ("csv", "CSV", "text/csv", number + 1000),
        ("pdf", "PDF", "application/pdf", None),
    ][: 1 + number % 2]
    return {
        "name": f"releve-{number:05}", "title": title(number), "notes": "Hauteur de l’eau, par jour.",
        "owner_org": f"agence-{number % 7}", "license_id": ["cc-by", "odc-odbl", "cc-zero"][number % 3],
        "maintainer": "Agence de l’eau", "maintainer_email": MAIL, "tags": [{"name": "eau"}, {"name": f"bassin {number % 5}"}],
        "extras": [{"key": key, "value": value} for key, value in extras.items()],
        "resources": [
            {"name": label, "url": f"https://agence.example/{number}.{name}", "format": label, "mimetype": kind, "size": size}
            for name, label, kind, size in files
        ],
    }  # fmt: skip
