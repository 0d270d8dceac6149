"""Numbers of organisations of Germany, Spain and Romania: made up, with every check digit, of which one is right."""

import random
import string

import pytest

from udi.portal.organisations.joining.identity_checks import (
    check_number,
    legal_person_key,
    list_identity_checks,
)
from udi.portal.organisations.joining.registries import normalise_number

MADE_UP = 200
chance = random.Random(12)  # noqa: S311 - made-up numbers, no secret


def draw(length: int) -> str:
    """Some digits, the first not 0."""
    return str(chance.randrange(10 ** (length - 1), 10**length))


def draw_prefix(country: str) -> str:
    """All of a made-up number but its check sign."""
    if country == "DE":
        return f"DE{draw(8)}"
    if country == "ES":
        return f"{chance.choice('ABCDEFGHJNPQRSUVW')}{draw(7)}"
    return draw(chance.randrange(2, 10))


@pytest.mark.parametrize(
    ("country", "number"),
    [
        ("DE", "DE 123 456 788"), ("DE", "DE123456788-00001"), ("DE", "DEX1234.HRB12345"),
        ("ES", "B-12345674"), ("ES", "ES B12345674"), ("ES", "Q1234567D"), ("ES", "G1234567D"), ("ES", "G12345674"),
        ("RO", "RO 12345674"), ("RO", "12345674"),
    ],
)  # fmt: skip
def test_a_number_is_taken_as_people_write_it(country: str, number: str) -> None:
    assert check_number(country, normalise_number(number)) is None


@pytest.mark.parametrize(
    ("country", "number", "reason"),
    [
        ("DE", "DE123456789", "key"), ("DE", "123456788", "German"), ("DE", "", "German"), ("DE", "HRB12345", "German"),
        ("ES", "B12345675", "key"), ("ES", "B1234567D", "key"), ("ES", "Q12345674", "key"),
        ("ES", "12345678Z", "Spanish"), ("ES", "X1234567L", "Spanish"), ("ES", "", "Spanish"),
        ("RO", "12345675", "key"), ("RO", "1", "Romanian"), ("RO", "12345678901", "Romanian"), ("RO", "J401234", "Romanian"),
        ("RO", "１２３４５６７４", "Romanian"),
    ],
)  # fmt: skip
def test_another_number_is_refused_and_a_number_of_a_person_is_none(
    country: str, number: str, reason: str
) -> None:
    refusal = check_number(country, number)

    assert refusal is not None
    assert refusal.field == "registry_number"
    assert reason in refusal.reason
    assert refusal.remedy


@pytest.mark.parametrize("country", ["DE", "ES", "RO"])
def test_of_all_check_signs_of_a_made_up_number_one_is_right(country: str) -> None:
    signs = string.digits if country != "ES" else string.digits + "ABCDEFGHIJ"
    for _ in range(MADE_UP):
        prefix = draw_prefix(country)
        right = [sign for sign in signs if check_number(country, prefix + sign) is None]
        kinds = {sign.isdigit() for sign in right}
        assert len(right) == len(kinds) >= 1


@pytest.mark.parametrize("country", ["DE", "RO"])
def test_one_wrong_digit_is_noticed(country: str) -> None:
    number = {"DE": "DE123456788", "RO": "12345674"}[country]
    altered = [
        number[:place] + digit + number[place + 1 :]
        for place in range(len(number))
        for digit in string.digits[1:]
        if number[place] != digit and number[place].isdigit()
    ]

    assert [other for other in altered if check_number(country, other) is None] == []


@pytest.mark.parametrize(
    ("country", "one", "other"),
    [
        ("DE", "DE123456788", "DE12345678800001"),
        ("ES", "B12345674", "ESB12345674"),
        ("RO", "RO12345674", "12345674"),
    ],
)
def test_two_ways_to_write_a_number_are_one_organisation(
    country: str, one: str, other: str
) -> None:
    assert legal_person_key(country, one) == legal_person_key(country, other)


def test_four_countries_are_known() -> None:
    assert list(list_identity_checks()) == ["DE", "ES", "FR", "RO"]
