"""What the table of a file says of people, the main one or that of a part, and what may be done to each column before it is published."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from udi.kit.errors import InvalidError
from udi.kit.tenancy import Territory
from udi.node.datasets.actions.anonymise import (
    AnonymisationContext,
    anonymise_promptly,
    read_treatments,
    request_anonymisation,
)
from udi.node.datasets.pages.corrections import ADDRESSES, get_addressed_file
from udi.node.datasets.pages.messages import PageRequest, field_errors
from udi.node.datasets.pages.upload import build_preparation_context
from udi.node.datasets.queries import CheckedFile
from udi.node.datasets.versions.findings import (
    corrections_of,
    count_type_errors,
    is_table,
    personal_findings_of,
)
from udi.tabular.personal.treatment_choices import (
    TreatmentChoice,
    as_codes,
    list_choices,
)
from udi.tabular.personal.treatments import TreatmentMethod
from udi.ui.dependencies import CurrentTerritory, Member, Routes, Session
from udi.ui.site import render, site_of


@get([f"{address}/personal-data" for address in ADDRESSES])
async def show_treatments_form(
    request: PageRequest, session: Session, member: Member, dataset_id: FromPath[UUID]
) -> Response[str]:
    """What was found of people in the newest file, and the form that says what to do."""
    file = await get_addressed_file(request, session, member, dataset_id)
    codes, counted = _previous_choices(file)
    return treatments_page(request, file, codes, counted)


@post([f"{address}/personal-data" for address in ADDRESSES])
async def submit_treatments(
    request: PageRequest,
    territory: CurrentTerritory,
    member: Member,
    dataset_id: FromPath[UUID],
) -> Response[Any]:
    """Have a new file made, without what was found; it takes the place of the one that waits."""
    site = site_of(request)
    form = await request.form()
    counted = [str(value) for value in form.getall("count", [])]
    async with site.database.session(territory.id, person=member.person_id) as session:
        file = await get_addressed_file(request, session, member, dataset_id, lock=True)
        choices = choices_of(file)
        try:
            treatments = read_treatments(form, counted, choices, file.profile.columns)
            version = await request_anonymisation(
                session, member, file.dataset, file.version, treatments
            )
        except InvalidError as error:
            codes = {
                choice.column.name: str(form.get(f"column-{choice.place}") or "")
                for choice in choices
            }
            errors = field_errors(request, error.refusals)
            return treatments_page(request, file, codes, counted, errors, status=422)
    await anonymise_promptly(build_anonymisation(request, territory), member, version)
    return Redirect(f"{file.address}/check", status_code=303)


def build_anonymisation(
    request: PageRequest, territory: Territory
) -> AnonymisationContext:
    """What a page treats a file with."""
    site = site_of(request)
    return AnonymisationContext(
        build_preparation_context(request, territory),
        site.settings.derived_key("node", "treatments"),
        site.pages.gettext,
    )


def choices_of(file: CheckedFile) -> list[TreatmentChoice]:
    """The columns of the newest file where something was found of people."""
    return list_choices(personal_findings_of(file.version), file.profile.columns)


def _previous_choices(file: CheckedFile) -> tuple[dict[str, str], list[str]]:
    """What was chosen for the file before this one where it still fits, else what is proposed."""
    last = corrections_of(file.version).treatments
    codes = as_codes(last)
    columns = [column.name for column in file.profile.columns]
    by = [
        name
        for treatment in last
        if treatment.way is TreatmentMethod.AGGREGATE
        for name in treatment.columns
    ]
    code_by_column = {
        choice.column.name: codes[choice.column.name]
        if codes.get(choice.column.name) in choice.offered
        else choice.proposed
        for choice in choices_of(file)
    }
    return code_by_column, [str(columns.index(name)) for name in by if name in columns]


def treatments_page(
    request: PageRequest,
    file: CheckedFile,
    codes: dict[str, str],
    counted: list[str],
    errors: dict[str, str] | None = None,
    *,
    status: int = 200,
) -> Response[str]:
    """The form, with what is wrong."""
    profile = file.profile
    return render(
        request,
        "datasets/personal.html",
        status=status,
        dataset=file.dataset,
        part=file.part,
        part_crumbs=file.part_crumbs,
        version=file.version,
        file_address=file.address,
        doubtful=profile.has_doubtful_header,
        choices=choices_of(file) if is_table(file.version) else [],
        codes=codes,
        counted=counted,
        columns=[
            (str(place), column.name) for place, column in enumerate(profile.columns)
        ],
        lost=count_type_errors(file.version),
        errors=errors or {},
    )


routes: Routes = [show_treatments_form, submit_treatments]
