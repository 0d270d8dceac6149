"""What a record says of its publisher, and the key by which records name the same one."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from udi.portal.nodes.harvest.record import Agent
from udi.portal.nodes.sources.publishers.identity import (
    RegistryNumber,
    find_registry_number,
    identify_publisher,
    merge_publishers,
)

SIREN = "213502388"
SIRET = "21350238800019"
"""Both have the key of their register."""


@pytest.mark.parametrize(
    ("identifier", "uri", "written"),
    [
        (SIREN, "", SIREN),
        (SIRET, "", SIRET),
        ("213 502 388", "", "213 502 388"),
        ("213 502 388 00019", "", "213 502 388 00019"),
        ("urn:siren:213502388", "", SIREN),
        ("SIRET: 21350238800019", "", SIRET),
        ("FR213502388", "", SIREN),
        ("", f"https://annuaire.example.org/siren/{SIREN}", SIREN),
        ("", f"https://annuaire.example.org/entreprise/{SIREN}?a=b", SIREN),
        ("", f"urn:siret:{SIRET}", SIRET),
        (f"https://x.example/etablissement/{SIRET}", "", SIRET),
    ],
)
def test_find_registry_number_reads_each_spelling_of_one_legal_person(
    identifier: str, uri: str, written: str
) -> None:
    number = RegistryNumber(written, f"FR:{SIREN}")
    assert find_registry_number(identifier, uri) == number


@pytest.mark.parametrize(
    ("identifier", "uri"),
    [
        ("213502389", ""),
        ("ville", ""),
        ("", f"https://x.example/{SIREN}"),
        ("", f"https://x.example/siren/{SIREN}1"),
        ("", ""),
        ("12", "https://x.example/siren/12"),
    ],
)
def test_find_registry_number_takes_no_other_digits_for_a_number(
    identifier: str, uri: str
) -> None:
    assert find_registry_number(identifier, uri) is None


@pytest.mark.parametrize(
    ("identifier", "uri", "legal_person"),
    [
        ("DE123456788", "", "DE:DE123456788"),
        ("USt-IdNr: DE 123 456 788", "", "DE:DE123456788"),
        ("", "https://x.example/vat/DE123456788", "DE:DE123456788"),
        ("DEX1234.HRB12345", "", "DE:DEX1234HRB12345"),
        ("Q1234567D", "", "ES:Q1234567D"),
        ("ESQ1234567D", "", "ES:Q1234567D"),
        ("NIF B12345674", "", "ES:B12345674"),
        ("", "urn:nif:B12345674", "ES:B12345674"),
        ("RO12345674", "", "RO:12345674"),
        ("CUI 12345674", "", "RO:12345674"),
        ("", "https://x.example/cui/12345674", "RO:12345674"),
    ],
)
def test_find_registry_number_knows_the_registers_of_other_countries(
    identifier: str, uri: str, legal_person: str
) -> None:
    number = find_registry_number(identifier, uri)

    assert number is not None
    assert number.legal_person == legal_person


@pytest.mark.parametrize(
    ("identifier", "uri"),
    [
        ("B12345674", ""),
        ("L01280796", ""),
        ("12345674", ""),
        ("DE123456789", ""),
        ("NIF B12345675", ""),
        ("", "https://x.example/org/RO12345674"),
    ],
)
def test_find_registry_number_takes_no_other_code_for_a_number_abroad(
    identifier: str, uri: str
) -> None:
    assert find_registry_number(identifier, uri) is None


@pytest.mark.parametrize(
    ("publisher_agent", "key"),
    [
        (Agent(name={"fr": "Ville"}, identifier=SIRET), f"FR:{SIREN}"),
        (Agent(name={"fr": "Ville"}, uri=f"https://x.example/siren/{SIREN}"), f"FR:{SIREN}"),
        (Agent(name={"fr": "Ville"}, identifier="org-1"), "org-1"),
        (Agent(name={"fr": "Ville"}, uri="https://x.example/v"), "https://x.example/v"),
        (Agent(name={"fr": "Ville  de\nL’Été"}), "ville de l ete"),
        (Agent(name={"en": "Town", "fr": "Ville"}), "ville"),
        (Agent(name={"es": "Pueblo", "en": "Town"}), "town"),
        (Agent(uri="https://x.example/v"), "https://x.example/v"),
    ],
)  # fmt: skip
def test_identify_publisher_prefers_the_number_then_the_address_then_the_name(
    publisher_agent: Agent, key: str
) -> None:
    publisher = identify_publisher(publisher_agent, ["fr"])

    assert publisher is not None
    assert publisher.key == key


@pytest.mark.parametrize(
    "publisher_agent", [None, Agent(), Agent(name={"fr": " \x00 "})]
)
def test_identify_publisher_names_nobody_where_a_record_does_not(
    publisher_agent: Agent | None,
) -> None:
    assert identify_publisher(publisher_agent, ["fr"]) is None


AGENTS = st.builds(
    Agent,
    name=st.dictionaries(
        st.sampled_from(["fr", "en"]), st.sampled_from(["Ville", "VILLE", "Métropole"])
    ),
    identifier=st.sampled_from(["", SIREN, SIRET, "o-1"]),
    uri=st.sampled_from(["", "https://x.example/v"]),
    is_person=st.booleans(),
)


@given(st.lists(AGENTS, max_size=6), st.randoms(use_true_random=False))
def test_merge_publishers_does_not_depend_on_the_order_of_records(
    publisher_agent: list[Agent], random: Random
) -> None:
    publishers = [
        publisher
        for one in publisher_agent
        if (publisher := identify_publisher(one, ["fr"]))
    ]
    others = list(publishers)
    random.shuffle(others)

    assert merge_publishers(others) == merge_publishers(publishers)
