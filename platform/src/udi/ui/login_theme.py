"""The login theme of Keycloak, one for all territories; its style sheet is made from the interface's own.

Run `python -m udi.ui.login_theme` after a change of the style sheets: it writes the two files that derive from them.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from udi.ui import assets, motif, theme

THEMES = Path(__file__).parent / "keycloak"
THEME = "udi"
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
    default = names.get("fr") or next(iter(names.values()), slug)
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


def derived_files() -> dict[Path, str]:
    """The files of the theme that are made, by path in it; Keycloak keeps a sheet 30 days, hence the version."""
    sheet = style_sheet()
    properties = (
        f"parent=base\nstyles=css/udi.css\nlocales=fr,en\nversion={sheet.digest}\n"
    )
    return {SHEET: sheet.content.decode(), Path("login/theme.properties"): properties}


def write_files() -> None:
    """Write the derived files beside the templates."""
    for path, text in derived_files().items():
        target = THEMES / THEME / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write_files()
