"""Public registers by country: how each checks the number by which it knows an organisation (`udi.identity_checks`)."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from udi.kit.entry_points import list_entry_points
from udi.kit.errors import Refusal
from udi.protocol.deadlines import country_of_zone

GROUP = "udi.identity_checks"


def is_never_plain(_number: str) -> bool:
    """No number of these registers is told from others without the name of a register before it."""
    return False


LONGEST = 40
FIELD = "registry_number"


@dataclass(frozen=True)
class IdentityCheck:
    """The registers of a country, whose code (ISO 3166-1, in capitals) is the name of the entry point."""

    label: str
    """What the form says: «In France»."""
    check: Callable[[str], Refusal | None]
    """What is wrong with a tidy number (no space, point or hyphen, in capitals), or None."""
    person_key: Callable[[str], str] = str
    """What two numbers of one legal person have in common."""
    register_names: tuple[str, ...] = ()
    """Words before a number in documents of others (`siren`, `nif`), in small letters; patterns of `re`."""
    is_plain: Callable[[str], bool] = is_never_plain
    """Whether a tidy number that stands alone is surely meant as one: other codes may have its form."""
    serves: frozenset[str] = frozenset()
    """Parts of the world with a code of their own whose organisations stand in these registers (Réunion, in those of France)."""


@cache
def list_identity_checks() -> dict[str, IdentityCheck]:
    """The checks by country, ours first."""
    return {point.name: point.load() for point in list_entry_points(GROUP)}


def find_home_country(time_zone: str) -> str:
    """The country whose registers serve the place of a time zone (`Indian/Reunion`: FR); empty where none is known."""
    place = country_of_zone(time_zone)
    for country, identity_check in list_identity_checks().items():
        if place == country or place in identity_check.serves:
            return country
    return ""


def check_number(country: str, number: str) -> Refusal | None:
    """What is wrong with a tidy number of a register, or None; where a country has no check, any number is good."""
    identity_check = list_identity_checks().get(country)
    if identity_check:
        return identity_check.check(number)
    if len(number) > LONGEST:
        return Refusal(
            FIELD, "This number is very long.", "Give 40 characters at most."
        )
    return None


def legal_person_key(country: str, number: str) -> str:
    """What two numbers of one legal person have in common."""
    identity_check = list_identity_checks().get(country)
    if identity_check:
        return identity_check.person_key(number)
    return number
