"""The look on a page: colours with their contrast, logo, icon and own rules, with a preview of the draft."""

from collections.abc import Mapping, Sequence
from typing import Any

from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import InvalidError, NotFoundError, Refusal, Refusals, field_error
from udi.kit.identity import Actor
from udi.kit.tenancy import Territory
from udi.portal.organisations.team.queries import require_team_member
from udi.portal.tenants import versions
from udi.portal.tenants.files import TenantFiles, TenantFolder, read_files
from udi.portal.tenants.logos import MAX_LOGO, LogoError, read_logo
from udi.portal.tenants.toml.schema import ThemePart
from udi.portal.tenants.toml.tenant_toml import Values
from udi.portal.territory.site import actions
from udi.portal.territory.site.queries import SiteState, read_state
from udi.portal.territory.site.rendering import PATH, render_site
from udi.ui import theme as colours
from udi.ui.contrast import Contrast, list_contrasts
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Member, Routes, Session
from udi.ui.errors import form_errors

LOOK = f"{PATH}/look"
DRAWING = f"{LOOK}/{{drawing:str}}"
DRAWINGS = ("logo", "icon")
EXTENSIONS = {"image/svg+xml": "svg", "image/png": "png"}
MAX_BODY = MAX_LOGO + 64 * 1024
CSS = "theme.css"
PREVIEW = "preview"


@get(LOOK)
async def show_look(
    request: AnyRequest, session: Session, member: Member, territory: CurrentTerritory
) -> Response[str]:
    """The colours, the logo and the icon of the draft, as pages would show them."""
    await require_team_member(session, member)
    return await _render_look(request, session, territory)


@post(f"{LOOK}/colours", status_code=303)
async def change_colours(
    request: AnyRequest, session: Session, member: Member, territory: CurrentTerritory
) -> Response[Any]:
    """Change the colours of the draft; those online again with `online`."""
    await require_team_member(session, member)
    form = await request.form()
    try:
        if form.get("online"):
            await _take_online_colours(session, member, territory)
        else:
            values = read_colours(form)
            await _change_look(session, member, territory, values=values)
    except InvalidError as error:
        return await _render_look(
            request, session, territory, form_values=form, error=error
        )
    return Redirect(f"{LOOK}#colours", status_code=303)


@post(f"{LOOK}/rules", status_code=303)
async def change_rules(
    request: AnyRequest, session: Session, member: Member, territory: CurrentTerritory
) -> Response[Any]:
    """Change the own rules of the draft, `theme.css`."""
    await require_team_member(session, member)
    form = await request.form()
    rules = str(form.get("rules") or "").replace("\r\n", "\n").strip()
    content = f"{rules}\n".encode() if rules else None
    try:
        await _change_look(session, member, territory, files={CSS: content})
    except InvalidError as error:
        return await _render_look(
            request, session, territory, form_values=form, error=error
        )
    return Redirect(f"{LOOK}#rules", status_code=303)


@post(DRAWING, status_code=303, request_max_body_size=MAX_BODY)
async def change_drawing(
    request: AnyRequest,
    session: Session,
    member: Member,
    territory: CurrentTerritory,
    drawing: FromPath[str],
) -> Response[Any]:
    """Replace the logo or the icon of the draft by a file, made safe to show; or take it away."""
    await require_team_member(session, member)
    _require_drawing(drawing)
    form = await request.form()
    changes: dict[str, bytes | None] = {
        f"{drawing}.{extension}": None for extension in EXTENSIONS.values()
    }
    try:
        if not form.get("remove"):
            path, content = await _read_drawing(drawing, form.get(drawing))
            changes[path] = content
        await actions.change_files(session, member, territory, changes)
    except InvalidError as error:
        return await _render_look(request, session, territory, error=error)
    return Redirect(f"{LOOK}#{drawing}s", status_code=303)


@get(f"{DRAWING}/draft")
async def send_drawing(
    session: Session,
    member: Member,
    territory: CurrentTerritory,
    drawing: FromPath[str],
) -> Response[bytes]:
    """The logo or the icon of the draft."""
    await require_team_member(session, member)
    _require_drawing(drawing)
    folder = read_files(await versions.read_draft(session), territory.slug)
    image = {"logo": folder.logo, "icon": folder.icon}[drawing]
    if image is None:
        raise NotFoundError
    return Response(
        image.content,
        media_type=image.media_type,
        headers={"Cache-Control": "no-store"},
    )


@get(f"{LOOK}/preview.css")
async def send_preview_css(
    session: Session, member: Member, territory: CurrentTerritory
) -> Response[str]:
    """The colours of the draft, for the preview on the page."""
    await require_team_member(session, member)
    files = await versions.read_draft(session)
    folder = read_files(files, territory.slug)
    css = colours.scoped_style_sheet(PREVIEW, folder.file.theme.model_dump())
    return Response(css, media_type="text/css", headers={"Cache-Control": "no-store"})


