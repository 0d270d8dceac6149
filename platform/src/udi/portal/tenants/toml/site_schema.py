"""The shape of what lays out a territory's pages: blocks of the home, menu, footer; and of what begins a text."""

import re
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, field_validator, model_validator

from udi.portal.tenants.toml.field_types import SLUG, ByLanguage, TenantFilePart

BlockKind = Literal[
    "search",
    "begin",
    "call",
    "news",
    "figure",
    "projects",
    "latest",
    "requests",
    "datasets",
    "themes",
    "counts",
    "map",
    "page",
]
DEFAULT_BLOCKS: tuple[BlockKind, ...] = (
    "search",
    "call",
    "news",
    "projects",
    "latest",
    "requests",
    "themes",
    "counts",
    "begin",
)
"""What the home shows, in this order, where tenant.toml says nothing of it."""
REPEATED = {"figure", "datasets", "page"}
"""Kinds of which a home may have several."""
OPTIONS: dict[str, set[str]] = {
    "news": {"count"},
    "projects": {"count"},
    "latest": {"count"},
    "requests": {"count"},
    "datasets": {"datasets"},
    "figure": {"value", "text", "dataset"},
    "map": {"dataset"},
    "page": {"page"},
}
"""The options of each kind, besides `title` and `hidden`, which all have."""
NEEDED = {"datasets": ("datasets",), "figure": ("value", "text"), "page": ("page",)}
PUBLISH = "publish"
"""The target of a link to the hosted node, where a producer publishes."""
PORTAL_PAGES = (
    "/",
    "/data",
    "/projects",
    "/calls",
    "/my-data",
    "/my-data/rights",
    "/help",
    "/data-requests",
    "/producers",
    "/news",
    "/join",
    "/charter",
    "/legal",
    "/api",
    "/accessibility",
    "/eco-design",
)
"""Pages of the portal that a menu may lead to."""
OUTSIDE = re.compile(r"https?://[^\s/?#]+\.[^\s]+|mailto:[^\s@]+@[^\s@]+")
INSIDE = re.compile(r"/(?!/)[A-Za-z0-9._~%/?&=+,:;@!$'()*-]*")
Target = Annotated[str, Field(min_length=1, max_length=500)]
Slug = Annotated[str, Field(pattern=SLUG, max_length=60)]


class LinkPart(TenantFilePart):
    """`[[menu]]`, and `links` of `[[footer]]`: a link."""

    label: ByLanguage = Field(
        min_length=1, description="Words of the link, by language."
    )
    to: Target = Field(
        description="Where it leads: a page of the portal (`/projects`), one of yours (`/pages/about`), `publish`, or an address elsewhere (`https://…`, `mailto:…`)."
    )

    @field_validator("to")
    @classmethod
    def _check_target(cls, value: str) -> str:
        is_known = (
            value == PUBLISH or OUTSIDE.fullmatch(value) or INSIDE.fullmatch(value)
        )
        if not is_known:
            msg = f"«{value}» leads nowhere: write a path such as /projects, «publish», or an address that begins with https://"
            raise ValueError(msg)
        path = re.split(r"[?#]", value, maxsplit=1)[0]
        is_content = path.startswith(("/pages/", "/news/"))
        if INSIDE.fullmatch(value) and not is_content and path not in PORTAL_PAGES:
            msg = f"the portal has no page {path} for a menu: choose among {', '.join(PORTAL_PAGES)}, /pages/<name> and /news/<name>"
            raise ValueError(msg)
        return value


class FooterPart(TenantFilePart):
    """`[[footer]]`: a column of links at the foot of the pages."""

    title: ByLanguage = Field(min_length=1, description="Its title, by language.")
    links: list[LinkPart] = Field(
        min_length=1,
        max_length=10,
        description="Its links: `label` and `to`, as in the menu.",
    )


class BlockPart(TenantFilePart):
    """`[[home]]`: a block of the home, in the order in which it is shown."""

    kind: BlockKind = Field(
        description="What it shows: `search`, `begin`, `call`, `news`, `figure`, `projects`, `latest`, `requests`, `datasets`, `themes`, `counts`, `map`, `page`."
    )
    title: ByLanguage = Field(
        default_factory=dict, description="A title in place of ours, by language."
    )
    hidden: bool = Field(
        default=False, description="Whether it is left out for now; its options stay."
    )
    count: int | None = Field(
        default=None,
        ge=1,
        le=12,
        description="How many are shown (`news`, `projects`, `latest`, `requests`).",
    )
    datasets: list[UUID] = Field(
        default=[],
        max_length=12,
        description="Identifiers of the chosen datasets (`datasets`).",
    )
    value: ByLanguage = Field(
        default_factory=dict,
        description="The number, as it is read, by language (`figure`).",
    )
    text: ByLanguage = Field(
        default_factory=dict, description="What it counts, by language (`figure`)."
    )
    dataset: UUID | None = Field(
        default=None,
        description="The dataset that the number comes from (`figure`), or whose area is shown (`map`).",
    )
    page: Slug | None = Field(
        default=None, description="Name of the page whose text is shown (`page`)."
    )

    @model_validator(mode="after")
    def _check_options(self) -> "BlockPart":
        given = self.model_fields_set - {"kind", "title", "hidden"}
        if foreign := sorted(given - OPTIONS.get(self.kind, set())):
            msg = f"a block «{self.kind}» has no option {', '.join(foreign)}"
            raise ValueError(msg)
        for option in NEEDED.get(self.kind, ()):
            if not getattr(self, option):
                msg = f"a block «{self.kind}» needs {option}"
                raise ValueError(msg)
        return self


def check_kinds(blocks: list[BlockPart]) -> list[BlockPart]:
    """The blocks, each kind once but those that may come again.

    Raises:
        ValueError: a kind is there twice.
    """
    kinds = [block.kind for block in blocks if block.kind not in REPEATED]
    for kind in kinds:
        if kinds.count(kind) > 1:
            msg = f"the block «{kind}» is there twice"
            raise ValueError(msg)
    return blocks


class ArticlePart(TenantFilePart):
    """The front matter of a page or of news, between two lines `+++`."""

    title: Annotated[str, Field(min_length=1, max_length=150)] = Field(
        description="Its title."
    )
    summary: str = Field(
        default="", max_length=300, description="One or two sentences, for lists."
    )
    picture: str = Field(
        default="", max_length=80, description="Name of a file of `pictures/`."
    )


class PicturePart(TenantFilePart):
    """A table of pictures.toml, by the name of the file."""

    alternative: ByLanguage = Field(
        min_length=1,
        description="What the picture shows, by language, for those who do not see it.",
    )
