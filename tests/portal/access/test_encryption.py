"""A project gives its public key, the node that has the file asks for it and encrypts, and the project opens what it wrote."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_public_key,
)
from typer.testing import CliRunner

from tests.contract.node import Issuer, registered, trusted_issuer
from tests.portal.access.conftest import Workspace
from udi.cli.main import build_app
from udi.portal.access.models import ProjectKey
from udi.portal.audit.models import AuditEvent
from udi.portal.catalogue.models import Distribution

ADDRESSES = ("/apigateway/v1/encryption-key", "/konsult/v1/encryption-key")
CONTENT = b"compteur;index\nPA-0001;12\n" * 5_000
PASSWORD = "mot de passe"
WHY = {"words": "La mesure a changé."}
MACHINE = {"Accept": "application/json"}


def public_pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return (
        key.public_key()
        .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def private_pem(
    key: rsa.RSAPrivateKey,
    format_: PrivateFormat = PrivateFormat.PKCS8,
    *,
    locked: bool = False,
) -> str:
    if locked:
        lock = BestAvailableEncryption(PASSWORD.encode())
    else:
        lock = NoEncryption()
    return key.private_bytes(Encoding.PEM, format_, lock).decode()


@pytest.fixture(scope="module")
def pair() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 3072)


@asynccontextmanager
async def agreed(workspace: Workspace) -> AsyncIterator[tuple[Issuer, str, UUID]]:
    """A project with an agreement: its address, and a file of the dataset."""
    with trusted_issuer(workspace.site) as issuer:
        await workspace.set_policy()
        address = await workspace.agree()
        media = next(
            distribution.id
            for distribution in await workspace.rows(Distribution)
            if distribution.dataset_id == workspace.dataset
        )
        yield issuer, address, media


async def home(workspace: Workspace, agreement: str) -> str:
    return f"/projects/{(await workspace.agreement_row(agreement)).project_id}/access"


async def give(workspace: Workspace, agreement: str, written: str) -> httpx.Response:
    return await workspace.person.post(
        f"{await home(workspace, agreement)}/key", data={"public_key": written}
    )


async def ask(
    workspace: Workspace,
    issuer: Issuer,
    media: UUID | str,
    *,
    client: str = "node-hosted",
    at: str = ADDRESSES[0],
) -> httpx.Response:
    token = issuer.token(
        f"{workspace.territory.slug}-{client}", workspace.territory.origin
    )
    headers = MACHINE | {"Authorization": f"Bearer {token}"}
    return await workspace.passer.get(
        at, params={"media-id": str(media)}, headers=headers
    )


def encrypt_as_rudi(content: bytes, pem: str) -> bytes:
    """What RUDI's node makes in its browser: one key under RSA-OAEP, then the file under AES-GCM, at once."""
    reader = load_pem_public_key(pem.encode())
    key = os.urandom(32)
    nonce = os.urandom(12)
    assert isinstance(reader, rsa.RSAPublicKey)
    padding = OAEP(mgf=MGF1(SHA256()), algorithm=SHA256(), label=None)
    return reader.encrypt(key + nonce, padding) + AESGCM(key).encrypt(
        nonce, content, None
    )


async def test_what_the_node_encrypts_for_the_key_that_was_given_is_opened_by_the_project(
    workspace: Workspace,
    pair: rsa.RSAPrivateKey,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "private.pem").write_text(private_pem(pair, locked=True))
    async with agreed(workspace) as (issuer, agreement, media):
        assert (await give(workspace, agreement, public_pem(pair))).status_code == 303
        answers = [
            await ask(workspace, issuer, media, at=address) for address in ADDRESSES
        ]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].text == answers[1].text == public_pem(pair)
    assert answers[0].headers["content-type"] == "application/octet-stream"
    [stored_key] = await workspace.rows(ProjectKey)
    assert (
        stored_key.sha256
        in (await workspace.person.get(await home(workspace, agreement))).text
    )
    for reader, sees in (
        (workspace.producer, True),
        (workspace.person, False),
        (workspace.passer, False),
    ):
        assert ("BEGIN PUBLIC KEY" in (await reader.get(agreement)).text) is sees
    medium = tmp_path / "compteurs.csv.crypt"
    medium.write_bytes(encrypt_as_rudi(CONTENT, answers[0].text))
    monkeypatch.setenv("UDI_KEY_PASSWORD", PASSWORD)
    command = [
        "decrypt",
        str(medium),
        "--key",
        str(tmp_path / "private.pem"),
        "--to",
        str(tmp_path / "compteurs.csv"),
    ]
    done = await asyncio.to_thread(CliRunner().invoke, build_app("decrypt"), command)
    assert done.exception is None, done.output
    assert (tmp_path / "compteurs.csv").read_bytes() == CONTENT