def _require_drawing(name: str) -> None:
    if name not in DRAWINGS:
        raise NotFoundError


async def _read_drawing(name: str, sent: object) -> tuple[str, bytes]:
    content = await sent.read() if isinstance(sent, UploadFile) else b""
    if not content:
        raise field_error(name, "No file was chosen.", "Choose an SVG or a PNG.")
    try:
        logo = read_logo(content)
    except LogoError as error:
        reason = f"{error.problem[:1].upper()}{error.problem[1:]}"
        raise field_error(name, reason, error.remedy) from error
    return f"{name}.{EXTENSIONS[logo.media_type]}", logo.content


async def _take_online_colours(
    session: AsyncSession, actor: Actor, territory: Territory
) -> None:
    published = await versions.get_published(session)
    files = await versions.read_manifest(session, published.manifest)
    online = _read_theme(files, territory)
    await _change_look(
        session,
        actor,
        territory,
        values={("theme", name): value for name, value in online.items()},
    )


def _read_theme(files: TenantFiles, territory: Territory) -> dict[str, Any]:
    return read_files(files, territory.slug).file.theme.model_dump()


def read_colours(form: Mapping[str, Any]) -> Values:
    """The numbers of a form.

    Raises:
        InvalidError: one of them is no number within its limits.
    """
    values: Values = {}
    refusals = Refusals()
    for name in ThemePart.model_fields:
        low, high = colours.LIMITS[name]
        text = str(form.get(name) or "").replace(",", ".")
        try:
            number = float(text)
        except ValueError:
            number = high + 1
        if low <= number <= high:
            values["theme", name] = number if name == "chroma" else round(number)
        else:
            refusals.refuse(
                name,
                "Give a number from %(low)s to %(high)s.",
                values={"low": f"{low:g}", "high": f"{high:g}"},
            )
    refusals.check()
    return values


async def _change_look(
    session: AsyncSession,
    actor: Actor,
    territory: Territory,
    *,
    values: Values | None = None,
    files: Mapping[str, bytes | None] | None = None,
) -> None:
    """Change colours or rules where what can be read stays so.

    Raises:
        InvalidError: a colour could not be read, or a rule loads something.
    """
    async with session.begin_nested():
        try:
            if values is not None:
                folder = await actions.change_values(session, actor, territory, values)
            else:
                folder = await actions.change_files(
                    session, actor, territory, files or {}
                )
        except versions.InvalidFilesError as error:
            if any(fault.file != CSS for fault in error.faults):
                raise
            raise field_error(
                "rules",
                "A rule loads something from elsewhere.",
                "Pages make no request to others: remove it.",
            ) from error
        _require_contrast(folder)


def _require_contrast(folder: TenantFolder) -> None:
    theme = folder.file.theme.model_dump()
    refusals = [
        Refusal(
            "rules",
            "%(front)s on %(back)s has a contrast of %(ratio)s, and needs %(least)s to be read.",
            "The nearest colour that can be read is %(nearest)s.",
            values={
                "front": contrast.front,
                "back": contrast.back,
                "ratio": f"{contrast.ratio:.1f}",
                "least": f"{contrast.least:g}",
                "nearest": contrast.nearest,
            },
        )
        for contrast in list_contrasts(theme, folder.theme_css)
        if not contrast.holds
    ]
    if refusals:
        raise InvalidError(refusals=refusals[:1])


async def _render_look(
    request: AnyRequest,
    session: AsyncSession,
    territory: Territory,
    *,
    form_values: Mapping[str, Any] | None = None,
    error: InvalidError | None = None,
) -> Response[str]:
    state = await read_state(session)
    folder = read_files(state.files, territory.slug)
    theme = folder.file.theme.model_dump()
    form_values = form_values or {}
    return await render_site(
        request,
        session,
        "site-look",
        state=state,
        errors=form_errors(request, error) if error else None,
        folder=folder,
        theme={name: form_values.get(name, value) for name, value in theme.items()},
        rules=form_values.get("rules", folder.theme_css),
        contrasts=pair_contrasts(list_contrasts(theme, folder.theme_css)),
        limits=colours.LIMITS,
        look_path=LOOK,
        stamp=make_stamp(state),
    )


def pair_contrasts(contrasts: Sequence[Contrast]) -> dict[str, dict[str, Contrast]]:
    """The contrasts of both schemes, by what is looked at."""
    pairs: dict[str, dict[str, Contrast]] = {}
    for contrast in contrasts:
        pairs.setdefault(contrast.name, {})[contrast.scheme] = contrast
    return pairs


def make_stamp(state: SiteState) -> str:
    """What changes with the draft, so that a browser asks for the preview again."""
    if state.draft is None:
        return str(state.published.number)
    return f"{state.published.number}-{state.draft.changed_at.timestamp():.0f}"


routes: Routes = [
    show_look,
    change_colours,
    change_rules,
    change_drawing,
    send_drawing,
    send_preview_css,
]
