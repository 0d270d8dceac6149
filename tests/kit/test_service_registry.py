from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from tests.service_overrides import overridden_services
from udi.kit.service_registry import (
    DuplicateServiceError,
    Hook,
    ServiceKey,
    ServiceMissingError,
    Services,
)

CLOCK = ServiceKey[str]("clock", "towers")
BELL = ServiceKey[object]("bell", "towers")
TUNES = Hook[str]("tunes")


def test_provide_returns_the_service_and_its_key_leads_to_it() -> None:
    services = Services()

    assert services.provide(CLOCK, "of the hall") == "of the hall"
    assert (services[CLOCK], services.find(CLOCK)) == ("of the hall", "of the hall")
    assert services[ServiceKey[str]("clock", "towers")] == "of the hall"


def test_a_missing_service_names_the_key_and_its_domain() -> None:
    services = Services()

    with pytest.raises(ServiceMissingError, match=r"“clock”.*“towers”"):
        services[CLOCK]
    assert services.find(CLOCK) is None


def test_provide_refuses_a_second_service_of_the_same_key() -> None:
    services = Services()
    services.provide(CLOCK, "of the hall")

    with pytest.raises(DuplicateServiceError, match=r"“clock”.*“towers”.*twice"):
        services.provide(CLOCK, "of the church")
    assert services[CLOCK] == "of the hall"


def test_contributions_keep_their_order_and_may_be_none() -> None:
    services = Services()
    assert services.contributions(TUNES) == ()

    services.contribute(TUNES, "noon", "evening")
    services.contribute(TUNES, "night")

    assert services.contributions(TUNES) == ("noon", "evening", "night")


async def test_close_closes_the_last_first_and_once() -> None:
    closed: list[str] = []

    def note(name: str) -> Callable[[], Coroutine[Any, Any, None]]:
        async def close() -> None:
            closed.append(name)

        return close

    services = Services()
    services.provide(CLOCK, "clock", close=note("clock"))
    services.provide(BELL, "bell", close=note("bell"))

    await services.close()
    await services.close()

    assert closed == ["bell", "clock"]


def test_overridden_services_come_back_and_follow_the_object_under_its_other_key() -> (
    None
):
    services = Services()
    shared = "of the hall"
    services.provide(CLOCK, shared)
    services.provide(BELL, shared)

    with overridden_services(services) as overrides:
        overrides[CLOCK] = "of the test"
        assert (services[CLOCK], services[BELL]) == ("of the test", "of the test")
        del overrides[BELL]
        assert services.find(BELL) is None

    assert (services[CLOCK], services[BELL]) == (shared, shared)
