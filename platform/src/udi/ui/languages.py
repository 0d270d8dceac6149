"""Languages of the interface, ours and those of other packages (entry points `udi.locales`, named by the code of ISO 639-1)."""

from dataclasses import dataclass
from pathlib import Path

from udi.kit.entry_points import list_entry_points

GROUP = "udi.locales"


@dataclass(frozen=True)
class Language:
    """A language, which one chooses on every page."""

    name: str
    """What those who speak it call it."""
    folder: Path | None = None
    """Holds `<code>.po`, with the messages of all domains; None: each domain has its own."""
    rank: int = 100
    """The language of the lowest rank is the one of who asks for none, where no territory says which."""


FRENCH = Language("Français", rank=0)
ENGLISH = Language("English", rank=1)


def list_languages() -> dict[str, Language]:
    """Every language by code, in the order in which they are offered."""
    languages: dict[str, Language] = {
        point.name: point.load() for point in list_entry_points(GROUP)
    }
    return dict(sorted(languages.items(), key=lambda item: item[1].rank))
