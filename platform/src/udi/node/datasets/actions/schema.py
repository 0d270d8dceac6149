"""The schema that a dataset's table is said to follow: declared, fetched from its address, given up."""

from dataclasses import replace
from urllib.parse import urlsplit

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.child import ChildError, run
from udi.kit.errors import ConflictError, InvalidError, Refusal
from udi.kit.http import Outgoing, OutgoingError, RefusedAddressError
from udi.kit.identity import Actor
from udi.node.datasets.actions.history import note
from udi.node.datasets.actions.prepare import ask_preparation
from udi.node.datasets.models import Dataset, PreparationState, Version
from udi.node.files.fetch import check_address
from udi.node.tables.corrections import Corrections
from udi.node.tables.schemas.declared import LARGEST, Declared, Seen, look_at_schema

OK = 200
SECONDS, MEMORY = 10.0, 1024
UNREADABLE = "This address does not give a schema that can be read."


async def declare_schema(session: AsyncSession, actor: Actor, dataset: Dataset, schema: Declared | None) -> Version:
    """Have the newest file checked against a schema, also each later one; with None, not any more.

    Raises:
        ConflictError: the file is still being looked at, or is no table.
    """
    version, found = dataset.latest, dataset.latest.preparation
    if found is None or found.state != PreparationState.READY:
        raise ConflictError("We are still reading your file.", remedy="Wait a little, then try again.")
    corrections = replace(Corrections.from_json(found.corrections), schema=schema)
    if schema is None:
        note(session, actor, dataset, "schema.given_up")
    else:
        note(session, actor, dataset, "schema.declared", schema=schema.name)
    await ask_preparation(session, version, corrections.as_json(), promptly=True)
    return version


async def fetch_schema(outgoing: Outgoing, address: str) -> Declared:
    """The schema at an address; what the other side sends is read in a child.

    Raises:
        InvalidError: the address may not be reached, does not answer, or gives something else.
    """
    address = check_address(address)
    try:
        content = await _fetch(outgoing, address)
        seen = await run(look_at_schema, content, _name_of(address), memory_mb=MEMORY, seconds=SECONDS)
    except RefusedAddressError:
        raise _refused(
            "This address may not be reached from here.", "Give one that anybody can open on the internet."
        ) from None
    except OutgoingError:
        raise _refused("The address does not answer, or broke off.", "Open it in a browser, then try again.") from None
    except ChildError:
        seen = Seen(refused=UNREADABLE)
    if seen.refused:
        raise InvalidError(refusals=[Refusal("address", seen.refused, values=seen.values)])
    return Declared(seen.title[:200], address, seen.document)


async def _fetch(outgoing: Outgoing, address: str) -> bytes:
    content = bytearray()
    async with outgoing.fetch(address) as found:
        if found.status != OK:
            raise _refused(
                "The address answers that the file is not there.", "Open it in a browser and correct the address."
            )
        async for piece in found.pieces:
            content += piece
            if len(content) > LARGEST:
                raise _refused("This schema is too large: 1 MB at most.", "Give the address of the schema alone.")
    return bytes(content)


def _name_of(address: str) -> str:
    return urlsplit(address).path.rpartition("/")[2][:100] or "schema.json"


def _refused(reason: str, remedy: str) -> InvalidError:
    return InvalidError(refusals=[Refusal("address", reason, remedy)])
