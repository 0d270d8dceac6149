"""What the tables of tenant.toml are made of."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

SLUG = r"^[a-z0-9]+(?:-[a-z0-9]+)*$"


def refuse_nul(text: str) -> str:
    """The text, which databases can hold.

    Raises:
        ValueError: it has a NUL.
    """
    if "\0" in text:
        msg = "it has a character that no text has (NUL)"
        raise ValueError(msg)
    return text


Words = Annotated[str, Field(min_length=1, max_length=300), AfterValidator(refuse_nul)]
ByLanguage = dict[str, Words]


class TenantFilePart(BaseModel):
    """A table of tenant.toml; a key that is not known is a fault."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)
