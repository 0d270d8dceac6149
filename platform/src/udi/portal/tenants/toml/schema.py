"""The shape of tenant.toml: every key, what it takes and what it is for (docs/reference/tenant.md lists them)."""

import re
from difflib import get_close_matches
from typing import Annotated, Literal
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import Field, HttpUrl, field_validator, model_validator

from udi.kit.login_providers import ACCOUNT
from udi.kit.mail_addresses import LONGEST_MAIL, MAIL
from udi.kit.tenancy import TIME_ZONE
from udi.kit.time_zones import list_zones
from udi.portal.tenants.toml.field_types import SLUG, ByLanguage, TenantFilePart, Words
from udi.portal.tenants.toml.site_schema import (
    BlockPart,
    FooterPart,
    LinkPart,
    check_kinds,
)
from udi.ui.locale import LANGUAGES

HOST = re.compile(
    r"^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$"
)
Mail = Annotated[str, Field(pattern=f"^{MAIL.pattern}$", max_length=LONGEST_MAIL)]
Slug = Annotated[str, Field(pattern=SLUG, max_length=40)]
POLE = 90
Degrees = Annotated[float, Field(ge=-180, le=180)]
Box = tuple[Degrees, Degrees, Degrees, Degrees]
CLAIM = r"^[A-Za-z0-9][A-Za-z0-9_.:/-]*$"
Claim = Annotated[str, Field(pattern=rf"{CLAIM}|^$", max_length=100)]
NATIONAL_ISSUERS = {
    "proconnect": "https://auth.agentconnect.gouv.fr/api/v2",
    "franceconnect": "https://oidc.franceconnect.gouv.fr/api/v2",
}
"""Production services of the French State."""


class TerritoryPart(TenantFilePart):
    """`[territory]`: who it is."""

    slug: Slug = Field(
        description="Short name in addresses; never changes once in use."
    )
    name: ByLanguage = Field(min_length=1, description="Name, by language.")
    tagline: ByLanguage = Field(
        default_factory=dict, description="A few words under the name, by language."
    )
    languages: list[str] = Field(
        default=["fr", "en"],
        min_length=1,
        description="Languages of the pages, the first by default.",
    )
    time_zone: str = Field(
        default=TIME_ZONE,
        description="Time zone, as the IANA names it (Europe/Paris, Indian/Reunion): the hours and days of pages and mails.",
    )
    box: Box | None = Field(
        default=None,
        description="Area: west, south, east and north in degrees (WGS 84).",
    )
    contact: Mail = Field(description="Address of the territory's team.")
    privacy_contact: Mail = Field(description="Address of the data protection officer.")

    @field_validator("slug")
    @classmethod
    def _check_slug(cls, value: str) -> str:
        if "-node-" in f"{value}-":
            msg = f"«{value}» would be taken for a node of another territory at the identity service: leave out «-node»"
            raise ValueError(msg)
        return value

    @field_validator("time_zone")
    @classmethod
    def _check_time_zone(cls, value: str) -> str:
        zones = {zone.lower(): zone for zone in list_zones()}
        if zones.get(value.lower()) != value:
            near = get_close_matches(value.lower().replace(" ", "_"), zones, n=1)
            if near:
                example = f"did you mean «{zones[near[0]]}»?"
            else:
                example = f"write one such as {TIME_ZONE} or Indian/Reunion"
            msg = f"«{value}» is no time zone of the IANA's list: {example}"
            raise ValueError(msg)
        return value

    @field_validator("box")
    @classmethod
    def _check_box(cls, value: Box | None) -> Box | None:
        if value and not -POLE <= value[1] <= value[3] <= POLE:
            msg = "the south is above the north, or past a pole: write west, south, east, north"
            raise ValueError(msg)
        return value

    @field_validator("languages")
    @classmethod
    def _check_languages(cls, value: list[str]) -> list[str]:
        unknown = [language for language in value if language not in LANGUAGES]
        if unknown:
            msg = f"{', '.join(unknown)} is not among the languages of the pages ({', '.join(LANGUAGES)})"
            raise ValueError(msg)
        return value


