"""Addresses as people write them in a form: read, understood, and told back as what is kept."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from udi.kit.errors import InvalidError, field_error
from udi.node.files.remote.source_kinds import (
    SourceKind,
    find_source_kind,
    recognise_kind,
)

LONGEST_ADDRESS = 2000
WEB_SCHEMES = frozenset({"http", "https"})


def split_address(address: str) -> SplitResult:
    """The parts of an address as a person wrote it.

    Raises:
        InvalidError: it has none, or holds a password.
    """
    try:
        parts = urlsplit(address.strip())
        is_address = bool(parts.hostname and parts.scheme)
        _ = parts.port
    except ValueError:
        is_address = False
        parts = urlsplit("")
    if not is_address or len(address) > LONGEST_ADDRESS:
        raise _wrong_address_error()
    if parts.password:
        raise _password_error()
    return parts


def sign_error() -> InvalidError:
    """The refusal of a name of a file with a sign that ends the path of an address."""
    return field_error(
        "address",
        "This address has a sign that has another meaning in addresses.",
        "Write # as %23 and ? as %3F.",
    )


def check_address(address: str, schemes: Collection[str] = WEB_SCHEMES) -> str:
    """An address as a person wrote it.

    Raises:
        InvalidError: it is none of these schemes, or holds a password or a user.
    """
    parts = split_address(address)
    if parts.scheme not in schemes and WEB_SCHEMES.issuperset(schemes):
        raise _wrong_address_error()
    if parts.scheme not in schemes:
        raise field_error(
            "address",
            "This is not an address of what you chose.",
            "Choose «As the address says», or correct the address.",
        )
    if parts.username:
        raise _password_error()
    return address.strip()


def _wrong_address_error() -> InvalidError:
    return field_error(
        "address",
        "This is not an address of the web.",
        "It begins with https:// or http://.",
    )


def _password_error() -> InvalidError:
    return field_error(
        "address",
        "This address holds a password.",
        "Use an address that needs no password, or send the file.",
    )


@dataclass(frozen=True)
class UnderstoodAddress:
    """What a form gave, understood: the kind, the address that is kept, and the fields of a credential."""

    name: str
    kind: SourceKind
    address: str
    credential: Mapping[str, str] = field(default_factory=dict, repr=False)


def understand_address(
    address: str, name: str = "", values: Mapping[str, str] | None = None
) -> UnderstoodAddress:
    """The source that a person means; without the `name` of a kind, the one that recognises the address.

    A user before the host belongs to the credential, not to the address.

    Raises:
        InvalidError: it is no address of that kind, or there is no such kind.
    """
    parts = split_address(address)
    plain = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    name = name or recognise_kind(plain)
    kind = find_source_kind(name)
    if kind is None:
        raise field_error("kind", "Choose what is at this address.")
    given = {key: value.strip() for key, value in (values or {}).items()}
    credential_names = {entry.name for entry in kind.credential_fields}
    if parts.username:
        if "user" not in credential_names:
            check_address(address)
        given["user"] = given.get("user") or unquote(parts.username)
    credential = {key: given[key] for key in credential_names if given.get(key)}
    return UnderstoodAddress(name, kind, kind.read_address(plain, given), credential)
