"""A published dataset, and the worker that renews it from a source."""

from dataclasses import dataclass, field
from itertools import count

import httpx

from tests.node.producer import TABLE, Producer
from tests.node.sending import rows
from udi.kit.db import Database
from udi.kit.jobs import Job
from udi.kit.tenancy import Territory
from udi.node.datasets.actions.source import REFRESH_SOURCE
from udi.node.datasets.intake.tasks import task_handlers
from udi.node.datasets.models import Version
from udi.node.datasets.renewal.models import DatasetSource
from udi.ui.site import Site

OTHER = TABLE + b"Amicale;Kerl\xe9van;01/02/2003\n"
"""A newer file."""


@dataclass
class Renewal:
    """One dataset of a producer; `look` does what the worker does when it is time."""

    producer: Producer
    database: Database
    territory: Territory
    site: Site
    dataset: str
    _turns: "count[int]" = field(default_factory=count)

    async def post(self, address: str, **form: str) -> httpx.Response:
        """Send the form of the source."""
        return await self.producer.client.post(
            f"/datasets/{self.dataset}/source",
            data={"address": address, "frequency": "daily", **form},
        )

    async def save(self, address: str, **form: str) -> None:
        """Save the source."""
        answer = await self.post(address, **form)
        assert answer.status_code == 303, answer.text

    async def look(self) -> DatasetSource:
        """Look once; what is known of the source afterwards."""
        await self.run_look()
        return await self.source()

    async def run_look(self, **more: int) -> None:
        """Look once, whatever becomes of the source meanwhile."""
        source = await self.source()
        payload: dict[str, object] = {
            "source": str(source.id),
            "turn": f"turn {next(self._turns)}",
        } | more
        job = Job(REFRESH_SOURCE, self.territory.id, payload, 0, last=False)
        await task_handlers(self.site)[REFRESH_SOURCE](job)

    async def stop(self, button: str = "stop") -> None:
        """Press the button that stops it, or another one."""
        answer = await self.producer.client.post(
            f"/datasets/{self.dataset}/source/{button}"
        )
        assert answer.status_code == 303

    async def source(self) -> DatasetSource:
        [source] = await rows(self.database, self.territory, DatasetSource)
        assert isinstance(source, DatasetSource)
        return source

    async def page(self) -> str:
        return await self.producer.page(f"/datasets/{self.dataset}")

    async def file(self) -> bytes:
        """The published file."""
        answer = await self.producer.client.get(f"/datasets/{self.dataset}/file")
        return answer.content

    async def count_versions(self) -> int:
        return len(await rows(self.database, self.territory, Version))