async def test_only_a_public_rsa_key_that_is_strong_enough_is_kept(
    workspace: Workspace, pair: rsa.RSAPrivateKey
) -> None:
    refused = {
        private_pem(pair): "rester chez vous",
        private_pem(pair, locked=True): "rester chez vous",
        private_pem(pair, PrivateFormat.TraditionalOpenSSL): "rester chez vous",
        public_pem(pair) + private_pem(pair): "rester chez vous",
        public_pem(ec.generate_private_key(ec.SECP256R1())): "pas une clé RSA",
        public_pem(rsa.generate_private_key(65537, 1024)): "1024 bits",  # noqa: S505 - the weak one that is refused
        public_pem(pair)[:200]: "Aucune clé publique",
        "": "Aucune clé publique",
    }
    async with agreed(workspace) as (issuer, agreement, media):
        for key_text, why in refused.items():
            page = await give(workspace, agreement, key_text)
            assert (page.status_code, why in page.text) == (422, True), why
            assert [
                line for line in key_text.splitlines()[1:2] if line in page.text
            ] == []
        none = await ask(workspace, issuer, media)

    assert await workspace.rows(ProjectKey) == []
    assert (none.status_code, "donné de clé" in none.json()["detail"]) == (404, True)
    assert not [
        name for name in await workspace.events() if name.startswith("project_key")
    ]


async def test_a_key_is_replaced_removed_and_follows_the_agreement(
    workspace: Workspace, pair: rsa.RSAPrivateKey
) -> None:
    other = rsa.generate_private_key(65537, 2048)
    old_form = (
        other.public_key().public_bytes(Encoding.PEM, PublicFormat.PKCS1).decode()
    )
    async with agreed(workspace) as (issuer, agreement, media):
        await give(workspace, agreement, public_pem(pair))
        await give(workspace, agreement, old_form)
        assert (await ask(workspace, issuer, media)).text == public_pem(other)
        await workspace.producer.post(f"{agreement}/suspend", data=WHY)
        suspended = await ask(workspace, issuer, media)
        await workspace.producer.post(f"{agreement}/resume")
        await workspace.producer.post(
            f"{agreement}/give_notice", data=WHY | {"days": "30"}
        )
        assert (await ask(workspace, issuer, media)).status_code == 200
        second = await workspace.agree()
        assert (await ask(workspace, issuer, media)).text == public_pem(other), (
            "the second project gave none"
        )
        await give(workspace, second, public_pem(pair))
        several = await ask(workspace, issuer, media)
        await workspace.person.post(f"{await home(workspace, agreement)}/key/remove")
        assert (await ask(workspace, issuer, media)).text == public_pem(pair)
        await workspace.producer.post(f"{second}/revoke", data=WHY)
        over = await ask(workspace, issuer, media)

    assert [answer.status_code for answer in (suspended, several, over)] == [404] * 3
    assert suspended.json() == over.json() != several.json()
    assert "Plusieurs projets" in several.json()["detail"]
    assert await events_of_keys(workspace) == ["given", "given", "given", "removed"]


async def events_of_keys(workspace: Workspace) -> list[str]:
    events = [
        event
        for event in await workspace.rows(AuditEvent)
        if event.name.startswith("project_key.")
    ]
    assert all(len(event.facts["sha256"]) == 64 for event in events)
    return [
        event.name.removeprefix("project_key.")
        for event in sorted(events, key=lambda event: event.at)
    ]


async def test_nobody_but_the_node_of_the_file_and_who_leads_the_project_has_a_part_in_it(
    workspace: Workspace, pair: rsa.RSAPrivateKey
) -> None:
    await registered(workspace.site, workspace.territory, slug="south")
    async with agreed(workspace) as (issuer, agreement, media):
        assert (await give(workspace, agreement, public_pem(pair))).status_code == 303
        answers = [
            await workspace.passer.get(
                ADDRESSES[0], params={"media-id": str(media)}, headers=MACHINE
            ),
            await workspace.passer.get(ADDRESSES[0], headers=MACHINE),
            await workspace.person.get(
                ADDRESSES[0], params={"media-id": str(media)}, headers=MACHINE
            ),
            await ask(workspace, issuer, media, client="node-south"),
            await ask(workspace, issuer, media, client="project"),
            await ask(workspace, Issuer(issuer.url), media),
            await ask(workspace, issuer, uuid4()),
        ]
        page = await home(workspace, agreement)

    assert [answer.status_code for answer in answers] == [404] * len(answers)
    assert (
        len({(answer.json()["detail"], answer.json()["remedy"]) for answer in answers})
        == 1
    )
    assert not [answer for answer in answers if "PUBLIC KEY" in answer.text]
    for other in (workspace.producer, workspace.team):
        assert (
            await other.post(f"{page}/key", data={"public_key": public_pem(pair)})
        ).status_code == 404
        assert (await other.post(f"{page}/key/remove")).status_code == 404
    assert len(await workspace.rows(ProjectKey)) == 1
