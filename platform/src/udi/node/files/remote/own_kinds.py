"""The kinds of sources that come with the node: light, since every process knows them; what reads is loaded by the worker."""

from collections.abc import Mapping
from urllib.parse import unquote, urlsplit, urlunsplit

from udi.kit.errors import field_error
from udi.node.files.remote import grist_addresses, s3_addresses, sheet_addresses
from udi.node.files.remote.addresses import check_address, sign_error
from udi.node.files.remote.source_kinds import SourceField, SourceKind

WEB_FILES = "udi.node.files.remote.web_files"
NEXTCLOUD_FILES = ("/remote.php/dav/", "/remote.php/webdav/", "/public.php/webdav")
SECURE = {"davs": "https", "webdavs": "https", "dav": "http", "webdav": "http"}
USER = SourceField("user", "User name", required=True)
PASSWORD = SourceField("password", "Password", secret=True, required=True)


def read_web_address(address: str, _values: Mapping[str, str]) -> str:
    """An address that anybody can open."""
    return check_address(address)


def read_webdav_address(address: str, _values: Mapping[str, str]) -> str:
    """The address of the web behind one of WebDAV."""
    parts = urlsplit(address)
    scheme = SECURE.get(parts.scheme, parts.scheme)
    plain = urlunsplit(parts._replace(scheme=scheme))
    return _require_file(check_address(plain))


def is_nextcloud_file(address: str) -> bool:
    """Whether an address is of the files that somebody has at a Nextcloud."""
    return any(begin in urlsplit(address).path for begin in NEXTCLOUD_FILES)


def read_sftp_address(address: str, _values: Mapping[str, str]) -> str:
    """An address of a file on an SFTP server."""
    checked = check_address(address, {"sftp"})
    if "#" in checked or "?" in checked:
        raise sign_error()
    return _require_file(checked)


def _require_file(address: str) -> str:
    path = unquote(urlsplit(address).path)
    if not path.strip("/") or path.endswith("/"):
        raise field_error(
            "address",
            "This address names no file.",
            "Write the folder and the name of the file after the server.",
        )
    return address


WEB_ADDRESS = SourceKind(
    "Link that anybody can open",
    f"{WEB_FILES}:open_web_file",
    read_address=read_web_address,
)
SHEET = SourceKind(
    "Published sheet: Google Sheets or a share of Nextcloud",
    f"{WEB_FILES}:open_published_sheet",
    read_address=sheet_addresses.read_sheet_address,
    recognises=sheet_addresses.is_published_sheet,
)
WEBDAV = SourceKind(
    "WebDAV or Nextcloud, with a password",
    f"{WEB_FILES}:open_webdav_file",
    read_address=read_webdav_address,
    schemes=tuple(SECURE),
    recognises=is_nextcloud_file,
    fields=(
        USER,
        SourceField(
            "password",
            "Password",
            "At a Nextcloud, make an app password for this use: Settings, Security.",
            secret=True,
            required=True,
        ),
    ),
)
S3 = SourceKind(
    "S3 storage",
    f"{WEB_FILES}:open_s3_object",
    read_address=s3_addresses.read_s3_address,
    schemes=("s3",),
    fields=(
        SourceField("key_id", "Access key", required=True),
        SourceField("secret_key", "Secret key", secret=True, required=True),
        SourceField(
            "endpoint",
            "Address of the storage service",
            "It begins with https://. Leave it empty for Amazon.",
            in_address=True,
        ),
        SourceField("region", "Region", "As the service names it.", in_address=True),
    ),
    server_of=s3_addresses.find_bucket,
)
SFTP = SourceKind(
    "SFTP server",
    "udi.node.files.remote.sftp_files:open_sftp_file",
    read_address=read_sftp_address,
    schemes=("sftp",),
    fields=(
        USER,
        PASSWORD,
        SourceField(
            "private_key",
            "Private key",
            "In place of the password: OpenSSH or PEM, without a passphrase.",
            secret=True,
            multiline=True,
            instead_of="password",
        ),
    ),
)
GRIST = SourceKind(
    "Grist document",
    f"{WEB_FILES}:open_grist_document",
    read_address=grist_addresses.read_grist_address,
    recognises=grist_addresses.is_grist_document,
    fields=(
        SourceField(
            "api_key",
            "API key",
            "Only where the document is not public: Profile settings, API.",
            secret=True,
        ),
        SourceField(
            "table",
            "Identifier of the table",
            "It is in the settings of the table («Raw data»). Without it, the whole document is read as a workbook.",
            in_address=True,
        ),
    ),
)
