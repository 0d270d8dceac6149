"""The menu and the footer of the portal."""

from collections.abc import Sequence
from typing import Any

from litestar import Response, get, post
from litestar.response import Redirect
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import InvalidError, Refusals
from udi.kit.tenancy import Territory
from udi.portal.tenants.toml.site_schema import PORTAL_PAGES, PUBLISH, LinkPart
from udi.portal.tenants.toml.tenant_toml import Values
from udi.portal.territory.editing.block_form import Form, read_by_language
from udi.portal.territory.editing.draft import (
    DraftSite,
    lock_draft_site,
    read_draft_site,
)
from udi.portal.territory.site.actions import change_values
from udi.portal.territory.site.rendering import PATH, render_site
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Member, Session
from udi.ui.errors import form_errors

MENU = f"{PATH}/menu"
MENU_ROWS = 7
COLUMNS = 3
COLUMN_ROWS = 10
FREE_ROWS = 2
"""Rows that stand empty after the links of a column."""
Link = dict[str, Any]


@get(MENU)
async def show_menu(
    request: AnyRequest, session: Session, member: Member, territory: CurrentTerritory
) -> Response[str]:
    """A form of both; entries without words are left out."""
    draft = await read_draft_site(session, member)
    return await _render(request, session, territory, draft, _form_values(draft))


@post(MENU, status_code=303)
async def change_menu(
    request: AnyRequest, session: Session, member: Member, territory: CurrentTerritory
) -> Response[Any]:
    """Put the form into the draft."""
    form = await request.form()
    draft = await lock_draft_site(session, member)
    refusals = Refusals()
    menu = [
        link
        for row in range(1, MENU_ROWS + 1)
        if (link := _read_link(form, f"menu-{row}", territory, draft, refusals))
    ]
    footer = [
        column
        for number in range(1, COLUMNS + 1)
        if (column := _read_column(form, number, territory, draft, refusals))
    ]
    if refusals:
        error = InvalidError("Nothing was changed.", refusals=refusals)
        return await _render(
            request, session, territory, draft, dict(form), error=error
        )
    values: Values = {("menu",): menu or None, ("footer",): footer or None}
    await change_values(session, member, territory, values)
    return Redirect(f"{MENU}?saved=1", status_code=303)


def _read_link(
    form: Form,
    name: str,
    territory: Territory,
    draft: DraftSite,
    refusals: Refusals,
) -> Link | None:
    """A link of the form; None where its row is empty or wrong, which is added to the refusals."""
    label = read_by_language(form, f"{name}-label", territory.languages)
    target = str(form.get(f"{name}-to") or "").strip()
    if not label and not target:
        return None
    if not label:
        refusals.refuse(
            f"{name}-label_{territory.languages[0]}",
            "This link has no words.",
            "Write them, or empty its address.",
        )
        return None
    if not _is_target(target, draft):
        refusals.refuse(
            f"{name}-to",
            "“%(to)s” leads nowhere.",
            "Write /projects, /pages/…, publish, or an address that begins with https://.",
            values={"to": target},
        )
        return None
    return {"label": label, "to": target}


def _is_target(target: str, draft: DraftSite) -> bool:
    """Whether a link may lead there: what the files say, and pages and news that are there."""
    try:
        LinkPart.model_validate({"label": {"en": "x"}, "to": target})
    except ValidationError:
        return False
    path = target.partition("#")[0].partition("?")[0]
    is_own = path.startswith(("/pages/", "/news/"))
    return not is_own or path in draft.targets


def _read_column(
    form: Form,
    number: int,
    territory: Territory,
    draft: DraftSite,
    refusals: Refusals,
) -> dict[str, Any] | None:
    title = read_by_language(form, f"footer-{number}-title", territory.languages)
    links = [
        link
        for row in range(1, COLUMN_ROWS + 1)
        if (
            link := _read_link(
                form, f"footer-{number}-{row}", territory, draft, refusals
            )
        )
    ]
    if not title and not links:
        return None
    if not title:
        field = f"footer-{number}-title_{territory.languages[0]}"
        refusals.refuse(field, "The title is missing.", "Write one.")
    elif not links:
        field = f"footer-{number}-1-to"
        refusals.refuse(
            field, "This column has no link.", "Add one, or empty its title."
        )
    return {"title": title, "links": links}


def _form_values(draft: DraftSite) -> dict[str, Any]:
    """The values of the form that shows what is there."""
    values: dict[str, Any] = {}
    for row, link in enumerate(draft.layout["menu"], 1):
        _put_link(values, f"menu-{row}", link)
    for number, column in enumerate(draft.layout["footer"], 1):
        for language, title in column["title"].items():
            values[f"footer-{number}-title_{language}"] = title
        for row, link in enumerate(column["links"], 1):
            _put_link(values, f"footer-{number}-{row}", link)
    return values


def _put_link(values: dict[str, Any], name: str, link: Link) -> None:
    values[f"{name}-to"] = link["to"]
    for language, label in link["label"].items():
        values[f"{name}-label_{language}"] = label


def _count_rows(values: dict[str, Any], prefix: str, most: int) -> int:
    """How many rows of links are shown: those that are used, and a few that stand empty."""
    rows = range(1, most + 1)
    used = [row for row in rows if values.get(f"{prefix}-{row}-to")]
    return min(most, max(used, default=0) + FREE_ROWS)


def _list_columns(
    values: dict[str, Any], languages: Sequence[str]
) -> list[tuple[int, int, bool]]:
    """Each column of the footer: its number, its rows, and whether it is used."""
    columns = []
    for number in range(1, COLUMNS + 1):
        prefix = f"footer-{number}"
        is_used = any(values.get(f"{prefix}-title_{code}") for code in languages)
        rows = _count_rows(values, prefix, COLUMN_ROWS)
        columns.append((number, rows, is_used or rows > FREE_ROWS))
    return columns


async def _render(
    request: AnyRequest,
    session: AsyncSession,
    territory: Territory,
    draft: DraftSite,
    values: dict[str, Any],
    *,
    error: InvalidError | None = None,
) -> Response[str]:
    offered: Sequence[str] = [*PORTAL_PAGES, PUBLISH, *sorted(draft.targets)]
    return await render_site(
        request,
        session,
        "site-menu",
        state=draft.state,
        values=values,
        offered=offered,
        site_languages=territory.languages,
        menu_rows=_count_rows(values, "menu", MENU_ROWS),
        columns=_list_columns(values, territory.languages),
        is_saved=bool(request.query_params.get("saved")),
        errors=form_errors(request, error),
        menu_url=MENU,
    )


routes = [show_menu, change_menu]
