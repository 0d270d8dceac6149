"""Which account of a copy is whose at its origin, kept until the copy opens: an address that changes there changes nobody."""

import json
from collections.abc import Mapping
from pathlib import Path

from udi.cli.secret_files import write_secret
from udi.settings import Settings


def file_of(settings: Settings, slug: str) -> Path:
    """Where it is kept, beside the secrets: it names people by their identifiers."""
    return settings.secrets_folder / f"copied_people_{slug}"


def read_accounts(settings: Settings, slug: str, issuer: str) -> dict[str, str]:
    """The identifier of each account here, by the one that it has at the origin of this issuer."""
    path = file_of(settings, slug)
    if not path.exists():
        return {}
    document = json.loads(path.read_text())
    if document["issuer"] != issuer:
        return {}
    accounts: dict[str, str] = document["accounts"]
    return accounts


def write_accounts(
    settings: Settings, slug: str, issuer: str, accounts: Mapping[str, str]
) -> None:
    """Keep it, in place of what was known before."""
    document = json.dumps(
        {"issuer": issuer, "accounts": dict(accounts)}, sort_keys=True
    )
    write_secret(settings, file_of(settings, slug).name, lambda: document)
