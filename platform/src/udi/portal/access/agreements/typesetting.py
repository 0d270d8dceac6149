"""What a child does with the text of an agreement (`pdf.py` starts it): a tagged PDF, set by typst in its embedded fonts.

These have Latin, Greek, Cyrillic, Armenian, Georgian, Hebrew, Arabic and Devanagari letters, and no Chinese, Japanese,
Korean or Thai ones. The child reaches no file once it has its modules.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

import typst

STANDARDS: "list[typst.PDFStandard]" = ["a-2a", "ua-1"]
"""For archives (ISO 19005-2) and for assistive technology (ISO 14289-1)."""
TEMPLATE = b"""
#let agreement = json(bytes(sys.inputs.agreement))
#set document(title: agreement.title)
#set page(paper: "a4", margin: 64pt)
#set text(font: "Libertinus Serif", size: 11.5pt, lang: agreement.language)
#show heading.where(level: 1): set text(size: 16pt)
#show heading.where(level: 2): set text(size: 11.5pt)
#if agreement.logo.len() > 0 {
  image(bytes(agreement.logo), height: 28pt, alt: agreement.signature)
}
#heading(level: 1, agreement.title)
#for (is_heading, words) in agreement.paragraphs {
  if is_heading { heading(level: 2, words) } else { par(words) }
}
"""
"""What people wrote is data of it, never a part of it."""
COMPILER = typst.Compiler(ignore_system_fonts=True)
"""Made here: it asks the kernel where the folder of the process is."""


def write_pdf(
    title: str,
    paragraphs: Sequence[tuple[bool, str]],
    language: str,
    moment: datetime,
    *,
    note: str,
    logo: bytes = b"",
    signature: str = "",
) -> bytes:
    """A document of paragraphs, each of which is a heading or not; the same bytes for the same arguments.

    `moment` is when it says that it was made; `logo` is an SVG or a PNG at its head, `signature` whose it is. Where no
    font has a character, a box is drawn for it, `note` is the last paragraph, and no standard is claimed; a logo that
    cannot be set is left out.
    """
    agreement = {
        "title": title,
        "language": language,
        "paragraphs": paragraphs,
        "logo": list(logo),
        "signature": signature or title,
    }
    plain = agreement | {"logo": []}
    noted = plain | {"paragraphs": [*paragraphs, (False, note)]}
    for attempt in (agreement, plain):
        try:
            return _compile(attempt, moment, STANDARDS)
        except typst.TypstError:
            continue
    return _compile(noted, moment, [])


def _compile(
    agreement: dict[str, Any],
    moment: datetime,
    standards: "list[typst.PDFStandard]",
) -> bytes:
    document = COMPILER.compile(
        TEMPLATE,
        sys_inputs={"agreement": json.dumps(agreement)},
        pdf_standards=standards,
        timestamp=int(moment.timestamp()),
    )
    return cast("bytes", document)
