"""Words of others, made into HTML that can be trusted."""

import pytest

from udi.portal.catalogue.markup import highlight, render_description
from udi.portal.catalogue.search.words import word_stems
from udi.portal.tenants.texts import read_page


@pytest.mark.parametrize(
    ("title", "words", "marked"),
    [
        ("Comptages vélo", ["velos"], "Comptages <mark>vélo</mark>"),
        (
            "Qualité de l'air",
            ["air", "qualite"],
            "<mark>Qualité</mark> de l&#39;<mark>air</mark>",
        ),
        ("<b>Air</b> & eau", ["air"], "&lt;b&gt;<mark>Air</mark>&lt;/b&gt; &amp; eau"),
        ("Comptages", [], "Comptages"),
        ("", ["air"], ""),
    ],
)
def test_the_words_that_were_looked_for_are_marked(
    title: str, words: list[str], marked: str
) -> None:
    stems = {stem for word in words for stem in word_stems(word)[0]}

    assert highlight(title, stems) == marked


def test_a_text_keeps_its_paragraphs_and_nothing_runs() -> None:
    assert (
        render_description("Un.\nDeux.\n\n<b>Trois</b>")
        == "<p>Un.<br>Deux.</p>\n<p>&lt;b&gt;Trois&lt;/b&gt;</p>"
    )
    description = render_description(
        "x",
        '<p onclick="x()">A <a href="javascript:x()">b</a><img src=x onerror=x()></p><iframe></iframe>',
    )
    assert "<p>A <a" in description
    assert not any(
        word in description for word in ("onclick", "javascript", "img", "iframe")
    )


def test_a_page_of_the_territory_has_its_title_apart_and_is_harmless() -> None:
    title, body = read_page(
        "# Charte #\n\nUn **mot**.\n\n# Encore\n\n## Suite\n\n<script>x()</script>\n\n[là](javascript:x)"
    )

    assert title == "Charte"
    assert "<strong>mot</strong>" in body
    assert body.count("<h2>") == 2
    assert "<h1" not in body
    assert "<script" not in body
    assert 'href="javascript' not in body


def test_a_page_without_a_title_is_shown_whole() -> None:
    assert read_page("Texte.") == ("", "<p>Texte.</p>\n")