class HostsPart(TenantFilePart):
    """`[hosts]`: the names the territory answers to, the first of each list being the public one."""

    portal: list[str] = Field(min_length=1, description="Host names of the portal.")
    node: list[str] = Field(min_length=1, description="Host names of the hosted node.")

    @field_validator("portal", "node")
    @classmethod
    def _check_host_names(cls, value: list[str]) -> list[str]:
        invalid_hosts = [host for host in value if not HOST.match(host)]
        if invalid_hosts:
            msg = f"«{invalid_hosts[0]}» is not a host name (no scheme, no port, lower case)"
            raise ValueError(msg)
        return value

    @model_validator(mode="after")
    def _check_distinct_hosts(self) -> "HostsPart":
        if both := set(self.portal) & set(self.node):
            msg = f"{', '.join(sorted(both))} is given to the portal and to the node: files must have an origin of their own"
            raise ValueError(msg)
        return self


class ProviderGroupPart(TenantFilePart):
    """`groups` of a provider: who has this value of a claim is in this group of an organisation."""

    claim: Annotated[str, Field(pattern=CLAIM, max_length=100)] = Field(
        description="Claim of the provider, or attribute of its SAML assertion."
    )
    value: Words = Field(description="Value that the claim has, or one of its values.")
    organisation: Slug = Field(description="Slug of the organisation.")
    group: Literal["managers", "publishers"] = Field(
        description="Group given: `managers` or `publishers`."
    )


def check_mail_domain(value: str) -> str:
    """A domain of mail addresses, in small letters.

    Raises:
        ValueError: it is none.
    """
    if not HOST.match(value) or "." not in value:
        msg = f"«{value}» is no domain of mail addresses: write one such as ville.example, in small letters"
        raise ValueError(msg)
    return value


class ProviderClaimsPart(TenantFilePart):
    """`claims` of a provider: where its names differ from the standard's."""

    email: Claim = Field(default="", description="Holds the address.")
    first_name: Claim = Field(default="", description="Holds the first name.")
    last_name: Claim = Field(default="", description="Holds the last name.")


class ProviderPart(TenantFilePart):
    """`[[login.provider]]`: another identity service by which people log in here."""

    name: Annotated[str, Field(pattern=SLUG, max_length=30)] = Field(
        description="Short name in addresses; never changes once in use."
    )
    kind: Literal["proconnect", "franceconnect", "oidc", "saml"] = Field(
        description="What it is: `proconnect`, `franceconnect`, or any other by OpenID Connect (`oidc`) or `saml`."
    )
    label: ByLanguage = Field(
        default_factory=dict,
        description="Name on its button, by language; ProConnect and FranceConnect have their own.",
    )
    note: ByLanguage = Field(
        default_factory=dict,
        description="A sentence above its button, by language.",
    )
    picture: str = Field(
        default="",
        max_length=80,
        description="File of `pictures/` in place of the words of its button: the official one, as it was downloaded.",
    )
    issuer: HttpUrl | None = Field(
        default=None,
        description="Its issuer, as its metadata write it; of SAML, the address of its metadata. ProConnect and FranceConnect: their production service, where absent.",
    )
    client_id: Annotated[str, Field(min_length=1, max_length=300)] | None = Field(
        default=None,
        description="How it calls this territory; its secret is the file `login_<territory>_<name>`. Of SAML: our entity ID, and there is no secret.",
    )
    domain: str | None = Field(
        default=None,
        description="Domain of the addresses of its people: whoever writes one is led to it, and it vouches for no other.",
    )
    verified_addresses: bool = Field(
        default=False,
        description="Whether it proves that addresses of its domain are theirs: they are not confirmed by a mail then.",
    )
    claims: ProviderClaimsPart = Field(
        default=ProviderClaimsPart(),
        description="Claims of `email`, `first_name`, `last_name`, where they have other names than the standard's.",
    )
    groups: list[ProviderGroupPart] = Field(
        default=[],
        max_length=200,
        description="Groups that its claims give: `{ claim, value, organisation, group }` each.",
    )

    @field_validator("name")
    @classmethod
    def _check_name(cls, value: str) -> str:
        if value == ACCOUNT:
            msg = f"«{value}» stands for an address and a password: choose another name"
            raise ValueError(msg)
        return value

    @field_validator("issuer")
    @classmethod
    def _check_issuer(cls, value: HttpUrl | None) -> HttpUrl | None:
        if value and value.scheme != "https" and value.host != "localhost":
            msg = "it is not encrypted: write an address that begins with https://"
            raise ValueError(msg)
        return value

    @field_validator("domain")
    @classmethod
    def _check_domain(cls, value: str | None) -> str | None:
        return None if value is None else check_mail_domain(value)

    @model_validator(mode="after")
    def _check_needed_keys(self) -> "ProviderPart":
        is_national = self.kind in NATIONAL_ISSUERS
        needed = {
            "issuer": self.issuer or is_national,
            "label": self.label or is_national,
            "client_id": self.client_id or self.kind == "saml",
        }
        if missing := [key for key, value in needed.items() if not value]:
            msg = f"a provider of the kind {self.kind} needs {', '.join(missing)}"
            raise ValueError(msg)
        if self.verified_addresses and not self.domain:
            msg = "verified_addresses needs domain: a provider vouches for addresses of its own domain only"
            raise ValueError(msg)
        if self.kind == "franceconnect" and (self.domain or self.groups):
            msg = (
                "FranceConnect is for inhabitants: it has no domain, and gives no group"
            )
            raise ValueError(msg)
        return self

    @property
    def issuer_url(self) -> str:
        """Its issuer, or the address of its metadata, without a final slash."""
        return str(self.issuer or NATIONAL_ISSUERS[self.kind]).rstrip("/")


