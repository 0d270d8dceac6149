"""WebDAV: a file behind a name and a password, at a real server; only what changed is fetched."""

from tests.node.distant import Distant
from tests.node.producer import TABLE
from tests.node.sources.renewal import OTHER, Renewal
from tests.node.sources.webdav_server import PASSWORD, WebdavServer


async def test_webdav_renews_a_dataset_when_the_file_changed_and_only_then(
    renewal: Renewal, webdav: WebdavServer
) -> None:
    webdav.put("Données/a.csv", TABLE)
    await renewal.save(webdav.address("Donn%C3%A9es/a.csv"), password=PASSWORD)

    first = await renewal.look()
    unchanged = await renewal.look()
    webdav.put("Données/a.csv", OTHER)
    changed = await renewal.look()

    assert (first.kind, first.error) == ("webdav", "")
    assert first.address == f"http://dav.localhost:{webdav.port}/Donn%C3%A9es/a.csv"
    assert unchanged.changed_at is None
    assert changed.changed_at is not None
    assert webdav.list_answers() == [("GET", 200), ("GET", 304), ("GET", 200)]
    assert await renewal.file() == OTHER
    assert await renewal.count_versions() == 2


async def test_webdav_refuses_a_wrong_password_at_once_and_waits_for_a_person(
    renewal: Renewal, webdav: WebdavServer
) -> None:
    webdav.put("a.csv", TABLE)
    await renewal.save(webdav.address(), password="autre")

    source = await renewal.look()
    await renewal.look()

    assert source.paused
    page = await renewal.page()
    assert "Le serveur refuse le mot de passe ou la clé" in page
    assert "Saisissez de nouveau" in page
    assert webdav.list_answers() == [("GET", 401)]
    assert await renewal.count_versions() == 1


async def test_webdav_says_that_a_file_is_gone_and_looks_again_later(
    renewal: Renewal, webdav: WebdavServer
) -> None:
    webdav.put("a.csv", TABLE)
    await renewal.save(webdav.address(), password=PASSWORD)
    webdav.delete("a.csv")

    source = await renewal.look()

    assert (source.paused, source.failures) == (False, 1)
    assert "n’est pas là" in await renewal.page()


async def test_webdav_takes_no_file_larger_than_the_space(
    renewal: Renewal, webdav: WebdavServer
) -> None:
    webdav.put("a.csv", b"x" * 1_000_001)
    await renewal.save(webdav.address(), password=PASSWORD)

    await renewal.look()

    assert "pas assez de place" in await renewal.page()
    assert await renewal.count_versions() == 1


async def test_a_redirect_takes_no_password_to_another_server(
    renewal: Renewal, webdav: WebdavServer, distant: Distant
) -> None:
    webdav.stop()
    webdav.elsewhere = int(distant.origin.rpartition(":")[2])
    webdav.start()
    await renewal.save(webdav.address("elsewhere/a.csv"), password=PASSWORD)

    await renewal.look()

    assert ["authorization" in headers for _, headers in distant.requests] == [False]
