"""The operations of projects, for the document of the API."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from msgspec import to_builtins

from udi.kit.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    PreconditionFailedError,
)
from udi.kit.paging import MAX_PAGE_SIZE, PAGE_SIZE
from udi.portal.catalogue.documentation.operations import Chapter, Operation
from udi.portal.catalogue.documentation.parameters import PATH, Parameter
from udi.portal.projects.listing import CHOICES, LONGEST_TEXT
from udi.portal.projects.schemas import (
    BASE,
    SCOPE,
    MyProjects,
    NewReuse,
    ProjectDatasetItem,
    ProjectDescription,
    ProjectDetail,
    ProjectEventInput,
    ProjectItem,
    ProjectLeader,
    ProjectPage,
)

ID = UUID("6d4a3b1c-2f58-4c0e-9a44-0e5f6a7b8d01")
DATASET = UUID(PATH["id"][2])
WHEN = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
CHOSEN = {
    "state": (
        "Where projects stand; all but archived ones when left out.",
        "delivered",
    ),
    "purpose": ("What projects are for.", "civic"),
    "audience": ("For whom projects are.", "inhabitants"),
    "scale": ("How wide the place is that projects are about.", "municipality"),
    "support": ("What projects look for.", "skills"),
}
LIST: dict[str, Parameter] = {
    "q": (
        "Words of the name or of the description.",
        {"type": "string", "maxLength": LONGEST_TEXT},
        "ombre",
    ),
    **{
        name: (words, {"type": "string", "enum": list(CHOICES[name])}, example)
        for name, (words, example) in CHOSEN.items()
    },
    "dataset": (
        "Identifier of a dataset that projects use.",
        {"type": "string", "format": "uuid"},
        str(DATASET),
    ),
    "page": (
        "Which page, from 1.",
        {"type": "integer", "minimum": 1, "maximum": 10_000, "default": 1},
        1,
    ),
    "size": (
        "Projects a page.",
        {
            "type": "integer",
            "minimum": 1,
            "maximum": MAX_PAGE_SIZE,
            "default": PAGE_SIZE,
        },
        PAGE_SIZE,
    ),
}
ONE = f"{BASE}/{{project_id}}"
OPERATIONS = (
    Operation(
        name="listProjects",
        path=BASE,
        summary="List the projects",
        detail="Projects and reuses that everybody sees, the newest first.",
        answer=ProjectPage,
        refusals=(InvalidError,),
        takes=LIST,
        leads_to=(("readProject", "project_id", "/items/0/id"),),
    ),
    Operation(
        name="createProject",
        path=BASE,
        summary="Begin a project",
        detail="Nobody else sees it until its leader says so.",
        answer=ProjectDetail,
        refusals=(ForbiddenError, InvalidError),
        method="post",
        asks=ProjectDescription,
        statuses=(201,),
        scope=SCOPE,
    ),
    Operation(
        name="readProject",
        path=ONE,
        summary="Read a project",
        detail="A project or a reuse that everybody sees; one of yours too, with a token that has the right “projects”.",
        answer=ProjectDetail,
        refusals=(NotFoundError,),
    ),
    Operation(
        name="changeProject",
        path=ONE,
        summary="Change a project",
        detail="Send the whole description again, with the revision that you read.",
        answer=ProjectDetail,
        refusals=(ForbiddenError, NotFoundError, PreconditionFailedError, InvalidError),
        method="put",
        asks=ProjectDescription,
        scope=SCOPE,
    ),
    Operation(
        name="moveProject",
        path=f"{ONE}/events",
        summary="Take a project on",
        detail="Work begins, it is delivered, work goes on, it is archived or taken up again; or everybody may see it.",
        answer=ProjectDetail,
        refusals=(ForbiddenError, NotFoundError, ConflictError, InvalidError),
        method="post",
        asks=ProjectEventInput,
        scope=SCOPE,
    ),
    Operation(
        name="useDataset",
        path=f"{ONE}/datasets/{{id}}",
        summary="Use a dataset",
        detail="Say that a project uses a dataset; once more changes nothing.",
        answer=None,
        refusals=(ForbiddenError, NotFoundError, InvalidError),
        method="put",
        statuses=(204,),
        scope=SCOPE,
    ),
    Operation(
        name="leaveDataset",
        path=f"{ONE}/datasets/{{id}}",
        summary="Use a dataset no more",
        detail="Say that a project does not use a dataset.",
        answer=None,
        refusals=(ForbiddenError, NotFoundError),
        method="delete",
        statuses=(204,),
        scope=SCOPE,
    ),
    Operation(
        name="listMyProjects",
        path=f"{BASE}/mine",
        summary="List my projects",
        detail="Those that the person of the token leads, reported or takes part in, the last changed first.",
        answer=MyProjects,
        refusals=(ForbiddenError,),
        scope=SCOPE,
    ),
    Operation(
        name="reportReuse",
        path=f"{BASE}/reports",
        summary="Report a reuse",
        detail="Its name and its address: it is shown at once, without a name of yours.",
        answer=ProjectDetail,
        refusals=(ForbiddenError, InvalidError),
        method="post",
        asks=NewReuse,
        statuses=(201,),
        scope=SCOPE,
    ),
)


def make_examples(origin: str) -> dict[str, Any]:
    """By operation, as the portal at `origin` would answer."""
    page = f"{origin}/projects/{ID}"
    leader = ProjectLeader(name="Collectif Ombre", organisation=None, kind="person")
    common_fields: dict[str, Any] = {
        "id": ID,
        "title": "L’ombre des rues",
        "summary": "Où marcher au frais en été.",
        "language": "fr",
        "state": "in_progress",
        "reported": False,
        "confidential": False,
        "purpose": "civic",
        "leader": leader,
        "changed": WHEN,
        "page": page,
    }
    item = ProjectItem(**common_fields, url=f"{BASE}/{ID}")
    dataset = ProjectDatasetItem(
        id=DATASET,
        title="Arbres de la ville",
        gone=False,
        page=f"{origin}/data/{DATASET}",
    )
    project = ProjectDetail(
        **common_fields,
        words="Une carte de l’ombre, heure par heure.",
        hidden=False,
        audience=["inhabitants"],
        scale="municipality",
        support=["testers"],
        result="https://ombre.example/",
        impact="",
        datasets=[dataset],
        pictures=[],
        created=WHEN,
        published=WHEN,
        revision=3,
    )
    links = {
        "self": f"{origin}{BASE}",
        "first": f"{origin}{BASE}",
        "last": f"{origin}{BASE}",
    }
    listed = ProjectPage(total=1, page=1, size=PAGE_SIZE, items=[item], links=links)
    answers: dict[str, Any] = dict.fromkeys(
        ("createProject", "readProject", "changeProject", "moveProject", "reportReuse"),
        project,
    )
    answers |= {
        "listProjects": listed,
        "listMyProjects": MyProjects(total=1, items=[item]),
    }
    return {name: to_builtins(answer) for name, answer in answers.items()}


CHAPTER = Chapter(
    operations=OPERATIONS,
    places={
        "id": PATH["id"],
        "project_id": (
            "Identifier of the project.",
            {"type": "string", "format": "uuid"},
            str(ID),
        ),
    },
    body_examples={
        ProjectDescription: ProjectDescription(
            title="L’ombre des rues",
            summary="Où marcher au frais en été.",
            purpose="civic",
        ),
        NewReuse: NewReuse(
            title="L’ombre des rues",
            result="https://ombre.example/",
            datasets=[str(DATASET)],
        ),
        ProjectEventInput: ProjectEventInput(event="deliver"),
    },
    make_examples=make_examples,
)
