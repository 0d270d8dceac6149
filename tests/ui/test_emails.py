"""A mail says the same as text and as HTML, in its reader's language, and loads nothing from elsewhere."""

import re
from pathlib import Path
from uuid import UUID

import pytest

from udi.kit.emails import Email
from udi.kit.tenancy import Territory
from udi.settings import Settings
from udi.ui.emails import EmailRecipient, EmailRenderer
from udi.ui.pages import PageRenderer
from udi.ui.theme import colours

TEMPLATE = """{% extends layout %}
{% block subject %}{{ _("%(label)s:", label=title) }}{% endblock %}
{% block body %}
{{ mail.paragraph(title) }}
{{ mail.quote(words) }}
{{ mail.action(title, address) }}
{% endblock %}
"""
TERRITORY = Territory(
    UUID(int=1),
    "demo",
    {"fr": "Armorine", "en": "Armorine"},
    {},
    ("fr", "en"),
    ("demo.localhost",),
    "https://data.armorine.example",
    "team@armorine.example",
    theme={"hue": 186},
    mail_sender={"name": "Armorine", "address": "no-reply@armorine.example"},
)
TITLE = "Sols & “eaux” <b>"
ADDRESS = "https://data.armorine.example/data/1?a=1&b=2"


def render(
    folder: Path, recipient: EmailRecipient, settings: Settings, **options: str
) -> Email:
    (folder / "emails").mkdir()
    (folder / "emails/trial.jinja").write_text(TEMPLATE)
    renderer = EmailRenderer(PageRenderer({"trial": folder}, []), settings)
    values = {"title": TITLE, "words": "one\n\n<script>", "address": ADDRESS}
    return renderer.render(
        TERRITORY, "trial/emails/trial.jinja", recipient, key="one", **values, **options
    )


def test_html_is_escaped_and_the_text_is_not(tmp_path: Path) -> None:
    recipient = EmailRecipient("ana@people.example", "fr", "Ana & Bea")

    mail = render(tmp_path, recipient, Settings())

    assert mail.subject == f"{TITLE}\N{NO-BREAK SPACE}:"
    assert mail.text.startswith("Bonjour Ana & Bea,\n\n")
    assert f"{TITLE}\N{NO-BREAK SPACE}:\n{ADDRESS}\n" in mail.text
    assert "> one\n>\n> <script>\n" in mail.text
    assert "Ana &amp; Bea" in mail.html
    assert "Sols &amp; “eaux” &lt;b&gt;" in mail.html
    assert "<script" not in mail.html
    assert 'lang="fr"' in mail.html


def test_nothing_is_loaded_from_elsewhere(tmp_path: Path) -> None:
    mail = render(tmp_path, EmailRecipient("ana@people.example", "en"), Settings())

    assert (
        re.findall(r"<(?:img|link|script|iframe|style)\b|url\(|src=", mail.html) == []
    )
    assert set(re.findall(r'href="([^"]+)"', mail.html)) == {
        ADDRESS.replace("&", "&amp;")
    }


def test_the_sender_is_the_territory_and_an_answer_reaches_its_team(
    tmp_path: Path,
) -> None:
    mail = render(tmp_path, EmailRecipient("ana@people.example", "fr"), Settings())

    assert (mail.sender_name, mail.sender, mail.reply_to) == (
        "Armorine",
        "no-reply@armorine.example",
        TERRITORY.contact,
    )


def test_the_team_is_not_told_to_write_to_itself(tmp_path: Path) -> None:
    settings = Settings(mail_sender="mails@installation.example")

    mail = render(tmp_path, EmailRecipient(TERRITORY.contact, "fr"), settings)

    assert (mail.sender, mail.reply_to) == ("mails@installation.example", "")
    assert "répondre à ce courriel" not in mail.text


def luminance(colour: str) -> float:
    """Relative luminance of `#rrggbb` (WCAG 2.2)."""
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
        for channel in channels
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    dark, light = sorted((luminance(first), luminance(second)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("chroma", [0.0, 1.0, 1.3])
def test_the_colours_of_any_territory_can_be_read(chroma: float) -> None:
    pairs = [("accent", "on"), ("ink", "card"), ("muted", "paper"), ("accent", "card")]
    worst = min(
        contrast(palette[front], palette[back])
        for palette in (colours({"hue": hue, "chroma": chroma}) for hue in range(360))
        for front, back in pairs
    )

    assert worst >= 4.5
