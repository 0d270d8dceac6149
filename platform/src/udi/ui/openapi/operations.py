"""What a handler declares of itself: keyword arguments for Litestar's decorators, and what its OpenAPI plugin cannot see.

Handlers of the API read queries and bodies by themselves, strictly: an unknown parameter is refused, and every fault of a
request is named at once. Their types are declared here, beside the handler, and put into the document by `document`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from litestar.enums import HttpMethod
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Tag
from msgspec import UNSET, Meta, Struct, UnsetType

from udi.kit.errors import UdiError
from udi.ui.openapi.agent_tools import AgentTool

JSON = "application/json"
PROBLEM_JSON = "application/problem+json"
NOT_MODIFIED = {304: "Nothing changed since the answer of this ETag."}
DETAILS = "api"
"""Name among the options of a handler (`opt`) of its `OperationDetails`."""
Components = list[str | Any]


class RequestFault(Struct, kw_only=True):
    """One thing that is wrong in a request."""

    field: str | UnsetType = UNSET
    reason: str | UnsetType = UNSET
    remedy: str | UnsetType = UNSET
    code: str | UnsetType = UNSET


class Problem(Struct, kw_only=True):
    """Why a request was refused (RFC 9457), in the reader’s language."""

    type: Annotated[
        str, Meta(description="Address of a page that explains this type of problem.")
    ]
    title: str
    status: int
    detail: str
    remedy: str | UnsetType = UNSET
    errors: list[RequestFault] | UnsetType = UNSET


@dataclass(frozen=True)
class BearerScheme:
    """What a program shows in the header Authorization, after the word Bearer (RFC 6750)."""

    name: str
    description: str


@dataclass(frozen=True)
class ResponseLink:
    """An operation that an answer leads to, by one of its parameters."""

    operation: str
    parameter: str
    pointer: str
    """Where its value is in the answer (RFC 6901)."""


@dataclass(frozen=True)
class OperationDetails:
    """What Litestar's plugin cannot see of an operation."""

    tag: Tag
    answer: Any
    """A type of msgspec; None: the body is no JSON, or there is none."""
    media_types: tuple[str, ...]
    """Of what it answers when all is well; empty: no body."""
    errors: Mapping[int, type[UdiError]]
    statuses: tuple[int, ...]
    empty: Mapping[int, str]
    """Other statuses without a body, and what each means."""
    query: type[Struct] | None
    headers: type[Struct] | None
    body: type[Struct] | None
    body_media_type: str
    links: tuple[ResponseLink, ...]
    schemes: tuple[BearerScheme, ...]
    tools: tuple[AgentTool, ...]
    """What it is for programs that reason."""

    def __deepcopy__(self, memo: dict[int, Any]) -> "OperationDetails":
        """Itself, which nothing changes: Litestar copies handlers, and types cannot be copied."""
        return self


def describe_operation(
    name: str,
    *,
    tag: Tag,
    summary: str,
    description: str,
    answer: Any = None,
    media_types: Sequence[str] = (JSON,),
    statuses: Sequence[int] = (200,),
    empty: Mapping[int, str] | None = None,
    errors: Sequence[type[UdiError]] = (),
    query: type[Struct] | None = None,
    headers: type[Struct] | None = None,
    body: type[Struct] | None = None,
    body_media_type: str = "",
    schemes: Sequence[BearerScheme] = (),
    scopes: Sequence[str] = (),
    is_public: bool = True,
    links: Sequence[ResponseLink] = (),
    tools: Sequence[AgentTool] = (),
) -> dict[str, Any]:
    """What Litestar's decorators take to put a handler into the document of the API.

    `name` is its operationId; at a second address of the same handler, its path is added. `answer` is what the body
    of each of `statuses` (the first is that of the handler) is made of; without one the body is of `media_types`, or there is none. Of several `errors`
    of one status, the first is described. `empty` are other statuses without a body. `is_public`: it is also answered to whoever shows nothing of `schemes`. `tools`: those of the Model Context Protocol that call it.
    """
    has_body = answer is not None or tuple(media_types) != (JSON,)
    by_status: dict[int, type[UdiError]] = {}
    for error in errors:
        by_status.setdefault(error.status, error)
    details = OperationDetails(
        tag=tag,
        answer=answer,
        media_types=tuple(media_types) if has_body else (),
        errors=by_status,
        statuses=tuple(statuses),
        empty=empty or {},
        query=query,
        headers=headers,
        body=body,
        body_media_type=body_media_type or (JSON if body else ""),
        links=tuple(links),
        schemes=tuple(schemes),
        tools=tuple(tools),
    )
    return {
        "status_code": statuses[0],
        "include_in_schema": True,
        "operation_id": _operation_id(name),
        "summary": summary,
        "description": description,
        "tags": [tag.name],
        "responses": _responses(details, summary),
        "security": _list_security(schemes, scopes, is_public=is_public),
        "opt": {DETAILS: details},
    }


def _list_security(
    schemes: Sequence[BearerScheme], scopes: Sequence[str], *, is_public: bool
) -> list[dict[str, list[str]]]:
    """What may be shown, each for itself; an empty one: nothing."""
    requirements = [{scheme.name: list(scopes)} for scheme in schemes]
    return [{}, *requirements] if is_public else requirements


def _responses(details: OperationDetails, summary: str) -> dict[int, ResponseSpec]:
    success = {
        status: ResponseSpec(None, description=summary) for status in details.statuses
    }
    refusals = {
        status: ResponseSpec(
            Problem,
            generate_examples=False,
            description=error.meaning,
            media_type=PROBLEM_JSON,
        )
        for status, error in details.errors.items()
    }
    empty = {
        status: ResponseSpec(None, description=meaning)
        for status, meaning in details.empty.items()
    }
    return success | empty | refusals


def _operation_id(
    name: str,
) -> Callable[[HTTPRouteHandler, HttpMethod, Components], str]:
    """The name of an operation, which is unique in the document."""

    def write(
        handler: HTTPRouteHandler, method: HttpMethod, components: Components
    ) -> str:
        is_second_method = method == HttpMethod.HEAD and len(handler.http_methods) > 1
        words = [part for part in components if isinstance(part, str)]
        address = "".join(
            piece.capitalize() for part in words for piece in part.split(".")
        )
        is_alias = len(handler.paths) > 1 and not is_first_address(handler, words)
        return (
            name + (address if is_alias else "") + ("Head" if is_second_method else "")
        )

    return write


def is_first_address(handler: HTTPRouteHandler, words: Sequence[str]) -> bool:
    """Whether these fixed parts of an address are those of the first address of a handler, in the order of the alphabet."""
    first = min(handler.paths)
    fixed = [part for part in first.split("/") if part and not part.startswith("{")]
    return [*words][-len(fixed) :] == fixed
