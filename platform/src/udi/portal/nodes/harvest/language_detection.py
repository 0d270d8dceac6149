"""The language of a text of others that has no tag, by its frequent words; nothing where it is not sure."""

import re
from collections import Counter

FREQUENT_WORDS = {
    "fr": "le la les des du de et est une un dans pour par sur avec aux au ces cette qui que sont ou à d l ce il été sa "
    "son plus leur ainsi",
    "en": "the of and to in is for are on with this that by from as be or which at an it was have has their its these",
    "es": "el la los las del de y en una un por con para que se es al lo su como más son este esta o sus",
    "de": "der die das und des den von für mit ist ein eine im zu auf dem werden sind als nach bei sowie oder wird durch "
    "aus in",
    "it": "il la gli della dei delle di e per nel con una un sono che è al dal alla lo i nella del in le dati su",
    "pt": "o a os as da do dos das de em uma um para com que e é ao na no por são não se pela pelo",
    "nl": "de het een van en voor met in op zijn is dat wordt door te aan bij worden of deze als naar per",
}
LEAST_EVIDENCE = 3.0
CLEAR_LEAD = 1.6
LEAST_SHARE = 0.22
"""Of the words of a text, how many are frequent ones of its language at least: another language has some of them too."""
LONGEST = 5000
WORD = re.compile(r"[^\W\d_]+")


def _weigh_words() -> dict[str, tuple[tuple[str, ...], float]]:
    """The languages that each word is frequent in, and how much it says: the less, the more languages have it."""
    languages_by_word: dict[str, tuple[str, ...]] = {}
    for language, words in FREQUENT_WORDS.items():
        for word in set(words.split()):
            languages_by_word[word] = (*languages_by_word.get(word, ()), language)
    return {
        word: (languages, 1 / len(languages) ** 2)
        for word, languages in languages_by_word.items()
    }


WEIGHTS = _weigh_words()


def detect_language(text: str) -> str:
    """The ISO 639-1 code of the language of a text, empty where it is too short, mixed, or in another language."""
    words = WORD.findall(text[:LONGEST].lower())
    evidence = dict.fromkeys(FREQUENT_WORDS, 0.0)
    hits: Counter[str] = Counter()
    for word in words:
        languages, weight = WEIGHTS.get(word, ((), 0.0))
        for language in languages:
            evidence[language] += weight
            hits[language] += 1
    best, second = sorted(evidence, key=lambda language: -evidence[language])[:2]
    is_sure = (
        evidence[best] >= LEAST_EVIDENCE
        and evidence[best] >= CLEAR_LEAD * evidence[second]
        and hits[best] >= LEAST_SHARE * len(words)
    )
    return best if is_sure else ""
