"""Steps 2 and 3: correct what was guessed, read it again, publish."""

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.datastructures import FormMultiDict
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now, today
from udi.kit.errors import InvalidError, Refusal
from udi.kit.identity import Actor
from udi.kit.tenancy import Territory
from udi.node.datasets.actions.announce import is_public
from udi.node.datasets.actions.column_units import set_column_units
from udi.node.datasets.actions.draft import describe_dataset
from udi.node.datasets.actions.parts import list_parts_to_publish
from udi.node.datasets.actions.publish import publish_dataset, published_licence
from udi.node.datasets.description_drafts import read_drafted
from udi.node.datasets.descriptions.advice import AdviceItem, FileFacts, advise
from udi.node.datasets.descriptions.description import (
    LOCALE,
    LONGEST_REASON,
    OTHER_LICENCE,
    TRANSLATED_FIELDS,
    Answers,
    check_answers,
    clean_text,
    find_translations,
    is_restricted,
    read_answers,
    read_day,
    read_translations,
    split_keywords,
)
from udi.node.datasets.descriptions.keywords import add_keywords
from udi.node.datasets.models import Dataset, DatasetPart, Version
from udi.node.datasets.pages.description_hints import (
    BlankAnswers,
    hint_at_frequency,
    list_keyword_suggestions,
    list_unit_fields,
)
from udi.node.datasets.pages.messages import (
    PART_ROLE_NAMES,
    PageRequest,
    field_errors,
    form_choices,
    locale_of,
    translator,
)
from udi.node.datasets.pages.upload import build_answer_proposer
from udi.node.datasets.queries import get_dataset
from udi.node.datasets.records.rudi import area_of_file, draft_document, find_area
from udi.node.datasets.versions.breaking_changes import (
    BreakingChange,
    list_breaking_changes,
    refuse_unintended,
)
from udi.node.datasets.versions.column_units import units_of
from udi.node.datasets.versions.findings import (
    can_anonymise,
    declared_schema_of,
    has_removable_names,
    has_virus,
    is_unread,
    likely_schemas_of,
    new_dangers_of,
    personal_findings_of,
    profile_of,
    read_difference,
    schema_report_of,
    unsearched_parts_of,
)
from udi.node.datasets.versions.publishability import (
    clear_for_publication,
    needs_reason,
)
from udi.node.spaces.queries import DatasetPermission, list_permissions
from udi.protocol.access import AccessRights
from udi.protocol.addresses import NodeAddresses
from udi.protocol.languages import LANGUAGES
from udi.protocol.licences import LICENCES, LISTED, RUDI_LICENCES
from udi.protocol.quality import assess_quality
from udi.protocol.quality_lines import QualityLine, list_quality_lines
from udi.protocol.record import restore_record
from udi.tabular.profiles.table_facts import TableFacts
from udi.ui.locale import localise
from udi.ui.site import render
from udi.ui.translated_texts import (
    FormLanguages,
    choose_main_language,
    swap_main_texts,
    translated_name,
)


@get("/datasets/{dataset_id:uuid}/describe")
async def show_description_form(
    request: PageRequest,
    session: NamedDependency[AsyncSession],
    member: NamedDependency[Actor],
    dataset_id: FromPath[UUID],
) -> Response[str]:
    """What was understood of the file, and the form of step 2; with what the address fills in, which is saved by the person alone."""
    return describe_page(
        request,
        await get_dataset(session, member, dataset_id, to=DatasetPermission.CHANGE),
        drafted=read_drafted(request),
    )


@post("/datasets/{dataset_id:uuid}/describe")
async def save_description(
    request: PageRequest,
    session: NamedDependency[AsyncSession],
    territory: NamedDependency[Territory],
    member: NamedDependency[Actor],
    dataset_id: FromPath[UUID],
) -> Response[Any]:
    """Keep the answers; go on when they are complete, or when the person leaves for now."""
    dataset = await get_dataset(
        session, member, dataset_id, to=DatasetPermission.CHANGE, lock=True
    )
    form = await request.form()
    answers = add_keywords(
        read_texts_by_language(request, territory, form, dataset),
        [clean_text(str(word)) for word in form.getall("suggestion", [])],
    )
    if "access" not in form:
        answers["access"] = dataset.description.get("access", "")
    if dataset.has_file:
        dataset.proposals = dataset.proposals or build_answer_proposer(
            request, territory
        ).recover_proposals(dataset)
    units = read_units(form)
    refusals = await describe_dataset(session, member, dataset, answers)
    refusals += set_column_units(member, dataset, units)
    if form.get("leave"):
        return Redirect(home_of(member, dataset), status_code=303)
    if refusals:
        return describe_page(request, dataset, refusals, units=units, status=422)
    return Redirect(f"/datasets/{dataset.id}/review", status_code=303)


