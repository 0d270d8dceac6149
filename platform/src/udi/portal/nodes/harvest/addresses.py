"""Addresses as catalogues write them, mended where the meaning is sure."""

import re
from urllib.parse import (
    parse_qsl,
    quote,
    unquote,
    urlencode,
    urljoin,
    urlsplit,
    urlunsplit,
)

from udi.kit.mail_addresses import is_mail_address
from udi.protocol.identifiers import comparison_key
from udi.protocol.triples import LEGAL, escape_stray_signs

SCHEMES = {"http", "https", "ftp", "ftps"}
HOST = re.compile(
    r"[^\s/@\\]+\.[^\s/@\\]+|localhost(:\d+)?|\[[0-9a-f:.]+\]", re.IGNORECASE
)
LONGEST = 2000
UNSAFE = re.compile(r"[\s\"<>\\^`{|}\x00-\x1f]")


def repair_address(address: str) -> str:
    """The address with the signs that an IRI may not hold written as %XX; a sound one is left as it is."""
    if UNSAFE.search(address):
        return quote(address, safe=f"{LEGAL}%[]", errors="replace")
    return address


def repair_link(address: str) -> str:
    """`repair_address` of a link, where «%» and «#» that stand for themselves are written as %XX too."""
    return escape_stray_signs(repair_address(address))


def is_web(address: str) -> bool:
    """Whether a browser could open it."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return (
        parts.scheme.lower() in SCHEMES
        and bool(HOST.search(parts.netloc))
        and len(address) <= LONGEST
    )


def resolve(base_url: str, address: str) -> str:
    """An address relative to the document; as it is where that makes no sense."""
    try:
        return urljoin(base_url, address)
    except ValueError:
        return address


def next_page(
    base_url: str,
    parameter: str,
    received: int,
    total: int | None,
    *,
    last: int | None = None,
) -> str:
    """The same request, further, empty after the end or past `last`: a server may give fewer than were requested."""
    parts = urlsplit(base_url)
    parameters = dict(parse_qsl(parts.query))
    former = parameters.get(parameter, "")
    start = received + (int(former) if former.isdigit() else 0)
    if not received or total is None or start >= total:
        return ""
    if last is not None and start >= last:
        return ""
    query = urlencode({**parameters, parameter: start})
    return urlunsplit(parts._replace(query=query))


def read_email(text: str) -> str:
    """The e-mail address of a text, an address `mailto:` or one that was resolved against the document; else empty."""
    wording = re.sub(r"^mailto:/{0,2}", "", text.strip(), flags=re.IGNORECASE)
    wording = unquote(wording.partition("?")[0])
    if "/" in wording:
        wording = wording.rsplit("/", 1)[-1]
    several = re.split(r"[\s;,]+", wording.strip().lower())
    return next((candidate for candidate in several if is_mail_address(candidate)), "")


def is_same_address(first: str, second: str) -> bool:
    """Whether two addresses differ by nothing that matters."""
    return comparison_key(first) == comparison_key(second)
