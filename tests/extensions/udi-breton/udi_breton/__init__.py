"""Breton, for the pages of every domain; a message that is not translated yet is said in French."""

from pathlib import Path

from udi.ui.languages import Language

BRETON = Language(
    "Brezhoneg", folder=Path(__file__).parent / "locale", fallbacks=("fr",)
)
