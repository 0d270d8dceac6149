"""What is kept beside the databases names nobody: the log of both programs, and the search index, before a deletion and after."""

import re
import secrets
from pathlib import Path

import pytest
import tantivy
from sqlalchemy import update

from tests.contract.credentials.test_deletion import delete_account
from tests.contract.credentials.test_leaving import Leaver, leaver
from tests.portal.catalogue.corpus import open_catalogue
from tests.visitors import browse
from udi.kit.jobs import Job
from udi.node.identity.models import Person as NodePerson
from udi.portal.catalogue.search.build import TenantIndex
from udi.portal.catalogue.search.index import CURRENT
from udi.portal.identity.deletion.actions import SEND_CONFIRMATION
from udi.portal.identity.deletion.tasks import task_handlers
from udi.portal.identity.models import Person

__all__ = ["leaver"]


async def rename(leaver: Leaver) -> str:
    """Give somebody a name like no other, in both programs."""
    name = f"zqname{secrets.token_hex(6)}"
    world = leaver.world
    for site, person in ((world.portal, Person), (world.node, NodePerson)):
        async with site.database.session(world.territory.id, role="worker") as session:
            statement = update(person).where(person.subject == world.login.subject)
            await session.execute(statement.values(name=name))
    return name


async def look_around(leaver: Leaver) -> None:
    """Pages and addresses that show the person, and one that fails."""
    world = leaver.world
    subject = world.login.subject
    for app in world.apps.values():
        async with browse(app, world.territory, world.login) as browser:
            for path in ("/my-space", "/my-space/my-data", f"/data?q={subject}"):
                await browser.get(path)
            await browser.post("/my-space/tokens", data={"name": "", "days": "x"})


async def leave_for_good(leaver: Leaver) -> None:
    """The account is deleted at portal and node; the relay never takes the last mail."""
    world = leaver.world
    await delete_account(leaver)
    await leaver.asker.check_accounts(world.territory)
    payload = {"to": world.login.email, "language": "fr", "key": "k"}
    job = Job(SEND_CONFIRMATION, world.territory.id, payload, 5, last=True)
    await task_handlers(world.portal)[SEND_CONFIRMATION](job)


async def test_no_line_of_the_log_names_somebody_whose_account_is_deleted(
    capfd: pytest.CaptureFixture[str], leaver: Leaver
) -> None:
    """The whole life of an account: logins, tokens, invitations, pages, a deletion, a mail that nobody takes."""
    name = await rename(leaver)
    login = leaver.world.login
    await look_around(leaver)

    await leave_for_good(leaver)

    lines = capfd.readouterr().err
    assert "account erased" in lines
    assert "confirmation of a deletion not sent" in lines
    assert [word for word in (name, login.email, login.subject) if word in lines] == []


def read_index(folder: Path) -> tuple[tantivy.Index, bytes]:
    """An index, and every byte of its files."""
    current = (folder / CURRENT).resolve()
    files = sorted(path for path in current.rglob("*") if path.is_file())
    return tantivy.Index.open(str(current)), b"".join(
        path.read_bytes() for path in files
    )


def count_hits(index: tantivy.Index, words: str) -> int:
    """Datasets in which all these words stand, in any field of words."""
    searcher = index.searcher()
    tokens = re.findall(r"\w+", words.lower())
    counts = [
        searcher.search(
            index.parse_query(token, ["words", "phrase", "named", "name"]), 100
        ).count
        for token in tokens
    ]
    return min(counts)


async def test_no_entry_of_the_search_index_names_somebody_before_or_after(
    leaver: Leaver, tmp_path: Path
) -> None:
    name = await rename(leaver)
    world = leaver.world
    login = world.login
    catalogue = await open_catalogue(world.portal.database, world.territory)
    await catalogue.add(1)
    words = (name, login.email.partition("@")[0], login.subject)
    names_by_moment = {}
    for moment in ("before", "after"):
        folder = tmp_path / moment
        index = TenantIndex(folder)
        await index.build(
            world.portal.database, world.territory.id, world.territory.slug
        )
        opened, content = read_index(folder)
        names_by_moment[moment] = [
            word
            for word in words
            if count_hits(opened, word) or word.encode() in content
        ]
        assert count_hits(opened, "compteurs") > 0, moment
        if moment == "before":
            await leave_for_good(leaver)

    assert names_by_moment == {"before": [], "after": []}
