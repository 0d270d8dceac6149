"""What helps while typing: words that complete a question, and the description by which a browser asks for them."""

from litestar import Response, get
from litestar.serialization import encode_json

from udi.portal.catalogue.pages.opensearch import (
    MEDIA_TYPE,
    SUGGESTIONS,
    describe_search,
)
from udi.portal.catalogue.parameters.query_string import read_pairs
from udi.portal.catalogue.responses.cached_responses import indexes_of
from udi.portal.catalogue.search.criteria import LONGEST_TEXT, read_criteria
from udi.portal.catalogue.search.query import suggest_completions
from udi.portal.catalogue.search.thesaurus import thesaurus_of
from udi.ui.dependencies import AnyRequest, CurrentTerritory

SHORT_CACHE = {"Cache-Control": "public, max-age=60"}
LONG_CACHE = {
    "Cache-Control": "public, max-age=86400",
    "Vary": "Accept-Language, Cookie",
}


@get("/data/suggest")
async def suggest_words(
    request: AnyRequest, territory: CurrentTerritory
) -> Response[bytes]:
    """Questions that begin like the one typed and find something, as OpenSearch suggestions: [typed, [questions]]."""
    query_text = next(
        (value for name, value in reversed(read_pairs(request)) if name == "q"), ""
    )[:LONGEST_TEXT]
    reader = indexes_of(request).find(territory.id)
    if reader:
        suggestions = suggest_completions(
            reader,
            read_criteria([("q", query_text)]).text,
            thesaurus_of(territory.search),
        )
    else:
        suggestions = []
    body = encode_json(
        [query_text, [] if query_text != query_text.rstrip() else suggestions]
    )
    return Response(
        body,
        media_type=SUGGESTIONS,
        headers={**SHORT_CACHE, "Access-Control-Allow-Origin": "*"},
    )


@get("/opensearch.xml")
async def show_opensearch(
    request: AnyRequest, territory: CurrentTerritory
) -> Response[bytes]:
    """How to search this catalogue from the address bar of a browser."""
    body = describe_search(territory, request.scope["state"]["locale"])
    return Response(body, media_type=MEDIA_TYPE, headers=LONG_CACHE)


routes = [suggest_words, show_opensearch]
