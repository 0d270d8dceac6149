"""What an identifier that means the same everywhere looks like, and when two are the same."""

import re
from urllib.parse import urlsplit

GLOBAL_IDENTIFIER = re.compile(
    r"://|^urn:|^10\.\d{4,}/|[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}",
    re.IGNORECASE,
)
"""What an identifier that no two datasets share looks like."""
UUID_FORM = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE
)
DOI = re.compile(r"10\.\d{4,9}/\S+")


def comparison_key(address: str) -> str:
    """An identifier as it is compared: no scheme, no braces, no final slash, lower case host or whole when it is no address."""
    scheme, separator, rest = address.strip().partition("://")
    if not separator:
        return scheme.strip("{}").lower()
    host, slash, path = rest.partition("/")
    return f"{host.lower()}{slash}{path}".rstrip("/")


def is_page_of_one(address: str) -> bool:
    """Whether it may be the page of one dataset: the home of a site is that of all."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return bool(parts.path.strip("/") or parts.query)
