"""A territory that does not exist yet: what an operator says of it, read from a form and found right."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec

from udi.kit.errors import InvalidError, Refusal
from udi.kit.mail_addresses import is_mail_address
from udi.portal.tenants.models import Tenant
from udi.portal.tenants.toml.field_types import SLUG
from udi.ui.contrast import list_contrasts
from udi.ui.theme import LIMITS

LANGUAGE_SETS = (
    ("fr,en", "French, and English"),
    ("en,fr", "English, and French"),
    ("es,en", "Spanish, and English"),
    ("fr", "French alone"),
    ("en", "English alone"),
    ("es", "Spanish alone"),
)
"""What the template of territories has texts for: languages, the first by default."""
FIELDS = (
    "name",
    "slug",
    "host",
    "node_host",
    "first_member",
    "contact",
    "hue",
    "languages",
)
"""In the order of the form."""
NAME = re.compile(
    r"(?=.*[^\W\d_])[\w«“(][\w\u0300-\u036f '’.,&/()«»“”–-]{0,58}[\w\u0300-\u036f.)»”]"
)
ADDRESS = re.compile(
    r"[A-Za-z0-9._%+-]{1,64}@([a-z0-9-]{1,63}[.])+[a-z0-9-]{2,63}", re.ASCII
)
NOBODYS = re.compile(r"(^|[.@])(example|invalid)([.](com|net|org))?$")
"""Domains of examples (RFC 2606)."""
LONGEST_SLUG = 40
WHOLE_HOST = re.compile(
    r"(?=.{4,200}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?[.])+[a-z]([a-z0-9-]{0,61}[a-z0-9])"
)
RESERVED = {"new", "id", "www", "node"}
"""Short names that pages or machines of the installation have."""


class StartStage(StrEnum):
    """What a start comes to, in this order."""

    FILES = "files"
    DATABASES = "databases"
    IDENTITY = "identity"
    INVITATION = "invitation"
    ONLINE = "online"


class NewTerritory(msgspec.Struct, frozen=True):
    """What a territory is made from; `languages` are codes with commas, the first by default."""

    slug: str
    name: str
    host: str
    node_host: str
    contact: str
    first_member: str
    hue: int
    languages: str

    @property
    def id(self) -> UUID:
        """The one that its files will have (`TenantFolder.tenant_id`)."""
        return uuid5(NAMESPACE_URL, f"udi:{self.slug}")

    @property
    def answers(self) -> dict[str, str]:
        """What the template of territories is answered."""
        values = {name: str(getattr(self, name)) for name in FIELDS}
        return {**values, "installation": "mutualised"}


@dataclass(frozen=True)
class TakenNames:
    """The short names and the host names that are somebody's already, each with whose."""

    slugs: frozenset[str]
    hosts: Mapping[str, str]

    @classmethod
    def of(cls, tenants: Iterable[Tenant], own_hosts: Sequence[str]) -> "TakenNames":
        """Those of the territories, and of the installation itself."""
        hosts = dict.fromkeys(own_hosts, "")
        slugs = set()
        for tenant in tenants:
            slugs.add(tenant.slug)
            node = tenant.links.get("node", "").partition("://")[2].partition(":")[0]
            for host in (*tenant.hosts, node):
                hosts[host] = tenant.slug
        return cls(frozenset(slugs), hosts)


def fill_in(values: Mapping[str, str], domain: str) -> dict[str, str]:
    """The answers of a form with host names where none are given: those of the installation's own domain."""
    filled = {name: str(values.get(name, "")).strip() for name in FIELDS}
    host = filled["host"]
    if host:
        filled["node_host"] = filled["node_host"] or f"node.{host}"
    elif domain and filled["slug"]:
        filled["host"] = f"{filled['slug']}.{domain}"
        filled["node_host"] = filled["node_host"] or f"{filled['slug']}.node.{domain}"
    return filled


