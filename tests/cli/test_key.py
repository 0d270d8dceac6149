"""Rotating the signing key: published before it signs, the one before kept, no valid report refused meanwhile."""

import json
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.node.counterpart import PortalDouble
from tests.node.test_ring import aged as aged_ring
from udi.kit.credentials import SignedDocumentKind
from udi.kit.errors import ConflictError
from udi.kit.http import open_outgoing_client
from udi.kit.keys import (
    DOCUMENT_RETENTION,
    PUBLICATION_DELAY,
    RETENTION,
    InvalidSignatureError,
    Signer,
    key_ages,
    rotate_keys,
    verify,
    verify_document,
)
from udi.kit.sealed_columns import secret_name
from udi.kit.tenancy import Territory
from udi.node.datasets.exchange.portal import PortalKeys
from udi.protocol.credentials import REPORT
from udi.settings import Settings

MINUTE = timedelta(minutes=1)
DOCUMENT = SignedDocumentKind(typ="a+jwt")
WHO = {"issuer": "https://portal.example", "audience": "https://node.example"}


@pytest.fixture
def command_settings(settings: Settings, tmp_path: Path) -> Settings:
    """Secrets of this test's own."""
    folder = Path(shutil.copytree(settings.secrets_folder, tmp_path / "secrets"))
    return settings.model_copy(update={"secrets": folder})


@pytest.fixture
def secret(command_settings: Settings) -> Path:
    """A key that was drawn long ago."""
    path = command_settings.secrets_folder / "signing_keys"
    path.write_text(aged(path.read_text(), timedelta(days=400)))
    return path


def aged(text: str, by: timedelta) -> str:
    """The same set as if its keys had been drawn earlier."""
    listed = json.loads(text)["keys"]
    return json.dumps(
        {
            "keys": [
                {**key, "iat": key["iat"] - int(by.total_seconds())} for key in listed
            ]
        }
    )


def sign(signer: Signer) -> str:
    return signer.sign(REPORT, subject="x", **WHO)


def content(path: Path) -> str:
    return path.read_text()


def write(path: Path, text: str) -> None:
    path.write_text(text)


def mode(path: Path) -> int:
    return path.stat().st_mode


def grow_old(path: Path, by: timedelta) -> None:
    path.write_text(aged(path.read_text(), by))


async def test_the_new_key_is_published_at_once_and_signs_ten_minutes_later(
    run: Run, secret: Path
) -> None:
    portal = Signer.from_file(secret)
    before = sign(portal)

    result = await run("key", "rotate", "--json")

    states = [row["state"] for row in json.loads(result.stdout)]
    assert states == ["published, will sign", "signs"]
    assert len(portal.public_keys()["keys"]) == 2
    assert not any("d" in key for key in portal.public_keys()["keys"])
    old = [key.id for key in key_ages(secret) if key.signs]
    grow_old(secret, PUBLICATION_DELAY + MINUTE)
    assert [key.id for key in key_ages(secret) if key.signs] != old
    for token in (before, sign(portal)):
        assert verify(token, portal.public_keys(), kind=REPORT, **WHO).subject == "x"


async def test_a_second_rotation_at_once_changes_nothing(
    run: Run, secret: Path
) -> None:
    await run("key", "rotate")
    first = content(secret)

    result = await run("key", "rotate")

    assert result.exit_code == 0
    assert "nothing changed" in result.stdout
    assert content(secret) == first


async def test_the_file_stays_readable_by_its_owner_only(
    run: Run, secret: Path
) -> None:
    await run("key", "rotate")

    assert mode(secret) & 0o077 == 0


async def test_a_broken_file_is_refused_and_left(run: Run, secret: Path) -> None:
    write(secret, "{}")

    result = await run("key", "rotate")

    assert isinstance(result.exception, ConflictError)
    assert content(secret) == "{}"


def test_of_a_replaced_key_only_what_checks_documents_stays_a_day_after_the_next_came(
    secret: Path,
) -> None:
    portal = Signer.from_file(secret)
    token = sign(portal)
    document = portal.sign_document({"sub": "x"}, kind=DOCUMENT, **WHO)
    twice = rotate_keys(aged(rotate_keys(secret.read_text()), RETENTION - MINUTE))
    thrice = rotate_keys(aged(twice, 2 * MINUTE))

    assert ["d" in key for key in json.loads(twice)["keys"]] == [True, True, True]
    assert ["d" in key for key in json.loads(thrice)["keys"]] == [
        True,
        True,
        True,
        False,
    ]
    keys = Signer.from_secret(thrice).public_keys()
    assert (
        verify(
            token, Signer.from_secret(twice).public_keys(), kind=REPORT, **WHO
        ).subject
        == "x"
    )
    with pytest.raises(InvalidSignatureError):
        verify(token, keys, kind=REPORT, **WHO)
    assert verify_document(document, keys, kind=DOCUMENT, **WHO)["sub"] == "x"


