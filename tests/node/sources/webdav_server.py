"""A real WebDAV server: nginx with its module for RFC 4918, behind a password."""

import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.cluster import free_ports

USER = "mairie"
PASSWORD = "mot d’application"
PATIENCE = 30
CONFIGURATION = """
daemon off;
master_process off;
error_log {folder}/error.log;
pid {folder}/nginx.pid;
events {{ }}
http {{
  access_log {folder}/access.log;
  client_body_temp_path {folder}/bodies;
  proxy_temp_path {folder}/t1; fastcgi_temp_path {folder}/t2; uwsgi_temp_path {folder}/t3; scgi_temp_path {folder}/t4;
  server {{
    listen 127.0.0.1:{port};
    root {folder}/files;
    auth_basic "dav";
    auth_basic_user_file {folder}/users;
    dav_methods PUT DELETE MKCOL;
    create_full_put_path on;
    location /elsewhere/ {{ return 302 http://other.localhost:{elsewhere}/a.csv; }}
  }}
}}
"""


@dataclass
class WebdavServer:
    """Listens on loopback, on a port of its own."""

    folder: Path
    elsewhere: int = 9
    """The port of the other host to which `/elsewhere/` leads."""

    def start(self) -> None:
        """Start nginx, and wait until it answers."""
        program = shutil.which("nginx", path="/usr/sbin:/usr/bin")
        if program is None:
            pytest.skip(
                "nginx is not here: it comes with the Debian package nginx-light"
            )
        (self.folder / "files").mkdir(parents=True, exist_ok=True)
        self.port = free_ports(1)
        users = self.folder / "users"
        users.write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n", encoding="utf-8")
        configuration = self.folder / "nginx.conf"
        configuration.write_text(
            CONFIGURATION.format(
                folder=self.folder, port=self.port, elsewhere=self.elsewhere
            )
        )
        self._process = subprocess.Popen(
            [program, "-p", str(self.folder), "-c", str(configuration), "-e", "stderr"],
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + PATIENCE
        while not self._answers():
            assert self._process.poll() is None, (self.folder / "error.log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait()

    def put(self, name: str, content: bytes) -> None:
        """Store a file as WebDAV clients do."""
        httpx.put(
            f"http://127.0.0.1:{self.port}/{name}",
            content=content,
            auth=httpx.BasicAuth(USER.encode(), PASSWORD.encode()),
        ).raise_for_status()

    def delete(self, name: str) -> None:
        httpx.delete(
            f"http://127.0.0.1:{self.port}/{name}",
            auth=httpx.BasicAuth(USER.encode(), PASSWORD.encode()),
        ).raise_for_status()

    def address(self, name: str = "a.csv") -> str:
        return f"dav://{USER}@dav.localhost:{self.port}/{name}"

    def list_answers(self) -> list[tuple[str, int]]:
        """Method and status of each answer to the node."""
        lines = (self.folder / "access.log").read_text().splitlines()
        answers = []
        for line in lines:
            parts = line.split('"')
            if "udi-node" in parts[-2]:
                answers.append((parts[1].split()[0], int(parts[2].split()[0])))
        return answers

    def _answers(self) -> bool:
        try:
            httpx.get(f"http://127.0.0.1:{self.port}/")
        except httpx.TransportError:
            return False
        return True
