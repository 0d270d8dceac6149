"""What the node's API says of records, of uploads and of the versions that scripts send."""

from typing import Annotated, Any
from uuid import UUID

from litestar.openapi.spec import Example
from litestar.params import PathParameter
from msgspec import UNSET, Meta, Struct, UnsetType, field

from udi.node.datasets.records.document_query import DEFAULT_LIMIT, LARGEST_LIMIT
from udi.node.files.models import UploadState

Record = Annotated[
    dict[str, Any],
    Meta(
        description="A record in RUDI’s format, or the requested fields of it.",
        examples=[{"global_id": "6d4a3b1c-2f58-4c0e-9a44-0e5f6a7b8c9d"}],
    ),
]
MetadataVersion = Annotated[
    str, Meta(description="A version of RUDI’s metadata.", examples=["1.4.1"])
]
CatalogueName = Annotated[
    str, Meta(description="Which program answers.", examples=["udi"])
]
Paths = "Names of fields, with commas between; those inside others after a point."
SpacePath = Annotated[
    str,
    PathParameter(
        description="Readable name of the space.", examples=[Example(value="mairie")]
    ),
]
UploadPath = Annotated[UUID, PathParameter(description="Identifier of the upload.")]
VersionPath = Annotated[
    int,
    PathParameter(description="Number of the version.", examples=[Example(value=1)]),
]


class RecordList(Struct, frozen=True, kw_only=True):
    """Records of what is published here, the least recently updated first."""

    total: Annotated[int, Meta(description="How many records answer.", ge=0)]
    items: list[Record]


ValueCounts = list[
    Annotated[
        dict[str, Any],
        Meta(
            description="A value of the field that was counted, under its name, and how many records have it.",
            examples=[{"theme": "environment", "count": 12}],
        ),
    ]
]


class RecordListParameters(Struct, kw_only=True):
    """The query of the list of records; each field of a record is a parameter too."""

    limit: Annotated[
        int,
        Meta(
            description=f"How many at most, {LARGEST_LIMIT} if more are asked.",
            ge=0,
            le=999_999_999,
            examples=[20],
        ),
    ] = DEFAULT_LIMIT
    offset: Annotated[
        int,
        Meta(
            description="After how many to begin.", ge=0, le=999_999_999, examples=[0]
        ),
    ] = 0
    fields: Annotated[str, Meta(description=Paths, examples=["resource_title"])] = ""
    sort_by: Annotated[
        str,
        Meta(
            description="Fields by which to sort; a minus before one: the largest first.",
            examples=["-updatedAt"],
        ),
    ] = ""
    count_by: (
        Annotated[
            str,
            Meta(
                description="A field whose values are counted, instead of the list.",
                examples=["theme"],
            ),
        ]
        | UnsetType
    ) = UNSET
    updated_after: Annotated[
        str,
        Meta(
            description="Only what changed after this moment.",
            examples=["2026-01-31T12:00:00Z"],
        ),
    ] = ""
    updated_before: Annotated[
        str,
        Meta(
            description="Only what changed before this moment.",
            examples=["2027-01-31T12:00:00Z"],
        ),
    ] = ""


class CatalogueParameters(Struct, kw_only=True):
    """The query of the catalogue as DCAT-AP."""

    page: Annotated[int, Meta(description="Which page, from 1.", ge=1, le=10_000)] = 1


class Publication(Struct, frozen=True, kw_only=True):
    """Whether everyone sees a version."""

    state: Annotated[
        str,
        Meta(
            description="published, reading (it is published once its file is read), stopped or waiting.",
            extra_json_schema={"enum": ["published", "reading", "stopped", "waiting"]},
        ),
    ]
    why: Annotated[
        list[str],
        Meta(
            description="The reasons, in the reader’s language.",
            examples=[["Nothing in it stops its publication."]],
        ),
    ]
    remedy: Annotated[str, Meta(description="What happens next, or what to do.")]
    page: Annotated[str, Meta(description="Address of the dataset’s page.")]


class UploadStatus(Struct, frozen=True, kw_only=True):
    """How far a file on its way in is."""

    id: UUID
    state: Annotated[
        str,
        Meta(
            description="How far it is.",
            extra_json_schema={"enum": list(UploadState)},
        ),
    ]
    name: Annotated[str, Meta(description="Name of the file.", examples=["arbres.csv"])]
    length: Annotated[
        int | None, Meta(description="Bytes in all; null: not announced yet.")
    ]
    received: Annotated[int, Meta(description="Bytes that are safe here.", ge=0)]
    assembled: Annotated[int, Meta(description="Bytes put together.", ge=0)]
    sha256: Annotated[
        str, Meta(description="Digest of the whole file; empty before its end.")
    ]
    dataset: Annotated[
        UUID | None, Meta(description="The dataset that it made or renewed.")
    ]
    next: Annotated[
        str | None, Meta(description="Path of the page on which a person goes on.")
    ]
    error: Annotated[str, Meta(description="What went wrong; empty: nothing.")]
    remedy: Annotated[str, Meta(description="What to do about it.")]
    publication: Annotated[
        Publication | None,
        Meta(
            description="Null before there is a version, and once another replaced it."
        ),
    ]


