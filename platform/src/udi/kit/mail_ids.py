"""Identifiers of mails that only we can have given to one address: a report on a mail names one, or says nothing here."""

import hmac

from udi.settings import ProgramName, Settings

SIGNATURE = 16
"""Bytes of a signature, written as hexadecimal digits after the last point."""


def mail_key(settings: Settings, program: ProgramName) -> bytes:
    """The key that signs the identifiers of the mails of a program.

    Raises:
        MissingSecretError: the key of that program is not on this machine.
    """
    return settings.derived_key(program, "identifiers of mails")


def sign_mail_id(key: bytes, mail_id: str, address: str) -> str:
    """The identifier of a mail to an address, signed: what stands before the `@` of its Message-ID (RFC 5322, 3.6.4)."""
    return f"{mail_id}.{_sign(key, mail_id, address)}"


def is_own_mail(key: bytes, message_id: str, address: str) -> bool:
    """Whether a Message-ID is one that we gave to a mail to this address."""
    local_part = message_id.strip().strip("<>").rpartition("@")[0]
    mail_id, _, signature = local_part.rpartition(".")
    expected = _sign(key, mail_id, address)
    return hmac.compare_digest(signature.encode(), expected.encode())


def _sign(key: bytes, mail_id: str, address: str) -> str:
    words = f"{mail_id}\0{address.lower()}".encode()
    return hmac.digest(key, words, "sha256")[:SIGNATURE].hex()
