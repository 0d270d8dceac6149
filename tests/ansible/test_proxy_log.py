"""The log of the reverse proxy: what was asked of which program and how it went, nothing of who asked or what for."""

import contextlib
import http.server
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import yaml

from tests.ansible.machine import PLAY, ROOT
from tests.ansible.test_machine_links import Program, render, serving, wait_for_port
from tests.cluster import free_ports

pytestmark = [
    pytest.mark.programs,
    pytest.mark.skipif(
        not (shutil.which("nginx") and shutil.which("openssl")),
        reason="needs nginx and openssl: apt-get install nginx-light openssl",
    ),
]

HOSTS = {
    "installation": "udi.example",
    "portal": "ville.example",
    "node": "node.ville.example",
    "identity": "id.example",
}
READER = "127.0.0.33"
CANARY = "canary"
QUERY = f"?org={CANARY}-town&right={CANARY}-erasure"
TEMPLATE = PLAY / "roles/reverse_proxy/templates/udi.conf.j2"
AWAY = yaml.safe_load((PLAY / "roles/reverse_proxy/vars/main.yml").read_text())[
    "reverse_proxy_away"
]
ROUTES = (ROOT / "tests/rules/routes.txt").read_text().split()
SECRET_PATHS = sorted({path for path in ROUTES if "{token}" in path})


@dataclass(frozen=True)
class Proxy:
    """nginx with the configuration of the play, on ports of this test."""

    folder: Path
    plain: int
    secure: int

    def ask(self, scheme: str, host: str, path: str) -> int:
        """The status of a page for somebody who comes from another, with a browser of their own."""
        return self.request(scheme, host, path).status_code

    def request(
        self, scheme: str, host: str, path: str, method: str = "GET", **more: str
    ) -> httpx.Response:
        """The same, with further headers, and the whole answer."""
        port = {"http": self.plain, "https": self.secure}[scheme]
        headers = {
            "Host": host,
            "Referer": f"https://{host}/my-data?q={CANARY}-words",
            "User-Agent": f"{CANARY}-browser",
            **more,
        }
        transport = httpx.HTTPTransport(verify=False, local_address=READER)
        with httpx.Client(transport=transport, headers=headers) as client:
            return client.request(
                method,
                f"{scheme}://127.0.0.1:{port}{path}",
                extensions={"sni_hostname": host},
            )

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Until the end of what is asked; then its logs are whole."""
        nginx = str(shutil.which("nginx"))
        process = subprocess.Popen([nginx, "-c", str(self.folder / "nginx.conf")])
        try:
            wait_for_port(self.secure)
            yield
        finally:
            process.terminate()
            process.wait()

    def read_logs(self) -> str:
        """All that it wrote."""
        logs = sorted((self.folder / "logs").iterdir())
        return "".join(log.read_text() for log in logs)


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[Proxy]:
    """A proxy before a portal and an identity service that answer, and a node that does not."""
    for name in ("tls", "logs"):
        (tmp_path / name).mkdir()
    script = PLAY / "roles/reverse_proxy/files/issue_certificate.sh"
    command = ["sh", str(script), str(tmp_path / "tls"), *HOSTS.values()]
    subprocess.run(command, check=True)
    base = free_ports(4)
    new_proxy = Proxy(tmp_path, base, base + 1)
    program = base + 2
    nobody = base + 3
    (tmp_path / "udi.conf").write_text(_write_site(new_proxy, program, nobody))
    (tmp_path / "nginx.conf").write_text(_write_frame(tmp_path))
    with (
        http.server.ThreadingHTTPServer(("127.0.0.1", program), Program) as server,
        serving(server),
    ):
        yield new_proxy


def _write_site(
    proxy: Proxy, program: int, nobody: int, before: Sequence[str] = ()
) -> str:
    """The template of the role for one machine, with the ports and folders of this test."""
    places = {"portal": program, "node": nobody, "identity": program}
    text = render(
        "reverse_proxy",
        "udi.conf.j2",
        {
            "groups": {name: ["here"] for name in places},
            "reverse_proxy_places": {
                name: [(port, "127.0.0.1")] for name, port in places.items()
            },
            "reverse_proxy_scheme": "http",
            "installation_alone": True,
            "installation_host": HOSTS["installation"],
            "installation_territory_hosts": [
                {"slug": "ville", "portal": [HOSTS["portal"]], "node": [HOSTS["node"]]}
            ],
            "reverse_proxy_apart": [],
            "reverse_proxy_before": before,
            "reverse_proxy_installation_site": "",
            "installation_identity_host": HOSTS["identity"],
            "installation_keycloak_external": False,
            "installation_wildcards": [],
            "reverse_proxy_away": AWAY,
        },
    )
    for old, new in (
        ("listen 80 ", f"listen 127.0.0.1:{proxy.plain} "),
        ("listen 443 ", f"listen 127.0.0.1:{proxy.secure} "),
        ("    listen [::]:", "    # listen [::]:"),
        ("/etc/udi/tls", f"{proxy.folder}/tls"),
        ("/var/log/nginx", f"{proxy.folder}/logs"),
    ):
        assert old in text
        text = text.replace(old, new)
    return text


def _write_frame(folder: Path) -> str:
    """What Debian has around it: logs of its own, of everything."""
    scratch = " ".join(
        f"{name}_temp_path {folder}/{name};"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return (
        f"daemon off; pid {folder}/pid; error_log {folder}/logs/error.log; events {{}}\n"
        f"http {{ {scratch} access_log {folder}/logs/access.log;\n"
        f"include {folder}/udi.conf; }}\n"
    )


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_log_has_no_query_referer_browser_or_address_of_a_reader(
    proxy: Proxy, scheme: str
) -> None:
    path = "/realms/letter"
    with proxy.running():
        statuses = {
            name: proxy.ask(scheme, host, f"{path}{QUERY}")
            for name, host in HOSTS.items()
        }

    logs = proxy.read_logs()
    answered = {
        "http": dict.fromkeys(HOSTS, 301),
        "https": dict.fromkeys(HOSTS, 200) | {"node": 502},
    }
    assert statuses == answered[scheme]
    assert [
        word for word in (CANARY, READER, "?", "org=", "Mozilla") if word in logs
    ] == []
    assert logs.count(f'"GET {path}"\n') == len(logs.splitlines()) == len(HOSTS)


class ReaderProgram(Program):
    """A program that answers with the address of who reads, as its proxy tells it."""

    def do_GET(self) -> None:  # noqa: N802 - the name of the standard library
        reader = self.headers["X-Forwarded-For"].encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(reader)))
        self.end_headers()
        self.wfile.write(reader)


@pytest.mark.parametrize(
    ("before", "reader"),
    [([], READER), (["198.51.100.1"], READER), (["127.0.0.0/8"], "192.0.2.7")],
    ids=["nobody", "somebody else", "who asks"],
)
def test_who_reads_is_taken_from_a_header_of_named_balancers_alone(
    proxy: Proxy, before: list[str], reader: str
) -> None:
    program = free_ports(1)
    (proxy.folder / "udi.conf").write_text(_write_site(proxy, program, 1, before))
    with (
        http.server.ThreadingHTTPServer(
            ("127.0.0.1", program), ReaderProgram
        ) as server,
        serving(server),
        proxy.running(),
    ):
        headers = {"X-Forwarded-For": "192.0.2.7"}
        answer = proxy.request("https", HOSTS["portal"], "/", **headers)

    assert answer.text == reader


def test_log_has_no_secret_of_a_path(proxy: Proxy) -> None:
    paths = [path.replace("{token}", CANARY) for path in SECRET_PATHS]

    with proxy.running():
        statuses = {proxy.ask("https", HOSTS["portal"], path) for path in paths}

    logs = proxy.read_logs()
    assert len(paths) >= 4
    assert statuses == {200}
    assert CANARY not in logs
    assert len(logs.splitlines()) == len(paths)


def test_every_server_names_the_log_without_readers() -> None:
    """What a server does not name is Debian's, with the whole request."""
    common, *servers = TEMPLATE.read_text().split("\nserver {\n")

    assert "access_log" not in common
    assert [
        server
        for server in servers
        if "    access_log /var/log/nginx/access.log udi;\n" not in server
    ] == []
    assert "\nerror_log /var/log/nginx/error.log emerg;\n" in common


