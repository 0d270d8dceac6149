"""`/api/v1/following`: what a person follows and how often they are notified, for a program that shows their token."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from functools import partial
from typing import Annotated
from uuid import UUID

from litestar import Response, Router, delete, get, post, put
from litestar.di import NamedDependency, Provide
from litestar.params import PathParameter
from msgspec import Meta, Struct
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import (
    ConflictError,
    ForbiddenError,
    GoneError,
    InvalidError,
    NotFoundError,
    Refusal,
)
from udi.kit.tenancy import Territory
from udi.portal.identity.credentials.bearers import PROGRAMS, require_scope
from udi.portal.identity.credentials.tokens import Bearer
from udi.portal.identity.json_bodies import decode_json
from udi.portal.identity.operations import ACCOUNT, api_operation
from udi.portal.notifications import actions, queries
from udi.portal.notifications.digests import next_send_time
from udi.portal.notifications.emails import name_followings
from udi.portal.notifications.models import DigestRhythm, Following
from udi.portal.notifications.topics import TopicTarget, get_topic, topics_of
from udi.ui.cross_origin import CrossOriginMiddleware
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Routes, Session
from udi.ui.site import site_of

PATH = "/api/v1/following"
SCOPE = "following"
PRIVATE = {"Cache-Control": "no-store"}
account_operation = partial(api_operation, tag=ACCOUNT, scope=SCOPE)
Kind = Annotated[
    str,
    Meta(description="What is followed: a dataset, a producer, a theme or a search."),
]
Target = Annotated[
    str,
    Meta(
        description="Identifier of a dataset or of a producer, code of a theme, or the parameters of a search."
    ),
]
Often = Annotated[
    str,
    Meta(
        description="How often mails may leave: daily, weekly (on Mondays) or never.",
        extra_json_schema={"enum": [rhythm.value for rhythm in DigestRhythm]},
    ),
]


FollowingPath = Annotated[
    UUID, PathParameter(description="Identifier of the following, as the list says it.")
]


class FollowingItem(Struct, kw_only=True):
    """One thing that a person follows."""

    id: Annotated[UUID, Meta(description="Of this following: to follow it no more.")]
    kind: Kind
    target: Target
    title: Annotated[
        str, Meta(description="What it is called, in the reader’s language.")
    ]
    page: Annotated[
        str,
        Meta(
            description="Address of its page for people.",
            extra_json_schema={"format": "uri"},
        ),
    ]
    gone: Annotated[bool, Meta(description="Whether it is there no more.")]
    since: Annotated[datetime, Meta(description="When it was first followed.", tz=True)]


class FollowingList(Struct, kw_only=True):
    """All that a person follows, the newest first."""

    total: int
    most: Annotated[int, Meta(description="How many things one person may follow.")]
    items: list[FollowingItem]


class NewFollowing(Struct, kw_only=True):
    """What is to be followed."""

    kind: Kind
    target: Target


class DigestSettings(Struct, kw_only=True):
    """How often a person is told by mail."""

    rhythm: Often
    next: Annotated[
        Annotated[datetime, Meta(tz=True)] | None,
        Meta(
            description="When a mail may leave next, if something changed; null: none will."
        ),
    ]


class DigestSettingsChange(Struct, kw_only=True):
    """How often a person wants to be told."""

    rhythm: Often


async def provide_own_session(
    request: AnyRequest, territory: CurrentTerritory, bearer: NamedDependency[Bearer]
) -> AsyncIterator[AsyncSession]:
    """One transaction that sees what belongs to the bearer, as their pages do."""
    database = site_of(request).database
    async with database.session(
        territory.id, role="app", person=bearer.actor.person_id
    ) as session:
        yield session


@get(
    "/",
    **account_operation(
        "listFollowed",
        summary="List what I follow",
        description="Datasets, producers, themes and searches that the person of the token follows, the newest first.",
        answer=FollowingList,
        errors=(ForbiddenError,),
    ),
)
async def list_followed(
    request: AnyRequest,
    session: Session,
    territory: CurrentTerritory,
    bearer: NamedDependency[Bearer],
) -> Response[FollowingList]:
    """All that I follow."""
    followings = await queries.list_followings(session, bearer.actor.person_id)
    items = await _describe_followings(request, session, territory, followings)
    return Response(
        FollowingList(total=len(items), most=actions.MOST_FOLLOWED, items=items),
        headers=PRIVATE,
    )


@post(
    "/",
    **account_operation(
        "follow",
        summary="Follow",
        description="Follow a dataset, a producer, a theme or a search. Once more changes nothing: 200 instead of 201.",
        answer=FollowingItem,
        statuses=(201, 200),
        errors=(
            ForbiddenError,
            NotFoundError,
            ConflictError,
            GoneError,
            InvalidError,
        ),
        body=NewFollowing,
    ),
)
async def follow_target(
    request: AnyRequest,
    session: Session,
    territory: CurrentTerritory,
    bearer: NamedDependency[Bearer],
) -> Response[FollowingItem]:
    """Follow a target: 201, or 200 where it was followed already."""
    fields = await read_json_texts(request, "kind", "target")
    topic = get_topic(topics_of(site_of(request).services), fields["kind"])
    person = bearer.actor.person_id
    target = await topic.read(session, fields["target"])
    existing = await queries.find_following(session, person, fields["kind"], target)
    language = await _language(request, session, bearer)
    following = existing or await actions.follow_target(
        session, bearer.actor, kind=fields["kind"], target=target, language=language
    )
    [followed] = await _describe_followings(request, session, territory, [following])
    if existing:
        headers = PRIVATE
    else:
        headers = {**PRIVATE, "Location": f"{PATH}/{following.id}"}
    return Response(followed, status_code=200 if existing else 201, headers=headers)


@delete(
    "/{following_id:uuid}",
    **account_operation(
        "stopFollowing",
        summary="Follow no more",
        description="Follow one thing no more.",
        statuses=(204,),
        errors=(ForbiddenError, NotFoundError),
    ),
)
async def stop_following(
    session: Session, bearer: NamedDependency[Bearer], following_id: FollowingPath
) -> None:
    """Follow it no more."""
    await actions.stop_following(
        session, await queries.get_following(session, bearer.actor, following_id)
    )


@get(
    "/rhythm",
    **account_operation(
        "readRhythm",
        summary="Read how often I receive mail",
        description="How often mails may leave that tell what changed, and when the next one may.",
        answer=DigestSettings,
        errors=(ForbiddenError,),
    ),
)
async def read_rhythm(
    session: Session, territory: CurrentTerritory, bearer: NamedDependency[Bearer]
) -> Response[DigestSettings]:
    """How often I am notified by mail."""
    subscription = await queries.find_subscription(session, bearer.actor.person_id)
    return _rhythm_response(
        subscription.rhythm if subscription else DigestRhythm.DAILY, territory
    )


@put(
    "/rhythm",
    **account_operation(
        "chooseRhythm",
        summary="Choose how often I receive mail",
        description="A mail each day, each Monday, or never; the followed items stay.",
        answer=DigestSettings,
        errors=(ForbiddenError, InvalidError),
        body=DigestSettingsChange,
    ),
)
async def choose_rhythm(
    request: AnyRequest,
    session: Session,
    territory: CurrentTerritory,
    bearer: NamedDependency[Bearer],
) -> Response[DigestSettings]:
    """Be notified daily, weekly or never."""
    rhythm = (await read_json_texts(request, "rhythm"))["rhythm"]
    await actions.choose_rhythm(
        session, bearer.actor, rhythm, await _language(request, session, bearer)
    )
    return _rhythm_response(DigestRhythm(rhythm), territory)


def _rhythm_response(
    rhythm: DigestRhythm, territory: Territory
) -> Response[DigestSettings]:
    return Response(
        DigestSettings(
            rhythm=rhythm, next=next_send_time(rhythm, now(), territory.zone)
        ),
        headers=PRIVATE,
    )


async def _language(request: AnyRequest, session: AsyncSession, bearer: Bearer) -> str:
    """The language of the person's mails, which a program does not change; its own for who has none yet."""
    subscription = await queries.find_subscription(session, bearer.actor.person_id)
    if subscription:
        return subscription.language
    return str(request.scope["state"]["locale"])


