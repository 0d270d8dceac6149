"""From bytes to text: which encoding, and a reader that never holds more than a piece of the file.

Nearly all files that are not UTF-8 are cp1252 here, so prior knowledge comes before statistics; mac_roman and cp850
are chosen only when what stands around the accents says so.
"""

import codecs
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from udi.tabular.formats.file_kind import looks_utf16
from udi.tabular.formats.national_encodings import (
    LONGEST_SAMPLE,
    find_national_encoding,
)

MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
CHARSETS = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16LE",
    "utf-16-be": "UTF-16BE",
    "utf-32": "UTF-32",
    "utf-32-le": "UTF-32LE",
    "cp1252": "Windows-1252",
    "latin-1": "ISO-8859-1",
    "mac_roman": "macintosh",
    "cp850": "IBM850",
    "cp1250": "Windows-1250",
    "cp1251": "Windows-1251",
    "koi8-r": "KOI8-R",
    "iso8859-5": "ISO-8859-5",
    "cp866": "IBM866",
    "cp1253": "Windows-1253",
    "iso8859-7": "ISO-8859-7",
    "cp932": "Shift_JIS",
    "gb18030": "GB18030",
    "cp950": "Big5",
}
"""Python's names of encodings and IANA's."""
NOT_CP1252 = frozenset(b"\x81\x8d\x8f\x90\x9d")
OTHERS = ("mac_roman", "cp850")
LIKELY = frozenset("éèàêçôîûâùëïÉÈÀÇœ")
PUNCTUATION = frozenset("’‘“”«»–—…•°²³½¼\N{NO-BREAK SPACE}")
MONEY = frozenset("€£")
SOUND_SHARE = 10
"""Letters that are right for each byte that is not, in a file that is UTF-8 all the same."""
ENOUGH_ACCENTS = 3
CLEAR_MARGIN = 4
MOST_CONTEXTS = 4_000
LAST_WESTERN = 0x17F
FIRST_HIGH = 0x80
ASCII = bytes(range(FIRST_HIGH))
HIGH = re.compile(rb"[\x80-\xff]+(?:[A-Za-z'-]+[\x80-\xff]+)*")
BETWEEN = re.compile(rb"[\s,;|\"]")
NEIGHBOURS = 24
LOST = b"\xef\xbf\xbd"


@dataclass
class EncodingScan:
    """What the bytes of a file say of its encoding."""

    encoding: str = "utf-8"
    """Python's name."""
    damaged: int = 0
    """Bytes that are of no letter, when the file is UTF-8 nonetheless."""
    lost: bool = False
    """Whether letters were replaced by U+FFFD before."""
    doubtful: tuple[bytes, ...] = ()
    """Words with high bytes, when the encoding is unsure."""
    words: Counter[bytes] = field(default_factory=Counter)
    sample: bytes = b""
    """Lines from the first one that is not UTF-8."""


def iana_name(encoding: str) -> str:
    """How the rest of the world calls one of Python's encodings."""
    return CHARSETS.get(encoding, encoding)


def with_byte_order(encoding: str, head: bytes) -> str:
    """An encoding that reads this file: one whose mark tells the order of bytes has a stated order where there is none."""
    if encoding not in {"utf-16", "utf-32"} or any(
        head.startswith(mark) for mark, of in MARKS.items() if of == encoding
    ):
        return encoding
    return (looks_utf16(head) if encoding == "utf-16" else None) or f"{encoding}-le"


def python_name(charset: str) -> str:
    """Python's name of an encoding, empty when there is none such for text."""
    name_by_charset = {
        iana.lower(): name for name, iana in CHARSETS.items() if name != "utf-8-sig"
    }
    if name := name_by_charset.get(charset.lower()):
        return name
    try:
        if codecs.lookup(charset)._is_text_encoding:  # noqa: SLF001 - codecs says it in no other way
            return codecs.lookup(charset).name
        return ""
    except LookupError:
        return ""


def detect_encoding(pieces: Iterable[bytes], most: float) -> EncodingScan:
    """The encoding of a text, from its first `most` bytes."""
    encoding_scan = EncodingScan()
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    valid = 0
    read = 0
    first = True
    for piece in pieces:
        if first and (marked := _encoding_of_mark(piece)):
            return EncodingScan(marked, lost=LOST in piece)
        first = False
        read += len(piece)
        if not piece.isascii() or decoder.getstate()[0]:
            text = decoder.decode(piece)
            bad = max(0, text.count("\ufffd") - piece.count(LOST))
            encoding_scan.damaged += bad
            if bad and not encoding_scan.sample:
                encoding_scan.sample = _take_sample(piece)
            if bad:
                _collect_words(encoding_scan, piece)
            encoding_scan.lost = encoding_scan.lost or LOST in piece
            valid += len(text) - len(text.encode("ascii", "ignore")) - bad
        if read >= most:
            break
    else:
        encoding_scan.damaged += decoder.decode(b"", final=True).count("\ufffd")
    return _choose_encoding(encoding_scan, valid)


