"""Whatever is told of a file has its words in French, with the same values."""

import re

import pytest

from udi.node.site import LOCALES
from udi.tabular.columns.casts import CODES
from udi.tabular.columns.errors import CELL_WORDS
from udi.tabular.messages.notes import EXPLANATIONS
from udi.ui.locale import load_translations

VALUES = re.compile(r"%\(\w+\)s")


@pytest.mark.parametrize("code", [*EXPLANATIONS, *CELL_WORDS])
def test_what_is_told_has_its_french(code: str) -> None:
    french = load_translations(LOCALES)["fr"]
    explanation = EXPLANATIONS.get(code) or CELL_WORDS[code]
    assert explanation.meaning
    for words in filter(None, (explanation.meaning, explanation.remedy)):
        translated = french.gettext(words)
        assert translated != words
        assert set(VALUES.findall(translated)) == set(VALUES.findall(words))


def test_every_error_of_a_cell_has_its_words() -> None:
    assert set(CODES.values()) <= CELL_WORDS.keys()
