"""The shape of tenant.toml: every key, what it takes and what it is for (docs/reference/tenant.md lists them)."""

import re
from difflib import get_close_matches
from typing import Annotated, Literal
from uuid import UUID
from zoneinfo import available_timezones

from pydantic import Field, HttpUrl, field_validator, model_validator

from udi.kit.mail_addresses import LONGEST_MAIL, MAIL
from udi.kit.tenancy import TIME_ZONE
from udi.portal.tenants.schema_parts import SLUG, ByLanguage, TenantFilePart, Words
from udi.portal.tenants.site_schema import BlockPart, FooterPart, LinkPart, check_kinds
from udi.ui.locale import LANGUAGES

HOST = re.compile(
    r"^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$"
)
Mail = Annotated[str, Field(pattern=f"^{MAIL.pattern}$", max_length=LONGEST_MAIL)]
Slug = Annotated[str, Field(pattern=SLUG, max_length=40)]
POLE = 90
Degrees = Annotated[float, Field(ge=-180, le=180)]
Box = tuple[Degrees, Degrees, Degrees, Degrees]


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
        zones = {
            zone.lower(): zone
            for zone in available_timezones()
            if "/" in zone or zone == "UTC"
        }
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


class LoginPart(TenantFilePart):
    """`[login]`: what is asked of people who log in."""

    second_factor: bool = Field(
        default=True,
        description="Whether managers and the team need a second factor, where the operator asks for one (UDI_SECOND_FACTOR).",
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
        default=5, ge=1, le=10_000, description="Room on the hosted node, in gigabytes."
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
    partners: list[HttpUrl] = Field(
        default=[],
        max_length=10,
        description="Addresses of other portals that are asked the same question, if they share.",
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
