"""The page of the ways to log in, where a territory has identity services of others."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from litestar import Response

from udi.kit.login_providers import ACCOUNT, NATIONAL, ButtonPicture, LoginProvider
from udi.kit.tenancy import Territory
from udi.ui.dependencies import AnyRequest
from udi.ui.site import render


@dataclass(frozen=True)
class LoginChoice:
    """A way to log in, as a button: its name, where it leads, a page that says what it is, a sentence above, a picture."""

    label: str
    address: str
    about: str
    note: str
    picture: ButtonPicture | None


def render_choice(
    request: AnyRequest,
    login_path: str,
    territory: Territory,
    back: str,
    *,
    factor: bool,
) -> Response[Any]:
    """The ways to log in: those of the State first and apart from the others, as their rules want it."""
    more = f"{'&factor=true' if factor else ''}&back={quote(back, safe='/')}"
    language = request.scope["state"]["locale"]
    national: list[LoginChoice] = []
    others: list[LoginChoice] = []
    for provider in territory.login_providers:
        address = f"{login_path}?provider={provider.name}{more}"
        choices = national if provider.kind in NATIONAL else others
        choices.append(_describe_choice(provider, address, language))
    page = render(
        request,
        "ui/login-choice.html",
        national=national,
        others=others,
        account=f"{login_path}?provider={ACCOUNT}{more}",
    )
    page.headers["Cache-Control"] = "no-store"
    return page


def _describe_choice(
    provider: LoginProvider, address: str, language: str
) -> LoginChoice:
    return LoginChoice(
        provider.label_in(language),
        address,
        provider.about,
        provider.note_in(language),
        provider.picture,
    )
