"""Addresses of objects in S3 storage: `s3://{bucket}/{key}?endpoint={address of the service}&region={region}`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlencode, urlsplit, urlunsplit

from udi.kit.errors import InvalidError, field_error
from udi.node.files.remote.addresses import check_address, sign_error

PARTS = ("endpoint", "region")
DEFAULT_REGION = "us-east-1"
REGION = re.compile(r"[A-Za-z0-9-]{1,40}")


@dataclass(frozen=True)
class S3Object:
    """What an address names; without an endpoint, it is Amazon's."""

    bucket: str
    key: str
    endpoint: str
    region: str


def parse_s3_address(address: str) -> S3Object:
    """The parts of an address that was read before."""
    parts = urlsplit(address)
    query = parse_qs(parts.query)
    return S3Object(
        parts.netloc,
        unquote(parts.path).lstrip("/"),
        query.get("endpoint", [""])[0],
        query.get("region", [DEFAULT_REGION])[0],
    )


def read_s3_address(address: str, values: Mapping[str, str]) -> str:
    """The address of an object, with the service and the region that the form gives.

    Raises:
        InvalidError: it names no object, or the service has no address of the web.
    """
    parts = urlsplit(check_address(address, {"s3"}))
    if not parts.path.strip("/") or parts.path.endswith("/"):
        raise field_error(
            "address",
            "This address names no file.",
            "Write it as s3://bucket/folder/file.csv.",
        )
    query = parse_qs(parts.query, keep_blank_values=True)
    if "#" in address or set(query) - set(PARTS):
        raise sign_error()
    settled = {
        name: values.get(name) or query.get(name, [""])[0].strip() for name in PARTS
    }
    if settled["endpoint"]:
        settled["endpoint"] = _check_endpoint(settled["endpoint"])
    if settled["region"] and not REGION.fullmatch(settled["region"]):
        raise field_error(
            "region",
            "This is not the name of a region.",
            "It has letters, digits and hyphens: eu-west-3.",
        )
    query_text = urlencode({name: value for name, value in settled.items() if value})
    return urlunsplit(("s3", parts.netloc, parts.path, query_text, ""))


def find_bucket(address: str) -> str:
    """The bucket and the service: a key given for one is not used at another."""
    target = parse_s3_address(address)
    return f"{target.endpoint} {target.bucket}"


def _check_endpoint(endpoint: str) -> str:
    try:
        return check_address(endpoint).rstrip("/")
    except InvalidError as error:
        raise field_error(
            "endpoint",
            "This is not an address of the web.",
            "It begins with https:// or http://.",
        ) from error
