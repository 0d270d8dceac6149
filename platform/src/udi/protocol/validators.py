"""A small language to say what a JSON value must be: each shape checks a value at a path and yields its faults.

A missing field and a null field are the same thing.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import UTC, datetime
from urllib.parse import urlsplit

from udi.kit.mail_addresses import LONGEST_MAIL, MAIL
from udi.protocol import fault_kinds
from udi.protocol.faults import Fault, FaultTemplate
from udi.protocol.languages import LANGUAGES
from udi.protocol.scan import LARGEST_WHOLE, join_path, json_type

Validator = Callable[[object, str], Iterator[Fault]]
Fields = Mapping[str, Validator]

UUID = re.compile(
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII
)
MOMENT = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:?\d\d)", re.ASCII
)
MEDIA_TYPE = re.compile(
    r"(application|audio|chemical|font|image|message|model|multipart|text|video)/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}",
    re.IGNORECASE | re.ASCII,
)
BLANKS = re.compile(r"\s")
NO_ADDRESS = re.compile(r"%(?![0-9A-Fa-f]{2})|#.*#|[\ud800-\udfff]", re.DOTALL)
"""What no address holds: a «%» that begins no %XX, a second «#», half a character."""
HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Categories of the characters that nobody sees, and that may make a sentence read otherwise than it is."""
LONGEST_URL = 2000


def text(limit: int, *, blank: bool = False) -> Validator:
    """Text of at most `limit` characters; `blank` where an empty one is the same as none."""

    def check(value: object, path: str) -> Iterator[Fault]:
        if not isinstance(value, str):
            yield fault_kinds.NOT_TEXT.at(path, received=json_type(value))
        elif len(value) > limit:
            yield fault_kinds.TOO_LONG.at(path, length=len(value), limit=limit)
        elif not blank and not value.strip():
            yield fault_kinds.BLANK.at(path)

    return check


def line(limit: int, *, blank: bool = False) -> Validator:
    """Text that stays on one line and shows all that it holds: no break, no control, no invisible character."""
    as_text = text(limit, blank=blank)

    def check(value: object, path: str) -> Iterator[Fault]:
        yield from as_text(value, path)
        if isinstance(value, str):
            hidden = next(
                (
                    char
                    for char in value[:limit]
                    if unicodedata.category(char) in HIDDEN
                ),
                None,
            )
            if hidden is not None:
                yield fault_kinds.ILLEGAL_CHARACTERS.at(
                    path, value=f"U+{ord(hidden):04X}"
                )

    return check


def matching_text(
    is_right: Callable[[str], object], kind: FaultTemplate, limit: int = 200
) -> Validator:
    """Text that `is_right` recognises."""
    as_text = text(limit)

    def check(value: object, path: str) -> Iterator[Fault]:
        faults = list(as_text(value, path))
        yield from faults
        if not faults and isinstance(value, str) and not is_right(value):
            yield kind.at(path, value=value)

    return check


def choice(allowed: Collection[str]) -> Validator:
    """One word of a closed list."""

    def check(value: object, path: str) -> Iterator[Fault]:
        if not isinstance(value, str):
            yield fault_kinds.NOT_TEXT.at(path, received=json_type(value))
        elif value not in allowed:
            yield fault_kinds.NOT_IN_VOCABULARY.at(path, value=value, allowed=allowed)

    return check


def integer(least: int = 0, most: int = LARGEST_WHOLE) -> Validator:
    """A whole number; true and 1.0 are none."""

    def check(value: object, path: str) -> Iterator[Fault]:
        if type(value) is not int:
            yield fault_kinds.NOT_WHOLE.at(path, received=json_type(value))
        elif not least <= value <= most:
            yield fault_kinds.OUT_OF_RANGE.at(
                path, value=value, minimum=least, maximum=most
            )

    return check


def number(least: float, most: float) -> Validator:
    """A number between two bounds, included."""

    def check(value: object, path: str) -> Iterator[Fault]:
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            yield fault_kinds.NOT_NUMBER.at(path, received=json_type(value))
        elif not least <= value <= most:
            yield fault_kinds.OUT_OF_RANGE.at(
                path, value=value, minimum=least, maximum=most
            )

    return check


def boolean(value: object, path: str) -> Iterator[Fault]:
    """True or false."""
    if not isinstance(value, bool):
        yield fault_kinds.NOT_FLAG.at(path, received=json_type(value))


def anything(value: object, path: str) -> Iterator[Fault]:  # noqa: ARG001 - a shape has two arguments
    """Whatever JSON can say."""
    yield from ()


def list_of(item: Validator, most: int, *, least: int = 0) -> Validator:
    """A list whose entries all have this shape."""

    def check(value: object, path: str) -> Iterator[Fault]:
        if not isinstance(value, list):
            yield fault_kinds.NOT_LIST.at(path, received=json_type(value))
            return
        if len(value) < least:
            yield fault_kinds.TOO_FEW.at(path)
        if len(value) > most:
            yield fault_kinds.TOO_MANY.at(path, length=len(value), limit=most)
        for place, entry in enumerate(value[:most]):
            where = f"{path}[{place}]"
            if entry is None:
                yield fault_kinds.MISSING.at(where)
            else:
                yield from item(entry, where)

    return check


def group(required: Fields, optional: Fields | None = None) -> Validator:
    """An object; fields that are not named are accepted as they are, as RUDI does."""
    fields = {**required, **(optional or {})}

    def check(value: object, path: str) -> Iterator[Fault]:
        if not isinstance(value, dict):
            yield fault_kinds.NOT_OBJECT.at(path, received=json_type(value))
            return
        for name, shape in fields.items():
            where = join_path(path, name)
            content = value.get(name)
            if content is not None:
                yield from shape(content, where)
            elif name in required:
                yield fault_kinds.MISSING.at(where)

    return check


def closed_group(required: Fields, optional: Fields | None = None) -> Validator:
    """An object of these fields alone: for what would mean something else, were one of its fields left aside."""
    as_group = group(required, optional)
    field_names = {*required, *(optional or {})}

    def check(value: object, path: str) -> Iterator[Fault]:
        yield from as_group(value, path)
        for name in value if isinstance(value, dict) else ():
            if name not in field_names:
                yield fault_kinds.UNKNOWN_FIELD.at(
                    join_path(path, str(name)), allowed=sorted(field_names)
                )

    return check


def distinct_list(entries: Validator, name: str = "") -> Validator:
    """A list that says nothing twice; with `name`, where no two objects have the same value in that field."""

    def check(value: object, path: str) -> Iterator[Fault]:
        faults = list(entries(value, path))
        yield from faults
        if faults or not isinstance(value, list):
            return
        values = [entry[name] if name else entry for entry in value]
        for place, entry in enumerate(values):
            if entry in values[:place]:
                where = f"{path}[{place}]"
                yield fault_kinds.REPEATED.at(
                    join_path(where, name) if name else where, value=entry
                )

    return check


def by_language(limit: int, *, least: int = 0) -> Validator:
    """A text in several languages: an object whose fields are their codes."""
    words = text(limit)

    def check(value: object, path: str) -> Iterator[Fault]:
        if not isinstance(value, dict):
            yield fault_kinds.NOT_OBJECT.at(path, received=json_type(value))
            return
        if len(value) < least:
            yield fault_kinds.TOO_FEW.at(path)
        for language, content in value.items():
            where = join_path(path, str(language))
            if language not in LANGUAGES:
                yield fault_kinds.NOT_IN_VOCABULARY.at(
                    where, value=language, allowed=list(LANGUAGES)
                )
            else:
                yield from words(content, where)

    return check


def tagged_group(tag: str, variants: Mapping[str, Validator]) -> Validator:
    """An object whose shape depends on the word in one of its fields."""
    as_group = group({tag: choice(list(variants))})

    def check(value: object, path: str) -> Iterator[Fault]:
        faults = list(as_group(value, path))
        yield from faults
        if not faults and isinstance(value, dict):
            yield from variants[value[tag]](value, path)

    return check


def add_scheme(address: str) -> str:
    """The address with the scheme that people leave out before `www.`, as RUDI's own samples do."""
    if address.startswith("www."):
        return f"https://{address}"
    return address


