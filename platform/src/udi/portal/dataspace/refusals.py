"""What is refused, in the protocol's own form."""

from typing import Any

from litestar import Response
from litestar.exceptions import HTTPException

from udi.kit.errors import NotFoundError, UdiError, UnauthenticatedError
from udi.portal.dataspace.messages import CONTEXT, PATH
from udi.ui.dependencies import AnyRequest
from udi.ui.errors import render_problem

NEGOTIATIONS = "/negotiations"
TRANSFERS = "/transfers"
ERRORS = {NEGOTIATIONS: "ContractNegotiationError", TRANSFERS: "TransferError"}
PROCESS = "dataspace_process"
"""Where a request's state says which process it is about, as its address says it."""


def on_refusal(request: AnyRequest, error: UdiError) -> Response[dict[str, Any]]:
    """What is wrong, in the protocol's form: 400, or 404 for whoever may not know of it."""
    problem_response = render_problem(request, error)
    unknown = isinstance(error, (NotFoundError, UnauthenticatedError))
    if unknown:
        status = 404
    elif error.status >= 500 or error.status == 429:  # noqa: PLR2004 - statuses of HTTP
        status = error.status
    else:
        status = 400
    problem_details: dict[str, Any] = problem_response.content
    reasons = [
        problem_details[part]
        for part in ("detail", "remedy")
        if problem_details.get(part)
    ]
    reasons += [
        " ".join(
            field_error[part]
            for part in ("field", "reason", "remedy")
            if part in field_error
        )
        for field_error in problem_details.get("errors", ())
    ]
    part = request.url.path.removeprefix(PATH)
    kind = next(
        (name for root, name in ERRORS.items() if part.startswith(root)), "CatalogError"
    )
    process = request.scope["state"].get(PROCESS, {})
    body = {
        "@context": [CONTEXT],
        "@type": kind,
        **{
            name: process[name]
            for name in ("providerPid", "consumerPid")
            if name in process
        },
        "code": str(status),
        "reason": reasons or [problem_details["title"]],
    }
    headers = {
        name: value
        for name, value in error.headers.items()
        if name != "WWW-Authenticate"
    }
    return Response(
        body,
        status_code=status,
        media_type="application/json",
        headers={"Cache-Control": "no-store", **headers},
    )


def on_http_exception(
    request: AnyRequest, error: HTTPException
) -> Response[dict[str, Any]]:
    """The framework's own refusals, in the protocol's form."""
    translated = (
        NotFoundError()
        if error.status_code == NotFoundError.status
        else UdiError(str(error.detail))
    )
    return on_refusal(request, translated)
