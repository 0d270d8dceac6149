"""Run before the first mutant, so that what lasts is made by the program as it is: the services, the migrated databases."""

from udi.settings import Settings


def test_services_are_started(settings: Settings) -> None:
    assert settings.database_names
