"""Links to published sheets as people copy them from a browser, and the addresses of their files.

Google Sheets: `…/spreadsheets/d/{id}/edit#gid={sheet}` is exported at `…/export?format=csv&gid={sheet}`, and
`…/spreadsheets/d/e/{id}/pubhtml` at `…/pub?output=csv`. A share of Nextcloud, `…/s/{token}`, gives its file at
`…/s/{token}/download`.
"""

import re
from collections.abc import Mapping
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from udi.kit.errors import field_error
from udi.node.files.remote.addresses import check_address

GOOGLE = "docs.google.com"
PUBLISHED = re.compile(r"(?P<sheet>/spreadsheets/d/e/[\w-]+)/pub(?:html)?")
SPREADSHEET = re.compile(
    r"(?P<sheet>/spreadsheets/(?:u/\d+/)?d/(?!e/)[\w-]+)(?:/(?:edit|view|preview|htmlview|copy|export))?/?"
)
SHARE = re.compile(r"(?P<share>(?:/.*)?/s/[A-Za-z0-9]{15})(?:/download(?:/[^/]*)?)?/?")


def is_published_sheet(address: str) -> bool:
    """Whether an address is of Google's sheets, or a share of a Nextcloud."""
    parts = urlsplit(address)
    if parts.hostname == GOOGLE:
        return bool(
            PUBLISHED.fullmatch(parts.path) or SPREADSHEET.fullmatch(parts.path)
        )
    return bool(SHARE.fullmatch(parts.path))


def read_sheet_address(address: str, _values: Mapping[str, str]) -> str:
    """The address at which the file of a published sheet is given.

    Raises:
        InvalidError: it is no link to a sheet.
    """
    parts = urlsplit(check_address(address))
    published = PUBLISHED.fullmatch(parts.path)
    spreadsheet = SPREADSHEET.fullmatch(parts.path)
    share = SHARE.fullmatch(parts.path)
    query = parse_qs(parts.query)
    sheet = _find_sheet(query, parts.fragment)
    if published:
        path = f"{published['sheet']}/pub"
        single = {"gid": sheet, "single": "true"} if sheet else {}
        parameters = {**single, "output": query.get("output", ["csv"])[0]}
    elif spreadsheet:
        path = f"{spreadsheet['sheet']}/export"
        one = {"gid": sheet} if sheet else {}
        parameters = {"format": query.get("format", ["csv"])[0], **one}
    elif share:
        path = f"{share['share']}/download"
        parameters = {
            name: query[name][0] for name in ("path", "files") if name in query
        }
    else:
        raise field_error(
            "address",
            "This is not a link to a published sheet.",
            "Copy the link that you share: of Google Sheets, or of a file at a Nextcloud.",
        )
    return urlunsplit((parts.scheme, parts.netloc, path, urlencode(parameters), ""))


def _find_sheet(query: Mapping[str, list[str]], fragment: str) -> str:
    """The number of the sheet that the link shows, if it says one."""
    sheets = [*parse_qs(fragment).get("gid", []), *query.get("gid", [])]
    return next((sheet for sheet in sheets if sheet.isdecimal()), "")
