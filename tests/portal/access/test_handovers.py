"""Who leads a project that reads under an agreement hands it over before their account is deleted."""

from uuid import UUID, uuid4

from sqlalchemy import update

from tests.portal.access.conftest import Workspace
from udi.portal.access.bound_datasets import find_bound_datasets
from udi.portal.access.models import AccessAgreement
from udi.portal.identity.deletion.pages import PATH


async def test_the_leader_of_a_project_with_an_agreement_hands_over_first(
    workspace: Workspace,
) -> None:
    await workspace.set_policy()
    before = await workspace.person.get(PATH)
    agreement = await workspace.agree()
    alive = await workspace.person.get(PATH)
    async with workspace.site.database.session(
        workspace.territory.id, role="worker"
    ) as session:
        await session.execute(update(AccessAgreement).values(state="ended"))
    ended = await workspace.person.get(PATH)

    words = "Ce projet a une convention et n’aurait plus de porteur."
    assert agreement
    assert words not in before.text
    assert words in alive.text
    assert words not in ended.text


async def test_a_request_that_waits_for_an_answer_is_withdrawn_first(
    workspace: Workspace,
) -> None:
    await workspace.set_policy()
    address = await workspace.ask()
    waiting = await workspace.person.get(PATH)
    await workspace.person.post(f"{address}/withdraw", data={"words": ""})
    withdrawn = await workspace.person.get(PATH)

    assert f"{address}" in waiting.text
    assert address not in withdrawn.text


async def test_a_dataset_that_is_asked_for_or_agreed_on_keeps_its_page(
    workspace: Workspace,
) -> None:
    async def read_bound() -> set[UUID]:
        async with workspace.site.database.session(workspace.territory.id) as session:
            return await find_bound_datasets(session, {workspace.dataset, uuid4()})

    await workspace.set_policy()
    bound = [await read_bound()]
    address = await workspace.ask()
    bound.append(await read_bound())
    await workspace.person.post(f"{address}/withdraw", data={"words": ""})
    bound.append(await read_bound())
    await workspace.agree()
    bound.append(await read_bound())

    assert bound == [set(), {workspace.dataset}, set(), {workspace.dataset}]
