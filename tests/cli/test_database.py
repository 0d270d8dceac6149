"""`udi database prepare` on a server that is reached by an address, as where several machines share the work."""

import pytest

from tests.cli.conftest import Run
from udi.cli import database
from udi.settings import Settings


@pytest.fixture(autouse=True)
def _settings(command_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "get_settings", lambda: command_settings)


async def test_the_superuser_enters_by_the_address_with_the_password_of_a_secret(
    run: Run,
) -> None:
    done = await run("database", "prepare", "--superuser-secret", "postgres_password")

    assert (done.exit_code, done.output.strip()) == (0, "unchanged")


@pytest.mark.parametrize(
    ("secret", "message"),
    [
        ("portal_app_password", "is its superuser's password"),
        ("absent", "cannot be read at"),
    ],
)
async def test_another_secret_is_refused_with_its_name_and_without_its_content(
    run: Run, settings: Settings, secret: str, message: str
) -> None:
    refused = await run("database", "prepare", "--superuser-secret", secret)

    output = f"{refused.output}{refused.exception}"
    assert refused.exit_code != 0
    assert (f"«{secret}»" in output, message in output) == (True, True)
    assert settings.secret("portal_app_password") not in output
