"""The addresses that `rudi-node-write` calls: where things are, the login, the catalogue."""

import uuid
from typing import Any

from litestar import Response, delete, get, post, put
from litestar.datastructures import Cookie
from litestar.params import FromPath

from udi.kit.errors import NotFoundError
from udi.kit.tenancy import Territory
from udi.node.datasets.actions.draft import start_without_file
from udi.node.datasets.intake.responses import describe_publication
from udi.node.datasets.queries import find_dataset
from udi.node.datasets.records.document import answers_of
from udi.node.datasets.records.document_query import (
    FIELDS,
    count_by_value,
    count_documents,
    list_documents,
    parse_query,
)
from udi.node.datasets.records.rudi_clients import adapt_for_clients
from udi.node.manager.access import build_upload_context, identify_caller, log_in
from udi.node.manager.actions import (
    commit_file,
    delete_object,
    delete_resource,
    delete_waiting_files,
    put_document,
    put_object,
)
from udi.node.manager.models import ObjectKind
from udi.node.manager.queries import (
    IDS,
    REPORTS,
    RESOURCES,
    find_object,
    select_objects,
)
from udi.node.manager.records import attach_file, make_plan
from udi.node.manager.request_bodies import Document, parse_id, read_body, read_object
from udi.protocol.licences import RUDI_LICENCES
from udi.protocol.themes import THEMES
from udi.protocol.vocabulary import CURRENT_VERSION
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Routes
from udi.ui.site import site_of

MANAGER = "/manager"
BASE = "/manager/api/v1"
STORAGE = "/storage"
CATALOGUE = f"{BASE}/catalog"
PROGRAM = "udi"
PRIVATE = {"Cache-Control": "no-store"}
TOKEN = "consoleToken"  # noqa: S105 - the name of a cookie


def adapt_object(kind: str, document: Document) -> Document:
    """An object as RUDI's client reads it."""
    wrapped = {
        ObjectKind.CONTACT.value: "contacts",
        ObjectKind.MEDIA.value: "available_formats",
    }.get(kind)
    if wrapped:
        return dict(adapt_for_clients({wrapped: [document]})[wrapped][0])
    if kind == RESOURCES:
        return adapt_for_clients(document)
    return document


def require_kind(kind: str) -> str:
    """A kind of object.

    Raises:
        NotFoundError: there is none of this name.
    """
    if kind not in IDS:
        raise NotFoundError("This catalogue has no such objects.")
    return kind


@get(["/conf", f"{MANAGER}/conf"], sync_to_thread=False)
def show_conf(territory: CurrentTerritory) -> Response[dict[str, str]]:
    """Where a client finds everything else."""
    places = {
        "catalogPubUrl": f"{territory.origin}/catalog",
        "storagePubUrl": f"{territory.origin}{STORAGE}",
    }
    return Response(
        {**places, "managerPath": MANAGER, "backPath": BASE}, headers=PRIVATE
    )


@get(f"{BASE}/open/{{word:str}}", sync_to_thread=False)
def show_manager_status(word: FromPath[str]) -> Response[Any]:
    """That the manager answers (`test`), and which program it is (`tags`, `hash`)."""
    answers = {"test": "test", "hash": PROGRAM, "tags": {"program": PROGRAM}}
    if word not in answers:
        raise NotFoundError
    media_type = "application/json" if word == "tags" else "text/plain"
    return Response(answers[word], media_type=media_type, headers=PRIVATE)


@post(f"{BASE}/front/login", status_code=200)
async def create_token(
    request: AnyRequest, territory: CurrentTerritory
) -> Response[dict[str, str]]:
    """A token, in the cookie where the client looks for it, for the name of a space and one of its keys."""
    sent = read_object(await read_body(request))
    async with build_upload_context(request, territory).storage.session() as session:
        names = (str(sent.get("username") or ""), str(sent.get("password") or ""))
        token = await log_in(request, session, territory, *names)
    secure = territory.origin.startswith("https://")
    cookie = Cookie(
        key=TOKEN,
        value=token,
        path=MANAGER,
        httponly=True,
        secure=secure,
        samesite="strict",
    )
    return Response({"status": "OK"}, headers=PRIVATE, cookies=[cookie])