def url(value: object, path: str) -> Iterator[Fault]:
    """An http or https address without credentials; the scheme may be missing before `www.`."""
    faults = list(_url(value, path))
    yield from faults
    if not faults and isinstance(value, str) and "@" in urlsplit(value).netloc:
        yield fault_kinds.URL_WITH_PASSWORD.at(path)


def is_url(value: str) -> bool:
    """Whether a browser would follow it to a web server."""
    try:
        parts = urlsplit(add_scheme(value))
        to_the_web = (
            parts.scheme in {"http", "https"}
            and bool(parts.hostname)
            and parts.port != 0
        )
    except ValueError:
        return False
    return to_the_web and not BLANKS.search(value) and not NO_ADDRESS.search(value)


def read_moment(value: str) -> datetime | None:
    """The instant in UTC that an ISO 8601 date-time names, or None; fractions are kept to the microsecond."""
    if not MOMENT.fullmatch(value):
        return None
    try:
        return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


_url = matching_text(is_url, fault_kinds.BAD_URL, LONGEST_URL)
uuid = matching_text(UUID.fullmatch, fault_kinds.BAD_UUID)
email = matching_text(MAIL.fullmatch, fault_kinds.BAD_EMAIL, LONGEST_MAIL)
moment = matching_text(read_moment, fault_kinds.BAD_MOMENT, 40)
media_type = matching_text(MEDIA_TYPE.fullmatch, fault_kinds.BAD_MEDIA_TYPE)