def read_new_territory(
    values: Mapping[str, str], domain: str, taken: TakenNames
) -> NewTerritory:
    """A territory of the answers of a form.

    Raises:
        InvalidError: some cannot be; nothing is looked up elsewhere.
    """
    filled = fill_in(values, domain)
    of_slug = _check_slug(filled["slug"], taken)
    has_own_hosts = bool(values.get("host", "").strip()) or not domain
    of_hosts = _check_hosts(filled, taken) if has_own_hosts or not of_slug else []
    if of_hosts and not has_own_hosts:
        refusal = of_hosts[0]
        of_slug = [Refusal("slug", refusal.reason, values=refusal.values)]
        of_hosts = []
    refusals = [
        *_check_name(filled["name"]),
        *of_slug,
        *of_hosts,
        *_check_address("first_member", filled["first_member"]),
        *_check_address("contact", filled["contact"]),
        *_check_hue(filled["hue"]),
        *_check_languages(filled["languages"]),
    ]
    if refusals:
        raise InvalidError(refusals=refusals)
    texts = {name: filled[name] for name in FIELDS if name != "hue"}
    return NewTerritory(**texts, hue=int(filled["hue"]))


def _check_name(name: str) -> list[Refusal]:
    if NAME.fullmatch(name):
        return []
    return [
        Refusal(
            "name",
            "Give 2 to 60 letters, digits, spaces and plain punctuation, with at least one letter.",
        )
    ]


def _check_slug(slug: str, taken: TakenNames) -> list[Refusal]:
    if not re.match(SLUG, slug) or len(slug) > LONGEST_SLUG:
        return [
            Refusal(
                "slug",
                "Give 1 to 40 small letters and digits without accents, in groups joined by one hyphen.",
            )
        ]
    if "-node-" in f"{slug}-":
        return [
            Refusal("slug", "Leave out “-node”, which is kept for the names of nodes.")
        ]
    if slug in RESERVED:
        return [
            Refusal(
                "slug",
                "“%(slug)s” is kept for the installation itself: choose another short name.",
                values={"slug": slug},
            )
        ]
    if slug in taken.slugs:
        return [
            Refusal(
                "slug",
                "“%(slug)s” is taken already: try %(free)s.",
                values={"slug": slug, "free": find_free_slug(slug, taken)},
            )
        ]
    return []


def find_free_slug(slug: str, taken: TakenNames) -> str:
    """A short name near this one that nobody has."""
    number = 2
    stem = slug[: LONGEST_SLUG - 4].rstrip("-")
    while f"{stem}-{number}" in taken.slugs:
        number += 1
    return f"{stem}-{number}"


def _check_hosts(filled: Mapping[str, str], taken: TakenNames) -> list[Refusal]:
    if refusal := _check_host("host", filled["host"], taken):
        return [refusal]
    if refusal := _check_host("node_host", filled["node_host"], taken):
        return [refusal]
    if filled["host"] == filled["node_host"]:
        reason = "The portal and the node need a name each."
        return [Refusal("node_host", reason)]
    return []


def _check_host(field: str, host: str, taken: TakenNames) -> Refusal | None:
    if not WHOLE_HOST.fullmatch(host):
        return Refusal(
            field,
            "Give a whole host name in small letters, such as data.rade.bzh: no scheme, no port.",
        )
    if NOBODYS.search(host):
        return Refusal(field, "This domain is kept for examples: give your own.")
    if host not in taken.hosts:
        return None
    owner = taken.hosts[host]
    if not owner:
        return Refusal(
            field,
            "%(host)s is the installation’s own: choose another host name.",
            values={"host": host},
        )
    return Refusal(
        field,
        "%(host)s belongs to the territory “%(slug)s”: choose another host name.",
        values={"host": host, "slug": owner},
    )


def _check_address(field: str, address: str) -> list[Refusal]:
    if not is_mail_address(address) or not ADDRESS.fullmatch(address):
        return [Refusal(field, "Give a mail address: name@domain, in plain letters.")]
    if NOBODYS.search(address):
        return [Refusal(field, "This domain is kept for examples: give your own.")]
    return []


def _check_hue(hue: str) -> list[Refusal]:
    low, high = (int(limit) for limit in LIMITS["hue"])
    is_number = hue.isascii() and hue.isdigit() and len(hue) <= len(str(high))
    if not is_number or not low <= int(hue) <= high:
        return [
            Refusal(
                "hue",
                "Give a number from %(low)s to %(high)s.",
                values={"low": low, "high": high},
            )
        ]
    weak = [
        contrast for contrast in list_contrasts({"hue": int(hue)}) if not contrast.holds
    ]
    if weak:
        return [Refusal("hue", "Texts of this colour cannot be read: choose another.")]
    return []


def _check_languages(languages: str) -> list[Refusal]:
    if languages in dict(LANGUAGE_SETS):
        return []
    return [
        Refusal(
            "languages", "The pages do not have these languages: choose in the list."
        )
    ]
