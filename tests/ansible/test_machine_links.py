"""Between machines of the play: TLS, whose both ends show the certificate of a machine of the installation."""

import contextlib
import http.server
import shlex
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import jinja2
import pytest
import yaml

from tests.ansible.machine import PLAY
from tests.cluster import free_ports

pytestmark = pytest.mark.programs

ADDRESS = "127.0.0.21"
STRANGER = "127.0.0.22"
NAME = "machine.udi.internal"
ANSWER = b"the program answers"
IN_VAIN = 5
"""Seconds: HAProxy looks at a server twice meanwhile."""


class Program(http.server.BaseHTTPRequestHandler):
    """A program of the machine, ready whatever it is asked."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(ANSWER)))
        self.end_headers()
        self.wfile.write(ANSWER)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the standard library
        """Nothing: what is asked is not of interest."""


@dataclass(frozen=True)
class Machine:
    """One machine that reaches its own program as another would: through its address."""

    folder: Path
    program: int
    inner: int

    def context(self, certificate: Path | None = None) -> ssl.SSLContext:
        """What a caller shows and trusts; without a certificate it shows none."""
        context = ssl.create_default_context(cafile=str(self.folder / "machines.crt"))
        if certificate is not None:
            context.load_cert_chain(certificate, certificate.with_suffix(".key"))
        return context


def issue_certificate(folder: Path, address: str) -> Path:
    """The certificate that the play's script makes in a folder."""
    folder.mkdir()
    script = PLAY / "files/own_certificate.sh"
    subprocess.run(["sh", str(script), str(folder), address, "root"], check=True)
    return folder / "machine.crt"


def wait_for_port(port: int, host: str = "127.0.0.1") -> None:
    """Until something listens there, thirty seconds at most."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with (
            contextlib.suppress(OSError),
            socket.create_connection((host, port), 1),
        ):
            return
        time.sleep(0.05)
    pytest.fail(f"nothing listens on {port} of {host}")


@contextlib.contextmanager
def serving(server: http.server.ThreadingHTTPServer) -> Iterator[None]:
    """Serve while the block lasts, however it ends: a thread that goes on after its socket was closed never rests."""
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.05}
    )
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()


def variables(machine: Machine, hosts: dict[str, str]) -> dict[str, object]:
    """What the templates of the roles are told, for a portal on these hosts."""
    role = yaml.safe_load((PLAY / "roles/inner_proxy/vars/main.yml").read_text())
    tls = jinja2.Template(role["inner_proxy_tls"]).render(
        inner_proxy_folder=str(machine.folder)
    )
    return {
        "groups": {
            "db": [],
            "identity": [],
            "portal": list(hosts),
            "node": list(hosts),
        },
        "installation_addresses": hosts,
        "installation_address": ADDRESS,
        "installation_alone": False,
        "installation_database_external": False,
        "installation_keycloak_external": False,
        "inner_proxy_clustered": False,
        "inner_proxy_maximum_lag": "16MB",
        "inner_proxy_tls": tls,
        "inner_proxy_offered": [machine.program],
        "inner_proxy_programs": [
            {
                "name": "portal",
                "port": machine.inner,
                "hosts": list(hosts),
                "ports": [machine.program],
            }
        ],
    }


def render(role: str, template: str, values: dict[str, object]) -> str:
    folder = PLAY / "roles" / role / "templates"
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        autoescape=False,  # noqa: S701 - no page
    )
    environment.filters["quote"] = shlex.quote
    return environment.get_template(template).render(**values)


@contextlib.contextmanager
def running_proxy(machine: Machine, hosts: dict[str, str]) -> Iterator[None]:
    """HAProxy with the configuration of the play, at ports of this test."""
    text = render("inner_proxy", "inner_proxy.cfg.j2", variables(machine, hosts))
    for port in (5000, 5001, 5002):
        text = text.replace(f"127.0.0.1:{port}\n", f"127.0.0.1:{free_ports(1)}\n")
    configuration = machine.folder / "inner_proxy.cfg"
    configuration.write_text(text)
    proxy = subprocess.Popen(
        [str(shutil.which("haproxy")), "-db", "-f", str(configuration)]
    )
    try:
        wait_for_port(machine.inner)
        yield
    finally:
        proxy.terminate()
        proxy.wait()


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """A machine whose program answers on loopback; its inner proxy is not started."""
    if not shutil.which("haproxy"):
        pytest.skip("needs HAProxy: apt-get install haproxy")
    base = free_ports(2)
    certificate = issue_certificate(tmp_path / "machine", ADDRESS)
    shutil.copy(certificate, certificate.with_name("machines.crt"))
    new_machine = Machine(certificate.parent, base, base + 1)
    with (
        http.server.ThreadingHTTPServer(
            ("127.0.0.1", new_machine.program), Program
        ) as server,
        serving(server),
    ):
        yield new_machine


def ask_inner(machine: Machine, seconds: float = 30) -> bytes:
    """What answers behind the loopback port that programs use, once it is known to serve; nothing after some seconds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(
                f"http://127.0.0.1:{machine.inner}/ready", timeout=5
            ).content
        time.sleep(0.2)
    return b""


