"""What the node's API says of tables and of maps, for its document: `api` and `features` write these answers."""

from typing import Annotated, Any
from uuid import UUID

from litestar.openapi.spec import Example
from litestar.params import PathParameter
from msgspec import UNSET, Meta, Struct, UnsetType, field

from udi.tabular.columns.chosen_roles import ChosenRole
from udi.tabular.exports.exports import FORMATS
from udi.tabular.queries.ogc import COLLECTION, FARTHEST, USUAL
from udi.tabular.queries.query import LARGEST_PAGE, PAGE_SIZE

NUMBER = r"-?\d+(\.\d+)?"
ResourcePath = Annotated[UUID, PathParameter(description="Identifier of the dataset.")]
TableNamePath = Annotated[
    str,
    PathParameter(
        description="Name of a table beside the main one: a sheet, a layer, a file of an archive.",
        examples=[Example(value="stops")],
    ),
]
KindPath = Annotated[
    str,
    PathParameter(
        description="Format of the file; geojson and pmtiles where rows have places.",
        schema_extra={"enum": list(FORMATS)},
    ),
]
FileNamePath = Annotated[
    str,
    PathParameter(
        description="Any name, then the format: csv, xlsx, parquet, arrow, json, ndjson; geojson and pmtiles where rows have places.",
        examples=[Example(value="arbres.csv")],
    ),
]
CollectionPath = Annotated[
    str,
    PathParameter(
        description="The collection: there is one.", schema_extra={"enum": [COLLECTION]}
    ),
]
LinePath = Annotated[
    int,
    PathParameter(
        description="Number of the row, as its feature says it.",
        examples=[Example(value=1)],
    ),
]
Row = Annotated[
    dict[str, Any],
    Meta(
        description="The value of each column; __id is the number of the row, from 1.",
        examples=[{"__id": 1, "essence": "Tilleul", "hauteur": 8.4}],
    ),
]
Address = Annotated[str, Meta(extra_json_schema={"format": "uri"})]


class TableLink(Struct, kw_only=True):
    """An address about a table."""

    href: Annotated[
        str,
        Meta(
            description="Its path.",
            examples=["/api/resources/6d4a3b1c-2f58-4c0e-9a44-0e5f6a7b8c9d/profile/"],
        ),
    ]
    type: Annotated[str, Meta(description="Its method.", examples=["GET"])]
    rel: Annotated[str, Meta(description="What is there.", examples=["profile"])]


class TableResource(Struct, kw_only=True):
    """What there is about a table, and where."""

    created_at: Annotated[
        str,
        Meta(
            description="When the table last changed.",
            examples=["2026-03-02T08:30:00+00:00"],
        ),
    ]
    url: Annotated[str, Meta(description="Address of the page of its data.")]
    links: list[TableLink]


class ColumnProfile(Struct, kw_only=True):
    """The type of a column."""

    format: Annotated[str, Meta(description="What it holds.", examples=["float"])]
    python_type: Annotated[
        str, Meta(description="Its type in Python.", examples=["float"])
    ]
    role: (
        Annotated[
            ChosenRole,
            Meta(
                description="What its producer says that it is for.", examples=["sum"]
            ),
        ]
        | UnsetType
    ) = UNSET


class TableRepair(Struct, kw_only=True):
    """What differs between the producer's file and this table, its mended copy."""

    kind: Annotated[str, Meta(description="What was repaired.", examples=["zeros"])]
    count: Annotated[int, Meta(description="Cells, or lines.", ge=1)]
    column: Annotated[
        str, Meta(description="The column; empty: lines.", examples=["code postal"])
    ]


class TableProfile(Struct, kw_only=True):
    """The columns of a table."""

    header: Annotated[
        list[str], Meta(description="Names in order.", examples=[["hauteur"]])
    ]
    columns: Annotated[
        dict[str, ColumnProfile],
        Meta(
            description="The type of each column.",
            examples=[{"hauteur": {"format": "float", "python_type": "float"}}],
        ),
    ]
    schema: Annotated[
        dict[str, Any],
        Meta(
            description="The same as a Table Schema.",
            examples=[{"fields": [{"name": "hauteur", "type": "number"}]}],
        ),
    ]
    total_lines: (
        Annotated[
            int,
            Meta(description="Number of rows; absent for a restricted table.", ge=0),
        ]
        | UnsetType
    ) = UNSET
    repairs: (
        Annotated[
            list[TableRepair],
            Meta(
                description="Where the producer puts zeros back or offers a mended copy of the file."
            ),
        ]
        | UnsetType
    ) = UNSET


class TableProfileAnswer(Struct, kw_only=True):
    """What is known of a table."""

    profile: TableProfile


class RowPageLinks(Struct, kw_only=True):
    """Addresses around a page of rows."""

    profile: Address
    swagger: Address
    next: Address | None
    prev: Address | None


class RowPageMeta(Struct, kw_only=True):
    """Which page of rows this is."""

    page: Annotated[int, Meta(ge=1)]
    page_size: Annotated[int, Meta(ge=1, le=LARGEST_PAGE)]
    total: Annotated[int, Meta(description="Rows that answer.", ge=0)]


class RowPageAnswer(Struct, kw_only=True):
    """A page of rows."""

    data: list[Row]
    links: RowPageLinks
    meta: RowPageMeta


