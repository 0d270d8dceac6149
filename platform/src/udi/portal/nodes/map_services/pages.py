"""The page of a service of maps: its layers, and a map of one once somebody asks for it."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath

from udi.kit.errors import NotFoundError
from udi.kit.tenancy import Territory
from udi.portal.catalogue.dataset_page.dataset_view import (
    DatasetView,
    build_dataset_view,
)
from udi.portal.catalogue.maps.map_services import MapService, origin_of
from udi.portal.catalogue.queries import get_dataset
from udi.portal.nodes.map_services.bounds import LONGEST_NAME
from udi.portal.nodes.map_services.descriptions import MAP_SERVICES
from udi.portal.nodes.map_services.layers import (
    LayerDrawing,
    LayerRequest,
    MapObstacle,
    MapServiceError,
    ServiceDescription,
    ServiceLayer,
)
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Routes, Visitor
from udi.ui.middleware import content_security_policy, list_form_targets
from udi.ui.site import open_session, render, site_of

MOST_LISTED = 200
EARTH = (-180.0, -80.0, 180.0, 80.0)
SECURE = "https://"


@get("/data/{dataset_id:uuid}/services/{media_id:uuid}")
async def show_map_service(
    request: AnyRequest,
    territory: CurrentTerritory,
    actor: Visitor,
    dataset_id: FromPath[UUID],
    media_id: FromPath[UUID],
) -> Response[str]:
    """The layers of a service; with `layer`, a map of that one, and a policy that lets in its server alone.

    The database is left before the service is asked: a slow one holds up nobody else's page.

    Raises:
        NotFoundError: the dataset has no such service of maps that everybody reads.
    """
    async with open_session(request, territory, actor) as session:
        dataset = await get_dataset(session, dataset_id)
    view = build_dataset_view(dataset, request.scope["state"]["locale"])
    media = next((one for one in dataset.distributions if one.id == media_id), None)
    service = view.find_map_service(media) if media else None
    if media is None or service is None:
        raise NotFoundError("This dataset has no such map service.")
    values = await _read_service(request, territory, service)
    layers = values["layers"]
    name = request.query_params.get("layer", "")[:LONGEST_NAME]
    chosen = next((layer for layer in layers if layer.name == name), None)
    if name and layers and chosen is None:
        raise NotFoundError("This service has no such layer.")
    suggested = _find_described_layer(layers, service, media.name)
    first_layers = [layer for layer in dict.fromkeys((chosen, suggested)) if layer]
    others = [layer for layer in layers if layer not in first_layers]
    page = render(
        request,
        "nodes/map-service.html",
        dataset=dataset,
        page_url=view.path,
        media=media,
        service=service,
        address=f"/data/{dataset.id}/services/{media.id}",
        obstacle=values["obstacle"],
        title=values["title"],
        chosen=chosen,
        suggested=suggested,
        listed=[*first_layers, *others][:MOST_LISTED],
        unlisted=max(0, len(layers) - MOST_LISTED),
        **_describe_map(chosen, view, territory),
    )
    page.headers.update(_headers(request, chosen))
    return page


async def _read_service(
    request: AnyRequest, territory: Territory, service: MapService
) -> Mapping[str, Any]:
    """The layers of a service, or what stands in the way of all of them."""
    reader = site_of(request).services[MAP_SERVICES]
    try:
        description = await reader.read(service, territory.origin)
    except MapServiceError as error:
        return {"layers": [], "title": "", "obstacle": error.obstacle}
    layers = [_restrict(layer, description, territory) for layer in description.layers]
    return {"layers": layers, "title": description.title, "obstacle": None}


def _restrict(
    layer: ServiceLayer, description: ServiceDescription, territory: Territory
) -> ServiceLayer:
    """The layer as a page of this territory may show it."""
    request = layer.request
    if request is None:
        return layer
    obstacle = None
    if not origin_of(request.url):
        obstacle = MapObstacle.FORMAT
    elif territory.origin.startswith(SECURE) and not request.url.startswith(SECURE):
        obstacle = MapObstacle.INSECURE
    elif request.drawing is LayerDrawing.FEATURES and description.readers not in {
        "*",
        territory.origin,
    }:
        obstacle = MapObstacle.OTHER_PAGES
    if obstacle:
        return replace(layer, request=None, obstacle=obstacle)
    return layer


def _find_described_layer(
    layers: list[ServiceLayer], service: MapService, media_name: str
) -> ServiceLayer | None:
    """The layer that the dataset means: the one that its address or its name says, else the only one."""
    for word in (service.named_layer, media_name):
        for layer in layers:
            if word and word in {layer.name, layer.name.rpartition(":")[2]}:
                return layer
    return layers[0] if len(layers) == 1 else None


def _describe_map(
    layer: ServiceLayer | None, view: DatasetView, territory: Territory
) -> Mapping[str, Any]:
    """What the script of the page is given."""
    request: LayerRequest | None = layer.request if layer else None
    if layer is None or request is None:
        return {"drawn": None, "host": ""}
    box = layer.box or view.box or territory.box or EARTH
    return {
        "drawn": request,
        "host": origin_of(request.url).partition("//")[2],
        "box": ",".join(str(side) for side in box),
        "matrices": json.dumps(request.matrices),
    }


def _headers(request: AnyRequest, layer: ServiceLayer | None) -> dict[str, str]:
    images: list[str] = []
    connections: list[str] = []
    if layer and layer.request:
        origin = origin_of(layer.request.url)
        if layer.request.drawing is LayerDrawing.FEATURES:
            connections = [origin]
        else:
            images = [origin]
    policy = content_security_policy(
        list_form_targets(request),
        scripts=True,
        images=images,
        connections=connections,
    )
    return {
        "Content-Security-Policy": policy,
        "Cache-Control": "private, no-store",
        "Referrer-Policy": "no-referrer",
        "X-Robots-Tag": "noindex",
    }


routes: Routes = [show_map_service]
