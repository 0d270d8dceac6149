"""How to cite a dataset: CSL-JSON, BibTeX and RIS, which reference managers read."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from litestar.serialization import encode_json

from udi.portal.catalogue.models import Dataset

SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}


def write_csl(dataset: Dataset, permalink: str) -> bytes:
    """A list of one item (citeproc's CSL-JSON 1.0)."""
    day = dataset.stated_update
    item = {
        "id": str(dataset.id),
        "type": "dataset",
        "title": dataset.title,
        "author": [{"literal": dataset.organisation.name}],
        "publisher": dataset.organisation.name,
        "issued": {"date-parts": [[day.year, day.month, day.day]]} if day else None,
        "URL": permalink,
        "DOI": dataset.doi,
        "language": dataset.languages[0] if dataset.languages else "",
    }
    return encode_json([{name: value for name, value in item.items() if value}])


def write_bibtex(dataset: Dataset, permalink: str) -> bytes:
    """One `@misc`, the only type for data that every style knows."""
    day = dataset.stated_update
    fields = {
        "author": f"{{{_escape_bibtex(dataset.organisation.name)}}}",
        "title": f"{{{_escape_bibtex(dataset.title)}}}",
        "year": str(day.year) if day else "",
        "month": str(day.month) if day else "",
        "howpublished": f"\\url{{{permalink}}}",
        "url": permalink,
        "doi": _escape_bibtex(dataset.doi),
        "note": "Dataset",
    }
    lines = [f"  {name} = {{{value}}}" for name, value in fields.items() if value]
    return (f"@misc{{dataset-{dataset.id},\n" + ",\n".join(lines) + "\n}\n").encode()


def write_ris(dataset: Dataset, permalink: str) -> bytes:
    """One reference of type DATA; lines end as RIS asks."""
    day = dataset.stated_update
    fields = (
        ("TY", "DATA"),
        ("ID", str(dataset.id)),
        ("TI", dataset.title),
        ("AU", dataset.organisation.name),
        ("PB", dataset.organisation.name),
        ("PY", str(day.year) if day else ""),
        ("DA", day.strftime("%Y/%m/%d") if day else ""),
        ("DO", dataset.doi),
        ("LA", dataset.languages[0] if dataset.languages else ""),
        ("UR", permalink),
        ("ER", ""),
    )
    return "".join(
        f"{tag}  - {_single_line(value)}\r\n"
        for tag, value in fields
        if value or tag == "ER"
    ).encode()


def _escape_bibtex(text: str) -> str:
    return "".join(SPECIAL.get(sign, sign) for sign in _single_line(text))


def _single_line(text: str) -> str:
    return re.sub(r"[\s\x00-\x1f\x7f]+", " ", text).strip()


Writer = Callable[[Dataset, str], bytes]
WRITERS: Mapping[str, tuple[str, Writer]] = {
    "json": ("application/vnd.citationstyles.csl+json", write_csl),
    "bib": ("application/x-bibtex; charset=utf-8", write_bibtex),
    "ris": ("application/x-research-info-systems; charset=utf-8", write_ris),
}
"""By extension: media type and writer."""
NAMES: Mapping[str, Any] = {"json": "CSL-JSON", "bib": "BibTeX", "ris": "RIS"}
