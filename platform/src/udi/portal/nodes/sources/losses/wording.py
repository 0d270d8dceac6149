"""Names of the measures of the European score, as msgids."""

from collections.abc import Mapping

from udi.portal.nodes.sources.losses.european_score import Dimension

DIMENSIONS: Mapping[str, str] = {
    Dimension.FINDABILITY: "Findability",
    Dimension.ACCESSIBILITY: "Accessibility",
    Dimension.INTEROPERABILITY: "Interoperability",
    Dimension.REUSABILITY: "Reusability",
    Dimension.CONTEXTUALITY: "Context",
}
MEASURES: Mapping[str, str] = {
    "keywords": "Keywords",
    "categories": "European themes",
    "place": "Place or area",
    "period": "Period",
    "access_answers": "Addresses of files that answer",
    "download_address": "Address to download",
    "download_answers": "Addresses to download that answer",
    "format": "Format",
    "media_type": "Media type",
    "format_vocabulary": "Format and media type of the European lists",
    "non_proprietary": "Open formats",
    "machine_readable": "Formats that programs read",
    "dcat_ap": "Conformity to DCAT-AP",
    "licence": "Licence",
    "licence_vocabulary": "Licence of the European list",
    "access_rights": "Access rights",
    "access_vocabulary": "Access rights of the European list",
    "contact": "Contact",
    "publisher": "Publishing body",
    "rights": "Statement of rights",
    "size": "File size",
    "issued": "Date of publication",
    "modified": "Date of change",
}
RATINGS: Mapping[str, str] = {
    "excellent": "Excellent",
    "good": "Good",
    "sufficient": "Sufficient",
    "bad": "Weak",
}
