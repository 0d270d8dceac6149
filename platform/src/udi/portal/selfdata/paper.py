"""`/my-data/paper`: a form to print, for somebody without an account, for a child, or for a person whom one protects."""

from enum import StrEnum

from litestar import Response, get
from litestar.params import FromQuery

from udi.portal.selfdata.choice import PATH as MY_DATA
from udi.portal.selfdata.forms import RIGHT_NAMES
from udi.portal.selfdata.help_pages import find_places
from udi.portal.selfdata.queries import list_public_registers
from udi.portal.selfdata.rights_requests import write_demand
from udi.protocol.subject_requests import SubjectRight
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Routes, Session
from udi.ui.site import render, site_of

PATH = f"{MY_DATA}/paper"


class PaperFor(StrEnum):
    """For whom somebody asks."""

    ONESELF = "oneself"
    CHILD = "child"
    PROTECTED = "protected"


FOR_NAMES = {
    PaperFor.ONESELF: "For myself",
    PaperFor.CHILD: "For my child",
    PaperFor.PROTECTED: "For a person under guardianship",
}
"""For whom, in English: messages of the catalogues."""


@get(PATH)
async def show_paper_form(
    request: AnyRequest,
    session: Session,
    territory: CurrentTerritory,
    right: FromQuery[str] = "",
    org: FromQuery[str] = "",
    whom: FromQuery[str] = "",
) -> Response[str]:
    """Choose a right, an organisation and for whom; below, the form with these to print."""
    site = site_of(request)
    registers = await list_public_registers(session)
    register = next(
        (known for known in registers if known.organisation.slug == org), None
    )
    subject_right = _choose_right(right)
    paper_for = PaperFor(whom) if whom in set(PaperFor) else PaperFor.ONESELF
    say = site.pages.translator(request)
    return render(
        request,
        "selfdata/paper.html",
        registers=sorted(
            registers, key=lambda known: known.organisation.name.casefold()
        ),
        register=register,
        right=subject_right,
        paper_for=paper_for,
        demand=write_demand(subject_right, say),
        places=await find_places(request, session, territory),
        right_names=RIGHT_NAMES,
        for_names=FOR_NAMES,
    )


def _choose_right(text: str) -> SubjectRight:
    return SubjectRight(text) if text in set(SubjectRight) else SubjectRight.ACCESS


routes: Routes = [show_paper_form]