@get(f"{BASE}/front/{{word:str}}", sync_to_thread=False)
def show_client_settings(
    territory: CurrentTerritory, word: FromPath[str]
) -> Response[dict[str, str]]:
    """What the client shows of the node: its portal."""
    if word not in {"init-data", "node-urls"}:
        raise NotFoundError
    settings = {
        "portal_url": territory.links.get("portal", ""),
        "manager_url": territory.origin,
        "tag": PROGRAM,
    }
    return Response(settings, headers=PRIVATE)


@get(
    [
        f"{CATALOGUE}/{word}"
        for word in (
            "uuid",
            "version",
            "licences",
            "enum",
            "enum/themes/{language:str}",
        )
    ]
)
async def show_reference_data(
    request: AnyRequest, territory: CurrentTerritory
) -> Response[Any]:
    """A fresh identifier, the version that is written, the licences, the words of lists."""
    async with build_upload_context(request, territory).storage.session() as session:
        caller = await identify_caller(request, session, territory)
        if request.scope["path"].endswith("/enum"):
            question = parse_query([("count_by", "keywords")])
            used = await count_by_value(
                session, select_objects(caller.space, RESOURCES), question
            )
            words = {
                "themes": list(THEMES),
                "keywords": [row["keywords"] for row in used],
            }
            return Response(words, headers=PRIVATE)
    if request.scope["path"].endswith("/version"):
        return Response(CURRENT_VERSION, media_type="text/plain", headers=PRIVATE)
    if request.scope["path"].endswith("/uuid"):
        return Response(str(uuid.uuid4()), media_type="text/plain", headers=PRIVATE)
    licences = [
        {
            "licence_label": licence.code,
            "licence_url": licence.url,
            "labels": licence.name,
        }
        for licence in RUDI_LICENCES.values()
    ]
    return Response(
        licences if request.scope["path"].endswith("/licences") else list(THEMES),
        headers=PRIVATE,
    )


@get(f"{CATALOGUE}/{{kind:str}}")
async def list_objects(
    request: AnyRequest, territory: CurrentTerritory, kind: FromPath[str]
) -> Response[Any]:
    """The objects of a kind, chosen, ordered and cut as the address asks; or how many have each value of a field."""
    fields = FIELDS if require_kind(kind) == RESOURCES else None
    question = parse_query(request.query_params.multi_items(), fields)
    async with build_upload_context(request, territory).storage.session() as session:
        source = select_objects(
            (await identify_caller(request, session, territory)).space, kind
        )
        if question.count_by:
            return Response(
                await count_by_value(session, source, question), headers=PRIVATE
            )
        documents = await list_documents(session, source, question)
    return Response(
        [adapt_object(kind, document) for document in documents], headers=PRIVATE
    )


@get(f"{CATALOGUE}/{{kind:str}}/{{object_id:str}}")
async def show_object(
    request: AnyRequest,
    territory: CurrentTerritory,
    kind: FromPath[str],
    object_id: FromPath[str],
) -> Response[Any]:
    """One object, or how many there are (`count`)."""
    async with build_upload_context(request, territory).storage.session() as session:
        space = (await identify_caller(request, session, territory)).space
        if object_id == "count":
            total = await count_documents(
                session, select_objects(space, require_kind(kind)), parse_query([])
            )
            return Response(total, headers=PRIVATE)
        document = await find_object(
            session, space, require_kind(kind), parse_id(object_id, IDS[kind])
        )
    if document is None:
        raise NotFoundError("This catalogue has no such object.")
    return Response(adapt_object(kind, document), headers=PRIVATE)


