"""A dataset of links: nothing of it is kept here, its first link stands for the file of step 1."""

import uuid
from typing import Any

from litestar import Response, post
from litestar.params import FromPath
from litestar.response import Redirect

from udi.kit.errors import Refusal
from udi.node.datasets.actions.draft import start_without_file
from udi.node.datasets.actions.parts import (
    add_part,
)
from udi.node.datasets.descriptions.description import clean_text
from udi.node.datasets.descriptions.part_description import (
    PartDescription,
    check_description,
)
from udi.node.datasets.descriptions.prefill import prefill
from udi.node.datasets.pages.messages import (
    PageRequest,
    field_errors,
    locale_of,
    translator,
)
from udi.node.datasets.pages.upload import upload_page
from udi.node.spaces.queries import get_space
from udi.tabular.profiles.profile import Profile
from udi.ui.dependencies import Member, Routes, Session

NO_FILE = Profile(media_type="", label="")
FIELD_OF = {"title": "link_title", "address": "link", "role": "link_role"}
"""The field of the form for each of the link's; that of the page's other form is called `address` too."""


@post("/spaces/{slug:str}/links")
async def start_dataset_of_links(
    request: PageRequest, session: Session, member: Member, slug: FromPath[str]
) -> Response[Any]:
    """Start a draft with one link, and go on to describing; more links are added on its page."""
    space = await get_space(session, member, slug)
    form = await request.form()
    texts = {
        name: clean_text(str(form.get(field) or "")) for name, field in FIELD_OF.items()
    }
    about = PartDescription(
        title=texts["title"], role=texts["role"], address=texts["address"]
    )
    if refusals := _check_link(about):
        errors = field_errors(request, refusals)
        return upload_page(request, space, status=422, errors=errors, link=form)
    answers = prefill(
        about.title,
        NO_FILE,
        say=translator(request),
        locale=locale_of(request),
        contact=space.email,
    )
    answers["title"] = about.title
    dataset = await start_without_file(session, member, space, uuid.uuid4(), answers)
    await add_part(session, member, dataset, about)
    return Redirect(f"/datasets/{dataset.id}/describe", status_code=303)


def _check_link(about: PartDescription) -> list[Refusal]:
    """What is wrong with the link, by field of this form."""
    refusals = check_description(about) if about.address else []
    if not about.address:
        refusals.append(Refusal("address", "Give its address."))
    return [
        Refusal(
            FIELD_OF.get(refusal.field, refusal.field), refusal.reason, refusal.remedy
        )
        for refusal in refusals
    ]


routes: Routes = [start_dataset_of_links]