def read_texts_by_language(
    request: PageRequest,
    territory: Territory,
    form: FormMultiDict,
    dataset: Dataset,
) -> Answers:
    """The answers of a form, with the title and the description in each language; those in languages that it does not offer stay."""
    languages = offered_languages(territory)
    written = dataset.description.get(LOCALE) or locale_of(request)
    form = swap_main_texts(form, TRANSLATED_FIELDS, written, languages)
    main_language = choose_main_language(
        str(form.get("main_language")), written, languages
    )
    readable = dict.fromkeys([*languages, written])
    others = {
        translated_name(field, code): text
        for field in TRANSLATED_FIELDS
        for code, text in find_translations(dataset.description, field).items()
        if code not in languages
    }
    return {
        **others,
        **read_translations(form, readable, main_language),
        **read_answers(form, main_language),
    }


def read_units(form: FormMultiDict) -> dict[str, str]:
    """The unit of each column that a form names; it names them beside their fields, in the same order."""
    pairs = zip(form.getall("unit_column", []), form.getall("unit", []), strict=False)
    return {str(name): clean_text(" ".join(str(unit).split())) for name, unit in pairs}


def offered_languages(territory: Territory) -> list[str]:
    """The languages of a territory in which a record may be written."""
    return [code for code in territory.languages if code in LANGUAGES]


@get("/datasets/{dataset_id:uuid}/review")
async def show_review(
    request: PageRequest,
    session: NamedDependency[AsyncSession],
    territory: NamedDependency[Territory],
    member: NamedDependency[Actor],
    dataset_id: FromPath[UUID],
) -> Response[Any]:
    """Step 3: all of it, as people will read it."""
    dataset = await get_dataset(session, member, dataset_id, to=DatasetPermission.READ)
    if check_answers(dataset.description, has_file=dataset.has_file):
        return Redirect(f"/datasets/{dataset.id}/describe", status_code=303)
    allowed = await list_permissions(session, member, dataset.space, dataset.id)
    return review_page(request, dataset, allowed, territory)


@post("/datasets/{dataset_id:uuid}/publish")
async def submit_publication(
    request: PageRequest,
    session: NamedDependency[AsyncSession],
    territory: NamedDependency[Territory],
    member: NamedDependency[Actor],
    dataset_id: FromPath[UUID],
) -> Response[Any]:
    """Publish; the portal is told by a job."""
    dataset = await get_dataset(session, member, dataset_id, lock=True)
    form = await request.form()
    version = dataset.newest
    refusals = _clear_version(dataset, version, form) if version else []
    if refusals:
        allowed = await list_permissions(session, member, dataset.space, dataset.id)
        errors = field_errors(request, refusals)
        return review_page(request, dataset, allowed, territory, errors, status=422)
    first = version is not None and version.published_at is None
    try:
        await publish_dataset(session, member, dataset, territory)
    except InvalidError as error:
        return describe_page(request, dataset, error.refusals, status=422)
    if version and first and needs_reason(version) and version.preparation:
        dataset.record_event(
            member, "version.cleared", reason=version.preparation.reason
        )
    return Redirect(f"/datasets/{dataset.id}", status_code=303)


def _clear_version(
    dataset: Dataset, version: Version, form: FormMultiDict
) -> list[Refusal]:
    """Take in what the person says of the version that is to be published; what stops it."""
    version.note = clean_text(str(form.get("note") or ""))[:LONGEST_REASON]
    intended = str(form.get("intended") or "").split()
    refusals = refuse_unintended(list_breaking_changes(dataset, version), intended)
    try:
        clear_for_publication(
            version, clean_text(str(form.get("reason") or ""))[:LONGEST_REASON]
        )
    except InvalidError as error:
        refusals += error.refusals
    return refusals