def test_a_program_is_reached_through_the_certificates_of_machines(
    machine: Machine,
) -> None:
    with running_proxy(machine, {"here": ADDRESS}):
        answer = ask_inner(machine)

    assert answer == ANSWER


def test_only_machines_of_the_installation_are_let_in(
    machine: Machine, tmp_path: Path
) -> None:
    machine_certificate = machine.folder / "machine.crt"
    foreign = issue_certificate(tmp_path / "stranger", STRANGER)
    address = f"{ADDRESS}:{machine.program}"

    with running_proxy(machine, {"here": ADDRESS}):
        assert ask_inner(machine) == ANSWER
        welcome = httpx.get(
            f"https://{address}/", verify=machine.context(machine_certificate)
        ).content
        refusals: list[type[Exception]] = []
        for url, certificate in (("https", None), ("https", foreign), ("http", None)):
            try:
                httpx.get(
                    f"{url}://{address}/",
                    verify=machine.context(certificate),
                    timeout=5,
                )
            except httpx.TransportError as error:
                refusals.append(type(error))

    assert welcome == ANSWER
    assert len(refusals) == 3


def test_a_machine_that_pretends_is_not_asked(machine: Machine, tmp_path: Path) -> None:
    foreign = issue_certificate(tmp_path / "stranger", STRANGER)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(foreign, foreign.with_suffix(".key"))
    with http.server.ThreadingHTTPServer(
        (STRANGER, machine.program), Program
    ) as pretender:
        pretender.socket = context.wrap_socket(pretender.socket, server_side=True)
        with serving(pretender), running_proxy(machine, {"stranger": STRANGER}):
            answer = ask_inner(machine, seconds=IN_VAIN)

    assert answer == b""


def test_the_reverse_proxy_shows_its_certificate_and_verifies_the_other(
    machine: Machine, tmp_path: Path
) -> None:
    if not shutil.which("nginx"):
        pytest.skip("needs nginx: apt-get install nginx-light")
    site = (PLAY / "roles/reverse_proxy/templates/udi.conf.j2").read_text()
    start = site.index("{% if not installation_alone %}")
    block = site[start : site.index("{% endif %}", start) + len("{% endif %}")]
    answers = {}

    with running_proxy(machine, {"here": ADDRESS}):
        assert ask_inner(machine) == ANSWER
        for trusted in ("own", "foreign"):
            folder = machine.folder
            if trusted == "foreign":
                folder = issue_certificate(tmp_path / "stranger", STRANGER).parent
                shutil.copy(folder / "machine.crt", folder / "machines.crt")
            values = {
                "installation_alone": False,
                "reverse_proxy_machine": str(folder),
                "reverse_proxy_machines": "",
            }
            answers[trusted] = ask_nginx(
                tmp_path / trusted, jinja2.Template(block).render(**values), machine
            )

    assert answers == {"own": 200, "foreign": 502}


def ask_nginx(folder: Path, tls: str, machine: Machine) -> int:
    """The status that nginx gives for a page of the machine's program."""
    folder.mkdir()
    port = free_ports(1)
    configuration = folder / "nginx.conf"
    configuration.write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/error.log; events {{}}\n"
        f"http {{ access_log off; client_body_temp_path {folder}/a; proxy_temp_path {folder}/b;\n"
        f"fastcgi_temp_path {folder}/c; uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;\n"
        f"upstream udi_portal {{ server {ADDRESS}:{machine.program}; }}\n{tls}\n"
        f"server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass https://udi_portal; }} }} }}\n"
    )
    proxy = subprocess.Popen([str(shutil.which("nginx")), "-c", str(configuration)])
    try:
        wait_for_port(port)
        return httpx.get(f"http://127.0.0.1:{port}/").status_code
    finally:
        proxy.terminate()
        proxy.wait()


def test_every_program_of_several_machines_listens_on_loopback() -> None:
    """Another machine has no other way in than the inner proxy."""
    units = [
        path
        for role in ("udi", "node")
        for path in (PLAY / "roles" / role / "templates").glob("*-web.service.j2")
    ]

    assert len(units) == 2
    assert [path.name for path in units if "--host" in path.read_text()] == []
    assert NAME in (PLAY / "files/own_certificate.sh").read_text()
