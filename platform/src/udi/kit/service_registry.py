"""What the domains of one program share: one object for each typed key, and contributions of several domains to a hook."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

T = TypeVar("T")
CloseService = Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class ServiceKey(Generic[T]):
    """The name and the type of one service, and the domain that provides it; kept in the package that defines the type."""

    name: str
    domain: str


@dataclass(frozen=True)
class Hook(Generic[T]):
    """The name and the type of what any number of domains contribute."""

    name: str


class ServiceMissingError(LookupError):
    """A service is needed that no domain of this program provides."""

    def __init__(self, key: ServiceKey[Any]) -> None:
        super().__init__(
            f"No service “{key.name}” is provided: the domain “{key.domain}” should provide it, and this program does not have that domain."
        )
        self.key = key


class DuplicateServiceError(ValueError):
    """Two domains provide the same service: one of them would be ignored."""

    def __init__(self, key: ServiceKey[Any]) -> None:
        super().__init__(
            f"The service “{key.name}” of the domain “{key.domain}” is provided twice."
        )
        self.key = key


class Services:
    """Typed services of one process: `services[KEY]` has the type of the key."""

    def __init__(self) -> None:
        self._values: dict[ServiceKey[Any], object] = {}
        self._contributions: dict[Hook[Any], tuple[object, ...]] = {}
        self._closing: list[CloseService] = []

    def provide(
        self, key: ServiceKey[T], service: T, *, close: CloseService | None = None
    ) -> T:
        """Offer a service to all domains, and return it; `close` is awaited when the program ends.

        Raises:
            DuplicateServiceError: the key has a service already.
        """
        if key in self._values:
            raise DuplicateServiceError(key)
        self._values[key] = service
        if close is not None:
            self._closing.append(close)
        return service

    def __getitem__(self, key: ServiceKey[T]) -> T:
        """The service of a key.

        Raises:
            ServiceMissingError: no domain provides it.
        """
        if key not in self._values:
            raise ServiceMissingError(key)
        return cast("T", self._values[key])

    def find(self, key: ServiceKey[T]) -> T | None:
        """The service of a key, or None where no domain of this program provides it."""
        return cast("T | None", self._values.get(key))

    def contribute(self, hook: Hook[T], *values: T) -> None:
        """Add to a hook, after what other domains added."""
        self._contributions[hook] = (*self.contributions(hook), *values)

    def contributions(self, hook: Hook[T]) -> tuple[T, ...]:
        """What all domains added to a hook, in the order of the domains."""
        return cast("tuple[T, ...]", self._contributions.get(hook, ()))

    async def close(self) -> None:
        """Close what was provided with a `close`, the last first."""
        while self._closing:
            await self._closing.pop()()
