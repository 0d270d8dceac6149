"""The description of a dataset, filled in by a program at an address: a person reads the form, completes it and saves it."""

from typing import Annotated

from litestar import Response, get
from msgspec import Meta, Struct

from udi.kit.errors import InvalidError, NotFoundError, Refusal
from udi.node.datasets.descriptions.description import check_answers
from udi.node.spaces.operations import CATALOGUE, DatasetPath
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Routes
from udi.ui.form_drafts import FormDraft, present_draft, read_answers, write_draft
from udi.ui.openapi.agent_tools import AgentTool
from udi.ui.openapi.operations import describe_operation

DRAFTED = ("title", "summary", "keywords", "theme", "language", "frequency")
"""The fields of the form that an address fills in; licence, access and contact are for a person to say."""
DRAFT_DESCRIPTION = AgentTool(
    "draft_description",
    "Fill in the description of a dataset that somebody prepares on this node. Answers with the address of a form that only a person of its space can save.",
    parameters={"dataset_id": "dataset_id", **{name: name for name in DRAFTED}},
    present=present_draft,
)


class DescriptionDraftParameters(Struct, kw_only=True):
    """The query of a draft of a description."""

    title: Annotated[str, Meta(description="Its title, of 150 characters at most.")] = (
        ""
    )
    summary: Annotated[
        str, Meta(description="What the data are, in some sentences.")
    ] = ""
    keywords: Annotated[str, Meta(description="Keywords, with commas between.")] = ""
    theme: Annotated[
        str, Meta(description="Code of a theme, as list_terms of the portal has it.")
    ] = ""
    language: Annotated[str, Meta(description="Code of the language of the data.")] = ""
    frequency: Annotated[
        str, Meta(description="How often the data change: daily, yearly…")
    ] = ""


@get(
    "/api/v1/datasets/{dataset_id:uuid}/description/draft",
    sync_to_thread=False,
    **describe_operation(
        "draftDescription",
        tag=CATALOGUE,
        summary="Draft a description",
        description="The address of the form with these answers, for a person of the space to read, complete and save. Nothing is read, kept or sent.",
        answer=FormDraft,
        errors=(InvalidError, NotFoundError),
        query=DescriptionDraftParameters,
        tools=(DRAFT_DESCRIPTION,),
    ),
)
def draft_description(
    request: AnyRequest, territory: CurrentTerritory, dataset_id: DatasetPath
) -> Response[FormDraft]:
    """A form filled in, whatever is at this identifier: only its people are shown what is."""
    answers = read_answers(request, DRAFTED)
    draft = write_draft(
        request,
        f"{territory.origin}/datasets/{dataset_id}/describe",
        answers,
        _check_drafted(answers),
    )
    return Response(draft, headers={"Cache-Control": "no-store"})


def read_drafted(request: AnyRequest) -> dict[str, str]:
    """What an address fills in of the form of a description; what would be refused is left as it was."""
    answers = read_answers(request, DRAFTED)
    refused = {refusal.field for refusal in _check_drafted(answers)}
    return {name: answer for name, answer in answers.items() if name not in refused}


def _check_drafted(answers: dict[str, str]) -> list[Refusal]:
    return [
        refusal
        for refusal in check_answers(answers, has_file=True)
        if refusal.field in answers
    ]


routes: Routes = [draft_description]
