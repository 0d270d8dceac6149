"""Templates of the register (sample lists, on pages): which personal data a commune, a school or an association usually holds, to be ticked and corrected."""

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from udi.portal.selfdata.register_input import TEXTS, EntryInput
from udi.ui.locale import SOURCE

NAMES = ("commune", "school", "association")
FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class TemplateEntry:
    """One service of a template, its texts by language."""

    texts: Mapping[str, Mapping[str, str]]
    legal_basis: str
    special_data: bool
    moments: tuple[str, ...]

    def write_in(self, languages: Collection[str]) -> EntryInput:
        """The entry for a territory of these languages, the first one the main; English where it is not written in it."""
        written = [code for code in languages if code in self.texts["service"]]
        main_language = written[0] if written else SOURCE
        translations = {
            name: {code: texts[code] for code in written if code != main_language}
            for name, texts in self.texts.items()
        }
        main_texts: dict[str, Any] = {
            name: texts[main_language] for name, texts in self.texts.items()
        }
        return EntryInput(
            **main_texts,
            legal_basis=self.legal_basis,
            special_data=self.special_data,
            moments=self.moments,
            language=main_language,
            translations={name: texts for name, texts in translations.items() if texts},
        )


@cache
def read_template(name: str) -> tuple[TemplateEntry, ...]:
    """The entries of a template, in its order.

    Raises:
        KeyError: there is no template of this name.
    """
    if name not in NAMES:
        raise KeyError(name)
    content = tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    return tuple(
        TemplateEntry(
            texts={field: entry[field] for field in TEXTS if field in entry},
            legal_basis=entry["legal_basis"],
            special_data=entry["special_data"],
            moments=tuple(entry["moments"]),
        )
        for entry in content["entry"]
    )
