"""The page of a dataset, what it was said to be before, how to cite it; and what its address says once it is withdrawn."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.status_codes import HTTP_301_MOVED_PERMANENTLY, HTTP_410_GONE

from udi.kit.clock import today
from udi.kit.identity import Actor
from udi.kit.public_reading import PublicReading
from udi.kit.tenancy import Territory
from udi.portal.catalogue.dataset_page.access_sections import (
    SUMMARISE_ACCESS,
    AccessSectionTemplate,
)
from udi.portal.catalogue.dataset_page.citation import NAMES, WRITERS
from udi.portal.catalogue.dataset_page.dataset_view import (
    DatasetView,
    build_dataset_view,
    find_editing_addresses,
    short_hash,
)
from udi.portal.catalogue.dataset_page.origins import FIND_ORIGIN, HarvestOrigin
from udi.portal.catalogue.dataset_page.quality_measures import measure_record
from udi.portal.catalogue.dataset_page.relations import LATEST, read_relations
from udi.portal.catalogue.dataset_page.source_facts import (
    find_rhythm,
    list_source_facts,
)
from udi.portal.catalogue.embed.snippets import share_dataset
from udi.portal.catalogue.feeds.atom import CHANGES
from udi.portal.catalogue.feeds.topics import DATASET as DATASET_TOPIC
from udi.portal.catalogue.history import (
    describe_versions,
    list_description_versions,
)
from udi.portal.catalogue.maps.area_map import draw_area_ground, name_area
from udi.portal.catalogue.models import Dataset
from udi.portal.catalogue.open.dcat import send_dataset
from udi.portal.catalogue.open.representations import (
    DATASET,
    negotiate_representation,
    split_dataset_id,
)
from udi.portal.catalogue.open.schema_org import write_dataset
from udi.portal.catalogue.open.signposts import write_signposts
from udi.portal.catalogue.queries import (
    WithdrawnError,
    get_dataset,
    get_public_dataset,
    is_reading_current,
)
from udi.portal.catalogue.responses.cached_responses import (
    BuiltResponse,
    indexes_of,
    read_publicly,
    respond_from_cache,
)
from udi.portal.catalogue.stewards import find_steward
from udi.portal.notifications.pages import FollowButton, build_follow_button
from udi.protocol.access import AccessRights
from udi.protocol.addresses import NodeAddresses
from udi.protocol.quality import assess_quality
from udi.protocol.quality_lines import list_quality_lines
from udi.protocol.record import restore_record
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Session, Visitor
from udi.ui.locale import localise
from udi.ui.middleware import content_security_policy, list_form_targets
from udi.ui.site import render, site_of


@get("/data/{name:str}")
async def open_dataset(
    request: AnyRequest,
    territory: CurrentTerritory,
    actor: Visitor,
    name: FromPath[str],
) -> Response[Any]:
    """The permanent address of a dataset: its page for a person, RDF for who asks for it or adds an extension."""
    dataset_id, form = split_dataset_id(name)
    if form := form or negotiate_representation(request):
        return await send_dataset(request, territory, dataset_id, form)
    return await _respond(request, territory, actor, dataset_id)


@get("/data/{dataset_id:uuid}/{slug:str}")
async def show_dataset(
    request: AnyRequest,
    territory: CurrentTerritory,
    actor: Visitor,
    dataset_id: FromPath[UUID],
) -> Response[Any]:
    """The same page, with a readable end. A former title leads to the present."""
    return await _respond(request, territory, actor, dataset_id)


async def _respond(
    request: AnyRequest, territory: Territory, actor: Actor | None, dataset_id: UUID
) -> Response[Any]:
    """Everything the catalogue knows of a dataset; its files are at its producer's node."""

    async def make() -> BuiltResponse:
        async with read_publicly(request, territory) as reading:
            reader = indexes_of(request).find(territory.id)
            page = await _render(request, reading, territory, actor, dataset_id)
            is_current = reader is not None and await is_reading_current(
                reading, reader
            )
        return page, is_current

    return await respond_from_cache(request, territory, make)


async def _render(
    request: AnyRequest,
    reading: PublicReading,
    territory: Territory,
    actor: Actor | None,
    dataset_id: UUID,
) -> Response[Any]:
    is_team = actor is not None and actor.moderator
    try:
        dataset = await get_public_dataset(reading, dataset_id)
    except WithdrawnError as error:
        facts = {"withdrawal": error.withdrawal, "is_team": is_team}
        return render(
            request, "catalogue/withdrawn.html", status=HTTP_410_GONE, **facts
        )
    dataset_view = build_dataset_view(dataset, request.scope["state"]["locale"])
    if request.path_params.get("slug", dataset.slug) != dataset.slug:
        query = f"?{request.url.query}" if request.url.query else ""
        return Redirect(
            f"{dataset_view.path}{query}", status_code=HTTP_301_MOVED_PERMANENTLY
        )
    page = await _render_dataset(
        request, reading, territory, actor, dataset_view, is_team=is_team
    )
    _set_headers(request, page, territory, dataset_view)
    return page


