"""Certificates of territories: each has its own, and one that is refused keeps nobody from theirs."""

import configparser
import os
import shutil
import socket
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from cryptography import x509

from tests.ansible.machine import PLAY
from tests.ansible.test_machine_links import render, wait_for_port
from tests.ansible.test_proxy_log import AWAY
from tests.cluster import free_ports
from udi.cli.checks.certificate import STAND_IN

pytestmark = [
    pytest.mark.programs,
    pytest.mark.skipif(
        not shutil.which("openssl"),
        reason="needs openssl (Debian: apt install openssl)",
    ),
]

FILES = PLAY / "roles/reverse_proxy/files"
AUTHORITY = """#!/bin/sh
# Stands for certbot: refuses the names of the territory «mont», gives the others a certificate of its own authority.
echo "$*" >>"$ASKED"
env >"$ASKED.environment"
case "$*" in
  *delete*) for name; do :; done; rm -r "$UDI_LIVE/$name"; exit 0 ;;
  *mont.test*) echo "DNS problem: no such name mont.test" >&2; exit 1 ;;
esac
for word in "$@"; do
  case "$word" in
    --cert-name=*) folder="$UDI_LIVE/${word#--cert-name=}" ;;
    --domain=*) hosts="${hosts:-} ${word#--domain=}" ;;
  esac
done
mkdir -p "$folder"
sh "$ISSUE" "$folder" $hosts >/dev/null
mv "$folder/certificate.pem" "$folder/fullchain.pem"
mv "$folder/key.pem" "$folder/privkey.pem"
"""
TERRITORIES = {"baie": ["baie.test", "node.baie.test"], "mont": ["mont.test"]}


@dataclass(frozen=True)
class ProxyMachine:
    """The folders of a proxy, and a certbot that refuses one territory."""

    folder: Path

    @property
    def sites(self) -> Path:
        """Where the certificates of territories are."""
        return self.folder / "tls/sites"

    def run(self, script: str, *arguments: str, **more: str) -> list[str]:
        """What one of the scripts of the role prints."""
        environment = {
            **os.environ,
            "PATH": f"{self.folder}/bin:{os.environ['PATH']}",
            "UDI_TLS": str(self.folder / "tls"),
            "UDI_LIVE": str(self.folder / "live"),
            "ASKED": str(self.folder / "asked"),
            "ISSUE": str(FILES / "issue_certificate.sh"),
            **more,
        }
        done = subprocess.run(
            ["sh", str(FILES / script), *arguments],
            check=True,
            capture_output=True,
            text=True,
            env=environment,
        )
        return done.stdout.splitlines()

    def count_requests(self) -> int:
        """How often certbot was run."""
        return len((self.folder / "asked").read_text().splitlines())

    def read_name(self, site: str) -> str:
        """The name in the certificate that a site shows; empty in those of the authority."""
        path = self.sites / site / "certificate.pem"
        subject = x509.load_pem_x509_certificate(path.read_bytes()).subject
        return "".join(str(attribute.value) for attribute in subject)


@pytest.fixture
def machine(tmp_path: Path) -> ProxyMachine:
    """A proxy with two territories, whose certificates are asked of an authority."""
    for folder in ("bin", "live", "tls/sites"):
        (tmp_path / folder).mkdir(parents=True)
    for name, text in (("certbot", AUTHORITY), ("systemctl", "#!/bin/sh\n")):
        (tmp_path / "bin" / name).write_text(text)
        (tmp_path / "bin" / name).chmod(0o755)
    for name in ("contact", "directory"):
        (tmp_path / f"tls/acme_{name}").write_text(f"{name}\n")
    write_list(tmp_path, TERRITORIES)
    new_machine = ProxyMachine(tmp_path)
    new_machine.run("issue_certificate.sh", str(tmp_path / "tls"), "udi.test")
    return new_machine


def write_list(folder: Path, territories: dict[str, list[str]]) -> None:
    """The list that the role writes."""
    text = render(
        "reverse_proxy",
        "sites.j2",
        {
            "reverse_proxy_certificate": "own_ca",
            "reverse_proxy_asked": list(territories),
            "installation_territory_hosts": [
                {"slug": slug, "portal": hosts[:1], "node": hosts[1:]}
                for slug, hosts in territories.items()
            ],
        },
    )
    (folder / "tls/sites/list").write_text(text)


