"""What someone typed, taken apart: words, phrases between quotes, and what must not be there.

`"qualité de l'air"`, `«…»` and `“…”` are phrases; a hyphen at the start of a word or of a phrase excludes it. Anything
else is words: a hyphen inside one, a quote that nothing closes and every other sign mean nothing.
"""

import re
from dataclasses import dataclass, field

from udi.portal.catalogue.search.words import plain_words, word_stems

PART = re.compile(
    r"""(?P<not>(?<!\S)[-−](?=[^\s-]))?(?:"(?P<a>[^"]+)"|«(?P<b>[^»]+)»|“(?P<c>[^”]+)”|(?P<word>[^\s"«“]+|.))"""
)
MOST_PARTS = 8
Phrase = tuple[str, ...]


@dataclass(frozen=True)
class TokenisedQuery:
    """`words` are left as typed; phrases are plain words in order, `apart` are those excluded (`Saint-Malo` is one)."""

    words: str = ""
    phrases: list[Phrase] = field(default_factory=list)
    apart: list[Phrase] = field(default_factory=list)
    apart_words: list[str] = field(default_factory=list)


def parse_query(text: str) -> TokenisedQuery:
    """Take a question apart; of very many phrases or exclusions, the first count."""
    words = []
    phrases = list[Phrase]()
    apart = list[Phrase]()
    apart_words = list[str]()
    for match in PART.finditer(text):
        quoted = match["a"] or match["b"] or match["c"]
        plain = tuple(plain_words(quoted or match["word"]))
        if match["not"] and quoted is None and len(plain) == 1:
            apart_words.append(match["word"])
        elif quoted is None and not match["not"]:
            words.append(match["word"])
        elif plain:
            (apart if match["not"] else phrases).append(plain)
    return TokenisedQuery(
        " ".join(words),
        phrases[:MOST_PARTS],
        apart[:MOST_PARTS],
        apart_words[:MOST_PARTS],
    )


def list_query_parts(text: str) -> list[str]:
    """Its words, phrases and exclusions as they were typed, each once; small words stay with nothing to say alone."""
    parts = (match.group() for match in PART.finditer(text))
    return [
        part
        for part in dict.fromkeys(parts)
        if any(not word_stems(word)[1] for word in plain_words(part))
    ]