class DirectoryPart(TenantFilePart):
    """`[[login.directory]]`: an LDAP or Active Directory whose people log in with their own password."""

    name: Annotated[str, Field(pattern=SLUG, max_length=30)] = Field(
        description="Short name at the identity service; never changes once in use."
    )
    kind: Literal["ldap", "ad"] = Field(
        description="`ldap` (OpenLDAP, 389 Directory Server …), or `ad` (Active Directory)."
    )
    address: Annotated[str, Field(max_length=300)] = Field(
        description="Its address: `ldaps://directory.town.example:636`."
    )
    people: Words = Field(
        description="Entry under which its people are: `ou=people,dc=town,dc=example`."
    )
    bind_dn: Words = Field(
        description="Account that may search there and nothing more; its password is the file `login_<territory>_<name>`."
    )
    domain: str = Field(
        description="Domain of the addresses of its people: the directory gives nobody else."
    )

    @field_validator("address")
    @classmethod
    def _check_address(cls, value: str) -> str:
        parts = urlsplit(value)
        is_local = parts.scheme == "ldap" and parts.hostname == "localhost"
        if (parts.scheme != "ldaps" and not is_local) or not parts.hostname:
            msg = "it is not encrypted: write an address that begins with ldaps://"
            raise ValueError(msg)
        return value

    @field_validator("domain")
    @classmethod
    def _check_domain(cls, value: str) -> str:
        return check_mail_domain(value)


class LoginPart(TenantFilePart):
    """`[login]`: what is asked of people who log in."""

    second_factor: bool = Field(
        default=True,
        description="Whether managers and the team need a second factor, where the operator asks for one (UDI_SECOND_FACTOR).",
    )
    provider: list[ProviderPart] = Field(
        default=[],
        max_length=20,
        description="Other identity services by which people log in, each a table `[[login.provider]]`.",
    )
    directory: list[DirectoryPart] = Field(
        default=[],
        max_length=5,
        description="Directories whose people log in with their own password, each a table `[[login.directory]]`.",
    )


class ThemePart(TenantFilePart):
    """`[theme]`: the territory's colours."""

    hue: int = Field(
        default=178, ge=0, le=360, description="Hue of the accent, 0 to 360."
    )
    chroma: float = Field(
        default=1.0,
        ge=0,
        le=1.3,
        description="Strength of the accent, 0 (grey) to 1.3.",
    )
    spark: int = Field(
        default=62, ge=0, le=360, description="Second hue, of the motif only."
    )
    paper_hue: int = Field(default=85, ge=0, le=360, description="Tint of the page.")


