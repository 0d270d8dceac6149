"""The folder of a producer's own node: what it received when it joined, its keys, its database, its files, its logs."""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import ValidationError

from udi.cli.local.errors import LocalError
from udi.cli.local.parts import SOURCE
from udi.cli.local.state import ROLES, make_secrets
from udi.cli.secret_files import write_secret
from udi.kit import keyring
from udi.kit.http import exact_host
from udi.kit.sealed_columns import secret_name
from udi.node.portals.actions import JoinedPortal
from udi.protocol.node_registration import (
    ClientCredentials,
    InvitationResponse,
    NodeRegistration,
    RegistrationModel,
)
from udi.settings import SUBJECTS_CLIENT, Settings

FILE = "node.json"
SECRETS = (
    "postgres_password",
    "node_client_key",
    *(f"node_{role}_password" for role in ROLES),
)
NODE = 1
POSTGRES = 4
"""Which of the ports from `Settings.base_port` on are used."""
NO_HOST = "installation.invalid"
"""No page of this node lists territories."""


class FurtherPortalConfig(RegistrationModel):
    """A portal that the node joined after that of its territory; `spaces` as `FurtherPortal` has them."""

    portal: str
    name: dict[str, str]
    client_id: str
    spaces: dict[str, dict[str, str]]
    leaving: bool = False

    @property
    def credential(self) -> str:
        """The secret's name: two installations may call their territories alike, so it has the portal's address."""
        return f"further_credential_{re.sub('[^a-z0-9]+', '_', urlsplit(self.portal).netloc.lower())}"

    @property
    def details(self) -> JoinedPortal:
        """The same, for the database."""
        return JoinedPortal(
            self.portal, self.name, self.client_id, self.credential, self.spaces
        )


@dataclass(frozen=True)
class OwnNode:
    """A node as its folder says it; `port` is where its pages answer, that of its database is three further."""

    folder: Path
    port: int
    joined: NodeRegistration
    further: tuple[FurtherPortalConfig, ...] = ()

    @property
    def settings(self) -> Settings:
        """The settings of its programs; what they do not name comes from the environment, as everywhere."""
        joined = self.joined
        hosts = Settings().private_hosts
        portals = (
            joined.portal,
            *(further_portal.portal for further_portal in self.further),
        )
        return Settings(
            state=self.folder,
            secrets=self.folder / "secrets",
            base_port=self.port - NODE,
            database_host="127.0.0.1",
            database_port=self.port - NODE + POSTGRES,
            database_names={"node": "udi_node", "portal": "udi_portal"},
            installation_host=NO_HOST,
            node_url=joined.node.url,
            node_name=joined.node.slug,
            identity_url=joined.identity.url,
            identity_internal_url="",
            identity_realm=joined.identity.realm,
            # The operator of the node named its portals: they may be at private addresses.
            private_hosts=[*hosts, *(exact_host(portal) for portal in portals)],
        )

    def environment(self) -> Mapping[str, str]:
        """The same settings, for its programs."""
        settings = self.settings
        value_by_name = {
            name: str(getattr(settings, name))
            for name in ("state", "secrets", "base_port", "database_host")
        }
        value_by_name |= {
            name: str(getattr(settings, name))
            for name in ("database_port", "installation_host", "node_url")
        }
        value_by_name |= {
            name: str(getattr(settings, name))
            for name in ("node_name", "identity_url", "identity_realm")
        }
        value_by_name |= {
            "identity_internal_url": "",
            "private_hosts": json.dumps(settings.private_hosts),
        }
        value_by_name["database_names"] = json.dumps(settings.database_names)
        named = {f"UDI_{name.upper()}": value for name, value in value_by_name.items()}
        return {
            **os.environ,
            "PYTHONUNBUFFERED": "1",
            "PYTHONPATH": str(SOURCE),
            **named,
        }

    def find_portal(self, portal: str) -> FurtherPortalConfig | None:
        """The further portal at an address, or None."""
        return next(
            (
                further_portal
                for further_portal in self.further
                if further_portal.portal == portal
            ),
            None,
        )

    def with_portal(self, further: FurtherPortalConfig) -> "OwnNode":
        """The node with this portal, in the place of what was known of it."""
        others = tuple(
            further_portal
            for further_portal in self.further
            if further_portal.portal != further.portal
        )
        return replace(self, further=(*others, further))

    def without_portal(self, portal: str) -> "OwnNode":
        """The node without a further portal."""
        return replace(
            self,
            further=tuple(
                further_portal
                for further_portal in self.further
                if further_portal.portal != portal
            ),
        )

    def save_joining(self, joining: InvitationResponse) -> None:
        """Keep what was received: the credentials as secrets, the rest beside them, all for its owner only."""
        slug = joining.territory.slug
        secrets = joining.credentials
        make_secrets(self.settings.secrets_folder, SECRETS)
        for name in (keyring.SECRET, secret_name("node")):
            write_secret(self.settings, name, keyring.new_keyring, keep=True)
        write_secret(
            self.settings, f"node_credential_{slug}", lambda: secrets.push.secret
        )
        write_secret(self.settings, f"node_login_{slug}", lambda: secrets.login.secret)
        self._save_subjects_secret(slug, secrets.subjects)
        replace(
            self, joined=NodeRegistration.model_validate(joining.model_dump())
        ).save()

    def _save_subjects_secret(
        self, slug: str, subjects: ClientCredentials | None
    ) -> None:
        """Keep the secret for people who ask about themselves; forget it where the node is to take none."""
        name = f"{SUBJECTS_CLIENT}{slug}"
        if subjects is None:
            (self.settings.secrets_folder / name).unlink(missing_ok=True)
            return
        secret = subjects.secret
        write_secret(self.settings, name, lambda: secret)

    def save(self) -> None:
        """Keep what is no secret of it."""
        document = {"port": self.port, "joined": self.joined.model_dump(mode="json")}
        document["further"] = [
            further_portal.model_dump(mode="json") for further_portal in self.further
        ]
        partial = self.folder / f".{FILE}.{os.getpid()}"
        partial.touch(mode=0o600)
        partial.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n")
        partial.rename(self.folder / FILE)


def find_own_node(folder: Path) -> OwnNode | None:
    """The node of a folder, None where there is none.

    Raises:
        LocalError: its file cannot be read.
    """
    path = folder.absolute() / FILE
    if not path.exists():
        return None
    try:
        return parse_own_node(folder.absolute(), path.read_text())
    except OSError as error:
        raise LocalError(
            f"{path} cannot be read ({error.strerror})", "see whose it is"
        ) from error


def parse_own_node(folder: Path, text: str) -> OwnNode:
    """The node that the content of its file tells of.

    Raises:
        LocalError: it tells of none.
    """
    try:
        document = json.loads(text)
        further = tuple(
            FurtherPortalConfig.model_validate(entry)
            for entry in document.get("further", ())
        )
        return OwnNode(
            folder,
            int(document["port"]),
            NodeRegistration.model_validate(document["joined"]),
            further,
        )
    except (ValueError, KeyError, TypeError, AttributeError, ValidationError) as error:
        cause = f"{folder / FILE} cannot be read"
        raise LocalError(
            cause, "restore it from a backup, or ask for another invitation"
        ) from error


def read_own_node(folder: Path) -> OwnNode:
    """The node of a folder.

    Raises:
        LocalError: there is none, or its file cannot be read.
    """
    own_node = find_own_node(folder)
    if own_node is None:
        raise LocalError(
            f"There is no node in {folder}",
            "make one with `udi node init`, from an invitation",
        )
    return own_node