@put(f"{CATALOGUE}/{{kind:str}}")
async def write_object(
    request: AnyRequest, territory: CurrentTerritory, kind: FromPath[str]
) -> Response[Any]:
    """Write an object, or what is new of it. A record is published when nothing of its file stops that."""
    body = await read_body(request)
    if kind == RESOURCES:
        return Response(
            await _write_resource(request, territory, read_object(body)),
            headers=PRIVATE,
        )
    if require_kind(kind) == REPORTS:
        raise NotFoundError("Reports are written by the portal.")
    async with build_upload_context(request, territory).storage.session() as session:
        caller = await identify_caller(request, session, territory)
        return Response(
            adapt_object(
                kind, await put_object(session, caller, ObjectKind(kind), body)
            ),
            headers=PRIVATE,
        )


async def _write_resource(
    request: AnyRequest, territory: Territory, sent: Document
) -> Document:
    context = build_upload_context(request, territory)
    async with context.storage.session() as session:
        plan = await make_plan(
            session,
            await identify_caller(request, session, territory),
            territory.origin,
            sent,
        )
    await attach_file(context, plan)
    async with context.storage.session() as session:
        caller = await identify_caller(request, session, territory)
        dataset = await find_dataset(session, plan.dataset_id, lock=True)
        if dataset is None and plan.is_elsewhere:
            dataset = await start_without_file(
                session,
                caller.sender,
                caller.space,
                plan.dataset_id,
                answers_of(plan.document),
            )
        if dataset is None:
            raise NotFoundError("This dataset was deleted meanwhile.")
        await put_document(
            session, caller, dataset, plan.document, plan.media_id, territory
        )
        say = site_of(request).pages.translator(request)
        publication = describe_publication(dataset, dataset.newest, territory, say)
        document = await find_object(session, caller.space, RESOURCES, plan.dataset_id)
    return {**adapt_object(RESOURCES, document or {}), "publication": publication}


@delete(f"{CATALOGUE}/{{kind:str}}/{{object_id:str}}", status_code=200)
async def remove_object(
    request: AnyRequest,
    territory: CurrentTerritory,
    kind: FromPath[str],
    object_id: FromPath[str],
) -> Response[Any]:
    """Withdraw a dataset, or forget what no record names; what it was."""
    context = build_upload_context(request, territory)
    identifier = parse_id(object_id, IDS[require_kind(kind)])
    orphans = list[str]()
    async with context.storage.session() as session:
        caller = await identify_caller(request, session, territory)
        document = await find_object(session, caller.space, kind, identifier)
        if kind == RESOURCES and document:
            dataset = await find_dataset(session, identifier, lock=True)
        else:
            dataset = None
        if document is None or kind == REPORTS:
            raise NotFoundError("This catalogue has no such object.")
        if dataset is not None:
            orphans = await delete_resource(session, caller, dataset)
        else:
            await delete_object(session, caller, ObjectKind(kind), identifier)
    for key in orphans:
        await context.storage.store.delete(key)
    if kind == ObjectKind.MEDIA:
        await delete_waiting_files(context.storage, caller, identifier)
    return Response(adapt_object(kind, document), headers=PRIVATE)


@post(f"{BASE}/media/commit", status_code=204)
async def confirm_file(request: AnyRequest, territory: CurrentTerritory) -> None:
    """Confirm a file that was sent."""
    sent = read_object(await read_body(request))
    ids = (
        parse_id(sent.get("media_id"), "media_id"),
        parse_id(sent.get("commit_uuid"), "commit_uuid"),
    )
    async with build_upload_context(request, territory).storage.session() as session:
        await commit_file(
            session, await identify_caller(request, session, territory), *ids
        )


routes: Routes = [
    show_conf,
    show_manager_status,
    create_token,
    show_client_settings,
    show_reference_data,
    list_objects,
    show_object,
    write_object,
    remove_object,
    confirm_file,
]
