"""Languages: what each falls back on, how it is written, and what is wrong with a folder that describes one."""

from pathlib import Path

import pytest

from udi.ui import languages
from udi.ui.languages import (
    ENGLISH,
    FRENCH,
    SPANISH,
    Language,
    LanguageError,
    fallback_chain,
    read_folder,
    text_direction,
)

KNOWN = {
    "fr": FRENCH,
    "en": ENGLISH,
    "es": SPANISH,
    "ca": Language("Català", fallbacks=("es",)),
    "oc": Language("Occitan", fallbacks=("ca", "fr")),
    "xa": Language("A", fallbacks=("xb",)),
    "xb": Language("B", fallbacks=("xa",)),
    "ar": Language("العربية"),
    "xr": Language("Pseudo", locale="ar"),
    "xl": Language("Pseudo", locale="ar", right_to_left=False),
}


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(languages, "list_languages", lambda: KNOWN)
    fallback_chain.cache_clear()
    text_direction.cache_clear()


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(
    ("code", "chain", "direction"),
    [
        ("en", ("en",), "ltr"),
        ("fr", ("fr", "en"), "ltr"),
        ("oc", ("oc", "ca", "fr", "es", "en"), "ltr"),
        ("xa", ("xa", "xb", "en"), "ltr"),
        ("ar", ("ar", "en"), "rtl"),
        ("xr", ("xr", "en"), "rtl"),
        ("xl", ("xl", "en"), "ltr"),
        ("zz", ("zz", "en"), "ltr"),
    ],
)
def test_a_language_has_a_chain_and_a_direction(
    code: str, chain: tuple[str, ...], direction: str
) -> None:
    assert fallback_chain(code) == chain
    assert text_direction(code) == direction


@pytest.mark.parametrize(
    ("description", "words"),
    [
        ("name = ", "cannot be read"),
        ("", "name it"),
        ('name = "A"\ncolour = "red"', "no key “colour”"),
    ],
)
def test_a_wrong_description_names_its_file(
    tmp_path: Path, description: str, words: str
) -> None:
    (tmp_path / "ca").mkdir()
    (tmp_path / "ca/language.toml").write_text(description)

    with pytest.raises(LanguageError) as raised:
        list(read_folder(tmp_path))

    assert words in str(raised.value)
    assert "ca/language.toml" in str(raised.value)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(LanguageError, match="no such folder"):
        list(read_folder(tmp_path / "nowhere"))
