"""Opening documents of others without danger: nothing is fetched, expanded beyond reason, or nested without end."""

import json
import re
from typing import Any
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from udi.portal.nodes.harvest import kinds
from udi.portal.nodes.harvest.faults import FaultKind, HarvestFault
from udi.protocol.scan import ILLEGAL

LARGEST_DOCUMENT = 200 * 1024**2
MOST_LEVELS = 100
LONGEST_WHOLE = 19
MOST_ENTITIES = 64
LONGEST_ENTITY = 1024
AROUND = 40
MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
DECLARED = re.compile(
    rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']"""
)
NAME_END = "}"
NESTED = re.compile(r"&(?!(?:quot|amp|lt|gt|apos|#\w+);)|%")
TYPED_BY_ADDRESS = frozenset({"WMT_MS_Capabilities", "ServiceExceptionReport"})
"""Documents of WMS 1.1, whose standard has them name their type by an address; nothing is fetched from it."""


class RefusedDocumentError(ValueError):
    """A document of which nothing may be used."""

    def __init__(self, fault: HarvestFault) -> None:
        super().__init__(fault.code)
        self.fault = fault


def document_error(kind: FaultKind, **values: str | int) -> RefusedDocumentError:
    """The error that says why a whole document is refused."""
    return RefusedDocumentError(kind.at("", **values))


def decode(body: bytes) -> tuple[str, list[HarvestFault]]:
    """The text of a document that should be in UTF-8.

    Raises:
        RefusedDocumentError: it is too large, or text in no encoding.
    """
    check_size(body)
    for mark, encoding in MARKS:
        if body.startswith(mark):
            return _decoded(body, encoding), []
    try:
        return body.decode("utf-8"), []
    except UnicodeDecodeError:
        # UTF-16 without a mark decodes as anything; what holds NUL is no text in one byte a sign.
        if b"\x00" in body[:1000]:
            raise document_error(kinds.NOT_TEXT) from None
        encoding = "cp1252"
        return body.decode(encoding, "replace"), [
            kinds.ENCODING_WRONG.at("", value="Windows-1252")
        ]


def _decoded(body: bytes, encoding: str) -> str:
    try:
        return body.decode(encoding)
    except UnicodeDecodeError as error:
        raise document_error(kinds.NOT_TEXT) from error


def check_size(body: bytes) -> None:
    """Refuse what is beyond the size of a document."""
    if len(body) > LARGEST_DOCUMENT:
        raise document_error(kinds.TOO_LARGE, size=len(body), limit=LARGEST_DOCUMENT)


def read_json(body: bytes) -> tuple[Any, list[HarvestFault]]:
    """The value of a JSON document, with numbers and texts that can be stored.

    Raises:
        RefusedDocumentError: it is not JSON, or nested beyond reason.
    """
    text, faults = decode(body)
    try:
        value = json.loads(
            text,
            parse_constant=_refuse_constant,
            parse_float=_parse_float,
            parse_int=_parse_int,
        )
    except json.JSONDecodeError as error:
        cause = error.msg[:1].lower() + error.msg[1:]
        raise _unreadable(
            text.encode("utf-8", "replace"), error.lineno, error.colno, cause
        ) from error
    except RecursionError as error:
        raise document_error(kinds.UNSAFE_DEPTH, limit=MOST_LEVELS) from error
    return sanitise_value(value), faults


def _refuse_constant(name: str) -> Any:
    raise json.JSONDecodeError(f"{name} is not a number of JSON", name, 0)


def _parse_float(text: str) -> float:
    number = float(text)
    if number in {float("inf"), float("-inf")}:
        raise json.JSONDecodeError("a number is too large", text[:20], 0)
    return number


def _parse_int(text: str) -> int | float:
    if len(text) < LONGEST_WHOLE:
        return int(text)
    return _parse_float(text)


