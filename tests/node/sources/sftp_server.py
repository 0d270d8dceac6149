"""A real SSH server, asyncssh's own, that gives the files of a folder by SFTP."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

import asyncssh

USER = "depot"
PASSWORD = "le mot du dépôt"


@dataclass
class SftpServer:
    """Listens on loopback; `tried` are the passwords that were shown to it, `is_slow` holds every reading back."""

    place: Path
    tried: list[str] = field(default_factory=list)
    is_slow: bool = False
    port: int = 0

    def __post_init__(self) -> None:
        self.folder = self.place / "sftp"
        self.folder.mkdir()
        self.host_key = asyncssh.generate_private_key("ssh-ed25519")
        self.client_key = asyncssh.generate_private_key("ssh-ed25519")
        self._released = asyncio.Event()
        self.is_read = asyncio.Event()
        self._server: asyncssh.SSHAcceptor | None = None

    @property
    def private_key(self) -> str:
        return self.client_key.export_private_key().decode()

    @property
    def fingerprint(self) -> str:
        return self.host_key.get_fingerprint("sha256")

    def address(self, path: str = "/a.csv") -> str:
        return f"sftp://{USER}@sftp.localhost:{self.port}{path}"

    async def start(self) -> None:
        """Listen, at the same port as before."""
        keys = self.place / "authorized_keys"
        keys.write_bytes(self.client_key.export_public_key())
        self._server = await asyncssh.listen(
            "127.0.0.1",
            self.port,
            server_factory=lambda: _Server(self),
            server_host_keys=[self.host_key],
            authorized_client_keys=str(keys),
            sftp_factory=lambda channel: _Files(self, channel),
            config=None,
            gss_host=None,
        )
        self.port = self._server.get_port()

    async def stop(self) -> None:
        self._released.set()
        assert self._server
        self._server.close()
        await self._server.wait_closed()

    def release(self) -> None:
        """Give what is held back."""
        self._released.set()

    async def renew_key(self) -> None:
        """Come back with another key."""
        await self.stop()
        self.host_key = asyncssh.generate_private_key("ssh-ed25519")
        await self.start()

    async def hold(self) -> None:
        """Wait until the server stops or is released, if it is slow."""
        self.is_read.set()
        if self.is_slow:
            await self._released.wait()


class _Server(asyncssh.SSHServer):
    def __init__(self, server: SftpServer) -> None:
        self._server = server

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        self._server.tried.append(password)
        return (username, password) == (USER, PASSWORD)


class _Files(asyncssh.SFTPServer):
    def __init__(
        self, server: SftpServer, channel: "asyncssh.SSHServerChannel[bytes]"
    ) -> None:
        super().__init__(channel, chroot=str(server.folder).encode())
        self._server = server

    async def read(self, file_obj: object, offset: int, size: int) -> bytes:
        await self._server.hold()
        content = super().read(file_obj, offset, size)
        assert isinstance(content, bytes)
        return content