def test_request_names_the_territory_that_is_refused_and_serves_the_others(
    machine: ProxyMachine,
) -> None:
    prepared = machine.run("certificates.sh", "prepare")
    requested = machine.run("certificates.sh", "request")

    assert prepared == ["CHANGED territory-baie", "CHANGED territory-mont"]
    [failed] = [line for line in requested if line.startswith("FAILED")]
    assert failed.startswith("FAILED territory-mont (mont.test):")
    assert "DNS problem: no such name" in failed
    assert "CHANGED territory-baie" in requested
    assert machine.read_name("territory-baie") == ""
    assert machine.read_name("territory-mont") == STAND_IN
    keys = list(machine.sites.rglob("key.pem"))
    assert len(keys) == 2
    assert {path.stat().st_mode & 0o077 for path in keys} == {0}


def test_request_asks_again_for_what_was_refused_or_has_other_names_alone(
    machine: ProxyMachine,
) -> None:
    machine.run("certificates.sh", "prepare")
    machine.run("certificates.sh", "request")
    first = machine.count_requests()
    machine.run("certificates.sh", "request")
    second = machine.count_requests()
    names = {**TERRITORIES, "baie": ["donnees.baie.test", *TERRITORIES["baie"]]}
    write_list(machine.folder, names)
    prepared = machine.run("certificates.sh", "prepare")
    requested = machine.run("certificates.sh", "request")

    assert (first, second, machine.count_requests()) == (2, 3, 5)
    assert prepared == [], "what it showed is shown until the next is received"
    assert requested[0] == "CHANGED territory-baie"


def test_prepare_takes_the_certificate_of_all_names_that_a_former_play_asked_for(
    machine: ProxyMachine,
) -> None:
    former = machine.folder / "live/udi"
    former.mkdir()
    machine.run(
        "issue_certificate.sh", str(former), "baie.test", "node.baie.test", "mont.test"
    )
    (former / "certificate.pem").rename(former / "fullchain.pem")
    (former / "key.pem").rename(former / "privkey.pem")

    machine.run("certificates.sh", "prepare")

    assert machine.read_name("territory-mont") == ""
    write_list(machine.folder, {"baie": TERRITORIES["baie"]})
    machine.run("certificates.sh", "request")
    assert not former.exists(), "it would be renewed for ever"


def test_a_renewed_certificate_reaches_its_territory(machine: ProxyMachine) -> None:
    machine.run("certificates.sh", "prepare")
    renewed = machine.folder / "live/udi-territory-mont"
    renewed.mkdir()
    (renewed / "fullchain.pem").write_text("the next one")
    (renewed / "privkey.pem").write_text("its key")

    machine.run("install_certificate.sh", RENEWED_LINEAGE=str(renewed))

    certificate = machine.sites / "territory-mont/certificate.pem"
    assert certificate.read_text() == "the next one"
    assert machine.read_name("territory-baie") == STAND_IN


def test_a_site_that_is_not_asked_for_keeps_the_certificate_that_its_operator_gave(
    machine: ProxyMachine,
) -> None:
    machine.run("certificates.sh", "prepare")
    write_list(machine.folder, {"baie": TERRITORIES["baie"]})
    former = {
        "udi-territory-mont": machine.sites / "territory-mont/certificate.pem",
        "udi": machine.folder / "tls/certificate.pem",
    }
    for name, certificate in former.items():
        lineage = machine.folder / "live" / name
        lineage.mkdir()
        for file in ("fullchain.pem", "privkey.pem"):
            (lineage / file).write_text("of the authority")
        certificate.write_text("given by the operator")

        machine.run("install_certificate.sh", RENEWED_LINEAGE=str(lineage))

        assert certificate.read_text() == "given by the operator"


def test_prepare_ends_the_renewal_of_what_is_not_asked_for_any_more(
    machine: ProxyMachine,
) -> None:
    live = machine.folder / "live"
    ours = [
        "udi-installation",
        "udi-territory-baie",
        "udi-territory-bai",
        "udi-territory-mont",
    ]
    for name in (*ours, "udi-wiki", "of-the-operator"):
        (live / name).mkdir()
    write_list(machine.folder, {"baie": TERRITORIES["baie"]})

    prepared = machine.run("certificates.sh", "prepare")
    again = machine.run("certificates.sh", "prepare")

    assert {path.name for path in live.iterdir()} == {
        "of-the-operator",
        "udi-territory-baie",
        "udi-wiki",
    }
    assert {line.split(maxsplit=2)[1] for line in prepared if "any more" in line} == {
        "installation",
        "territory-bai",
        "territory-mont",
    }
    assert again == []


