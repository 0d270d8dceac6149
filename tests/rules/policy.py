"""What the headers of a page must promise (CSP level 3, ASVS 5.0 chapter 3.4)."""

from collections.abc import Iterator, Mapping

REQUIRED = ("default-src", "form-action", "base-uri")
FORBIDDEN = (
    "'unsafe-inline'",
    "'unsafe-eval'",
    "'unsafe-hashes'",
    "*",
    "http:",
    "https:",
)


def faults(headers: Mapping[str, str], *, framed: bool = False) -> Iterator[str]:
    """What is wrong with the headers of a page; names are in lower case. Only a `framed` page may stand in any other."""
    if headers.get("x-content-type-options") != "nosniff":
        yield "X-Content-Type-Options: nosniff is missing"
    if not headers.get("content-type", "").startswith("text/html"):
        yield f"the content type is «{headers.get('content-type', '')}»"
    text = headers.get("content-security-policy", "")
    if not text:
        yield "Content-Security-Policy is missing"
    else:
        policy = {
            words[0]: words[1:] for part in text.split(";") if (words := part.split())
        }
        yield from _of_framing(policy.pop("frame-ancestors", []), framed=framed)
        yield from _of_policy(policy)


def _of_framing(ancestors: list[str], *, framed: bool) -> Iterator[str]:
    if ancestors != (["*"] if framed else ["'none'"]):
        yield f"the policy says «{' '.join(ancestors)}» of frame-ancestors"


def _of_policy(policy: Mapping[str, list[str]]) -> Iterator[str]:
    for directive in REQUIRED:
        if directive not in policy:
            yield f"the policy says nothing of {directive}"
    for directive, sources in policy.items():
        yield from (
            f"the policy allows {source} in {directive}"
            for source in sources
            if source in FORBIDDEN
        )
    scripts = policy.get("script-src", policy.get("default-src", []))
    if not set(scripts) <= {"'none'", "'self'"}:
        yield f"the policy lets scripts come from {' '.join(scripts)}"
    if policy.get("default-src") != ["'none'"]:
        yield "the policy does not refuse by default"