class RowSelection(Struct, kw_only=True):
    """The query of a table, besides `column__operator`, which each column has."""

    conditions: (
        Annotated[
            str,
            Meta(
                description="Conditions of which one is enough: (a__exact.1,and(b__less.3,c__isnull)).",
                examples=["(__id__exact.1,__id__exact.2)"],
            ),
        ]
        | UnsetType
    ) = field(name="or", default=UNSET)
    q: (
        Annotated[
            str,
            Meta(
                description="Words that rows hold in some column of text, whatever capitals and accents; in the first 40 such columns.",
                examples=["tilleul"],
            ),
        ]
        | UnsetType
    ) = UNSET
    columns: (
        Annotated[
            str,
            Meta(
                description="These columns only: names with commas between.",
                examples=["__id"],
            ),
        ]
        | UnsetType
    ) = UNSET


class RowPageParameters(RowSelection, kw_only=True):
    """The query of a page of rows."""

    page: Annotated[
        int, Meta(description="Which page, from 1.", ge=1, examples=[1])
    ] = 1
    page_size: Annotated[
        int, Meta(description="Rows a page.", ge=1, le=LARGEST_PAGE)
    ] = PAGE_SIZE


class OgcLink(Struct, kw_only=True):
    """A link (RFC 8288)."""

    href: Address
    rel: Annotated[str, Meta(examples=["self"])]
    type: Annotated[str, Meta(examples=["application/json"])]
    title: str | UnsetType = UNSET


class MapLanding(Struct, kw_only=True):
    """Where the maps of a table begin."""

    title: str
    description: Annotated[str, Meta(examples=["Arbres de la ville"])]
    links: list[OgcLink]


class MapConformance(Struct, kw_only=True):
    """What of the standard is kept."""

    conforms_to: Annotated[
        list[str],
        Meta(
            examples=[["http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core"]]
        ),
    ] = field(name="conformsTo")


class MapCollection(Struct, kw_only=True):
    """The collection of the rows that have places."""

    id: Annotated[str, Meta(examples=[COLLECTION])]
    title: str
    description: Annotated[str, Meta(examples=["Arbres de la ville"])]
    item_type: Annotated[str, Meta(examples=["feature"])] = field(name="itemType")
    crs: Annotated[
        list[str], Meta(examples=[["http://www.opengis.net/def/crs/OGC/1.3/CRS84"]])
    ]
    links: list[OgcLink]
    extent: (
        Annotated[
            dict[str, Any],
            Meta(
                description="The rectangle of its places.",
                examples=[{"spatial": {"bbox": [[-1.8, 48, -1.5, 48.2]]}}],
            ),
        ]
        | UnsetType
    ) = UNSET


class MapCollections(Struct, kw_only=True):
    """The collections: one."""

    links: list[OgcLink]
    collections: list[MapCollection]


class MapFeature(Struct, kw_only=True):
    """A row and its place (GeoJSON)."""

    type: Annotated[str, Meta(extra_json_schema={"enum": ["Feature"]})]
    id: Annotated[int, Meta(description="Number of the row.")]
    geometry: Annotated[
        dict[str, Any] | None,
        Meta(
            description="Its place, in longitude and latitude.",
            examples=[{"type": "Point", "coordinates": [-1.7, 48.1]}],
        ),
    ]
    properties: Annotated[
        dict[str, Any] | None,
        Meta(description="The other columns.", examples=[{"essence": "Tilleul"}]),
    ]
    links: list[OgcLink] | UnsetType = UNSET


class MapFeaturePage(Struct, kw_only=True):
    """A page of rows and their places (GeoJSON)."""

    type: Annotated[str, Meta(extra_json_schema={"enum": ["FeatureCollection"]})]
    features: list[MapFeature]
    matched: Annotated[int, Meta(description="How many answer.", ge=0)] = field(
        name="numberMatched"
    )
    returned: Annotated[int, Meta(description="How many are here.", ge=0)] = field(
        name="numberReturned"
    )
    time_stamp: Annotated[str, Meta(examples=["2026-03-02T08:30:00Z"])] = field(
        name="timeStamp"
    )
    links: list[OgcLink]


class MapParameters(Struct, kw_only=True):
    """The query of the places of a table; each column is a parameter too, and so are the filters of its rows (`column__operator=value`, `q`, `or`)."""

    bbox: (
        Annotated[
            str,
            Meta(
                description="Rectangle that places touch: west,south,east,north in degrees.",
                pattern=f"^{NUMBER}(,{NUMBER}){{3}}((,{NUMBER}){{2}})?$",
                examples=["-1.8,48,-1.5,48.2"],
            ),
        ]
        | UnsetType
    ) = UNSET
    moment: (
        Annotated[
            str,
            Meta(
                description="A day, or two moments with a slash between; .. leaves an end open.",
                examples=["2024-01-01/.."],
            ),
        ]
        | UnsetType
    ) = field(name="datetime", default=UNSET)
    limit: Annotated[
        int,
        Meta(description="How many at most.", ge=1),
    ] = USUAL
    offset: Annotated[
        int, Meta(description="After how many to begin.", ge=0, le=FARTHEST)
    ] = 0
