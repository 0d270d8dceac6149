"""Steps 2 and 3: correct what was guessed, read it again, publish."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import InvalidError, Refusal
from udi.kit.identity import Actor
from udi.kit.tenancy import Territory
from udi.node.datasets.actions.draft import describe_dataset
from udi.node.datasets.actions.publish import publish_dataset
from udi.node.datasets.description import (
    LONGEST_REASON,
    OFFERED_LICENCES,
    check_answers,
    clean_text,
    read_answers,
    read_day,
    split_keywords,
)
from udi.node.datasets.models import Dataset
from udi.node.datasets.pages.saying import PageRequest, choices, field_errors, locale_of
from udi.node.datasets.queries import get_dataset
from udi.node.tables.profile import Profile
from udi.protocol.licences import LICENCES
from udi.ui.locale import localised
from udi.ui.site import render


@get("/datasets/{dataset_id:uuid}/describe")
async def ask_description(
    request: PageRequest,
    session: NamedDependency[AsyncSession],
    member: NamedDependency[Actor],
    dataset_id: FromPath[UUID],
) -> Response[str]:
    """What was understood of the file, and the form of step 2."""
    return describe_page(request, await get_dataset(session, member, dataset_id))


@post("/datasets/{dataset_id:uuid}/describe")
async def save_description(
    request: PageRequest,
    session: NamedDependency[AsyncSession],
    member: NamedDependency[Actor],
    dataset_id: FromPath[UUID],
) -> Response[Any]:
    """Keep the answers; go on when they are complete, or when the person leaves for now."""
    dataset = await get_dataset(session, member, dataset_id, lock=True)
    form = await request.form()
    refusals = await describe_dataset(session, member, dataset, read_answers(form, locale_of(request)))
    if form.get("leave"):
        return Redirect(f"/spaces/{dataset.space.slug}", status_code=303)
    if refusals:
        return describe_page(request, dataset, refusals, status=422)
    return Redirect(f"/datasets/{dataset.id}/review", status_code=303)


@get("/datasets/{dataset_id:uuid}/review")
async def review(
    request: PageRequest,
    session: NamedDependency[AsyncSession],
    member: NamedDependency[Actor],
    dataset_id: FromPath[UUID],
) -> Response[Any]:
    """Step 3: all of it, as people will read it."""
    dataset = await get_dataset(session, member, dataset_id)
    if check_answers(dataset.description):
        return Redirect(f"/datasets/{dataset.id}/describe", status_code=303)
    return render(
        request, "datasets/review.html", dataset=dataset, profile=profile_of(dataset), **shown(request, dataset)
    )


@post("/datasets/{dataset_id:uuid}/publish")
async def publish(
    request: PageRequest,
    session: NamedDependency[AsyncSession],
    territory: NamedDependency[Territory],
    member: NamedDependency[Actor],
    dataset_id: FromPath[UUID],
) -> Response[Any]:
    """Publish; the portal is told by a job."""
    dataset = await get_dataset(session, member, dataset_id, lock=True)
    form = await request.form()
    dataset.latest.note = clean_text(str(form.get("note") or ""))[:LONGEST_REASON]
    try:
        await publish_dataset(session, member, dataset, territory)
    except InvalidError as error:
        return describe_page(request, dataset, error.refusals, status=422)
    return Redirect(f"/datasets/{dataset.id}", status_code=303)


def describe_page(
    request: PageRequest, dataset: Dataset, refusals: Sequence[Refusal] = (), *, status: int = 200
) -> Response[str]:
    """The form of step 2, with what is wrong."""
    licences = [
        LICENCES[code]
        for code in dict.fromkeys((*OFFERED_LICENCES, dataset.description.get("licence", "")))
        if code in LICENCES
    ]
    return render(
        request,
        "datasets/describe.html",
        status=status,
        dataset=dataset,
        answers=_Blank(dataset.description),
        profile=profile_of(dataset),
        errors=field_errors(request, refusals),
        licences=licences,
        **choices(request),
    )


class _Blank(dict[str, str]):
    """Answers where what was never asked is empty."""

    def __missing__(self, key: str) -> str:
        return ""


def profile_of(dataset: Dataset) -> Profile:
    """What was understood of the newest file."""
    return Profile.from_json(dataset.latest.profile)


def shown(request: PageRequest, dataset: Dataset) -> dict[str, Any]:
    """A complete description in words, for a page that shows it."""
    answers = _Blank(dataset.description)
    named: Mapping[str, Mapping[str, str]] = {name: dict(options) for name, options in choices(request).items()}
    licence = LICENCES.get(answers["licence"])
    return {
        "answers": answers,
        "keywords": split_keywords(answers),
        "theme": named["themes"].get(answers["theme"], ""),
        "language": named["languages"].get(answers["language"], ""),
        "frequency": named["frequencies"].get(answers["frequency"], ""),
        "licence": licence,
        "licence_name": localised(licence.name, locale_of(request)) if licence else "",
        "first_day": read_day(answers["first_day"]),
        "last_day": read_day(answers["last_day"]),
    }


routes: Sequence[ControllerRouterHandler] = [ask_description, save_description, review, publish]
