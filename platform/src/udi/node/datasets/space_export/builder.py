"""The archive of a space, byte by byte: what it says first, then every file with all its versions, then the checksums."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from udi.kit.clock import now
from udi.node.datasets.space_export import metadata
from udi.node.datasets.space_export.contents import ArchivedVersion, SpaceExport
from udi.node.datasets.space_export.zip_writer import (
    DamagedFileError,
    ZipEntry,
    ZipStream,
)
from udi.node.files.storage.store import ObjectStore
from udi.ui.pages import PageRenderer

SUMS = "SHA256SUMS"


@dataclass(frozen=True)
class ArchiveBuilder:
    """Makes archives; `pages` gives the words of their README."""

    store: ObjectStore
    pages: PageRenderer

    async def pieces(self, holding: SpaceExport) -> AsyncIterator[bytes]:
        """The archive.

        Raises:
            DamagedFileError: a file is gone from the store, or is not the one that was dropped.
        """
        zipped = ZipStream()
        for path, content, media_type in self._list_metadata_files(holding):
            async for piece in zipped.add(
                ZipEntry(path, _single_piece(content), media_type)
            ):
                yield piece
        for exported_version in holding.files:
            file = exported_version.version.file
            async for piece in zipped.add(
                ZipEntry(
                    exported_version.path,
                    self._read_file(exported_version),
                    file.media_type,
                    file.sha256,
                    str(file.id),
                )
            ):
                yield piece
        async for piece in zipped.add(
            ZipEntry(SUMS, _single_piece(metadata.write_sums(zipped.sums)))
        ):
            yield piece
        yield zipped.end()

    def _list_metadata_files(
        self, holding: SpaceExport
    ) -> list[tuple[str, bytes, str]]:
        turtle, json_ld = metadata.write_dcat(holding)
        readme = [
            (f"README.{language}.md", self._readme(holding, language), "text/markdown")
            for language in holding.territory.languages
        ]
        return [
            *readme,
            (
                "datapackage.json",
                metadata.write_data_package(holding),
                "application/json",
            ),
            ("metadata/dcat-ap.ttl", turtle, "text/turtle"),
            ("metadata/dcat-ap.jsonld", json_ld, "application/json"),
            ("metadata/rudi.json", metadata.write_rudi(holding), "application/json"),
            (
                "metadata/answers.json",
                metadata.write_answers(holding),
                "application/json",
            ),
            ("history.csv", metadata.write_history(holding), "text/csv"),
        ]

    def _readme(self, holding: SpaceExport, language: str) -> bytes:
        return self.pages.compose(
            language,
            "datasets/_readme.html",
            zone=holding.territory.zone,
            holding=holding,
            space=holding.space,
            today=now(),
        ).encode()

    async def _read_file(
        self, exported_version: ArchivedVersion
    ) -> AsyncIterator[bytes]:
        try:
            async for piece in self.store.stream(
                exported_version.key, 0, exported_version.version.file.size
            ):
                yield piece
        except FileNotFoundError as error:
            raise DamagedFileError(str(exported_version.version.file_id)) from error


async def _single_piece(content: bytes) -> AsyncIterator[bytes]:
    yield content
