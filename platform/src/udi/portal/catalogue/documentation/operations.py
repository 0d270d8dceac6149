"""What can be asked of the API: each operation of the catalogue, of people and of what they follow; other domains add theirs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from msgspec import Struct

from udi.kit.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    UdiError,
)
from udi.kit.service_registry import Hook
from udi.portal.catalogue.documentation.parameters import SEARCH, WALK, Parameter
from udi.portal.catalogue.queries import WithdrawnError
from udi.portal.catalogue.schemas import (
    BASE,
    DatasetBatch,
    DatasetDetail,
    DatasetPage,
    Producer,
    ProducerList,
)
from udi.portal.identity import me
from udi.portal.notifications import api as following


@dataclass(frozen=True)
class Operation:
    """What can be asked at one path by one method."""

    name: str
    path: str
    summary: str
    detail: str
    answer: type[Struct] | None
    """None: it answers that it was done, and no more (204)."""
    refusals: tuple[type[UdiError], ...]
    method: str = "get"
    asks: type[Struct] | None = None
    """What its body says."""
    statuses: tuple[int, ...] = (200,)
    """Of what it answers when all is well."""
    scope: str = ""
    """The right that its token must have; empty: it needs no token."""
    takes: Mapping[str, Parameter] = field(default_factory=dict)
    """Parameters of its query, besides those that its path names."""
    media_type: str = ""
    """Of an answer that is no JSON."""
    dated: bool = False
    """Whether its answer has an ETag though it needs a token."""
    leads_to: tuple[tuple[str, str, str], ...] = ()
    """Operations that the answer leads to: name, parameter, where its value is (RFC 6901, in a runtime expression)."""


@dataclass(frozen=True)
class Chapter:
    """What another domain adds to the document."""

    operations: tuple[Operation, ...]
    places: Mapping[str, Parameter]
    """What the names in its paths take."""
    body_examples: Mapping[Any, Struct]
    """An example of each body."""
    make_examples: Callable[[str], dict[str, Any]]
    """By operation, what the portal at an address would answer."""


CHAPTERS = Hook[Chapter]("chapters")


OPERATIONS = (
    Operation(
        name="searchDatasets",
        path=f"{BASE}/datasets",
        summary="Search the datasets",
        detail="The same search as on the pages, with how many datasets each value of a filter would leave.",
        answer=DatasetPage,
        refusals=(InvalidError,),
        takes=SEARCH,
        leads_to=(
            ("readDataset", "id", "/items/0/id"),
            ("readProducer", "slug", "/items/0/producer/slug"),
        ),
    ),
    Operation(
        name="walkDatasets",
        path=f"{BASE}/datasets/all",
        summary="Walk through all the datasets",
        detail="Every dataset once, batch after batch, however many come or go meanwhile: follow the link “next”.",
        answer=DatasetBatch,
        refusals=(InvalidError,),
        takes=WALK,
        leads_to=(("readDataset", "id", "/items/0/id"),),
    ),
    Operation(
        name="readDataset",
        path=f"{BASE}/datasets/{{id}}",
        summary="Read a dataset",
        detail="A dataset in our words, with its files and services, and its producer’s record as it was sent.",
        answer=DatasetDetail,
        refusals=(NotFoundError, WithdrawnError),
        leads_to=(("readProducer", "slug", "/producer/slug"),),
    ),
    Operation(
        name="listProducers",
        path=f"{BASE}/producers",
        summary="List the producers",
        detail="Everyone who publishes on this territory, with how many datasets.",
        answer=ProducerList,
        refusals=(),
        leads_to=(("readProducer", "slug", "/items/0/slug"),),
    ),
    Operation(
        name="readProducer",
        path=f"{BASE}/producers/{{slug}}",
        summary="Read a producer",
        detail="Who it is, and how to reach it.",
        answer=Producer,
        refusals=(NotFoundError,),
    ),
    Operation(
        name="readMe",
        path=me.PATH,
        summary="Read who a token belongs to",
        detail="Whose token this is, with their organisations, and what it may do. Tokens are made on «my space».",
        answer=me.Me,
        refusals=(ForbiddenError,),
        scope="profile",
    ),
    Operation(
        name="listFollowed",
        path=following.PATH,
        summary="List what I follow",
        detail="Datasets, producers, themes and searches that the person of the token follows, the newest first.",
        answer=following.FollowingList,
        refusals=(ForbiddenError,),
        scope=following.SCOPE,
    ),
    Operation(
        name="follow",
        path=following.PATH,
        summary="Follow",
        detail="Follow a dataset, a producer, a theme or a search. Once more changes nothing: 200 instead of 201.",
        answer=following.FollowingItem,
        refusals=(
            ForbiddenError,
            NotFoundError,
            ConflictError,
            WithdrawnError,
            InvalidError,
        ),
        method="post",
        asks=following.NewFollowing,
        statuses=(201, 200),
        scope=following.SCOPE,
    ),
    Operation(
        name="stopFollowing",
        path=f"{following.PATH}/{{following_id}}",
        summary="Follow no more",
        detail="Follow one thing no more.",
        answer=None,
        refusals=(ForbiddenError, NotFoundError),
        method="delete",
        statuses=(204,),
        scope=following.SCOPE,
    ),
    Operation(
        name="readRhythm",
        path=f"{following.PATH}/rhythm",
        summary="Read how often I am told",
        detail="How often mails may leave that tell what changed, and when the next one may.",
        answer=following.DigestSettings,
        refusals=(ForbiddenError,),
        scope=following.SCOPE,
    ),
    Operation(
        name="chooseRhythm",
        path=f"{following.PATH}/rhythm",
        summary="Choose how often I am told",
        detail="Be told by mail each day, each Monday, or never; what is followed is kept.",
        answer=following.DigestSettings,
        refusals=(ForbiddenError, InvalidError),
        method="put",
        asks=following.DigestSettingsChange,
        scope=following.SCOPE,
    ),
)
