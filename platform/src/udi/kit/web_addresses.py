"""What the address of a page of the web looks like, as people write it in a form."""

from urllib.parse import urlsplit

LONGEST_WEB_ADDRESS = 500
"""Characters."""
LOOPBACK = ("localhost", "127.0.0.1", "::1")


def is_web_address(url: str) -> bool:
    """Whether a page of the web can be at this address: no name of a user in it, and a host with a point."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    is_plain = url.isprintable() and " " not in url and "@" not in parts.netloc
    return (
        parts.scheme in {"http", "https"}
        and "." in host
        and is_plain
        and len(url) <= LONGEST_WEB_ADDRESS
    )


def travels_in_clear(url: str) -> bool:
    """Whether what is sent to an address can be read on its way: it is not `https`, and of another machine."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    is_here = host in LOOPBACK or host.endswith(".localhost")
    return parts.scheme != "https" and not is_here


def origin_of(url: str) -> str:
    """Scheme, host and port of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
