"""Whether a text that everybody must understand is easy to read: length of sentences and of words, no shouting."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

LONGEST_SENTENCE = 25
"""Words."""
LONGEST_WORD = 20
"""Letters."""
SHORTEST_SHOUT = 8
"""Letters from which a sentence in capitals is shouted, and is no acronym."""
SENTENCES = re.compile(r"[.!?;:…\n]+")
WORDS = re.compile(r"[^\W\d_]+(?:['’\-][^\W\d_]+)*")
HYPHENS = re.compile(r"['’\-]")


@dataclass(frozen=True)
class PlainWordsFault:
    """What is hard to read, and what to do: messages with `%(name)s` places."""

    reason: str
    remedy: str
    values: dict[str, str | int] = field(default_factory=dict)


def check_plain_words(text: str) -> list[PlainWordsFault]:
    """What is hard to read in a text, in its order."""
    return [
        fault
        for sentence in SENTENCES.split(text)
        for fault in _check_sentence(sentence.strip())
    ]


def _check_sentence(sentence: str) -> Iterator[PlainWordsFault]:
    words = WORDS.findall(sentence)
    if len(words) > LONGEST_SENTENCE:
        yield PlainWordsFault(
            "The sentence “%(start)s…” has %(count)s words.",
            "Write %(limit)s words at most: make two sentences of it.",
            {
                "start": " ".join(words[:4]),
                "count": len(words),
                "limit": LONGEST_SENTENCE,
            },
        )
    for word in words:
        if max(map(len, HYPHENS.split(word))) > LONGEST_WORD:
            yield PlainWordsFault(
                "The word “%(word)s” is hard to read.",
                "Use a shorter word that everybody knows.",
                {"word": word[:60]},
            )
    letters = "".join(words)
    if len(letters) >= SHORTEST_SHOUT and letters.isupper():
        yield PlainWordsFault(
            "This sentence is in capital letters.", "Write it in small letters."
        )
