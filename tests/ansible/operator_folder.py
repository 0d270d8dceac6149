"""What an operator keeps: territories made from the template, and the inventory that came with the first."""

import base64
import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.ansible.machine import ROOT

VARIABLES = Path("inventory/group_vars/all/territory.yml")
HOSTS = Path("inventory/hosts.yml")
DEMONSTRATION = "[[organisation]]"


@dataclass(frozen=True)
class Names:
    """The names under which a territory answers."""

    slug: str
    portal: str
    node: str
    identity: str
    installation: str


def names(slug: str) -> Names:
    """What the template derives from the host name that the answers give."""
    host = f"donnees.{slug}.test"
    return Names(slug, host, f"node.{host}", f"id.{host}", f"udi.{host}")


def generate(folder: Path, slug: str) -> Names:
    """Answer the questions of the template; the bodies and accounts of the demonstration are added to the result."""
    territory_names = names(slug)
    answers = [
        f"--data=name=Pays de {slug}",
        f"--data=slug={slug}",
        f"--data=host={territory_names.portal}",
        "--defaults",
    ]
    command = [
        sys.executable,
        "-P",
        "-m",
        "udi",
        "territory",
        "new",
        str(folder),
        *answers,
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "platform/src")}
    subprocess.run(command, check=True, env=environment, capture_output=True)
    declared = folder / "tenants" / slug / "tenant.toml"
    demonstration = (
        (ROOT / "tenants/demo/tenant.toml").read_text().partition(DEMONSTRATION)[2]
    )
    declared.write_text(f"{declared.read_text()}\n{DEMONSTRATION}{demonstration}")
    return territory_names


def join(folder: Path, other: Path, slug: str) -> Names:
    """Bring a second territory, made elsewhere, into the operator's folder and its inventory."""
    territory_names = generate(other, slug)
    shutil.copytree(other / "tenants" / slug, folder / "tenants" / slug)
    settle(
        folder,
        installation_territories=[
            *read(folder / VARIABLES)["installation_territories"],
            slug,
        ],
    )
    return territory_names


def settle(folder: Path, **variables: Any) -> None:
    """Change what the inventory tells the play; the machine's own authority signs in tests."""
    inventory_variables = {
        **read(folder / VARIABLES),
        "reverse_proxy_certificate": "own_ca",
        **variables,
    }
    (folder / VARIABLES).write_text(
        yaml.safe_dump(inventory_variables, allow_unicode=True)
    )


def point(folder: Path, host: dict[str, str]) -> Path:
    """Give the one machine of the inventory its address and its key; the inventory."""
    inventory = read(folder / HOSTS)
    inventory["all"]["hosts"] = {"main": host}
    (folder / HOSTS).write_text(yaml.safe_dump(inventory))
    return folder / HOSTS


def read(path: Path) -> Any:
    """A YAML file."""
    return yaml.safe_load(path.read_text())


def public_key_fingerprint(certificate: Path) -> str:
    """The sha256 of a certificate's public key in base64, as a browser is told which one to trust."""
    command = f"openssl x509 -in '{certificate}' -pubkey -noout | openssl pkey -pubin -outform der"
    key = subprocess.run(["sh", "-c", command], check=True, capture_output=True).stdout
    return base64.b64encode(hashlib.sha256(key).digest()).decode()
