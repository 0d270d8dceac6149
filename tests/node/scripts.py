"""A program that sends files with a key of the space."""

import re
from typing import Any

import httpx

from tests.node.producer import SLUG, TABLE

OTHER = TABLE + b"Amicale;Kerl\xe9van;01/02/2003\n"


async def new_key(
    manager: httpx.AsyncClient, *datasets: str, name: str = "Nuit", expires: str = ""
) -> str:
    form = {"name": name, "expires": expires, "dataset": list(datasets) or ["space"]}
    response = await manager.post(f"/spaces/{SLUG}/keys", data=form)
    assert response.status_code == 201, response.text
    match = re.search(r"<code>(udi_[\w-]+)</code>", response.text)
    assert match
    assert response.headers["cache-control"] == "no-store"
    return match[1]


class Script:
    """A program with a key and no cookie."""

    def __init__(self, client: httpx.AsyncClient, token: str) -> None:
        self.client = client
        self.headers = {"Authorization": f"Bearer {token}"}

    async def put(
        self, dataset: str, content: Any = OTHER, query: str = "", **headers: str
    ) -> httpx.Response:
        sent = {
            **self.headers,
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        return await self.client.put(
            f"/api/v1/datasets/{dataset}/file{query}", content=content, headers=sent
        )
