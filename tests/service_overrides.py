"""Other services than a program has, until a test ends."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Self, TypeVar

import pytest

from udi.kit.service_registry import ServiceKey, Services

T = TypeVar("T")


class ServiceOverrides:
    """The services of a program, which a test may replace or take away."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def __getitem__(self, key: ServiceKey[T]) -> T:
        return self._services[key]

    def __setitem__(self, key: ServiceKey[T], service: T) -> None:
        """Replace a service under each key that it is provided under: a narrow one and a wide one, often."""
        values = self._services._values
        absent = object()
        before = values.get(key, absent)
        values[key] = service
        for other, value in values.items():
            if value is before:
                values[other] = service

    def __ior__(self, services: Mapping[ServiceKey[Any], Any]) -> Self:
        for key, service in services.items():
            self[key] = service
        return self

    def __delitem__(self, key: ServiceKey[Any]) -> None:
        del self._services._values[key]


@contextmanager
def overridden_services(services: Services) -> Iterator[ServiceOverrides]:
    """Let services be replaced, and have those of before come back."""
    before = dict(services._values)
    try:
        yield ServiceOverrides(services)
    finally:
        services._values.clear()
        services._values.update(before)


def override_service(
    monkeypatch: pytest.MonkeyPatch, services: Services, key: ServiceKey[T], service: T
) -> None:
    """Replace one service until the test ends."""
    monkeypatch.setitem(services._values, key, service)
