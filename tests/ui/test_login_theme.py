"""The login theme keeps in step with the interface, and its templates promise what pages do."""

import re
from pathlib import Path

import pytest

from udi.portal.identity.provision.agents import CONSENT
from udi.ui import login_theme, motif
from udi.ui.languages import Language

LOGIN = login_theme.THEMES / "udi/login"
EMAIL = login_theme.THEMES / "udi/email"
PAGES = sorted(LOGIN.glob("*.ftl"))
REWRITTEN = (
    "login-username", "login-password", "login", "register", "login-update-password", "login-reset-password", "login-otp",
    "login-config-totp", "error", "logout-confirm", "info", "login-verify-email",
)  # fmt: skip
FROM_SERVER = re.compile(
    r"(federatedIdentity|invalid|missing|error-|expired|stale|account|email|update|reset|verify|configure|requiredAction\.|confirm|clientNot|cookie|registrationNot|successLogout|alreadyLoggedIn|notMatch|username|loginTi|loginTotp\.|orgInvite|password|executeActions|firstName|lastName|terms)"
)


def messages(folder: Path, language: str) -> dict[str, str]:
    lines = (
        (folder / f"messages/messages_{language}.properties")
        .read_text(encoding="utf-8")
        .splitlines()
    )
    return dict(
        line.split("=", 1) for line in lines if line and not line.startswith("#")
    )


OWN = login_theme.own_languages()


@pytest.mark.parametrize("path", login_theme.derived_files(OWN))
def test_derived_files_are_up_to_date(path: Path) -> None:
    content = (login_theme.THEMES / login_theme.THEME / path).read_text(
        encoding="utf-8"
    )

    assert content == login_theme.derived_files(OWN)[path], (
        "run: python -m udi.ui.login_theme"
    )


def test_the_pages_that_people_meet_are_ours() -> None:
    assert set(REWRITTEN) <= {path.stem for path in PAGES}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_runs_nothing_and_keeps_the_order_of_the_keyboard(path: Path) -> None:
    template = path.read_text(encoding="utf-8")

    assert "<script" not in template.lower()
    assert "tabindex" not in template
    assert re.search(r"\son[a-z]+=", template) is None
    assert re.search(r'(src|href)="(https?:)?//', template) is None


@pytest.mark.parametrize("language", OWN)
@pytest.mark.parametrize("folder", [LOGIN, EMAIL], ids=["login", "email"])
def test_every_language_says_the_same_things(folder: Path, language: str) -> None:
    texts = messages(folder, language)
    english = messages(folder, "en")

    assert texts.keys() == english.keys()
    assert len(texts) > 5
    assert all(
        re.findall(r"\{\d\}", texts[key]) == re.findall(r"\{\d\}", english[key])
        for key in texts
    )
    assert [text for text in texts.values() if "'" in text] == []


@pytest.mark.parametrize("folder", [LOGIN, EMAIL], ids=["login", "email"])
def test_french_has_its_spaces(folder: Path) -> None:
    assert [
        text
        for text in messages(folder, "fr").values()
        if any(f" {sign}" in text for sign in ":;?!»")
    ] == []


def test_the_languages_of_packages_are_in_the_installed_theme(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "ca"
    folder.mkdir()
    (folder / "login.properties").write_text("doLogIn=Inicia la sessió\n")
    guest = Language("Català", folder=folder)
    monkeypatch.setattr(login_theme, "list_languages", lambda: {**OWN, "ca": guest})

    login_theme.install_theme(tmp_path / "themes")

    theme = tmp_path / "themes/udi"
    properties = (theme / "login/theme.properties").read_text(encoding="ascii")
    assert "locales=fr,en,es,ca\n" in properties
    assert "language_ca=Catal\\u00e0\n" in properties
    assert messages(theme / "login", "ca") == {"doLogIn": "Inicia la sessió"}
    assert not (theme / "email/messages/messages_ca.properties").exists()


def test_every_message_of_the_templates_is_written_and_none_is_left_over() -> None:
    translations = messages(LOGIN, "fr")
    used = {
        key
        for path in PAGES
        for key in re.findall(r'"(udi\w+)"', path.read_text(encoding="utf-8"))
    }
    used.add(CONSENT.strip("${}"))
    text = "".join(path.read_text(encoding="utf-8") for path in PAGES)

    assert used == {key for key in translations if key.startswith("udi")}
    assert [
        key for key in translations if key not in text and not FROM_SERVER.match(key)
    ] == []


def test_the_plain_invitation_leaves_its_link_whole() -> None:
    template = (EMAIL / "text/org-invite.ftl").read_text(encoding="utf-8")

    assert template.startswith('<#ftl output_format="plainText">')
    assert "kcSanitize" not in template
    assert all(
        "{0}" in messages(EMAIL, language)["orgInviteBodyPersonalized"]
        for language in OWN
    )


@pytest.mark.parametrize(
    "slug", ["demo", "armorine", "a" * 60, *(f"town-{number}" for number in range(60))]
)
def test_a_territorys_tile_passes_the_check_of_the_template(slug: str) -> None:
    check = re.search(
        r"matches\('(\(<path.*?\)\+)'\)",
        (LOGIN / "tile.ftl").read_text(encoding="utf-8"),
    )
    attributes = login_theme.client_attributes(
        slug,
        {"fr": "Armorine", "en": "Armorine"},
        {"hue": 186},
        "https://armorine.example",
    )

    assert check
    assert re.fullmatch(check[1], attributes["udi.tile"])
    assert attributes["udi.tile"] == motif.tile_paths(slug)
    assert len(attributes["udi.tile"]) < 4000
    assert attributes["udi.hue"] == "186"
    assert attributes["login_theme"] == "udi"
    assert all(isinstance(value, str) for value in attributes.values())


@pytest.mark.parametrize(
    "tile",
    [
        '<path class="k1" d="M0 0"/><script>',
        '<path class="k1" onload="x" d="M0"/>',
        "<svg/>",
    ],
)
def test_a_tile_with_anything_else_is_refused(tile: str) -> None:
    check = re.search(
        r"matches\('(\(<path.*?\)\+)'\)",
        (LOGIN / "tile.ftl").read_text(encoding="utf-8"),
    )

    assert check
    assert re.fullmatch(check[1], tile) is None
