"""The archive of a space, byte by byte: what it says first, then every file with all its versions, then the checksums."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from udi.kit.clock import now
from udi.node.datasets.leaving import metadata
from udi.node.datasets.leaving.holding import Held, Holding
from udi.node.datasets.leaving.zipped import DamagedError, Entry, Zipped
from udi.node.files.store import ObjectStore
from udi.ui.pages import Pages

SUMS = "SHA256SUMS"


@dataclass(frozen=True)
class Builder:
    """Makes archives; `pages` gives the words of their README."""

    store: ObjectStore
    pages: Pages

    async def pieces(self, holding: Holding) -> AsyncIterator[bytes]:
        """The archive.

        Raises:
            DamagedError: a file is gone from the store, or is not the one that was dropped.
        """
        zipped = Zipped()
        for path, content, media_type in self._said(holding):
            async for piece in zipped.add(Entry(path, _once(content), media_type)):
                yield piece
        for held in holding.files:
            file = held.version.file
            async for piece in zipped.add(
                Entry(held.path, self._bytes(held), file.media_type, file.sha256, str(file.id))
            ):
                yield piece
        async for piece in zipped.add(Entry(SUMS, _once(metadata.write_sums(zipped.sums)))):
            yield piece
        yield zipped.end()

    def _said(self, holding: Holding) -> list[tuple[str, bytes, str]]:
        turtle, json_ld = metadata.write_dcat(holding)
        readme = [
            (f"README.{language}.md", self._readme(holding, language), "text/markdown")
            for language in holding.territory.languages
        ]
        return [
            *readme,
            ("datapackage.json", metadata.write_data_package(holding), "application/json"),
            ("metadata/dcat-ap.ttl", turtle, "text/turtle"),
            ("metadata/dcat-ap.jsonld", json_ld, "application/json"),
            ("metadata/rudi.json", metadata.write_rudi(holding), "application/json"),
            ("metadata/answers.json", metadata.write_answers(holding), "application/json"),
            ("history.csv", metadata.write_history(holding), "text/csv"),
        ]

    def _readme(self, holding: Holding, language: str) -> bytes:
        return self.pages.compose(
            language,
            "datasets/_readme.html",
            zone=holding.territory.zone,
            holding=holding,
            space=holding.space,
            today=now(),
        ).encode()

    async def _bytes(self, held: Held) -> AsyncIterator[bytes]:
        try:
            async for piece in self.store.stream(held.key, 0, held.version.file.size):
                yield piece
        except FileNotFoundError as error:
            raise DamagedError(str(held.version.file_id)) from error


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content
