"""Other identity services by which the people of a territory log in, as its register holds them."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

ACCOUNT = "account"
"""In place of a provider's name: an address and a password at our own identity service."""
NATIONAL = {"proconnect": "ProConnect", "franceconnect": "FranceConnect"}
"""Those of the State, whose button stands first and has their own name."""
ABOUT = {
    "proconnect": "https://www.proconnect.gouv.fr/",
    "franceconnect": "https://franceconnect.gouv.fr/",
}
"""Pages where they say what they are."""


@dataclass(frozen=True)
class GroupRule:
    """Who has this value of a claim is in this group (`managers`, `publishers`) of an organisation, by its slug."""

    claim: str
    value: str
    organisation: str
    group: str


@dataclass(frozen=True)
class ButtonPicture:
    """What stands in place of the words of a button: its bytes as an address (`data:`), its size in pixels."""

    address: str
    width: int
    height: int


@dataclass(frozen=True)
class LoginProvider:
    """One of them: `label` is its name by language, `note` a sentence above its button, `origin` where a logout passes by."""

    name: str
    kind: str
    label: Mapping[str, str]
    origin: str
    rules: tuple[GroupRule, ...] = ()
    note: Mapping[str, str] = field(default_factory=dict)
    picture: ButtonPicture | None = None

    @property
    def about(self) -> str:
        """A page that says what it is; empty where there is none."""
        return ABOUT.get(self.kind, "")

    def label_in(self, language: str) -> str:
        """Its name on a button."""
        if self.kind in NATIONAL:
            return NATIONAL[self.kind]
        return self.label.get(language) or next(iter(self.label.values()), self.name)

    def note_in(self, language: str) -> str:
        """The sentence above its button; empty where there is none."""
        return self.note.get(language) or next(iter(self.note.values()), "")


def provider_alias(territory: str, name: str) -> str:
    """How our identity service calls a provider of a territory, by both slugs."""
    return f"{territory}--{name}"


def claim_attribute(alias: str, claim: str) -> str:
    """Attribute of an account that holds a claim of one provider, and of no other."""
    plain = re.sub(r"[^A-Za-z0-9_.-]", "_", claim)
    if plain != claim:
        plain += f"-{hashlib.sha256(claim.encode()).hexdigest()[:8]}"
    return f"udi.{alias}.{plain}"


def read_login_providers(
    rows: Sequence[Mapping[str, Any]],
) -> tuple[LoginProvider, ...]:
    """The providers of a row of the register, those of the State first."""
    providers = [
        LoginProvider(
            name=row["name"],
            kind=row["kind"],
            label=row["label"],
            origin=row["origin"],
            rules=tuple(GroupRule(**rule) for rule in row["rules"]),
            note=row.get("note", {}),
            picture=ButtonPicture(**row["picture"]) if row.get("picture") else None,
        )
        for row in rows
    ]
    return tuple(sorted(providers, key=lambda provider: provider.kind not in NATIONAL))


def rules_digest(providers: Sequence[LoginProvider]) -> str:
    """A digest of the rules by which providers give groups."""
    rules = [
        [provider.name, rule.claim, rule.value, rule.organisation, rule.group]
        for provider in providers
        for rule in provider.rules
    ]
    return hashlib.sha256(json.dumps(sorted(rules)).encode()).hexdigest()[:16]
