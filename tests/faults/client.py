"""A sender that does not give up: announces with one key, asks where the upload stands, goes on from there."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from tests.node.sending import BYTES, TUS, metadata

SLICE = 4 * 1024**2
PATIENCE = 180


@dataclass
class PatientSender:
    """Sends `content` until it is done, whatever dies meanwhile; `revive` is called when the node does not answer."""

    address: str
    host: str
    slug: str
    token: str
    revive: Callable[[], Any]

    def __post_init__(self) -> None:
        self._headers = {
            "Host": self.host,
            "Authorization": f"Bearer {self.token}",
            "Accept": "application/json",
        }

    async def deliver(
        self, content: bytes, *, key: str, **fields: str
    ) -> dict[str, Any]:
        """What the node says of the upload at its end."""
        deadline = time.monotonic() + PATIENCE
        while True:
            assert time.monotonic() < deadline
            try:
                async with httpx.AsyncClient(
                    base_url=self.address, headers=self._headers, timeout=60
                ) as client:
                    where = await self._begin(client, content, key, fields)
                    await self._send(client, where, content)
                    return await self._end(client, where)
            except (httpx.TransportError, BusyError):
                await self.revive()
                await asyncio.sleep(0.2)

    async def _begin(
        self,
        client: httpx.AsyncClient,
        content: bytes,
        key: str,
        fields: dict[str, str],
    ) -> str:
        about = {
            "Upload-Length": str(len(content)),
            "Upload-Metadata": metadata(**fields),
            "Idempotency-Key": key,
        }
        answer = await client.post(
            f"/spaces/{self.slug}/uploads", headers={**TUS, **about}
        )
        if (
            answer.status_code == httpx.codes.NOT_FOUND
        ):  # the node learns of a new territory within seconds
            raise BusyError
        return _taken(answer).headers["location"]

    async def _send(
        self, client: httpx.AsyncClient, where: str, content: bytes
    ) -> None:
        offset = int(
            _taken(await client.head(where, headers=TUS)).headers["upload-offset"]
        )
        while offset < len(content):
            headers = {**BYTES, "Upload-Offset": str(offset)}
            sent = await client.patch(
                where, content=content[offset : offset + SLICE], headers=headers
            )
            offset = int(_taken(sent).headers["upload-offset"])

    async def _end(self, client: httpx.AsyncClient, where: str) -> dict[str, Any]:
        while True:
            upload_status: dict[str, Any] = _taken(await client.get(where)).json()
            if upload_status["state"] in {"done", "failed"}:
                return upload_status
            await asyncio.sleep(0.2)
            await self.revive()


class BusyError(Exception):
    """Not now: another request still has its turn, or the store is away."""


def _taken(answer: httpx.Response) -> httpx.Response:
    if answer.status_code in {423, 503, 507}:
        raise BusyError
    assert answer.status_code < 400, answer.text
    return answer
