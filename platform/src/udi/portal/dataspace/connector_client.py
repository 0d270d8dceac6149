"""One message to a connector: over TLS unless the operator named its host, with what it wants to be shown."""

from typing import Any

import httpx

from udi.kit.http import OutgoingClient, OutgoingError, RefusedAddressError


async def post_message(
    outgoing: OutgoingClient,
    url: str,
    body: object,
    *,
    token: str,
    limit: int,
    patience: float,
) -> tuple[str, dict[str, Any]]:
    """Why it was not taken, if so (a status, `unreachable` or `address`); and the JSON object that was answered, if one was.

    `limit` in bytes, `patience` in seconds.
    """
    if not url.startswith("https://") and not outgoing.is_private(url):
        return "address", {}
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        answer = await outgoing.request(
            "POST", url, json=body, headers=headers, limit=limit, patience=patience
        )
    except RefusedAddressError:
        return "address", {}
    except OutgoingError:
        return "unreachable", {}
    if answer.is_success:
        return ("", _read_json(answer))
    return (str(answer.status_code), {})


def _read_json(answer: httpx.Response) -> dict[str, Any]:
    try:
        body = answer.json()
    except (ValueError, RecursionError):
        return {}
    if isinstance(body, dict):
        return body
    return {}
