"""An answer of the node beside what the model expects of it."""

import json
import math
import re
from collections.abc import Iterable
from html import unescape
from typing import Any

import httpx

from tests.node.agreements.trial import model
from tests.node.agreements.trial.answers import expected_view, shown_view
from tests.node.agreements.trial.model import Situation
from tests.node.agreements.trial.rules import Expected, Request
from tests.node.agreements.trial.sources import Source, cell_text, cell_texts

LINK = re.compile(r'href="/agreements/[^"]+/files/([a-z]+)\?[^"]+"')
UNREADABLE = {"arrow", "parquet", "pmtiles", "xlsx"}
"""Files whose bytes are no text: what they hold is read instead, and compared whole."""


class DisagreementError(AssertionError):
    """The node did not do what the reference says; `about` is what: verdict, view, leak, volume, headers or log."""

    def __init__(self, about: str, message: str) -> None:
        super().__init__(f"{about}: {message}")
        self.about = about


def require_same(
    situation: Situation, request: Request, expected: Expected, answer: httpx.Response
) -> None:
    """All that an answer says and shows.

    Raises:
        DisagreementError: it is not what is expected.
    """
    if request.method == "HEAD":
        code = expected.code
    else:
        code = problem_code(answer)
    if (answer.status_code, code) != (expected.status, expected.code):
        difference = (
            f"{answer.status_code} {code} instead of {expected.status} {expected.code}"
        )
        raise DisagreementError("verdict", f"{difference}: {answer.text[:500]}")
    _require_headers(situation, request, expected, answer)
    if request.method != "HEAD" and expected.is_given:
        size = expected.size_of(request, answer.content)
        if not model.fits(situation, size, request.moment):
            raise DisagreementError(
                "volume", f"{size} bytes are given that are not left"
            )
        _require_view(situation.source, request, expected, answer.content)
    if expected.content is None and expected.form not in UNREADABLE:
        require_no_cell(answer, situation.source, _visible_texts(request, expected))


def problem_code(answer: httpx.Response) -> str:
    """The word for machines of a refusal."""
    if (
        answer.headers.get("content-type", "").partition(";")[0]
        != "application/problem+json"
        or not answer.content
    ):
        return ""
    code: str = answer.json().get("code", "")
    return code


def _require_headers(
    situation: Situation, request: Request, expected: Expected, answer: httpx.Response
) -> None:
    if expected.status in {200, 206, 401, 429} and "no-store" not in answer.headers.get(
        "cache-control", ""
    ):
        raise DisagreementError(
            "headers", f"may be kept: {answer.headers.get('cache-control')}"
        )
    if "access-control-allow-origin" in answer.headers:
        raise DisagreementError("headers", "another site may read it")
    again_at = model.again_at(situation, expected.code, request.moment)
    seconds = None
    if again_at is not None and not expected.never_fits:
        seconds = str(max(1, math.ceil((again_at - request.moment).total_seconds())))
    if answer.headers.get("retry-after") != seconds:
        raise DisagreementError(
            "headers", f"Retry-After is not {seconds}: {answer.headers}"
        )


def _require_view(
    source: Source, request: Request, expected: Expected, content: bytes
) -> None:
    if expected.content is not None and content != expected.content:
        raise DisagreementError(
            "view", f"{content[:300]!r} is not {expected.content[:300]!r}"
        )
    if (
        "links" in expected.facts
        and set(LINK.findall(content.decode())) != expected.facts["links"]
    ):
        raise DisagreementError("view", f"the links are not {expected.facts['links']}")
    if (
        "columns" in expected.facts
        and _properties(content) != expected.facts["columns"]
    ):
        raise DisagreementError(
            "view",
            f"the columns are {_properties(content)}, not {expected.facts['columns']}",
        )
    if "box" in expected.facts and _boxes(json.loads(content)) != [
        expected.facts["box"]
    ]:
        raise DisagreementError(
            "view", f"the rectangle is {_boxes(json.loads(content))}"
        )
    if expected.table is not None and expected.content is None:
        require_view(source, request, expected, content)


def require_view(
    source: Source, request: Request, expected: Expected, content: bytes
) -> None:
    """The columns and rows of an answer.

    Raises:
        DisagreementError: they are not those of the agreement.
    """
    assert expected.table is not None
    agreed_view = expected_view(expected.form, expected.table, request.question)
    actual_view = shown_view(expected.form, content, source, expected.table.columns)
    if actual_view != agreed_view:
        raise DisagreementError("view", f"{actual_view}\ninstead of\n{agreed_view}")


def _properties(content: bytes) -> list[str]:
    """The columns by which places may be asked for, in the description of their API."""
    described: dict[str, Any] = json.loads(content)["paths"]["/collections/data/items"][
        "get"
    ]
    names = [parameter["name"] for parameter in described["parameters"]]
    return [
        name for name in names if name not in {"bbox", "datetime", "limit", "offset"}
    ]


def _boxes(document: Any) -> list[Any]:
    collections = document.get("collections", [document])
    return [
        box
        for collection in collections
        for box in collection["extent"]["spatial"]["bbox"]
    ]


def _visible_texts(request: Request, expected: Expected) -> set[str]:
    """The cells that an answer may show, with the one that the question names; of a rectangle, the corners."""
    texts = {str(side) for side in expected.facts.get("box", ())}  # type: ignore[attr-defined]
    if expected.table is not None:
        texts |= {
            cell_text(cell)
            for record in expected.table.records
            for cell in record.cells
        }
        texts |= {
            str(side)
            for record in expected.table.records
            for side in record.place or ()
        }
    if request.question.equal is not None:
        texts.add(request.question.equal[1])
    return texts


def require_no_cell(
    answer: httpx.Response, source: Source, visible: Iterable[str]
) -> None:
    """No cell of a file is in an answer but those that may be seen.

    Raises:
        DisagreementError: one is.
    """
    text = unescape(answer.text)
    hidden = dict.fromkeys(cell_texts(source))
    leaked_cells = [
        cell for cell in hidden if cell not in set(visible) and cell in text
    ]
    if leaked_cells or (source.document and source.document in answer.content):
        raise DisagreementError(
            "leak", f"{answer.request.method} {answer.request.url} shows {leaked_cells}"
        )
