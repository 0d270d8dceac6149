"""A text that is not in the reader's language says in which it is."""

import pytest

from udi.ui.locale import tongue


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
    assert str(tongue(texts, language)) == attribute