def _encoding_of_mark(piece: bytes) -> str:
    named = next((name for mark, name in MARKS.items() if piece.startswith(mark)), "")
    return named or looks_utf16(piece) or ""


def _take_sample(piece: bytes) -> bytes:
    """Lines of a piece, from the first that is not ASCII."""
    match = HIGH.search(piece)
    start = piece.rfind(b"\n", 0, match.start()) + 1 if match else 0
    return piece[start : start + LONGEST_SAMPLE]


def _collect_words(encoding_scan: EncodingScan, piece: bytes) -> None:
    """Keep the words that hold bytes beyond ASCII, each once, up to a number that tells enough."""
    words = encoding_scan.words
    for match in HIGH.finditer(piece):
        if len(words) > MOST_CONTEXTS:
            return
        before = piece[max(0, match.start() - NEIGHBOURS) : match.start()]
        after = piece[match.end() : match.end() + NEIGHBOURS]
        words[BETWEEN.split(before)[-1] + match[0] + BETWEEN.split(after)[0]] += 1


def _choose_encoding(encoding_scan: EncodingScan, valid: int) -> EncodingScan:
    if encoding_scan.damaged * SOUND_SHARE <= valid or not encoding_scan.damaged:
        return encoding_scan
    words = list(encoding_scan.words)
    if national := find_national_encoding(encoding_scan.sample, words):
        return EncodingScan(national)
    encoding, sure = choose_eight_bit(words)
    return EncodingScan(encoding, doubtful=() if sure else tuple(words[:5]))


def choose_eight_bit(words: list[bytes]) -> tuple[str, bool]:
    """The likeliest one-byte encoding of words that are not Unicode, and whether it is clear."""
    high = set().union(*words) if words else set[int]()
    windows = "latin-1" if NOT_CP1252 & high else "cp1252"
    scores = {
        name: sum(_score(word.decode(name, "replace")) for word in words)
        for name in (windows, *OTHERS)
    }
    other = max(OTHERS, key=lambda name: scores[name])
    accents = sum(len(word.translate(None, ASCII)) for word in words)
    margin = scores[windows] - scores[other]
    if margin < 0 and (
        accents >= ENOUGH_ACCENTS or scores[windows] < 0 < scores[other]
    ):
        return other, -margin >= CLEAR_MARGIN and scores[other] > 0
    worst = min((_score(word.decode(windows, "replace")) for word in words), default=0)
    return windows, worst > 0 and margin >= 0


def _score(word: str) -> int:
    """How likely a word is, from its letters beyond ASCII and what stands beside each."""
    score = 0
    for index, letter in enumerate(word):
        if ord(letter) >= FIRST_HIGH:
            score += _letter_score(
                letter,
                word[index - 1 : index] if index else "",
                word[index + 1 : index + 2],
            )
    return score


def _letter_score(letter: str, before: str, after: str) -> int:
    if letter in MONEY:
        if before.isdigit() or after.isdigit():
            return 2
        return 1
    if letter in PUNCTUATION:
        return 1
    if not letter.isalpha() or ord(letter) > LAST_WESTERN:
        return -2
    if before.isdigit() or after.isdigit():
        return -2
    if letter.isupper() and before.islower():
        return -1
    if letter in LIKELY:
        return 2
    return 1


def decode(sample: bytes, encoding: str) -> str:
    """A piece of a file as text with Unix line ends, without byte order marks; bad bytes become U+FFFD."""
    text = codecs.getincrementaldecoder(encoding)("replace").decode(sample)
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\ufeff", "")


def read_text(
    chunks: Iterable[bytes], encoding: str, errors: str = "replace"
) -> Iterator[str]:
    """The whole text, piece by piece, with Unix line ends, without byte order marks.

    Raises:
        UnicodeDecodeError: a byte is not of this encoding, and `errors` is "strict".
    """
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    remainder = ""
    for chunk in chunks:
        text = remainder + decoder.decode(chunk)
        remainder = "\r" if text.endswith("\r") else ""
        text = text[: len(text) - len(remainder)]
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        yield text.replace("\ufeff", "").replace("\x00", "")
    yield remainder.replace("\r", "\n") + decoder.decode(b"", final=True)