async def _render_dataset(
    request: AnyRequest,
    reading: PublicReading,
    territory: Territory,
    actor: Actor | None,
    dataset_view: DatasetView,
    *,
    is_team: bool,
) -> Response[str]:
    dataset = dataset_view.dataset
    locale = dataset_view.language
    may_edit = actor is not None and await _may_edit(reading, actor, dataset)
    relations = await read_relations(request, reading, territory, dataset)
    record = restore_record(dataset.record)
    quality = assess_quality(record, today(territory.zone))
    drawing = dataset_view.draw(territory.box)
    node = territory.links.get("node", "")
    editing_addresses = find_editing_addresses(dataset, node) if may_edit else None
    return render(
        request,
        "catalogue/dataset.html",
        dataset_view=dataset_view,
        drawing=drawing,
        area_ground=await draw_area_ground(request, territory, drawing),
        area_label=await name_area(request, territory, dataset_view.box),
        short_hash=short_hash,
        steps=describe_versions(
            dataset, relations.past, locale, territory.zone, most=LATEST
        ),
        near=relations.near,
        uses=relations.uses,
        services=relations.services,
        faults=relations.faults,
        quality=quality,
        quality_lines=list_quality_lines(
            quality,
            locale,
            _editing_address_finder(editing_addresses) if may_edit else None,
        ),
        measures=measure_record(record, locale),
        rhythm=find_rhythm(record, locale, today(territory.zone)),
        source_facts=list_source_facts(record, locale),
        may_edit=may_edit,
        is_team=is_team,
        origin=await _find_origin(request, reading, dataset),
        opening=await _find_access_summary(request, reading, territory, actor, dataset),
        shared=share_dataset(dataset, territory, locale),
        structured=write_dataset(
            dataset, territory.origin, localise(territory.name, locale), locale
        ),
        forms=[(form, form.address(f"/data/{dataset.id}")) for form in DATASET],
        follow=await _find_follow_button(request, territory, dataset),
        **_page_facts(dataset, territory, dataset_view.path),
    )


async def _may_edit(reading: PublicReading, actor: Actor, dataset: Dataset) -> bool:
    steward = await find_steward(await reading.open_session(), dataset)
    return actor.may_publish(steward.slug)


def _editing_address_finder(
    addresses: NodeAddresses | None,
) -> Callable[[str], str]:
    """Where each criterion is answered; nowhere for data that are at no node of ours."""
    if addresses is None:
        return lambda _criterion: ""
    return addresses.answer


def _set_headers(
    request: AnyRequest,
    page: Response[str],
    territory: Territory,
    dataset_view: DatasetView,
) -> None:
    frames = [dataset_view.node.origin] if dataset_view.node else []
    targets = list_form_targets(request)
    page.headers["Content-Security-Policy"] = content_security_policy(
        targets, scripts=True, frames=frames
    )
    page.headers.update(
        {
            "Link": write_signposts(dataset_view.dataset, territory.origin),
            "Vary": "Accept, Accept-Language, Cookie",
        }
    )


async def _find_follow_button(
    request: AnyRequest, territory: Territory, dataset: Dataset
) -> FollowButton:
    return await build_follow_button(
        request,
        territory,
        DATASET_TOPIC,
        str(dataset.id),
        f"/data/{dataset.id}{CHANGES}",
    )


async def _find_access_summary(
    request: AnyRequest,
    reading: PublicReading,
    territory: Territory,
    actor: Actor | None,
    dataset: Dataset,
) -> AccessSectionTemplate | None:
    """How a restricted dataset opens: a template, and what it shows."""
    if dataset.access == AccessRights.PUBLIC:
        return None
    session = await reading.open_session()
    return await site_of(request).services[SUMMARISE_ACCESS](
        request, session, territory, actor, dataset
    )


@get("/data/{dataset_id:uuid}/history")
async def show_history(
    request: AnyRequest,
    session: Session,
    territory: CurrentTerritory,
    dataset_id: FromPath[UUID],
) -> Response[str]:
    """Each description of a dataset that is kept, and what it changed of the one before."""
    dataset = await get_dataset(session, dataset_id)
    locale = request.scope["state"]["locale"]
    path = build_dataset_view(dataset, locale).path
    steps = await list_description_versions(session, dataset, locale, territory.zone)
    about = _page_facts(dataset, territory, path) | {
        "canonical": f"{territory.origin}{request.url.path}"
    }
    return render(request, "catalogue/history.html", steps=steps, **about)


@get([f"/data/{{dataset_id:uuid}}/citation.{extension}" for extension in WRITERS])
async def cite_dataset(
    request: AnyRequest,
    session: Session,
    territory: CurrentTerritory,
    dataset_id: FromPath[UUID],
) -> Response[bytes]:
    """How to cite a dataset, for a reference manager."""
    dataset = await get_dataset(session, dataset_id)
    extension = request.url.path.rpartition(".")[2]
    media_type, write = WRITERS[extension]
    headers = {
        "Access-Control-Allow-Origin": "*",
        "Content-Disposition": f'attachment; filename="{dataset.slug or dataset.id}.{extension}"',
    }
    return Response(
        write(dataset, f"{territory.origin}/data/{dataset.id}"),
        media_type=media_type,
        headers=headers,
    )


async def _find_origin(
    request: AnyRequest, reading: PublicReading, dataset: Dataset
) -> HarvestOrigin | None:
    find = site_of(request).services[FIND_ORIGIN]
    return await find(reading, dataset)


def _page_facts(dataset: Dataset, territory: Territory, path: str) -> dict[str, Any]:
    return {
        "citations": NAMES,
        "dataset": dataset,
        "page_url": path,
        "permalink": f"{territory.origin}/data/{dataset.id}",
        "canonical": f"{territory.origin}{path}",
    }


routes = [open_dataset, show_dataset, show_history, cite_dataset]
