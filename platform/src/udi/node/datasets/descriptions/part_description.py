"""What a producer says of a file, a link or a service beside the main file, and what is wrong with it."""

from dataclasses import dataclass
from datetime import date

from udi.kit.errors import Refusal
from udi.node.datasets.models import PartRole
from udi.protocol.validators import LONGEST_URL, is_url

LONGEST_TITLE = 150
ADDRESS_ROLES = frozenset({PartRole.LINK, PartRole.SERVICE})
FILE_ROLES = frozenset({PartRole.DATA, PartRole.DOCUMENTATION, PartRole.ARCHIVE})


@dataclass(frozen=True)
class PartDescription:
    """What a producer says of a part; `place` is where it goes in the list, from 1, None to leave it."""

    title: str
    role: str
    first_day: date | None = None
    last_day: date | None = None
    address: str = ""
    documentation: str = ""
    is_public: bool = False
    place: int | None = None


def check_description(about: PartDescription) -> list[Refusal]:
    """What is wrong with a description, by field."""
    refusals = list[Refusal]()
    if not about.title:
        refusals.append(Refusal("title", "Give it a title."))
    elif len(about.title) > LONGEST_TITLE:
        refusals.append(Refusal("title", "This is too long."))
    roles = ADDRESS_ROLES if about.address else FILE_ROLES
    if about.role not in roles:
        refusals.append(Refusal("role", "Choose what it is."))
    refusals += check_period(about.first_day, about.last_day)
    for name in ("address", "documentation"):
        address = getattr(about, name)
        if address and not _is_public_address(address):
            refusals.append(
                Refusal(
                    name,
                    "This is not a web address.",
                    "Write it whole, with https:// and without a password.",
                )
            )
    return refusals


def check_period(first_day: date | None, last_day: date | None) -> list[Refusal]:
    """What is wrong with a period."""
    if last_day and not first_day:
        return [Refusal("first_day", "Give the first day too.")]
    if first_day and last_day and last_day < first_day:
        return [Refusal("last_day", "The period ends before it begins.")]
    return []


def _is_public_address(address: str) -> bool:
    is_whole = address.startswith(("https://", "http://"))
    return (
        is_whole
        and len(address) <= LONGEST_URL
        and "@" not in address.partition("://")[2].partition("/")[0]
        and is_url(address)
    )
