"""Whose mailbox an e-mail address is: a service's or somebody's, as far as its words tell."""

import re
from enum import StrEnum

from udi.tabular.personal.names import given_names
from udi.tabular.personal.vocabulary import OFFICES, ROLES, fold

MAILBOX = re.compile(
    r"[A-Za-zÀ-ÿ0-9][A-Za-zÀ-ÿ0-9._%+'’-]{0,63}@[A-Za-zÀ-ÿ0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}"
)
SERVICES = (
    "mairie",
    "ville",
    "villede",
    "commune",
    "contact",
    "accueil",
    "info",
    "secretariat",
    "secretaire",
    "service",
    "direction",
    "communication",
    "urbanisme",
    "dpd",
    "dpo",
    "opendata",
    "support",
    "webmaster",
    "noreply",
    "no-reply",
    "admin",
    "commercial",
    "biblio",
    "mediatheque",
    "ecole",
    "creche",
    "musee",
    "office",
    "tourisme",
    "data",
    "sig",
    "geo",
    "rh",
    "compta",
    "facturation",
    "marche",
    "achat",
    "presse",
    "press",
    "media",
    "help",
    "hello",
    "bonjour",
    "sales",
    "enquir",
    "enquiries",
    "general",
    "cabinet",
    "agence",
    "agency",
    "association",
    "asso",
    "club",
    "comite",
    "ccas",
    "police",
    "technique",
    "sport",
    "culture",
    "jeunesse",
    "enfance",
    "environnement",
    "dechet",
    "eau",
    "transport",
    "mobilite",
    "reservation",
    "booking",
    "boutique",
    "magasin",
    "restaurant",
    "hotel",
    "camping",
    "gite",
    "syndicat",
    "communaute",
    "metropole",
    "departement",
    "region",
    "prefecture",
    "dsi",
    "it",
    "tech",
    "dev",
    "api",
    "postmaster",
    "abuse",
    "security",
    "privacy",
    "rgpd",
    "gdpr",
    "legal",
    "juridique",
    "jobs",
    "recrut",
    "event",
    "newsletter",
    "team",
    "equipe",
    "bureau",
    "college",
    "lycee",
    "universite",
    "univ",
    "school",
    "library",
    "council",
    "clerk",
    "standard",
    "visite",
    "patrimoine",
    "inscription",
    "festival",
    "protocollo",
    "segreteria",
    "ufficio",
    "comune",
    "scuola",
    "biblioteca",
    "anagrafe",
)
"""Beginnings of the words of a service's address."""
INITIAL_AND_NAME = re.compile(r"[a-z]{1,2}[._-][a-z'-]{3,}|[a-z'-]{3,}[._-][a-z]")
CERTIFIED = "pec"
"""Mark of the registered mailboxes of Italian bodies."""
LONG_ENOUGH = 6


class MailboxOwner(StrEnum):
    """Whose an address is."""

    PERSON = "person"
    SERVICE = "service"
    UNCLEAR = "unclear"


def owners(text: str) -> list[MailboxOwner]:
    """Whose the addresses of a text are."""
    return [_owner(address) for address in MAILBOX.findall(text)]


def _owner(address: str) -> MailboxOwner:
    local, _, domain = fold(address).partition("@")
    words = [word for word in re.split(r"[^a-z]+", local) if word]
    if any(_is_service_word(word) for word in words) or CERTIFIED in domain.split("."):
        return MailboxOwner.SERVICE
    if any(word in given_names() for word in words) or INITIAL_AND_NAME.fullmatch(
        local
    ):
        return MailboxOwner.PERSON
    host = domain.rsplit(".", 1)[0]
    named_as_host = any(len(word) > 2 and word in host for word in words)  # noqa: PLR2004 - two letters are in any name
    if named_as_host:
        return MailboxOwner.SERVICE
    return MailboxOwner.UNCLEAR


def _is_service_word(word: str) -> bool:
    return word in ROLES | OFFICES or any(
        word == stem or (len(stem) >= LONG_ENOUGH and word.startswith(stem))
        for stem in SERVICES
    )
