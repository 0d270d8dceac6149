"""Pages that wait for something and move by themselves: a script asks them again, and takes the part that changed."""

from hashlib import sha256
from typing import Any

from litestar import Response

from udi.ui.dependencies import AnyRequest
from udi.ui.middleware import content_security_policy
from udi.ui.site import site_of

HEADER = "udi-refresh"
NOT_MODIFIED = 304


def is_refresh(request: AnyRequest) -> bool:
    """Whether the script asks, not somebody who comes to the page."""
    return HEADER in request.headers


def refreshing(request: AnyRequest, response: Response[str]) -> Response[Any]:
    """A page whose script asks it again: 304 without a body while it is as it was (RFC 9110, 15.4.5).

    Its template loads `refresh.js`, and its moving part has an `id` and `data-refresh`, in seconds.
    """
    targets = site_of(request).form_targets
    tag = f'"{sha256(response.content.encode()).hexdigest()[:16]}"'
    headers = {
        **response.headers,
        "ETag": tag,
        "Content-Security-Policy": content_security_policy(targets, scripts=True),
    }
    if is_refresh(request) and tag in request.headers.get("if-none-match", ""):
        return Response(None, status_code=NOT_MODIFIED, headers=headers)
    response.headers.update(headers)
    return response