def test_a_replaced_key_goes_once_no_agreement_can_last(secret: Path) -> None:
    old = rotate_keys(aged(rotate_keys(secret.read_text()), 2 * RETENTION))
    later = rotate_keys(aged(old, DOCUMENT_RETENTION))

    assert ["d" in key for key in json.loads(old)["keys"]] == [True, True, False]
    assert ["d" in key for key in json.loads(later)["keys"]] == [True, True]


async def test_a_key_that_was_seen_is_forgotten_once_the_next_one_signs(
    run: Run, secret: Path
) -> None:
    portal = Signer.from_file(secret)
    document = portal.sign_document({"sub": "x"}, kind=DOCUMENT, **WHO)
    await run("key", "rotate")

    early = await run("key", "forget", "--json")
    assert [row["state"] for row in json.loads(early.stdout)] == [
        "published, will sign",
        "signs",
    ]
    grow_old(secret, PUBLICATION_DELAY + MINUTE)
    late = await run("key", "forget", "--json")

    assert [row["state"] for row in json.loads(late.stdout)] == ["signs"]
    with pytest.raises(InvalidSignatureError):
        verify_document(document, portal.public_keys(), kind=DOCUMENT, **WHO)


async def test_a_broken_file_is_not_forgotten(run: Run, secret: Path) -> None:
    write(secret, "{}")

    result = await run("key", "forget")

    assert isinstance(result.exception, ConflictError)
    assert content(secret) == "{}"


def test_a_key_without_its_private_half_never_signs(secret: Path) -> None:
    fresh = rotate_keys(aged(rotate_keys(secret.read_text()), 2 * RETENTION))

    assert [key.signs for key in key_ages(secret)] == [True]
    assert (
        verify(
            sign(Signer.from_secret(fresh)),
            Signer.from_secret(fresh).public_keys(),
            kind=REPORT,
            **WHO,
        ).subject
        == "x"
    )


def test_a_program_keeps_the_keys_it_knows_while_the_file_cannot_be_read(
    secret: Path,
) -> None:
    portal = Signer.from_file(secret)
    public_keys = portal.public_keys()

    secret.write_text("half a fi")
    assert portal.public_keys() == public_keys

    secret.unlink()
    assert portal.public_keys() == public_keys


async def test_a_node_takes_reports_signed_before_and_after_and_asks_for_the_new_key(
    run: Run, secret: Path, demo: Territory
) -> None:
    portal = PortalDouble(demo.slug, signer=Signer.from_file(secret))
    served = replace(demo, origin=demo.links["node"], links={"portal": portal.origin})
    async with open_outgoing_client(["*.localhost:*"]) as client:
        node = PortalKeys(client)
        try:
            before = portal.token(served.origin, "x")
            assert (await node.verify_token(served, before, REPORT)).subject == "x"
            await run("key", "rotate")
            waiting = portal.token(served.origin, "x")
            grow_old(secret, PUBLICATION_DELAY + MINUTE)
            after = portal.token(served.origin, "x")
            cached_keys, fetched = node._cached_keys[portal.origin]
            node._cached_keys[portal.origin] = (cached_keys, fetched - 60)

            assert len({head(before), head(waiting), head(after)}) == 2
            for token in (waiting, after, before):
                assert (await node.verify_token(served, token, REPORT)).subject == "x"
            assert len(node._cached_keys[portal.origin][0]["keys"]) == 2
        finally:
            portal.stop()


def head(token: str) -> str:
    """The part of a token that names its key."""
    return token.partition(".")[0]


async def test_keys_of_columns_are_drawn_and_rotated_for_both_programs(
    run: Run, command_settings: Settings
) -> None:
    paths = [
        command_settings.secrets_folder / secret_name(program)
        for program in ("portal", "node")
    ]
    for path in paths:
        path.unlink(missing_ok=True)

    drawn = json.loads((await run("key", "rotate", "--columns", "--json")).stdout)
    again = await run("key", "rotate", "--columns")
    for path in paths:
        path.write_text(aged_ring(content(path), MINUTE * 30))
    rotated_keys = json.loads(
        (await run("key", "rotate", "--columns", "--json")).stdout
    )

    assert [row["state"] for row in drawn] == ["used", "used"]
    assert again.stdout.count("nothing changed") == 2
    assert [row["state"] for row in rotated_keys] == [
        "opens what it sealed",
        "used",
    ] * 2
    assert [mode(path) & 0o077 for path in paths] == [0, 0]
