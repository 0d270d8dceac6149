"""The key for which a node encrypts a restricted file; the domain that knows who may read it finds it."""

from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.service_registry import ServiceKey

FindEncryptionKey = Callable[[AsyncSession, Sequence[UUID]], Awaitable[str]]
"""The public key (PEM) for the files of these datasets; a `NotFoundError` says why there is none."""
FIND_KEY = ServiceKey[FindEncryptionKey]("encryption key of files", "access")
