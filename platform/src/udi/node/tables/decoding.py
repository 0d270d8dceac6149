"""From bytes to text: which encoding, and a reader that never holds more than a piece of the file.

Nearly all files that are not UTF-8 are cp1252 here, so prior knowledge comes before statistics; mac_roman and cp850
are chosen only when several accents say so.
"""

import codecs
from collections.abc import Iterable, Iterator

from udi.node.tables.kind import looks_utf16

MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
NOT_CP1252 = frozenset(b"\x81\x8d\x8f\x90\x9d")
LIKELY = frozenset("éèàêçôîûâùëïÉÈÀÇ")
DAMAGED_SHARE = 0.01
ENOUGH_ACCENTS = 3
LONGEST_LINE = 1024 * 1024
FIRST_HIGH = 0x80
LAST_WESTERN = 0x17F


def guess_encoding(sample: bytes, *, complete: bool = True) -> str:
    """The encoding of a text, as Python names it; `complete` is false when the sample stops inside the file."""
    for mark, name in MARKS.items():
        if sample.startswith(mark):
            return name
    if wide := looks_utf16(sample):
        return wide
    return "utf-8" if _is_utf8(sample, complete=complete) else guess_eight_bit(sample)


def _is_utf8(sample: bytes, *, complete: bool) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample, final=complete)
    except UnicodeDecodeError:
        text = sample.decode("utf-8", "replace")
        damaged = text.count("\ufffd")
        accents = sum(1 for character in text if ord(character) >= FIRST_HIGH)
        return damaged <= DAMAGED_SHARE * accents
    return True


def guess_eight_bit(sample: bytes) -> str:
    """The likeliest one-byte encoding of a text that is not Unicode."""
    high = bytes(byte for byte in sample if byte >= FIRST_HIGH)
    windows = "latin-1" if NOT_CP1252 & set(high) else "cp1252"
    if len(high) < ENOUGH_ACCENTS:
        return windows
    best = max(("mac_roman", "cp850"), key=lambda name: _letter_score(high, name))
    return best if _letter_score(high, best) > _letter_score(high, windows) else windows


def _letter_score(high: bytes, encoding: str) -> int:
    score = 0
    for character in high.decode(encoding, "replace"):
        if character in LIKELY:
            score += 2
        elif character == "\N{NO-BREAK SPACE}" or (character.isalpha() and ord(character) <= LAST_WESTERN):
            score += 1
        else:
            score -= 2
    return score


def decode(sample: bytes, encoding: str) -> str:
    """A piece of a file as text with Unix line ends, without byte order marks; bad bytes become U+FFFD."""
    text = codecs.getincrementaldecoder(encoding)("replace").decode(sample)
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\ufeff", "")


def read_text(chunks: Iterable[bytes], encoding: str, errors: str = "strict") -> Iterator[str]:
    """The whole text, piece by piece, with Unix line ends.

    Raises:
        UnicodeDecodeError: a byte is not of this encoding, and `errors` is "strict".
    """
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    held = ""
    for chunk in chunks:
        text = held + decoder.decode(chunk)
        held = "\r" if text.endswith("\r") else ""
        yield text[: len(text) - len(held)].replace("\r\n", "\n").replace("\r", "\n")
    yield held.replace("\r", "\n") + decoder.decode(b"", final=True)


def read_lines(texts: Iterable[str]) -> Iterator[str]:
    """The lines of a text, each with its end; one that never ends is cut so that memory stays bounded."""
    rest = ""
    for text in texts:
        *lines, rest = (rest + text).split("\n")
        yield from (f"{line}\n" for line in lines)
        if len(rest) > LONGEST_LINE:
            yield rest
            rest = ""
    if rest:
        yield rest
