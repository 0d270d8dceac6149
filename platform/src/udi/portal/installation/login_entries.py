"""Identity services of others and directories as forms: shown from the tables of a territory's files, and read into such tables."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from udi.kit.errors import InvalidError, Refusal
from udi.kit.login_providers import NATIONAL
from udi.portal.installation.figures import GatheredFigures
from udi.portal.installation.models import RequestState
from udi.portal.tenants.toml.schema import DirectoryPart, ProviderPart

Entry = Mapping[str, Any]
PROVIDER = "provider"
DIRECTORY = "directory"
TABLES = (PROVIDER, DIRECTORY)
KINDS = {
    PROVIDER: {
        "proconnect": "ProConnect, for agents",
        "franceconnect": "FranceConnect, for inhabitants",
        "oidc": "OpenID Connect",
        "saml": "SAML 2.0",
    },
    DIRECTORY: {"ldap": "LDAP", "ad": "Active Directory"},
}
TEXTS = {
    PROVIDER: ("kind", "issuer", "client_id", "domain", "picture"),
    DIRECTORY: ("kind", "address", "people", "bind_dn", "domain"),
}
BY_LANGUAGE = ("label", "note")
RULE_PARTS = ("claim", "value", "organisation", "group")
FIXED = ("kind", "issuer", "address", "domain")
"""What says which service an entry is: another one has a name, and a secret, of its own."""
RIGHTS = ("groups", "verified_addresses", "claims")
"""What gives people rights, or says who they are: the files alone change it."""
NEEDED = "This is needed."
REASONS = {
    "name": "Give 1 to 30 small letters and digits without accents, in groups joined by one hyphen; not “account”.",
    "kind": "Choose one of the list.",
    "issuer": "Give an address that begins with https://.",
    "client_id": "Give 300 characters at most.",
    "domain": "Give a domain in small letters, such as ville.example.",
    "picture": "Give the name of a file, 80 characters at most.",
    "address": "Give an address that begins with ldaps://.",
    "people": "Give an entry of the directory, 300 characters at most.",
    "bind_dn": "Give an entry of the directory, 300 characters at most.",
    "label": "Give 300 characters at most.",
    "note": "Give 300 characters at most.",
}
"""What is said of a field that the rules of the files refuse."""


@dataclass(frozen=True)
class LoginService:
    """An entry as it is listed: whether its secret is there, and how far a change of it is."""

    table: str
    entry: Entry
    has_secret: bool
    state: RequestState | None = None
    """Of the last request about it that is not done; None where there is none."""

    @property
    def name(self) -> str:
        """Its short name, which never changes."""
        return str(self.entry["name"])

    @property
    def kind(self) -> str:
        """What it is, in words."""
        return KINDS[self.table].get(str(self.entry["kind"]), str(self.entry["kind"]))


def list_services(figures: GatheredFigures | None) -> list[LoginService]:
    """Those of the files that are online, as they were gathered."""
    if figures is None:
        return []
    tables = {
        PROVIDER: figures.login_providers,
        DIRECTORY: figures.login_directories,
    }
    return [
        LoginService(table, entry, entry["name"] in figures.login_secrets)
        for table, entries in tables.items()
        for entry in entries
    ]


def fill_form(table: str, entry: Entry) -> dict[str, str]:
    """The fields of the form of an entry."""
    values = {name: str(entry.get(name, "")) for name in ("name", *TEXTS[table])}
    if table == DIRECTORY:
        return values
    for key in BY_LANGUAGE:
        for language, text in entry.get(key, {}).items():
            values[f"{key}_{language}"] = str(text)
    return values


def list_rights(entry: Entry) -> list[str]:
    """What an entry says of rights, as its file has it, a line each."""
    lines = [
        "; ".join(str(rule[part]) for part in RULE_PARTS)
        for rule in entry.get("groups", ())
    ]
    if entry.get("verified_addresses"):
        lines.append("verified_addresses = true")
    claims = entry.get("claims", {})
    return lines + [f'claims.{name} = "{claim}"' for name, claim in claims.items()]


def list_fields(table: str, languages: Iterable[str]) -> list[str]:
    """The names of the fields of a form."""
    fields = ["name", *TEXTS[table]]
    if table == PROVIDER:
        by_language = [f"{key}_{code}" for key in BY_LANGUAGE for code in languages]
        fields += by_language
    return fields


def read_entry(
    table: str, values: Mapping[str, str], languages: Sequence[str]
) -> dict[str, Any]:
    """The entry of a form, with the keys that say something.

    Raises:
        InvalidError: some fields cannot be; nothing is looked up elsewhere.
    """
    entry: dict[str, Any] = {"name": values.get("name", "")}
    entry |= {key: values[key] for key in TEXTS[table] if values.get(key)}
    if table == PROVIDER:
        entry |= _read_more(values, languages)
    refusals = _check_needed(table, entry, languages)
    refusals += _check_rules(table, entry, languages)
    if refusals:
        raise InvalidError(refusals=refusals)
    return entry


def list_moved(known: Entry, entry: Entry) -> list[str]:
    """The keys by which an entry would become that of another service under the same name."""
    return [key for key in FIXED if known.get(key) != entry.get(key)]


def list_raised(known: Entry, entry: Entry) -> list[str]:
    """The keys by which an entry would give rights that the one online does not give; a key that it lacks stays as it is."""
    rules = known.get("groups", [])
    raised = []
    if any(rule not in rules for rule in entry.get("groups", [])):
        raised.append("groups")
    if entry.get("verified_addresses") and not known.get("verified_addresses"):
        raised.append("verified_addresses")
    claims = known.get("claims", {})
    if entry.get("claims", claims) != claims:
        raised.append("claims")
    return raised


def keep_unshown(
    known: Entry, entry: Entry, languages: Sequence[str]
) -> dict[str, Any]:
    """An entry of the form with what the form does not change of the one that is online."""
    former = {key: known[key] for key in RIGHTS if key in known}
    for key in BY_LANGUAGE:
        texts = {
            code: text
            for code, text in known.get(key, {}).items()
            if code not in languages
        } | entry.get(key, {})
        if texts:
            former[key] = texts
    return {
        **former,
        **entry,
        **{key: former[key] for key in BY_LANGUAGE if key in former},
    }


def refuse_moved(known: Entry, entry: Entry) -> None:
    """Refuse an entry that leads to another service than the one of its name.

    Raises:
        InvalidError: it does.
    """
    reason = "Take this one away, then add the other under another name."
    refusals = [Refusal(key, reason) for key in list_moved(known, entry)]
    if refusals:
        raise InvalidError(refusals=refusals)


def _read_more(values: Mapping[str, str], languages: Sequence[str]) -> dict[str, Any]:
    more: dict[str, Any] = {}
    for key in BY_LANGUAGE:
        texts = {code: values.get(f"{key}_{code}", "") for code in languages}
        if texts := {code: text for code, text in texts.items() if text}:
            more[key] = texts
    return more


def _check_needed(table: str, entry: Entry, languages: Sequence[str]) -> list[Refusal]:
    """What the kind of the entry needs, and what it refuses."""
    kind = entry.get("kind", "")
    if table == DIRECTORY:
        needed = ["kind", "address", "people", "bind_dn", "domain"]
    else:
        needed = ["kind"]
        needed += [] if kind in NATIONAL else ["issuer", "label"]
        needed += [] if kind == "saml" else ["client_id"]
    refusals = [
        Refusal(_field_of(key, languages), NEEDED) for key in needed if key not in entry
    ]
    if kind == "franceconnect" and "domain" in entry:
        reason = "FranceConnect is for inhabitants: leave this empty."
        refusals.append(Refusal("domain", reason))
    return refusals


def _check_rules(table: str, entry: Entry, languages: Sequence[str]) -> list[Refusal]:
    """What the rules of the files say of each field; of what an entry needs as a whole, `_check_needed` tells."""
    part = ProviderPart if table == PROVIDER else DirectoryPart
    try:
        part.model_validate(entry)
    except ValidationError as error:
        keys = [str(details["loc"][0]) for details in error.errors() if details["loc"]]
        return [
            Refusal(_field_of(key, languages), REASONS[key])
            for key in dict.fromkeys(keys)
            if key in entry
        ]
    return []


def _field_of(key: str, languages: Sequence[str]) -> str:
    """The field of the form beside which a key is spoken of."""
    if key in BY_LANGUAGE:
        return f"{key}_{languages[0]}"
    return key
