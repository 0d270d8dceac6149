"""What a producer does on the node, through its forms."""

import re
from dataclasses import dataclass
from typing import Any

import httpx

from udi.node.datasets.versions.breaking_changes import STOPS

SLUG = "mairie-kerlevan"
TABLE = "nom;commune;création\nLes Amis du Phare;Kerlévan;12/03/1987\nÉcole de voile;Kerlévan;04/09/1999\n".encode(
    "cp1252"
)
ANSWERS = {
    "title": "Associations de Kerlévan",
    "summary": "Une ligne par association. Tenue par la mairie.",
    "theme": "society",
    "keywords": "association, vie locale",
    "first_day": "2026-01-01",
    "last_day": "2026-12-31",
    "frequency": "yearly",
    "language": "fr",
    "licence": "etalab-2.0",
    "contact": "associations@kerlevan.example",
}


@dataclass
class Producer:
    """Somebody who publishes, with a browser."""

    client: httpx.AsyncClient

    async def send(
        self, content: bytes = TABLE, name: str = "associations.csv", path: str = ""
    ) -> httpx.Response:
        """Post a file to the form of step 1."""
        files = {"file": (name, content, "text/csv")}
        return await self.client.post(path or f"/spaces/{SLUG}/datasets", files=files)

    async def draft(
        self, content: bytes = TABLE, name: str = "associations.csv"
    ) -> str:
        """The id of a draft with this file."""
        answer = await self.send(content, name)
        assert answer.status_code == 303, answer.text
        match = re.fullmatch(
            r"/datasets/([0-9a-f-]{36})/check", answer.headers["location"]
        )
        assert match
        return match[1]

    async def describe(self, dataset: str, **changes: str) -> httpx.Response:
        """Post the form of step 2."""
        return await self.client.post(
            f"/datasets/{dataset}/describe", data={**ANSWERS, **changes}
        )

    async def publish(
        self, dataset: str = "", *, reason: str = "", **changes: str
    ) -> str:
        """The id of a dataset that was published (a new draft if none is given); the portal is not told yet.

        `reason` is why it may be published in spite of what stops it.
        """
        dataset = dataset or await self.draft()
        assert (await self.describe(dataset, **changes)).headers[
            "location"
        ] == f"/datasets/{dataset}/review"
        published = await self.client.post(
            f"/datasets/{dataset}/publish",
            data={"reason": reason, "intended": " ".join(STOPS)},
        )
        assert published.status_code == 303, published.text
        return dataset

    async def page(self, path: str, **options: Any) -> str:
        """The text of a page that must be there."""
        answer = await self.client.get(path, **options)
        assert answer.status_code == 200, answer.text
        return answer.text
