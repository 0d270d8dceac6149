"""What the tables of tenant.toml are made of."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

SLUG = r"^[a-z0-9]+(?:-[a-z0-9]+)*$"
Words = Annotated[str, Field(min_length=1, max_length=300)]
ByLanguage = dict[str, Words]


class TenantFilePart(BaseModel):
    """A table of tenant.toml; a key that is not known is a fault."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)