def review_page(
    request: PageRequest,
    dataset: Dataset,
    allowed: Collection[str],
    territory: Territory,
    errors: dict[str, str] | None = None,
    *,
    status: int = 200,
) -> Response[str]:
    """Step 4, with what stands in the way and what would help."""
    waiting_version = dataset.pending
    changes = read_difference(waiting_version) if waiting_version else None
    return render(
        request,
        "datasets/review.html",
        status=status,
        dataset=dataset,
        profile=profile_of(dataset),
        allowed=allowed,
        errors=errors or {},
        people=personal_findings_of(waiting_version) if waiting_version else [],
        treatable=bool(waiting_version and can_anonymise(waiting_version)),
        dangers=new_dangers_of(dataset, waiting_version) if waiting_version else [],
        removable=bool(waiting_version and has_removable_names(waiting_version)),
        virus=bool(waiting_version and has_virus(waiting_version)),
        unread=bool(waiting_version and is_unread(waiting_version)),
        unsearched=unsearched_parts_of(waiting_version) if waiting_version else [],
        asks_reason=bool(waiting_version and needs_reason(waiting_version)),
        quality_lines=assess_description(request, dataset, allowed, territory),
        advice=advice_on(dataset),
        difference=changes[1] if changes else None,
        breaks=[
            (change.stop, change.explain(translator(request)))
            for change in _list_breaks(dataset)
        ],
        open_licence=_open_licence(request, dataset),
        part_roles=PART_ROLE_NAMES,
        **_sort_parts(dataset),
        **description_details(request, dataset, territory),
    )


def _list_breaks(dataset: Dataset) -> list[BreakingChange]:
    if dataset.newest is None:
        return []
    return list_breaking_changes(dataset, dataset.newest)


def _sort_parts(dataset: Dataset) -> dict[str, list[DatasetPart]]:
    """The parts that a first publication takes along, and those that it leaves; of a public dataset it changes none."""
    if is_public(dataset):
        return {"joining": [], "staying": []}
    listed = list_parts_to_publish(dataset)
    joining = [one.part for one in listed if one.part.pending in {None, one.version}]
    staying = [part for part in dataset.parts if part not in joining]
    return {"joining": joining, "staying": staying}


def _name_area(request: PageRequest, dataset: Dataset, territory: Territory) -> str:
    """What the record will declare of the area, in words; empty when nothing."""
    if find_area(dataset.description, dataset.newest, territory) is None:
        return ""
    areas = dict(form_choices(request)["areas"])
    return areas[dataset.description.get("area") or "file"]


def assess_description(
    request: PageRequest,
    dataset: Dataset,
    allowed: Collection[str],
    territory: Territory,
) -> list[QualityLine]:
    """The quality that the portal will show, judged from the record that it will receive."""
    document = draft_document(
        dataset,
        dataset.newest,
        territory,
        at=now(),
        parts=None if dataset.has_file else list_parts_to_publish(dataset),
    )
    quality = assess_quality(restore_record(document), today(territory.zone))
    addresses = NodeAddresses("", dataset.id)
    return list_quality_lines(
        quality,
        locale_of(request),
        addresses.answer if "change" in allowed else None,
    )


def advice_on(dataset: Dataset) -> tuple[AdviceItem, ...]:
    """What would help those who use the newest file."""
    version = dataset.newest
    if version is None:
        return ()
    profile = profile_of(dataset)
    findings = version.preparation.findings if version.preparation else {}
    likely = likely_schemas_of(version)
    table = FileFacts(
        columns=profile.columns,
        findings=TableFacts.from_json(findings["facts"])
        if findings.get("facts")
        else None,
        report=schema_report_of(version),
        looks_like=likely[0].title
        if likely and not declared_schema_of(version)
        else "",
    )
    return advise(table)