def test_certbot_is_told_of_the_outgoing_proxy_and_of_the_authorities(
    machine: ProxyMachine,
) -> None:
    """At hand (`sudo udi-certificates request`) and at each renewal, whose unit reads the same file."""
    outgoing = {
        "https_proxy": "http://town:p%40s$x'y z@proxy.test:3128",
        "no_proxy": "localhost,mirror.test",
    }
    values: dict[str, object] = {"installation_outgoing": outgoing}
    text = render("reverse_proxy", "acme_environment.j2", values)
    (machine.folder / "tls/acme_environment").write_text(text)

    machine.run("certificates.sh", "prepare")
    machine.run("certificates.sh", "request", https_proxy="", no_proxy="")

    environment = (machine.folder / "asked.environment").read_text().splitlines()
    settings = {f"{name}={value}" for name, value in outgoing.items()}
    assert settings <= set(environment)
    assert "REQUESTS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt" in environment
    tasks = yaml.safe_load((PLAY / "roles/reverse_proxy/tasks/acme.yml").read_text())
    written = [
        task[module]["dest"]
        for task in tasks
        for module in ("ansible.builtin.copy", "ansible.builtin.template")
        if module in task
    ]
    unit = configparser.ConfigParser()
    unit.read(FILES / "certbot.conf")
    read = unit["Service"]["EnvironmentFile"].removeprefix("-")
    assert written == [read, "/etc/systemd/system/certbot.service.d/udi.conf"]


@pytest.mark.skipif(
    not shutil.which("nginx"), reason="needs nginx (Debian: apt install nginx)"
)
def test_nginx_shows_each_of_200_territories_its_certificate_or_the_shared_one(
    machine: ProxyMachine, tmp_path: Path
) -> None:
    many = {
        f"t{number}": [f"t{number}.test", f"node.t{number}.test"]
        for number in range(200)
    }
    write_list(tmp_path, {"t1": many["t1"], "t199": many["t199"]})
    machine.run("certificates.sh", "prepare")
    port = free_ports(2)
    text = write_proxy(tmp_path, many, ["t1", "t199"], port)
    (tmp_path / "nginx.conf").write_text(text)

    process = subprocess.Popen([str(shutil.which("nginx")), "-c", f"{tmp_path}/nginx.conf"])  # fmt: skip
    try:
        wait_for_port(port)
        certificates = {
            host: read_certificate(port, host)
            for host in ("t1.test", "node.t199.test", "t2.test", "udi.test")
        }
    finally:
        process.terminate()
        process.wait()

    apart = {
        slug: (machine.sites / f"territory-{slug}/certificate.pem").read_text()
        for slug in ("t1", "t199")
    }
    shared = (tmp_path / "tls/certificate.pem").read_text()
    assert apart["t1"].startswith(certificates["t1.test"])
    assert apart["t199"].startswith(certificates["node.t199.test"])
    assert shared.startswith(certificates["t2.test"])
    assert shared.startswith(certificates["udi.test"])


def read_certificate(port: int, host: str) -> str:
    """What is shown at a name, as PEM."""
    context = ssl._create_unverified_context()  # noqa: S323 - it is read, not trusted
    with (
        socket.create_connection(("127.0.0.1", port)) as connection,
        context.wrap_socket(connection, server_hostname=host) as secure,
    ):
        return ssl.DER_cert_to_PEM_cert(secure.getpeercert(binary_form=True) or b"")


def write_proxy(
    folder: Path,
    territories: dict[str, list[str]],
    apart: list[str],
    port: int,
    **changes: object,
) -> str:
    """The configuration of the role, on ports of this test."""
    places = {name: [(1, "127.0.0.1")] for name in ("portal", "node", "identity")}
    text = render(
        "reverse_proxy",
        "udi.conf.j2",
        {
            "groups": {name: ["here"] for name in places},
            "reverse_proxy_places": places,
            "reverse_proxy_scheme": "http",
            "installation_alone": True,
            "installation_host": "udi.test",
            "installation_territory_hosts": [
                {"slug": slug, "portal": hosts[:1], "node": hosts[1:]}
                for slug, hosts in territories.items()
            ],
            "reverse_proxy_apart": apart,
            "reverse_proxy_before": [],
            "reverse_proxy_installation_site": "",
            "installation_identity_host": "id.test",
            "installation_keycloak_external": False,
            "installation_wildcards": ["*.pays.test", "*.node.pays.test"],
            "reverse_proxy_away": AWAY,
            **changes,
        },
    )
    for old, new in (
        ("listen 80 ", f"listen 127.0.0.1:{port + 1} "),
        ("listen 443 ", f"listen 127.0.0.1:{port} "),
        ("    listen [::]:", "    # listen [::]:"),
        ("/etc/udi/tls", f"{folder}/tls"),
        ("/var/log/nginx", str(folder)),
    ):
        text = text.replace(old, new)
    scratch = " ".join(
        f"{name}_temp_path {folder}/{name};"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return (
        f"daemon off; pid {folder}/pid; error_log {folder}/error.log; events {{}}\n"
        f"http {{ {scratch} access_log off;\n{text}\n}}\n"
    )
