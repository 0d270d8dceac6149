"""What a mail address looks like (RFC 5321), without the quotes and brackets that nobody's has.

The part before the sign may be longer than the 64 characters of the RFC: a town has published one of 70.
"""

import re
from urllib.parse import quote

LONGEST_MAIL = 254
"""Characters of an address (RFC 5321, section 4.5.3.1.3, less the angle brackets)."""
NOWHERE = r'@\s\x00-\x1f\x7f<>()\[\],;:"\\'
"""In a class of a pattern: what no part has, control characters among it."""
NOT_IN_DOMAIN = NOWHERE + "?&%=#/"
"""The same of a domain, and what would begin the fields of a link there."""
MAIL = re.compile(
    rf"[^{NOWHERE}]{{1,200}}@[^{NOT_IN_DOMAIN}]+\.[^{NOT_IN_DOMAIN}.]{{2,}}"
)


def is_mail_address(text: str) -> bool:
    """Whether somebody's address may be written so; whether it exists, only a mail tells."""
    return len(text) <= LONGEST_MAIL and MAIL.fullmatch(text) is not None


def mail_url(address: str) -> str:
    """The link that opens a mail to an address and to nobody else: `a?bcc=b` is a name that somebody may have."""
    return f"mailto:{quote(address, safe='@+', errors='replace')}"
