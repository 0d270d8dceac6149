"""The access policy of a dataset: its public page in plain words, and the form of its producer."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from udi.kit.errors import InvalidError
from udi.kit.tenancy import Territory
from udi.portal.access.policies import queries
from udi.portal.access.policies.actions import set_policy
from udi.portal.access.policies.form import (
    BLANK,
    MOST_FIELDS,
    FormValues,
    collect_fields,
    read_form,
    write_form,
)
from udi.portal.catalogue.models import Dataset
from udi.portal.catalogue.stewards import find_steward
from udi.protocol.plain_language import write_terms
from udi.ui.decision_guards import require_confirmation
from udi.ui.dependencies import (
    AnyRequest,
    CurrentTerritory,
    Member,
    Routes,
    Session,
    Visitor,
)
from udi.ui.errors import form_errors
from udi.ui.forms import read_number
from udi.ui.site import render

POLICY = "/data/{dataset_id:uuid}/access-policy"
LARGEST = 64 * 1024


@get(POLICY)
async def show_policy(
    request: AnyRequest, session: Session, actor: Visitor, dataset_id: FromPath[UUID]
) -> Response[str]:
    """The policy, in plain words."""
    dataset = await queries.get_restricted_dataset(session, dataset_id)
    row = await queries.get_policy(session, dataset)
    steward = await find_steward(session, dataset)
    sets = actor is not None and actor.may_publish(steward.slug)
    return render(
        request,
        "access/policy.html",
        dataset=dataset,
        row=row,
        policy=queries.policy_of(row),
        answer_statistics=queries.find_answer_statistics(row),
        term_sentences=write_terms(
            queries.policy_of(row).terms, request.scope["state"]["locale"]
        ),
        sets=sets,
    )


@get(f"{POLICY}/edit")
async def show_policy_form(
    request: AnyRequest,
    session: Session,
    territory: CurrentTerritory,
    member: Member,
    dataset_id: FromPath[UUID],
) -> Response[str]:
    """The form, as it was set, or with what is usual."""
    dataset = await queries.get_dataset_for_producer(session, member, dataset_id)
    row = await queries.find_policy(session, dataset.id)
    form_values = write_form(queries.policy_of(row)) if row else BLANK
    return _render_form(
        request, territory, dataset, form_values, row.revision if row else 0
    )


@post(
    f"{POLICY}/edit",
    status_code=303,
    request_max_body_size=LARGEST,
    guards=[require_confirmation()],
)
async def submit_policy_form(
    request: AnyRequest,
    session: Session,
    territory: CurrentTerritory,
    member: Member,
    dataset_id: FromPath[UUID],
) -> Response[Any]:
    """Set the policy."""
    dataset = await queries.get_dataset_for_producer(session, member, dataset_id)
    form_values = collect_fields(await request.form())
    revision_text = form_values.get("revision", "")
    revision = read_number(revision_text)
    try:
        policy = read_form(form_values, territory.languages)
    except InvalidError as error:
        return _render_form(request, territory, dataset, form_values, revision, error)
    await set_policy(session, member, dataset, policy, revision=revision)
    return Redirect(f"/data/{dataset.id}/access-policy", status_code=303)


def _render_form(
    request: AnyRequest,
    territory: Territory,
    dataset: Dataset,
    form_values: FormValues,
    revision: int,
    error: InvalidError | None = None,
) -> Response[str]:
    numbers = range(1, MOST_FIELDS + 1)
    facts = {
        "dataset": dataset,
        "form_values": form_values,
        "revision": revision,
        "errors": form_errors(request, error),
    }
    status = 422 if error else 200
    return render(
        request,
        "access/policy-form.html",
        status=status,
        numbers=numbers,
        tongues=territory.languages,
        **facts,
    )


routes: Routes = [
    show_policy,
    show_policy_form,
    submit_policy_form,
]
