"""Values made harmless one by one: tokens, masks and coarser values; what cannot be read is emptied, never kept."""

import base64
import hmac
import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache, partial

import shapely

from udi.tabular.personal.mailboxes import MAILBOX
from udi.tabular.personal.numbers import ANY_PHONE, FRENCH_PHONE, IBAN, NIR
from udi.tabular.personal.treatments import Granularity, Treatment, TreatmentMethod

SHORTEST_KEY = 16
REMEMBERED = 100_000
STANDARD = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
CROCKFORD = b"0123456789abcdefghjkmnpqrstvwxyz"
YEAR = re.compile(r"(?<!\d)(?:1[89]|20)\d\d(?!\d)")
PACKED_DAY = re.compile(r"((?:19|20)\d\d)[01]\d[0-3]\d")
DAY = re.compile(r"\d{1,2}[-/.]\d{1,2}[-/.]\d{4}|\d{4}[-/.]?\d\d[-/.]?\d\d")
NUMBER = re.compile(r"-?\d+(?:[.,]\d+)?")
FRENCH_CODE = re.compile(r"(97|98)\d{3}|2[ABab]\d{3}|\d{4,5}")
CORSICA = 20
SOUTH = 20200
FIVE = 5
TEN = 10
GRID_DECIMALS = 2
GRID = 0.01
Change = Callable[[str], str]


def transformation_of(treatment: Treatment, key: bytes) -> Change:
    """What a treatment does to a value written as text.

    Raises:
        ValueError: the key is too short for tokens.
    """
    if treatment.way is TreatmentMethod.PSEUDONYMISE:
        if len(key) < SHORTEST_KEY:
            raise ValueError("A key of at least 16 bytes is needed.")
        return lru_cache(REMEMBERED)(partial(pseudonymise, key))
    if treatment.way is TreatmentMethod.MASK:
        return mask
    if treatment.step:
        return COARSER[treatment.step]
    return _empty_value


def pseudonymise(key: bytes, value: str) -> str:
    """A code of sixteen signs for a value: the same for the same value and key, and unreadable without the key.

    Eighty bits less two: among ten million values, two share a code with less than one chance in a billion.
    """
    plain = " ".join(unicodedata.normalize("NFC", value).split())
    digest = hmac.digest(key, plain.encode(), "sha256")
    signs = (
        base64.b32encode(digest[:10])
        .translate(bytes.maketrans(STANDARD, CROCKFORD))
        .decode()
    )
    signs = f"{digest[10] % 8 + 2}{signs[1:]}"
    return "-".join(signs[start : start + 4] for start in range(0, 16, 4))


def mask(value: str) -> str:
    """The text without its mails, telephones and numbers of people; the kind of telephone stays."""
    value = MAILBOX.sub("***@***", value)
    value = IBAN.sub("***", NIR.sub("***", value))
    value = FRENCH_PHONE.sub(r"0\1 ** ** ** **", value)
    return ANY_PHONE.sub(
        lambda match: match[0] if DAY.fullmatch(match[0]) else "** ** **", value
    )


def _year(value: str) -> int | None:
    match = YEAR.search(value)
    packed = PACKED_DAY.fullmatch(value.strip())
    if match:
        return int(match[0])
    if packed:
        return int(packed[1])
    return None


def to_year(value: str) -> str:
    """The year of a date."""
    if (year := _year(value)) is None:
        return ""
    return str(year)


def to_five_years(value: str) -> str:
    """`1980-1984` for a date or a year of birth, `30-34` for an age."""
    year = _year(value)
    return _band(value if year is None else str(year), FIVE)


def to_ten_years(value: str) -> str:
    """`30-39`."""
    return _band(value, TEN)


def _band(value: str, width: int) -> str:
    if not NUMBER.fullmatch(value.strip()):
        return ""
    start = int(float(value.replace(",", ".")) // width) * width
    return f"{start}-{start + width - 1}"


def to_department(value: str) -> str:
    """The department of a French postcode or of INSEE's code of a municipality."""
    code = value.strip().upper()
    if not FRENCH_CODE.fullmatch(code):
        return ""
    code = code.zfill(FIVE)
    if code.startswith(("97", "98")):
        return code[:3]
    if code.startswith(str(CORSICA)):
        if int(code) < SOUTH:
            return "2A"
        return "2B"
    return code[:2]


def to_grid(value: str) -> str:
    """Coordinates to a hundredth of a degree; a geometry keeps its shape as far as the grid allows."""
    if value[:1].isalpha():
        shape = shapely.set_precision(
            shapely.from_wkt(value, on_invalid="ignore"), GRID
        )
        if shape is None or shape.is_empty:
            return ""
        return str(shapely.to_wkt(shape, rounding_precision=GRID_DECIMALS))
    return NUMBER.sub(
        lambda match: f"{float(match[0].replace(',', '.')):.{GRID_DECIMALS}f}", value
    )


def _empty_value(_value: str) -> str:
    return ""


COARSER: dict[Granularity, Change] = {
    Granularity.YEAR: to_year,
    Granularity.FIVE_YEARS: to_five_years,
    Granularity.TEN_YEARS: to_ten_years,
    Granularity.DEPARTMENT: to_department,
    Granularity.GRID: to_grid,
}
