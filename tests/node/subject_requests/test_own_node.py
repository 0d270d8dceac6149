"""A producer's own node has the pages and the login of people where its invitation brought the secret of that client."""

import shutil
from pathlib import Path

import pytest

from udi.kit.oidc import subjects_client
from udi.node import site as node_parts
from udi.node.agreements.lender_login import LENDER_LOGIN
from udi.node.subject_requests.routes import list_routes
from udi.settings import MissingSecretError, Settings
from udi.ui.site import Site

SECRET = "node_subjects_baie"


def build_own_node(settings: Settings, folder: Path, *, secret: str) -> Site:
    """The parts of a node called `quai`, whose folder has the secret or not."""
    secrets = Path(shutil.copytree(settings.secrets_folder, folder / "secrets"))
    for path in secrets.glob("node_subjects_*"):
        path.unlink()
    if secret:
        (secrets / SECRET).write_text(secret)
    changes = {"node_name": "quai", "secrets": secrets, "state": folder}
    return node_parts.build_site(settings.model_copy(update=changes))


async def test_with_the_secret_people_ask_and_lend_there(
    settings: Settings, tmp_path: Path
) -> None:
    site = build_own_node(settings, tmp_path, secret="drawn")
    client = subjects_client(site.settings, "baie", "https://quai.example")

    assert site.settings.takes_subject_requests
    assert list_routes(site) != []
    assert len(site.services.contributions(LENDER_LOGIN)) == 1
    assert client.id == "baie-node-quai-subjects"
    assert client.secret == "drawn"
    assert client.callback == "https://quai.example/subjects/login/callback"
    assert client.scope == "openid"


async def test_without_it_nobody_does(settings: Settings, tmp_path: Path) -> None:
    site = build_own_node(settings, tmp_path, secret="")

    assert not site.settings.takes_subject_requests
    assert list_routes(site) == []
    assert list(site.services.contributions(LENDER_LOGIN)) == []
    with pytest.raises(MissingSecretError):
        subjects_client(site.settings, "baie", "https://quai.example")


async def test_the_hosted_node_always_does(settings: Settings) -> None:
    assert settings.takes_subject_requests
    assert subjects_client(settings, "baie", "https://n.example").id == "baie-subjects"