async def _describe_followings(
    request: AnyRequest,
    session: AsyncSession,
    territory: Territory,
    followings: Sequence[Following],
) -> list[FollowingItem]:
    language = request.scope["state"]["locale"]
    names = await name_followings(
        site_of(request), session, territory, followings, language
    )
    return [
        _describe_following(following, names[following.id], territory.origin)
        for following in followings
    ]


def _describe_following(
    following: Following, named: TopicTarget, origin: str
) -> FollowingItem:
    return FollowingItem(
        id=following.id,
        kind=following.kind,
        target=following.target,
        title=named.title,
        page=f"{origin}{named.path}",
        gone=named.gone,
        since=following.created_at,
    )


async def read_json_texts(
    request: AnyRequest, *names: str, **usual: str
) -> dict[str, str]:
    """The texts of a body of JSON; `usual` are what those say that may be left out.

    Raises:
        InvalidError: it is no object of JSON, or one of these texts is missing, or cannot be kept.
    """
    payload = decode_json(await request.body())
    fields = {**usual, **(payload if isinstance(payload, dict) else {})}
    missing = [
        name for name in (*names, *usual) if not isinstance(fields.get(name), str)
    ]
    if missing:
        refusals = [
            Refusal(
                name, "A text is expected here.", "Send it between quotes.", "no-text"
            )
            for name in missing
        ]
        raise InvalidError(refusals=refusals)
    return {name: fields[name] for name in (*names, *usual)}


routes: Routes = [
    Router(
        PATH,
        route_handlers=[
            list_followed,
            follow_target,
            stop_following,
            read_rhythm,
            choose_rhythm,
        ],
        middleware=[CrossOriginMiddleware()],
        guards=PROGRAMS,
        dependencies={
            "bearer": Provide(require_scope(SCOPE), sync_to_thread=False),
            "session": Provide(provide_own_session),
        },
    )
]
