"""The login theme of Keycloak, one for all territories; its style sheet is made from the interface's own.

Run `python -m udi.ui.login_theme` after a change of the style sheets: it writes the files that derive from them.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from udi.ui import assets, motif, theme
from udi.ui.languages import Language, list_languages

THEMES = Path(__file__).parent / "keycloak"
THEME = "udi"
KINDS = ("login", "email")
EXTRA = ".login{max-inline-size:38rem;margin-inline:auto}.login h1{font-size:var(--t3)}.login .more{border-block-start:var(--rule);padding-block-start:var(--s4)}"
NO_LOGO = "none"
"""Keycloak keeps no attribute that is empty."""
SHEET = Path("login/resources/css/udi.css")


def client_attributes(
    slug: str, names: Mapping[str, str], colours: Mapping[str, Any], origin: str
) -> dict[str, str]:
    """The attributes of a territory's Keycloak client that the login pages read; its logo is at `origin`."""
    parameters = theme.parameters(colours)
    numbers = {f"udi.{name}": f"{value:g}" for name, value in parameters.items()}
    named = {f"udi.name.{language}": name for language, name in names.items()}
    logo = colours.get("logo")
    address = NO_LOGO
    if logo:
        extension = "png" if logo["type"] == "image/png" else "svg"
        address = f"{origin}/logo.{extension}?{logo['version']}"
    default = next((names[code] for code in list_languages() if code in names), slug)
    return {
        "login_theme": THEME,
        "udi.slug": slug,
        "udi.name": default,
        "udi.logo": address,
        "udi.tile": motif.tile_paths(slug),
        **named,
        **numbers,
    }


def style_sheet() -> assets.Asset:
    """The style sheet of the login pages."""
    _, _, digest, name = assets.asset_url("udi.css").split("/")
    shared = assets.find_asset(digest, name)
    css = (shared.content.decode() if shared else "") + EXTRA
    return assets.Asset(SHEET.name, css.encode(), "text/css")


def own_languages() -> dict[str, Language]:
    """The languages whose messages are in the theme itself."""
    return {
        code: language
        for code, language in list_languages().items()
        if language.folder is None
    }


def derived_files(languages: Mapping[str, Language]) -> dict[Path, str]:
    """The files of the theme that are made, by path in it; Keycloak keeps a sheet 30 days, hence the version."""
    sheet = style_sheet()
    login = ["parent=base", "styles=css/udi.css", *_locales(languages)]
    email = ["parent=base", *_locales(languages)]
    return {
        SHEET: sheet.content.decode(),
        Path("login/theme.properties"): "\n".join(
            [*login, f"version={sheet.digest}", ""]
        ),
        Path("email/theme.properties"): "\n".join([*email, ""]),
    }


def _locales(languages: Mapping[str, Language]) -> list[str]:
    """What a theme says of its languages: their codes, and how those who speak them call them."""
    names = [
        f"language_{code}={escape_property(language.name)}"
        for code, language in languages.items()
    ]
    return [f"locales={','.join(languages)}", *names]


def escape_property(text: str) -> str:
    """A text for a file of properties, which is read as Latin-1."""
    return "".join(
        character if character.isascii() else f"\\u{ord(character):04x}"
        for character in text
    )


def install_theme(target: Path) -> None:
    """Copy the theme where Keycloak reads it, with the languages of packages and of this installation.

    Those say the messages of Keycloak in `login.properties` and `email.properties` beside their catalogue; what they do not
    say is in Keycloak's own words for that language, else in English.
    """
    shutil.copytree(THEMES, target)
    languages = list_languages()
    for path, text in derived_files(languages).items():
        (target / THEME / path).write_text(text, encoding="utf-8")
    for code, language in languages.items():
        if language.folder is None:
            continue
        for kind in KINDS:
            messages = language.folder / f"{kind}.properties"
            if messages.is_file():
                place = target / THEME / kind / f"messages/messages_{code}.properties"
                shutil.copyfile(messages, place)


def write_files() -> None:
    """Write the derived files beside the templates."""
    for path, text in derived_files(own_languages()).items():
        target = THEMES / THEME / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write_files()