class SentColumn(Struct, frozen=True, kw_only=True):
    """A column that was understood."""

    name: Annotated[str, Meta(examples=["hauteur"])]
    type: Annotated[str, Meta(examples=["float"])]


class SentFileContent(Struct, frozen=True, kw_only=True):
    """What was understood of a file."""

    kind: Annotated[str, Meta(examples=["CSV"])]
    media_type: str
    encoding: Annotated[str, Meta(examples=["utf-8"])]
    delimiter: Annotated[str, Meta(examples=[";"])]
    header_line: int | None
    rows: Annotated[int | None, Meta(description="Rows; null: no table.")]
    exact: Annotated[bool, Meta(description="Whether every row was counted.")]
    columns: list[SentColumn]


class SentVersion(Struct, frozen=True, kw_only=True):
    """What is here now, after a script sent a file."""

    dataset: UUID
    version: Annotated[int, Meta(description="Number of the version.", ge=1)]
    changed: Annotated[bool, Meta(description="False: these bytes were here already.")]
    published: bool
    publication: Publication
    name: Annotated[str, Meta(examples=["arbres.csv"])]
    size: Annotated[int, Meta(description="In bytes.", ge=0)]
    sha256: str
    understood: SentFileContent
    url: Annotated[str, Meta(description="Address of this version.")]
    current: Annotated[str, Meta(description="Address of the newest version.")]
    page: Annotated[str, Meta(description="Address of the dataset’s page.")]


class SendingParameters(Struct, kw_only=True):
    """The query of a version that is sent in one request."""

    publish: Annotated[
        str,
        Meta(
            description="true: publish it as soon as nothing stops that.",
            extra_json_schema={"enum": ["true", "false"]},
        ),
    ] = "false"
    name: Annotated[
        str,
        Meta(
            description="Name of the file; that of the version before when left out.",
            examples=["arbres.csv"],
        ),
    ] = ""
    expect: Annotated[
        str,
        Meta(
            description="What must hold of the file before it is published, as a JSON object: least_rows, most_lost_percent (of the rows of the published version), columns (type by name, empty for any), format, new_personal_data (false: none may be newly found). Where it does not, the answer is 409 with each difference, and the version waits.",
            examples=[
                '{"least_rows": 100, "most_lost_percent": 5, "columns": {"id": "integer"}}'
            ],
        ),
    ] = ""


class SendingHeaders(Struct, kw_only=True):
    """What a script may say besides of the version that it sends."""

    idempotency_key: Annotated[
        str,
        Meta(
            description="The same request with the same key is done once.",
            max_length=200,
            examples=["2026-03-02"],
        ),
    ] = field(name="Idempotency-Key", default="")
    if_match: Annotated[
        str,
        Meta(
            description="ETag of the version that you replace: refused if another came meanwhile.",
            examples=["*"],
        ),
    ] = field(name="If-Match", default="")
    digest: Annotated[
        str,
        Meta(
            description="SHA-256 of the file (RFC 9530).",
            examples=["sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"],
        ),
    ] = field(name="Repr-Digest", default="")


class TusHeaders(Struct, kw_only=True):
    """What each request of the protocol tus says."""

    version: Annotated[
        str,
        Meta(
            description="Version of the protocol tus.",
            extra_json_schema={"enum": ["1.0.0"]},
        ),
    ] = field(name="Tus-Resumable")


class UploadHeaders(TusHeaders, kw_only=True):
    """What announces a file."""

    length: Annotated[
        str,
        Meta(
            description="Bytes of the file; or say Upload-Defer-Length: 1.",
            examples=["48200"],
        ),
    ] = field(name="Upload-Length", default="")
    metadata: Annotated[
        str,
        Meta(
            description="filename, dataset (its identifier, for a new version), part (of that dataset, for its file), sha256, publish: each with its value in base64.",
            examples=["filename YXJicmVzLmNzdg=="],
        ),
    ] = field(name="Upload-Metadata", default="")
    idempotency_key: Annotated[
        str,
        Meta(
            description="The same request with the same key is done once.",
            max_length=200,
            examples=["2026-03-02"],
        ),
    ] = field(name="Idempotency-Key", default="")


class PartHeaders(TusHeaders, kw_only=True):
    """What announces a part of a file."""

    offset: Annotated[
        str,
        Meta(description="From which byte this part goes on.", examples=["0"]),
    ] = field(name="Upload-Offset")
    checksum: Annotated[
        str,
        Meta(
            description="sha1 or sha256, and the digest of this part in base64.",
            examples=["sha256 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="],
        ),
    ] = field(name="Upload-Checksum", default="")


class RemovalParameters(Struct, kw_only=True):
    """The query of the removal of a version."""

    reason: Annotated[
        str,
        Meta(
            description="Why, for those who follow its address.",
            examples=["Une erreur de mesure."],
        ),
    ] = ""
