"""The way to a file: straight to its producer's node, or a page that says why it cannot be reached now."""

from uuid import UUID

from litestar import get
from litestar.params import FromPath
from litestar.response import Redirect

from udi.kit.errors import NotFoundError, UnavailableError
from udi.kit.http import OutgoingClient, OutgoingError, RefusedAddressError
from udi.portal.catalogue.queries import get_dataset
from udi.ui.dependencies import AnyRequest, Session
from udi.ui.site import site_of

PATIENCE = 4.0
BROKEN = 500


class NodeUnavailableError(UnavailableError):
    """The producer's node does not answer, or says that it cannot serve."""

    slug = "node-away"
    title = "The producer’s node does not answer"
    meaning = "The file is at its producer’s node, which does not answer. The portal has no copy: data stay with their producer."
    advice = "Try again later, or write to the producer."


@get("/data/{dataset_id:uuid}/files/{media_id:uuid}")
async def redirect_to_file(
    request: AnyRequest,
    session: Session,
    dataset_id: FromPath[UUID],
    media_id: FromPath[UUID],
) -> Redirect:
    """Lead to the file at its node; no byte of it passes here."""
    dataset = await get_dataset(session, dataset_id)
    media = next(
        (media for media in dataset.distributions if media.id == media_id), None
    )
    if media is None:
        raise NotFoundError("This dataset has no such file.")
    if not await is_reachable(site_of(request).outgoing, media.url):
        values = {
            "file": media.name,
            "producer": dataset.organisation.name,
            "url": media.url,
        }
        raise NodeUnavailableError(
            "The file “%(file)s” is kept by its producer, %(producer)s, whose machine cannot be reached now.",
            remedy="Try again in a few minutes. The description stays here; the file’s own address is %(url)s.",
            values=values,
            headers={"Retry-After": "300"},
        )
    return Redirect(media.url, status_code=302, headers={"Cache-Control": "no-store"})


async def is_reachable(outgoing: OutgoingClient, url: str) -> bool:
    """Whether the machine of an address answers within a few seconds; where we may not look, we do not know better."""
    try:
        answer = await outgoing.request("HEAD", url, patience=PATIENCE)
    except RefusedAddressError:
        return True
    except OutgoingError:
        return False
    return answer.status_code < BROKEN


routes = [redirect_to_file]
