"""Files on SFTP servers: one connection for one file, to a server whose key a person confirmed.

The socket is opened by the outgoing client, which checks where it leads. Nothing of the machine's own SSH is used: no
configuration, no agent, no key, no list of known hosts.
"""

import asyncio
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from stat import S_ISREG
from typing import Any, cast
from urllib.parse import unquote, urlsplit

import asyncssh

from udi.kit.file_names import clean_name
from udi.kit.http import OutgoingError
from udi.node.files.remote.remote_files import (
    FetchError,
    HttpValidators,
    RemoteFile,
    RemoteLocation,
    RemoteRequest,
)

PORT = 22
PATIENCE = 30.0
"""Seconds for logging in, and for finding the file."""
PIECE = 256 * 1024
"""Bytes asked for at once; a server may give fewer."""
IN_TURN = 0
"""One question after the other: of several at once, asyncssh leaves those unheard that a slow server owes."""
HOME = "/~/"
"""Begins a path below the folder in which the server puts the user."""


@dataclass
class HostKeyCheck:
    """Compares the key that a server shows with the fingerprint that a person confirmed."""

    confirmed: str
    offered: str = ""

    @property
    def is_confirmed(self) -> bool:
        return bool(self.confirmed) and hmac.compare_digest(
            self.confirmed, self.offered
        )

    @property
    def refusal(self) -> FetchError:
        """What to say of a key that is not the confirmed one."""
        if self.confirmed:
            return FetchError(
                "The server shows another key than the one that you confirmed.",
                remedy="Ask those who run the server whether its key changed, before you confirm the new one.",
                waits_for_person=True,
                offered_key=self.offered,
            )
        return FetchError(
            "The key of the server is not confirmed yet.",
            remedy="Compare the fingerprint with the one that those who run the server give, then confirm it.",
            waits_for_person=True,
            offered_key=self.offered,
        )


class _KeyCheckingClient(asyncssh.SSHClient):
    def __init__(self, check: HostKeyCheck) -> None:
        self._check = check

    def validate_host_public_key(
        self,
        host: str,  # noqa: ARG002 - as asyncssh calls it
        addr: str,  # noqa: ARG002 - likewise
        port: int,  # noqa: ARG002 - likewise
        key: asyncssh.SSHKey,
    ) -> bool:
        self._check.offered = key.get_fingerprint("sha256")
        return self._check.is_confirmed


@asynccontextmanager
async def open_sftp_file(request: RemoteRequest) -> AsyncIterator[RemoteFile | None]:
    """A file on a server: its version is known by its size and the second in which it was changed."""
    location = request.location
    check = HostKeyCheck(location.host_key)
    async with _connect(request, check) as connection:
        try:
            async with asyncio.timeout(PATIENCE):
                client = await connection.start_sftp_client()
                path = _path_of(location.address)
                attributes = await client.stat(path)
                file = await _open(client, path, attributes)
        except (asyncssh.Error, OSError, ValueError) as error:
            raise _translate_error(error, check) from error
        try:
            length = attributes.size or 0
            mark = f"{attributes.mtime}-{length}"
            if attributes.mtime and mark == request.marks.etag:
                yield None
                return
            name = clean_name(PurePosixPath(path).name)
            yield RemoteFile(name, length, HttpValidators(mark), _read_pieces(file))
        finally:
            client.exit()


@asynccontextmanager
async def _connect(
    request: RemoteRequest, check: HostKeyCheck
) -> AsyncIterator[asyncssh.SSHClientConnection]:
    parts = urlsplit(request.location.address)
    host = parts.hostname or ""
    socket = await request.outgoing.open_socket(host, parts.port or PORT)
    try:
        async with asyncio.timeout(PATIENCE):
            connection = await asyncssh.connect(
                host,
                sock=socket,
                client_factory=lambda: _KeyCheckingClient(check),
                **_options(request.location),
            )
    except (asyncssh.Error, OSError, ValueError) as error:
        socket.close()
        raise _translate_error(error, check) from error
    except BaseException:
        socket.close()
        raise
    try:
        yield connection
    finally:
        connection.abort()


def _options(location: RemoteLocation) -> dict[str, Any]:
    """How to log in: by what the source has, and nothing of this machine."""
    credential = location.credential
    keys = None
    password = credential.get("password")
    if credential.get("private_key"):
        try:
            keys = [asyncssh.import_private_key(credential["private_key"])]
        except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as error:
            raise FetchError(
                "The private key cannot be read.",
                remedy="Give it whole, in the form of OpenSSH or PEM, without a passphrase.",
                waits_for_person=True,
            ) from error
        password = None
    return {
        "username": credential["user"],
        "password": password,
        "client_keys": keys,
        "known_hosts": ([], [], []),
        "config": None,
        "agent_path": None,
        "gss_auth": False,
        "gss_kex": False,
        "x509_trusted_certs": None,
        "compression_algs": None,
        "login_timeout": PATIENCE,
        "keepalive_interval": 0,
    }


async def _open(
    client: asyncssh.SFTPClient, path: str, attributes: asyncssh.SFTPAttrs
) -> asyncssh.SFTPClientFile:
    """Open a plain file; a link is followed by the server to one, a folder or a device is none."""
    if attributes.permissions is not None and not S_ISREG(attributes.permissions):
        raise FetchError(
            "This address names no file.",
            remedy="Write the folder and the name of the file after the server.",
        )
    return await client.open(path, "rb", block_size=IN_TURN)


async def _read_pieces(file: asyncssh.SFTPClientFile) -> AsyncIterator[bytes]:
    try:
        while piece := await file.read(PIECE):
            yield cast("bytes", piece)  # the file is open as bytes
    except asyncssh.Error as error:
        raise OutgoingError("The SFTP server broke off.") from error


def _path_of(address: str) -> str:
    path = unquote(urlsplit(address).path)
    return path.removeprefix(HOME) if path.startswith(HOME) else path


def _translate_error(error: Exception, check: HostKeyCheck) -> Exception:
    """What went wrong, as our own error."""
    if isinstance(error, asyncssh.HostKeyNotVerifiable):
        return check.refusal
    if isinstance(error, asyncssh.PermissionDenied | asyncssh.SFTPPermissionDenied):
        return FetchError(
            "The server refuses the password or the key, or does not let it read this file.",
            remedy="Write the credential again, or ask for the right to read the file.",
            waits_for_person=True,
        )
    if isinstance(error, asyncssh.SFTPNoSuchFile | asyncssh.SFTPNoSuchPath):
        return FetchError(
            "The file is not on the server any more, or never was.",
            remedy="Correct the address, or put the file back.",
        )
    return OutgoingError(f"The SFTP server does not answer ({type(error).__name__}).")
