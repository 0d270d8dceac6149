"""What a machine in production meets outside: an authority of certificates that asks back (ACME), and a relay that wants TLS and a login.

The authority is Pebble, that of Let's Encrypt for tests; machines trust it as the world trusts theirs. Both listen on the
bridge of the machines, at names that their list of hosts has.
"""

import email
import os
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword

from tests.ansible.machine import PLAY, Machine
from tests.ansible.test_machine_links import wait_for_port
from udi.settings import Settings

GATEWAY = "10.99.0.1"
"""The end of the bridge that is this host."""
VERSION = "2.10.1"
PROGRAMS = ("pebble", "pebble-challtestsrv")
AUTHORITY = "acme.test"
RELAY = "smtp.rade.bzh"
RELAY_PORT = 587
DIRECTORY = f"https://{AUTHORITY}:14000/dir"
CONFIGURATION = """{{"pebble": {{
  "listenAddress": "{gateway}:14000", "managementListenAddress": "{gateway}:15000",
  "certificate": "{folder}/certificate.pem", "privateKey": "{folder}/key.pem",
  "httpPort": 80, "tlsPort": 443, "ocspResponderURL": "", "externalAccountBindingRequired": false,
  "profiles": {{"default": {{"description": "For tests", "validityPeriod": 7776000}}}}
}}}}
"""


@dataclass
class Mailboxes:
    """What the relay took: over TLS, of whoever logged in."""

    user: str
    password: str
    mails: list[tuple[str, EmailMessage]] = field(default_factory=list)

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, session: Any, envelope: Envelope
    ) -> str:
        assert session.ssl is not None
        assert session.authenticated
        content = envelope.content or b""
        assert isinstance(content, bytes)
        mail = email.message_from_bytes(content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails += [(address, mail) for address in envelope.rcpt_tos]
        return "250 Accepted"

    def authenticate(
        self,
        _server: SMTP,
        _session: Any,
        _envelope: Envelope,
        _mechanism: str,
        data: Any,
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        known = (data.login.decode(), data.password.decode()) == (
            self.user,
            self.password,
        )
        return AuthResult(success=known, handled=known)

    def find_text(self, to: str, subject: str) -> str:
        """The text of the newest mail to somebody whose subject has these words; empty while there is none."""
        for address, mail in reversed(self.mails):
            if address == to and subject.lower() in str(mail["Subject"]).lower():
                part = mail.get_body(preferencelist=("plain",))
                assert part is not None
                return str(part.get_content())
        return ""


@dataclass(frozen=True)
class Internet:
    """The relay's mailboxes, and the authorities that every machine of the world trusts."""

    mailboxes: Mailboxes
    authorities: list[Path]
    intermediate: Path

    def connect(self, machine: Machine, names: dict[str, str]) -> None:
        """Have a machine know these names and addresses, and trust what the world trusts."""
        for rank, path in enumerate(self.authorities):
            target = f"/usr/local/share/ca-certificates/internet-{rank}.crt"
            machine.write(target, path.read_bytes())
        known = {RELAY: GATEWAY, AUTHORITY: GATEWAY, **names}
        lines = "".join(f"{address} {name}\n" for name, address in known.items())
        machine.run(f"cat >>/etc/hosts <<'END'\n{lines}END\nupdate-ca-certificates")


@contextmanager
def internet(folder: Path, town: str, user: str, password: str) -> Iterator[Internet]:
    """The authority, whose names all lead to the machine of the town, and the relay."""
    issue = PLAY / "roles/reverse_proxy/files/issue_certificate.sh"
    subprocess.run(
        ["sh", issue, folder, AUTHORITY, RELAY], check=True, capture_output=True
    )
    mailboxes = Mailboxes(user, password)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    relay = Controller(
        mailboxes,
        hostname=GATEWAY,
        port=RELAY_PORT,
        tls_context=context,
        require_starttls=True,
        auth_required=True,
        authenticator=mailboxes.authenticate,
    )
    with _authority(folder, town):
        relay.start()
        try:
            trusted = folder / "authority.pem"
            paths = [
                _fetch(folder, trusted, name) for name in ("roots", "intermediates")
            ]
            yield Internet(mailboxes, [trusted, paths[0]], paths[1])
        finally:
            relay.stop()


@contextmanager
def _authority(folder: Path, town: str) -> Iterator[None]:
    authority, names = (find_program(name) for name in PROGRAMS)
    configuration = folder / "pebble.json"
    configuration.write_text(CONFIGURATION.format(gateway=GATEWAY, folder=folder))
    nameserver = f"{GATEWAY}:8053"
    off = [f"-{name}=" for name in ("http01", "https01", "tlsalpn01", "doh")]
    commands = [
        [
            str(names),
            f"-defaultIPv4={town}",
            "-defaultIPv6=",
            f"-dnsserver={nameserver}",
            f"-management={GATEWAY}:8055",
            *off,
        ],
        [str(authority), f"-config={configuration}", f"-dnsserver={nameserver}"],
    ]
    environment = {**os.environ, "PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0"}  # fmt: skip
    with ExitStack() as running, (folder / "authority.log").open("wb") as log:
        for command in commands:
            process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
            running.callback(process.wait)
            running.callback(process.terminate)
        wait_for_port(15000, GATEWAY)
        yield


def _fetch(folder: Path, authority: Path, kind: str) -> Path:
    """A certificate of the authority of certificates itself, drawn at its start."""
    context = ssl.create_default_context(cafile=str(authority))
    with httpx.Client(verify=context) as client:
        response = client.get(
            f"https://{GATEWAY}:15000/{kind}/0", extensions={"sni_hostname": AUTHORITY}
        )
    assert response.status_code == 200
    path = folder / f"{kind}.pem"
    path.write_text(response.text)
    return path


def find_program(name: str) -> Path:
    """A program of Pebble, built once by Go into the cache; skip where there is no Go."""
    program = Settings().cache / f"{name}-{VERSION}"
    if program.exists():
        return program
    go = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")
    if not go:
        pytest.skip("the authority of certificates is built by Go, which is not here")
    folder = program.with_name(f".{program.name}-{os.getpid()}")
    subprocess.run(
        [go, "install", f"github.com/letsencrypt/pebble/v2/cmd/{name}@v{VERSION}"],
        env={**os.environ, "GOBIN": str(folder)},
        check=True,
        capture_output=True,
        timeout=900,
    )
    (folder / name).replace(program)
    shutil.rmtree(folder)
    return program