def sanitise_value(value: Any, level: int = 0) -> Any:
    """The value with a mark in the place of what PostgreSQL cannot store or XML write, as records that are pushed may not
    hold it either; marks of byte order are taken out.

    Raises:
        RefusedDocumentError: it is nested beyond reason.
    """
    if level > MOST_LEVELS:
        raise document_error(kinds.UNSAFE_DEPTH, limit=MOST_LEVELS)
    if isinstance(value, str):
        return ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", value).replace("\ufeff", "")
    if isinstance(value, list):
        return [sanitise_value(element, level + 1) for element in value]
    if isinstance(value, dict):
        return {
            sanitise_value(name): sanitise_value(member, level + 1)
            for name, member in value.items()
        }
    return value


def read_xml(body: bytes) -> tuple[Element, list[HarvestFault]]:
    """The root of an XML document, entities of its own replaced and its type declaration gone.

    Raises:
        RefusedDocumentError: it is no XML, or its declaration names files, nests entities or has too many.
    """
    check_size(body)
    faults: list[HarvestFault] = []
    # A document that does not say its encoding is in UTF-8; where it is not, old Windows text is the likely truth.
    encoding = None
    declared = DECLARED.match(body[:200])
    wide = body.startswith((b"\xff\xfe", b"\xfe\xff"))
    if not wide and (not declared or declared[1].lower() in {b"utf-8", b"utf8"}):
        text, faults = decode(body)
        encoding = "utf-8"
        body = text.lstrip().encode("utf-8", "replace")
    return _DocumentParser(body, encoding).root(), faults


class _DocumentParser:
    """One reading of one XML document."""

    def __init__(self, body: bytes, encoding: str | None) -> None:
        self.body = body
        self.level = 0
        self.entities = 0
        self.builder = TreeBuilder()
        parser = expat.ParserCreate(encoding, NAME_END)
        parser.buffer_text = True
        parser.ordered_attributes = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self.builder.data
        parser.EntityDeclHandler = self._entity
        parser.StartDoctypeDeclHandler = self._doctype
        parser.ExternalEntityRefHandler = self._outside
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        self.parser = parser

    def root(self) -> Element:
        try:
            self.parser.Parse(self.body, True)
        except expat.ExpatError as error:
            cause = expat.ErrorString(error.code) or "not well formed"
            if "amplification" in cause or "recursive" in cause:
                raise document_error(kinds.UNSAFE_TYPE) from error
            raise _unreadable(
                self.body, error.lineno, error.offset + 1, cause
            ) from error
        except (LookupError, ValueError) as error:
            if isinstance(error, RefusedDocumentError):
                raise
            raise document_error(kinds.NOT_TEXT) from error
        return self.builder.close()

    def _start(self, name: str, attributes: list[str]) -> None:
        self.level += 1
        if self.level > MOST_LEVELS:
            raise document_error(kinds.UNSAFE_DEPTH, limit=MOST_LEVELS)
        pairs = zip(attributes[::2], attributes[1::2], strict=True)
        self.builder.start(_clark(name), {_clark(key): value for key, value in pairs})

    def _end(self, name: str) -> None:
        self.level -= 1
        self.builder.end(_clark(name))

    def _doctype(
        self, name: str, system: str | None, public: str | None, _inside: int
    ) -> None:
        if system and not public and name not in TYPED_BY_ADDRESS:
            raise document_error(kinds.UNSAFE_TYPE)

    def _entity(
        self,
        _name: str,
        parameter: int,
        value: str | None,
        _base: str | None,
        *_others: str | None,
    ) -> None:
        self.entities += 1
        nested = value is not None and bool(NESTED.search(value))
        if (
            value is None
            or parameter
            or nested
            or len(value) > LONGEST_ENTITY
            or self.entities > MOST_ENTITIES
        ):
            raise document_error(kinds.UNSAFE_TYPE)

    @staticmethod
    def _outside(*_arguments: str | None) -> int:
        raise document_error(kinds.UNSAFE_TYPE)


def _clark(name: str) -> str:
    if NAME_END in name:
        return f"{{{name}"
    return name


def _unreadable(
    body: bytes, line: int, column: int, cause: str
) -> RefusedDocumentError:
    lines = body.splitlines()[line - 1 : line] if line else []
    text = lines[0].decode("utf-8", "replace") if lines else ""
    around = text[max(0, column - AROUND) : column + AROUND]
    return document_error(
        kinds.UNREADABLE, line=line, column=column, cause=cause, value=around
    )
