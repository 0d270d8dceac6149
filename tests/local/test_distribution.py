import hashlib
import threading
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.cluster import free_ports
from udi.cli import keycloak
from udi.cli.local import distribution
from udi.cli.local.errors import LocalError
from udi.settings import Settings

Serve = Callable[..., str]


@pytest.fixture
def repository() -> Iterator[Serve]:
    """Starts a Maven repository that gives one answer to everything."""
    servers: list[HTTPServer] = []

    def serve(content: bytes, *, status: int = 200, length: int | None = None) -> str:
        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(status if self.path.endswith(".zip") else 404)
                self.send_header("Content-Length", str(length or len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        server = HTTPServer(("127.0.0.1", 0), Answer)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}/maven"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def _fetch(cache: Path, address: str) -> Path:
    return distribution.ensure_archive(
        cache, address, lambda _done, _total: None, local_repositories=[]
    )


def test_a_file_that_is_not_the_pinned_one_is_deleted(
    tmp_path: Path, repository: Serve
) -> None:
    with pytest.raises(
        LocalError,
        match=r"is not the pinned one \(wrong sha256; it was deleted\): run the same command again",
    ):
        _fetch(tmp_path, repository(b"something else"))

    assert list(tmp_path.iterdir()) == []


def test_a_download_that_breaks_off_leaves_nothing(
    tmp_path: Path, repository: Serve
) -> None:
    with pytest.raises(
        LocalError, match="cannot be reached, or broke off: check the network"
    ):
        _fetch(tmp_path, repository(b"half", length=4_000_000))

    assert list(tmp_path.iterdir()) == []


def test_a_repository_without_it_is_named(tmp_path: Path, repository: Serve) -> None:
    address = repository(b"", status=404)

    with pytest.raises(
        LocalError, match=f"{address} does not have it.*UDI_MAVEN_REPOSITORY"
    ):
        _fetch(tmp_path, address)


def test_an_unreachable_repository_is_named(tmp_path: Path) -> None:
    address = f"http://127.0.0.1:{free_ports(1)}"

    with pytest.raises(LocalError, match=f"{address} cannot be reached"):
        _fetch(tmp_path, address)


def test_the_right_file_is_kept_and_a_spoilt_one_fetched_again(
    tmp_path: Path, repository: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = repository(b"nothing")
    monkeypatch.setattr(distribution, "SHA256", _sha256(b"nothing"))
    progress: list[tuple[int, int]] = []
    (tmp_path / distribution.ARCHIVE).write_bytes(b"cut by a power failure")

    archive = distribution.ensure_archive(
        tmp_path,
        address,
        lambda done, total: progress.append((done, total)),
        local_repositories=[],
    )

    assert archive.read_bytes() == b"nothing"
    assert progress == [(7, 7)]
    assert _fetch(tmp_path, "http://127.0.0.1:9") == archive


def test_a_cache_that_does_not_exist_yet_is_made(
    tmp_path: Path, repository: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(distribution, "SHA256", _sha256(b"nothing"))

    archive = _fetch(tmp_path / "new/cache", repository(b"nothing"))

    assert archive.read_bytes() == b"nothing"


def test_an_archive_that_was_carried_is_the_pinned_one_or_refused(
    tmp_path: Path, repository: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(distribution, "SHA256", _sha256(b"nothing"))
    settings = Settings(maven_repository=repository(b"nothing"))
    monkeypatch.setattr(keycloak, "get_settings", lambda: settings)
    other = tmp_path / "other.zip"
    other.write_bytes(b"something else")

    result = CliRunner().invoke(keycloak.app, ["fetch", str(tmp_path / "carried")])

    carried = tmp_path / "carried" / distribution.ARCHIVE
    assert result.stdout == f"{carried}\n"
    distribution.verify_archive(carried)
    with pytest.raises(LocalError, match="not the pinned archive of Keycloak"):
        distribution.verify_archive(other)
    with pytest.raises(LocalError, match="There is no file"):
        distribution.verify_archive(tmp_path / "missing.zip")


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_the_users_maven_repository_is_used_when_it_has_the_right_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(distribution, "SHA256", _sha256(b"local"))
    folder = tmp_path / "m2/org/keycloak/keycloak-quarkus-dist" / distribution.VERSION
    folder.mkdir(parents=True)
    (folder / distribution.ARCHIVE).write_bytes(b"local")

    archive = distribution.ensure_archive(
        tmp_path,
        "http://127.0.0.1:9",
        lambda *_: None,
        local_repositories=[tmp_path / "m2"],
    )

    assert archive == folder / distribution.ARCHIVE


@pytest.mark.parametrize("name", ["../outside", "/outside", "a/../../outside"])
def test_an_archive_that_would_write_outside_is_refused(
    tmp_path: Path, name: str
) -> None:
    archive = tmp_path / "bad.zip"
    with zipfile.ZipFile(archive, "w") as content:
        content.writestr("keycloak/fine", "")
        content.writestr(name, "")

    with pytest.raises(LocalError, match="suspicious entry"):
        distribution.unpack(archive, tmp_path / "target")

    assert not (tmp_path / "target").exists()


def test_a_link_in_an_archive_is_refused(tmp_path: Path) -> None:
    archive = tmp_path / "bad.zip"
    link = zipfile.ZipInfo("keycloak/link")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(archive, "w") as content:
        content.writestr(link, "/etc/passwd")

    with pytest.raises(LocalError, match="suspicious entry"):
        distribution.unpack(archive, tmp_path / "target")


def test_a_damaged_archive_is_said_so(tmp_path: Path) -> None:
    archive = tmp_path / "bad.zip"
    archive.write_bytes(b"PK\x03\x04 and then nothing")

    with pytest.raises(LocalError, match="is damaged"):
        distribution.unpack(archive, tmp_path / "target")