class MailPart(TenantFilePart):
    """`[mail]`: who signs the mails."""

    sender: Mail = Field(description="Address that mails come from.")
    sender_name: Words = Field(description="Name that mails come from.")


class OrganisationPart(TenantFilePart):
    """`[[organisation]]`: a legal person with a space on the hosted node."""

    slug: Slug = Field(description="Short name in addresses.")
    name: Words = Field(description="Official name.")
    summary: ByLanguage = Field(
        default_factory=dict, description="What it does, by language."
    )
    email: Mail = Field(description="Public address of a service, not of a person.")
    url: HttpUrl | None = Field(default=None, description="Its site.")
    address: str = Field(default="", max_length=300, description="Postal address.")
    kind: Literal["", "public_body", "research", "association", "company"] = Field(
        default="",
        description="What it is: `public_body`, `research`, `association`, `company`; agreements say it.",
    )
    id: UUID | None = Field(
        default=None,
        description="Identifier already known to others; derived from the slugs when absent.",
    )
    quota_gb: int = Field(
        default=5,
        ge=1,
        le=10_000,
        description="Storage on the hosted node, in gigabytes.",
    )


class CostsPart(TenantFilePart):
    """`[costs]`: what things cost the territory, in any currency, so that `udi producer costs` says each one's share."""

    gigabyte_day: float = Field(
        default=0, ge=0, description="Price of one gigabyte kept for one day."
    )
    gigabyte_sent: float = Field(
        default=0, ge=0, description="Price of one gigabyte sent."
    )
    thousand_calls: float = Field(
        default=0, ge=0, description="Price of a thousand downloads and calls."
    )
    job_hour: float = Field(
        default=0, ge=0, description="Price of one hour of preparing files."
    )


class SearchPart(TenantFilePart):
    """`[search]`: beyond the territory's own catalogue; its `synonyms.ttl` has words of its own."""

    shared: bool = Field(
        default=False,
        description="Whether other territories and portals may show what is found here among their answers.",
    )
    territories: list[Slug] = Field(
        default=[],
        max_length=200,
        description="Territories of the same installation whose data are shown beside its own, if they share; all that share when empty.",
    )
    partners: list[HttpUrl] = Field(
        default=[],
        max_length=10,
        description="Addresses of other portals that are searched too, if they share.",
    )


class AccountPart(TenantFilePart):
    """`[[account]]`: a demonstration account, created only where `UDI_DEMO` is true."""

    username: Mail = Field(description="Address that the person logs in with.")
    first_name: Words = Field(description="First name shown.")
    last_name: Words = Field(description="Last name shown.")
    moderator: bool = Field(
        default=False, description="Member of the territory's team."
    )
    organisations: dict[str, list[str]] = Field(
        default_factory=dict,
        description="Groups (managers, publishers) by organisation slug.",
    )


class TeamPart(TenantFilePart):
    """`[[team]]`: somebody who runs the territory; they are invited by mail while its team has nobody."""

    email: Mail = Field(description="Address that the invitation is sent to.")


class TenantFile(TenantFilePart):
    """tenant.toml."""

    territory: TerritoryPart
    hosts: HostsPart
    login: LoginPart = LoginPart()
    theme: ThemePart = ThemePart()
    mail: MailPart
    costs: CostsPart = CostsPart()
    search: SearchPart = SearchPart()
    organisation: list[OrganisationPart] = Field(default=[])
    team: list[TeamPart] = Field(default=[])
    account: list[AccountPart] = Field(default=[])
    home: list[BlockPart] = Field(default=[], max_length=24)
    menu: list[LinkPart] = Field(default=[], max_length=7)
    footer: list[FooterPart] = Field(default=[], max_length=3)

    @field_validator("home")
    @classmethod
    def _check_home(cls, value: list[BlockPart]) -> list[BlockPart]:
        return check_kinds(value)
