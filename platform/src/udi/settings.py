"""Every setting, read once. `docs/reference/settings.md` explains each; a test compares the two."""

import base64
import hashlib
import hmac
import os
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

ProgramName = Literal["portal", "node"]
Role = Literal["owner", "app", "public", "worker"]
LOOPBACK = "localhost"
"""Of which browsers take every name for this machine (RFC 6761)."""
NODE_CREDENTIAL = "node_credential_"
"""The secret file of a node's credential at the portal of a territory; its slug follows."""
SUBJECTS_CLIENT = "node_subjects_"
"""The secret file of the client of an own node for people who ask about themselves; the slug of its territory follows."""
HOSTED = "hosted"
"""The name of every territory's hosted node."""
SMTP_PASSWORD = "smtp_password"  # noqa: S105 - the name of its file
"""The secret file of the password that the mail relay asks for."""


class RelaySecurity(StrEnum):
    """How the connection to the mail relay is encrypted."""

    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


class MissingSecretError(Exception):
    """A secret file is absent: its message names the file to provide."""


def _default_state() -> Path:
    checkout = Path(__file__).resolve().parents[3]
    name = hashlib.sha256(str(checkout).encode()).hexdigest()[:10]
    if os.geteuid() == 0:
        return Path("/var/lib/udi-local") / name
    root = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state"
    return Path(root) / "udi" / name


def _default_cache() -> Path:
    if os.geteuid() == 0:
        return Path("/var/cache/udi")
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "udi"


ORIGIN = r"https?://[A-Za-z0-9.-]+(?::[0-9]{1,5})?"
SHORTEST_UNUSED_MONTHS = 6
PART = r"[A-Za-z0-9._~!$&()*+,=:@%/?-]*"
"""Of the address of tiles: an origin that a policy can name, and what an address is made of."""
ARCHIVE = r"/[^\x00-\x1f{}]*(?:\.pmtiles|/)|store:[A-Za-z0-9_-][A-Za-z0-9._-]*\.pmtiles"
"""Of a base map of the operator's own: a path, a folder, or a name in the object store."""


