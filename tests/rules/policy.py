"""What the headers of a page must promise (CSP level 3, ASVS 5.0 chapter 3.4)."""

from collections.abc import Iterator, Mapping

REQUIRED = ("default-src", "form-action", "base-uri", "frame-ancestors")
FORBIDDEN = ("'unsafe-inline'", "'unsafe-eval'", "'unsafe-hashes'", "*", "http:", "https:")


def faults(headers: Mapping[str, str]) -> Iterator[str]:
    """What is wrong with the headers of a page; names are in lower case."""
    if headers.get("x-content-type-options") != "nosniff":
        yield "X-Content-Type-Options: nosniff is missing"
    if not headers.get("content-type", "").startswith("text/html"):
        yield f"the content type is «{headers.get('content-type', '')}»"
    text = headers.get("content-security-policy", "")
    if not text:
        yield "Content-Security-Policy is missing"
    else:
        yield from _of_policy({words[0]: words[1:] for part in text.split(";") if (words := part.split())})


def _of_policy(policy: Mapping[str, list[str]]) -> Iterator[str]:
    for directive in REQUIRED:
        if directive not in policy:
            yield f"the policy says nothing of {directive}"
    for directive, sources in policy.items():
        yield from (f"the policy allows {source} in {directive}" for source in sources if source in FORBIDDEN)
    scripts = policy.get("script-src", policy.get("default-src", []))
    if not set(scripts) <= {"'none'", "'self'"}:
        yield f"the policy lets scripts come from {' '.join(scripts)}"
    if policy.get("default-src") != ["'none'"]:
        yield "the policy does not refuse by default"
