"""How plainly a page speaks: how long its sentences are, and the words that only specialists know. Figures that may only go down."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

from tests.rules.pages import Page, describe_element, local

LONGEST = {"fr": 28, "en": 27}
"""Words of the longest sentence of any page."""
MEAN = {"fr": 15, "en": 15}
"""Words of the mean sentence of the page whose sentences are longest, among those with ten or more."""
MANY = 10
JARGON = {
    "en": (
        "metadata", "endpoint", "uri", "url", "uuid", "slug", "token", "hash", "checksum", "sha-256", "mime", "json",
        "xml", "rdf", "dcat", "schema", "parquet", "parse", "parser", "string", "varchar", "boolean", "float", "integer",
        "null", "regex", "upload", "query", "payload", "server", "encoding", "delimiter", "dataset id",
    ),
    "fr": (
        "métadonnée", "métadonnées", "uri", "url", "uuid", "slug", "jeton", "hash", "sha-256", "mime", "json", "xml",
        "rdf", "dcat", "schéma", "parquet", "parser", "chaîne de caractères", "booléen", "flottant", "null", "regex",
        "uploader", "téléverser", "téléversement", "requête", "serveur", "encodage", "délimiteur",
    ),
}  # fmt: skip
"""Words that someone who keeps a spreadsheet need not know."""
NAMES = {"json", "xml", "rdf", "sha-256", "parquet"}
"""Names of formats and fingerprints, which pages list as such."""
FOR_PROGRAMS = ("/api", "/ogc", "/my-space/tokens", "/following/webhooks", "/schema")
"""Pages made for those who know the words."""
TEXT_ELEMENTS = {"p", "li", "dd", "td", "label", "summary", "legend", "figcaption"}
OTHERS = {
    "code",
    "pre",
    "textarea",
    "script",
    "style",
    "svg",
    "select",
    "option",
    "input",
    "cite",
}
END = re.compile(r"(?<=[.!?…])[\s\u00a0]+(?=[A-ZÀÂÉÈÊÎÔÛÇ«“])")
WORD = re.compile(r"[\w’'-]*[^\W\d_][\w’'-]*")


def sentences(page: Page) -> Iterator[str]:
    """The sentences that are ours: what producers wrote, addresses and code are left out."""
    for element in page.all(*TEXT_ELEMENTS):
        around = [element, *page.ancestors(element)]
        if any(_is_of_others(ancestor) for ancestor in around) or not any(
            local(ancestor) == "main" for ancestor in around
        ):
            continue
        text = " ".join(_own(element).split())
        yield from (sentence for sentence in END.split(text) if words(sentence) > 1)


def _is_of_others(element: Element) -> bool:
    has_language = element.get("lang") is not None and local(element) != "html"
    return element.get("dir") == "auto" or has_language or local(element) in OTHERS


def _own(element: Element) -> str:
    """The text of an element and of what stands in its line."""
    parts = [element.text or ""]
    for child in element:
        if (
            isinstance(child.tag, str)
            and local(child)
            not in TEXT_ELEMENTS | {"ul", "ol", "dl", "div", "table", "form"}
            and not _is_of_others(child)
        ):
            parts.append(_own(child))
        parts.append(child.tail or "")
    return "".join(parts)


def words(sentence: str) -> int:
    """How many words there are; numbers and signs are none."""
    return len(WORD.findall(sentence))


def long_winded(page: Page, language: str) -> Iterator[str]:
    """Sentences longer than the bound, and a page whose mean one is."""
    page_sentences = list(sentences(page))
    counts = [words(sentence) for sentence in page_sentences]
    for sentence, count in zip(page_sentences, counts, strict=True):
        if count > LONGEST[language]:
            yield f"a sentence has {count} words, over {LONGEST[language]}: «{sentence[:100]}…»"
    if len(counts) >= MANY and sum(counts) / len(counts) > MEAN[language]:
        yield f"a sentence of {describe_element(page.root)} has {sum(counts) / len(counts):.1f} words on average, over {MEAN[language]}"


def jargon(page: Page, language: str) -> Iterator[str]:
    """Words of specialists, on pages made for everybody."""
    path = urlsplit(page.url).path
    if any(path.startswith(affix) or path.endswith(affix) for affix in FOR_PROGRAMS):
        return
    listed = "|".join(re.escape(word) for word in JARGON[language] if word not in NAMES)
    for sentence in sentences(page):
        for word in re.findall(rf"\b({listed})\b", sentence.lower()):
            yield f"«{word}» is a word of specialists: «{sentence[:80]}»"


RULES = (long_winded, jargon)
