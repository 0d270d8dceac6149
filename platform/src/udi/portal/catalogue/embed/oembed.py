"""oEmbed 1.0: other sites ask how to show the address of a dataset, a producer or a search (oembed.com)."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID
from xml.etree import ElementTree as ET

from litestar import Response, get
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import InvalidError, NotFoundError, Refusal, UdiError
from udi.kit.tenancy import Territory
from udi.portal.catalogue.embed.snippets import (
    EmbeddablePage,
    share_dataset,
    share_producer,
    share_search,
)
from udi.portal.catalogue.parameters.query_string import split_query
from udi.portal.catalogue.queries import get_dataset
from udi.portal.catalogue.search.criteria import read_criteria
from udi.portal.organisations.queries import get_producer
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Session
from udi.ui.embedding import LANGUAGE, iframe_html
from udi.ui.locale import choose_language, localise

WIDTH = 600
LEAST = 100
MOST = 10_000
KEPT_SECONDS = 3600
DATASET = re.compile(r"/data/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:/[^/]*)?")
PRODUCER = re.compile(r"/producers/([^/]+)")


class UnknownFormatError(UdiError):
    """What oEmbed answers to a format that is neither of its two."""

    status = 501
    slug = "unknown-format"
    title = "This format is not made here"
    meaning = "The answer is asked for in a format that this address does not make."
    advice = "Ask for one of the formats that the documentation of this address names."


@get("/oembed")
async def answer_oembed(
    request: AnyRequest, session: Session, territory: CurrentTerritory
) -> Response[bytes | dict[str, Any]]:
    """How to show one of our addresses elsewhere."""
    parameters = request.query_params
    if parameters.get("format", "json") not in {"json", "xml"}:
        raise UnknownFormatError(
            "oEmbed has two formats.", remedy="Ask for json or xml."
        )
    sizes = {name: _read_size(parameters, name) for name in ("maxwidth", "maxheight")}
    language = choose_language(
        parameters.get(LANGUAGE),
        request.headers.get("accept-language", ""),
        territory.languages,
    )
    shared = await _get_shared_page(
        session, territory, parameters.get("url", ""), language
    )
    payload = _describe_page(shared, territory, language, **sizes)
    headers = {
        "Access-Control-Allow-Origin": "*",
        "Cache-Control": f"public, max-age={KEPT_SECONDS}",
        "Vary": "Accept-Language",
    }
    if parameters.get("format") == "xml":
        return Response(
            _as_xml(payload), media_type="text/xml; charset=utf-8", headers=headers
        )
    return Response(payload, media_type="application/json", headers=headers)


async def _get_shared_page(
    session: AsyncSession, territory: Territory, url: str, language: str
) -> EmbeddablePage:
    """What an address of ours shows.

    Raises:
        InvalidError: no address is given.
        NotFoundError: it is not ours, or shows nothing that can stand elsewhere.
        GoneError: it is of a dataset that was withdrawn.
    """
    if not url:
        raise InvalidError(
            "No address is given.",
            refusals=[
                Refusal("url", "It is missing.", "Give the address of a page here.")
            ],
        )
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise NotFoundError("This address is not of this catalogue.") from error
    if (
        parts.scheme not in {"http", "https"}
        or parts.netloc != urlsplit(territory.origin).netloc
    ):
        raise NotFoundError("This address is not of this catalogue.")
    if match := DATASET.fullmatch(parts.path):
        return share_dataset(
            await get_dataset(session, UUID(match[1])), territory, language
        )
    if match := PRODUCER.fullmatch(parts.path):
        return share_producer(
            await get_producer(session, match[1]), territory, language
        )
    if parts.path == "/data":
        return share_search(
            read_criteria(split_query(parts.query)), territory, language
        )
    raise NotFoundError(
        "The content of this address cannot be embedded in another page."
    )


def _read_size(parameters: Mapping[str, str], name: str) -> int:
    """A most number of pixels, `MOST` where none is said."""
    text = parameters.get(name, str(MOST))
    if not (
        text.isascii()
        and text.isdigit()
        and len(text) < len(str(MOST)) + 1
        and int(text) >= LEAST
    ):
        refusal = Refusal(
            name,
            "This is not a number of pixels that can be used.",
            "Give a whole number from 100 to 10000.",
        )
        raise InvalidError("A page cannot be shown at this size.", refusals=[refusal])
    return int(text)


def _describe_page(
    shared: EmbeddablePage,
    territory: Territory,
    language: str,
    *,
    maxwidth: int,
    maxheight: int,
) -> dict[str, Any]:
    height = min(shared.height, maxheight)
    payload = {
        "version": "1.0",
        "type": "rich",
        "title": shared.title,
        "author_name": shared.author,
        "author_url": shared.author_url,
        "provider_name": localise(territory.name, language),
        "provider_url": territory.origin,
        "cache_age": KEPT_SECONDS,
        "width": min(WIDTH, maxwidth),
        "height": height,
        "html": iframe_html(shared.frame, shared.title, height),
    }
    return {name: value for name, value in payload.items() if value}


def _as_xml(payload: Mapping[str, Any]) -> bytes:
    root = ET.Element("oembed")
    for name, value in payload.items():
        ET.SubElement(root, name).text = _remove_control_characters(str(value))
    xml_bytes: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return xml_bytes


def _remove_control_characters(text: str) -> str:
    """XML 1.0 has no place for control characters."""
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "", text)


routes = [answer_oembed]