@pytest.mark.parametrize(
    ("headers", "language"),
    [
        ({"Accept-Language": "fr-FR,fr;q=0.9,en;q=0.5"}, "fr"),
        ({"Accept-Language": "es"}, "es"),
        ({"Accept-Language": "de"}, "en"),
        ({}, "en"),
        ({"Accept-Language": "fr", "Cookie": "lang=es"}, "es"),
    ],
)
def test_a_program_that_is_away_is_said_in_words_of_the_reader(
    proxy: Proxy, headers: dict[str, str], language: str
) -> None:
    accepted = {"Accept": "text/html,*/*;q=0.8", **headers}
    with proxy.running():
        answers = [
            proxy.request("https", HOSTS["node"], "/datasets", method, **accepted)
            for method in ("GET", "POST")
        ]

    for answer in answers:
        assert answer.status_code == 502
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert answer.headers["retry-after"] == "30"
        assert answer.headers["cache-control"] == "no-store"
        assert f'<html lang="{language}">' in answer.text
        assert [w for w in AWAY[language].values() if w not in answer.text] == []
        assert CANARY not in answer.text


def test_a_program_is_told_of_another_that_is_away_as_a_problem(proxy: Proxy) -> None:
    with proxy.running():
        answer = proxy.request("https", HOSTS["node"], "/api/v1", Accept="*/*")

    problem = answer.json()
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert (problem["type"], problem["status"]) == ("/problems/unavailable", 502)
    assert problem["title"] == AWAY["en"]["title"]
