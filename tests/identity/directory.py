"""A small directory that speaks LDAP v3 (RFC 4511) over TCP: binds and searches, and nothing else.

It serves people of a test on this machine, without TLS.
"""

import socketserver
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field

BIND = 0x60
UNBIND = 0x42
SEARCH = 0x63
BIND_ANSWER = 0x61
ENTRY = 0x64
DONE = 0x65
EXTENDED = 0x77
EXTENDED_ANSWER = 0x78
SUCCESS = 0
NOT_SUPPORTED = 2
WRONG_PASSWORD = 49
AND, OR, NOT, EQUAL, PARTS, PRESENT = 0xA0, 0xA1, 0xA2, 0xA3, 0xA4, 0x87
STARTS, CONTAINS = 0x80, 0x81
BASE_ONLY = 0


@dataclass(frozen=True)
class Element:
    """A value of BER (X.690): its tag, its bytes."""

    tag: int
    content: bytes

    @property
    def parts(self) -> list["Element"]:
        return list(read_elements(self.content))

    @property
    def text(self) -> str:
        return self.content.decode()

    @property
    def number(self) -> int:
        return int.from_bytes(self.content, "big", signed=True)


def read_elements(data: bytes) -> Iterator[Element]:
    position = 0
    while position < len(data):
        tag, length = data[position], data[position + 1]
        position += 2
        if length & 0x80:
            size = length & 0x7F
            length = int.from_bytes(data[position : position + size], "big")
            position += size
        yield Element(tag, data[position : position + length])
        position += length


def write_element(tag: int, *contents: bytes) -> bytes:
    content = b"".join(contents)
    if len(content) < 0x80:
        return bytes([tag, len(content)]) + content
    size = len(content).to_bytes(4, "big").lstrip(b"\0")
    return bytes([tag, 0x80 | len(size)]) + size + content


def write_number(number: int, tag: int = 0x02) -> bytes:
    return write_element(
        tag, number.to_bytes(number.bit_length() // 8 + 1, "big", signed=True)
    )


def write_text(text: str) -> bytes:
    return write_element(0x04, text.encode())


def matches(rule: Element, attributes: dict[str, list[str]]) -> bool:
    """Whether an entry satisfies a filter; letters count alike."""
    if rule.tag == AND:
        return all(matches(part, attributes) for part in rule.parts)
    if rule.tag == OR:
        return any(matches(part, attributes) for part in rule.parts)
    if rule.tag == NOT:
        return not matches(rule.parts[0], attributes)
    if rule.tag == PRESENT:
        return rule.text.lower() in attributes
    name, value = rule.parts
    values = [text.lower() for text in attributes.get(name.text.lower(), [])]
    if rule.tag == EQUAL:
        return value.text.lower() in values
    assert rule.tag == PARTS, hex(rule.tag)
    return any(_has_parts(value.parts, text) for text in values)


def _has_parts(parts: list[Element], text: str) -> bool:
    position = 0
    for part in parts:
        expected = part.text.lower()
        if part.tag == STARTS:
            start = 0 if text.startswith(expected) else -1
        elif part.tag == CONTAINS:
            start = text.find(expected, position)
        else:
            start = len(text) - len(expected) if text.endswith(expected) else -1
        if start < position:
            return False
        position = start + len(expected)
    return True


@dataclass
class Directory:
    """Entries by name (DN), with their passwords; `searches` counts those that were made."""

    base: str = "ou=people,dc=town,dc=example"
    bind_dn: str = "cn=reader,dc=town,dc=example"
    entries: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    passwords: dict[str, str] = field(default_factory=dict)
    searches: int = 0

    def __post_init__(self) -> None:
        self.passwords[self.bind_dn] = "reader's password"
        self._server = socketserver.ThreadingTCPServer(
            ("127.0.0.1", 0), _handler(self), bind_and_activate=True
        )
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}
        )
        self._thread.start()

    @property
    def address(self) -> str:
        return f"ldap://localhost:{self._server.server_address[1]}"

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def add(self, uid: str, password: str, *mails: str) -> None:
        """Somebody of the directory."""
        name = f"uid={uid},{self.base}"
        self.entries[name] = {
            "objectclass": ["inetOrgPerson", "top"],
            "uid": [uid],
            "cn": [uid],
            "mail": list(mails),
            "givenname": [uid.capitalize()],
            "sn": ["Essai"],
            "entryuuid": [str(uuid.uuid5(uuid.NAMESPACE_DNS, name))],
        }
        self.passwords[name] = password

    def answer(self, request: Element) -> Iterator[bytes]:
        """The answers to one request, without their envelope."""
        if request.tag == BIND:
            _, name, password = request.parts
            is_right = bool(password.text) and (
                self.passwords.get(name.text) == password.text
            )
            yield _result(BIND_ANSWER, SUCCESS if is_right else WRONG_PASSWORD)
        elif request.tag == SEARCH:
            self.searches += 1
            yield from self._search(request.parts)
            yield _result(DONE, SUCCESS)
        elif request.tag == EXTENDED:
            yield _result(EXTENDED_ANSWER, NOT_SUPPORTED)

    def _search(self, parts: list[Element]) -> Iterator[bytes]:
        base, scope, rule = parts[0].text, parts[1].number, parts[6]
        for name, attributes in self.entries.items():
            inside = name == base if scope == BASE_ONLY else name.endswith(base)
            if inside and matches(rule, attributes):
                listed = [
                    write_element(
                        0x30,
                        write_text(key),
                        write_element(0x31, *map(write_text, values)),
                    )
                    for key, values in attributes.items()
                ]
                yield write_element(
                    ENTRY, write_text(name), write_element(0x30, *listed)
                )


def _result(tag: int, code: int) -> bytes:
    return write_element(tag, write_number(code, 0x0A), write_text(""), write_text(""))


def _handler(directory: Directory) -> type[socketserver.StreamRequestHandler]:
    class Connection(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while header := self.rfile.read(2):
                length = header[1]
                more = b""
                if length & 0x80:
                    more = self.rfile.read(length & 0x7F)
                    length = int.from_bytes(more, "big")
                [message] = read_elements(header + more + self.rfile.read(length))
                number, request = message.parts[:2]
                if request.tag == UNBIND:
                    return
                for answer in directory.answer(request):
                    envelope = write_number(number.number)
                    self.wfile.write(write_element(0x30, envelope, answer))

    return Connection