def describe_page(
    request: PageRequest,
    dataset: Dataset,
    refusals: Sequence[Refusal] = (),
    *,
    units: Mapping[str, str] = MappingProxyType({}),
    drafted: Mapping[str, str] = MappingProxyType({}),
    status: int = 200,
) -> Response[str]:
    """The form of step 2, with what is wrong; `units` are those that were typed, `drafted` what an address fills in."""
    return render(
        request,
        "datasets/describe.html",
        status=status,
        dataset=dataset,
        answers=BlankAnswers({**dataset.description, **drafted}),
        is_filled_in=bool(drafted),
        profile=profile_of(dataset),
        errors=field_errors(request, refusals),
        licences=list(RUDI_LICENCES.values()),
        other_licence=OTHER_LICENCE,
        other_licences=_list_other_licences(request, dataset),
        access_rights=list(AccessRights),
        open_licence=_open_licence(request, dataset),
        file_area=area_of_file(dataset.newest),
        text_languages=_describe_languages(request, dataset),
        frequency_hint=hint_at_frequency(request, dataset),
        suggestions=list_keyword_suggestions(request, dataset),
        units=list_unit_fields(dataset, units),
        **form_choices(request),
    )


OF_DESCRIPTIONS = ("isa-oml-1.1",)
"""Licences of descriptions of data, which no data have."""


def _list_other_licences(
    request: PageRequest, dataset: Dataset
) -> list[tuple[str, str]]:
    """(code, name) of those without a code at RUDI; the one that is chosen is among them."""
    locale = locale_of(request)
    chosen = LICENCES.get(dataset.description.get("licence", ""))
    others = {
        licence.code: licence for licence in (*LISTED.values(), chosen) if licence
    }
    named = [
        (code, localise(licence.name, locale))
        for code, licence in others.items()
        if code not in {*RUDI_LICENCES, *OF_DESCRIPTIONS}
        and (licence.has_version or licence is chosen)
    ]
    return sorted(named, key=lambda option: option[1].casefold())


def _describe_languages(request: PageRequest, dataset: Dataset) -> FormLanguages:
    """The languages of the texts, with their names for the reader."""
    return FormLanguages.of(
        dict(form_choices(request)["languages"]),
        offered_languages(request.scope["state"]["territory"]),
        dataset.description.get(LOCALE) or locale_of(request),
        has_translations=any(
            find_translations(dataset.description, field) for field in TRANSLATED_FIELDS
        ),
    )


def _open_licence(request: PageRequest, dataset: Dataset) -> str:
    """The name of the licence that the data would lose if they were restricted; empty where they have none."""
    if not dataset.restricted:
        licence = LICENCES.get(published_licence(dataset))
    else:
        licence = None
    if licence:
        return localise(licence.name, locale_of(request))
    return ""


def home_of(member: Actor, dataset: Dataset) -> str:
    """Where the person's datasets are listed: the space, or what is shared with them there."""
    slug = dataset.space.slug
    if member.may_publish(slug):
        return f"/spaces/{slug}"
    return f"/spaces/{slug}/shared"


def description_details(
    request: PageRequest, dataset: Dataset, territory: Territory
) -> dict[str, Any]:
    """A complete description in words, for a page that shows it."""
    answers = BlankAnswers(dataset.description)
    named: Mapping[str, Mapping[str, str]] = {
        name: dict(options) for name, options in form_choices(request).items()
    }
    licence = LICENCES.get(answers["licence"])
    return {
        "answers": answers,
        "keywords": split_keywords(answers),
        "theme": named["themes"].get(answers["theme"], ""),
        "language": named["languages"].get(answers["language"], ""),
        "area": _name_area(request, dataset, territory),
        "units": list(units_of(dataset, profile_of(dataset)).items()),
        "frequency": named["frequencies"].get(answers["frequency"], ""),
        "licence": licence,
        "access": AccessRights.RESTRICTED
        if is_restricted(answers)
        else AccessRights.PUBLIC,
        "licence_name": localise(licence.name, locale_of(request)) if licence else "",
        "translations": _list_translations(request, answers),
        "first_day": read_day(answers["first_day"]),
        "last_day": read_day(answers["last_day"]),
    }


def _list_translations(
    request: PageRequest, answers: Mapping[str, str]
) -> list[dict[str, str]]:
    """The title and the description in other languages than the main one, with each language's name."""
    named = dict(form_choices(request)["languages"])
    titles = find_translations(answers, "title")
    summaries = find_translations(answers, "summary")
    return [
        {
            "code": code,
            "language": named[code],
            "title": titles.get(code, ""),
            "summary": summaries.get(code, ""),
        }
        for code in dict.fromkeys([*titles, *summaries])
    ]


routes: Sequence[ControllerRouterHandler] = [
    show_description_form,
    save_description,
    show_review,
    submit_publication,
]
