"""A text that is not in the reader's language says in which it is."""

from pathlib import Path

import pytest

from udi.ui.locale import lang_attribute, load_translations


@pytest.mark.parametrize(
    ("texts", "language", "attribute"),
    [
        ({"fr": "Arbres", "en": "Trees"}, "fr", ""), ({"fr": "Arbres", "en": "Trees"}, "en", ""), ({"fr": "Arbres"}, "en", ' lang="fr"'),
        ({"de": "Bäume", "en": "Trees"}, "fr", ' lang="en"'), ({"de": "Bäume"}, "fr", ' lang="de"'), ({'"><b>': "x"}, "fr", ' lang="&#34;&gt;&lt;b&gt;"'),
        ({}, "fr", ""), (None, "fr", ""),
    ],
)  # fmt: skip
def test_the_language_of_a_text_is_said_when_it_is_another(
    texts: dict[str, str] | None, language: str, attribute: str
) -> None:
    assert str(lang_attribute(texts, language)) == attribute


def test_a_word_said_alone_and_with_numbers_has_its_form_for_one(
    tmp_path: Path,
) -> None:
    for name, content in (
        (
            "first",
            'msgid "theme"\nmsgid_plural "themes"\nmsgstr[0] "thème"\nmsgstr[1] "thèmes"\n',
        ),
        (
            "second",
            'msgid "theme"\nmsgstr "thème"\n\nmsgid "search"\nmsgstr "recherche"\n',
        ),
    ):
        (tmp_path / name).mkdir()
        head = 'msgid ""\nmsgstr "Plural-Forms: nplurals=2; plural=(n > 1);\\n"\n\n'
        (tmp_path / name / "fr.po").write_text(head + content)

    for folders in (("first", "second"), ("second", "first")):
        french = load_translations([tmp_path / folder for folder in folders])["fr"]
        assert [french.gettext(word) for word in ("theme", "search", "unknown")] == [
            "thème",
            "recherche",
            "unknown",
        ]
