"""What a mail address looks like (RFC 5321), without the quotes and brackets that nobody's has.

The part before the sign may be longer than the 64 characters of the RFC: a town has published one of 70.
"""

import re

LONGEST_MAIL = 254
"""Characters of an address (RFC 5321, section 4.5.3.1.3, less the angle brackets)."""
MAIL = re.compile(
    r'[^@\s<>()\[\],;:"\\]{1,200}@[^@\s<>()\[\],;:"\\]+\.[^@\s<>()\[\],;:"\\.]{2,}'
)


def is_mail_address(text: str) -> bool:
    """Whether somebody's address may be written so; whether it exists, only a mail tells."""
    return len(text) <= LONGEST_MAIL and MAIL.fullmatch(text) is not None
