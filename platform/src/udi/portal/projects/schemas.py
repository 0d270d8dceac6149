"""What the API says of projects, and what it is told: these types are what is sent, and what the OpenAPI document describes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar.openapi.spec import Tag
from litestar.params import PathParameter
from msgspec import UNSET, Meta, Struct, UnsetType

from udi.kit.paging import PAGE_SIZE, Page
from udi.portal.organisations.models import Organisation
from udi.portal.projects import models
from udi.portal.projects.listing import (
    CHOICES,
    LONGEST_TEXT,
    PATH,
    ProjectFilters,
    ProjectSummary,
    UsedDataset,
)
from udi.portal.projects.transitions import ProjectState
from udi.protocol.policy import Requester
from udi.protocol.terms import Purpose
from udi.ui.openapi.parameters import PageNumber, page_size

SCOPE = "projects"
BASE = "/api/v1/projects"


def _meta(description: str, **limits: Any) -> Meta:
    return Meta(description=description, **limits)


def _choice_meta(
    description: str, values: Sequence[str], *, empty: bool = True
) -> Meta:
    return Meta(
        description=description,
        extra_json_schema={"enum": [*values, *([""] if empty else [])]},
    )


ProjectId = Annotated[UUID, _meta("Identifier of the project, for good.")]
Title = Annotated[str, _meta("Its name.")]
Summary = Annotated[
    str,
    _meta("What it is, in a sentence or two; empty of a reuse that was only reported."),
]
Words = Annotated[
    str,
    _meta(
        "The project in the words of its people; an empty line begins a new paragraph."
    ),
]
Language = Annotated[str, _meta("Main language of its texts: a two-letter code.")]
Alternatives = Annotated[dict[str, str], _meta("What the picture shows, by language.")]
Titles = Annotated[dict[str, str], _meta("Its name by language, the main one first.")]
Summaries = Annotated[dict[str, str], _meta("What it is, by language.")]
WordsByLanguage = Annotated[
    dict[str, str], _meta("The text of its people by language.")
]
ImpactByLanguage = Annotated[dict[str, str], _meta("What it changed, by language.")]
ProjectStateCode = Annotated[
    str, _choice_meta("Where it stands.", list(ProjectState), empty=False)
]
PurposeCode = Annotated[
    str, _choice_meta("What it is for; empty where nobody says.", list(Purpose))
]
Audiences = Annotated[
    list[str],
    _meta(
        "For whom: inhabitants, public_bodies, companies, associations, researchers, schools."
    ),
]
ScaleCode = Annotated[
    str,
    _choice_meta(
        "How wide the place is that it is about; empty where nobody says.",
        list(models.Scale),
    ),
]
Supports = Annotated[
    list[str],
    _meta("What it looks for: data, skills, funding, partners, testers, place."),
]
Result = Annotated[str, _meta("Address of its result; empty while there is none.")]
Impact = Annotated[str, _meta("Its impact, described later.")]
LeaderKind = Annotated[
    str,
    _choice_meta(
        "What its leader is; empty where another catalogue names it.",
        list(Requester),
        empty=True,
    ),
]
Instant = Annotated[datetime, Meta(tz=True)]
Revision = Annotated[
    int,
    _meta(
        "How many times it changed: say the one that you read when you change it.", ge=0
    ),
]
Address = Annotated[str, Meta(extra_json_schema={"format": "uri"})]
Reported = Annotated[
    bool,
    _meta(
        "Whether it is a reuse that somebody reported, or another catalogue names, whom nobody leads here."
    ),
]


TAG = Tag("projects", "Projects")
ProjectPath = Annotated[UUID, PathParameter(description="Identifier of the project.")]


def _choice_parameter(description: str, name: str) -> Meta:
    return Meta(
        description=description, extra_json_schema={"enum": list(CHOICES[name])}
    )


class ProjectListParameters(Struct, kw_only=True):
    """The query of the list of projects."""

    q: (
        Annotated[
            str,
            _meta("Words of the name or of the description.", max_length=LONGEST_TEXT),
        ]
        | UnsetType
    ) = UNSET
    state: (
        Annotated[
            str,
            _choice_parameter(
                "Where projects stand; all but archived ones when left out.", "state"
            ),
        ]
        | UnsetType
    ) = UNSET
    purpose: (
        Annotated[str, _choice_parameter("What projects are for.", "purpose")]
        | UnsetType
    ) = UNSET
    audience: (
        Annotated[str, _choice_parameter("For whom projects are.", "audience")]
        | UnsetType
    ) = UNSET
    scale: (
        Annotated[
            str,
            _choice_parameter(
                "How wide the place is that projects are about.", "scale"
            ),
        ]
        | UnsetType
    ) = UNSET
    support: (
        Annotated[str, _choice_parameter("What projects look for.", "support")]
        | UnsetType
    ) = UNSET
    dataset: (
        Annotated[UUID, _meta("Identifier of a dataset that projects use.")] | UnsetType
    ) = UNSET
    page: PageNumber = 1
    size: Annotated[int, page_size("Projects a page.")] = PAGE_SIZE


class ProjectLeader(Struct, frozen=True, kw_only=True):
    """Who leads a project, as its page says it."""

    name: Annotated[str, _meta("Empty where the person does not say.")]
    organisation: Annotated[
        str | None, _meta("Readable name of the organisation that leads it.")
    ]
    kind: LeaderKind


class ProjectDatasetItem(Struct, frozen=True, kw_only=True):
    """A dataset that a project uses."""

    id: UUID
    title: str
    gone: Annotated[bool, _meta("Whether it was withdrawn since.")]
    page: Address
    thanked: Annotated[bool, _meta("Whether its producer thanks for the use.")]


class ProjectPictureItem(Struct, frozen=True, kw_only=True):
    """A picture of a project."""

    url: Address
    alternative: Annotated[str, _meta("What it shows.")]
    alternatives: Alternatives
    width: int
    height: int

    @classmethod
    def of(
        cls, row: models.ProjectPicture, project: models.Project, page: str
    ) -> "ProjectPictureItem":
        """A picture of the project, whose page has this address."""
        return cls(
            url=f"{page}/pictures/{row.id}.webp",
            alternative=row.alternative,
            alternatives=row.alternatives(project),
            width=row.width,
            height=row.height,
        )


class ProjectItem(Struct, frozen=True, kw_only=True):
    """A project in a list."""

    id: ProjectId
    title: Title
    titles: Titles
    summary: Summary
    summaries: Summaries
    language: Language
    state: ProjectStateCode
    reported: Reported
    confidential: Annotated[bool, _meta("Whether only its team sees it.")]
    purpose: PurposeCode
    leader: ProjectLeader
    changed: Instant
    url: Annotated[str, _meta("Path of the project in this API.")]
    page: Address

    @classmethod
    def of(cls, line: ProjectSummary, origin: str) -> "ProjectItem":
        """A line of a list, on the portal at `origin`."""
        row = line.project
        same = (
            "id",
            "title",
            "titles",
            "summary",
            "summaries",
            "language",
            "state",
            "reported",
            "confidential",
            "purpose",
        )
        return cls(
            **{name: getattr(row, name) for name in same},
            leader=_leader(row, line.organisation),
            changed=row.changed_at,
            url=f"{BASE}/{row.id}",
            page=f"{origin}{PATH}/{row.id}",
        )


class ProjectDetail(Struct, frozen=True, kw_only=True):
    """A project, or a reuse that somebody reported."""

    id: ProjectId
    title: Title
    titles: Titles
    summary: Summary
    summaries: Summaries
    words: Words
    words_by_language: WordsByLanguage
    language: Language
    state: ProjectStateCode
    reported: Reported
    confidential: bool
    hidden: Annotated[
        bool, _meta("Whether the territory’s team took it off the public pages.")
    ]
    leader: ProjectLeader
    purpose: PurposeCode
    audience: Audiences
    scale: ScaleCode
    support: Supports
    result: Result
    origin: Annotated[
        str,
        _meta(
            "Page of a reuse in the catalogue where it was read; empty where people of the territory described it."
        ),
    ]
    impact: Impact
    impact_by_language: ImpactByLanguage
    datasets: list[ProjectDatasetItem]
    pictures: list[ProjectPictureItem]
    created: Instant
    changed: Instant
    published: Annotated[Instant | None, _meta("Since when everybody sees it.")]
    revision: Revision
    page: Address

    @classmethod
    def of(
        cls,
        row: models.Project,
        organisation: Organisation | None,
        used: Sequence[UsedDataset],
        pictures: Sequence[models.ProjectPicture],
        origin: str,
    ) -> "ProjectDetail":
        """A row with what belongs to it, on the portal at `origin`."""
        page = f"{origin}{PATH}/{row.id}"
        same = (
            "id",
            "title",
            "titles",
            "summary",
            "summaries",
            "words",
            "language",
            "state",
            "reported",
            "confidential",
            "purpose",
            "audience",
            "scale",
            "support",
            "origin",
            "impact",
            "revision",
        )
        project_pictures = [
            ProjectPictureItem.of(picture, row, page) for picture in pictures
        ]
        datasets = [
            ProjectDatasetItem(
                id=dataset.id,
                title=dataset.title,
                gone=dataset.gone,
                page=f"{origin}/data/{dataset.id}",
                thanked=dataset.thanked,
            )
            for dataset in used
        ]
        return cls(
            **{name: getattr(row, name) for name in same},
            words_by_language=row.texts_of("words"),
            impact_by_language=row.texts_of("impact"),
            hidden=row.hidden_at is not None,
            leader=_leader(row, organisation),
            result=row.url,
            datasets=datasets,
            pictures=project_pictures,
            created=row.created_at,
            changed=row.changed_at,
            published=row.published_at,
            page=page,
        )


class ProjectPage(Struct, frozen=True, kw_only=True):
    """One page of projects."""

    total: Annotated[int, _meta("How many projects answer.", ge=0)]
    page: Annotated[
        int, _meta("Which page this is; past the last one, the last one.", ge=1)
    ]
    size: Annotated[int, _meta("Projects a page.", ge=1, le=100)]
    items: list[ProjectItem]
    links: Annotated[
        dict[str, Address], _meta("The pages around: self, first, prev, next, last.")
    ]

    @classmethod
    def of(
        cls, page: Page[ProjectSummary], filters: ProjectFilters, origin: str
    ) -> "ProjectPage":
        """What a list found."""
        numbers = {"self": page.number, "first": 1, "last": page.last}
        if page.number > 1:
            numbers["prev"] = page.number - 1
        if page.number < page.last:
            numbers["next"] = page.number + 1
        links = {
            name: filters.address(f"{origin}{BASE}", number)
            for name, number in numbers.items()
        }
        items = [ProjectItem.of(line, origin) for line in page.items]
        return cls(
            total=page.total, page=page.number, size=page.size, items=items, links=links
        )


class MyProjects(Struct, frozen=True, kw_only=True):
    """The projects that a person leads, reported or takes part in."""

    total: int
    items: list[ProjectItem]


class ProjectDescription(Struct, kw_only=True):
    """What is said of a project; what is left out is empty."""

    title: Title
    summary: Summary
    purpose: PurposeCode
    words: Words = ""
    leader_name: Annotated[
        str, _meta("Name to show, when it is led in one’s own name.")
    ] = ""
    audience: Audiences = []
    scale: ScaleCode = ""
    support: Supports = []
    result: Result = ""
    impact: Impact = ""
    language: Annotated[
        str,
        _meta(
            "Main language of the texts, one of the territory’s; empty: that of your request, or the one that they have."
        ),
    ] = ""
    titles: Titles = {}
    summaries: Summaries = {}
    words_by_language: WordsByLanguage = {}
    impact_by_language: ImpactByLanguage = {}
    revision: Revision = 0


class NewReuse(Struct, kw_only=True):
    """A reuse of open data."""

    title: Title
    result: Result
    datasets: Annotated[
        list[str], _meta("Identifiers of the datasets that it uses.")
    ] = []
    language: Annotated[
        str,
        _meta(
            "Language of the name, one of the territory’s; empty: that of your request."
        ),
    ] = ""
    titles: Titles = {}


class ProjectEventInput(Struct, kw_only=True):
    """What happens to a project."""

    event: Annotated[
        str,
        _choice_meta(
            "Work begins, it is delivered, work goes on, it is archived or taken up again; or everybody may see it.",
            ["start", "deliver", "resume", "archive", "restore", "publish"],
            empty=False,
        ),
    ]


def _leader(row: models.Project, organisation: Organisation | None) -> ProjectLeader:
    if organisation is None:
        kind = "" if row.origin else row.requester
        return ProjectLeader(name=row.leader_name, organisation=None, kind=kind)
    return ProjectLeader(
        name=organisation.name, organisation=organisation.slug, kind=row.requester
    )
