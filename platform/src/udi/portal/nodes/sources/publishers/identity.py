"""What a record says of its publisher, and the key by which a source's records name the same one."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from udi.kit.web_addresses import is_web_address
from udi.portal.nodes.harvest.record import Agent
from udi.portal.organisations.joining.identity_checks import (
    IdentityCheck,
    list_identity_checks,
)
from udi.portal.organisations.joining.name_similarity import normalise_name
from udi.portal.organisations.joining.registries import normalise_number
from udi.protocol.texts import Texts

LONGEST_KEY = 300
LONGEST_URL = 500
NUMBER = r"([0-9A-Z][0-9A-Z ]{1,21})(?![0-9A-Z])"
COUNTRY = re.compile(r"([A-Z]{2}):")


@dataclass(frozen=True)
class RegistryNumber:
    """A number of a public register as it is written, and the legal person that it is of: `FR:` and what its numbers share."""

    written: str
    legal_person: str


def country_of(key: str) -> str:
    """The country of a key that is made of a number; empty for any other key."""
    match = COUNTRY.match(key)
    return match[1] if match else ""


@dataclass(frozen=True, kw_only=True)
class NamedPublisher:
    """A publisher as records of a source name it."""

    key: str
    names: Texts
    uri: str = ""
    number: str = ""
    """Of a public register, as the source writes it."""
    legal_person: str = ""
    """The country and what every number of one legal person has in common (`FR:…`); empty without a number."""
    url: str = ""
    is_person: bool = False
    former_keys: frozenset[str] = frozenset()
    """Keys of rows that were made before the register of its number was known here."""

    @property
    def country(self) -> str:
        """That of the register of its number; empty without one."""
        return country_of(self.legal_person)

    @property
    def folded_names(self) -> frozenset[str]:
        """Its names without case or accents."""
        return frozenset(filter(None, map(normalise_name, self.names.values())))

    def name_in(self, languages: Sequence[str]) -> str:
        """Its name in the first of the languages that it has, else in any; empty where it has none."""
        for language in languages:
            if language in self.names:
                return self.names[language]
        return self.names[min(self.names)] if self.names else ""


def identify_publisher(
    agent: Agent | None, languages: Sequence[str]
) -> NamedPublisher | None:
    """The publisher of a record; None where it names nobody. The number goes before the address, and both before the name."""
    if agent is None:
        return None
    names = {tag: name for tag, text in agent.name.items() if (name := _tidy(text))}
    registry_number = find_registry_number(agent.identifier, agent.uri)
    number = registry_number.written if registry_number else ""
    publisher = NamedPublisher(
        key="",
        names=names,
        uri=_tidy(agent.uri)[:LONGEST_URL],
        number=number,
        legal_person=registry_number.legal_person if registry_number else "",
        url=_web_address(agent.url),
        is_person=agent.is_person and not number,
    )
    plain_key = _make_plain_key(publisher, agent, languages)
    if not publisher.legal_person:
        return replace(publisher, key=plain_key) if plain_key else None
    return replace(
        publisher, key=publisher.legal_person, former_keys=frozenset({plain_key})
    )


def _make_plain_key(
    publisher: NamedPublisher, agent: Agent, languages: Sequence[str]
) -> str:
    """The key of a publisher of whom no number is known."""
    if identifier := _tidy(agent.identifier):
        return identifier[:LONGEST_KEY]
    if publisher.uri:
        return publisher.uri[:LONGEST_KEY]
    return normalise_name(publisher.name_in(languages))[:LONGEST_KEY]


def find_registry_number(identifier: str, uri: str) -> RegistryNumber | None:
    """The number of a public register that an identifier or an address holds, by the rules of each country.

    Signs that happen to have the form of a number count only where its key is right and they are surely meant as one;
    inside an address, only after the name of a register.
    """
    for country, check in list_identity_checks().items():
        for written in _list_candidates(country, check, identifier.strip(), uri):
            number = normalise_number(written)
            if number and check.check(number) is None:
                return RegistryNumber(
                    written.strip(), f"{country}:{check.person_key(number)}"
                )
    return None


def _list_candidates(
    country: str, check: IdentityCheck, identifier: str, uri: str
) -> Iterator[str]:
    """What may be a number of a register of a country: alone, after the name of a register, inside an address."""
    if identifier and check.is_plain(normalise_number(identifier)):
        yield identifier
    if not check.register_names:
        return
    prefix, inside = _compile_names(country, check.register_names)
    if match := prefix.match(identifier):
        yield identifier[match.end() :]
    yield from inside.findall(identifier)
    yield from inside.findall(uri)


@cache
def _compile_names(
    country: str, names: tuple[str, ...]
) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """A name of a register at the beginning of an identifier, and a number after one inside an address."""
    words = "|".join(names)
    return (
        re.compile(rf"^(?:urn:)?(?:{words}|{country})[\s:/-]*", re.IGNORECASE),
        re.compile(rf"(?:{words})s?[/:=#_-]+{NUMBER}", re.IGNORECASE),
    )


def merge_publishers(
    publishers: Iterable[NamedPublisher],
) -> Mapping[str, NamedPublisher]:
    """One publisher a key, by key: what most records say of it, so that their order does not matter."""
    by_key: dict[str, list[NamedPublisher]] = {}
    for publisher in publishers:
        by_key.setdefault(publisher.key, []).append(publisher)
    return {key: _merge(by_key[key]) for key in sorted(by_key)}


def _merge(publishers: Sequence[NamedPublisher]) -> NamedPublisher:
    names: Texts = {}
    for language in sorted(
        {tag for publisher in publishers for tag in publisher.names}
    ):
        names[language] = _most_frequent(
            publisher.names.get(language, "") for publisher in publishers
        )
    first = publishers[0]
    return NamedPublisher(
        key=first.key,
        names=names,
        uri=_most_frequent(publisher.uri for publisher in publishers),
        number=_most_frequent(publisher.number for publisher in publishers),
        legal_person=first.legal_person,
        url=_most_frequent(publisher.url for publisher in publishers),
        is_person=all(publisher.is_person for publisher in publishers),
        former_keys=frozenset[str]().union(
            *(publisher.former_keys for publisher in publishers)
        ),
    )


def _most_frequent(values: Iterable[str]) -> str:
    counts = Counter(value for value in values if value)
    if not counts:
        return ""
    most = max(counts.values())
    return min(value for value, count in counts.items() if count == most)


def _tidy(text: str) -> str:
    """One line of visible signs, as long as a name may be."""
    line = "".join(
        sign if unicodedata.category(sign)[0] != "C" else " " for sign in text
    )
    return " ".join(line.split())[:LONGEST_KEY]


def _web_address(url: str) -> str:
    address = url.strip()
    if len(address) <= LONGEST_URL and is_web_address(address):
        return address
    return ""
