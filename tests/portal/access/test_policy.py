"""A producer says who may ask for restricted data, and under which terms; everybody reads it."""

from tests.depth import by_depth
from tests.portal.access.conftest import OPEN, Workspace
from tests.portal.access.policies import POLICY
from udi.portal.access.policies.form import read_form, write_form
from udi.portal.access.policies.queries import policy_of
from udi.protocol.policy import FieldKind
from udi.protocol.terms import Operator


async def test_the_policy_is_set_read_and_changed(workspace: Workspace) -> None:
    before = await workspace.passer.get(workspace.home)
    answer = await workspace.set_policy()
    page = await workspace.passer.get(f"{workspace.home}/access-policy")
    home = await workspace.passer.get(workspace.home)
    again = await workspace.set_policy(months="12")

    assert "n’a pas encore indiqué qui peut demander" in before.text
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        f"{workspace.home}/access-policy",
    )
    assert "Recherche, un service public" in page.text
    assert "Ces courbes disent quand une maison vit." in home.text
    assert "15 jours" in home.text
    assert again.status_code == 303
    [row] = await workspace.rows_of_policy()
    policy = policy_of(row)
    assert (row.revision, policy.terms.months) == (2, 12)
    assert policy.terms.bytes_a_month == 2_000_000_000
    assert policy.terms.rows[0].operator is Operator.GTEQ
    assert [(field.name, field.kind) for field in policy.fields] == [
        ("quels_t_s", FieldKind.LINE),
        ("qui_lira", FieldKind.CHOICE),
        ("lettre_du_laboratoire", FieldKind.DOCUMENT),
    ]
    assert await workspace.events() == ["access_policy.set", "access_policy.set"]


async def test_the_form_shows_what_was_set(workspace: Workspace) -> None:
    await workspace.set_policy()
    [row] = await workspace.rows_of_policy()
    policy = policy_of(row)

    page = await workspace.producer.get(f"{workspace.home}/access-policy/edit")

    assert "Quels étés ?" in page.text
    assert read_form(write_form(policy), ("fr", "en")) == policy


@by_depth(
    ("changed", "field"),
    [
        ({"requesters": []}, "requesters"), ({"purposes": []}, "purposes"), ({"months": "0"}, "months"),
        ({"months": "121"}, "months"), ({"answer_days": "x"}, "answer_days"), ({"renewals": ""}, "renewals"),
        ({"rows": "autour de la gare"}, "rows"), ({"choices_2": "une"}, "choices_2"), ({"kind_1": "poem"}, "kind_1"),
        ({"columns": "x" * 201}, "columns"), ({"megabytes": "-1"}, "megabytes"),
    ],
    by_default=[0],
)  # fmt: skip
async def test_what_is_wrong_is_said_field_by_field(
    workspace: Workspace, changed: dict[str, object], field: str
) -> None:
    answer = await workspace.set_policy(**changed)

    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert await workspace.rows_of_policy() == []


async def test_only_who_publishes_for_the_producer_sets_it(
    workspace: Workspace,
) -> None:
    address = f"{workspace.home}/access-policy/edit"

    assert (await workspace.person.get(address)).status_code == 403
    assert (await workspace.person.post(address, data=POLICY)).status_code == 403
    assert (await workspace.team.post(address, data=POLICY)).status_code == 403
    assert (await workspace.passer.get(address)).status_code == 303
    assert (
        await workspace.passer.get(f"{workspace.home}/access-policy")
    ).status_code == 404


async def test_somebody_elses_change_is_not_lost(workspace: Workspace) -> None:
    await workspace.set_policy()

    assert (await workspace.set_policy(revision="0")).status_code == 412


async def test_open_data_have_no_policy(workspace: Workspace) -> None:
    record = await workspace.catalogue.add(OPEN)

    answer = await workspace.producer.get(f"/data/{record.id}/access-policy/edit")

    assert answer.status_code == 409
    assert "ouvertes" in answer.text