class Settings(BaseSettings):
    """Read from the environment, prefix `UDI_`; passwords and keys are files of the folder `secrets`."""

    model_config = SettingsConfigDict(env_prefix="UDI_", frozen=True)

    state: Path = Field(
        default_factory=_default_state,
        description="Folder of everything that lasts on this machine.",
    )
    cache: Path = Field(
        default_factory=_default_cache,
        description="Folder of downloads that can be fetched again.",
    )
    secrets: Path | None = Field(
        default=None, description="Folder of passwords and keys, one file each."
    )
    tenants: Path = Field(
        default=Path("tenants"), description="Folder of the territories' files."
    )
    languages: Path | None = Field(
        default=None,
        description="Folder of further languages, one folder each; unset: ours and those of packages.",
    )
    base_port: int = Field(
        default=8000,
        ge=1024,
        le=65000,
        description="First of the seven ports that `udi up` uses.",
    )
    demo: bool = Field(
        default=False,
        description="Create the demonstration accounts named in tenant.toml.",
    )
    maven_repository: str = Field(
        default="",
        description="Maven repository to fetch Keycloak from; empty: the public one.",
    )

    database_host: str = Field(default="127.0.0.1", description="Host of PostgreSQL.")
    database_port: int | None = Field(
        default=None, description="Port of PostgreSQL; unset: base port + 4."
    )
    database_replica_port: int | None = Field(
        default=None,
        description="Port of a copy that follows the database, for public reads; unset: the database itself.",
    )
    database_sslmode: Literal["prefer", "verify-full"] = Field(
        default="prefer",
        description="How connections to PostgreSQL are encrypted: `prefer` (if it offers so, whoever it is) or `verify-full` (always, and its certificate has the name of its host).",
    )
    database_ca: Path = Field(
        default=Path("/etc/ssl/certs/ca-certificates.crt"),
        description="File of the authorities that PostgreSQL's certificate may come from, with `verify-full`.",
    )
    database_names: dict[ProgramName, str] = Field(
        default={"portal": "udi_portal", "node": "udi_node"},
        description="Name of each program's database.",
    )

    installation_host: str = Field(
        default=LOOPBACK, description="Host name that lists the territories."
    )
    territory_domain: str = Field(
        default="",
        description="Domain whose names `<slug>` and `<slug>.node` lead here already: a territory started on a page is there at once; empty: none (on loopback, `localhost`).",
    )
    portal_url: str = Field(
        default="http://{host}:{port}",
        description="Address of a portal; `{host}` is the territory's.",
    )
    node_url: str = Field(
        default="http://{host}:{port}",
        description="Address of the hosted node; `{host}` likewise.",
    )
    node_name: str = Field(
        default=HOSTED,
        description="Name under which its portal knows this node; `hosted`: a territory's hosted node.",
    )
    portal_back_channel: str = Field(
        default="",
        description="Address at which Keycloak reaches the portal; empty: loopback.",
    )
    node_back_channel: str = Field(
        default="",
        description="Address at which Keycloak reaches the node; empty: loopback.",
    )
    identity_url: str = Field(
        default="",
        description="Public address of Keycloak; empty: loopback, base port + 2.",
    )
    identity_internal_url: str = Field(
        default="",
        description="Address at which the programs reach Keycloak; empty: the public one.",
    )
    identity_realm: str = Field(default="udi", description="Realm of the deployment.")
    identity_admin_realm: str = Field(
        default="master",
        description="Realm of the client `udi-admin`; another than `master`: Keycloak is run by others, who gave us this client in our realm.",
    )
    identity_address: str = Field(
        default="127.0.0.1",
        description="Address of this machine at which the other Keycloaks reach its own.",
    )
    identity_peers: list[str] = Field(
        default=[],
        description="Addresses of all the Keycloaks that share sessions; empty: there is one, alone.",
    )
    second_factor: bool = Field(
        default=False,
        description="Managers and the territories' teams need a second factor, and what decides a login of the last 15 minutes.",
    )
    identity_proxies: list[str] = Field(
        default=[],
        description="Addresses of the reverse proxies that Keycloak believes; empty: there is none.",
    )
    private_hosts: list[str] = Field(
        default=[],
        description="Hosts at private addresses that portal and nodes may reach: patterns with a port, `HOST:PORT`, where `*.` is one level of names; empty: none.",
    )
    source_hosts: list[str] = Field(
        default=[],
        description="Hosts at private addresses whose catalogues may be read as sources: patterns with a port, `HOST:PORT`, where `*.` is one level of names; empty: none.",
    )

    dataspace_hosts: list[str] = Field(
        default=[],
        description="Host patterns of connectors of data spaces that may be at a private address, or be reached without TLS.",
    )

    smtp_host: str = Field(default="127.0.0.1", description="Mail relay.")
    smtp_port: int | None = Field(
        default=None, description="Port of the mail relay; unset: base port + 6."
    )
    backup_days: int = Field(
        default=35,
        ge=1,
        description="Days after which backups have forgotten what was deleted, as pages say it.",
    )
    unused_account_months: int = Field(
        default=24,
        ge=0,
        le=120,
        description="Months without any use after which accounts are deleted, once their owners were warned twice; 0: never.",
    )
    smtp_security: RelaySecurity = Field(
        default=RelaySecurity.NONE,
        description="How the connection to the relay is encrypted: `none`, `starttls` or `tls`; its certificate is verified.",
    )
    smtp_user: str = Field(
        default="",
        description="Login at the relay, with the secret `smtp_password`; empty: none.",
    )
    mail_sender: str = Field(
        default="",
        description="Address that all mails come from, Keycloak's too; empty: `[mail]` of each territory's file, and `no-reply@` the installation's host for Keycloak.",
    )

    object_store: str = Field(
        default="",
        description="Where files live: a folder or `s3://bucket`; empty: a folder of the state.",
    )
    object_store_endpoint: str = Field(
        default="", description="Address of the S3 service; empty: Amazon's, by region."
    )
    object_store_region: str = Field(
        default="us-east-1", description="Region of the S3 service."
    )
    object_store_path_style: bool = Field(
        default=True,
        description="Name the bucket in the path of S3 addresses, not in their host.",
    )
    memory_folder: Path = Field(
        default=Path("/dev/shm"),  # noqa: S108 - in memory, where a folder of this account's own is made
        description="Folder in memory (tmpfs) in which files of sealed spaces are read.",
    )
    upload_limit: int = Field(
        default=50 * 1024**3, description="Largest file accepted by the node, in bytes."
    )
    fetch_seconds: int = Field(
        default=3600,
        ge=1,
        description="Longest time that the node gives one file to come from another address, in seconds.",
    )
    schemas: Path | None = Field(
        default=None,
        description="Folder of schemas that tables may follow, beside the models of the distribution.",
    )
    base_map: str = Field(
        default="",
        pattern=rf"^(?:{ORIGIN}/{PART}\{{z\}}{PART}\{{[xy]\}}{PART}\{{[xy]\}}{PART}|{ARCHIVE})?$",
        description="What interactive maps lie on: the address of tiles, pictures of the Mercator grid of 256 pixels, with `{z}`, `{x}` and `{y}`, whose server readers’ browsers ask; or a PMTiles archive of your own, which the node gives: a path that ends in `.pmtiles`, a folder that ends in `/` (its newest archive), or `store:NAME.pmtiles`, the object `base-map/NAME.pmtiles` of the object store. Empty: outlines alone.",
    )
    base_map_credit: str = Field(
        default="",
        max_length=200,
        description="Whose those tiles are, as their licence wants it written on maps.",
    )
    web_workers: int | None = Field(
        default=None,
        ge=1,
        description="Web workers of each program; unset: one for each processor, at most one for each 2 GiB of memory, shared among its web units.",
    )
    web_units: int = Field(
        default=1,
        ge=1,
        description="Web units of each program on this machine, which share its processors and memory.",
    )
    space_requests_per_minute: int = Field(
        default=6000,
        ge=1,
        description="Requests for data a minute that one `udi serve`, with all its web workers, answers for one producer, unless it has its own limit.",
    )
    space_jobs_at_once: int = Field(
        default=2,
        ge=1,
        description="Heavy jobs of one producer at once, unless it has its own limit.",
    )
    space_uploads_at_once: int = Field(
        default=256,
        ge=1,
        description="Files on their way in at once, for one producer in one `udi serve`, unless it has its own limit.",
    )
    clamd_socket: str = Field(
        default="",
        description="Socket of clamd, a path or `host:port`; empty: files are not searched for viruses.",
    )
    search_index: Path | None = Field(
        default=None,
        description="Folder of the search indexes; unset: in the state folder.",
    )
    answer_cache: int = Field(
        default=10 * 1024 * 1024,
        ge=0,
        description="Bytes of answers to passers-by that each web worker of the portal keeps; 0: none.",
    )
    api_requests_per_minute: int = Field(
        default=3000,
        ge=1,
        description="Requests of one address to the portal's API a minute that one `udi serve`, with all its web workers, answers; with a token, five times as many.",
    )
    query_seconds_per_minute: int = Field(
        default=30,
        ge=1,
        description="Seconds a minute that the queries of tables of one address take together at one `udi serve` of a node, with all its web workers; of people who are logged in, and with a token or a key, five times as many.",
    )
    link_looks_per_hour: int = Field(
        default=1800,
        ge=0,
        description="Looks an hour at what one territory's catalogue links to, at most; 0: none.",
    )
    backup_plan: Path = Field(
        default=Path("/etc/udi/backup.toml"),
        description="File that says where backups go, written by the role backup.",
    )
    backup_state: Path = Field(
        default=Path("/var/lib/udi-backup"),
        description="Folder where `udi backup` notes what it did on this machine.",
    )
    log_format: Literal["text", "json"] = Field(
        default="text",
        description="How lines of the log are written: for people, or as one JSON object each; with a receiver (`UDI_LOG_SYSLOG`, `UDI_OTLP`) they are JSON.",
    )
    log_error_stream: bool = Field(
        default=True,
        description="Write the log to the error stream, which journald takes.",
    )
    log_syslog: str = Field(
        default="",
        pattern=r"^(?:unix:/[^\s]+|(?:udp|tcp|tls)://[^\s/@]+/?)?$",
        description="Receiver of the log by syslog (RFC 5424): `unix:/dev/log`, `udp://HOST:PORT`, `tcp://HOST:PORT` or `tls://HOST:PORT`; empty: none.",
    )
    otlp: str = Field(
        default="",
        pattern=r"^(?:https?://[^\s@]+)?$",
        description="Address of an OpenTelemetry collector (OTLP over HTTP), without `/v1/logs` and `/v1/traces`: logs and traces go there, with the secret `otlp_authorization` if there is one; empty: none.",
    )

    @field_validator("unused_account_months")
    @classmethod
    def check_unused_account_months(cls, months: int) -> int:
        """Two warnings within sixty days need a longer time.

        Raises:
            ValueError: the time is too short.
        """
        if 0 < months < SHORTEST_UNUSED_MONTHS:
            msg = f"UDI_UNUSED_ACCOUNT_MONTHS is {months}: give 0, or {SHORTEST_UNUSED_MONTHS} to 120 months."
            raise ValueError(msg)
        return months

    def port(self, offset: int) -> int:
        """Port of an embedded part: 0 portal, 1 node, 2 Keycloak, 3 mailbox, 4 PostgreSQL, 5 health of Keycloak, 6 mail."""
        return self.base_port + offset

    @property
    def relay_port(self) -> int:
        """Port of the mail relay."""
        return self.smtp_port or self.port(6)

    @property
    def wildcard_domain(self) -> str:
        """Domain of which every name leads here already; empty where there is none."""
        on_loopback = self.installation_host == LOOPBACK
        return self.territory_domain or (LOOPBACK if on_loopback else "")

    @property
    def base_map_origin(self) -> str:
        """The origin of the tiles of the base map; empty where there is none, or it is the operator's own archive."""
        if not self.base_map or self.own_base_map:
            return ""
        address = urlsplit(self.base_map)
        return f"{address.scheme}://{address.netloc}"

    @property
    def own_base_map(self) -> str:
        """Where the operator's own archive of a base map is; empty where there is none."""
        return "" if self.base_map.startswith("http") else self.base_map

    @property
    def own_node(self) -> bool:
        """Whether this is a producer's own node."""
        return self.node_name != HOSTED

    @property
    def takes_subject_requests(self) -> bool:
        """Whether people may ask this node about themselves: an own node was given a client for them, or not."""
        return not self.own_node or any(self.secrets_folder.glob(f"{SUBJECTS_CLIENT}*"))

    @property
    def secrets_folder(self) -> Path:
        return self.secrets or self.state / "secrets"

    @property
    def index_folder(self) -> Path:
        return self.search_index or self.state / "search"

    @property
    def object_store_url(self) -> str:
        return self.object_store or str(self.state / "objects")

    @property
    def keycloak_url(self) -> str:
        return self.identity_url or f"http://localhost:{self.port(2)}"

    @property
    def keycloak_internal_url(self) -> str:
        return self.identity_internal_url or self.keycloak_url

    @property
    def issuer(self) -> str:
        return f"{self.keycloak_url}/realms/{self.identity_realm}"

    def origin(self, program: ProgramName, host: str) -> str:
        """Public origin of a program for a territory's host, without a final slash."""
        template, offset = (
            (self.portal_url, 0) if program == "portal" else (self.node_url, 1)
        )
        return template.format(host=host, port=self.port(offset)).rstrip("/")

    def back_channel(self, program: ProgramName) -> str:
        """Origin at which Keycloak reaches a program to announce a logout."""
        address, offset = (
            (self.portal_back_channel, 0)
            if program == "portal"
            else (self.node_back_channel, 1)
        )
        return address or f"http://127.0.0.1:{self.port(offset)}"

    def secret(self, name: str) -> str:
        """Content of one secret file.

        Raises:
            MissingSecretError: the file does not exist or cannot be read.
        """
        path = self.secrets_folder / name
        try:
            return path.read_text().strip()
        except OSError as error:
            msg = f"The secret «{name}» cannot be read at {path} ({error.strerror}). Run `udi up`, or provide the file."
            raise MissingSecretError(msg) from error

    def get_secret_path(self, name: str) -> Path:
        """The file of a secret, for a part that follows its changes.

        Raises:
            MissingSecretError: the file does not exist or cannot be read.
        """
        self.secret(name)
        return self.secrets_folder / name

    def client_secret(self, program: ProgramName, client_id: str) -> str:
        """Secret of a territory's client at Keycloak, derived from the program's key so that nothing is stored twice."""
        key = self.secret(f"{program}_client_key").encode()
        return (
            base64.urlsafe_b64encode(hmac.digest(key, client_id.encode(), "sha256"))
            .decode()
            .rstrip("=")
        )

    def node_credential(self, name: str, client_id: str) -> str:
        """Credential of this node at a portal: its file; of a hosted node at its territory's, else derived likewise.

        Raises:
            MissingSecretError: the file, or the program's key, is absent.
        """
        may_derive = not self.own_node and name.startswith(NODE_CREDENTIAL)
        if not may_derive or (self.secrets_folder / name).exists():
            return self.secret(name)
        return self.client_secret("node", client_id)

    def derived_key(self, program: ProgramName, purpose: str) -> bytes:
        """A key of 32 bytes for one purpose, derived likewise."""
        return hmac.digest(
            self.secret(f"{program}_client_key").encode(),
            f"key for {purpose}".encode(),
            "sha256",
        )

    def dsn(self, program: ProgramName, role: Role, *, replica: bool = False) -> str:
        """SQLAlchemy address of a program's database, or of the copy that follows it, as one of its roles."""
        password = self.secret(f"{program}_{role}_password")
        port = (
            (self.database_replica_port if replica else None)
            or self.database_port
            or self.port(4)
        )
        name = self.database_names[program]
        return f"postgresql+asyncpg://udi_{program}_{role}:{password}@{self.database_host}:{port}/{name}"


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The settings of this process."""
    return Settings()
