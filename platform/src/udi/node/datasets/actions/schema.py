"""The schema that the table of a dataset or of one of its parts is said to follow: declared, fetched from its address, given up."""

import asyncio
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.child import ChildError, run
from udi.kit.errors import ConflictError, InvalidError, field_error
from udi.kit.http import OutgoingClient, OutgoingError, RefusedAddressError
from udi.kit.identity import Actor
from udi.node.datasets.actions.draft import request_preparation
from udi.node.datasets.models import (
    Dataset,
    DatasetPart,
    PreparationState,
    Version,
)
from udi.node.datasets.queries import get_newest_version
from udi.node.datasets.versions.findings import declared_schema_of
from udi.node.files.remote.addresses import check_address
from udi.tabular.profiles.corrections import Corrections
from udi.tabular.schemas.declarations import (
    LARGEST,
    DeclaredSchema,
    SchemaInspection,
    inspect_schema_document,
    load_schema_folder,
)
from udi.tabular.schemas.schema import TableSchema

OK = 200
SECONDS = 10.0
MEMORY = 1024
UNREADABLE = "This address does not give a schema that can be read."


async def declare_schema(
    session: AsyncSession,
    actor: Actor,
    dataset: Dataset,
    schema: DeclaredSchema | None,
    part: DatasetPart | None = None,
) -> Version:
    """Have the newest file checked against a schema, also each later one; with None, not any more.

    The file is that of a part, or the main one.

    Raises:
        ConflictError: the file is still being looked at, or is no table; or the part is a link, or its file is not here.
    """
    version = get_newest_version(dataset, part)
    preparation = version.preparation
    if preparation is None or preparation.state != PreparationState.READY:
        raise ConflictError(
            "We are still reading your file.", remedy="Wait a little, then try again."
        )
    corrections = replace(Corrections.from_json(preparation.corrections), schema=schema)
    marks = {"part": str(part.id)} if part else {}
    if schema is None:
        dataset.record_event(actor, "schema.given_up", **marks)
    else:
        dataset.record_event(actor, "schema.declared", schema=schema.name, **marks)
    await request_preparation(session, version, corrections.as_json(), promptly=True)
    return version


async def find_declared_schema(
    folder: Path | None, version: Version
) -> TableSchema | None:
    """The model of a version among those that are installed here; one that an address gave is read by a child alone."""
    declared = declared_schema_of(version)
    if declared is None or declared.document is not None:
        return None
    schema_folder = await asyncio.to_thread(load_schema_folder, folder)
    return schema_folder.find_schema(declared.name)


async def fetch_schema(outgoing: OutgoingClient, address: str) -> DeclaredSchema:
    """The schema at an address; what the other side sends is read in a child.

    Raises:
        InvalidError: the address may not be reached, does not answer, or gives something else.
    """
    address = check_address(address)
    try:
        content = await _fetch(outgoing, address)
        inspection = await run(
            inspect_schema_document,
            content,
            _name_of(address),
            memory_mb=MEMORY,
            seconds=SECONDS,
        )
    except RefusedAddressError:
        raise _address_error(
            "This address may not be reached from here.",
            "Give one that anybody can open on the internet.",
        ) from None
    except OutgoingError:
        raise _address_error(
            "The address does not answer, or broke off.",
            "Open it in a browser, then try again.",
        ) from None
    except ChildError:
        inspection = SchemaInspection(refused=UNREADABLE)
    if inspection.refused:
        raise field_error("address", inspection.refused, values=inspection.values)
    return DeclaredSchema(inspection.title[:200], address, inspection.document)


async def _fetch(outgoing: OutgoingClient, address: str) -> bytes:
    content = bytearray()
    async with outgoing.fetch(address) as response:
        if response.status != OK:
            raise _address_error(
                "The address answers that the file is not there.",
                "Open it in a browser and correct the address.",
            )
        async for piece in response.pieces:
            content += piece
            if len(content) > LARGEST:
                raise _address_error(
                    "This schema is too large: 1 MB at most.",
                    "Give the address of the schema alone.",
                )
    return bytes(content)


def _name_of(address: str) -> str:
    return urlsplit(address).path.rpartition("/")[2][:100] or "schema.json"


def _address_error(reason: str, remedy: str) -> InvalidError:
    return field_error("address", reason, remedy)
