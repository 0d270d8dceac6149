"""A producer with its own node: the operator registers it, it publishes with its credential, and only for its producer."""

import copy
import json
import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.journeys.installation import Installation
from udi.portal.tenants.files import read_folder

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def credential(installation: Installation) -> dict[str, str]:
    """What `udi node add --json` prints, once."""
    done = installation.run(
        "node",
        "add",
        "demo",
        "seve-node",
        "--url",
        "http://127.0.0.1:9",
        "--producer",
        "seve",
        "--json",
    )
    assert done.returncode == 0, done.stderr
    node_credential: dict[str, str] = json.loads(done.stdout)
    return node_credential


def record(slug: str) -> dict[str, Any]:
    """A small valid record of one of the demonstration's producers."""
    folder = read_folder(ROOT / "tenants/demo")
    producer = next(part for part in folder.file.organisation if part.slug == slug)
    words = [{"lang": "fr", "text": "Arbres plantés par les bénévoles."}]
    moment = "2026-11-01T08:00:00+00:00"
    return {
        "global_id": str(uuid.uuid4()), "resource_title": "Arbres plantés", "synopsis": words, "summary": words,
        "theme": "environment", "keywords": ["arbres"], "storage_status": "online",
        "producer": {"organization_id": str(folder.organisation_id(producer)), "organization_name": producer.name},
        "contacts": [{"contact_id": str(uuid.uuid4()), "contact_name": producer.name, "email": producer.email}],
        "available_formats": [{
            "media_id": str(uuid.uuid4()), "media_type": "FILE", "file_type": "text/csv", "file_size": 12,
            "checksum": {"algo": "SHA-256", "hash": "0" * 64},
            "connector": {"url": "http://127.0.0.1:9/arbres.csv", "interface_contract": "dwnl"},
        }],
        "dataset_dates": {"created": moment, "updated": moment},
        "access_condition": {
            "licence": {"licence_type": "STANDARD", "licence_label": "etalab-2.0"},
            "confidentiality": {"restricted_access": False, "gdpr_sensitive": False},
        },
        "metadata_info": {"api_version": "1.4.1"},
    }  # fmt: skip


@pytest.fixture
async def node(installation: Installation, credential: dict[str, str]) -> Any:
    """The node, with a token it asked for itself."""
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{installation.settings.port(0)}"
    ) as client:
        client.headers["Host"] = "demo.localhost"
        basic = httpx.BasicAuth(credential["client_id"], credential["client_secret"])
        token = await client.post(
            "/oauth2/token", data={"grant_type": "client_credentials"}, auth=basic
        )
        client.headers["Authorization"] = f"Bearer {token.json()['access_token']}"
        yield client


async def test_a_registered_node_publishes_for_its_producer(
    node: httpx.AsyncClient,
) -> None:
    sent = record("seve")

    answer = await node.post("/kalim/v1/resources", json=sent)

    assert answer.status_code == 200, answer.text
    report = await node.get(f"/kalim/v1/resources/{sent['global_id']}/report")
    assert report.json()["integration_status"] == "OK"


async def test_it_may_not_publish_for_another_producer(node: httpx.AsyncClient) -> None:
    answer = await node.post("/kalim/v1/resources", json=record("mairie-kerlevan"))

    assert answer.status_code == 403
    assert answer.json()["errors"][0]["code"] == "ERR-112"


async def test_its_credential_opens_nothing_on_another_territory(
    installation: Installation, node: httpx.AsyncClient
) -> None:
    sent = copy.deepcopy(record("seve"))

    answer = await node.post(
        "/kalim/v1/resources", json=sent, headers={"Host": "autre.localhost"}
    )

    assert answer.status_code == 401


def test_a_second_registration_under_the_same_name_is_refused(
    installation: Installation, credential: dict[str, str]
) -> None:
    done = installation.run(
        "node", "add", "demo", "seve-node", "--url", "http://127.0.0.1:9"
    )

    assert done.returncode == 1
    assert "already registered" in done.stderr
    assert credential["client_secret"] not in done.stdout + done.stderr


def test_a_wrong_address_is_named_and_registers_nothing(
    installation: Installation,
) -> None:
    done = installation.run(
        "node", "add", "demo", "bad-node", "--url", "ftp://somewhere"
    )
    listed = installation.run("node", "list", "demo", "--json")

    assert done.returncode == 1
    assert "url:" in done.stderr
    assert "bad-node" not in listed.stdout


def test_the_commands_of_a_territory_say_what_is_wrong(
    installation: Installation, tmp_path: Path
) -> None:
    folder = tmp_path / "demo"
    folder.mkdir()
    (folder / "tenant.toml").write_text("[territory]\nslug = 3\n")

    failed_check = installation.run("tenant", "check", str(folder))
    right = installation.run("tenant", "check", "demo")
    listed = installation.run("tenant", "list", "--json")

    assert (failed_check.returncode, right.returncode) == (1, 0)
    assert "territory.slug, line 2" in failed_check.stderr
    assert "charter.md" in failed_check.stderr
    assert {row["slug"] for row in json.loads(listed.stdout)} == {"demo", "autre"}
