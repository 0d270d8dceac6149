"""Services of a source: kept as they are met, let go when they left it, and joined to the datasets that they serve."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from msgspec.structs import replace
from sqlalchemy import delete, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import load_only

from udi.kit.db import is_among
from udi.portal.catalogue.data_services.descriptions import (
    CatalogueServiceDescription,
    ServiceContact,
    read_description,
    write_description,
)
from udi.portal.catalogue.models import Dataset
from udi.portal.catalogue.services.models import (
    CatalogueService,
    CatalogueServiceDataset,
)
from udi.portal.nodes.harvest.facets import read_facets
from udi.portal.nodes.harvest.record import (
    NAMES_OF_ONE,
    DistributionKind,
    HarvestedRecord,
)
from udi.portal.nodes.sources.filters import FilterMatcher, read_row
from udi.portal.nodes.sources.heirs import list_unclaimed
from udi.portal.nodes.sources.import_results import ImportContext
from udi.portal.nodes.sources.models import CatalogueSource, SourceRun
from udi.portal.nodes.sources.named_datasets import find_datasets
from udi.portal.nodes.sources.reconciliation import MISSES
from udi.portal.nodes.sources.record_import import (
    LONGEST_IDENTIFIER,
    identify_record_publisher,
    match_record_publishers,
)
from udi.portal.nodes.sources.service_changes import (
    date_services,
    note_changed_services,
)

MOST_SERVED = 2000
"""Datasets that a service may name, each by `NAMES_OF_ONE` names."""
LONGEST_TITLE = 500
LONGEST_ADDRESS = 2000
QUIET = {"synchronize_session": False}


async def store_services(
    session: AsyncSession,
    ground: ImportContext,
    run: SourceRun,
    services: Sequence[HarvestedRecord],
    moment: datetime,
) -> set[str]:
    """Keep the services of a document that the filters take, and note that they were met; the identifiers of those kept.

    One whose address another source of the territory has as well keeps its page there: there is one of each.
    """
    matcher = FilterMatcher(read_row(ground.source.filters))
    taken = [service for service in services if matcher.takes(read_facets(service))]
    elsewhere = await _list_known_elsewhere(session, ground.source, taken)
    taken = [service for service in taken if _endpoint(service) not in elsewhere]
    if not taken:
        return set()
    ground = await match_record_publishers(session, ground, taken, moment)
    known = await _read_known(session, ground.source, taken)
    rows = [_row(ground, run, service, known, moment) for service in taken]
    changed = [row["id"] for row in rows if row["changed_at"] == moment]
    statement = insert(CatalogueService)
    values = {
        name: statement.excluded[name]
        for name in rows[0]
        if name not in {"id", "source_id", "first_read_at"}
    }
    upsert = statement.on_conflict_do_update(
        index_elements=["tenant_id", "id"], set_=values
    )
    await session.execute(upsert, rows)
    await note_changed_services(session, changed)
    return {service.identifier for service in taken}


async def store_served(
    session: AsyncSession,
    source: CatalogueSource,
    identifier: str,
    datasets: Iterable[HarvestedRecord],
    *,
    is_first: bool,
) -> None:
    """Note the names of datasets that a page of a list says that a service serves; those of before stay until `complete_served`."""
    service = await _find_kept_service(session, source, identifier)
    if service is None:
        return
    description = read_description(service)
    names = [] if is_first else list(description.listed)
    for dataset in datasets:
        addresses = filter(_is_address, dataset.aliases)
        names += [dataset.identifier, *addresses][:NAMES_OF_ONE]
    listed = list(dict.fromkeys(names))[: MOST_SERVED * NAMES_OF_ONE]
    service.description = write_description(replace(description, listed=listed))


async def complete_served(
    session: AsyncSession, source: CatalogueSource, identifier: str
) -> None:
    """Take the names of a list that was read to its end, in place of those of before.

    The names are no change of the service: the datasets that they find are, once it is joined to them.
    """
    service = await _find_kept_service(session, source, identifier)
    if service is None:
        return
    description = read_description(service)
    complete = replace(description, serves=description.listed, listed=[])
    service.description = write_description(complete)


async def _find_kept_service(
    session: AsyncSession, source: CatalogueSource, identifier: str
) -> CatalogueService | None:
    """The service of a source that is not withdrawn."""
    key = (source.tenant_id, service_id(source.id, identifier))
    service = await session.get(CatalogueService, key)
    if service is None or service.withdrawn_at is not None:
        return None
    return service


def service_id(source: UUID, identifier: str) -> UUID:
    """The same source and identifier give the same service, for ever."""
    return uuid5(source, f"service {identifier.strip()}")


async def _list_known_elsewhere(
    session: AsyncSession,
    source: CatalogueSource,
    services: Iterable[HarvestedRecord],
) -> set[str]:
    """Addresses that a service of another source has, which was there first."""
    endpoints = {endpoint for service in services if (endpoint := _endpoint(service))}
    if not endpoints:
        return set()
    query = select(CatalogueService.endpoint).where(
        is_among(CatalogueService.endpoint, endpoints),
        CatalogueService.source_id != source.id,
        CatalogueService.withdrawn_at.is_(None),
    )
    return set(await session.scalars(query))


async def _read_known(
    session: AsyncSession,
    source: CatalogueSource,
    services: Iterable[HarvestedRecord],
) -> dict[UUID, CatalogueService]:
    ids = {service_id(source.id, service.identifier) for service in services}
    query = select(CatalogueService).where(is_among(CatalogueService.id, ids))
    return {row.id: row for row in await session.scalars(query)}


def _row(
    ground: ImportContext,
    run: SourceRun,
    service: HarvestedRecord,
    known: dict[UUID, CatalogueService],
    moment: datetime,
) -> dict[str, Any]:
    source = ground.source
    id_ = service_id(source.id, service.identifier)
    row = known.get(id_)
    publisher = identify_record_publisher(ground, service)
    standing = row.organisation_id if row else None
    organisation = ground.producer_of(publisher.key if publisher else "", standing)
    description = _describe(service)
    facts: dict[str, Any] = {
        "organisation_id": organisation.id,
        "identifier": service.identifier[:LONGEST_IDENTIFIER],
        "title": next(iter(service.title.values()))[:LONGEST_TITLE],
        "titles": service.title,
        "endpoint": _endpoint(service),
        "format": _format(service),
        "description": write_description(description),
    }
    written = json.dumps(facts, sort_keys=True, ensure_ascii=False, default=str)
    digest = hashlib.sha256(written.encode("utf-8", "replace")).hexdigest()
    is_same = row is not None and row.digest == digest and row.withdrawn_at is None
    if row and service.is_serving_elsewhere:
        serves = read_description(row).serves
        facts["description"] = write_description(replace(description, serves=serves))
    return {
        **facts,
        "id": id_,
        "source_id": source.id,
        "publisher": publisher.key if publisher else "",
        "digest": digest,
        "missing": 0,
        "seen_run": run.id,
        "withdrawn_at": None,
        "first_read_at": row.first_read_at if row else moment,
        "changed_at": row.changed_at if row and is_same else moment,
    }


def _endpoint(service: HarvestedRecord) -> str:
    """The address that programs call: what is said to be a service first."""
    candidates = [
        distribution.service.endpoint or distribution.url
        for distribution in service.distributions
        if distribution.service
    ]
    candidates += [
        distribution.url
        for distribution in service.distributions
        if distribution.kind is DistributionKind.SERVICE
    ]
    candidates += [
        distribution.url
        for distribution in service.distributions
        if distribution.kind is DistributionKind.FILE
    ]
    return next(filter(_is_address, candidates), "")


def _is_address(text_: str) -> bool:
    return text_.startswith(("http://", "https://")) and len(text_) <= LONGEST_ADDRESS


def _format(service: HarvestedRecord) -> str:
    formats = [
        distribution.format or distribution.format_label
        for distribution in service.distributions
        if distribution.kind is DistributionKind.SERVICE
    ]
    return next(filter(None, formats), "")[:50]


def _describe(service: HarvestedRecord) -> CatalogueServiceDescription:
    licences = [
        service.licence,
        *(distribution.licence for distribution in service.distributions),
    ]
    licence = next(filter(None, licences), None)
    pages = [
        distribution.url
        for distribution in service.distributions
        if distribution.kind is DistributionKind.PAGE
    ]
    behind = [
        distribution.service
        for distribution in service.distributions
        if distribution.service
    ]
    standards = [*service.conforms_to]
    for data_service in behind:
        standards += data_service.conforms_to
    described = [data_service.description for data_service in behind]
    licence_url = licence.uri if licence and _is_address(licence.uri) else ""
    return CatalogueServiceDescription(
        text=service.description,
        keywords=sorted(
            {word for words in service.keywords.values() for word in words}
        ),
        landing_page=service.landing_page if _is_address(service.landing_page) else "",
        documentation=_addresses([*service.documentation, *pages]),
        endpoint_description=next(filter(_is_address, described), ""),
        standards=_addresses(standards),
        licence=licence.code if licence else "",
        licence_name=licence.label if licence else "",
        licence_url=licence_url,
        access=service.access,
        contacts=[
            ServiceContact(
                name=contact.name or contact.organisation,
                email=contact.email,
                url=contact.url if _is_address(contact.url) else "",
            )
            for contact in service.contacts
            if contact.email or _is_address(contact.url)
        ],
        issued=service.issued,
        modified=service.modified,
        serves=list(service.serves[: MOST_SERVED * NAMES_OF_ONE]),
    )


def _addresses(candidates: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(filter(_is_address, candidates)))


async def settle_services(
    session: AsyncSession,
    source: CatalogueSource,
    run: SourceRun,
    moment: datetime,
    *,
    complete: bool,
) -> None:
    """At the end of a reading: let those go that left the catalogue, and join the others to what they serve."""
    if complete:
        unmet = [
            CatalogueService.source_id == source.id,
            CatalogueService.withdrawn_at.is_(None),
            or_(
                CatalogueService.seen_run.is_(None),
                CatalogueService.seen_run != run.id,
            ),
        ]
        times = MISSES if source.accepts_loss or source.filters_changed else 1
        counted = update(CatalogueService).where(*unmet)
        await session.execute(
            counted.values(missing=CatalogueService.missing + times),
            execution_options=QUIET,
        )
        await withdraw_services(
            session, source, moment, CatalogueService.missing >= MISSES
        )
    await _join_datasets(session, source, moment)


async def withdraw_services(
    session: AsyncSession, source: CatalogueSource, moment: datetime, *conditions: Any
) -> None:
    """Take services of a source off; each address keeps saying which was there, and nothing of people."""
    gone = (
        update(CatalogueService)
        .where(
            CatalogueService.source_id == source.id,
            CatalogueService.withdrawn_at.is_(None),
            *conditions,
        )
        .values(withdrawn_at=moment, changed_at=moment, description={}, digest="")
        .returning(CatalogueService.id)
    )
    ids = (await session.execute(gone, execution_options=QUIET)).scalars().all()
    link = CatalogueServiceDataset
    served = delete(link).where(is_among(link.service_id, ids))
    await session.execute(served, execution_options=QUIET)
    await note_changed_services(session, ids)


async def _join_datasets(
    session: AsyncSession, source: CatalogueSource, moment: datetime
) -> None:
    """Join each service to the datasets that it names: of its source, or of another place where nobody else answers for them."""
    query = select(CatalogueService).where(
        CatalogueService.source_id == source.id,
        CatalogueService.withdrawn_at.is_(None),
    )
    services = {service.id: service for service in await session.scalars(query)}
    if not services:
        return
    joined = await _pair_with_datasets(session, source, services.values())
    link = CatalogueServiceDataset
    rows = select(link.service_id, link.dataset_id).where(
        is_among(link.service_id, services)
    )
    before = {(row[0], row[1]) for row in await session.execute(rows)}
    left: dict[UUID, list[UUID]] = {}
    for service, dataset in before - joined:
        left.setdefault(service, []).append(dataset)
    for service, former in left.items():
        unserved = delete(link).where(
            link.service_id == service, is_among(link.dataset_id, former)
        )
        await session.execute(unserved, execution_options=QUIET)
    new = [
        {"service_id": service, "dataset_id": dataset}
        for service, dataset in sorted(joined - before)
    ]
    if new:
        await session.execute(insert(link).on_conflict_do_nothing(), new)
    changed = joined ^ before
    await date_services(session, {service for service, _ in changed}, moment)
    await note_changed_services(session, {dataset for _, dataset in changed})


async def _pair_with_datasets(
    session: AsyncSession,
    source: CatalogueSource,
    services: Iterable[CatalogueService],
) -> set[tuple[UUID, UUID]]:
    """Each service with the datasets that it names and may stand beside.

    Beside what another organisation with people of its own publishes at another place, none may: whoever writes a
    catalogue would choose what stands on the pages of others.
    """
    named = {service: read_description(service).serves for service in services}
    datasets = await find_datasets(
        session, source, {name for names in named.values() for name in names}
    )
    query = (
        select(Dataset)
        .options(load_only(Dataset.organisation_id))
        .where(
            is_among(Dataset.id, set(datasets.ids.values())),
            Dataset.node_id != source.id,
        )
    )
    others = {dataset.id: dataset for dataset in await session.scalars(query)}
    free = {source.organisation_id, *await list_unclaimed(session, others.values())}
    pairs: set[tuple[UUID, UUID]] = set()
    for service, names in named.items():
        for id_ in {datasets.ids[name] for name in names if name in datasets.ids}:
            other = others.get(id_)
            if other is None or other.organisation_id in {
                service.organisation_id,
                *free,
            }:
                pairs.add((service.id, id_))
    return pairs
