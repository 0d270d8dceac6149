"""What the worker does for those who join, when others do not answer: nothing is lost, and the page says what waits."""

from collections.abc import Iterator

import pytest
from sqlalchemy import update

from tests.contract.node import Receiver, receiver
from tests.portal.organisations.conftest import Workspace
from udi.kit.errors import ProvisionError
from udi.kit.jobs import Job
from udi.portal.identity.models import Person
from udi.portal.identity.provision.admin import IdentityServiceUnavailableError
from udi.portal.nodes.actions.register import register_node
from udi.portal.nodes.spaces import SpaceCreationError, open_space
from udi.portal.organisations.joining.archive import requeue_joining
from udi.portal.organisations.joining.decisions import OPEN_SPACE
from udi.portal.organisations.joining.name_similarity import similarity, slugify
from udi.portal.organisations.joining.tasks import make_change


@pytest.fixture
def node() -> Iterator[Receiver]:
    """The address of a hosted node that takes no room."""
    with receiver() as server:
        yield server


async def approved(workspace: Workspace) -> str:
    address = await workspace.ask()
    assert (await workspace.decide(address, "approve")).status_code == 303
    return address


async def test_an_identity_service_that_is_away_loses_nothing_and_the_page_says_so(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = await approved(workspace)
    [change] = await workspace.changes()
    nowhere = workspace.site.settings.model_copy(
        update={"identity_internal_url": "http://localhost:1"}
    )
    monkeypatch.setattr(workspace.site, "settings", nowhere)
    async with workspace.site.database.session(
        workspace.territory.id, role="worker"
    ) as session:
        await session.execute(update(Person).values(issuer=nowhere.issuer))

    with pytest.raises(IdentityServiceUnavailableError):
        await make_change(workspace.site, workspace.territory, change.id)

    [waiting] = await workspace.changes()
    page = await workspace.person.get(address)
    assert (waiting.done_at, waiting.failure) == (None, "away")
    assert "Rien n’est perdu" in page.text
    assert "Décrire votre premier jeu" not in page.text
    async with workspace.site.database.session(
        workspace.territory.id, role="worker"
    ) as session:
        assert await requeue_joining(session) == 2


async def test_somebody_of_another_identity_service_is_not_made_a_member(
    workspace: Workspace,
) -> None:
    address = await approved(workspace)
    [change] = await workspace.changes()

    with pytest.raises(ProvisionError, match="another identity service"):
        await make_change(workspace.site, workspace.territory, change.id)

    assert [member_change.failure for member_change in await workspace.changes()] == [
        "refused"
    ]
    assert "nouvel essai" in (await workspace.person.get(address)).text


async def test_a_room_waits_for_a_node_that_opens_it(
    workspace: Workspace, node: Receiver
) -> None:
    address = await approved(workspace)
    job = Job(
        OPEN_SPACE,
        workspace.territory.id,
        {"application": address.rpartition("/")[2]},
        0,
        last=False,
    )
    with pytest.raises(SpaceCreationError, match="no hosted node"):
        await open_space(workspace.site, job)
    async with workspace.site.database.session(
        workspace.territory.id, role="worker"
    ) as session:
        client = f"{workspace.territory.slug}-node-hosted"
        await register_node(
            session,
            slug="hosted",
            name="Nœud",
            url=node.origin,
            client_id=client,
            hosted=True,
        )
    node.statuses.append(503)

    with pytest.raises(SpaceCreationError, match="503"):
        await open_space(workspace.site, job)

    assert (await workspace.one(address)).space_ready_at is None


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [
        ("Mairie de Kerlévan", "MAIRIE DE KERLEVAN", True),
        ("Mairie de Kerlévan", "Mairie Kerlevan", True),
        ("Mairie de Kerlévan", "Commune de Kerlévan", True),
        ("Syndicat des eaux de l’Aber", "Syndicat d'eau de l'Aber", True),
        ("Mairie de Kerlévan", "Mairie de Plouarzel", False),
        ("Association Sève", "Association des parents", False),
        ("Œuvres sociales", "Oeuvres sociales", True),
        ("", "Mairie", False),
    ],
)
def test_names_are_near_whatever_their_accents(
    one: str,
    other: str,
    near: bool,  # noqa: FBT001 - a column of the table
) -> None:
    assert (similarity(one, other) >= 0.55) is near
    assert similarity(one, other) == similarity(other, one)


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Mairie de Kerlévan", "mairie-de-kerlevan"),
        ("Œuvre n° 3 – Straße", "oeuvre-n-3-strasse"),
        ("بلدية", "organisation"),
        ("x" * 90, "x" * 40),
        ("mot " * 30, "mot-mot-mot-mot-mot-mot-mot-mot-mot-mot"),
    ],
)
def test_a_short_name_is_drawn_from_any_name(name: str, slug: str) -> None:
    assert slugify(name) == slug
