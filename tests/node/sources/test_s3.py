"""S3: an object of a real storage service, asked for by an address that is signed for minutes."""

from collections.abc import Callable
from urllib.parse import quote

import obstore
import pytest
from obstore.store import S3Store

from tests.node.producer import TABLE
from tests.node.sources.renewal import OTHER, Renewal
from tests.s3 import REGION, S3Service
from udi.kit.http import OutgoingClient
from udi.node.files.remote import web_files
from udi.node.files.remote.remote_files import FetchError
from udi.node.files.remote.s3_addresses import S3Object

Put = Callable[[str, bytes], None]


@pytest.fixture
def bucket(s3: S3Service) -> str:
    """The name of an empty bucket."""
    return str(s3.empty_bucket().object_store).removeprefix("s3://")


@pytest.fixture
def keys(s3: S3Service) -> dict[str, str]:
    """The fields of the form that open the bucket."""
    return {
        "key_id": (s3.secrets / "s3_access_key_id").read_text(),
        "secret_key": (s3.secrets / "s3_secret_access_key").read_text(),
        "endpoint": s3.endpoint.replace("127.0.0.1", "s3.localhost"),
        "region": REGION,
    }


@pytest.fixture
def store(s3: S3Service, bucket: str, keys: dict[str, str]) -> S3Store:
    """The bucket, as its owner writes into it."""
    return S3Store(
        bucket,
        endpoint=s3.endpoint,
        region=REGION,
        access_key_id=keys["key_id"],
        secret_access_key=keys["secret_key"],
        client_options={"allow_http": True},
    )


async def test_s3_renews_a_dataset_when_the_object_changed_and_only_then(
    renewal: Renewal, store: S3Store, bucket: str, keys: dict[str, str]
) -> None:
    name = "données/a b.csv"
    obstore.put(store, name, TABLE)
    await renewal.save(f"s3://{bucket}/{quote(name)}", **keys)

    first = await renewal.look()
    unchanged = await renewal.look()
    obstore.put(store, name, OTHER)
    await renewal.look()

    assert (first.kind, first.error) == ("s3", "")
    assert first.address == f"s3://{bucket}/{quote(name)}?" + "&".join(
        [f"endpoint={quote(keys['endpoint'], safe='')}", f"region={REGION}"]
    )
    assert first.etag
    assert unchanged.changed_at is None
    assert await renewal.file() == OTHER
    page = await renewal.page()
    assert "Stockage S3" in page
    assert keys["key_id"] not in page
    assert keys["secret_key"] not in page


async def test_s3_says_what_is_wrong_with_the_key_and_with_the_object(
    renewal: Renewal, bucket: str, keys: dict[str, str]
) -> None:
    await renewal.save(f"s3://{bucket}/a.csv", **keys)
    gone = await renewal.look()
    await renewal.save(
        f"s3://{bucket}/a.csv", **{**keys, "secret_key": "un autre secret"}
    )
    denied = await renewal.look()

    assert gone.error == "The address answers that the file is not there."
    assert not gone.paused
    assert denied.error.startswith("The server refuses the password or the key")
    assert denied.paused


async def test_s3_takes_no_object_larger_than_the_space(
    renewal: Renewal, store: S3Store, bucket: str, keys: dict[str, str]
) -> None:
    obstore.put(store, "a.csv", b"x" * 1_000_001)
    await renewal.save(f"s3://{bucket}/a.csv", **keys)

    await renewal.look()

    assert "pas assez de place" in await renewal.page()


async def test_s3_reaches_no_private_address(
    renewal: Renewal, bucket: str, keys: dict[str, str]
) -> None:
    await renewal.save(
        f"s3://{bucket}/a.csv", **{**keys, "endpoint": "https://10.0.0.1"}
    )

    await renewal.look()

    assert "ne peut pas être atteinte" in await renewal.page()


def test_a_signed_address_holds_nothing_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "of-the-operator")
    monkeypatch.setenv("AWS_ENDPOINT", "https://operator.example")
    monkeypatch.setenv("AWS_SKIP_SIGNATURE", "true")
    credential = {"key_id": "mine", "secret_key": "mine too"}

    signed = web_files._sign(S3Object("b", "a.csv", "", "eu-west-3"), credential)

    assert signed.startswith("https://s3.eu-west-3.amazonaws.com/b/a.csv?")
    assert "X-Amz-Credential=mine%2F" in signed
    assert "X-Amz-Signature=" in signed
    assert "operator" not in signed


def test_no_object_is_asked_of_the_server_that_the_environment_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "https://operator.example")
    credential = {"key_id": "mine", "secret_key": "mine too"}

    with pytest.raises(FetchError, match="another server"):
        web_files._sign(S3Object("b", "a.csv", "", "eu-west-3"), credential)


async def test_no_credential_is_sent_without_encryption(
    renewal: Renewal, bucket: str, keys: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    public = OutgoingClient()
    monkeypatch.setattr(renewal.site, "outgoing", public)
    await renewal.save(
        f"s3://{bucket}/a.csv", **{**keys, "endpoint": "http://s3.example"}
    )

    source = await renewal.look()
    await public.close()

    assert source.paused
    assert "enverrait le mot de passe sans le chiffrer" in await renewal.page()
