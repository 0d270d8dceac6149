"""The settings of notices."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class NoticeSettings(BaseSettings):
    """Read from the environment, prefix `UDI_NOTICES_`."""

    model_config = SettingsConfigDict(env_prefix="UDI_NOTICES_", frozen=True)

    contact: str = Field(
        default="",
        description="Address that the page gives for questions; empty: none.",
    )
