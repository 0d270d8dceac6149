"""Links to Grist documents as people copy them, and the addresses of their exports in Grist's API.

A document is seen at `{host}[/o/{team}]/{id}/{name}[/p/{page}]`. One of its tables is given as CSV at
`{host}[/o/{team}]/api/docs/{id}/download/csv?tableId={table}`, the whole as a workbook at `…/download/xlsx`.
"""

import re
from collections.abc import Mapping
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from udi.kit.errors import field_error
from udi.node.files.remote.addresses import check_address

ID = r"(?P<id>[A-Za-z0-9][\w~-]{5,})"
EXPORT = re.compile(
    rf"(?P<team>(?:/o/[\w-]+)?)/api/docs/{ID}/download/(?P<format>csv|xlsx)"
)
DOCUMENT = re.compile(
    rf"(?P<team>(?:/o/[\w-]+)?)(?:/doc)?/{ID}(?:/[^/]*)?(?:/p/\d+)?/?"
)


def is_grist_document(address: str) -> bool:
    """Whether an address is of Grist's API, or of a document at a host that is named for Grist."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    if EXPORT.fullmatch(parts.path):
        return True
    is_host = host.startswith("grist.") or host.endswith(".getgrist.com")
    return is_host and bool(DOCUMENT.fullmatch(parts.path))


def read_grist_address(address: str, values: Mapping[str, str]) -> str:
    """The address at which a table of a document is given, or the whole document.

    Raises:
        InvalidError: it is no link to a document.
    """
    parts = urlsplit(check_address(address))
    export = EXPORT.fullmatch(parts.path)
    document = export or DOCUMENT.fullmatch(parts.path)
    if document is None:
        raise field_error(
            "address",
            "This is not a link to a Grist document.",
            "Open the document in Grist, and copy the address of the page.",
        )
    table = values.get("table") or parse_qs(parts.query).get("tableId", [""])[0]
    if table:
        end = "csv"
        query = urlencode({"tableId": table})
    else:
        end = "xlsx"
        query = ""
    path = f"{document['team']}/api/docs/{document['id']}/download/{end}"
    return urlunsplit((parts.scheme, parts.netloc, path, query, ""))


def find_description(address: str) -> str:
    """The address at which Grist says when the document of an export changed last."""
    parts = urlsplit(address)
    path = parts.path.rpartition("/download/")[0]
    return urlunsplit((parts.scheme, parts.netloc, path, "", ""))
