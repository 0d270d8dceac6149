"""Every shared template, in both languages, passes the page checker and stays light."""

from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from jinja2 import Environment

from tests.rules.pages import check_page
from tests.ui.pages import ORIGIN, REFUSED, SENT, render, samples
from udi.ui import assets, locale, motif, theme

UI = Path(locale.__file__).parent
LIMIT = 60_000


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_template_passes_the_page_checker(language: str) -> None:
    drawn = samples(language)

    faults = [
        fault
        for name, html in drawn.items()
        for fault in check_page(html, url=f"{ORIGIN}/{name}", headers=SENT)
    ]

    assert faults == []
    assert len(drawn) == 5 + len(REFUSED)
    assert all(f'<html lang="{language}"' in html for html in drawn.values())


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_first_visit_is_light(language: str) -> None:
    shared = len(assets.find_asset(*assets.asset_url("udi.css").split("/")[2:]).content)  # type: ignore[union-attr]
    shared += len(theme.style_sheet({"hue": 186})) + len(
        motif.icon_svg("armorine", {"hue": 186})
    )

    weights = {
        name: len(html.encode()) + shared for name, html in samples(language).items()
    }

    assert max(weights.values()) < LIMIT, weights
    assert all(
        html.count('rel="stylesheet"') + html.count('rel="icon"') + 1 <= 5
        for html in samples(language).values()
    )


def test_a_refusal_says_what_happened_why_and_what_to_do() -> None:
    html = render("ui/error.html", "fr", status=503, error=REFUSED[503])

    assert "Erreur 503" in html
    assert "Une partie du service ne répond pas" in html
    assert "Réessayez dans une minute\N{NO-BREAK SPACE}; rien n’a été modifié." in html
    assert "mailto:donnees@armorine.example" in html


def test_what_an_error_quotes_is_escaped() -> None:
    error = REFUSED[404].__class__(
        "%(name)s is not here. <b>", values={"name": "<script>alert(1)</script>"}
    )

    html = render("ui/error.html", "en", status=404, error=error)

    assert "&lt;script&gt;alert(1)&lt;/script&gt; is not here. &lt;b&gt;" in html
    assert "<script" not in html


def test_someone_logged_in_can_log_out_and_a_passer_by_can_log_in() -> None:
    drawn = samples("en")

    assert 'action="/logout" method="post"' in drawn["node"]
    assert "/login?back=" not in drawn["node"]
    assert "/login?back=" in drawn["arrival"]
    assert "/logout" not in drawn["arrival"]


def test_every_message_of_the_shared_templates_is_translated() -> None:
    with (UI / "locale/fr.po").open("rb") as file:
        catalogue = read_po(file, locale="fr")
    environment = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    messages = {
        message if isinstance(message, str) else message[0]
        for path in (UI / "templates").glob("*.html")
        for _, _, message in environment.extract_translations(path.read_text())  # type: ignore[attr-defined]
        if message
    }

    assert (
        sorted(
            text
            for text in messages
            if not (catalogue.get(text) and catalogue[text].string)
        )
        == []
    )
