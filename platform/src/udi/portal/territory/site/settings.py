"""The settings on a page: names, addresses, time zone and sender; what is the operator's is shown beside them."""

from collections.abc import Mapping, Sequence
from typing import Any

from litestar import Response, get, post
from litestar.response import Redirect
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import InvalidError, Refusals
from udi.kit.mail_addresses import LONGEST_MAIL, MAIL
from udi.kit.tenancy import Territory
from udi.kit.time_zones import list_zones
from udi.portal.organisations.team.queries import require_team_member
from udi.portal.tenants.files import read_files
from udi.portal.tenants.toml.schema import SearchPart, TenantFile
from udi.portal.tenants.toml.tenant_toml import Key, Values
from udi.portal.territory.site import actions
from udi.portal.territory.site.queries import read_state
from udi.portal.territory.site.rendering import PATH, render_site
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Member, Routes, Session
from udi.ui.errors import form_errors
from udi.ui.locale import LANGUAGES

SETTINGS = f"{PATH}/settings"
LONGEST_WORDS = 300
MAILS: Mapping[str, Key] = {
    "contact": ("territory", "contact"),
    "privacy_contact": ("territory", "privacy_contact"),
    "sender": ("mail", "sender"),
}
"""The fields that are mail addresses."""


@get(SETTINGS)
async def show_settings(
    request: AnyRequest, session: Session, member: Member, territory: CurrentTerritory
) -> Response[str]:
    """The settings of the draft."""
    await require_team_member(session, member)
    return await _render_settings(request, session, territory)


@post(SETTINGS, status_code=303)
async def change_settings(
    request: AnyRequest, session: Session, member: Member, territory: CurrentTerritory
) -> Response[Any]:
    """Change the settings of the draft."""
    await require_team_member(session, member)
    form = await request.form()
    try:
        values = read_settings(form, territory.languages)
        await actions.change_values(session, member, territory, values)
    except InvalidError as error:
        return await _render_settings(
            request, session, territory, form_values=form, error=error
        )
    return Redirect(SETTINGS, status_code=303)


def read_settings(form: Mapping[str, Any], languages: Sequence[str]) -> Values:
    """The values of a form.

    Raises:
        InvalidError: an answer is missing, too long, or no address or zone.
    """
    fields = {
        name: str(form.get(name) or "").replace("\0", "").strip() for name in form
    }
    refusals = Refusals()
    values: Values = {}
    for language in languages:
        for name in ("name", "tagline"):
            field = f"{name}-{language}"
            text = fields.get(field, "")
            if len(text) > LONGEST_WORDS:
                refusals.refuse(
                    field,
                    "This is too long.",
                    "Keep it under %(most)s letters.",
                    values={"most": LONGEST_WORDS},
                )
            values["territory", name, language] = text or None
    first = f"name-{languages[0]}"
    if not fields.get(first):
        refusals.refuse(first, "The territory needs a name.", "Write it.")
    for name, key in MAILS.items():
        values[key] = fields.get(name, "")
        is_mail = MAIL.fullmatch(values[key]) and len(values[key]) <= LONGEST_MAIL
        if not is_mail:
            refusals.refuse(
                name, "This is no mail address.", "Write it as team@example.org."
            )
    sender_name = fields.get("sender_name", "")
    if not 0 < len(sender_name) <= LONGEST_WORDS:
        refusals.refuse("sender_name", "Mails need a sender.", "Write a name.")
    values["mail", "sender_name"] = sender_name
    zone = fields.get("time_zone", "")
    if zone not in list_zones():
        refusals.refuse(
            "time_zone",
            "This is no time zone of the list.",
            "Write one such as Europe/Paris or Indian/Reunion.",
        )
    values["territory", "time_zone"] = zone
    values["search", "shared"] = bool(form.get("shared"))
    territories = fields.get("territories", "").replace(",", " ").split()
    try:
        SearchPart(territories=territories)
    except ValidationError:
        refusals.refuse(
            "territories",
            "These are no short names of territories.",
            "Write them as in their addresses, with spaces between, 200 at most.",
        )
    values["search", "territories"] = territories or None
    refusals.check()
    return values


def read_answers(file: TenantFile, languages: Sequence[str]) -> dict[str, str]:
    """The settings as the form shows them."""
    answers = {
        "contact": file.territory.contact,
        "privacy_contact": file.territory.privacy_contact,
        "sender": file.mail.sender,
        "sender_name": file.mail.sender_name,
        "time_zone": file.territory.time_zone,
        "shared": "1" if file.search.shared else "",
        "territories": " ".join(file.search.territories),
    }
    for language in languages:
        answers[f"name-{language}"] = file.territory.name.get(language, "")
        answers[f"tagline-{language}"] = file.territory.tagline.get(language, "")
    return answers


async def _render_settings(
    request: AnyRequest,
    session: AsyncSession,
    territory: Territory,
    *,
    form_values: Mapping[str, Any] | None = None,
    error: InvalidError | None = None,
) -> Response[str]:
    state = await read_state(session)
    file = read_files(state.files, territory.slug).file
    answers = read_answers(file, territory.languages)
    if form_values is not None:
        answers = {name: str(form_values.get(name) or "") for name in answers}
    return await render_site(
        request,
        session,
        "site-settings",
        state=state,
        errors=form_errors(request, error) if error else None,
        file=file,
        answers=answers,
        settings_path=SETTINGS,
        choices=[(code, LANGUAGES[code]) for code in territory.languages],
        zones=list_zones(),
        most=LONGEST_WORDS,
    )


routes: Routes = [show_settings, change_settings]
