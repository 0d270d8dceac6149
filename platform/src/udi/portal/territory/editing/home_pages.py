"""The blocks of the home: their order, those that are hidden, what each shows, and a preview."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import InvalidError, NotFoundError
from udi.kit.tenancy import Territory
from udi.portal.tenants.toml.site_schema import NEEDED, OPTIONS, REPEATED, BlockKind
from udi.portal.territory.editing.block_form import read_block
from udi.portal.territory.editing.draft import (
    DraftSite,
    lock_draft_site,
    read_draft_site,
)
from udi.portal.territory.home.civic_life import read_civic_life
from udi.portal.territory.home.pages import render_home
from udi.portal.territory.site.actions import change_values
from udi.portal.territory.site.rendering import PATH, render_site
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Member, Session
from udi.ui.errors import form_errors

HOME = f"{PATH}/home"
MOST_BLOCKS = 24
MOVES = {"up": -1, "down": 1}
KINDS: tuple[str, ...] = BlockKind.__args__  # type: ignore[attr-defined]  # the values of a literal


@get(HOME)
async def show_blocks(
    request: AnyRequest,
    session: Session,
    member: Member,
    act: FromQuery[str] = "",
    block: FromQuery[int] = 0,
) -> Response[str]:
    """The blocks in their order; `act` and `block` say what was just done, so that the focus follows."""
    draft = await read_draft_site(session, member)
    used = {entry["kind"] for entry in draft.blocks}
    addable = [kind for kind in KINDS if kind in REPEATED or kind not in used]
    if len(draft.blocks) >= MOST_BLOCKS:
        addable = []
    return await render_site(
        request,
        session,
        "site-home",
        state=draft.state,
        blocks=draft.blocks,
        addable=addable,
        options=OPTIONS,
        act=act if 0 < block <= len(draft.blocks) else "",
        changed=block,
        is_ours=not draft.layout["home"],
    )


@post(f"{HOME}/blocks/{{number:int}}/{{act:str}}", status_code=303)
async def change_block_order(
    session: Session,
    member: Member,
    territory: CurrentTerritory,
    number: FromPath[int],
    act: FromPath[str],
) -> Redirect:
    """Move a block `up` or `down`, `hide` or `show` it, or `remove` it."""
    draft = await lock_draft_site(session, member)
    blocks = [dict(block) for block in draft.blocks]
    block = blocks[_index(draft, number)]
    place = number
    if act in MOVES:
        place = min(max(number + MOVES[act], 1), len(blocks))
        blocks.insert(place - 1, blocks.pop(number - 1))
    elif act == "hide":
        block["hidden"] = True
    elif act == "show":
        block.pop("hidden", None)
    elif act == "remove":
        del blocks[number - 1]
        place = min(number, len(blocks))
    else:
        raise NotFoundError
    await change_values(session, member, territory, {("home",): blocks or None})
    return Redirect(f"{HOME}?act={act}&block={place}#block-{place}", status_code=303)


@post(f"{HOME}/restore", status_code=303)
async def restore_blocks(
    session: Session, member: Member, territory: CurrentTerritory
) -> Redirect:
    """Go back to the portal's own order."""
    await lock_draft_site(session, member)
    await change_values(session, member, territory, {("home",): None})
    return Redirect(HOME, status_code=303)


@get(f"{HOME}/blocks/{{number:int}}")
async def show_block(
    request: AnyRequest,
    session: Session,
    member: Member,
    territory: CurrentTerritory,
    number: FromPath[int],
) -> Response[str]:
    """The options of a block."""
    draft = await read_draft_site(session, member)
    block = draft.blocks[_index(draft, number)]
    return await _render_block(
        request, session, territory, draft, block, f"{HOME}/blocks/{number}"
    )


@post(f"{HOME}/blocks/{{number:int}}", status_code=303)
async def change_block(
    request: AnyRequest,
    session: Session,
    member: Member,
    territory: CurrentTerritory,
    number: FromPath[int],
) -> Response[Any]:
    """Change the options of a block."""
    form = await request.form()
    draft = await lock_draft_site(session, member)
    before = draft.blocks[_index(draft, number)]
    try:
        pages = list(draft.content.pages)
        block = read_block(before["kind"], form, territory.languages, pages)
    except InvalidError as error:
        address = f"{HOME}/blocks/{number}"
        return await _render_block(
            request, session, territory, draft, before, address, form=form, error=error
        )
    if before.get("hidden"):
        block["hidden"] = True
    blocks = [*draft.blocks]
    blocks[number - 1] = block
    await change_values(session, member, territory, {("home",): blocks})
    return Redirect(f"{HOME}?act=change&block={number}#block-{number}", status_code=303)


@post(f"{HOME}/blocks", status_code=303)
async def add_block(
    request: AnyRequest, session: Session, member: Member, territory: CurrentTerritory
) -> Response[Any]:
    """Add a block at the end; one that needs options asks for them first."""
    form = await request.form()
    draft = await lock_draft_site(session, member)
    kind = str(form.get("kind") or "")
    is_there = any(block["kind"] == kind for block in draft.blocks)
    is_full = len(draft.blocks) >= MOST_BLOCKS
    if is_full or kind not in KINDS or (is_there and kind not in REPEATED):
        return Redirect(HOME, status_code=303)
    if kind in NEEDED and not form.get("whole"):
        return await _render_block(
            request, session, territory, draft, {"kind": kind}, f"{HOME}/blocks"
        )
    try:
        pages = list(draft.content.pages)
        block = read_block(kind, form, territory.languages, pages)
    except InvalidError as error:
        empty = {"kind": kind}
        return await _render_block(
            request,
            session,
            territory,
            draft,
            empty,
            f"{HOME}/blocks",
            form=form,
            error=error,
        )
    blocks = [*draft.blocks, block]
    await change_values(session, member, territory, {("home",): blocks})
    place = len(blocks)
    return Redirect(f"{HOME}?act=add&block={place}#block-{place}", status_code=303)


@get(f"{HOME}/preview")
async def preview_home(
    request: AnyRequest, session: Session, member: Member, territory: CurrentTerritory
) -> Response[Any]:
    """The home as visitors would see it, with the menu and the footer of the draft."""
    draft = await read_draft_site(session, member)
    changed = draft.lay_out(territory)
    request.scope["state"]["territory"] = changed
    life = await read_civic_life(session)
    page, _ = await render_home(
        request, session, changed, draft.published(), life, preview=True
    )
    return page


def _index(draft: DraftSite, number: int) -> int:
    """The index of a block by its number.

    Raises:
        NotFoundError: there is none.
    """
    if not 0 < number <= len(draft.blocks):
        raise NotFoundError("There is no such block.")
    return number - 1


async def _render_block(
    request: AnyRequest,
    session: AsyncSession,
    territory: Territory,
    draft: DraftSite,
    block: dict[str, Any],
    address: str,
    *,
    form: Any = None,
    error: InvalidError | None = None,
) -> Response[str]:
    pages = [
        (slug, draft.published().find_page(slug, request.scope["state"]["locale"]))
        for slug in sorted(draft.content.pages)
    ]
    return await render_site(
        request,
        session,
        "site-block",
        state=draft.state,
        block=block,
        address=address,
        home_url=HOME,
        options=OPTIONS.get(block["kind"], set()),
        pages=[(slug, page.text.title) for slug, page in pages if page is not None],
        site_languages=territory.languages,
        form=dict(form or {}),
        errors=form_errors(request, error),
    )


routes = [
    show_blocks,
    change_block_order,
    restore_blocks,
    show_block,
    change_block,
    add_block,
    preview_home,
]
